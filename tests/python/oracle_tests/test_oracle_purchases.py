"""The oracle computes charges of 0, gaps between purchases, and money without a customer as worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, answer, by, money, run

PRODUCTS = [
    {"product_id": "P1", "product_family": "F", "tier": "1"},
    {"product_id": "P2", "product_family": "F", "tier": "2"},
    {"product_id": "Q", "product_family": "G", "tier": "1"},
]
CSAT = {"survey_id": "S", "survey_type": "csat", "scale_min": "0", "scale_max": "10"}


def accounts(*keys: str, **segments: str) -> list[dict]:
    return [{**ACCOUNT, "account_id": key, "segment": segments.get(key, "")} for key in (*keys, *segments)]


def movements(result: dict) -> dict:
    return {
        row["transaction_id"]: (row["movement"], str(row["expansion_amount"])) for row in result["fct_transactions"]
    }


def values(result: dict, metric_name: str, subject: tuple[str, str] = ("company", "all")) -> dict:
    return {row["month"]: row for row in result["metric_values"] if row["metric_name"] == metric_name
            and (row["subject_type"], row["subject_id"]) == subject}  # fmt: skip


def test_a_trial_of_nothing_is_no_purchase(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "crm.products": PRODUCTS,
        "crm.transactions": [money("trial", "2024-01-05T10:00:00", "0.00", product_id="P1", quantity="1"),
                             money("paid", "2024-02-05T10:00:00", "100", product_id="P1", quantity="2")],
    }, as_of="2024-03-10T00:00:00")  # fmt: skip
    assert movements(result) == {"trial": ("none", "0.00"), "paid": ("new", "0.00")}
    customer = result["customer_lifetime"][0]
    names = ("cltv", "gross_amount", "reversed_amount", "transaction_count", "purchase_days", "first_charge_at")
    assert [customer[name] for name in names] == [100, 100, 0, 1, 1, datetime(2024, 2, 5, 10)]
    assert [(row["month"], row["new_amount"]) for row in result["customer_months"]] == [
        (date(2024, 2, 1), 100), (date(2024, 3, 1), 0)]  # fmt: skip
    assert {(row["cohort_month"], row["months_since"], row["active_customers"]) for row in result["customer_cohorts"]} == {
        (date(2024, 2, 1), 0, 1), (date(2024, 2, 1), 1, 0)}  # fmt: skip
    # M11 counts the trial as a purchase day: 31 days to the payment, which is a repeat day with spend.
    (forecast,) = result["customer_forecasts"]
    assert (forecast["frequency"], forecast["recency_weeks"]) == (1, Fraction(31, 7))
    (days,) = result["int_customers__purchase_statistics"]
    assert (days["spend_days"], days["spend_amount"]) == (1, 100)
    # the trial is a line of money, so that the metrics begin with it
    growth = values(result, "cltv_growth")
    assert {month: (row["value"], row["n"]) for month, row in growth.items()} == {
        date(2024, 1, 1): (0, 1), date(2024, 2, 1): (100, 1), date(2024, 3, 1): (0, 0)}  # fmt: skip


def test_what_rounds_to_nothing_is_nothing_and_neither_is_its_reversal(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A", "B"), "crm.products": PRODUCTS,
        "crm.exchange_rates": [{"from_currency": "JPY", "to_currency": "EUR", "valid_on": "2023-01-01", "rate": "0.006"}],
        "crm.transactions": [
            money("a1", "2024-01-01", "0.004999", product_id="P1"),
            money("a2", "2024-01-02", "0.8", currency_code="JPY", product_id="P1"),  # 0.0048
            money("a3", "2024-01-03", "0.9", currency_code="JPY", product_id="P1"),  # 0.0054, a cent
            money("a4", "2024-01-04", "0", product_id="Q"),
            money("r1", "2024-02-01", "5", "refund", original_transaction_id="a1"),
            money("r2", "2024-02-02", "0.8", "chargeback", currency_code="JPY", original_transaction_id="a2"),
            money("r3", "2024-02-03", "0", "refund", original_transaction_id="a3"),
            money("b1", "2024-01-01", "0", account_id="B"),
        ],
    })  # fmt: skip
    assert movements(result) == {
        "a1": ("none", "0.00"), "a2": ("none", "0.00"), "a3": ("new", "0.00"), "a4": ("none", "0.00"),
        "r1": ("reversal", "0.00"), "r2": ("reversal", "0.00"), "r3": ("new", "0.00"), "b1": ("none", "0.00"),
    }  # fmt: skip
    (customer,) = result["customer_lifetime"]  # B has only a charge of 0
    assert (customer["account_id"], customer["transaction_count"]) == ("A", 1)
    assert (customer["cltv"], customer["gross_amount"], customer["reversed_amount"]) == (
        Decimal("-4.99"), Decimal("0.01"), -5)  # fmt: skip
    assert {row["account_id"]: row["is_customer"] for row in result["dim_customers"]} == {"A": True, "B": False}
    assert {row["account_id"] for row in result["customer_forecasts"]} == {"A", "B"}
    assert {row["account_id"] for row in result["comp_credits"]} == {"A"}
    assert {row["account_id"] for row in result["customer_attribution"]} == {"A"}


def test_a_charge_of_nothing_decides_no_movement(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A", "B"), "crm.products": PRODUCTS,
        "crm.transactions": [
            money("a1", "2024-01-01", "10", product_id="P1", quantity="5"),
            # nothing for more, for a higher tier, for another family; and nothing beside a purchase
            money("z1", "2024-02-01", "0", product_id="P1", quantity="9"),
            money("z2", "2024-02-01", "0", product_id="P2"), money("z3", "2024-02-01", "0", product_id="Q"),
            money("a2", "2024-03-01", "30", product_id="P1", quantity="6"),  # 6 is more than 5, 30 is 20 more than 10
            money("z4", "2024-03-01", "0", product_id="P1", quantity="99"),
            money("a3", "2024-04-01", "40", product_id="P2"), money("a4", "2024-04-01", "7", product_id="Q"),
            # 400 days after the last purchase, of which a charge of 0 in between is none
            money("b1", "2023-01-01", "10", account_id="B"), money("z5", "2024-01-01", "0", account_id="B"),
            money("b2", "2024-02-05", "10", account_id="B"),
        ],
    })  # fmt: skip
    found = movements(result)
    assert {found[key] for key in ("z1", "z2", "z3", "z4", "z5")} == {("none", "0.00")}
    assert {key: found[key] for key in found if key[0] != "z"} == {
        "a1": ("new", "0.00"), "a2": ("up_sell", "20.00"), "a3": ("up_sell", "10.00"), "a4": ("cross_sell", "7.00"),
        "b1": ("new", "0.00"), "b2": ("reactivation", "0.00"),
    }  # fmt: skip


def test_a_renewal_after_a_year_is_none_and_nobody_leaves_before_it(tmp_path):
    tables = {"crm.accounts": accounts("A"),
              "crm.transactions": [money(str(year), f"{year}-03-01T09:00:00", "1200") for year in range(2023, 2027)]}  # fmt: skip
    result = run(tmp_path, tables, as_of="2026-07-01T00:00:00")
    assert {key: found[0] for key, found in movements(result).items()} == {
        "2023": "new", "2024": "repeat", "2025": "repeat", "2026": "repeat"}  # fmt: skip
    stayed = values(result, "customer_retention")
    assert {row["value"] for row in stayed.values()} == {None, 1}
    assert [month for month, row in stayed.items() if row["value"] is None] == [date(2023, 3, 1)]
    for as_of in ("2025-02-28T23:00:00", "2026-03-01T08:59:59"):
        (customer,) = run(tmp_path, tables, as_of=as_of)["customer_lifetime"]
        assert (customer["is_churned"], customer["is_churn_inferred"]) == (False, False)


@pytest.mark.parametrize(
    ("second", "movement"),
    [("2024-04-04T08:59:59.999999", "repeat"), ("2024-04-04T09:00:00", "reactivation")],
)
def test_400_days_are_too_long(tmp_path, second, movement):
    """From 1 March 2023 on: 306 days to the year's end, 91 to the end of March, 3 more to 4 April 2024."""
    tables = {"crm.accounts": accounts("A"),
              "crm.transactions": [money("1", "2023-03-01T09:00:00", "5"), money("2", second, "5")]}  # fmt: skip
    assert movements(run(tmp_path, tables))["2"][0] == movement
    # the moment before the second purchase, where it is one of 400 days or more, has seen the customer leave
    tables["crm.transactions"][1]["transaction_type"] = "transfer"
    (customer,) = run(tmp_path, tables, as_of=second)["customer_lifetime"]
    assert (customer["is_churned"], customer["left_at"]) == (
        (True, datetime(2024, 4, 4, 9)) if movement == "reactivation" else (False, None)
    )


