"""The input contract is complete, and the random companies have the same tables, columns and types."""

import pytest

from customer_outcomes.contract import load_contract
from worlds.contract import COLUMNS, DOMAINS

CONTRACT = load_contract()
TYPES = {"text", "integer", "decimal", "ratio", "boolean", "timestamp", "date"}
RULES = {"type", "required", "values", "default", "min", "max", "min_exclusive", "references", "pii", "moment"}
RULES |= {"carried_by", "folded", "empty", "kind_column", "kinds"}


def test_there_are_26_tables():
    assert len(CONTRACT) == 26


@pytest.mark.parametrize("table", CONTRACT)
def test_a_table_refers_to_what_is_there(table):
    definition = CONTRACT[table]
    columns = definition["columns"]
    assert all(columns[name]["required"] for name in definition["primary_key"])
    assert {definition.get(role) for role in ("event_time", "merged_into")} - {None} <= columns.keys()
    for rules in columns.values():
        assert rules.keys() <= RULES
        assert rules["type"] in TYPES
        assert "references" not in rules or rules["references"] in CONTRACT
        assert "carried_by" not in rules or columns[rules["carried_by"]]["moment"]
        assert "default" not in rules or "values" not in rules or rules["default"] in rules["values"]


def test_random_worlds_have_the_shape_of_the_contract():
    shapes = {table: list(definition["columns"].items()) for table, definition in CONTRACT.items()}
    drawn = {f"{DOMAINS[name]}.{name}": columns for name, columns in COLUMNS.items()}
    assert drawn.keys() == shapes.keys()
    for table, columns in drawn.items():
        assert [(column.name, column.kind, column.is_required) for column in columns] == [
            (name, rules["type"], rules.get("required", False)) for name, rules in shapes[table]
        ]
