"""The comparison of two published folders reports every difference but the listed changes."""

import shutil
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_outcomes.project import PROJECT_ROOT

sys.path.insert(0, str(PROJECT_ROOT / "scripts"))
import compare_published

OLD = "select * from (values ('retention', 'm1', 'all', 0.5), ('csat', 'm1', '2026-01', 1.25)) as t (metric_name, id, period, value)"
NEW = """
    select * from (values ('customer_retention', 'm1', null, 0.5), ('csat', 'm1', date '2026-01-01', 1.25))
    as t (metric_name, id, month, value)
"""
CHANGES = {
    "values": {"metric_name": {"retention": "customer_retention"}},
    "columns": {"metrics.things": {"period": "month"}},
    "expressions": {"metrics.things": {"period": "try_cast(period || '-01' as date)"}},
}
ADDED = CHANGES | {"added_rows": {"metrics.things": "metric_name = 'bookings'"}}
ROUNDED = CHANGES | {"rounded": {"metrics.things": {"id = 'm1'": {"value": 1}}}}


def published(folder: Path, query: str, name: str = "things") -> Path:
    """A folder with one relation."""
    (folder / "metrics").mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy ({query}) to '{folder}/metrics/{name}.parquet' (format parquet)")
    return folder


def compared(first: Path, second: Path, changes: dict) -> int:
    """The exit code of the script."""
    with pytest.raises(SystemExit) as left:
        compare_published.main(first, second, changes)
    return left.value.code


@pytest.mark.parametrize(
    ("new", "changes", "code"),
    [
        (OLD, {}, 0),
        (NEW, {}, 1),
        (NEW, CHANGES, 0),
        (f"{NEW} limit 1", CHANGES, 1),  # a row that is lost
        (f"{NEW} union all select 'csat', 'm2', null, 1.25", CHANGES, 1),  # one that nobody listed
        (f"{NEW} union all select 'bookings', 'm2', null, 1.25", ADDED, 0),
        (f"{NEW} union all select 'csat', 'm2', null, 1.25", ADDED, 1),
        (f"{NEW} union all select 'csat', 'm1', date '2026-01-01', 1.25", CHANGES, 1),  # one that is there twice
        (NEW.replace("1.25", "1.26"), CHANGES, 1),
        (NEW.replace("1.25", "1.26"), ROUNDED, 0),
        (NEW.replace("1.25", "1.36"), ROUNDED, 1),
        (f"select *, 1 as more from ({NEW})", CHANGES, 1),
        (f"select * replace (value::double as value) from ({NEW})", CHANGES, 1),
    ],
)
def test_what_differs_fails(tmp_path, new, changes, code):
    assert compared(published(tmp_path / "first", OLD), published(tmp_path / "second", new), changes) == code


def test_a_relation_of_one_side_alone_fails(tmp_path):
    first, second = published(tmp_path / "first", OLD), published(tmp_path / "second", OLD)
    published(second, OLD, "more")
    assert compared(first, second, {}) == compared(second, first, {}) == 1


def test_pay_is_compared_wherever_it_is_published(tmp_path):
    """An older project published it into the folder of figures."""
    first, second = published(tmp_path / "first", OLD), published(tmp_path / "second", OLD)
    published(first, OLD, "pay")
    assert compared(first, second, {}) == 1
    for query, code in ((NEW, 1), (OLD, 0)):
        pay = published(tmp_path / "second_pay", query, "pay")
        assert compared(first, second, {}) == compared(second, first, {}) == code
    (first / compare_published.WORKBOOK).write_bytes(b"one")
    assert compared(first, second, {}) == 1
    (pay / compare_published.WORKBOOK).write_bytes(b"one")
    assert compared(first, second, {}) == 0
    assert compared(pay, published(tmp_path / "third", OLD, "pay"), {"columns": {}}) == 0


def test_two_warehouses_are_compared(tmp_path, capsys):
    """As dbt's target dev and the warehouse that it is a copy of; both have the same name."""
    sides = [tmp_path / folder / "warehouse.duckdb" for folder in ("main", "dev")]
    for side in sides:
        side.parent.mkdir()
        with duckdb.connect(side) as connection:
            connection.execute("create schema metrics")
            connection.execute(f"create table metrics.things as {OLD}")
            connection.execute(f"create table kept_out as {OLD if side == sides[0] else NEW}")
    assert compared(*sides, {}) == 0
    assert "1 relations compared, 0 differ" in capsys.readouterr().out
    other = Path(shutil.copytree(tmp_path / "dev", tmp_path / "other")) / "warehouse.duckdb"
    with duckdb.connect(other) as connection:
        connection.execute("update metrics.things set value = 2 where metric_name = 'csat'")
        connection.execute("create table metrics.more as select 1 as id")
    assert compared(sides[0], other, {}) == 1
    said = capsys.readouterr().out
    assert "metrics.things: 1 rows only in" in said and f"metrics.more: only in {other}" in said


def test_the_workbook_is_compared_where_no_changes_are_listed(tmp_path):
    first, second = published(tmp_path / "first", OLD), published(tmp_path / "second", OLD)
    (second / compare_published.WORKBOOK).write_bytes(b"one")
    assert compared(first, second, {}) == 1
    assert compared(first, second, {"columns": {}, "values": {}}) == 0


def test_the_listed_changes_since_the_first_version_are_readable():
    changes = yaml.safe_load((PROJECT_ROOT / "scripts" / "changes_since_0.1.yml").read_text(encoding="utf-8"))
    assert set(changes) == {"values", "columns", "expressions", "added_rows", "rounded"}


BUILD = "select '{id}' as build_id, timestamp '2026-07-01' as as_of, '{version}' as version"
FILE = "select '{id}' as build_id, 'crm.users' as input_table, 'crm/users.csv' as path, '{sha256}' as sha256"


@pytest.mark.parametrize(
    ("relation", "first", "second", "code"),
    [
        ("build_info", BUILD.format(id="a", version="0.1.0"), BUILD.format(id="b", version="0.2.0"), 0),
        ("build_info", BUILD.format(id="a", version="1"), BUILD.format(id="a", version="1").replace("07", "08"), 1),
        ("deliveries", FILE.format(id="a", sha256="f"), FILE.format(id="b", sha256="f"), 0),
        ("deliveries", FILE.format(id="a", sha256="f"), FILE.format(id="b", sha256="g"), 1),
    ],
)
def test_the_id_of_a_build_is_told_and_is_no_difference(tmp_path, capsys, relation, first, second, code):
    for name, query in (("first", first), ("second", second)):
        (tmp_path / name / "audit").mkdir(parents=True)
        duckdb.sql(f"copy ({query}) to '{tmp_path}/{name}/audit/{relation}.parquet' (format parquet)")
    assert compared(tmp_path / "first", tmp_path / "second", {}) == code
    ids = "the builds have different ids: a and b\n" in capsys.readouterr().out
    assert ids is (relation == "build_info" and "'b'" in second)