def test_clocks_and_windows_begin_with_money(tmp_path):
    """A's trial is of January, its first charge of 1 May; the touch of 10 January is 112 days before it."""
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "crm.campaigns": [{"campaign_id": key, "campaign_name": key, "channel": "web"} for key in "XY"],
        "crm.touches": [{"touch_id": key, "occurred_at": at, "channel": "web", "direction": "outbound", "account_id": "A",
                         "campaign_id": key} for key, at in (("X", "2024-01-10"), ("Y", "2024-04-10"))],
        "crm.transactions": [money("trial", "2024-01-15", "0"), money("paid", "2024-05-01", "10"), money("gift", "2024-06-20", "0")],
        "crm.outcomes": [{"outcome_id": "O", "account_id": "A", "outcome_name": "o", "defined_at": "2024-01-15",
                          "verified_at": "2024-05-11", "verified_by": "customer"}],
        "survey.surveys": [CSAT], "survey.responses": [answer("r", "2024-05-02", "10", contact_id="")],
    }, as_of="2024-07-20T00:00:00", inactive_after_days=80, quadrant_window_days=80, min_tenure_days=80)  # fmt: skip
    assert {row["campaign_id"] for row in result["customer_attribution"]} == {"Y"}
    (customer,) = result["customer_lifetime"]
    assert (customer["time_to_value_days"], customer["last_charge_at"]) == (10, datetime(2024, 5, 1))
    # 80 days after 1 May, which is 20 July, whatever the gift of June
    assert (customer["is_churned"], customer["left_at"]) == (True, datetime(2024, 7, 20))
    stayed = values(result, "customer_retention")
    assert [stayed[date(2024, month, 1)]["value"] for month in (6, 7)] == [1, 0]
    assert result["recommendations"][0]["customers"] == 1
    (early,) = run(tmp_path, as_of="2024-07-19T00:00:00", inactive_after_days=80, min_tenure_days=80)["recommendations"]
    assert early["customers"] == 0


