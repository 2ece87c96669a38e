"""The input contract as Python reads it: the same files that dbt reads, models/sources/_<domain>__sources.yml."""

from functools import cache

import yaml

from customer_outcomes.project import PROJECT_ROOT

CONTRACT_FOLDER = PROJECT_ROOT / "models" / "sources"
DOMAINS = ("crm", "support", "survey", "product")
DELIVERY_COLUMNS = ("_loaded_at", "updated_at", "is_deleted")


@cache
def load_contract() -> dict[str, dict]:
    """Return '<domain>.<table>' -> {grain, primary_key, event_time, merged_into, columns}, in the contract's order.

    `columns` maps a column's name to its type and rules (required, values, default, min, max, min_exclusive,
    references, pii, moment, carried_by). The delivery columns, which every table may have, are not among them.
    """
    files = [CONTRACT_FOLDER / f"_{domain}__sources.yml" for domain in DOMAINS]
    sources = [source for file in files for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]]
    return {
        f"{source['name']}.{table['name']}": {
            "grain": table["description"],
            **table["config"]["meta"],
            "columns": {
                column["name"]: {"type": column["data_type"], **column.get("config", {}).get("meta", {})}
                for column in table["columns"]
                if column["name"] not in DELIVERY_COLUMNS
            },
        }
        for source in sources
        for table in source["tables"]
    }
