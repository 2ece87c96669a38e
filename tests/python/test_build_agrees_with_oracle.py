"""Whole builds against an independent computation of the same specification, row for row and cent for cent."""

from datetime import datetime

import oracle
import oracle_compensation
from builds import WORLD_AS_OF, Built, oracle_disagreements
from conftest import EVENING, EVENING_AS_OF, PARQUET_VARIABLES

from customer_outcomes.contract import load_contract
from customer_outcomes.intake.folder import RULES


def disagreements(built: Built, as_of: datetime = WORLD_AS_OF, **variables: object) -> list[str]:
    rules = oracle_compensation.read_rules(built.input / RULES)
    arguments = {"reporting_currency": "EUR", "rules": rules} | variables
    expected = oracle.compute(built.input, load_contract(), as_of=as_of, **arguments)
    worth_comparing = ("customer_lifetime", "fct_survey_responses", "quarantined", "fct_tickets", "employee_ratings")
    worth_comparing += ("shared_comp_inputs", "comp_statement_lines")
    assert all(expected[name] for name in worth_comparing)
    return oracle_disagreements(built.warehouse, expected)


def test_csv_with_the_default_vars(csv_build):
    assert disagreements(csv_build) == []


def test_parquet_in_another_time_zone_and_currency(parquet_build):
    assert disagreements(parquet_build, **PARQUET_VARIABLES) == []


def test_where_the_local_day_is_another_than_that_of_utc(evening_build):
    assert disagreements(evening_build, EVENING_AS_OF, **EVENING) == []


def test_the_sample_company(sample_build):
    assert disagreements(sample_build, datetime(2026, 7, 1)) == []