def test_money_without_a_customer_bridges_the_two_sums(tmp_path):
    """A bought for 100 and gave back 30; B took back 7.50 of nothing that is known, C 2.25 and a credit; D had a trial."""
    result = run(tmp_path, {
        "crm.accounts": accounts("C", A="retail", B="retail", D="public"),
        "crm.users": [{"user_id": "s1", "team": "sales"}],
        "crm.opportunities": [{"opportunity_id": "1", "account_id": key, "closed_at": "2024-01-01", "is_won": "1",
                               "owner_user_id": "s1"} | {"opportunity_id": key} for key in "AB"],
        "crm.transactions": [
            money("a1", "2024-01-01", "100"), money("a2", "2024-02-01", "30", "refund"),
            money("b1", "2024-01-05", "7.50", "refund", account_id="B"),
            money("c1", "2024-01-05", "2.25", "chargeback", account_id="C"), money("c2", "2024-03-05", "1", "credit", account_id="C"),
            money("c3", "2024-03-05", "50", account_id="C", status="failed"),
            money("d1", "2024-01-05", "0", account_id="D"),
        ],
    })  # fmt: skip
    rows = by(result["ppp_summary"], "subject_type", "subject_id")
    assert {key: (row["customers"], row["cltv"], row["cltv_without_customer"]) for key, row in rows.items()} == {
        ("company", "all"): (1, 70, Decimal("-10.75")),
        ("segment", "retail"): (1, 70, Decimal("-7.50")), ("segment", "(none)"): (0, 0, Decimal("-3.25")),
        ("segment", "public"): (0, 0, 0), ("campaign", "unattributed"): (1, 70, Decimal("-10.75")),
        ("team", "sales"): (1, 70, None), ("employee", "s1"): (1, 70, None),
    }  # fmt: skip
    assert rows["segment", "(none)"]["ppp_yield"] is None
    for subjects in (["company"], ["segment"], ["campaign"]):
        own = [row for row in rows.values() if row["subject_type"] in subjects]
        bridged = sum(row["cltv"] + Fraction(row["cltv_without_customer"]) for row in own)
        assert (
            bridged == sum(Fraction(row["reporting_amount"]) for row in result["fct_transactions"]) == Fraction(237, 4)
        )


def test_a_campaign_has_no_money_without_a_customer(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A", "B"), "crm.campaigns": [{"campaign_id": "X", "campaign_name": "X", "channel": "web"}],
        "crm.leads": [{"lead_id": key, "account_id": key, "created_at": "2023-12-20", "campaign_id": "X"} for key in "AB"],
        "crm.transactions": [money("a", "2024-01-01", "9"), money("b", "2024-01-01", "4", "refund", account_id="B")],
    })  # fmt: skip
    rows = by([row for row in result["ppp_summary"] if row["subject_type"] == "campaign"], "subject_id")
    assert {key: (row["customers"], row["cltv"], row["cltv_without_customer"]) for key, row in rows.items()} == {
        "X": (1, 9, 0), "unattributed": (0, 0, -4)}  # fmt: skip
