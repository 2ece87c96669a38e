"""Plugin of dbt-duckdb that connects the sample company to a warehouse without input.

This lets a plain `dbt build` work in a fresh clone. `outcomes build` connects its own input before it runs dbt.
"""

import tempfile
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin

from customer_outcomes.history import prepare_history
from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.ledger import prepare_ledger
from customer_outcomes.project import SAMPLE_INPUT
from customer_outcomes.warehouse import Connection


class Plugin(BasePlugin):
    """Connects the sample company's files to a warehouse without raw relations.

    It also creates the tables of the ledger and of the history that are missing.
    """

    def configure_connection(self, conn: Connection) -> None:
        raw_schemas = conn.execute(
            "select count(*) from information_schema.schemata where schema_name = 'raw_crm'"
        ).fetchall()[0]
        if not raw_schemas[0]:
            connect_folder(conn, check_folder(SAMPLE_INPUT), self._work_folder())
        prepare_ledger(conn)
        prepare_history(conn)

    def _work_folder(self) -> Path:
        """Return the folder for readable copies of input files, the same one that a build of this warehouse uses."""
        path = self.creds.path if self.creds else ":memory:"
        if path == ":memory:":
            return Path(tempfile.mkdtemp(prefix="customer_outcomes_"))
        return Path(path).resolve().with_suffix(".work") / "readable"
