"""What the oracle says of random companies of each kind holds by the definitions, whatever the dice gave."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

import pytest

from helpers.random_builds import write_world_rules
from helpers.small_companies import CONTRACT
from oracle.compensation import read_rules
from oracle.compute import compute
from worlds.files import write_world
from worlds.kinds import HELP_DESK, KINDS, LATE_TILL, UNASKED, UNINVITED

AS_OF = datetime(2025, 7, 1)
SIZE = 40


@pytest.fixture(scope="module", params=[(kind, seed) for kind in KINDS for seed in (1, 2)], ids=str)
def told(request, tmp_path_factory) -> tuple[str, dict]:
    """The kind of a company, and what the oracle says of it."""
    kind, seed = request.param
    folder = tmp_path_factory.mktemp(kind)
    write_world(folder, seed, SIZE, whole=True, as_of=AS_OF, kind=kind)
    write_world_rules(folder, seed)
    return kind, compute(folder, CONTRACT, as_of=AS_OF, reporting_currency="EUR", rules=read_rules(folder / "rules"))


def metric(result: dict, name: str) -> list[dict]:
    return [row for row in result["metric_values"] if row["metric_name"] == name]


def test_the_company_has_every_metric_in_every_month(told):
    kind, result = told
    company = [row for row in result["metric_values"] if row["subject_type"] == "company"]
    months = sorted({row["month"] for row in result["metric_values"]})
    assert len(company) == 30 * len(months)
    assert months[-1] == date(2025, 7, 1)
    assert {row["month"] for row in company if not row["is_complete"]} == {months[-1]}
    bought = sorted(row["month"] for row in result["customer_months"])
    assert (bought == []) == (kind == HELP_DESK)
    if kind == LATE_TILL:  # so that metrics and pay begin long before the money
        assert len([month for month in months if month < bought[0]]) > 12
    assert {row["period"] for row in result["comp_statement_lines"]} <= set(months)


def test_customers_were_charged_something(told):
    _, result = told
    charged: dict[str, list] = {}
    for line in result["fct_transactions"]:
        assert (line["movement"] == "none") == (line["transaction_type"] == "charge" and line["reporting_amount"] == 0)
        if line["movement"] in ("none", "reversal"):
            assert line["expansion_amount"] == 0
        if line["transaction_type"] == "charge" and line["reporting_amount"] > 0:
            charged.setdefault(line["account_id"], []).append(line["transacted_at"])
    customers = {row["account_id"]: row for row in result["customer_lifetime"]}
    assert customers.keys() == charged.keys()
    for key, row in customers.items():
        bounds = (min(charged[key]), max(charged[key]), len(charged[key]))
        assert (row["first_charge_at"], row["last_charge_at"], row["transaction_count"]) == bounds
    of_forecasts = {row["account_id"] for row in result["customer_forecasts"]}
    assert of_forecasts == {
        row["account_id"] for row in result["fct_transactions"] if row["transaction_type"] == "charge"
    }


def test_cltv_and_money_without_a_customer_are_all_money(told):
    _, result = told
    money = sum(Fraction(row["reporting_amount"]) for row in result["fct_transactions"])
    for kind in ("company", "segment", "campaign"):
        own = [row for row in result["ppp_summary"] if row["subject_type"] == kind]
        assert sum(row["cltv"] + Fraction(row["cltv_without_customer"]) for row in own) == money
    others = [row for row in result["ppp_summary"] if row["subject_type"] in ("team", "employee")]
    assert {row["cltv_without_customer"] for row in others} <= {None}


def test_never_asked_is_null_with_coverage_0(told):
    kind, result = told
    stated = [row["is_recommend_stated"] for row in result["customer_lifetime"]]
    of_metric = metric(result, "recommend_stated")
    assert all((row["value"] is None) == (row["n"] == 0) for row in of_metric)
    assert all(row["coverage"] in (0, None) for row in of_metric if row["n"] == 0)
    if kind in (UNASKED, HELP_DESK):
        assert {*stated} <= {None}
        assert {row["value"] for row in of_metric} == {None}
        names = ("stated", "stated_and_realised", "stated_not_realised", "stated_rate")
        assert {row[name] for row in result["recommendations"] for name in names} == {None}
        assert {row["coverage"] for row in metric(result, "nps") if row["subject_type"] == "company"} <= {0, None}
    else:
        assert {True, False} <= {*stated}


def test_bounds_are_null_with_the_response_rate(told):
    kind, result = told
    names = ("response_rate", "worst_case_mean", "best_case_mean")
    known = {tuple(row[name] is not None for name in names) for row in result["employee_ratings"]}
    assert known == ({(False,) * 3} if kind == UNINVITED else {(False,) * 3, (True,) * 3})
    for row in result["employee_ratings"]:
        if row["response_rate"] is not None:
            assert row["worst_case_mean"] <= row["raw_mean"] <= row["best_case_mean"]
