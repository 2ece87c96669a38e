"""A build of the sample company shows its story in the published figures: three facts, and what the charts need."""

from collections import Counter

import pytest

from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import query, records

BEST_SELLER, DISCOUNT = "user_05", "camp_spring_discount"


@pytest.fixture(scope="module")
def campaigns(sample_build) -> dict[str, dict]:
    """The campaigns with a cost, by the attribution model that pay uses."""
    rows = records(sample_build.database, "metrics.campaign_performance")
    return {row["campaign_id"]: row for row in rows if row["attribution_model"] == "position" and row["cost"] > 0}


def values_of_sellers(built, metric: str) -> dict[str, float]:
    """Return the value of a metric of each seller over all months."""
    statement = f"""
        select subject_id, cast(sum(numerator) / coalesce(sum(denominator), 1) as double)
        from metrics.metric_values inner join marts.dim_employees on user_id = subject_id and team = 'sales'
        where subject_type = 'employee' and metric_name = '{metric}' group by subject_id having sum(n) > 20
    """
    return dict(query(built.database, statement))


def test_every_row_is_accepted_without_a_remark(sample_build):
    for row in records(sample_build.database, "audit.input_reconciliation"):
        assert row["received"] == row["accepted"] > 0, row
    assert records(sample_build.database, "audit.broken_references") == []
    assert sample_build.said.lstrip().startswith("customers")


def test_the_best_seller_by_quota_has_the_unhappiest_customers(sample_build):
    bookings = values_of_sellers(sample_build, "bookings")
    assert bookings.pop(BEST_SELLER) > 1.5 * max(bookings.values())
    retention = values_of_sellers(sample_build, "customer_retention")
    assert retention.pop(BEST_SELLER) < min(retention.values()) - 0.015
    for survey in ("post_purchase", "touch_rating"):
        ratings = {
            row["user_id"]: row
            for row in records(sample_build.database, "metrics.employee_ratings")
            if (row["team"], row["survey_type"]) == ("sales", survey) and row["is_payable"]
        }
        best = ratings.pop(BEST_SELLER)
        assert len(ratings) == 3
        assert best["ci_high"] + 0.1 < min(row["ci_low"] for row in ratings.values())


def test_the_quota_would_pay_that_seller_most_and_shared_pay_pays_least(sample_build):
    statement = """
        select user_id, sum(actual_payout), sum(scenario_payout) from compensation.comp_what_if
        where scenario = 'deal_quota' and team = 'sales' and user_id <> 'user_09' group by user_id
    """
    paid = {user: (float(actual), float(quota)) for user, actual, quota in query(sample_build.pay_database, statement)}
    actual, quota = paid.pop(BEST_SELLER)
    assert len(paid) == 3
    assert quota > 2 * max(other for _, other in paid.values())
    assert actual < 0.85 * min(other for other, _ in paid.values())


def test_one_campaign_wins_by_revenue_and_loses_by_ppp(campaigns):
    assert len(campaigns) == 8
    discount = campaigns.pop(DISCOUNT)
    assert discount["revenue_roi"] > max(row["revenue_roi"] for row in campaigns.values()) + 1
    assert discount["ppp_roi"] < -0.2
    assert min(row["ppp_roi"] for row in campaigns.values()) > 0.1
    ranks = [sorted(campaigns, key=lambda name: campaigns[name][roi]) for roi in ("revenue_roi", "ppp_roi")]
    assert sum(abs(ranks[0].index(name) - ranks[1].index(name)) for name in campaigns) < 15


def test_customers_leave_without_a_verified_outcome_however_happy_they_are(sample_build):
    customers, money = Counter(), Counter()
    for row in records(sample_build.database, "metrics.experience_outcome_quadrants"):
        place = (row["experience_level"], row["outcome_level"], row["is_churned"])
        customers[place], money[place] = row["customers"], float(row["cltv"])

    def churned(experience: str, outcome: str, of: Counter) -> float:
        gone = of[experience, outcome, True]
        return gone / (gone + of[experience, outcome, False])

    for of, least in ((customers, 0.4), (money, 0.2)):
        assert churned("high", "low", of) > least + churned("high", "high", of)
        assert churned("low", "low", of) > least + churned("low", "high", of)
    assert customers["high", "low", True] > 10
    assert customers["low", "high", False] > 20


