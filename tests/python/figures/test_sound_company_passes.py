"""The SQL tests let a sound company pass: sums that agree in every digit, and pay of employees who have left."""

import json
import re
from datetime import datetime

import duckdb
import pytest

from helpers.compiled_models import compile_models

LINES, CUSTOMERS, CHECKS = "assert_lines_sum_to_their_statement", "metric_evidence_customers", "comp_input_checks"
DISPUTES, PAYEES = (
    "assert_disputes_are_sound",
    "relationships_comp_statement_lines_user_id__user_id__ref_dim_employees_",
)
TESTS = (LINES, CUSTOMERS, CHECKS, DISPUTES, PAYEES)


@pytest.fixture(scope="module")
def code(tmp_path_factory) -> dict[str, str]:
    """The SQL of the tests, over tables by their bare names."""
    manifest = compile_models(tmp_path_factory.mktemp("tests"), TESTS, as_of=datetime(2025, 7, 1))
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return {node["name"]: re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", node["compiled_code"])
            for node in nodes if node["name"] in TESTS}  # fmt: skip


def faults(code: str, **tables: str) -> list[tuple]:
    with duckdb.connect() as connection:
        for name, query in tables.items():
            connection.execute(f"create table {name} as {query}")
        return connection.execute(code).fetchall()


@pytest.mark.parametrize("payout, is_sound", [("16817576.85", True), ("16817576.84", True), ("16817576.86", False)])
def test_half_a_cent_of_much_pay(code, payout, is_sound):
    """Half of 33,635,153.69 is 16,817,576.845, which no number in floating point is; either cent is half a cent away."""
    key = "'actual' as scenario, date '2025-01-01' as period, 'u' as user_id, 'p' as plan_id, '1' as plan_version"
    found = faults(
        code[LINES],
        comp_computed_lines=f"select {key}, 'up_sell' as metric_name, 1::decimal(18, 9) as weight,"
        f" 0.5::decimal(38, 12) as attainment, {payout}::decimal(38, 2) as payout",
        comp_terms=f"select {key}, 'up_sell' as metric_name, 31 as month_days,"
        " (31 * 33635153.69)::decimal(38, 2) as target_pay_days",
    )
    assert (found == []) is is_sound


@pytest.mark.parametrize("numerator, is_sound", [("0.000000000000001", True), ("0.000000000000002", False)])
def test_many_customers_of_less_than_the_last_digit(code, numerator, is_sound):
    """Two customers of .0000000000000006 each: 1 in the last digit together, 2 if each were rounded."""
    month, of = "date '2025-01-01'", "'u' as user_id, 'cltv_growth' as metric_name"
    found = faults(
        f"select * from ({code[CHECKS]}) where abs(found - expected) > tolerance",
        metric_catalog="select 'cltv_growth' as metric_name, 'sum' as kind, true as is_paid",
        metric_evidence=f"select {month} as month, {of}, account_id, 0.000000000001::decimal(38, 12) as weight,"
        " 0.0006::decimal(38, 15) as amount, null as base from (values ('a'), ('b')) as accounts (account_id)",
        metric_evidence_customers=code[CUSTOMERS],
        shared_comp_inputs=f"select {month} as period, {of}, 'sales' as team, numerator, null::decimal(38, 15)"
        " as denominator, numerator as raw_value, null as credibility, numerator as payable_value, true as is_payable,"
        f" 2 as n_customers from (values ({numerator}::decimal(38, 15))) as inputs (numerator)",
    )
    assert (found == []) is is_sound


@pytest.mark.parametrize("paid, is_sound", [("d1", True), ("d2", False)])
def test_a_dispute_that_was_paid_outlives_its_payee(code, paid, is_sound):
    """Its row has to stay, because a close is not taken back, and its payee need not: the CRM may delete who has left."""
    month = "date '2025-01-01'"
    found = faults(
        code[DISPUTES],
        disputes=f"select 'd1' as dispute_id, {month} as period, 'gone' as user_id, 'up_sell' as metric_name,"
        f" 'rejected' as decision, {month} as decided_on, 'Ada' as decided_by, null as amount",
        dim_employees="select 'stays' as user_id",
        ledger_adjustments=f"select '{paid}' as dispute_id, 'gone' as user_id, {month} as original_period",
    )
    assert (found == []) is is_sound


@pytest.mark.parametrize("is_closed", [True, False])
def test_closed_pay_outlives_its_payee(code, is_closed):
    found = faults(
        code[PAYEES],
        comp_statement_lines=f"select 'gone' as user_id, {is_closed} as is_closed",
        dim_employees="select 'stays' as user_id",
    )
    assert (found == []) is is_closed
