"""A ledger that an older version of the project closed is read, and newer definitions move nothing that it paid."""

import hashlib
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from helpers.builds import DATABASE, Built, good_build, query

FORMER = {"retention": "customer_retention", "recommendations": "referrals_realised", "closed_deals": "bookings"}
METRICS = "select distinct metric_name from compensation.comp_closed_lines order by 1"
LATE_KNOWLEDGE = "select count(*) from compensation.comp_adjustments where dispute_id is null and not is_closed"


@pytest.fixture
def older(sample_build: Built, tmp_path: Path) -> Path:
    """The sample as a version without `definitions_version` left it: in the warehouse and in the published folder."""
    warehouse = Path(shutil.copy(sample_build.warehouse, tmp_path / "warehouse.duckdb"))
    published = Path(shutil.copytree(sample_build.published, tmp_path / "published"))
    (published / DATABASE).chmod(0o644)
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


@pytest.fixture
def former(sample_build: Built, tmp_path: Path) -> Path:
    """The sample as a version left it that knew metrics by their former names, in all four copies of the ledger."""
    warehouse = Path(shutil.copy(sample_build.warehouse, tmp_path / "warehouse.duckdb"))
    published = Path(shutil.copytree(sample_build.published, tmp_path / "published"))
    (published / DATABASE).chmod(0o644)
    names = "metric_name = {name!r}, adjustment_id = replace(adjustment_id, ':{now}', ':{name}')"
    for database, schemas in (
        (warehouse, ("compensation.comp_", "ledger.")),
        (published / DATABASE, ("compensation.comp_",)),
    ):
        with duckdb.connect(database) as connection:
            for name, now in FORMER.items():
                for schema in schemas:
                    connection.execute(
                        f"update {schema}closed_lines set metric_name = {name!r} where metric_name = {now!r}"
                    )
                    connection.execute(
                        f"update {schema}adjustments set {names.format(name=name, now=now)} where metric_name = {now!r}"
                    )
            if database != warehouse:
                for relation in ("comp_closed_lines", "comp_adjustments"):
                    file = published / "compensation" / f"{relation}.parquet"
                    connection.execute(f"copy compensation.{relation} to '{file}' (format parquet)")
    return tmp_path


@pytest.fixture
def late_fact(sample_build: Built, tmp_path: Path) -> Path:
    """The sample's input with a great charge of a closed month, of a customer whom a payee is credited with."""
    source = Path(shutil.copytree(sample_build.input, tmp_path / "input"))
    account_id, moment = query(
        sample_build.warehouse,
        """
        select transactions.account_id, transactions.transacted_at
        from metrics.metric_evidence as evidence
        inner join marts.fct_transactions as transactions on evidence.source_id = transactions.transaction_id
        inner join compensation.comp_statement_lines as lines
            on evidence.month = lines.period and evidence.user_id = lines.user_id and lines.metric_name = 'cltv_growth'
        where evidence.metric_name = 'cltv_growth' and evidence.month = date '2026-03-01' and lines.attainment < lines.cap
        order by all limit 1
        """,
    )[0]
    with (source / "crm" / "transactions.csv").open(encoding="utf-8") as text:
        header = text.readline().strip().split(",")
    row = {
        "transaction_id": "late",
        "account_id": account_id,
        "transaction_type": "charge",
        "amount": "5000",
        "currency_code": "EUR",
        "transacted_at": moment.isoformat(),
    }
    with (source / "crm" / "transactions.csv").open("a", encoding="utf-8") as text:
        text.write(",".join(row.get(column, "") for column in header) + "\n")
    return source


def test_months_that_closed_under_former_names_of_metrics_stay_as_they_are(former: Path, sample_build: Built):
    """The hash that a month closed with is of the former names; what is published has the present ones."""
    assert query(former / "published" / DATABASE, METRICS) != query(sample_build.database, METRICS)
    built = good_build(former, sample_build.input, as_of=datetime(2026, 7, 1))
    for relation in ("closes", "closed_lines", "adjustments"):
        rows = f"select * from compensation.comp_{'period_' * (relation == 'closes')}{relation} order by all"
        assert query(built.database, rows) == query(sample_build.database, rows)


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


def test_months_close_with_the_hash_that_they_had_under_former_names(former: Path, sample_build: Built):
    hashes = "select cast(period as varchar), content_sha256 from compensation.comp_period_closes where line_count > 0"
    closed = dict(query(sample_build.database, hashes))
    found = contents(former / "published" / DATABASE)
    assert {period: found[period] for period in closed} == closed
    assert contents(sample_build.database) != found


def test_late_knowledge_adjusts_a_month_of_these_definitions(sample_build: Built, late_fact: Path, tmp_path: Path):
    shutil.copy(sample_build.warehouse, tmp_path / "warehouse.duckdb")
    shutil.copytree(sample_build.published, tmp_path / "published")
    built = good_build(tmp_path, late_fact, as_of=datetime(2026, 7, 1))
    before, after = (query(database, LATE_KNOWLEDGE)[0][0] for database in (sample_build.database, built.database))
    assert after > before
    assert "older definitions" not in built.said


def test_it_adjusts_no_month_of_older_ones_and_the_summary_says_so(older: Path, late_fact: Path, sample_build: Built):
    built = good_build(older, late_fact, as_of=datetime(2026, 7, 1))
    assert query(built.database, LATE_KNOWLEDGE)[0][0] == 0
    closed = "select period, user_id, plan_id, metric_name, payout from compensation.comp_closed_lines order by all"
    assert query(built.database, closed) == query(sample_build.database, closed)
    months = query(
        sample_build.database, "select strftime(period, '%Y-%m') from compensation.comp_period_closes order by 1"
    )
    assert f"adjusts them no more: {', '.join(month for (month,) in months)}." in " ".join(built.said.split())
    # the next build says it again: the ledger keeps by which definitions a month was closed
    again = good_build(older, late_fact, as_of=datetime(2026, 7, 1))
    assert "older definitions" in again.said
    versions = query(again.database, "select distinct definitions_version from compensation.comp_period_closes")
    assert versions == [(1,)]
