"""The ledger of closed periods: published pay must not change, and must survive the loss of the warehouse.

Before dbt runs, all existing copies of the ledger are put side by side into the schema `ledger`, by `copy_name`:

- `kept`: the copy that the last publication left in this warehouse;
- `warehouse`: the relations of this warehouse;
- `published` and `parquet`: the export in the folder of pay, as database and as Parquet files. A new warehouse takes
  the closed periods from there.

dbt compares the copies, and stops if one differs from another or from its own SHA-256.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

from customer_outcomes.errors import UnusableInput, raised_as
from customer_outcomes.places.destination import read_marker
from customer_outcomes.places.paths import plain_path
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import DATABASE, Connection, EngineError, common_columns, connect, quoted

MODELS = PROJECT_ROOT / "models" / "compensation"
# The tables of the ledger, each with the relation that it copies and the condition of closed rows.
RELATIONS = {
    "closed_lines": ("comp_closed_lines", "true"),
    "adjustments": ("comp_adjustments", "is_closed"),
    "period_closes": ("comp_period_closes", "true"),
}


def published_ledger(published: Path, pay: Path) -> Path:
    """Return the folder with the published copies: the folder of pay.

    While that has no closed month, it is the folder that BI tools read, into which an older project published them.
    """
    closes = read_marker(pay).get("relations", {}).get("compensation.comp_period_closes")
    return pay if closes else published


def prepare_ledger(connection: Connection) -> None:
    """Create the ledger's tables and columns that are missing."""
    connection.execute("create schema if not exists ledger")
    for table, columns in _columns().items():
        definition = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
        connection.execute(f"create table if not exists ledger.{table} (copy_name varchar, {definition})")
        for name, data_type in columns.items():  # an older version of the project may have made the table without it
            connection.execute(f"alter table ledger.{table} add column if not exists {name} {data_type}")


def collect_copies(connection: Connection, published: Path, former: str | None = None) -> None:
    """Read the copies of the warehouse and of the published folder into the ledger, beside the kept copy.

    If the warehouse is a new file, `former` is the name of the attached warehouse whose place it takes: the kept copy
    and the copy of the warehouse then come from there. Raise UnusableInput if the published copies cannot be read.
    """
    prepare_ledger(connection)
    for table in RELATIONS:
        connection.execute(f"delete from ledger.{table} where copy_name <> 'kept'")
    if former:
        _copy(connection, "kept", former + ".ledger.{table}", "copy_name = 'kept'")
    # A period that a build closed without publishing it is not closed.
    built = f"{former}.compensation" if former else "compensation"
    _copy(connection, "warehouse", built + ".{relation}", "period in (select period from ledger.period_closes)")
    with raised_as(UnusableInput, f"The closed periods in {published} cannot be read"), plain_path(published) as place:
        if (place / DATABASE).exists():
            connection.execute(f"attach '{quoted(place / DATABASE)}' as ledger_export (read_only)")
            _copy(connection, "published", "ledger_export.compensation.{relation}", "true")
            connection.execute("detach ledger_export")
        if all((place / "compensation" / f"{relation}.parquet").exists() for relation, _ in RELATIONS.values()):
            _copy(connection, "parquet", f"'{quoted(place)}/compensation/{{relation}}.parquet'", "true")


def paid_disputes(warehouse: Path, published: Path) -> set[str]:
    """Return the ids of the disputes that moved money in a closed period; the warehouse is only read."""
    with connect() as connection:
        collect_copies(connection, published)
        copies = ["ledger"]
        if warehouse.exists():
            try:
                connection.execute(f"attach '{quoted(warehouse)}' as built (read_only)")
                connection.execute("select copy_name, dispute_id from built.ledger.adjustments limit 0")
                copies.append("built.ledger")
            except EngineError:
                pass  # not a warehouse, or locked by another build: the build reports that when it opens the file
        kept = " union all ".join(
            f"select dispute_id from {place}.adjustments where copy_name <> 'warehouse'" for place in copies
        )
        rows = connection.execute(f"select distinct dispute_id from ({kept}) where dispute_id is not null").fetchall()
    return {dispute for (dispute,) in rows}


def copies_in(published: Path) -> dict[str, list[tuple]]:
    """Return the rows of each ledger table in a published folder, so that a later change can be detected."""
    with connect() as connection:
        collect_copies(connection, published)
        return {table: connection.execute(f"from ledger.{table} order by all").fetchall() for table in RELATIONS}


def save_closes(warehouse: Path) -> None:
    """Save the closed periods of this build as the warehouse's `kept` copy, in one transaction, before it is published.

    If a build is killed between this step and its publication, its periods are closed and the next build publishes
    them unchanged. If the copy is up to date, nothing is written, so that a program that reads the warehouse at the
    same time does not block the build.
    """
    with connect(warehouse, read_only=True) as connection:
        if _is_kept(connection):
            return
    with connect(warehouse) as connection:
        connection.execute("begin")
        for table in RELATIONS:
            connection.execute(f"delete from ledger.{table}")
        _copy(connection, "kept", "compensation.{relation}", "true")
        connection.execute("commit")


def _is_kept(connection: Connection) -> bool:
    for table, columns in _columns().items():
        relation, is_closed = RELATIONS[table]
        kept = f"select {', '.join(columns)} from ledger.{table} where copy_name = 'kept'"
        closed = f"select {', '.join(columns)} from compensation.{relation} where {is_closed}"
        for one, other in ((kept, closed), (closed, kept)):
            if connection.execute(f"({one}) except all ({other}) limit 1").fetchall():
                return False
    return True


def closes_of_older_definitions(warehouse: Path) -> list[date]:
    """Return the first days of the closed months that older definitions than this project's computed, in order."""
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select closes.period from compensation.ledger_closes as closes, compensation.comp_settings as settings"
            " where closes.definitions_version < settings.definitions_version order by closes.period"
        ).fetchall()
    return [period for (period,) in rows]


def _copy(connection: Connection, name: str, place: str, condition: str) -> None:
    """Copy the closed rows of each relation at a place into the ledger, under a copy name.

    `place` is the SQL name of a relation with a placeholder {relation}, or of a copy with a placeholder {table};
    `condition` restricts the rows further. Relations that do not exist are skipped.
    """
    for table, columns in _columns().items():
        relation, is_closed = RELATIONS[table]
        rows = place.format(relation=relation, table=table)
        # A copy that an older version of the project wrote lacks the columns that were added later.
        common = ", ".join(common_columns(connection, rows, columns))
        if not common:
            continue
        connection.execute(
            f"insert into ledger.{table} (copy_name, {common})"
            f" select '{name}', {common} from {rows} where {is_closed} and {condition}"
        )


def _columns() -> dict[str, dict[str, str]]:
    """Return the columns of each ledger table with their types, which are taken from the relation that it copies."""
    files = MODELS.glob("*/_*__models.yml")
    models = {model["name"]: model for file in files for model in yaml.safe_load(file.read_text())["models"]}
    return {
        table: {column["name"]: column["data_type"] for column in models[relation]["columns"]}
        for table, (relation, _) in RELATIONS.items()
    }
