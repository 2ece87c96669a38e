"""The SQL that reads the columns of Parquet files: which types stay as they are, and how all others become text.

A value of a type that the engine has no number or date for reads as its text. A column of the contract's type text
always reads as text. A floating-point number in it reads as a data frame widened it: 7.0 is 7. A number that a float
cannot hold exactly as a whole number, NaN and the infinities are no text: they end with a NUL character, which makes
the value bad_type, as in any text.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from customer_outcomes.rules.forms import fold_name
from customer_outcomes.warehouse import Connection, connect

WHOLE = 2**53  # from here on, a float stands for several whole numbers
WITHOUT_ZONE = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
FLOATS = ("FLOAT", "DOUBLE")
# The types of which the contract's parsers take the values as they are, without a text in between.
PLAIN = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", *FLOATS, "DATE",
    "TIMESTAMP",
)  # fmt: skip


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet_value(name: str, kind: str) -> str:
    """Return the SQL of a column, itself given as SQL, of which `kind` is the engine's type: a plain type or text."""
    if kind in PLAIN or kind.startswith("DECIMAL("):
        return name
    if kind == "VARCHAR":
        return f"nullif({name}, '')"
    if kind == "BLOB":
        return f"nullif(decode({name}), '')"
    if kind in WITHOUT_ZONE:
        return f"cast({name} as timestamp)"
    if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return f"timezone('UTC', cast({name} as timestamptz))"
    return f"nullif(cast({name} as varchar), '')"


def typed_value(name: str, kind: str, contract_type: str | None, is_date: bool = False, as_text: bool = False) -> str:
    """Return the SQL of a column for a raw relation; `is_date` says that its timestamps are dates."""
    if contract_type == "text" and kind in FLOATS:
        return _float_as_text(name)
    value = parquet_value(name, kind)
    if is_date:
        value = f"cast({value} as date)"
    return f"cast({value} as varchar)" if as_text or contract_type == "text" else value


def _float_as_text(name: str) -> str:
    text = f"cast({name} as varchar)"
    return (
        f"case when not isfinite({name}) then {text} || chr(0)"
        f" when {name} <> trunc({name}) then {text}"
        f" when abs({name}) < {WHOLE} then cast(try_cast({name} as bigint) as varchar)"
        f" else {text} || chr(0) end"
    )


def reading(columns: dict[str, str]) -> str:
    """Return the SQL of an aggregate for which every value of some columns, given by name and type, must be read."""
    values = (parquet_value(identifier(name), kind) for name, kind in columns.items())
    return f"max(hash({', '.join(values) or '0'}))"


def all_midnights(name: str, kind: str) -> str:
    """Return the SQL of an aggregate of a timestamp column: true if it has values, and all of them are midnights."""
    unit, day = ("ns", 86_400_000_000_000) if kind == "TIMESTAMP_NS" else ("us", 86_400_000_000)
    return f"coalesce(bool_and(isfinite({name}) and epoch_{unit}({name}) % {day} = 0), false)"


def parquet_header(path: Path, connection: Connection | None = None) -> tuple[tuple[str, ...], ...]:
    """Return the folded names of a Parquet file's columns, the engine's types of them, and its names of them.

    The names of folders add no columns. The engine renames a column whose name another one has in other case.
    """
    statement = "describe select * from read_parquet(?, hive_partitioning = false)"
    with connect() if connection is None else connection.cursor() as reader:
        schema = reader.execute(statement, [str(path)]).fetchall()
    engine_names = tuple(row[0] for row in schema)
    names = _names_in_file(path)
    own = names if len(names) == len(engine_names) else engine_names
    return tuple(fold_name(name) for name in own), tuple(row[1] for row in schema), engine_names


def _names_in_file(path: Path) -> tuple[str, ...]:
    """Return the names of a Parquet file's columns as it holds them; none if Arrow does not know their types."""
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, ValueError):
        return ()
