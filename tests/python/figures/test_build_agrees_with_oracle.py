"""Whole builds agree with the oracle, an independent computation from the definitions, row for row and cent for cent."""

from datetime import datetime

import pytest

from helpers.random_builds import EVENING, EVENING_AS_OF, PARQUET_VARIABLES, disagreements

pytestmark = pytest.mark.whole_builds(4)


def test_csv_with_the_default_vars(csv_build):
    assert disagreements(csv_build) == []


def test_parquet_in_another_time_zone_and_currency(parquet_build):
    assert disagreements(parquet_build, **PARQUET_VARIABLES) == []


def test_where_the_local_day_is_another_than_that_of_utc(evening_build):
    assert disagreements(evening_build, EVENING_AS_OF, **EVENING) == []


def test_the_sample_company(sample_build):
    assert disagreements(sample_build, datetime(2026, 7, 1)) == []
