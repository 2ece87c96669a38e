"""Marketing and sales are measured by the same formulas: with their credits swapped, their figures are swapped."""

import shutil
from pathlib import Path

import duckdb
import pytest

from helpers.builds import Built, records

MODELS = (
    "credit.credit_subjects",
    "metrics.sums_money",
    "metrics.sums_customers",
    "metrics.sums_shares",
    "metrics.sums_waits",
    "metrics.sums_usage",
    "metrics.metric_values",
    "metrics.ppp_summary",
)
RELATIONS = ("metrics.metric_values", "metrics.ppp_summary")
OTHER = {"marketing": "sales", "sales": "marketing"}


@pytest.fixture(scope="module")
def swapped(oddities_build: Built, tmp_path_factory) -> Path:
    """The warehouse of the sample with the credits of marketing and of the other teams swapped."""
    database = tmp_path_factory.mktemp("swapped") / oddities_build.warehouse.name
    shutil.copy(oddities_build.warehouse, database)
    with duckdb.connect(database, config={"threads": 2}) as connection:
        connection.execute("set timezone = 'UTC'")
        for relation in ("credit_accounts", "credit_transactions", "credit_deals"):
            connection.execute(
                f"update credit.{relation} set side = case side when 'marketing' then 'sales' else 'marketing' end"
            )
        connection.execute(
            "update intermediate.int_employees__monthly_teams set team = case team when 'marketing' then 'sales' else 'marketing' end"
        )
        for model in MODELS:
            (file,) = (oddities_build.work_folder / "target" / "compiled").rglob(f"{model.split('.')[1]}.sql")
            connection.execute(f"create or replace table {model} as {file.read_text()}")
    return database


@pytest.mark.parametrize("relation", RELATIONS)
def test_teams_differ_by_credit_alone(oddities_build, swapped, relation):
    before, after = (by_subject(records(database, relation)) for database in (oddities_build.warehouse, swapped))
    marketing, sales = ({key for key in before if key[:2] == ("team", team)} for team in ("marketing", "sales"))
    assert marketing and sales
    assert [before[key] for key in sorted(marketing)] != [before[key] for key in sorted(sales)]
    assert {swap(key): row for key, row in before.items()} == after


def by_subject(rows: list[dict]) -> dict[tuple, dict]:
    """Rows by subject, metric and month, without these and the name of the subject."""
    names = ("subject_type", "subject_id", "metric_name", "month")
    others = (*names, "subject_name")
    return {
        tuple(row.get(name) for name in names): {name: value for name, value in row.items() if name not in others}
        for row in rows
    }


def swap(key: tuple) -> tuple:
    """The key of the same row where the sides have changed places."""
    subject_type, subject_id, *rest = key
    return (subject_type, OTHER[subject_id] if subject_type == "team" else subject_id, *rest)
