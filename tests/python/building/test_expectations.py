"""An expectation that is not met stops a build: its sentence is reported, Data Docs show it, nothing is published.

The overview of Data Docs shows it first, and says of each expectation what it guards.
"""

import html
import re
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from great_expectations.expectations import (
    ExpectColumnValuesToBeBetween,
    ExpectTableRowCountToEqual,
    UnexpectedRowsExpectation,
)

from customer_outcomes import expectations
from customer_outcomes.errors import FailedCheck
from customer_outcomes.report.data_docs import rule_of

NO_ACCOUNTS = "select * from {batch} where input_table = 'crm.accounts'"


def validate_with(monkeypatch, warehouse, folder, suites: dict) -> list[str]:
    """Validate a warehouse by other suites of the second boundary; return the sentences of the failure."""
    boundaries = {"delivered": SimpleNamespace(suites=lambda: suites), "received": SimpleNamespace(suites=dict)}
    monkeypatch.setattr(expectations, "_load", boundaries.get)
    with pytest.raises(FailedCheck) as failed:
        expectations.validate(warehouse, folder, lambda done, of: None)
    return failed.value.sentences


def test_an_expectation_that_is_not_met_is_a_sentence_and_data_docs_show_it(oddities_build, tmp_path, monkeypatch):
    suite = [
        ExpectTableRowCountToEqual(value=26),
        UnexpectedRowsExpectation(description="No accounts.", unexpected_rows_query=NO_ACCOUNTS),
    ]
    said = validate_with(monkeypatch, oddities_build.warehouse, tmp_path, {"audit.input_reconciliation": suite})
    overview = tmp_path / "overview.html"
    assert said == [
        "delivered: audit.input_reconciliation: No accounts. (1 rows do not)",
        f"Data Docs show it: {overview}",
    ]
    assert "1 of 2" in overview.read_text()


def test_the_overview_shows_failures_first_and_what_each_expectation_guards(oddities_build, tmp_path, monkeypatch):
    suites = {
        "audit.build_info": [ExpectTableRowCountToEqual(value=1)],
        "audit.input_reconciliation": [
            ExpectColumnValuesToBeBetween(column="received", min_value=0),
            UnexpectedRowsExpectation(description="No accounts & no users.", unexpected_rows_query=NO_ACCOUNTS),
        ],
    }
    validate_with(monkeypatch, oddities_build.warehouse, tmp_path, suites)
    page = html.unescape(re.sub(r"<style>.*</style>|<[^>]+>", "\n", (tmp_path / "overview.html").read_text()))
    shown = " ".join(page.split())
    assert shown == (
        "Expectations Expectations The input as received, and the relations as delivered, must meet expectations, or"
        " nothing is published. 1 of 3 expectations are not met. delivered: audit.input_reconciliation : 1 of 2 met"
        " Not met: No accounts & no users. (1 rows do not) received is at least 0. delivered: audit.build_info : 1 of 1"
        " met The relation has exactly 1 rows. All of Data Docs"
    )


def test_every_expectation_says_what_it_guards(oddities_build):
    """In the overview and on its own page, in words and not by the name of a class."""
    page = oddities_build.work_folder / "data_docs" / "overview.html"
    rules = re.findall(r"<li>([^<]+)", page.read_text())
    assert len(rules) > 90 and not [rule for rule in rules if "expect_" in rule or not rule.rstrip().endswith(".")]
    links = re.findall(r"<h2><a href='([^']+)'", page.read_text())
    assert len(links) > 50 and all((page.parent / html.unescape(unquote(link))).is_file() for link in links)
    assert f"All {len(rules)} expectations are met." in page.read_text()


@pytest.mark.parametrize(
    ("kind", "arguments", "rule"),
    [
        ("column_values_to_be_between", {"column": "a", "min_value": 0, "max_value": 1}, "a is at least 0 and at most 1."),
        ("column_values_to_be_between", {"column": "a", "min_value": 0, "strict_min": True}, "a is above 0."),
        ("column_values_to_be_between", {"column": "a", "max_value": 9.5, "strict_max": True}, "a is below 9.5."),
        ("column_values_to_be_in_set", {"column": "a", "value_set": ["x", "y"]}, "a is one of x, y."),
        ("column_distinct_values_to_equal_set", {"column": "a", "value_set": ["x"]}, "a has each of the 1 expected values, and no other."),
        ("column_values_to_not_be_null", {"column": "a"}, "a is never empty."),
        ("column_values_to_be_unique", {"column": "a"}, "No two rows have the same a."),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, "a is always more than b."),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "or_equal": True}, "a is never less than b."),
        ("something_new", {"column": "a"}, "expect_something_new of a"),
    ],
)  # fmt: skip
def test_an_expectation_without_words_gets_some(kind, arguments, rule):
    assert rule_of(f"expect_{kind}", arguments) == rule


def test_a_suite_without_expectations_was_not_evaluated(oddities_build, tmp_path, monkeypatch):
    (said,) = validate_with(monkeypatch, oddities_build.warehouse, tmp_path, {"audit.input_reconciliation": []})
    assert "delivered: audit.input_reconciliation" in said
