"""Running the shaping of an example, and reading what it wrote."""

import csv
import subprocess
import sys

from customer_outcomes.project import PROJECT_ROOT

EXAMPLES = PROJECT_ROOT / "examples"


def run_shape(example, source_dir, target_dir):
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "shape.py"), str(EXAMPLES / example), str(source_dir), str(target_dir)],
        capture_output=True,
        check=False,
        text=True,
    )


def read_rows(target_dir, name):
    with open(target_dir / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_table(target_dir, name):
    """The rows of one shaped table by their key."""
    rows = read_rows(target_dir, name)
    key = next(iter(rows[0]))
    assert len({row[key] for row in rows}) == len(rows)
    return {row[key]: row for row in rows}


def column(table, name):
    return {key: row[name] for key, row in table.items()}
