"""An expectation that is not met stops a build: its sentence is reported, Data Docs show it, nothing is published."""

from types import SimpleNamespace

import pytest
from great_expectations.expectations import ExpectTableRowCountToEqual, UnexpectedRowsExpectation

from customer_outcomes import expectations
from customer_outcomes.errors import FailedCheck

NO_ACCOUNTS = "select * from {batch} where input_table = 'crm.accounts'"


def validate_with(monkeypatch, warehouse, folder, suites: dict) -> list[str]:
    """Validate a warehouse by other suites of the second boundary; return the sentences of the failure."""
    boundaries = {"delivered": SimpleNamespace(suites=lambda: suites), "received": SimpleNamespace(suites=dict)}
    monkeypatch.setattr(expectations, "_load", boundaries.get)
    with pytest.raises(FailedCheck) as failed:
        expectations.validate(warehouse, folder, lambda done, of: None)
    return failed.value.sentences


def test_an_expectation_that_is_not_met_is_a_sentence_and_data_docs_show_it(sample_build, tmp_path, monkeypatch):
    suite = [
        ExpectTableRowCountToEqual(value=26),
        UnexpectedRowsExpectation(description="No accounts.", unexpected_rows_query=NO_ACCOUNTS),
    ]
    said = validate_with(monkeypatch, sample_build.warehouse, tmp_path, {"audit.input_reconciliation": suite})
    overview = tmp_path / "overview.html"
    assert said == [
        "delivered: audit.input_reconciliation: No accounts. (1 rows do not)",
        f"Data Docs show it: {overview}",
    ]
    assert "1 of 2" in overview.read_text()


def test_a_suite_without_expectations_was_not_evaluated(sample_build, tmp_path, monkeypatch):
    (said,) = validate_with(monkeypatch, sample_build.warehouse, tmp_path, {"audit.input_reconciliation": []})
    assert "delivered: audit.input_reconciliation" in said
