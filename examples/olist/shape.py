"""Shape Olist's public data into the input contract: shape.py SOURCE_DIR TARGET_DIR."""

import argparse
import sys
from pathlib import Path

import duckdb

DOWNLOADS = {
    "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce": (
        "olist_customers_dataset.csv",
        "olist_order_items_dataset.csv",
        "olist_order_reviews_dataset.csv",
        "olist_orders_dataset.csv",
        "olist_products_dataset.csv",
        "olist_sellers_dataset.csv",
        "product_category_name_translation.csv",
    ),
    "https://www.kaggle.com/datasets/olistbr/marketing-funnel-olist": (
        "olist_closed_deals_dataset.csv",
        "olist_marketing_qualified_leads_dataset.csv",
    ),
}


def missing_files(source_dir: Path) -> list[str]:
    """Name the needed files that are not in the folder, with the page to download them from."""
    missing = {page: [name for name in names if not (source_dir / name).is_file()] for page, names in DOWNLOADS.items()}
    return [f"{', '.join(names)} (download: {page})" for page, names in missing.items() if names]


def shape(source_dir: Path, target_dir: Path) -> None:
    """Run shape.sql on the folder and write <domain>/<table>.csv, in order of the keys."""
    with duckdb.connect() as connection:
        connection.execute("set variable source_dir = $1", [str(source_dir)])
        connection.execute(Path(__file__).with_name("shape.sql").read_text(encoding="utf-8"))
        tables = connection.execute(
            "select schema_name, view_name from duckdb_views() where schema_name in ('crm', 'survey') order by all"
        ).fetchall()
        for domain, table in tables:
            path = target_dir / domain / f"{table}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            (row_count,) = connection.execute(
                f"copy (from {domain}.{table} order by all) to $1 "
                "(format csv, header true, timestampformat '%Y-%m-%dT%H:%M:%SZ')",
                [str(path)],
            ).fetchone()
            print(f"{domain}.{table}: {row_count} rows")
        for what, row_count in connection.execute("from left_out order by all").fetchall():
            print(f"left out: {row_count} {what}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_dir", type=Path, help="the folder with the downloaded files")
    parser.add_argument("target_dir", type=Path, help="the folder to write the tables to")
    arguments = parser.parse_args()
    missing = missing_files(arguments.source_dir)
    if missing:
        print(f"Not in {arguments.source_dir}: {'; '.join(missing)}", file=sys.stderr)
        return 2
    shape(arguments.source_dir, arguments.target_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