def test_forecasts_are_fitted_and_hold(sample_build):
    fits = {row["model"]: row for row in records(sample_build.database, "marts.forecast_fits")}
    assert {model for model, row in fits.items() if row["is_converged"]} == set(fits)
    (chosen,) = (row for model, row in fits.items() if row["is_chosen"] and model != "gamma_gamma")
    assert chosen["holdout_predicted"] == pytest.approx(float(chosen["holdout_actual"]), rel=0.1)
    assert chosen["holdout_rmse"] < chosen["naive_rmse"]
    repeat = "select count(*) from marts.customer_forecasts where frequency > 0"
    assert query(sample_build.database, repeat)[0][0] >= 200


def test_charts_have_something_to_show(sample_build):
    def found(statement: str) -> list:
        return query(sample_build.database, statement)

    assert found("select verdict from metrics.saturation_verdict where is_claimed_knot") == [("supports",)]
    waits = "from metrics.metric_values where metric_name = 'first_response_median' and subject_type = 'company'"
    ((early, late),) = found(
        "select avg(value) filter (where month < date '2025-10-01'),"
        f" avg(value) filter (where month >= date '2026-02-01') {waits} and is_complete"
    )
    assert late < 0.6 * early
    drops = dict(
        found("select from_team, sum(dropped) / sum(matured) from metrics.handoff_performance group by from_team")
    )
    assert drops.pop("onboarding") > 3 * max(drops.values())
    ((least, segments),) = found("select min(subjects), count(*) from metrics.time_to_value_summary")
    assert (least >= 40, segments) == (True, 5)
    assert found("select sum(subjects - value_events - churn_events) > 50 from metrics.time_to_value_summary")[0][0]
    assert found("select count(*) > 30 from marts.fct_referrals where realised_at is not null")[0][0]
    assert found("select count(*) >= 60 from metrics.subscription_retention where net_retention is not null")[0][0]
    ((paid, unpaid),) = found(
        "select count(*) filter (where is_payable), count(*) filter (where not is_payable) from metrics.employee_ratings"
    )
    assert paid > 3 * unpaid > 0
    compliance = dict(
        found(
            "select user_id, sum(invited_due) / sum(due_touches_over) from metrics.rating_policy_compliance"
            " group by user_id"
        )
    )
    assert compliance.pop("user_13") < 0.7 < 0.8 < min(compliance.values())


def test_an_honest_company_has_few_flags(sample_build):
    flags = records(sample_build.database, "metrics.rating_integrity_flags")
    assert {(row["flag_type"], row["user_id"]) for row in flags} == {("funnel_outlier", BEST_SELLER)}
    assert len(flags) == 2


def test_months_are_closed_and_one_dispute_is_paid(sample_build):
    assert query(sample_build.pay_database, "select count(*) from compensation.comp_period_closes") == [(17,)]
    adjustments = query(sample_build.pay_database, "select dispute_id, amount from compensation.comp_adjustments")
    assert [(dispute, float(amount)) for dispute, amount in adjustments] == [("dispute_01", 120.0)]


def test_the_worked_example_of_the_docs_is_what_the_sample_says(sample_build):
    docs = (PROJECT_ROOT / "docs" / "metrics.md").read_text()
    example = docs[docs.index("### Worked example") : docs.index("## M5")]
    ratings = {
        row["user_id"]: row
        for row in records(sample_build.database, "metrics.employee_ratings")
        if (row["team"], row["survey_type"]) == ("support", "csat")
    }
    for user_id, row in ratings.items():
        assert f"| {user_id} | {row['n_customers']} | {row['raw_mean']:.6f} | {row['sample_variance']:.6f} |" in example
    row = ratings["user_16"]
    steps = ["team_mean", "expected_process_variance", "variance_of_hypothetical_means", "credibility"]
    for column in [*steps, "credible_score", "ci_low", "ci_high"]:
        assert f"{row[column]:.6f}" in example, column
    assert row["is_payable"] and not ratings["user_18"]["is_payable"]
    assert f"paid at {ratings['user_18']['payable_score']:.6f}" in example
