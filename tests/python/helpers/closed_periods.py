"""Changes to a database of a build, and the faults that the next build would find in its ledger."""

from pathlib import Path

import duckdb

from customer_outcomes.ledger import collect_copies
from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import Built, manifest_of

PERIOD = "2026-03-01"


def faults(built: Built) -> list[str]:
    """What a build would say about the ledger, by the SQL that it would say it with."""
    nodes = manifest_of(built)["nodes"]
    code = {node["name"]: node["compiled_code"] for node in nodes.values() if "compiled_code" in node}
    with duckdb.connect(built.warehouse) as connection:
        connection.execute("create schema if not exists compensation")
        connection.execute("create schema if not exists rules")
        former = PROJECT_ROOT / "seeds" / "catalog" / "former_metric_names.csv"
        connection.execute(f"create or replace table rules.former_metric_names as from '{former}'")
        collect_copies(connection, built.pay)
        connection.execute(f"create or replace table compensation.ledger_copies as {code['ledger_copies']}")
        return sorted(row[0] for row in connection.execute(code["assert_closed_periods_are_untouched"]).fetchall())


def change(database: Path, statement: str) -> None:
    database.chmod(0o600)
    with duckdb.connect(database) as connection:
        assert connection.execute(statement).fetchall()[0][0] > 0
