"""The company of examples/oddities, in which each case that the input contract names occurs once, and its cases."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from customer_outcomes.project import PROJECT_ROOT

ODDITIES_INPUT = PROJECT_ROOT / "examples" / "oddities" / "input"
STATES = ("accepted", "superseded", "deleted", "excluded", "future")
UNREADABLE = "unreadable_line"


class Case(NamedTuple):
    """One odd row: its table, its key, the line on which it begins, the fate that a build gives it, and its case."""

    input_table: str
    row_key: str
    line: int
    fate: str
    case: str


def path_of(folder: Path, table: str) -> Path:
    """Return the CSV file of a table."""
    return folder.joinpath(*table.split(".")).with_suffix(".csv")


@cache
def cases() -> list[Case]:
    """Return the cases of examples/oddities/cases.csv."""
    with (ODDITIES_INPUT.parent / "cases.csv").open(encoding="utf-8", newline="") as file:
        return [Case(**row | {"line": int(row["line"])}) for row in csv.DictReader(file)]


def unreadable_lines() -> dict[str, bytes]:
    """Return the line of each table that no CSV reader can parse."""
    return {
        case.input_table: path_of(ODDITIES_INPUT, case.input_table).read_bytes().splitlines()[case.line - 1]
        for case in cases()
        if case.fate == UNREADABLE
    }


@cache
def rows_by_line(table: str) -> dict[int, dict[str, str]]:
    """Return the readable rows of a table by the lines on which they begin."""
    content = path_of(ODDITIES_INPUT, table).read_bytes()
    broken = unreadable_lines().get(table)
    text = (content.replace(broken + b"\n", b"") if broken else content).decode()
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    rows, begins = {}, 2
    for row in reader:
        rows[begins] = row
        begins = reader.line_num + 1
    return rows
