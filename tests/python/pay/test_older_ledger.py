"""A ledger that an older version of the project closed is read, and newer definitions change no amount that it paid."""

import hashlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from customer_outcomes.ledger import closes_of_older_definitions, collect_copies
from customer_outcomes.places.destination import BUILDS
from helpers.builds import DATABASE, Built, files_of, good_build, query
from helpers.later_facts import add_late_charge, copy_of

pytestmark = pytest.mark.whole_builds(2)

METRICS = "select distinct metric_name from compensation.comp_closed_lines order by 1"
PERIODS = "select list(period order by period) from compensation.comp_period_closes"
LATE_KNOWLEDGE = "select count(*) from compensation.comp_adjustments where dispute_id is null and not is_closed"


@pytest.fixture
def older(oddities_build: Built, tmp_path: Path) -> Path:
    """The sample as a version without `definitions_version` left it: in the warehouse and in the published folder."""
    copy_of(oddities_build, tmp_path)
    warehouse, published = tmp_path / "warehouse.duckdb", tmp_path / "published"
    for database in (warehouse, published / DATABASE):
        with duckdb.connect(database) as connection:
            relation = "compensation.comp_period_closes"
            connection.execute(
                f"create or replace table {relation} as select * exclude definitions_version from {relation}"
            )
            if database == warehouse:
                connection.execute("alter table ledger.period_closes drop column definitions_version")
    file = published / "compensation" / "comp_period_closes.parquet"
    duckdb.sql(f"copy (select * exclude definitions_version from '{file}') to '{file}.new' (format parquet)")
    Path(f"{file}.new").replace(file)
    return tmp_path


def test_months_that_closed_under_former_names_of_metrics_stay_as_they_are(later_build, oddities_build: Built):
    """The hash that a month closed with is of the former names; the published lines have the present ones."""
    built, former, _ = later_build
    assert query(former / DATABASE, METRICS) != query(oddities_build.pay_database, METRICS)
    for relation, rows in (
        ("comp_period_closes", "true"),
        ("comp_closed_lines", "true"),
        ("comp_adjustments", "is_closed"),
    ):
        closed = f"select * from compensation.{relation} where {rows} order by all"
        assert query(built.pay_database, closed) == query(oddities_build.pay_database, closed)


def contents(database: Path) -> dict[str, str]:
    """The SHA-256 of each closed period, of texts that this test writes from the lines and adjustments that a version left."""
    texts: dict[str, list[str]] = {}
    with duckdb.connect(database, read_only=True) as connection:
        for kind, relation in (("line", "comp_closed_lines"), ("adjustment", "comp_adjustments")):
            names = [name for name, *_ in connection.execute(f"describe compensation.{relation}").fetchall()]
            of_closed = "where is_closed" if "is_closed" in names else ""
            cells = ", ".join(f"cast({name} as varchar)" for name in names if name != "is_closed")
            rows = connection.execute(
                f"select cast(period as varchar), {cells} from compensation.{relation} {of_closed}"
            ).fetchall()
            for period, *row in rows:
                line = " | ".join("-" if cell is None else cell.replace("|", "||") for cell in row)
                texts.setdefault(period, []).append(f"{kind} {line}")
    return {period: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for period, lines in texts.items()}


def test_months_close_with_the_hash_that_they_had_under_former_names(later_build, oddities_build: Built):
    _, former, _ = later_build
    hashes = "select cast(period as varchar), content_sha256 from compensation.comp_period_closes where line_count > 0"
    closed = dict(query(oddities_build.pay_database, hashes))
    found = contents(former / DATABASE)
    assert {period: found[period] for period in closed} == closed
    assert contents(oddities_build.pay_database) != found


def test_pay_is_taken_over_from_the_folder_of_an_older_project(later_build, oddities_build: Built):
    """The folder is read once; then nothing about pay is left in it, and the history has moved, too."""
    built, former, _ = later_build
    assert (former / "compensation").is_dir() and not former.with_name("former_pay").exists()
    assert f"Pay leaves {built.published}: " in built.said
    assert files_of(built.published).keys() == files_of(oddities_build.published).keys()
    assert files_of(built.pay).keys() == files_of(oddities_build.pay).keys()
    schemas = query(built.database, "select distinct schema_name from duckdb_tables()")
    assert {name for (name,) in schemas} == {"marts", "metrics", "audit"}
    history = [json.loads(line) for line in (built.pay / BUILDS).read_text().splitlines()]
    assert json.loads((oddities_build.pay / BUILDS).read_text()) in history and len(history) == 2
    assert not (built.work_folder / BUILDS).exists()


def test_late_knowledge_adjusts_a_month_of_these_definitions(later_build, oddities_build: Built):
    built, _, _ = later_build
    before, after = (
        query(database, LATE_KNOWLEDGE)[0][0] for database in (oddities_build.pay_database, built.pay_database)
    )
    assert after > before
    growth = f"{LATE_KNOWLEDGE} and metric_name = 'cltv_growth' and original_period = date '2026-03-01'"
    before, after = (query(database, growth)[0][0] for database in (oddities_build.pay_database, built.pay_database))
    assert after > before
    assert "older definitions" not in built.said


def test_it_adjusts_no_month_of_older_ones_and_the_summary_says_so(older: Path, oddities_build: Built):
    source = Path(shutil.copytree(oddities_build.input, older / "input"))
    add_late_charge(oddities_build, source)
    built = good_build(older, source, as_of=datetime(2026, 7, 1))
    assert query(built.pay_database, LATE_KNOWLEDGE)[0][0] == 0
    closed = "select period, user_id, plan_id, metric_name, payout from compensation.comp_closed_lines order by all"
    assert query(built.pay_database, closed) == query(oddities_build.pay_database, closed)
    months = query(
        oddities_build.pay_database, "select strftime(period, '%Y-%m') from compensation.comp_period_closes order by 1"
    )
    assert f"no longer adjusts them: {', '.join(month for (month,) in months)}." in " ".join(built.said.split())
    # the next build says it again: it reads the definitions of each month from these copies
    assert closes_of_older_definitions(built.warehouse) == query(built.pay_database, PERIODS)[0][0]
    with duckdb.connect() as connection:
        collect_copies(connection, built.pay)
        copies = connection.execute(
            "select distinct copy_name, definitions_version from ledger.period_closes order by 1"
        )
        assert copies.fetchall() == [("parquet", 1), ("published", 1)]
    kept = "select distinct definitions_version from ledger.period_closes where copy_name = 'kept'"
    assert query(built.warehouse, kept) == [(1,)]
