"""A released public model keeps its columns and their types; a breaking change makes a new version of the model."""

import tomllib
from pathlib import Path

import pytest
import yaml
from test_manifest import manifest

from customer_outcomes.project import PROJECT_ROOT

RELEASED = Path(__file__).with_name("released_models.yml")

Columns = dict[str, dict[str, str]]


def public_models() -> Columns:
    """Return the type of each column by public model or seed; a version of a model is `<name>.v<version>`."""
    seeds = {
        node["name"]: node["config"]["column_types"]
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "seed" and node["config"]["meta"].get("is_public")
    }
    return seeds | {
        node["name"] + (f".v{node['version']}" if node.get("version") else ""): {
            column["name"]: column["data_type"] for column in node["columns"].values()
        }
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["access"] == "public"
    }


def broken(released: Columns, present: Columns) -> list[str]:
    """Return a sentence for each column of a released model that is gone or has another type."""
    return [
        f"{model}.{column} was released as {kind} and is {present.get(model, {}).get(column, 'gone')} now."
        for model, columns in released.items()
        for column, kind in columns.items()
        if present.get(model, {}).get(column) != kind
    ]


def test_released_columns_are_kept():
    written = yaml.safe_load(RELEASED.read_text(encoding="utf-8"))
    assert broken(written["models"], public_models()) == []


def test_a_release_has_written_its_models():
    """From 0.2.0 on the file is that of the present release or of the one before, never empty."""
    version = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    written = yaml.safe_load(RELEASED.read_text(encoding="utf-8"))
    assert bool(written["models"]) == (tuple(map(int, version.split("."))) >= (0, 2, 0))


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({"dim_customers": {"account_id": "varchar", "segment": "varchar"}}, []),
        ({"dim_customers": {"account_id": "bigint"}}, ["dim_customers.account_id was released as varchar and is bigint now."]),
        ({"dim_customers": {}}, ["dim_customers.account_id was released as varchar and is gone now."]),
        ({}, ["dim_customers.account_id was released as varchar and is gone now."]),
    ],
)  # fmt: skip
def test_a_breaking_change_is_found(present, expected):
    assert broken({"dim_customers": {"account_id": "varchar"}}, present) == expected


def test_public_models_are_found():
    assert public_models()["customer_lifetime"]["account_id"] == "varchar"
    assert public_models()["metric_catalog"]["is_paid"] == "boolean"
    assert len(public_models()) > 50


if __name__ == "__main__":
    release = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    comment = "".join(line for line in RELEASED.open(encoding="utf-8") if line.startswith("#"))
    text = yaml.safe_dump({"release": release, "models": public_models()}, sort_keys=True, width=120)
    RELEASED.write_text(comment + text, encoding="utf-8")
