"""Shape the public data of an example into the input contract: shape.py EXAMPLE_DIR SOURCE_DIR TARGET_DIR.

EXAMPLE_DIR holds shape.sql, and downloads.yml, which lists the needed files by the page that offers them. Each needed
file must be in SOURCE_DIR, as it was downloaded or as Parquet with the same stem. It becomes the table source.<stem>,
in which every column is text.
"""

import argparse
import sys
from pathlib import Path

import duckdb
import yaml

# The CSV dialect is given explicitly, because texts with quotes and line breaks mislead the detection of it.
READERS = {
    ".csv": "select * from read_csv($1, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')",
    ".parquet": "select columns(*)::varchar from read_parquet($1)",
}


def find_file(source_dir: Path, name: str) -> Path | None:
    candidates = [(source_dir / name).with_suffix(suffix) for suffix in READERS]
    return next((path for path in candidates if path.is_file()), None)


def missing_files(downloads: dict[str, list[str]], source_dir: Path) -> list[str]:
    """Return a clause per page with the needed files that are not in the folder, and the page to download them from."""
    missing = {page: [name for name in names if not find_file(source_dir, name)] for page, names in downloads.items()}
    return [f"{', '.join(names)} (download: {page})" for page, names in missing.items() if names]


def shape(example_dir: Path, files: list[Path], target_dir: Path) -> None:
    """Run shape.sql on the files and write <domain>/<table>.csv, sorted by all columns."""
    with duckdb.connect() as connection:
        connection.execute("create schema source")
        for file in files:
            connection.execute(f"create table source.{file.stem} as {READERS[file.suffix]}", [str(file)])
        connection.execute((example_dir / "shape.sql").read_text(encoding="utf-8"))
        tables = connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where schema_name in ('crm', 'product', 'support', 'survey', 'rules') order by all"
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
    parser.add_argument("example_dir", type=Path, help="the folder with downloads.yml and shape.sql")
    parser.add_argument("source_dir", type=Path, help="the folder with the downloaded files")
    parser.add_argument("target_dir", type=Path, help="the folder to write the tables to")
    arguments = parser.parse_args()
    downloads = yaml.safe_load((arguments.example_dir / "downloads.yml").read_text(encoding="utf-8"))
    missing = missing_files(downloads, arguments.source_dir)
    if missing:
        print(f"Not in {arguments.source_dir}: {'; '.join(missing)}", file=sys.stderr)
        return 2
    files = [find_file(arguments.source_dir, name) for names in downloads.values() for name in names]
    shape(arguments.example_dir, files, arguments.target_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
