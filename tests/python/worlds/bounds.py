"""A random company whose numbers are the largest that the contract allows, and of every column some just beyond."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

from customer_outcomes.contract import load_contract
from worlds.contract import CODES
from worlds.delivery import BLANKS
from worlds.files import write_world

LARGEST, LARGEST_WHOLE, LARGEST_MONEY, SMALLEST = "999999999999.999999", "999999999999", "9999999999.99", "0.000001"
LARGEST_RATIO, SMALLEST_RATIO = "999999.999999999999", "0.000000000001"
MONEY = {"amount", "monthly_amount", "spend"}
BLANK = "".join(BLANKS)
# these have bounds of their own, by which a company has its hours and its shares; see BEYOND
OWN_BOUNDS = {"share", "weekday", "starts_minute", "ends_minute"}
# a survey's scale, by its place in the file: the widest, the highest, the lowest, the narrowest at its end
SCALES = (
    (f"-{LARGEST}", LARGEST),
    ("0", LARGEST),
    (f"-{LARGEST}", "0"),
    ("999999999999.999998", LARGEST),
    (f"-{LARGEST_WHOLE}", SMALLEST),
)
# values beyond the bounds: after rounding, in each form, and too large for any type of the engine
BEYOND = {
    "integer": ("1000000000000", "-1000000000000", "9223372036854775808", "1" + "0" * 60),
    "decimal": ("999999999999.9999995", "-1e12", "1e20", "1e400"),
    "ratio": ("1000000", "-1e6", "999999.9999999999995", "1e20", "1e400"),
}
# of a rate: they round to 0
BEYOND_RATE = ("0", "0.0000000000004")
BEYOND_MONEY = ("10000000000", "9999999999.995")


def write_bounds(folder: Path, seed: int, as_of: datetime) -> dict[str, list[str]]:
    """Write the company; return for each '<table>.<column>' with a bound the keys of its rows beyond."""
    write_world(folder, seed, faults=False, whole=True, as_of=as_of)
    beyond = {}
    scales: dict[str, tuple[str, str]] = {}
    # scores follow scales
    for table in sorted(load_contract(), key=lambda table: table != "survey.surveys"):
        path = folder.joinpath(*table.split(".")).with_suffix(".csv")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        dice = Random(f"{seed} {table}")
        for row in rows:
            row.update({name: value.strip(BLANK) for name, value in row.items()})
            _move_to_bounds(table, row, scales, dice)
        names = list(rows[0])
        for column, row in list(_rows_beyond(table, rows)):
            beyond.setdefault(f"{table}.{column}", []).append("|".join(_key(table, row)))
            rows.append(row)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return beyond


def _move_to_bounds(table: str, row: dict[str, str], scales: dict, dice: Random) -> None:
    if table == "survey.surveys":
        # versions of one survey keep one scale
        scale = scales.setdefault(row["survey_id"], SCALES[len(scales) % len(SCALES)])
        row["scale_min"], row["scale_max"] = scale
        return
    for column, rules in load_contract()[table]["columns"].items():
        if rules["type"] not in BEYOND or column in OWN_BOUNDS or not row.get(column):
            continue
        if column in MONEY:
            # the same currency throughout: a rate would carry it beyond
            row[column], row["currency_code"] = LARGEST_MONEY, "EUR"
        elif column == "score":
            row[column] = dice.choice(scales[row["survey_id"]]) if row["survey_id"] in scales else row[column]
        elif column == "rate":
            row[column] = dice.choice((LARGEST_RATIO, SMALLEST_RATIO))
        elif column == "tier":
            row[column] = dice.choice((LARGEST_WHOLE, f"-{LARGEST_WHOLE}"))
        elif column.endswith("_conversions"):
            # never more than the exposures, which are the largest number
            row[column] = dice.choice((LARGEST_WHOLE, "500000000000", "1", "0"))
        else:
            row[column] = LARGEST_WHOLE if rules["type"] == "integer" else LARGEST


def _rows_beyond(table: str, rows: list[dict[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield copies of a table's first row under keys of their own, each with one value just beyond."""
    columns = load_contract()[table]["columns"]
    keys = load_contract()[table]["primary_key"]
    names = [name for name in keys if columns[name]["type"] == "text" and "references" not in columns[name]]
    days = [name for name in keys if columns[name]["type"] == "date"]
    for column, rules in columns.items():
        if rules["type"] not in BEYOND or column not in rows[0]:
            continue
        values = BEYOND[rules["type"]] + (BEYOND_MONEY if column in MONEY else BEYOND_RATE if column == "rate" else ())
        for place, value in enumerate(values):
            # a reference of its own would be an orphan
            own = {name: f"{column} {place}" for name in names}
            own = {name: key.upper() if name in CODES else key for name, key in own.items()}
            own = own or {day: f"2023-01-0{place + 1}" for day in days}
            yield column, rows[0] | own | {column: value}


def _key(table: str, row: dict[str, str]) -> list[str]:
    return [row[name] for name in load_contract()[table]["primary_key"]]
