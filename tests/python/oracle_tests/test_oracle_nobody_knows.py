"""The oracle says null, and not 0, of what nobody knows: never asked, no request, and months before the first fact."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, answer, by, money, run
from oracle.compensation import typed

JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE = (date(2024, month, 1) for month in range(1, 7))
NPS = {"survey_id": "N", "survey_type": "nps", "scale_min": "0", "scale_max": "10"}
SURVEYS = [NPS, {"survey_id": "five", "survey_type": "nps", "scale_min": "1", "scale_max": "5"},
           {"survey_id": "C", "survey_type": "csat", "scale_min": "0", "scale_max": "10"},
           {"survey_id": "R", "survey_type": "touch_rating", "scale_min": "0", "scale_max": "4"}]  # fmt: skip
USERS = [{"user_id": "s1", "team": "sales"}, {"user_id": "u1", "team": "support"}, {"user_id": "u2", "team": "support"}]


def accounts(*keys: str, **segments: str) -> list[dict]:
    return [{**ACCOUNT, "account_id": key, "segment": segments.get(key, "")} for key in (*keys, *segments)]


def invitation(key: str, moment: str, account_id: str = "A", survey_id: str = "N", **more) -> dict:
    return {"invitation_id": key, "survey_id": survey_id, "account_id": account_id, "about_type": "relationship",
            "sent_at": moment, **more}  # fmt: skip


def touch(key: str, moment: str, **more) -> dict:
    return {"touch_id": key, "occurred_at": moment, "channel": "call", "direction": "outbound", "user_id": "u1",
            "account_id": "A", "contact_id": "K", **more}  # fmt: skip


def values(result: dict, metric_name: str, subject: tuple[str, str] = ("company", "all")) -> dict:
    return {row["month"]: row for row in result["metric_values"] if row["metric_name"] == metric_name
            and (row["subject_type"], row["subject_id"]) == subject}  # fmt: skip


CONTACTS = [{"contact_id": key, "account_id": "A", "created_at": "2020-01-01"} for key in "KL"]


# ------------------------------------------------------------------------------------------------ stated recommendations


def test_who_was_never_asked_did_not_say_no(tmp_path):
    """Of seven customers of 1 January, tenured from 31 March on: P said 9 in February; S was asked in April and is silent;
    E said 10 in March and 3 in May, to the same question; T answered in May what nobody asked. U's request was not
    delivered, F's was on a scale of 1 to 5, and O was asked about satisfaction: they were never asked.
    """
    keys = "PSETUFO"
    result = run(tmp_path, {
        "crm.accounts": accounts(*"STUO", P="x", E="x", F="f"), "survey.surveys": SURVEYS,
        "crm.transactions": [money(key, "2024-01-01", "5", account_id=key) for key in keys],
        "survey.invitations": [
            invitation("p", "2024-02-01", "P"), invitation("s", "2024-04-30T23:59:59.999999", "S"), invitation("e", "2024-03-01", "E"),
            invitation("u", "2024-02-01", "U", is_delivered="0"), invitation("f", "2024-02-01", "F", "five"),
            invitation("o", "2024-02-01", "O", "C"),
        ],
        "survey.responses": [
            answer("p", "2024-02-02", "9", survey_id="N", account_id="P", contact_id="", invitation_id="p"),
            answer("e1", "2024-03-02", "10", survey_id="N", account_id="E", contact_id="", invitation_id="e"),
            answer("e2", "2024-05-02", "3", survey_id="N", account_id="E", contact_id="", invitation_id="e"),
            answer("t", "2024-05-03", "8", survey_id="N", account_id="T", contact_id=""),
            answer("f", "2024-02-03", "5", survey_id="five", account_id="F", contact_id=""),
            answer("o", "2024-02-03", "10", survey_id="C", account_id="O", contact_id=""),
        ],
    }, as_of="2024-06-01T00:00:00")  # fmt: skip
    stated = {key: row["is_recommend_stated"] for key, row in by(result["customer_lifetime"], "account_id").items()}
    assert stated == {"P": True, "S": False, "E": False, "T": False, "U": None, "F": None, "O": None}
    months = by(result["customer_months"], "account_id", "month")
    assert {key: [months[key, month]["is_recommend_stated"] for month in (JANUARY, FEBRUARY, MARCH, APRIL, MAY)]
            for key in "PSETU"} == {
        "P": [None, True, True, True, True], "S": [None, None, None, False, False],
        "E": [None, None, True, True, False], "T": [None, None, None, None, False], "U": [None] * 5,
    }  # fmt: skip
    names = ("numerator", "denominator", "n", "value", "coverage")
    company = {month: tuple(row[name] for name in names) for month, row in values(result, "recommend_stated").items()}
    assert company == {
        JANUARY: (None, None, 0, None, None), FEBRUARY: (None, None, 0, None, None),  # nobody has the tenure
        MARCH: (2, 2, 2, 1, Fraction(2, 7)), APRIL: (2, 3, 3, Fraction(2, 3), Fraction(3, 7)),
        MAY: (1, 4, 4, Fraction(1, 4), Fraction(4, 7)), JUNE: (1, 4, 4, Fraction(1, 4), Fraction(4, 7)),
    }  # fmt: skip
    # Wilson of 1 of 4
    assert values(result, "recommend_stated")[MAY]["ci_low"] == pytest.approx(0.0455872608)
    unasked = values(result, "recommend_stated", ("segment", "f"))
    assert {tuple(row[name] for name in names) for row in unasked.values()} == {(None, None, 0, None, 0)}
    assert {row["ci_low"] for row in unasked.values()} == {None}
    # who brought a lead is known of each
    assert values(result, "recommend_realised")[MAY]["n"] == 7
    names = ("customers", "asked", "stated_coverage", "stated", "realised", "stated_and_realised", "stated_not_realised", "stated_rate", "realised_rate")  # fmt: skip
    found = {row["subject_id"]: tuple(row[name] for name in names) for row in result["recommendations"]}
    assert found == {
        "all": (7, 4, Fraction(4, 7), 1, 0, 0, 1, Fraction(1, 4), 0), "x": (2, 2, 1, 1, 0, 0, 1, Fraction(1, 2), 0),
        "f": (1, 0, 0, None, 0, None, None, None, 0), "(none)": (4, 2, Fraction(1, 2), 0, 0, 0, 0, 0, 0),
    }  # fmt: skip


def test_a_request_is_of_the_account_that_answered_it_where_it_names_none(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "survey.surveys": SURVEYS, "crm.transactions": [money("1", "2023-01-01", "5")],
        "survey.invitations": [invitation("1", "2024-01-31", "")],
        "survey.responses": [answer("1", "2024-03-01", "9", survey_id="N", contact_id="", invitation_id="1")],
    }, as_of="2024-03-05T00:00:00")  # fmt: skip
    found = values(result, "recommend_stated")
    assert [(found[month]["value"], found[month]["coverage"]) for month in (date(2023, 12, 1), JANUARY, FEBRUARY, MARCH)] == [
        (None, 0), (0, 1), (0, 1), (1, 1)]  # fmt: skip


def test_references_that_lead_nowhere_and_questions_that_nobody_put(tmp_path):
    """A product and an owner that were misspelt: blanks do not count, an inner blank does; no survey was ever sent."""
    result = run(tmp_path, {
        "crm.users": [{"user_id": "Bo", "team": "sales"}], "crm.accounts": accounts("A"),
        "crm.products": [{"product_id": "Big One", "product_family": "Big"}],
        "crm.opportunities": [{"opportunity_id": "D", "account_id": "A", "owner_user_id": " Bo ", "created_at": "2024-01-10",
                               "closed_at": "2024-02-01", "is_won": "true", "amount": "200", "currency_code": "EUR"}],
        "crm.transactions": [money("1", "2024-01-10", "70", product_id="Big One"),
                             money("2", "2024-02-01", "200", product_id="BigOne", opportunity_id="D")],
    }, as_of="2024-06-15T00:00:00")  # fmt: skip
    assert {row["transaction_id"]: (row["product_id"], row["movement"]) for row in result["fct_transactions"]} == {
        "1": ("Big One", "new"), "2": (None, "repeat")}  # fmt: skip
    assert [(row["input_table"], row["column_name"], row["rows"], row["examples"]) for row in result["broken_references"]] == [
        ("crm.transactions", "product_id", 1, ["BigOne"])]  # fmt: skip
    (credit,) = [
        row
        for row in result["credit_transactions"]
        if (row["transaction_id"], row["side"]) == ("2", "sales") and row["weight"]
    ]
    assert (credit["user_id"], credit["rule"]) == ("Bo", "deal_owner")
    (customer,) = result["customer_lifetime"]
    assert [customer[name] for name in ("is_recommend_stated", "nps_latest", "csat_1_10", "is_recommend_realised")] == [
        None, None, None, False]  # fmt: skip
    for name in ("recommend_stated", "nps", "csat", "satisfaction", "touch_rating"):
        found = values(result, name)
        assert {row["value"] for row in found.values()} == {None}
        assert found[MAY]["coverage"] == 0
        assert {row["n"] for row in found.values()} == {0}
    assert result["recommendations"][0]["stated_rate"] is None
    assert result["recommendations"][0]["stated_not_realised"] is None
    assert result["employee_ratings"] == []


# -------------------------------------------------------------------------------------------------- bounds of a rating


@pytest.mark.parametrize(
    ("request_of", "expected"),
    [
        ({}, (1, 1, 0, Fraction(3, 8), Fraction(7, 8))),  # B is silent: (3/4 + 0) / 2 and (3/4 + 1) / 2
        ({"account_id": "A"}, (1, 0, 1, Fraction(3, 4), Fraction(3, 4))),
        ({"is_delivered": "0"}, (0, 0, None, None, None)),
        ({"about_type": "touch", "about_id": "t1"}, (0, 0, None, None, None)),  # t1 is not due
        ({"about_type": "touch", "about_id": "t2"}, (1, 1, 0, Fraction(3, 8), Fraction(7, 8))),  # t2 is
        ({"survey_id": "C"}, (0, 0, None, None, None)),
        ({"about_user_id": "u2"}, (0, 0, None, None, None)),
        ({"account_id": ""}, (0, 0, None, None, None)),  # of nobody who is known
    ],
)
def test_bounds_need_a_request_that_is_known(tmp_path, request_of, expected):
    result = run(tmp_path, {
        "crm.accounts": accounts("A", "B"), "crm.contacts": CONTACTS, "crm.users": USERS, "survey.surveys": SURVEYS,
        "crm.touches": [touch("t1", "2024-01-01"), touch("t2", "2024-01-01", nurture_point="trial_day_7")],
        "survey.invitations": [invitation("1", "2024-01-02", "B", "R", about_user_id="u1") | request_of],
        "survey.responses": [answer("1", "2024-01-03", "3", survey_id="R", contact_id="", about_user_id="u1")],
    })  # fmt: skip
    (row,) = result["employee_ratings"]
    assert (row["user_id"], row["survey_type"], row["raw_mean"], row["n_customers"]) == (
        "u1",
        "touch_rating",
        Fraction(3, 4),
        1,
    )
    names = ("invited_customers", "silent_customers", "response_rate", "worst_case_mean", "best_case_mean")
    assert tuple(row[name] for name in names) == expected


# -------------------------------------------------------------------------------------------------- the first fact

DUE = {"outcome_id": "o", "account_id": "A", "outcome_name": "o", "defined_at": "2023-12-01", "due_at": "2024-02-10"}
DEAL = {"opportunity_id": "d", "account_id": "A", "created_at": "2024-01-01", "closed_at": "2024-02-10", "is_won": "1"}
LEAD = {"lead_id": "l", "created_at": "2024-01-01", "owner_user_id": "u1"}
TICKET = {"ticket_id": "t", "created_at": "2024-02-01"}
LINE = {"subscription_id": "s", "account_id": "A", "product_id": "P", "quantity": "1", "monthly_amount": "5",
        "currency_code": "EUR", "started_on": "2024-02-10"}  # fmt: skip
EARLIER = {
    "nothing": ({}, JUNE),
    "a charge of 0": ({"crm.transactions": [money("0", "2024-02-10", "0")]}, FEBRUARY),
    "a refund of nothing known": ({"crm.transactions": [money("0", "2024-02-10", "5", "refund", account_id="B")]}, FEBRUARY),
    "a failed charge": ({"crm.transactions": [money("0", "2024-02-10", "5", status="failed")]}, JUNE),
    "a won deal": ({"crm.opportunities": [DEAL]}, FEBRUARY),
    "a lost deal": ({"crm.opportunities": [DEAL | {"is_won": "0"}]}, JUNE),
    "a ticket of nobody": ({"support.tickets": [TICKET]}, FEBRUARY),
    "a ticket in spam": ({"support.tickets": [TICKET | {"is_spam": "1"}]}, JUNE),
    "a comment before its ticket": (
        {"support.tickets": [TICKET], "support.ticket_events": [
            {"event_id": "e", "ticket_id": "t", "occurred_at": "2024-01-31T23:00:00", "event_type": "comment", "actor_type": "customer"}]},
        JANUARY),
    "an outcome due": ({"crm.outcomes": [DUE]}, FEBRUARY),
    "an outcome abandoned before": ({"crm.outcomes": [DUE | {"abandoned_at": "2024-02-09"}]}, JUNE),
    "a day of use": ({"product.usage_days": [
        {"account_id": "A", "contact_id": "K", "used_on": "2024-02-10", "value_events": "0"}]}, FEBRUARY),
    "a touch that is due": ({"crm.touches": [touch("x", "2024-02-10", nurture_point="trial_day_7")]}, FEBRUARY),
    "a touch that is not due": ({"crm.touches": [touch("x", "2024-02-10")]}, JUNE),
    "a hand-off": ({"crm.account_assignments": [
        {"assignment_id": user, "account_id": "A", "user_id": user, "assigned_at": at}
        for user, at in (("u1", "2024-01-10"), ("s1", "2024-02-10"))]}, FEBRUARY),
    "a lead's hand-off": ({"crm.leads": [LEAD | {"qualified_at": "2024-02-10", "sales_user_id": "s1"}]}, FEBRUARY),
    "a referral realised": (
        {"crm.leads": [LEAD | {"qualified_at": "2024-02-10"}],
         "crm.referrals": [{"referral_id": "r", "referrer_account_id": "A", "referred_lead_id": "l", "referred_at": "2024-01-10"}]},
        FEBRUARY),
    # there is nothing to keep before the month after
    "a subscription": ({"crm.subscriptions": [LINE]}, MARCH),
    "an answer of no customer": (
        {"survey.surveys": SURVEYS, "survey.responses": [answer("r", "2024-02-10", "9", survey_id="N")]}, JUNE),
}  # fmt: skip


def begins(folder, more: dict, as_of: str = "2024-07-15T00:00:00", **options) -> tuple[dict, list[date]]:
    """A company with a charge of June, and more; the months of its metrics."""
    tables = {"crm.accounts": accounts("A", "B"), "crm.contacts": CONTACTS, "crm.users": USERS,
              "crm.products": [{"product_id": "P", "product_family": "F"}]}  # fmt: skip
    lines = [money("1", "2024-06-10", "5"), *more.get("crm.transactions", ())]
    result = run(folder, tables | more | {"crm.transactions": lines}, as_of, **options)
    return result, sorted({row["month"] for row in result["metric_values"]})


@pytest.mark.parametrize("fact", EARLIER)
def test_metrics_begin_with_the_first_fact_that_any_of_them_counts(tmp_path, fact):
    more, first = EARLIER[fact]
    result, months = begins(tmp_path, more)
    assert months == [date(2024, month, 1) for month in range(first.month, 8)]
    company = [row for row in result["metric_values"] if row["subject_type"] == "company"]
    names = {row["metric_name"] for row in company}
    assert len(names) == 30
    assert {(row["metric_name"], row["month"]) for row in company} == {
        (name, month) for name in names for month in months
    }
    assert values(result, "cltv_growth")[JUNE]["value"] == 5
    assert {row["coverage"] for row in values(result, "csat").values()} == {None, 0} if first < JUNE else {0}


def test_the_clock_of_time_to_value_is_a_fact(tmp_path):
    wanted = {"crm.outcomes": [DUE | {"due_at": ""}]}
    assert begins(tmp_path, wanted)[1][0] == JUNE
    assert begins(tmp_path, wanted, ttv_clock="outcome_defined")[1][0] == date(2023, 12, 1)


def test_a_help_desk_without_money_has_its_figures(tmp_path):
    """A ticket answered after 30 minutes on 31 January, local time, one that waits, and a rating."""
    comment = {"event_type": "comment", "actor_type": "customer"}
    result = run(tmp_path, {
        "crm.accounts": accounts("A"), "crm.users": USERS, "survey.surveys": SURVEYS,
        "support.tickets": [TICKET | {"ticket_id": key, "created_at": at, "account_id": "A"}
                            for key, at in (("1", "2024-02-01T04:00:00"), ("2", "2024-03-31T00:00:00"))],
        "support.ticket_events": [comment | {"event_id": "1", "ticket_id": "1", "occurred_at": "2024-02-01T04:00:00"},
                                  comment | {"event_id": "2", "ticket_id": "1", "occurred_at": "2024-02-01T04:30:00",
                                             "actor_type": "agent", "actor_user_id": "u1"}],
        "survey.responses": [answer("1", "2024-02-02", "3", survey_id="R", contact_id="", about_type="ticket", about_id="1")],
    }, as_of="2024-04-01T04:00:00", reporting_timezone="America/New_York")  # fmt: skip
    waits = values(result, "first_response_median")
    assert {month: (row["n"], row["value"], row["coverage"], row["is_complete"]) for month, row in waits.items()} == {
        JANUARY: (1, 30, 1, True), FEBRUARY: (0, None, None, True), MARCH: (1, None, 0, True), APRIL: (0, None, None, False),
    }  # fmt: skip
    assert {(row["value"], row["coverage"]) for row in values(result, "cltv_growth").values()} == {(0, None)}
    assert {row["value"] for row in values(result, "reversal_rate").values()} == {None}
    (company,) = result["ppp_summary"]
    assert [company[name] for name in ("customers", "cltv", "cltv_without_customer", "ppp_yield")] == [0, 0, 0, None]
    assert [(row["user_id"], row["n_customers"]) for row in result["employee_ratings"]] == [("u1", 1)]
    # a moment earlier the last day of March is not over
    march = run(tmp_path, as_of="2024-04-01T03:59:59.999999", reporting_timezone="America/New_York")
    assert {month: row["is_complete"] for month, row in values(march, "first_response_median").items()} == {
        JANUARY: True, FEBRUARY: True, MARCH: False}  # fmt: skip


def test_a_company_without_any_fact_has_no_months(tmp_path):
    assert (
        run(tmp_path, {"crm.accounts": accounts("A"), "crm.touches": [touch("x", "2024-02-10")]})["metric_values"] == []
    )


# ---------------------------------------------------------------------------------------------------------------- pay


def test_months_of_pay_before_the_first_charge_have_lines_of_nothing(tmp_path):
    plan = {"plan_id": "P", "plan_version": "1", "scenario": "actual", "valid_from": "2024-01-01", "valid_to": "",
            "weight": "0.5", "threshold": "", "target": "1", "cap": "1", "accelerated_rate": "1"}  # fmt: skip
    rules = {
        "comp_plans": [plan | {"team": team, "metric_name": name} for team in ("sales", "marketing")
                       for name in ("cltv_growth", "customer_retention")],
        "comp_participants": [{"user_id": "s1", "plan_id": "P", "target_pay": "100", "valid_from": "2024-01-01", "valid_to": ""}],
        "closed_periods": [{"period": month, "closed_at": "2024-07-02T00:00:00", "closed_by": "f"} for month in ("2024-03-01", "2024-04-01")],
    }  # fmt: skip
    rules = {
        name: [{key: typed(key, cell) for key, cell in row.items()} for row in rows] for name, rows in rules.items()
    }
    more = {"support.tickets": [TICKET | {"created_at": "2024-04-10"}],
            "crm.account_assignments": [{"assignment_id": "1", "account_id": "A", "user_id": "s1", "assigned_at": "2024-01-01"}]}  # fmt: skip
    result, months = begins(tmp_path, more, rules=rules)
    assert months[0] == APRIL
    lines = by(result["comp_statement_lines"], "period", "metric_name")
    assert {key: (row["payable_value"], row["payout"]) for key, row in lines.items() if key[0] < JUNE} == {
        (APRIL, "cltv_growth"): (0, 0), (APRIL, "customer_retention"): (None, 0),
        (MAY, "cltv_growth"): (0, 0), (MAY, "customer_retention"): (None, 0),
    }  # fmt: skip
    assert lines[JUNE, "cltv_growth"]["payout"] == 50
    # a close of March, before the first fact, has no lines
    assert {row["period"]: row["line_count"] for row in result["comp_period_closes"]} == {MARCH: 0, APRIL: 2}
    own = [row for row in result["metric_values"] if row["subject_id"] == "s1" and row["month"] == APRIL]
    assert {row["metric_name"]: row["value"] for row in own}["cltv_growth"] == 0
    assert all(row["closed_at"] == datetime(2024, 7, 2) for row in result["comp_period_closes"])
