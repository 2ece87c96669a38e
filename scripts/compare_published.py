"""Compare two published versions: `compare_published.py FIRST SECOND [--changes FILE]` fails if a relation differs.

FIRST and SECOND are folders that BI tools read. The folder of pay beside each of them, as in published_pay, is compared
with it, so that the one folder of an older project compares with the two of this one. A folder of pay can also be given
by itself. Two warehouses can be given, too, such as that of dbt's target dev and the one that it is a copy of; then all
tables of the project's schemas are compared.

Without --changes the workbooks must also be equal, byte for byte. With --changes every row of FIRST must be in SECOND
under the names that FILE gives, and SECOND may have the added rows that FILE allows; scripts/changes_since_0.1.yml
describes the format of FILE.

The id of a build and the version of the project are not compared, because two versions of the project differ in them
whenever a var or a rule differs. If the ids differ, a line says so. Files of the input are compared by their paths
within the input folder, so that the same input in two places is equal.
"""

import argparse
import sys
from pathlib import Path

import duckdb
import yaml

from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.places.warehouse_file import SCHEMAS
from customer_outcomes.warehouse import quoted

# The columns that tell which build made a relation, and that do not count as a difference, by relation.
OF_THE_BUILD = {"audit.build_info": ("build_id", "version"), "audit.deliveries": ("build_id",)}


def main(first: Path, second: Path, changes: dict) -> None:
    """Print each relation that differs with its differences, and exit with 1 if there is one, else with 0."""
    for side in (first, second):
        if side.is_file():
            duckdb.sql(f"attach if not exists '{quoted(side)}' as {alias(side)} (read_only)")
    names = sorted({name for side in (first, second) for name in relations_of(side)})
    if not names:
        sys.exit(f"{first} and {second} hold no relation.")
    differing = sum(differs(name, first, second, changes) for name in names)
    workbooks = [file_in(side, Path(WORKBOOK)) for side in (first, second)]
    if len({path.read_bytes() if path.exists() else None for path in workbooks}) > 1 and not changes:
        print(f"{WORKBOOK} differs")
        differing += 1
    if ids := differing_ids(first, second):
        print(ids)
    compared = f"{len(names)} relations" + ("" if changes or first.is_file() else " and the workbook")
    print(f"{compared} compared, {differing} differ")
    sys.exit(1 if differing else 0)


def relations_of(side: Path) -> set[Path]:
    """Return the names of a version's Parquet files, or of a warehouse's tables, as <schema>/<name>.parquet."""
    if side.is_file():
        tables = duckdb.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = ? and list_contains(?, schema_name)",
            [alias(side).strip('"'), SCHEMAS],
        )
        return {Path(schema, f"{name}.parquet") for schema, name in tables.fetchall()}
    return {file.relative_to(folder) for folder in (side, pay_folder(side)) for file in folder.rglob("*.parquet")}


def alias(warehouse: Path) -> str:
    """Return the name under which a warehouse is attached."""
    return f'"{warehouse.resolve()}"'


def source_in(side: Path, name: Path) -> str | None:
    """Return a relation of a version or of a warehouse as SQL names it; None if it is not in it."""
    if side.is_file():
        return f"{alias(side)}.{name.parent}.{name.stem}" if name in relations_of(side) else None
    file = file_in(side, name)
    return f"'{quoted(file)}'" if file.exists() else None


def file_in(side: Path, name: Path) -> Path:
    """Return the path of a file of a version, in its folder of pay if it lies there."""
    pay = pay_folder(side) / name
    return pay if pay.exists() else side / name


def differs(name: Path, first: Path, second: Path, changes: dict) -> bool:
    """Print how a relation of one version differs from that of the other, and return whether it differs."""
    relation = f"{name.parent}.{name.stem}"
    sources = [source_in(side, name) for side in (first, second)]
    if sources[0] is None or sources[1] is None:
        print(f"{relation}: only in {second if sources[0] is None else first}")
        return True
    old, new = f"({renamed(sources[0], relation, changes)})", f"(select * from {sources[1]})"
    for condition, places in changes.get("rounded", {}).get(relation, {}).items():
        old, new = (rounded(side, condition, places) for side in (old, new))
    columns = [duckdb.sql(f"describe select * from {side}").fetchall() for side in (old, new)]
    if relation in OF_THE_BUILD:
        old, new = (without_build(side, relation) for side in (old, new))
    if [column[:2] for column in columns[0]] != [column[:2] for column in columns[1]]:
        print(f"{relation}: the columns {[column[:2] for column in columns[0]]} became {[c[:2] for c in columns[1]]}")
        return True
    added = changes.get("added_rows", {}).get(relation, "false")
    lost = count(f"select * from {old} except all select * from {new}")
    alone = f"select * from {new} except all select * from {old}"
    found = count(f"select * from ({alone}) where not coalesce({added}, false)")
    allowed = count(f"select * from ({alone}) where coalesce({added}, false)")
    if allowed:
        print(f"{relation}: {allowed} added rows, as listed")
    if lost or found:
        print(f"{relation}: {lost} rows only in {first}, {found} only in {second}")
        for side in (f"{old} except all select * from {new}", f"{new} except all select * from {old}"):
            for row in duckdb.sql(f"select * from {side} order by all limit 3").fetchall():
                print(f"    {row}")
    return bool(lost or found)


def without_build(side: str, relation: str) -> str:
    """Return a query of a relation without the columns that tell which build made it."""
    return f"(select * exclude ({', '.join(OF_THE_BUILD[relation])}) from {side})"


def differing_ids(first: Path, second: Path) -> str | None:
    """Return a sentence with the ids of the builds of two folders; None if they are equal or one of them is missing."""
    files = [side / "audit" / "build_info.parquet" for side in (first, second)]
    if not all(file.exists() for file in files):
        return None
    ids = [sorted(str(id) for (id,) in duckdb.sql(f"select build_id from '{file}'").fetchall()) for file in files]
    return None if ids[0] == ids[1] else f"the builds have different ids: {', '.join(ids[0])} and {', '.join(ids[1])}"


def renamed(source: str, relation: str, changes: dict) -> str:
    """Return a query of an older relation with the present names of its columns and values."""
    columns = [column[0] for column in duckdb.sql(f"describe select * from {source}").fetchall()]
    names = changes.get("columns", {}).get(relation, {})
    expressions = changes.get("expressions", {}).get(relation, {})
    values = changes.get("values", {})
    selected = []
    for column in columns:
        expression = expressions.get(column, f'"{column}"')
        if column in values:
            cases = "".join(f" when '{old}' then '{new}'" for old, new in values[column].items())
            expression = f'case "{column}"{cases} else "{column}" end'
        selected.append(f'{expression} as "{names.get(column, column)}"')
    return f"select {', '.join(selected)} from {source}"


def rounded(relation: str, condition: str, places: dict[str, int]) -> str:
    """Return a query of a relation in which some columns are rounded in the rows that meet a condition."""
    columns = [column[:2] for column in duckdb.sql(f"describe select * from {relation}").fetchall()]
    selected = [
        f"cast(case when {condition} then round({name}, {places[name]}) else {name} end as {kind}) as {name}"
        if name in places
        else name
        for name, kind in columns
    ]
    return f"(select {', '.join(selected)} from {relation})"


def count(query: str) -> int:
    """Return the number of rows of a query."""
    return duckdb.sql(f"select count(*) from ({query})").fetchall()[0][0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--changes", type=Path)
    given = parser.parse_args()
    main(given.first, given.second, yaml.safe_load(given.changes.read_text()) if given.changes else {})
