"""A closed period stays closed: every copy of the ledger is compared, and a lost warehouse takes the ledger back."""

import shutil
from pathlib import Path

import duckdb
import pytest

from customer_outcomes.ledger import paid_disputes, published_ledger, save_closes
from helpers.builds import Built, copy_published, query
from helpers.closed_periods import PERIOD, change, faults

TOUCHED = f"Period {PERIOD} is closed, but its lines or adjustments were changed after the close (copy: {{}})."


@pytest.fixture
def copy(oddities_build: Built, tmp_path: Path) -> Built:
    """A build of the sample that a test can spoil."""
    warehouse = Path(shutil.copy(oddities_build.warehouse, tmp_path))
    published = copy_published(oddities_build, tmp_path)
    shutil.copytree(oddities_build.work_folder / "target", warehouse.with_suffix(".work") / "target")
    return Built(oddities_build.input, warehouse, published, 0, "")


def test_every_copy_is_there_and_the_same(copy):
    assert faults(copy) == []
    copies = query(copy.warehouse, "select distinct copy_name from ledger.period_closes order by 1")
    assert [name for (name,) in copies] == ["kept", "parquet", "published", "warehouse"]


@pytest.mark.parametrize(
    "statement",
    [
        "update {lines} set payout = payout + 0.01 where period = '{period}' and user_id = 'user_05'",
        "update {lines} set attainment = attainment + 1 where period = '{period}' and user_id = 'user_05'",
        "delete from {lines} where period = '{period}' and user_id = 'user_05'",
        "insert into {lines} select * replace ('user_99' as user_id) from {lines} where period = '{period}' and user_id = 'user_05'",
        "update {adjustments} set amount = 2 * amount where period = '{period}'",
        "update {closes} set payout_total = payout_total + 1 where period = '{period}'",
    ],
)
@pytest.mark.parametrize("name", ["kept", "warehouse", "published"])
def test_a_changed_copy_is_named_with_its_period(copy, name, statement):
    relations = {
        "lines": "ledger.closed_lines" if name == "kept" else "compensation.comp_closed_lines",
        "adjustments": "ledger.adjustments" if name == "kept" else "compensation.comp_adjustments",
        "closes": "ledger.period_closes" if name == "kept" else "compensation.comp_period_closes",
    }
    database = copy.pay_database if name == "published" else copy.warehouse
    if name == "kept":
        statement += " and copy_name = 'kept'" if "select" not in statement else ""
    change(database, statement.format(period=PERIOD, **relations))
    assert TOUCHED.format(name) in faults(copy)


def test_a_changed_parquet_file_is_named(copy):
    file = copy.pay / "compensation" / "comp_closed_lines.parquet"
    duckdb.sql(
        f"copy (select * replace (case when period = '{PERIOD}' then payout + 1 else payout end as payout)"
        f" from '{file}') to '{file}.new' (format parquet)"
    )
    Path(f"{file}.new").replace(file)
    assert faults(copy) == [TOUCHED.format("parquet")]


def test_another_author_or_moment_of_a_close_is_named(copy):
    change(copy.warehouse, f"update compensation.comp_period_closes set closed_by = 'Eve' where period = '{PERIOD}'")
    said = faults(copy)
    assert len(said) == 4
    assert all(sentence.startswith(f"Period {PERIOD} is closed, but its copies differ") for sentence in said)


def test_a_lost_warehouse_takes_the_closes_back(copy):
    copy.warehouse.unlink()
    assert faults(copy) == []
    closed = query(copy.pay_database, "select count(*), sum(payout) from compensation.comp_closed_lines")
    for name in ("parquet", "published"):
        taken = query(copy.warehouse, "select count(*), sum(payout) from ledger.closed_lines where copy_name = ?", name)
        assert taken == closed


def test_the_published_copies_are_in_the_folder_of_pay(copy, tmp_path):
    """Only while it has no closed month, those count that an older project published with the figures."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "contents.json").write_text('{"holds": "pay", "relations": {}}')
    assert published_ledger(copy.published, copy.pay) == copy.pay
    for pay in ("nowhere", "empty", "open"):
        assert published_ledger(copy.published, tmp_path / pay) == copy.published


def test_what_was_not_published_is_not_closed(copy):
    for table in ("closed_lines", "adjustments", "period_closes"):
        change(copy.warehouse, f"delete from ledger.{table} where period = '{PERIOD}' and copy_name = 'kept'")
    shutil.rmtree(copy.pay)
    assert faults(copy) == []
    assert query(copy.warehouse, f"select count(*) from ledger.period_closes where period = '{PERIOD}'") == [(0,)]
    save_closes(copy.warehouse)
    assert query(copy.warehouse, f"select count(*) from ledger.period_closes where period = '{PERIOD}'") == [(1,)]


def test_paid_disputes_are_known_from_either_copy(copy, tmp_path):
    nowhere = tmp_path / "nowhere"
    assert paid_disputes(copy.warehouse, copy.pay) == {"dispute_01"}
    assert paid_disputes(nowhere, copy.pay) == paid_disputes(copy.warehouse, nowhere) == {"dispute_01"}
    assert paid_disputes(nowhere, nowhere) == set()
