"""The input contract as Python reads it: the same files that dbt reads, models/sources/_<domain>__sources.yml.

The descriptions of the models of landing and of records follow from it: write_models() writes them.
"""

from functools import cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import yaml

from customer_outcomes.project import PROJECT_ROOT

CONTRACT_FOLDER = PROJECT_ROOT / "models" / "sources"
DOMAINS = ("crm", "support", "survey", "product")
DELIVERY_TYPES = {"_loaded_at": "timestamp", "updated_at": "timestamp", "is_deleted": "boolean"}
DELIVERY_COLUMNS = tuple(DELIVERY_TYPES)
HIDDEN = "hidden"  # stands in place of a value that may hold personal data, as macros/contract/shown_values.sql says

# By folder of models: the prefix of a model's name, the macro that describes its columns, and its description.
MODELS = {
    "landing": (
        "land",
        "land_rows",
        "One row per row received of {table}: its columns in their types, and its own faults.",
    ),
    "records": (
        "rec",
        "record_rows",
        "One row per row received of {table} without own faults: its final state, and its references.",
    ),
}


class ColumnRules(TypedDict):
    """One column: its type and the rules in its `config.meta`."""

    type: str
    required: NotRequired[bool]
    values: NotRequired[list[str]]
    default: NotRequired[bool | int | str]
    folded: NotRequired[str]
    empty: NotRequired[str]
    excludes: NotRequired[list[str]]
    not_before: NotRequired[str]
    at_most: NotRequired[str]
    below: NotRequired[str]
    kind_column: NotRequired[str]
    kinds: NotRequired[dict[str, dict[str, Any]]]
    min: NotRequired[int]
    max: NotRequired[int]
    min_exclusive: NotRequired[int]
    references: NotRequired[str]
    pii: NotRequired[bool]
    public_where: NotRequired[dict[str, list[str]]]
    moment: NotRequired[bool]
    carried_by: NotRequired[str]


class TableContract(TypedDict):
    """One input table: its description, the `config.meta` of its entry, and its columns by name."""

    grain: str
    primary_key: list[str]
    event_time: NotRequired[str]
    merged_into: NotRequired[str]
    columns: dict[str, ColumnRules]


@cache
def load_contract() -> dict[str, TableContract]:
    """Return each input table by its name '<domain>.<table>', in the contract's order.

    `columns` leaves out the delivery columns, which every table may have.
    """
    files = [CONTRACT_FOLDER / f"_{domain}__sources.yml" for domain in DOMAINS]
    sources: list[Any] = [
        source for file in files for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
    ]
    return {
        f"{source['name']}.{table['name']}": _table_contract(table) for source in sources for table in source["tables"]
    }


def column_types(table: str) -> dict[str, str]:
    """Return the types of all columns that a table may have by name, the delivery columns first."""
    columns = load_contract()[table]["columns"]
    return DELIVERY_TYPES | {name: rules["type"] for name, rules in columns.items()}


def has_personal_data(table: str) -> bool:
    """Return whether a column of a table holds personal data, so that no message may show one of its rows."""
    return any(rules.get("pii") for rules in load_contract()[table]["columns"].values())


def shown_text(text: str) -> str:
    """Return a text as a message may show it: one with an @, which may be an e-mail address, is hidden."""
    return HIDDEN if "@" in text else text


def _table_contract(table: dict[str, Any]) -> TableContract:
    """Return the contract of a table from its entry in a source file."""
    columns: dict[str, Any] = {
        column["name"]: {"type": column["data_type"], **column.get("config", {}).get("meta", {})}
        for column in table["columns"]
        if column["name"] not in DELIVERY_COLUMNS
    }
    return cast(TableContract, {"grain": table["description"], **table["config"]["meta"], "columns": columns})


def models_yaml(folder: str) -> str:
    """Return the YAML that describes the models of a folder of MODELS, a model for each input table."""
    prefix, macro, description = MODELS[folder]
    lines = [
        "# Written by `outcomes contract --write` from the input contract; a change here is lost.",
        f"# macros/contract/{macro}.sql describes the columns that each model has beside those of the contract.",
        "version: 2",
        "",
        "models:",
    ]
    for table in load_contract():
        lines += [
            f"  - name: {prefix}_{table.split('.')[1]}",
            "    description: >-",
            f"      {description.format(table=table)}",
            "    config:",
            "      meta:",
            "        key: [_row_id]",
        ]
    return "\n".join(lines) + "\n"


def write_models() -> list[Path]:
    """Write the YAML of all folders of MODELS, and return the paths of the files that changed."""
    changed = []
    for folder in MODELS:
        path = PROJECT_ROOT / "models" / folder / f"_{folder}__models.yml"
        text = models_yaml(folder)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
