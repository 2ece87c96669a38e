"""Input files in which each personal value is a marker, and searches for the markers in everything that a build leaves."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from customer_outcomes.contract import load_contract

STEM = "aqz"  # no other word holds it, and it is before the sample's keys in the alphabet
MARKER = re.compile(rf"{STEM}\d+z")
PERSONAL = {
    table: columns
    for table, definition in load_contract().items()
    if (columns := [name for name, rules in definition["columns"].items() if rules.get("pii")])
}


def marker(number: int) -> str:
    """Return a marker, which is found in any text, also between other letters."""
    return f"{STEM}{number}z"


def rewrite(path: Path, changed: Callable[[list[dict]], Iterable[dict]], end: str = "") -> None:
    """Write a CSV file again, with the rows that a function makes of its rows, and lines at its end that are no rows."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    names = list(rows[0])
    written = list(changed(rows))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(written)
        file.write(end)


def texts_of(database: Path) -> dict[str, list[str]]:
    """Return all values of a database as text, by column as <schema>.<relation>.<column>; tables alone, no views."""
    with duckdb.connect(database, read_only=True) as connection:
        columns = connection.execute(
            "select columns.schema_name || '.' || columns.table_name, columns.column_name"
            " from duckdb_columns() as columns"
            " join duckdb_tables() as tables using (database_name, schema_name, table_name)"
            " where not columns.internal order by all"
        ).fetchall()
        return {
            f"{relation}.{column}": [
                text
                for (text,) in connection.execute(
                    f"select distinct cast({column} as varchar) from {relation} where {column} is not null"
                ).fetchall()
            ]
            for relation, column in columns
        }


def marked_columns(database: Path) -> dict[str, set[str]]:
    """Return the markers in a database, by the columns that hold any."""
    found = {column: set(MARKER.findall("\n".join(texts))) for column, texts in texts_of(database).items()}
    return {column: markers for column, markers in found.items() if markers}


def marked_files(folder: Path, pattern: re.Pattern[str] = MARKER) -> dict[str, set[str]]:
    """Return the markers in the files below a folder, by file: in their bytes, names and unpacked contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            texts = [path.name, path.read_bytes().decode("utf-8", "replace")]
            if path.suffix == ".parquet":
                texts.append(str(pq.read_table(path).to_pylist()) + str(pq.read_schema(path).metadata))
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as parts:
                    texts += [parts.read(name).decode("utf-8", "replace") for name in parts.namelist()]
            if path.suffix == ".duckdb":
                texts += [text for values in texts_of(path).values() for text in values]
            if markers := set(pattern.findall("\n".join(texts))):
                found[path.relative_to(folder).as_posix()] = markers
    return found
