"""Compare two published folders: `compare_published.py FIRST SECOND` fails where a relation or the workbook differs."""

import sys
from pathlib import Path

import duckdb

from customer_outcomes.workbook import WORKBOOK


def main(first: Path, second: Path) -> None:
    """Print each relation that differs, with how many rows each side has alone, and leave with 1 if there is one."""
    names = sorted({file.relative_to(side) for side in (first, second) for file in side.rglob("*.parquet")})
    if not names:
        sys.exit(f"{first} and {second} hold no relation.")
    differing = 0
    for name in names:
        alone = [only_in(first / name, second / name), only_in(second / name, first / name)]
        if any(alone):
            print(f"{name}: {alone[0]} rows only in {first}, {alone[1]} only in {second}")
            differing += 1
    workbooks = [side / WORKBOOK for side in (first, second)]
    if len({path.read_bytes() if path.exists() else None for path in workbooks}) > 1:
        print(f"{WORKBOOK} is not the same, byte for byte")
        differing += 1
    print(f"{len(names)} relations and the workbook compared, {differing} differ")
    sys.exit(1 if differing else 0)


def only_in(one: Path, other: Path) -> int:
    """Return how many rows of one file the other has not; a missing file has none."""
    if not one.exists():
        return 0
    rest = f"except all select * from '{other}'" if other.exists() else ""
    return duckdb.sql(f"select count(*) from (select * from '{one}' {rest})").fetchall()[0][0]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
