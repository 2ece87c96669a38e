"""The input contract as Python reads it: the same files that dbt reads, models/sources/_<domain>__sources.yml."""

from functools import cache
from typing import Any, NotRequired, TypedDict, cast

import yaml

from customer_outcomes.project import PROJECT_ROOT

CONTRACT_FOLDER = PROJECT_ROOT / "models" / "sources"
DOMAINS = ("crm", "support", "survey", "product")
DELIVERY_COLUMNS = ("_loaded_at", "updated_at", "is_deleted")


class ColumnRules(TypedDict):
    """One column: its type and the rules in its `config.meta`."""

    type: str
    required: NotRequired[bool]
    values: NotRequired[list[str]]
    default: NotRequired[bool | int | str]
    min: NotRequired[int]
    max: NotRequired[int]
    min_exclusive: NotRequired[int]
    references: NotRequired[str]
    pii: NotRequired[bool]
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


def _table_contract(table: dict[str, Any]) -> TableContract:
    """Return the contract of a table from its entry in a source file."""
    columns: dict[str, Any] = {
        column["name"]: {"type": column["data_type"], **column.get("config", {}).get("meta", {})}
        for column in table["columns"]
        if column["name"] not in DELIVERY_COLUMNS
    }
    return cast(TableContract, {"grain": table["description"], **table["config"]["meta"], "columns": columns})
