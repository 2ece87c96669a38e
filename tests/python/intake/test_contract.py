"""The input contract is complete, and the random companies have the same tables, columns and types."""

import pytest
import yaml
from typer.testing import CliRunner

from customer_outcomes.cli import app
from customer_outcomes.contract import MODELS, load_contract, models_yaml
from customer_outcomes.project import PROJECT_ROOT
from worlds.contract import COLUMNS, DOMAINS

CONTRACT = load_contract()
TYPES = {"text", "integer", "decimal", "ratio", "boolean", "timestamp", "date"}
RULES = {"type", "required", "values", "default", "min", "max", "min_exclusive", "references", "pii", "moment"}
RULES |= {"public_where"}
RULES |= {"carried_by", "folded", "empty", "kind_column", "kinds", "excludes", "not_before", "at_most", "below"}


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
        assert {rules.get(other) for other in ("kind_column", "not_before", "at_most", "below")} - {
            None
        } <= columns.keys()
        for other, values in rules.get("public_where", {}).items():
            assert rules["pii"] and set(values) <= set(columns[other]["values"])
        assert "default" not in rules or "values" not in rules or rules["default"] in rules["values"]


def test_random_worlds_have_the_shape_of_the_contract():
    shapes = {table: list(definition["columns"].items()) for table, definition in CONTRACT.items()}
    drawn = {f"{DOMAINS[name]}.{name}": columns for name, columns in COLUMNS.items()}
    assert drawn.keys() == shapes.keys()
    for table, columns in drawn.items():
        assert [(column.name, column.kind, column.is_required) for column in columns] == [
            (name, rules["type"], rules.get("required", False)) for name, rules in shapes[table]
        ]


@pytest.mark.parametrize("folder", MODELS)
def test_the_models_are_described_by_the_contract(folder):
    """`outcomes contract --write` has been run since the contract changed."""
    path = PROJECT_ROOT / "models" / folder / f"_{folder}__models.yml"
    assert path.read_text(encoding="utf-8") == models_yaml(folder)
    written = {model["name"] for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]}
    assert written == {file.stem for file in path.parent.glob("*.sql")}


def test_the_contract_is_shown():
    shown = CliRunner().invoke(app, ["contract"])
    assert shown.exit_code == 0
    assert all(table in shown.output for table in CONTRACT)
    columns = " ".join(CliRunner().invoke(app, ["contract", "support.ticket_events"]).output.split())
    assert "if event_type is status: one of new, open, pending, hold, solved, closed" in columns
    columns = " ".join(CliRunner().invoke(app, ["contract", "crm.accounts"]).output.split())
    assert "personal data, unless account_type says business" in columns
    refused = CliRunner().invoke(app, ["contract", "crm.nothing"])
    assert refused.exit_code == 2
