"""Remarks on input records with several versions of which no time tells the newest."""

from __future__ import annotations

from pathlib import Path

from customer_outcomes.contract import DELIVERY_COLUMNS, TableContract, load_contract
from customer_outcomes.warehouse import Connection, connect

ORDER = ("_loaded_at", "updated_at")


def unordered_rows(warehouse: Path) -> list[str]:
    """Return a sentence for each table with rows of the same key that differ although their times are the same."""
    with connect(warehouse, read_only=True) as connection:
        remarks = [_remark(connection, table, definition) for table, definition in load_contract().items()]
    return [remark for remark in remarks if remark]


def _remark(connection: Connection, table: str, definition: TableContract) -> str | None:
    """Return the sentence about one table; None if its versions are in order."""
    name = table.split(".")[1]
    # Most tables have each key once; this cheap query then saves the join.
    superseded = f"select count(*) from records.rec_{name} where row_state = 'superseded'"
    if not connection.execute(superseded).fetchall()[0][0]:
        return None
    key = definition["primary_key"]
    columns = [*DELIVERY_COLUMNS, *(name for name in definition["columns"] if name not in key)]
    is_same_time = " and ".join(f"other.{name} is not distinct from newest.{name}" for name in ORDER)
    differs = " or ".join(f"other.{name} is distinct from newest.{name}" for name in columns)
    example = " || '|' || ".join(f"cast(newest.{name} as varchar)" for name in key)
    keys, shown = connection.execute(
        f"with versions as (select landed.*, records.version_rank from landing.land_{name} as landed"
        f" join records.rec_{name} as records using (_row_id) where landed._row_text is not null)"
        # A key with an @ may be an e-mail address.
        " select count(*), min(example) filter (where example not like '%@%') from ("
        f" select distinct {example} as example from versions as newest join versions as other"
        f" using ({', '.join(key)}) where newest.version_rank = 1 and other.version_rank > 1"
        f" and {is_same_time} and ({differs}))"
    ).fetchall()[0]
    if not keys:
        return None
    rows_of = "1 key has rows" if keys == 1 else f"{keys:,} keys have rows"
    example_key = f" ({shown})" if shown and keys == 1 else f", such as {shown}" if shown else ""
    return (
        f"{table}: {rows_of} that differ, and neither _loaded_at nor updated_at says which is the newest{example_key};"
        " the row that is largest as text is used."
    )
