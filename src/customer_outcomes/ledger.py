"""The ledger of closed periods: what was paid must not change, and must outlive the warehouse.

Every copy of it that there is goes, side by side, into the schema `ledger`, before dbt runs: `kept`, what the last
publication left in this warehouse; `warehouse`, its relations as they stand; `published` and `parquet`, the export in
the published folder, from which a new warehouse takes the closed periods back. dbt compares them, and stops where one
differs from another or from its own SHA-256.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

from customer_outcomes.errors import UnusableInput, told_as
from customer_outcomes.places.paths import plain_path
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import DATABASE, Connection, EngineError, MissingRelation, connect, quoted

MODELS = PROJECT_ROOT / "models" / "compensation"
# table of the ledger -> the relation that it copies, and which of its rows are closed
RELATIONS = {
    "closed_lines": ("comp_closed_lines", "true"),
    "adjustments": ("comp_adjustments", "is_closed"),
    "period_closes": ("comp_period_closes", "true"),
}


def prepare_ledger(connection: Connection) -> None:
    """Create the ledger's tables where they are missing."""
    connection.execute("create schema if not exists ledger")
    for table, columns in _columns().items():
        definition = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
        connection.execute(f"create table if not exists ledger.{table} (copy_name varchar, {definition})")
        for name, data_type in columns.items():  # a column that this version of the project added
            connection.execute(f"alter table ledger.{table} add column if not exists {name} {data_type}")


def collect_copies(connection: Connection, published: Path) -> None:
    """Lay the copies of the warehouse and of the published folder beside the one that the last publication kept."""
    prepare_ledger(connection)
    for table in RELATIONS:
        connection.execute(f"delete from ledger.{table} where copy_name <> 'kept'")
    # what a build closed and did not publish is not closed
    _copy(connection, "warehouse", "compensation.{relation}", "period in (select period from ledger.period_closes)")
    with told_as(UnusableInput, f"The closed periods in {published} cannot be read"), plain_path(published) as place:
        if (place / DATABASE).exists():
            connection.execute(f"attach '{quoted(place / DATABASE)}' as ledger_export (read_only)")
            _copy(connection, "published", "ledger_export.compensation.{relation}", "true")
            connection.execute("detach ledger_export")
        if all((place / "compensation" / f"{relation}.parquet").exists() for relation, _ in RELATIONS.values()):
            _copy(connection, "parquet", f"'{quoted(place)}/compensation/{{relation}}.parquet'", "true")


def paid_disputes(warehouse: Path, published: Path) -> set[str]:
    """Return the disputes that moved money in a closed period, before anything is connected to the warehouse."""
    with connect() as connection:
        collect_copies(connection, published)
        copies = ["ledger"]
        if warehouse.exists():
            try:
                connection.execute(f"attach '{quoted(warehouse)}' as built (read_only)")
                connection.execute("select copy_name, dispute_id from built.ledger.adjustments limit 0")
                copies.append("built.ledger")
            except EngineError:  # no warehouse, or one held by another build: opening it to build says so
                pass
        kept = " union all ".join(
            f"select dispute_id from {place}.adjustments where copy_name <> 'warehouse'" for place in copies
        )
        rows = connection.execute(f"select distinct dispute_id from ({kept}) where dispute_id is not null").fetchall()
    return {dispute for (dispute,) in rows}


def copies_in(published: Path) -> dict[str, list[tuple]]:
    """Return the closed periods that a published folder holds, to see later whether they are still the same."""
    with connect() as connection:
        collect_copies(connection, published)
        return {table: connection.execute(f"from ledger.{table} order by all").fetchall() for table in RELATIONS}


def keep_closes(warehouse: Path) -> None:
    """Keep what this build closed, as the warehouse's own copy, in one step, before the build is published.

    A build that is killed in between has closed its periods: the next one publishes them as they are. Where the copy
    is there already nothing is written, so that whoever reads the warehouse meanwhile is in nobody's way.
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
    """Return the closed months whose lines were computed by older definitions than this project's, in order."""
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select closes.period from compensation.ledger_closes as closes, compensation.comp_settings as settings"
            " where closes.definitions_version < settings.definitions_version order by closes.period"
        ).fetchall()
    return [period for (period,) in rows]


def _copy(connection: Connection, name: str, place: str, condition: str) -> None:
    """Take the closed rows of each relation at a place into the ledger; a place without relations has no copy."""
    for table, columns in _columns().items():
        relation, is_closed = RELATIONS[table]
        rows = place.format(relation=relation)
        try:
            found = {column[0] for column in connection.execute(f"select * from {rows} limit 0").description}
        except MissingRelation:
            continue
        # a copy that an older version of the project wrote lacks what came later
        common = ", ".join(column for column in columns if column in found)
        connection.execute(
            f"insert into ledger.{table} (copy_name, {common})"
            f" select '{name}', {common} from {rows} where {is_closed} and {condition}"
        )


def _columns() -> dict[str, dict[str, str]]:
    """Return the columns of each table of the ledger with their types: those of the relation that it copies."""
    files = MODELS.glob("*/_*__models.yml")
    models = {model["name"]: model for file in files for model in yaml.safe_load(file.read_text())["models"]}
    return {
        table: {column["name"]: column["data_type"] for column in models[relation]["columns"]}
        for table, (relation, _) in RELATIONS.items()
    }
