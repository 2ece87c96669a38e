"""Whole builds agree with the oracle, an independent computation from the definitions, row for row and cent for cent."""

from datetime import datetime

import pytest

from helpers.builds import SEED, WORLD_AS_OF, good_build, query
from helpers.random_builds import EVENING, EVENING_AS_OF, PARQUET_VARIABLES, disagreements, write_world_rules
from worlds.files import write_world
from worlds.kinds import HELP_DESK

pytestmark = pytest.mark.whole_builds(5)


def test_csv_with_the_default_vars(csv_build):
    assert disagreements(csv_build) == []


def test_parquet_in_another_time_zone_and_currency(parquet_build):
    assert disagreements(parquet_build, **PARQUET_VARIABLES) == []


def test_where_the_local_day_is_another_than_that_of_utc(evening_build):
    assert disagreements(evening_build, EVENING_AS_OF, **EVENING) == []


def test_the_sample_company(sample_build):
    assert disagreements(sample_build, datetime(2026, 7, 1), is_clean=True) == []


def test_the_company_of_oddities(oddities_build):
    assert disagreements(oddities_build, datetime(2026, 7, 1)) == []


def test_a_help_desk_without_money(tmp_path):
    """It has no customer and no charge, and its waiting times stand on the scoreboard all the same."""
    world = tmp_path / "world"
    write_world(world, SEED + 3, size=40, as_of=WORLD_AS_OF, kind=HELP_DESK)
    write_world_rules(world, SEED + 3)
    built = good_build(tmp_path, world)
    assert disagreements(built, kind=HELP_DESK) == []
    waits = "from metrics.metric_values where metric_name = 'first_response_median' and n > 0"
    assert query(built.database, f"select count(*) > 0 {waits}") == [(True,)]
    assert query(built.database, "select count(*) from marts.customer_lifetime") == [(0,)]
    tickets, ratings = (
        query(built.database, f"select count(*) from marts.{name}")[0][0]
        for name in ("fct_tickets", "fct_survey_responses")
    )
    [(median,)] = query(
        built.database,
        "select median_minutes from metrics.ticket_times"
        " where measure = 'first_response' and subject_type = 'company' and month is null",
    )
    said = built.said.splitlines()
    assert f"{'tickets':<25}{tickets:,}" in said and f"{'ratings':<25}{ratings:,}" in said
    assert f"{'first response, median':<25}{median:,.0f} minutes" in said
    assert not [line for line in said if line.startswith(("cltv", "CSAT", "PPP"))]
