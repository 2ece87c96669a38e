"""dbt-duckdb plugin: a warehouse to which no input was ever connected gets the sample company.

So `dbt build` works in a fresh clone as `outcomes build` does, which connects its own input first.
"""

import tempfile
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin

from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.ledger import prepare_ledger
from customer_outcomes.project import SAMPLE_INPUT


class Plugin(BasePlugin):
    """Connects the sample company's files where raw relations are missing, and an empty ledger where there is none."""

    def configure_connection(self, conn):
        raw_schemas = conn.execute(
            "select count(*) from information_schema.schemata where schema_name = 'raw_crm'"
        ).fetchall()[0]
        if not raw_schemas[0]:
            connect_folder(conn, check_folder(SAMPLE_INPUT), self._work_folder())
        prepare_ledger(conn)

    def _work_folder(self) -> Path:
        """Return a folder of this warehouse's own, as a build has one."""
        if self.creds.path == ":memory:":
            return Path(tempfile.mkdtemp(prefix="customer_outcomes_"))
        return Path(self.creds.path).resolve().with_suffix(".work") / "readable"
