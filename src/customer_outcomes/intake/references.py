"""Describes the references of accepted rows that lead to no accepted record, by table and column."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from customer_outcomes.contract import HIDDEN, load_contract
from customer_outcomes.intake.quarantine import shortened
from customer_outcomes.warehouse import connect


@dataclass(frozen=True)
class BrokenReference:
    """The broken references of one column, as audit.broken_references has them."""

    input_table: str
    column_name: str
    rows: int
    distinct_values: int
    examples: list[str]
    filled: int
    to_gone: int
    to_absent: int

    @property
    def name(self) -> str:
        """The column with its table, as <domain>.<table>.<column>."""
        return f"{self.input_table}.{self.column_name}"

    @property
    def strange(self) -> int:
        """The rows whose value is unknown, although the table that it refers to was delivered."""
        return self.rows - self.to_gone - self.to_absent

    @property
    def share(self) -> float:
        """The share of the column's filled values that are unknown, 0 to 1."""
        return self.strange / self.filled

    @property
    def example(self) -> str:
        """The most frequent value, shortened; a value that may be an e-mail address is hidden."""
        return "(hidden)" if self.examples[0] == HIDDEN else repr(shortened(self.examples[0]))

    @property
    def remark(self) -> str:
        """The sentence about a column for the summary of a build."""
        values = f"the value {self.example}" if self.distinct_values == 1 else f"values such as {self.example}"
        rows, leads = (f"{self.rows:,} rows", "lead") if self.rows > 1 else ("1 row", "leads")
        target = "no accepted record"
        if self.to_gone == self.rows:
            target = "a record that is deleted, future or excluded"
        elif self.to_gone:
            target += f" ({self.to_gone:,} of them to one that is deleted, future or excluded)"
        return f"{self.input_table}: {self.column_name} of {rows} with {values} {leads} to {target}; it reads as empty."


def broken_references(warehouse: Path) -> list[BrokenReference]:
    """Return the columns with broken references, in the order of the contract."""
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select input_table, column_name, rows, distinct_values, examples, filled, to_gone, to_absent"
            " from audit.broken_references"
        ).fetchall()
    found = {
        (table, column): BrokenReference(table, column, count, values, json.loads(examples), *others)
        for table, column, count, values, examples, *others in rows
    }
    contract = load_contract()
    order = [(table, column) for table, definition in contract.items() for column in definition["columns"]]
    return [found[place] for place in order if place in found]


def remarks_on_references(broken: list[BrokenReference]) -> list[str]:
    """Return a sentence for each column with broken references, and one for each table that was not delivered."""
    into_absent: dict[str, list[BrokenReference]] = defaultdict(list)
    remarks = []
    for reference in broken:
        if reference.to_absent == reference.rows:
            into_absent[_referenced(reference)].append(reference)
        else:
            remarks.append(reference.remark)
    return remarks + [
        f"{table} was not delivered, so that references to it read as empty: "
        + ", ".join(f"{reference.name} ({reference.rows:,})" for reference in references)
        + "."
        for table, references in into_absent.items()
    ]


def _referenced(reference: BrokenReference) -> str:
    """Return the table, or tables, to which a column refers."""
    rules = load_contract()[reference.input_table]["columns"][reference.column_name]
    kinds = [kind["references"] for kind in rules.get("kinds", {}).values() if "references" in kind]
    return rules.get("references") or " and ".join(kinds)
