"""A company that delivers few tables gets empty relations and nulls where tables are absent, and nothing fails."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from helpers.builds import GRAINS, Built, good_build, query, records

pytestmark = pytest.mark.whole_builds(2)

AS_OF = datetime(2025, 7, 1)
ACCOUNTS = "account_id,account_type,segment,created_at\nA,business,retail,2024-01-01\nB,person,,2024-01-01\n"
TRANSACTIONS = """transaction_id,account_id,transaction_type,amount,currency_code,transacted_at
t1,A,charge,100,EUR,2024-01-10
t2,A,charge,50.5,EUR,2025-06-01
t3,B,charge,30,EUR,2024-02-01
"""
MODELS = {"first", "last", "linear", "position"}
BANDS = {(window, band) for window in (7, 28) for band in ("0", "1-2", "3-5", "6+")}
# these have rows for what nobody did, too
NEVER_EMPTY = {
    "marts.dim_customers",
    "metrics.ppp_summary",
    "metrics.campaign_performance",
    "metrics.touch_pressure",
    "metrics.saturation_verdict",
    "metrics.recommendations",
    "audit.input_reconciliation",
}
OF_CHARGES = {
    "marts.fct_transactions",
    "marts.customer_lifetime",
    "marts.customer_months",
    "marts.customer_cohorts",
    "marts.customer_attribution",
    "intermediate.int_customers__purchase_statistics",
    "marts.customer_forecasts",
    "credit.credit_transactions",
    "compensation.comp_credits",
    "metrics.time_to_value_curve",
    "metrics.time_to_value_summary",
    "metrics.metric_values",
}


def build(folder: Path, **tables: str) -> Built:
    for name, content in tables.items():
        path = folder / "input" / "crm" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return good_build(folder, folder / "input", as_of=AS_OF)


@pytest.fixture(scope="module")
def of_accounts(tmp_path_factory) -> Built:
    return build(tmp_path_factory.mktemp("accounts"), accounts=ACCOUNTS)


@pytest.fixture(scope="module")
def of_charges(tmp_path_factory) -> Built:
    return build(tmp_path_factory.mktemp("charges"), accounts=ACCOUNTS, transactions=TRANSACTIONS)


def filled(built: Built) -> set[str]:
    return {name for name in GRAINS if query(built.warehouse, f"select 1 from {name} limit 1")}


def assert_nothing_is_known_of_work(built: Built) -> None:
    """Check what rests on touches, ratings, experiments and campaigns."""
    pressure = records(built.database, "metrics.touch_pressure")
    assert {(row.pop("window_days"), row.pop("pressure_band")) for row in pressure} == BANDS
    for row in pressure:
        assert row.pop("ratings") == 0
        assert set(row.values()) == {None}
    verdicts = records(built.database, "metrics.saturation_verdict")
    assert [round(row.pop("knot") * 100) for row in verdicts] == list(range(2, 16))
    assert [row.pop("is_claimed_knot") for row in verdicts].count(True) == 1
    for row in verdicts:
        assert row.pop("verdict") == "too_little_data"
        assert {row.pop(name) for name in ("experiments", "experiments_below", "experiments_above")} == {0}
        assert set(row.values()) == {None}
    campaigns = records(built.database, "metrics.campaign_performance")
    assert {row["attribution_model"] for row in campaigns} == MODELS
    assert {(row["campaign_id"], row["cost"], row["ppp_roi"], row["revenue_roi"]) for row in campaigns} == {
        ("unattributed", 0, None, None)
    }
    fits = records(built.database, "marts.forecast_fits")
    assert {row.pop("model") for row in fits} == {"bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "gamma_gamma"}
    for row in fits:
        assert "and forecast_min_customers is 200." in row.pop("reason")
        assert (row.pop("is_chosen"), row.pop("is_converged")) == (False, False)
        row.pop("n_customers")
        assert set(row.values()) == {None}


def test_accounts_alone(of_accounts):
    assert filled(of_accounts) == NEVER_EMPTY
    assert_nothing_is_known_of_work(of_accounts)
    campaigns = records(of_accounts.database, "metrics.campaign_performance")
    assert {(row["customers"], row["attributed_cltv"], row["satisfaction_adjusted_revenue"]) for row in campaigns} == {
        (0, 0, 0)
    }
    (row,) = records(of_accounts.database, "metrics.recommendations")
    assert (row.pop("subject_type"), row.pop("subject_id")) == ("company", "all")
    rates = ("stated_coverage", "stated_rate", "realised_rate")
    assert {row.pop(name) for name in (*rates, "stated", "stated_and_realised", "stated_not_realised")} == {None}
    assert row == {"customers": 0, "asked": 0, "realised": 0}
    customers = records(of_accounts.database, "marts.dim_customers")
    assert {(row["account_id"], row["is_customer"], row["acquired_at"]) for row in customers} == {
        ("A", False, None),
        ("B", False, None),
    }


def test_accounts_and_charges_alone(of_charges):
    assert filled(of_charges) == NEVER_EMPTY | OF_CHARGES
    assert_nothing_is_known_of_work(of_charges)
    lifetimes = {row["account_id"]: row for row in records(of_charges.database, "marts.customer_lifetime")}
    assert {account: row["cltv"] for account, row in lifetimes.items()} == {"A": Decimal("150.50"), "B": 30}
    for row in lifetimes.values():
        unknown = ["time_to_value_days", "outcome_score", "experience_score", "success_score", "quadrant", "csat_1_10"]
        unknown.append("forecast_value")
        assert {row[name] for name in unknown} == {None}
        assert (row["is_value_reached"], row["is_recommend_realised"]) == (False, False)
    left = {
        account: (row["is_churned"], row["is_churn_inferred"], row["left_at"]) for account, row in lifetimes.items()
    }
    assert left == {"A": (False, False, None), "B": (True, True, datetime(2025, 3, 7))}  # 2024 had 366 days
    # A waits for value since 538 days, B left after 400 without
    curve = records(of_charges.database, "metrics.time_to_value_curve")
    ends = {
        (row["segment"], row["day"], row["churn_events"], row["censored"], row["at_risk"])
        for row in curve
        if row["churn_events"] or row["censored"]
    }
    assert ends == {("all", 400, 1, 0, 2), ("all", 538, 0, 1, 1), ("(none)", 400, 1, 0, 1), ("retail", 538, 0, 1, 1)}
    assert {(row["survival"], row["survival_low"], row["survival_high"]) for row in curve} == {(1, 1, 1)}
    assert {row["incidence_value"] for row in curve} == {0}
    summary = {
        row["segment"]: (row["subjects"], row["value_events"], row["churn_events"], row["median_days"])
        for row in records(of_charges.database, "metrics.time_to_value_summary")
    }
    assert summary == {"all": (2, 0, 1, None), "retail": (1, 0, 0, None), "(none)": (1, 0, 1, None)}
    campaigns = records(of_charges.database, "metrics.campaign_performance")
    assert {(row["customers"], row["attributed_cltv"], row["satisfaction_adjusted_revenue"]) for row in campaigns} == {
        (2, Decimal("180.50"), 0)
    }
    recommendations = records(of_charges.database, "metrics.recommendations")
    assert {
        (row["subject_id"], row["customers"], row["stated_coverage"], row["stated_rate"], row["realised_rate"])
        for row in recommendations
    } == {
        ("all", 2, 0, None, 0),
        ("retail", 1, 0, None, 0),
        ("(none)", 1, 0, None, 0),
    }


def test_months_of_a_company_without_subscriptions(of_charges):
    months = records(of_charges.database, "marts.customer_months")
    assert max(row["month"] for row in months) == date(2025, 7, 1)
    assert sum(row["reporting_amount"] for row in months) == Decimal("180.50")
