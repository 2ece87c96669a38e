"""Describes the quarantined rows of each input table: their number by reason and column, with an example."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from customer_outcomes.contract import HIDDEN, column_types, has_personal_data, load_contract
from customer_outcomes.warehouse import connect

LONGEST_VALUE = 60  # the number of characters of an example
# the bound of every number by its type; see macros/contract/bounds.sql
MOST = {"decimal": "below 1e12", "integer": "below 1e12", "ratio": "below 1e6"}
BOUNDS: dict[Literal["min", "max", "min_exclusive"], str] = {
    "min": "at least",
    "max": "at most",
    "min_exclusive": "above",
}


@dataclass(frozen=True)
class Fault:
    """The quarantined rows of one table with the same reason and column, with the value and place of one of them.

    `also` names the other faults of that row.
    """

    input_table: str
    rows: int
    reason: str
    column_name: str | None
    value: str | None
    file_name: str
    line: int | None
    also: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The reason and the column, an example with its place, the allowed values, and all other faults of the row."""
        place = f"in {self.file_name}" + (f", row {self.line}" if self.line else "")
        also = f"; the row also has {', '.join(self.also)}" if self.also else ""
        return f"{_named(self.reason, self.column_name)}, {self._shown} {place}{self._allowed}{also}"

    @property
    def _shown(self) -> str:
        """The example, and whether personal data is why it does not stand as it was delivered."""
        if self.value is None:
            return "as"
        if self.value == HIDDEN:
            return "such as a hidden value"
        kind = column_types(self.input_table).get(self.column_name or "", "text")
        is_masked = kind != "text" and has_personal_data(self.input_table)
        return f"such as {shortened(self.value)!r}{' (masked)' if is_masked else ''}"

    @property
    def _allowed(self) -> str:
        rules = load_contract()[self.input_table]["columns"].get(self.column_name or "")
        if rules is None:
            return ""
        listed = [rules.get("values", []), *(kind.get("values", []) for kind in rules.get("kinds", {}).values())]
        if self.reason == "bad_value" and any(listed):
            return f" (allowed: {', '.join(value for values in listed for value in values)})"
        if self.reason == "bad_type":
            return f" (expected type: {rules['type']})"
        bounds = [f"{word} {rules[name]}" for name, word in BOUNDS.items() if name in rules]
        bounds += [MOST[rules["type"]]] if rules["type"] in MOST else []
        return f" (allowed: {', '.join(bounds)})" if self.reason == "out_of_range" and bounds else ""


def faults(warehouse: Path) -> list[Fault]:
    """Return the kinds of fault among the quarantined rows, the most frequent first, then in the order of the contract.

    A value that may hold personal data is hidden or masked, as audit.quarantined_rows holds it.
    """
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            """
            select
                input_table,
                count(*),
                reason,
                column_name,
                arg_min(value, (file_name, coalesce(line_number, row_number + 1), row_sha256)),
                arg_min(file_name, (file_name, coalesce(line_number, row_number + 1), row_sha256)),
                arg_min(
                    coalesce(line_number, row_number + 1),
                    (file_name, coalesce(line_number, row_number + 1), row_sha256)
                ),
                arg_min(faults, (file_name, coalesce(line_number, row_number + 1), row_sha256))
            from audit.quarantined_rows
            group by input_table, reason, column_name
            order by count(*) desc, reason, column_name
            """
        ).fetchall()
    order = list(load_contract())
    found = (Fault(*[*row[:-1], _others(row[2], row[3], row[-1])]) for row in rows)
    return sorted(found, key=lambda fault: (-fault.rows, order.index(fault.input_table)))


def _named(reason: str, column: str | None) -> str:
    return f"{reason} of {column}" if column else reason


def _others(reason: str, column: str | None, all_faults: str) -> tuple[str, ...]:
    """Return the faults of a row, given as JSON, but for the one that has this reason and column."""
    named = [_named(fault["reason"], fault["column"]) for fault in json.loads(all_faults)]
    return tuple(name for name in dict.fromkeys(named) if name != _named(reason, column))


def shortened(value: str) -> str:
    """Return an example as a message shows it."""
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
