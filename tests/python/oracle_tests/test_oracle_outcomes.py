"""The oracle computes subscriptions, outcomes, campaigns, experiments, hand-offs and referrals as by hand."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, answer, by, money, run
from oracle import campaigns, outcomes

Z = 1.959963985
PRODUCTS = [
    {"product_id": f"{family}{tier}", "product_family": family, "tier": tier} for family in "FG" for tier in "12"
]
PRODUCTS += [{"product_id": "F0", "product_family": "F"}]
USERS = [{"user_id": key, "team": team, "email": f"{key}@House.example"} for key, team in
         (("s1", "sales"), ("s2", "sales"), ("o1", "onboarding"), ("m1", "marketing"))]  # fmt: skip
USERS += [{"user_id": "bot", "team": "support", "is_bot": "1"}]
CSAT = {"survey_id": "S", "survey_type": "csat", "scale_min": "0", "scale_max": "10"}


def accounts(*keys: str, **segments: str) -> list[dict]:
    return [ACCOUNT | {"account_id": key, "segment": segments.get(key, "")} for key in (*keys, *segments)]


def line(key: str, product: str, amount: str, started_on: str, ended_on: str = "", reason: str = "", **more) -> dict:
    return {"subscription_id": key, "account_id": "A", "product_id": product, "quantity": "1", "monthly_amount": amount,
            "currency_code": "EUR", "started_on": started_on, "ended_on": ended_on, "end_reason": reason, **more}  # fmt: skip


def subscribed(folder, lines: list[dict], as_of: str = "2024-06-30T12:00:00", more=(), **segments) -> dict:
    tables = {"crm.accounts": accounts(**{"A": "", **segments}), "crm.products": PRODUCTS, "crm.subscriptions": lines}
    return run(folder, tables | dict(more), as_of)


def moves(result: dict) -> dict:
    return {(row["product_family"], row["month"].month): (row["movement"], row["mrr_change"])
            for row in result["fct_subscription_movements"]}  # fmt: skip


# ------------------------------------------------------------------------------------------------------- subscriptions


def test_every_movement_of_a_subscription(tmp_path):
    result = subscribed(tmp_path, [
        line("1", "F1", "10", "2024-01-31", "2024-02-15", "changed"),
        line("2", "F1", "12", "2024-02-15", "2024-03-01", "changed"),  # the price alone
        line("3", "F1", "14", "2024-03-01", "2024-04-10", "changed", quantity="2"),
        line("4", "G1", "5", "2024-03-31", "2024-05-31", "involuntary"),
        line("5", "F2", "15", "2024-04-10", "2024-05-02", "involuntary", quantity="0.5"),  # a higher tier
        line("6", "G1", "1", "2024-04-30", "2024-05-01", "voluntary"),
        line("7", "G1", "9", "2024-06-10", "2024-06-12"),  # at no month's end
        line("8", "F0", "3", "2024-06-30"),
    ])  # fmt: skip
    assert moves(result) == {
        ("F", 1): ("new", 10), ("F", 2): ("uplift", 2), ("F", 3): ("up_sell", 2), ("G", 3): ("cross_sell", 5),
        # F in April: 14 to 15 by tier; G: 5 to 6 by quantity. At May's end nothing is left (31 May is the first day
        # without line 4); of the lines that ran at April's end line 6 ended otherwise, so that is no involuntary churn.
        ("F", 4): ("up_sell", 1), ("G", 4): ("up_sell", 1), ("F", 5): ("churn", -15), ("G", 5): ("churn", -6),
        ("F", 6): ("reactivation", 3),
    }  # fmt: skip


def test_churn_is_involuntary_where_all_of_it_was(tmp_path):
    lines = [line("1", "F1", "10", "2024-01-01", "2024-03-05", "involuntary"),
             line("2", "G1", "5", "2024-01-01", "2024-03-31", "involuntary"),
             line("3", "G1", "0", "2024-01-01")]  # fmt: skip
    # Line 3 goes on at nothing: the account has no MRR left, and it did not end.
    assert moves(subscribed(tmp_path, lines))["G", 3] == ("churn_involuntary", -5)
    lines[1] |= {"ended_on": "2024-04-01"}
    assert moves(subscribed(tmp_path, lines))["F", 3] == ("contraction", -10)


def test_migration_counts_at_the_start_under_the_family_it_went_to(tmp_path):
    result = subscribed(tmp_path, [
        line("1", "F2", "10", "2024-01-01", "2024-03-10", "migrated", quantity="3"),
        line("2b", "F1", "1", "2024-03-10"),
        line("2a", "G1", "12", "2024-03-10", "2024-04-05", "migrated", quantity="2"),  # the smallest id: all of line 1
        line("3", "G2", "7", "2024-04-06"),  # a day late: line 2a stays in its family
    ])  # fmt: skip
    # March: F from 0 to 1, cross_sell; G from 10 (quantity 3, tier 2) to 12 (2, 1): neither rose.
    assert moves(result) == {("F", 1): ("new", 10), ("F", 3): ("cross_sell", 1), ("G", 3): ("uplift", 2),
                             ("G", 4): ("contraction", -5)}  # fmt: skip
    months = by(result["subscription_months"], "product_family", "month")
    assert (months["G", date(2024, 3, 1)]["starting_mrr"], months["G", date(2024, 3, 1)]["mrr"]) == (10, 12)
    assert ("F", date(2024, 2, 1)) in months and months["F", date(2024, 3, 1)]["starting_mrr"] == 0


def test_retention_and_a_rate_that_moves_nothing(tmp_path):
    rates = [{"from_currency": "USD", "to_currency": "EUR", "valid_on": day, "rate": rate}
             for day, rate in (("2024-01-01", "0.5"), ("2024-02-01", "0.9"))]  # fmt: skip
    result = subscribed(tmp_path, [
        line("1", "F1", "20.01", "2024-01-10", currency_code="USD"),  # 10.005, so 10.01
        line("2", "F1", "30", "2024-01-10", "2024-02-10", "changed", account_id="B"),
        line("3", "F1", "24", "2024-02-10", account_id="B"),
        line("4", "G1", "50", "2024-02-20", account_id="C"),
    ], "2024-02-29T00:00:00", {"crm.exchange_rates": rates}, B="all", C="x")  # fmt: skip
    rows = by(result["subscription_retention"], "month", "segment")
    february = date(2024, 2, 1)
    assert set(rows) == {(february, "all"), (february, "(none)"), (february, "(all)")}  # C was not there at the start
    everyone = rows[february, "all"]
    assert (everyone["accounts"], everyone["starting_mrr"], everyone["ending_mrr"]) == (
        2,
        Decimal("40.01"),
        Decimal("34.01"),
    )
    assert everyone["gross_retention"] == everyone["net_retention"] == Fraction(3401, 4001)
    assert rows[february, "(all)"]["gross_retention"] == Fraction(24, 30)


# --------------------------------------------------------------------------------------------- outcomes, value, leaving


def outcome(key: str, due_at: str, verified_at: str = "", by: str = "customer", **more) -> dict:
    return {"outcome_id": key, "account_id": "A", "outcome_name": "o", "defined_at": "2024-01-01", "due_at": due_at,
            "verified_at": verified_at, "verified_by": by, **more}  # fmt: skip


def test_scores_from_outcomes_that_are_due(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "crm.transactions": [money("1", "2024-02-01", "5")], "survey.surveys": [CSAT],
        "survey.responses": [answer("r", "2024-03-01", "6", contact_id="")],
        "crm.outcomes": [
            outcome("on_time", "2024-03-01", "2024-03-01", weight="2"), outcome("late", "2024-03-01", "2024-03-01T00:00:01"),
            outcome("vendor", "2024-03-01", "2024-02-01", "vendor"), outcome("never", "2024-03-01", by=""),
            outcome("given_up", "2024-03-01", abandoned_at="2024-02-29"),
            outcome("given_up_then", "2024-03-01", abandoned_at="2024-03-01"),
            outcome("open", "2025-01-01", "2024-03-01"), outcome("timeless", "", "2024-03-01"),
            outcome("now", "2024-12-31T12:00:00", "2024-12-31T12:00:01"),  # verified later is not known
        ],
    })  # fmt: skip
    rows = by(result["fct_outcomes"], "outcome_id")
    assert {key for key, row in rows.items() if row["is_due"]} == {
        "on_time", "late", "vendor", "never", "given_up_then", "now"}  # fmt: skip
    assert {key for key, row in rows.items() if row["is_verified_on_time"]} == {"on_time", "open"}
    assert (rows["timeless"]["is_verified"], rows["now"]["is_verified"], rows["now"]["verified_by"]) == (
        True,
        False,
        None,
    )
    customer = result["customer_lifetime"][0]
    # 2 of 2 + 1 + 1 + 1 + 1 + 1 by weight; 0.7 x 2/7 + 0.3 x 0.6; first verified a month after the charge, 29 days.
    assert (customer["outcome_score"], customer["experience_score"]) == (Fraction(2, 7), Fraction(3, 5))
    assert customer["success_score"] == Fraction(19, 50)
    assert (customer["quadrant"], customer["time_to_value_days"]) == ("low_outcome_high_experience", 29)
    assert result["experience_outcome_quadrants"] == [
        {"outcome_level": "low", "experience_level": "high", "is_churned": False, "customers": 1, "cltv": 5}]  # fmt: skip


def test_missing_scores_drop_out_with_their_weight():
    weights = {"outcome": Fraction(7, 10), "experience": Fraction(3, 10)}
    due = {"is_due": True, "is_verified_on_time": True, "weight": Decimal(0)}
    assert outcomes.scores({"csat_1_10": Fraction(4)}, [due], weights)["success_score"] == Fraction(1, 3)
    assert set(outcomes.scores({"csat_1_10": None}, [due], weights).values()) == {None}


def test_a_line_that_starts_tomorrow_is_none_yet(tmp_path):
    """In Los Angeles it is still the evening before the day that has begun in UTC."""
    lines = [line("a", "F1", "5", "2024-06-01"), line("b1", "F1", "5", "2024-01-01", "2024-03-01", account_id="B"),
             line("b2", "F1", "5", "2024-06-01", account_id="B")]  # fmt: skip
    tables = {"crm.accounts": accounts("A", "B"), "crm.products": PRODUCTS, "crm.subscriptions": lines,
              "crm.transactions": [money(key, "2024-01-01", "5", account_id=key) for key in "AB"]}  # fmt: skip
    here = run(tmp_path, tables, "2024-06-01T04:00:00", reporting_timezone="America/Los_Angeles")
    assert {row["account_id"]: (row["is_churned"], row["left_at"]) for row in here["customer_lifetime"]} == {
        "A": (False, None), "B": (True, datetime(2024, 3, 1))}  # fmt: skip
    assert {(row["account_id"], row["month"].month) for row in here["subscription_months"]} == {
        ("B", 1), ("B", 2), ("B", 3)}  # fmt: skip
    there = run(tmp_path, tables, "2024-06-01T04:00:00")
    assert {row["is_churned"] for row in there["customer_lifetime"]} == {False}


def test_leaving_by_subscription_or_by_silence(tmp_path):
    as_of = "2024-12-31T12:00:00"
    result = run(tmp_path, {
        "crm.accounts": accounts(*"ABCDE"), "crm.products": PRODUCTS,
        "crm.transactions": [money(key, "2024-01-01T12:00:00", "5", account_id=key) for key in "ABCD"]
        + [money("E", "2024-01-01T12:00:01", "5", account_id="E")],
        "crm.subscriptions": [
            line("a1", "F1", "5", "2024-01-01", "2024-12-31"), line("a2", "F1", "5", "2024-01-01", "2024-05-01"),
            line("b1", "F1", "5", "2024-01-01", "2025-01-01", account_id="B"),  # ends tomorrow
        ],
        "crm.outcomes": [outcome("a", "", "2024-12-31", defined_at="2024-02-01"),
                         outcome("c", "", "2024-12-31T12:00:01", account_id="C")],
    }, as_of, inactive_after_days=365)  # fmt: skip
    found = {key: (row["is_churned"], row["is_churn_inferred"], row["left_at"])
             for key, row in by(result["customer_lifetime"], "account_id").items()}  # fmt: skip
    quiet = (True, True, datetime(2024, 12, 31, 12))
    assert found == {"A": (True, False, datetime(2024, 12, 31)), "B": (False, False, None), "C": quiet, "D": quiet,
                     "E": (False, False, None)}  # fmt: skip
    # A came to value at the moment of leaving: value, after 364.5 days; C's verification is not known yet; 2024 has 366
    # days, so that C and D churned on day 365, as B was censored; E is a second short of it.
    (last,) = [row for row in result["time_to_value_curve"] if (row["segment"], row["day"]) == ("all", 365)]
    (before,) = [row for row in result["time_to_value_curve"] if (row["segment"], row["day"]) == ("all", 364)]
    assert (before["at_risk"], before["value_events"], before["censored"]) == (5, 1, 1)
    assert (last["at_risk"], last["churn_events"], last["censored"]) == (3, 2, 1)
    # Churn only censors the survival; its incidence is 4/5 x 2/3 (E's censoring takes no survival).
    assert (last["survival"], last["incidence_value"]) == (pytest.approx(0.8), Fraction(1, 5))
    assert last["incidence_churn"] == Fraction(8, 15)


def test_freireichs_remissions():
    # 6-MP in leukaemia, weeks of remission, + censored (Freireich et al. 1963).
    arm = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    rows = outcomes.curve_of("all", [
        (int(week.strip("+")), "censored" if "+" in week else "value") for week in arm.split()])  # fmt: skip
    curve = by(rows, "day")
    # S(6) = 18/21, S(7) = 16/17 of it, and so on, as printed in every textbook.
    for week, at_risk, survival in ((6, 21, 0.857), (7, 17, 0.807), (10, 15, 0.753), (13, 12, 0.690), (16, 11, 0.627),
                                    (22, 7, 0.538), (23, 6, 0.448)):  # fmt: skip
        assert (curve[week]["at_risk"], round(curve[week]["survival"], 3)) == (at_risk, survival)
        assert float(curve[week]["incidence_value"]) == pytest.approx(1 - curve[week]["survival"])
    # Greenwood's sum at 23, 3/(21x18) + 1/(17x16) + 1/(15x14) + 1/(12x11) + 1/(11x10) + 1/(7x6) + 1/(6x5), is .09035;
    # the half width of log(-log S) is z x .30058 / .80293 = .7337: .4482^2.0828 and .4482^.4801.
    assert curve[23]["survival_low"] == pytest.approx(0.18805, abs=1e-4)
    assert curve[23]["survival_high"] == pytest.approx(0.68014, abs=1e-4)
    assert next(row["day"] for row in rows if row["incidence_value"] >= Fraction(1, 2)) == 23
    assert (curve[0]["survival_low"], curve[0]["survival_high"], curve[0]["at_risk"]) == (1, 1, 21)
    assert (curve[180]["survival"], curve[180]["at_risk"]) == (curve[35]["survival"], 0)


def test_competing_incidences_stay_below_what_each_alone_would_be():
    ends = [(1, "value"), (2, "churn"), (2, "value"), (3, "censored"), (4, "value")]
    curve = by(outcomes.curve_of("all", ends), "day")
    # Both together: 4/5, then 2/5 after day 2, then nothing after day 4.
    assert [curve[day]["incidence_value"] for day in (0, 1, 2, 4)] == [
        0,
        Fraction(1, 5),
        Fraction(2, 5),
        Fraction(4, 5),
    ]
    assert [curve[day]["incidence_churn"] for day in (1, 2, 180)] == [0, Fraction(1, 5), Fraction(1, 5)]
    # Kaplan-Meier: 4/5 x 3/4, and then nobody, with no interval.
    assert [curve[day]["survival"] for day in (1, 2, 4)] == [pytest.approx(0.8), pytest.approx(0.6), 0]
    assert (curve[4]["survival_low"], curve[4]["survival_high"]) == (0, 0)


@pytest.mark.parametrize(
    ("variables", "days"),
    [
        ({}, None),
        ({"ttv_event": "achieved"}, 0),  # before the first charge
        ({"ttv_event": "first_value_use"}, 59),  # 59.5
        ({"ttv_clock": "won", "ttv_event": "first_value_use"}, 90),
        ({"ttv_clock": "outcome_defined", "ttv_event": "achieved"}, 14),
    ],
)
def test_clock_and_event_of_time_to_value(tmp_path, variables, days):
    used = {"account_id": "A", "contact_id": "K"}
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "crm.transactions": [money("1", "2024-02-01T12:00:00", "5")],
        "crm.outcomes": [outcome("1", "", "2024-03-01", "vendor", achieved_at="2024-01-15")],
        "crm.opportunities": [
            {"opportunity_id": "lost", "account_id": "A", "created_at": "2023-01-01", "closed_at": "2023-02-01", "is_won": "0"},
            {"opportunity_id": "won", "account_id": "A", "created_at": "2023-01-01", "closed_at": "2024-01-01", "is_won": "1"}],
        "product.usage_days": [{**used, "used_on": "2024-02-03", "value_events": "0"},
                               {**used, "used_on": "2024-03-31" if days == 90 else "2024-04-01", "value_events": "1"}],
    }, **variables)  # fmt: skip
    # From noon on 1 February to midnight of 1 April: 29 + 31 days less a half, 59 whole ones.
    customer = result["customer_lifetime"][0]
    assert (customer["time_to_value_days"], customer["is_value_reached"]) == (days, days is not None)


# ------------------------------------------------------------------------------------------------ campaigns and touches


def test_attribution_within_the_window(tmp_path):
    charge = "2024-04-01T00:00:00"
    touch = {"channel": "mail", "direction": "outbound", "campaign_id": "c1"}
    result = run(tmp_path, {
        "crm.accounts": accounts("A", "B", "C"), "crm.contacts": [{"contact_id": "K", "account_id": "A", "created_at": "2020-01-01"}],
        "crm.transactions": [money("1", charge, "100"), money("2", charge, "50", account_id="B"), money("3", charge, "7", account_id="C")],
        "survey.surveys": [CSAT], "survey.responses": [answer("r", "2024-03-01", "5", contact_id="")],
        "crm.campaigns": [{"campaign_id": key, "campaign_name": key, "channel": "mail"} for key in ("c1", "c2", "c3")],
        "crm.campaign_costs": [{"campaign_id": "c1", "cost_on": "2024-01-01", "amount": "110", "currency_code": "EUR"}],
        "crm.leads": [{"lead_id": "l0", "created_at": "2024-01-01", "account_id": "A"},  # no campaign
                      {"lead_id": "l1", "created_at": "2024-01-02", "account_id": "A", "campaign_id": "c2"},  # 90 days before
                      {"lead_id": "l2", "created_at": "2024-01-01T23:59:59", "account_id": "A", "campaign_id": "c2"}],
        "crm.touches": [
            {"touch_id": "t1", "occurred_at": "2024-01-02", "contact_id": "K", "account_id": "A", **touch},
            {"touch_id": "t2", "occurred_at": "2024-03-31T23:59:59", "lead_id": "l0", "account_id": "B", **touch},
            {"touch_id": "t3", "occurred_at": charge, "account_id": "A", **touch}],  # not before
        "crm.opportunities": [
            {"opportunity_id": "o1", "account_id": "A", "created_at": "2024-01-02", "campaign_id": "c3"}],
    })  # fmt: skip
    rows = by(result["customer_attribution"], "account_id", "attribution_model", "candidate_rank")
    ranked = [[rows["A", model, rank] for rank in (1, 2, 3, 4)] for model in ("first", "last", "linear", "position")]
    # At one moment lead, then opportunity, then touch.
    assert [row["source_id"] for row in ranked[0]] == ["l1", "o1", "t1", "t2"]
    assert [[str(row["weight"].normalize()) for row in group] for group in ranked] == [
        ["1", "0", "0", "0"], ["0", "0", "0", "1"], ["0.25"] * 4, ["0.4", "0.1", "0.1", "0.4"]]  # fmt: skip
    assert rows["B", "position", 1]["weight"] == 1 and ("B", "position", 2) not in rows
    assert rows["C", "last", 1]["campaign_id"] == rows["C", "last", 1]["rule"] == "unattributed"
    campaigns = by(result["campaign_performance"], "campaign_id", "attribution_model")
    c1 = campaigns["c1", "position"]
    # Half of A's 100 and all of B's 50; A's CSAT is 1 + 9 x .5 = 5.5, B's is not known.
    assert (c1["customers"], c1["attributed_cltv"], c1["attributed_ppp"]) == (Fraction(3, 2), 100, 275)
    assert (c1["satisfaction_adjusted_revenue"], c1["ppp_roi"], c1["revenue_roi"]) == (
        Fraction(55, 2), Fraction(-3, 4), Fraction(-1, 11))  # fmt: skip
    assert (campaigns["c3", "first"]["customers"], campaigns["c3", "first"]["ppp_roi"]) == (0, None)
    assert campaigns["unattributed", "linear"]["attributed_cltv"] == 7


def test_the_last_candidate_takes_the_remainder():
    models = by(campaigns.ATTRIBUTION_MODELS, "attribution_model")
    third = Decimal("0.333333333333")
    assert campaigns.shares(models["linear"], 3) == [third, third, Decimal("0.333333333334")]
    # .2 / 3 is rounded up three times, so that the last has 1e-12 less.
    middle = Decimal("0.066666666667")
    assert campaigns.shares(models["position"], 5) == [Decimal("0.4"), *[middle] * 3, Decimal("0.399999999999")]
    assert [campaigns.shares(model, 2) for model in models.values()] == [[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5]]
    assert all(campaigns.shares(model, 1) == [1] for model in models.values())


def test_pressure_before_a_rating(tmp_path):
    touch = {"channel": "mail", "direction": "outbound", "contact_id": "K"}
    moments = ["2024-03-01", "2024-03-07T23:59:59", "2024-03-08", "2024-02-29T23:59:59"]
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "survey.surveys": [CSAT],
        "crm.contacts": [{"contact_id": key, "account_id": "A", "created_at": "2020-01-01"} for key in ("K", "L")],
        "crm.touches": [*({"touch_id": f"t{moment}", "occurred_at": moment, **touch} for moment in moments),
                        {"touch_id": "i", "occurred_at": "2024-03-02", **touch, "direction": "inbound"},
                        {"touch_id": "u", "occurred_at": "2024-03-02", **touch, "is_delivered": "0"}],
        "survey.responses": [answer("r1", "2024-03-08", "2"), answer("r2", "2024-06-01", "8"), answer("r3", "2024-03-09", "4"),
                             answer("r4", "2024-03-08", "10", contact_id="L"), answer("r5", "2024-03-08", "0", contact_id="")],
    })  # fmt: skip
    rows = by(result["touch_pressure"], "window_days", "pressure_band")
    # Before r1 within a week those of 1 and 7 March; before r2 none; before r3 those of 7 and 8 March; L has none; r5
    # belongs to nobody. Within K: counts 2, 0, 2 and u .2, .8, .4: slope (-.25); deviations of u from it .1, 0, -.1.
    assert [rows[7, band]["ratings"] for band in ("0", "1-2", "3-5", "6+")] == [2, 2, 0, 0]
    assert rows[7, "0"]["mean_score_unit"] == Fraction(9, 10) and rows[7, "3-5"]["mean_score_unit"] is None
    # s of .2 and .4 is .1 x sqrt 2, over sqrt 2.
    assert rows[7, "1-2"]["ci_low"] == pytest.approx(0.3 - Z * 0.1)
    assert rows[7, "6+"]["within_customer_slope"] == Fraction(-1, 4)
    # RSS = .02, 4 ratings - 2 contacts - 1 = 1; Sxx = 8/3.
    assert rows[7, "6+"]["slope_se"] == pytest.approx(math.sqrt(0.02 / (8 / 3)))
    # In 28 days: 3, 0, 4 touches.
    assert [rows[28, band]["ratings"] for band in ("0", "1-2", "3-5", "6+")] == [2, 0, 2, 0]
    assert rows[28, "0"]["mean_score_unit"] == Fraction(9, 10)


# ---------------------------------------------------------------------------------------------------------- experiments


def trial(key: str, ended_on: str, control: int, variant: int, shown: int = 1000, **more) -> dict:
    return {"experiment_id": key, "channel": "web", "started_on": "2023-01-01", "ended_on": ended_on,
            "control_exposures": shown, "variant_exposures": shown, "control_conversions": control,
            "variant_conversions": variant, "spend": "10", "currency_code": "EUR", "is_shipped": "1", **more}  # fmt: skip


def tried(folder, *trials: dict, **options) -> dict:
    return run(folder, {"crm.accounts": accounts("A"), "crm.experiments": list(trials)}, **options)


def test_lifts_and_their_shrinkage(tmp_path):
    result = tried(
        tmp_path, trial("b", "2024-01-01", 100, 200), trial("a", "2024-01-01", 100, 100, is_shipped="0"),
        trial("c", "2024-01-02", 0, 5, 10, spend="0.001"),
        trial("d", "2024-01-03", 5, 20, 10),  # more conversions than exposures
    )  # fmt: skip
    assert [(row["column_name"], row["reason"]) for row in result["quarantined"]] == [
        ("variant_conversions", "bad_value")
    ]
    a, b, c = (by(result["conversion_saturation"], "experiment_id")[key] for key in "abc")
    assert [row["experiment_id"] for row in result["conversion_saturation"]] == ["a", "b", "c"]
    assert (a["lift"], b["lift"], b["return_on_spend"], c["return_on_spend"]) == (0, 1, 0.1, None)
    # ln 2 +- z sqrt(1/200 - 1/1000 + 1/100 - 1/1000)
    assert b["lift_high"] == pytest.approx(2 * math.exp(Z * math.sqrt(0.013)) - 1)
    # Half a conversion in each cell: 5.5 of 11 against .5 of 11.
    assert c["lift"] == pytest.approx(10)
    assert c["lift_low"] == pytest.approx(11 * math.exp(-Z * math.sqrt(1 / 5.5 - 1 / 11 + 2 - 1 / 11)) - 1)
    # Variances of the lift: a 2/100 - 2/1000 = .018; b 4 x .013 = .052; c 121 x 2 = 242.
    effects, variances = [0, 1, 10], [0.018, 0.052, 242]
    weights = [1 / variance for variance in variances]
    centre = sum(w * y for w, y in zip(weights, effects)) / sum(weights)
    q = sum(w * (y - centre) ** 2 for w, y in zip(weights, effects))
    tau2 = (q - 2) / (sum(weights) - sum(w * w for w in weights) / sum(weights))
    # Weights 55.556, 19.231, .00413: mean 19.272 / 74.791; Q = 3.689 + 10.597 + .392; (Q - 2) / (74.791 - 46.212).
    assert (round(centre, 4), round(tau2, 4)) == (0.2577, 0.4436)
    for row, effect, variance in zip((a, b, c), effects, variances):
        assert row["shrunken_lift"] == pytest.approx(centre + tau2 / (tau2 + variance) * (effect - centre))
    # a is not shipped
    assert (a["cumulative_lift"], b["cumulative_lift"], c["cumulative_lift"]) == (
        0,
        0,
        pytest.approx(b["shrunken_lift"]),
    )


def test_one_experiment_is_not_shrunken(tmp_path):
    (row,) = tried(tmp_path, trial("a", "2024-01-01", 100, 110))["conversion_saturation"]
    assert row["shrunken_lift"] == row["lift"] == pytest.approx(0.1)
    rows = tried(tmp_path, trial("a", "2024-01-01", 100, 110), trial("b", "2024-01-02", 100, 110))[
        "conversion_saturation"
    ]
    assert [row["shrunken_lift"] for row in rows] == pytest.approx([0.1, 0.1])  # nothing between them


@pytest.mark.parametrize(
    ("later", "count", "verdict"),
    [
        (Fraction(2, 100), 8, "contradicts"),  # as before
        (Fraction(0), 8, "supports"),
        (Fraction(0), 7, "too_little_data"),
    ],
)
def test_verdict(tmp_path, later, count, verdict):
    # Each lift is 2 %, of a million, until four shipped ones make 8 %.
    trials = [trial(f"{number}", f"2024-01-{number + 1:02}", 10**6, int(10**6 * (1 + (Fraction(2, 100) if number < 4 else later))),
                    10**7) for number in range(count)]  # fmt: skip
    result = tried(tmp_path, *trials, saturation_knot=0.065)
    rows = by(result["saturation_verdict"], "knot")
    assert sorted(rows) == sorted([*(Decimal(number) / 100 for number in range(2, 16)), Decimal("0.065")])
    row = rows[Decimal("0.065")]
    assert (row["is_claimed_knot"], rows[Decimal("0.06")]["is_claimed_knot"]) == (True, False)
    assert (row["experiments"], row["verdict"]) == (count, verdict)
    # Before them: 0, 2, 4, 6 % (6.12), 8.24 % and, of saturation's, about that: four below, the others above.
    assert (row["experiments_below"], row["experiments_above"]) == (4, count - 4)
    # Return .02 / 10. Variance of one: 1.02^2 (1/1.02e6 + 1/1e6 - 2/1e7) = 1.8520e-6, by the spend 1.8520e-8.
    assert row["return_below"] == pytest.approx(0.002)
    assert row["return_change"] == pytest.approx(float(later) / 10 - 0.002)
    if later:
        one = 1.02**2 * (1 / 1.02e6 + 1 / 1e6 - 2e-7) / 100
        assert row["return_change_se"] == pytest.approx(math.sqrt(one / 4 + one / 4))
    highest = rows[Decimal("0.15")]  # no experiment is above it: seven times 2 % are 14.87 %
    assert (highest["experiments_above"], highest["return_above"], highest["return_change"]) == (0, None, None)


# ------------------------------------------------------------------------------------------------------------ hand-offs


def assigned(key: str, user_id: str, at: str, **more) -> dict:
    return {"assignment_id": key, "account_id": "A", "user_id": user_id, "assigned_at": at, **more}


def handed(folder, assignments=(), leads=(), as_of: str = "2024-03-31T00:00:00", **more) -> dict:
    tables = {name: rows for name, rows in more.items() if "." in name}
    options = {name: value for name, value in more.items() if "." not in name}
    people = {"crm.accounts": accounts("A"), "crm.users": USERS,
              "crm.contacts": [{"contact_id": "K", "account_id": "A", "created_at": "2020-01-01"}]}  # fmt: skip
    return run(
        folder, people | {"crm.account_assignments": [*assignments], "crm.leads": [*leads]} | tables, as_of, **options
    )


def test_account_goes_to_and_fro(tmp_path):
    result = handed(tmp_path, [
        assigned("1", "s1", "2024-01-01"), assigned("2", "bot", "2024-01-02"), assigned("3", "s2", "2024-01-03"),  # the same team
        assigned("5", "o1", "2024-01-04", accepted_at="2024-01-03", rejected_at="2024-01-05"),
        assigned("4", "s1", "2024-02-03"),  # 30 days later to the second: not within them
        assigned("7", "o1", "2024-02-10"), assigned("6", "m1", "2024-02-10"), assigned("8", "s1", "2024-02-11"),
    ], **{"crm.outcomes": [outcome("o", "", defined_at="2024-01-04")]})  # fmt: skip
    rows = by(result["fct_handoffs"], "handoff_id")
    # In order: s1, s2, o1 (5), s1 (4), m1 (6), o1 (7), s1 (8).
    assert {key: (row["from_user_id"], row["to_team"], row["is_returned"]) for key, row in rows.items()} == {
        "account:5": ("s2", "onboarding", False), "account:4": ("o1", "sales", True), "account:6": ("s1", "marketing", True),
        "account:7": ("m1", "onboarding", False), "account:8": ("o1", "sales", False)}  # fmt: skip
    first = rows["account:5"]
    assert (first["first_sign_at"], first["latency_minutes"], first["is_rejected"]) == (datetime(2024, 1, 4), 0, True)
    assert (first["is_outcome_recorded"], rows["account:4"]["is_outcome_recorded"]) == (False, True)
    performance = by(result["handoff_performance"], "from_team", "to_team", "month")
    row = performance["onboarding", "sales", date(2024, 2, 1)]
    assert (row["handoffs"], row["matured"], row["dropped"], row["drop_rate"], row["returned"]) == (2, 2, 2, 1, 1)
    assert (row["median_latency_minutes"], row["outcome_recorded_rate"]) == (None, 1)


@pytest.mark.parametrize(
    ("sign", "as_of", "matured", "dropped"),
    [
        # Friday 1 March 2024 10:00 and three business days: Wednesday 6 March 10:00.
        (None, "2024-03-06T10:00:00", True, True),
        (None, "2024-03-06T09:59:59", False, False),
        ("2024-03-06T10:00:00", "2024-03-31T00:00:00", True, False),
        ("2024-03-06T10:00:01", "2024-03-31T00:00:00", True, True),
        ("2024-03-01T10:00:00", "2024-03-01T10:00:00", False, False),
    ],
)
@pytest.mark.parametrize("way", ["account", "contact", "lead", "comment"])
def test_dropped_after_three_business_days(tmp_path, sign, as_of, matured, dropped, way):
    at = "2024-03-01T10:00:00"
    touch = {"touch_id": "t", "occurred_at": sign, "channel": "mail", "direction": "inbound", "user_id": "o1"}
    touch |= {"account": {"account_id": "A"}, "contact": {"contact_id": "K"}, "lead": {"lead_id": "l"}}.get(way, {})
    comment = {
        "event_id": "e",
        "ticket_id": "T",
        "occurred_at": sign,
        "event_type": "comment",
        "actor_type": "agent",
        "actor_user_id": "o1",
    }
    more = {"crm.touches": [touch]} if sign and way != "comment" else {}
    if way == "comment":
        more["support.tickets"] = [{"ticket_id": "T", "account_id": "A", "created_at": "2024-01-01"}]
        more["support.ticket_events"] = (
            [comment, comment | {"event_id": "f", "is_public": "0", "occurred_at": at}] if sign else []
        )
    result = handed(tmp_path, [assigned("1", "s1", "2024-01-01"), assigned("2", "o1", at)],
                    [{"lead_id": "l", "created_at": "2024-01-01", "account_id": "A"}], as_of, **more)  # fmt: skip
    (row,) = result["fct_handoffs"]
    assert (row["is_matured"], row["is_dropped"]) == (matured, dropped)
    assert row["first_sign_at"] == (datetime.fromisoformat(sign) if sign else None)


def test_business_days_and_minutes_of_the_default_schedule(tmp_path):
    office = [{"schedule_id": "office", "weekday": day, "starts_minute": 540, "ends_minute": 1020, "timezone": "Europe/Berlin"}
              for day in range(1, 6)]  # fmt: skip
    at, sign = "2026-03-27T15:00:00", "2026-04-02T13:00:00"
    given = ([assigned("1", "s1", "2026-01-01"), assigned("2", "o1", at, accepted_at=sign)], (), "2026-04-02T14:00:00")
    holidays = [{"schedule_id": "office", "holiday_on": "2026-03-30"}]
    more = {"support.schedules": office, "support.holidays": holidays}
    (row,) = handed(tmp_path, *given, default_schedule="office", **more)["fct_handoffs"]
    # Friday 16:00 in Berlin, winter; the clock changes on Sunday, Monday is a holiday; Thursday 15:00, summer.
    # Of Friday 8 hours, Tuesday and Wednesday, of Thursday 15: 71 hours to the sign, 72 to as_of, 16:00.
    assert (row["is_matured"], row["is_dropped"]) == (True, False)
    # Working time: an hour on Friday, two days of eight hours, six on Thursday; elapsed: 5 days 22 hours.
    assert (row["latency_business_minutes"], row["latency_minutes"]) == (23 * 60, 142 * 60)
    (row,) = handed(tmp_path, *given, **more)["fct_handoffs"]
    # Without: UTC and no holiday. Of Friday 9 hours, three days, 13 hours: 94 hours to the sign.
    assert (row["is_dropped"], row["latency_business_minutes"]) == (True, None)


@pytest.mark.parametrize(
    ("sign", "dropped"),
    [
        ("2025-07-09T15:00:00", False),  # Thursday 00:00 in Tokyo, when Wednesday ends
        ("2025-07-09T15:00:01", True),
        ("2025-07-10T03:00:00", True),  # Thursday 12:00
        ("2025-07-11T01:00:00", True),
    ],
)
def test_a_sign_on_a_holiday_after_the_third_business_day_is_late(tmp_path, sign, dropped):
    """Handed over on a Saturday in Tokyo; Monday, Tuesday and Wednesday count; Thursday is a holiday."""
    hours = {"schedule_id": "jp", "starts_minute": 540, "ends_minute": 1020, "timezone": "Asia/Tokyo"}
    result = handed(
        tmp_path, [assigned("1", "s1", "2025-06-02"), assigned("2", "o1", "2025-07-05T03:00:00", accepted_at=sign)], (),
        "2025-12-31T18:00:00", reporting_timezone="Asia/Tokyo", default_schedule="jp",
        **{"support.schedules": [hours | {"weekday": day} for day in range(1, 6)],
           "support.holidays": [{"schedule_id": "jp", "holiday_on": "2025-07-10"}]},
    )  # fmt: skip
    (row,) = result["fct_handoffs"]
    assert (row["is_matured"], row["is_dropped"]) == (True, dropped)


def test_three_business_days_are_over_before_the_week_end(tmp_path):
    at = "2024-03-06T00:00:00"  # the start of a Wednesday: over at Saturday 00:00
    for as_of, sign, expected in (("2024-03-08T23:59:59", "", (False, False)), ("2024-03-09T00:00:00", "", (True, True)),
                                  ("2024-03-31T00:00:00", "2024-03-09", (True, False)), ("2024-03-31T00:00:00", "2024-03-10", (True, True))):  # fmt: skip
        people = [assigned("1", "s1", "2024-01-01"), assigned("2", "o1", at, accepted_at=sign)]
        (row,) = handed(tmp_path, people, (), as_of)["fct_handoffs"]
        assert (row["is_matured"], row["is_dropped"]) == expected


def test_lead_passes_to_sales(tmp_path):
    lead = {
        "created_at": "2024-01-01",
        "qualified_at": "2024-02-01T08:00:00",
        "owner_user_id": "m1",
        "sales_user_id": "s1",
    }
    touch = {"channel": "mail", "direction": "outbound", "user_id": "s1"}
    result = handed(tmp_path, [], [
        {"lead_id": "1", **lead}, {"lead_id": "2", **lead, "account_id": "A", "accepted_at": "2024-02-03"},
        {"lead_id": "3", **lead, "sales_user_id": "m1"}, {"lead_id": "4", **lead, "owner_user_id": "bot"},
        {"lead_id": "5", **lead, "qualified_at": ""}, {"lead_id": "6", **lead, "owner_user_id": "s2"},
    ], **{"crm.outcomes": [outcome("o", "")],
          "crm.touches": [{"touch_id": "a", "occurred_at": "2024-02-01T07:59:59", "lead_id": "1", **touch},
                          {"touch_id": "b", "occurred_at": "2024-02-01T09:00:00", "lead_id": "1", **touch},
                          {"touch_id": "c", "occurred_at": "2024-02-02", "contact_id": "K", **touch}]})  # fmt: skip
    rows = by(result["fct_handoffs"], "handoff_id")
    assert {key: (row["account_id"], row["latency_minutes"], row["is_outcome_recorded"]) for key, row in rows.items()} == {
        "lead:1": (None, 60, False), "lead:2": ("A", 960, True), "lead:6": (None, None, False)}  # fmt: skip
    performance = by(result["handoff_performance"], "from_team", "to_team")["marketing", "sales"]
    # 60 and 960 minutes: the median is the first at which half are done.
    assert (performance["median_latency_minutes"], performance["p90_latency_minutes"]) == (60, 960)
    assert performance["outcome_recorded_rate"] == Fraction(1, 2)


# ------------------------------------------------------------------------------------------------------ recommendations


def test_referrals_that_count(tmp_path):
    contacts = [
        ("K", "A", "k@else.example"),
        ("staff", "A", " S1@house.EXAMPLE "),
        ("b", "B", ""),
        ("s", "B", "m1@house.example"),
    ]
    leads = [("own", "A", "", "2024-01-05"), ("own_contact", "", "K", "2024-01-05"), ("of_b", "", "b", "2024-01-05"),
             ("of_staff", "", "s", ""), ("early", "", "", "2024-01-01"), ("open", "", "", "")]  # fmt: skip
    referrals = [("1", "A", "K", "own", "2024-01-02"), ("2", "A", "", "own_contact", "2024-01-02"),
                 ("3", "A", "staff", "of_b", "2024-01-02"), ("4", "A", "K", "of_staff", "2024-01-02"),
                 ("6", "C", "", "of_b", "2024-01-03"), ("5", "A", "K", "of_b", "2024-01-03"), ("7", "B", "", "of_b", "2024-01-01"),
                 ("8", "B", "K", "own_contact", "2024-01-03"), ("9", "C", "", "early", "2024-01-04"), ("0", "B", "", "open", "2024-01-04")]  # fmt: skip
    result = run(tmp_path, {
        "crm.accounts": accounts("B", A="all", C="x"), "crm.users": USERS, "survey.surveys": [CSAT, CSAT | {"survey_id": "N", "survey_type": "nps"}],
        "crm.contacts": [{"contact_id": key, "account_id": account, "email": email, "created_at": "2020-01-01"}
                         for key, account, email in contacts],
        "crm.leads": [{"lead_id": key, "account_id": account, "contact_id": contact, "qualified_at": at, "created_at": "2024-01-01"}
                      for key, account, contact, at in leads],
        "crm.referrals": [dict(zip(("referral_id", "referrer_account_id", "referrer_contact_id", "referred_lead_id", "referred_at"), row))
                          for row in referrals],
        "survey.responses": [answer("n", "2024-02-01", "9", survey_id="N"),
                             answer("m", "2024-02-01", "10", survey_id="N", account_id="B", contact_id="b")],
        "crm.transactions": [money(key, at, "5", account_id=key) for key, at in
                             (("A", "2024-01-01"), ("B", "2024-10-02T12:00:00"), ("C", "2024-10-02T12:00:01"))],
    })  # fmt: skip
    rows = by(result["fct_referrals"], "referral_id")
    # 1 and 2 are A's own, 3 and 4 staff's; of of_b, 7 is of its own account, 3 is staff's, so 5 comes first (ties by id);
    # 8's contact is the lead's; 9 was qualified before it was referred.
    assert {key for key, row in rows.items() if row["is_counted"]} == {"5", "9", "0"}
    assert {key: row["realised_at"] for key, row in rows.items() if row["realised_at"]} == {
        "5": datetime(2024, 1, 5), "9": datetime(2024, 1, 4)}  # fmt: skip
    realised = {key: row["is_recommend_realised"] for key, row in by(result["customer_lifetime"], "account_id").items()}
    assert realised == {"A": True, "B": False, "C": True}
    # C is a second short of 90 days.
    subjects = by(result["recommendations"], "subject_type", "subject_id")
    assert set(subjects) == {("company", "all"), ("segment", "(all)"), ("segment", "(none)")}
    company = subjects["company", "all"]
    names = (
        "customers",
        "asked",
        "stated",
        "realised",
        "stated_and_realised",
        "stated_not_realised",
        "stated_coverage",
    )
    assert [company[name] for name in names] == [2, 2, 2, 1, 1, 1, 1]
    assert (company["stated_rate"], company["realised_rate"]) == (1, Fraction(1, 2))


def test_nothing_but_accounts(tmp_path):
    result = run(tmp_path, {"crm.accounts": accounts("A")})
    assert {
        name for name in ("fct_outcomes", "time_to_value_curve", "fct_handoffs", "customer_attribution") if result[name]
    } == set()
    assert {row["verdict"] for row in result["saturation_verdict"]} == {"too_little_data"}
    assert {row["ratings"] for row in result["touch_pressure"]} == {0}
    assert result["recommendations"][0]["stated_rate"] is None
    assert {row["campaign_id"] for row in result["campaign_performance"]} == {"unattributed"}
