"""Prints the input contract: the tables, and the columns of one table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from customer_outcomes.contract import ColumnRules, TableContract


def print_tables(console: Console, tables: dict[str, TableContract]) -> None:
    """Print a line for each input table: its name, its key, and the meaning of a row."""
    listing = Table("table", "key", "a row", box=None, pad_edge=False)
    for name, definition in tables.items():
        listing.add_row(name, ", ".join(definition["primary_key"]), definition["grain"])
    console.print(listing)
    console.print("Columns that every table may have: _loaded_at, updated_at, is_deleted.")


def print_columns(console: Console, definition: TableContract) -> None:
    """Print a line for each column of an input table: its name, its type, and the rules of its values."""
    console.print(definition["grain"])
    listing = Table("column", "type", "rules", box=None, pad_edge=False)
    for name, rules in definition["columns"].items():
        listing.add_row(name, rules["type"], "; ".join(_rules(rules)))
    console.print(listing)


def _rules(rules: ColumnRules) -> list[str]:
    """Return the rules of a column in words."""
    said = ["required"] if rules.get("required") else []
    if "values" in rules:
        said.append("one of " + ", ".join(rules["values"]))
    for kind, of_kind in rules.get("kinds", {}).items():
        meaning = (
            f"one of {', '.join(of_kind['values'])}" if "values" in of_kind else f"a key of {of_kind['references']}"
        )
        said.append(f"if {rules['kind_column']} is {kind}: {meaning}")
    if "references" in rules:
        said.append(f"a key of {rules['references']}")
    if "default" in rules:
        said.append(f"empty reads as {str(rules['default']).lower()}")
    if rules.get("empty"):
        said.append("a row without it is excluded")
    for bound, word in (("min", "at least"), ("max", "at most"), ("min_exclusive", "above")):
        if bound in rules:
            said.append(f"{word} {rules[bound]}")  # type: ignore[literal-required]
    for other, word in (("not_before", "not before"), ("at_most", "at most"), ("below", "below")):
        if other in rules:
            said.append(f"{word} {rules[other]}")  # type: ignore[literal-required]
    if rules.get("pii"):
        where = [f"{name} says {' or '.join(values)}" for name, values in rules.get("public_where", {}).items()]
        said.append("personal data" + (f", unless {' and '.join(where)}" if where else ""))
    return said
