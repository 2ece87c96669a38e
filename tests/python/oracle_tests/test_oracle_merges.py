"""The oracle rolls up merged users, leads and deals, and knows each user's team of the moment, as worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, CONTRACT, answer, by, money, run, write
from oracle.compensation import typed
from oracle.people import owner_at_close
from oracle.world import World

LEAD = {"created_at": "2024-01-01", "account_id": "A"}
DEAL = {"account_id": "A", "created_at": "2024-01-01"}
SURVEY = {"survey_id": "S", "survey_type": "csat", "scale_min": "1", "scale_max": "5"}


def user(key: str, team: str = "sales", into: str = "", **more) -> dict:
    return {"user_id": key, "team": team, "merged_into_user_id": into, **more}


def deal(key: str, into: str = "", **more) -> dict:
    return DEAL | {"opportunity_id": key, "merged_into_opportunity_id": into, **more}


def stretch(user_id: str, team: str, since: str) -> dict:
    return {"user_id": user_id, "team": team, "valid_from": since}


def world_of(folder, tables: dict, as_of: str = "2024-12-31T12:00:00") -> World:
    write(folder, tables)
    return World(folder, CONTRACT, datetime.fromisoformat(as_of), "EUR", "UTC")


def states(world: World, table: str) -> dict:
    return {row.key[0]: row.faults[0][0] if row.faults else row.status
            for rows in world.records[table].values() for row in rows}  # fmt: skip


# ------------------------------------------------------------------------------------------------------- merges


def test_merged_users_leads_and_deals_read_as_their_survivors(tmp_path):
    world = world_of(tmp_path, {
        "crm.accounts": [ACCOUNT, {"account_id": "gone", "is_deleted": "1"}, {"account_id": "T", "account_type": "test"}],
        "crm.users": [user("u1", into="u2", is_deleted="1"), user("u2", into="u3"), user("u3", manager_user_id="u1"),
                      user("u4", into="u5"), user("u5", into="u4"), user("u6", into="u7"), user("u7", is_deleted="1")],
        "crm.leads": [{"lead_id": "l1", "merged_into_lead_id": "l2", "owner_user_id": "u1", **LEAD, "account_id": "gone"},
                      {"lead_id": "l2", "merged_into_lead_id": "", "owner_user_id": "u1", **LEAD},
                      {"lead_id": "l3", "merged_into_lead_id": "l9", **LEAD},
                      {"lead_id": "l4", "merged_into_lead_id": "l2", **LEAD, "created_at": "2025-06-01"}],
        "crm.opportunities": [
            deal("d1", "d2", account_id="T"), deal("d2", lead_id="l1"), deal("d3", "d2", account_id="nowhere"),
            deal("d4", "d2", amount="1", currency_code="CHF"), deal("d5", "d4"), deal("d6", account_id="T"), deal("d7", "d6")],
        "crm.touches": [{"touch_id": "t", "occurred_at": "2024-02-01", "channel": "c", "direction": "inbound",
                         "opportunity_id": "d1", "lead_id": "l1", "user_id": "u1"}],
        "survey.surveys": [SURVEY],
        "survey.responses": [
            answer("r1", "2024-03-01", "1", about_type="opportunity", about_id="d1"),
            answer("r2", "2024-03-02", "5", about_type="opportunity", about_id="d2", about_user_id="u1"),
            answer("r3", "2024-03-02", "5", about_type="ticket", about_id="d1")],
    })  # fmt: skip
    assert states(world, "crm.users") == {"u1": "accepted", "u2": "accepted", "u3": "accepted", "u4": "bad_merge",
                                          "u5": "bad_merge", "u6": "excluded", "u7": "deleted"}  # fmt: skip
    assert states(world, "crm.leads") == {"l1": "accepted", "l2": "accepted", "l3": "bad_merge", "l4": "future"}
    # d1's own account says nothing; d3's leads nowhere; d4's money has no rate, so d5's chain ends at nothing; d6 is a test.
    assert states(world, "crm.opportunities") == {
        "d1": "accepted", "d2": "accepted", "d3": "orphan", "d4": "missing_exchange_rate", "d5": "bad_merge",
        "d6": "excluded", "d7": "excluded"}  # fmt: skip
    touch = world.find("crm.touches", "t")
    assert [touch[name] for name in ("opportunity_id", "lead_id", "user_id")] == ["d2", "l2", "u3"]
    assert world.find("crm.users", "u1")["manager_user_id"] == "u3"
    assert world.find("crm.opportunities", "d2")["lead_id"] == "l2"
    assert [row["user_id"] for row in world.unmerged("crm.users")] == ["u3"]
    assert {row["response_id"]: row["about_id"] for row in world.accepted("survey.responses")} == {
        "r1": "d2", "r2": "d2", "r3": "d1"}  # fmt: skip
    assert [row for row in world.broken_references() if row["input_table"] == "crm.leads"] == [
        {"input_table": "crm.leads", "column_name": "account_id", "rows": 1, "distinct_values": 1, "examples": ["gone"]}]  # fmt: skip


def test_answers_about_merged_deals_are_about_one_thing(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("u1", into="u2"), user("u2")],
        "crm.contacts": [{"contact_id": "K", "account_id": "A", "created_at": "2024-01-01"}],
        "crm.opportunities": [deal("d1", "d2", owner_user_id="x"), deal("d2", owner_user_id="u1")],
        "survey.surveys": [SURVEY],
        "survey.responses": [answer("r1", "2024-03-01", "1", about_type="opportunity", about_id="d1"),
                             answer("r2", "2024-03-02", "5", about_type="opportunity", about_id="d2")],
    })  # fmt: skip
    found = [(row["response_id"], row["about_id"], row["about_user_id"]) for row in result["fct_survey_responses"]]
    assert found == [("r2", "d2", "u2")]


def test_a_merged_deal_does_not_say_who_closed_its_survivor(tmp_path):
    """d1 was closed by s1 before d2 was by s2; d2's earliest closed version counts, and its user is s3 by now."""
    closed = {"closed_at": "2024-02-01", "is_won": "1"}
    world = world_of(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("s1"), user("s2", into="s3"), user("s3"), user("s4")],
        "crm.opportunities": [
            deal("d1", "d2", owner_user_id="s1", _loaded_at="2024-02-02", **closed),
            deal("d2", "", owner_user_id="s2", _loaded_at="2024-02-03", **closed),
            deal("d2", "", owner_user_id="s4", _loaded_at="2024-02-04", **closed)],
    })  # fmt: skip
    assert owner_at_close(world, world.find("crm.opportunities", "d1")) == "s3"


def credit_of(result: dict, transaction_id: str) -> list[tuple]:
    return [(row["rule"], row["user_id"], row["weight"], row["source_id"]) for row in result["credit_transactions"]
            if row["side"] == "sales" and row["transaction_id"] == transaction_id and row["weight"] > 0]  # fmt: skip


def test_shares_of_merged_users_are_added_and_those_of_merged_deals_are_not(tmp_path):
    """Thirds of s1, s2 and s3, of which s2 is s1 by now: .333333333333 + .333333333333, and s3 the rest."""
    shares = {"d2": {"s1": "0.333333", "s2": "0.333333", "s3": "0.333333"}, "d1": {"s3": "1"}, "d3": {"s2": "1"}}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("s1"), user("s2", "marketing", into="s1"), user("s3")],
        "crm.opportunities": [deal("d1", "d2"), deal("d2"), deal("d3", "d4"), deal("d4", owner_user_id="s3")],
        "crm.opportunity_splits": [{"opportunity_id": key, "user_id": seller, "share": share}
                                   for key, own in shares.items() for seller, share in own.items()],
        "crm.transactions": [money("t1", "2024-03-01", "1", opportunity_id="d1"),
                             money("t2", "2024-03-01", "1", opportunity_id="d3")],
    })  # fmt: skip
    assert credit_of(result, "t1") == [("deal_split", "s1", Decimal("0.666666666666"), "d2:s1"),
                                       ("deal_split", "s3", Decimal("0.333333333334"), "d2:s3")]  # fmt: skip
    assert credit_of(result, "t2") == [("deal_owner", "s3", 1, "d4")]
    assert {row["input_table"]: row["accepted"] for row in result["input_reconciliation"]}[
        "crm.opportunity_splits"
    ] == 5


def test_merged_leads_and_deals_count_in_no_figure_by_themselves(tmp_path):
    """The earliest lead and the first won deal merged into later ones; a deal without created_at is no touch point."""
    campaign = {"campaign_name": "m", "channel": "c", "owner_user_id": ""}
    won = {"closed_at": "2024-03-01T00:00Z", "is_won": "1", "amount": "5", "currency_code": "EUR"}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("m1", "marketing"), user("s1")],
        "crm.campaigns": [campaign | {"campaign_id": f"M{place}"} for place in range(4)],
        "crm.leads": [{**LEAD, "lead_id": "l1", "merged_into_lead_id": "l2", "campaign_id": "M0", "channel": "old",
                       "owner_user_id": "m1", "sales_user_id": "s1", "qualified_at": "2024-01-05"},
                      {**LEAD, "lead_id": "l2", "created_at": "2024-02-01", "campaign_id": "M1", "channel": "new"}],
        "crm.opportunities": [deal("d1", "d2", campaign_id="M2", **won | {"closed_at": "2024-02-15T00:00Z"}),
                              deal("d2", campaign_id="M3", **won) | {"created_at": ""}],
        "crm.transactions": [money("t1", "2024-03-15", "1")],
    }, ttv_clock="won")  # fmt: skip
    (customer,) = result["dim_customers"]
    assert (customer["acquisition_campaign_id"], customer["acquisition_channel"]) == ("M1", "new")
    assert {row["campaign_id"] for row in result["customer_attribution"]} == {"M1"}
    assert result["fct_handoffs"] == []
    bookings = [row["value"] for row in result["metric_values"] if row["metric_name"] == "bookings"
                and row["subject_type"] == "company" and row["month"] == date(2024, 3, 1)]  # fmt: skip
    assert bookings == [5]


def test_staff_is_also_who_merged(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT, {"account_id": "B"}],
        "crm.users": [user("u1", into="u2", email="old@x"), user("u2", email="new@x"), user("b1", into="b2", email="bot@x"),
                      user("b2", is_bot="1")],
        "crm.contacts": [{"contact_id": key, "account_id": "A", "email": f"{key}@X", "created_at": "2024-01-01"}
                         for key in ("old", "bot")],
        "crm.leads": [{"lead_id": key, "created_at": "2024-01-01", "account_id": "B"} for key in ("l1", "l2")],
        "crm.referrals": [{"referral_id": lead, "referrer_account_id": "A", "referrer_contact_id": contact,
                           "referred_lead_id": lead, "referred_at": "2024-02-01"}
                          for lead, contact in (("l1", "old"), ("l2", "bot"))],
    })  # fmt: skip
    assert {row["referral_id"]: row["is_counted"] for row in result["fct_referrals"]} == {"l1": False, "l2": True}


@pytest.mark.parametrize(
    "created, closed, rate",
    [
        ("2024-02-01", "2024-03-01", 2),
        ("", "2024-03-01", 3),
        ("", "", 4),
        ("", "2025-03-01", 4),  # after as_of
    ],
)
def test_the_rate_day_of_a_deal(tmp_path, created, closed, rate):
    rates = [{"from_currency": "USD", "to_currency": "EUR", "valid_on": f"2024-0{month}-01", "rate": str(month)}
             for month in (1, 2, 3, 4)]  # fmt: skip
    one = deal("d", amount="1", currency_code="usd", closed_at=closed) | {"created_at": created}
    world = world_of(tmp_path, {"crm.accounts": [ACCOUNT], "crm.exchange_rates": rates, "crm.opportunities": [one]})
    assert world.find("crm.opportunities", "d")["exchange_rate"] == rate


# -------------------------------------------------------------------------------------------- teams at the moment


def test_the_team_of_a_user_at_a_moment(tmp_path):
    world = world_of(tmp_path, {
        "crm.users": [user("u1", "other"), user("u2", "support"), user("u3", "success", into="u1"), user("u4", "sales", into="u2")],
        "crm.user_teams": [
            stretch("u1", "marketing", "2024-03-01T00:00Z"), stretch("u1", "sales", "2024-06-01T00:00Z"),
            stretch("u1", "success", "2025-06-01T00:00Z"), stretch("u3", "support", "2024-01-01T00:00Z"),
            stretch("u4", "onboarding", "2024-01-01T00:00Z"), stretch("gone", "sales", "2024-01-01T00:00Z")],
    })  # fmt: skip
    moments = ("2024-01-01T00:00:00", "2024-05-31T23:59:59.999999", "2024-06-01T00:00:00", "2026-01-01T00:00:00")
    for key in ("u1", "u3"):  # the row of 2025 is future
        assert [world.team_at(key, datetime.fromisoformat(moment)) for moment in moments] == [
            "marketing", "marketing", "sales", "sales"]  # fmt: skip
    assert {world.team_at(key, world.as_of) for key in ("u2", "u4")} == {"support"}
    assert [row["faults"] for row in world.quarantined()] == [[["orphan", "user_id"]]]


def test_shares_and_assignments_by_the_team_of_the_moment(tmp_path):
    """s1 went from sales to success on the first of April: the deal of March has its share, the one of May has none, and
    the user who answers for the account on a day is asked by that day's team.
    """
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("s1", "success"), user("s2")],
        "crm.user_teams": [stretch("s1", "sales", "2024-01-01T00:00Z"), stretch("s1", "success", "2024-04-01T00:00Z")],
        "crm.opportunities": [deal("d1", closed_at="2024-03-31T00:00Z", is_won="0"), deal("d2", closed_at="2024-05-01T00:00Z"),
                              deal("d3", owner_user_id="s2")],
        "crm.opportunity_splits": [
            {"opportunity_id": key, "user_id": seller, "share": share} for key, seller, share in
            (("d1", "s1", "0.5"), ("d1", "s2", "0.5"), ("d2", "s1", "0.5"), ("d2", "s2", "0.5"), ("d3", "s1", "1"))],
        "crm.account_assignments": [{"assignment_id": "1", "account_id": "A", "user_id": "s2", "assigned_at": "2024-01-01"},
                                    {"assignment_id": "2", "account_id": "A", "user_id": "s1", "assigned_at": "2024-02-01"}],
        "crm.transactions": [money("t1", "2024-05-02", "1", opportunity_id="d1"), money("t3", "2024-05-02", "1", opportunity_id="d3"),
                             money("t4", "2024-03-31T23:59:59Z", "1"), money("t5", "2024-04-01T00:00Z", "1")],
    })  # fmt: skip
    half = Decimal("0.5")
    assert credit_of(result, "t1") == [("deal_split", "s1", half, "d1:s1"), ("deal_split", "s2", half, "d1:s2")]
    # of d2 each team has half a deal, which is not the whole: both shares are out
    assert {(row["row_key"], row["reason"]) for row in result["quarantined"]} == {
        ("d2|s1", "bad_split"),
        ("d2|s2", "bad_split"),
    }
    assert credit_of(result, "t3") == [("deal_owner", "s2", 1, "d3")]  # as of as_of, s1 is in success
    assert credit_of(result, "t4") == [("assigned_sales", "s1", 1, "2")]
    assert credit_of(result, "t5") == [("assigned_sales", "s2", 1, "1")]


def test_hand_offs_by_the_teams_at_their_moment(tmp_path):
    """u1 was in sales until March and is in success since: as of April, u2 of success takes over from a colleague."""

    def assigned(key: str, user_id: str, at: str) -> dict:
        return {"assignment_id": key, "account_id": "A", "user_id": user_id, "assigned_at": at}

    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("u1", "success"), user("u2", "success"), user("u3", "support"),
                                                 user("u4", "sales")],
        "crm.user_teams": [stretch("u1", "sales", "2024-01-01T00:00Z"), stretch("u1", "success", "2024-03-01T00:00Z")],
        "crm.account_assignments": [assigned("1", "u1", "2024-01-05"), assigned("2", "u2", "2024-02-01"),
                                    assigned("3", "u1", "2024-02-10"), assigned("4", "u2", "2024-04-01"),
                                    assigned("5", "u3", "2024-04-02"), assigned("6", "u1", "2024-04-20")],
        "crm.leads": [LEAD | {"lead_id": "L", "owner_user_id": "u4", "sales_user_id": "u1", "qualified_at": "2024-02-28"}],
    })  # fmt: skip
    found = {
        row["handoff_id"]: (row["from_team"], row["to_team"], row["is_returned"]) for row in result["fct_handoffs"]
    }
    assert found == {
        "account:2": ("sales", "success", True), "account:3": ("success", "sales", False),
        "account:5": ("success", "support", True), "account:6": ("support", "success", False),
        "lead:L": ("sales", "sales", False)}  # fmt: skip


def test_ratings_tickets_scoreboard_and_pay_by_team(tmp_path):
    """u went from marketing to sales in the middle of April; its pay and its metrics of a month go by the last day."""
    rules = {
        "comp_plans": [{"plan_id": "P", "plan_version": "1", "scenario": "actual", "valid_from": "2024-01-01", "valid_to": "",
                        "team": team, "metric_name": "cltv_growth", "weight": "1", "threshold": "", "target": "100",
                        "cap": "", "accelerated_rate": "1"} for team in ("marketing", "sales")],
        "comp_participants": [{"user_id": "u", "plan_id": "P", "target_pay": "1000", "valid_from": "2024-01-01", "valid_to": ""}],
    }  # fmt: skip
    rules = {
        name: [{key: typed(key, cell) for key, cell in row.items()} for row in rows] for name, rows in rules.items()
    }
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.users": [user("u", "other")],
        "crm.user_teams": [stretch("u", "marketing", "2024-01-01T00:00Z"), stretch("u", "sales", "2024-04-15T00:00Z"),
                           stretch("u", "other", "2024-06-02T00:00Z")],
        "crm.leads": [LEAD | {"lead_id": "L", "owner_user_id": "u"}],
        "crm.account_assignments": [{"assignment_id": "1", "account_id": "A", "user_id": "u", "assigned_at": "2024-01-01"}],
        "crm.transactions": [money("t3", "2024-03-10", "10"), money("t4", "2024-04-10", "20"), money("t5", "2024-04-20", "40"),
                             money("t6", "2024-06-10", "80")],
        "support.tickets": [{"ticket_id": "T", "created_at": "2024-04-01", "account_id": "A"}],
        "support.ticket_events": [{"event_id": "e", "ticket_id": "T", "occurred_at": "2024-04-02", "event_type": "comment",
                                   "actor_type": "agent", "actor_user_id": "u"}],
        "survey.surveys": [SURVEY],
        "survey.responses": [answer("r", "2024-05-01", "5", about_user_id="u", contact_id="")],
    }, as_of="2024-06-20T00:00:00", rules=rules)  # fmt: skip
    assert [row["team"] for row in result["employee_ratings"]] == ["other"]
    teams = {(row["month"], row["subject_id"]) for row in result["ticket_times"]
             if row["subject_type"] == "team" and row["measure"] == "first_response"}  # fmt: skip
    assert teams == {(date(2024, 4, 1), "sales"), (None, "other")}
    # In March u has the marketing side's 10; in April, as a seller, only 40: on the tenth it was assigned, but no seller.
    own = {row["month"].month: row["value"] for row in result["metric_values"]
           if row["metric_name"] == "cltv_growth" and row["subject_type"] == "employee"}  # fmt: skip
    assert own == {3: 10, 4: 40, 5: 0, 6: 0}
    lines = by(result["comp_statement_lines"], "period")
    assert {period.month: (row["team"], row["payable_value"], row["payout"]) for period, row in lines.items()} == {
        3: ("marketing", 10, Decimal("100.00")), 4: ("sales", 40, Decimal("400.00")), 5: ("sales", 0, 0)}  # fmt: skip


# --------------------------------------------------------------------------------------------------- night shifts


def ticket_minutes(
    folder, stretches: list[tuple], asked: str, answered: str, holidays=(), zone: str = "UTC"
) -> Fraction | None:
    (folder / "crm").mkdir(exist_ok=True)
    at = {"ticket_id": "T", "event_type": "comment"}
    result = run(folder, {
        "support.tickets": [{"ticket_id": "T", "schedule_id": "s", "created_at": asked}],
        "support.ticket_events": [at | {"event_id": "1", "occurred_at": asked, "actor_type": "customer"},
                                  at | {"event_id": "2", "occurred_at": answered, "actor_type": "agent"}],
        "support.schedules": [dict(zip(("schedule_id", "weekday", "starts_minute", "ends_minute", "timezone"),
                                       ("s", *stretch, zone))) for stretch in stretches],
        "support.holidays": [{"schedule_id": "s", "holiday_on": day} for day in holidays],
    }, "2026-12-31T00:00:00")  # fmt: skip
    return result["fct_tickets"][0]["first_response_business_minutes"]


@pytest.mark.parametrize(
    "stretches, holidays, expected",
    [
        # Friday is the 6th of March 2026. 22:00 to 6:00 is 8 hours, of which 2 are before midnight.
        ([(5, 1320, 360)], (), 480),
        ([(5, 1320, 360)], ("2026-03-07",), 120),
        ([(5, 1320, 360)], ("2026-03-06",), 360),
        ([(7, 1320, 360)], (), 480),  # Sunday into Monday
        ([(5, 1320, 0)], (), 120),  # to midnight
        ([(5, 1440, 360)], (), 360),  # all of it is on Saturday
        ([(5, 1440, 360)], ("2026-03-06",), 360),
        ([(5, 1320, 360), (6, 300, 420), (5, 1380, 1440)], (), 540),  # what overlaps counts once: 22:00 to 7:00
        ([(5, 361, 360)], (), 1439),
    ],
)
def test_a_night_shift_runs_into_the_next_day(tmp_path, stretches, holidays, expected):
    """Asked on Thursday the 5th at noon and answered on Wednesday the 11th at noon: each weekday's night once."""
    assert ticket_minutes(tmp_path, stretches, "2026-03-05T12:00", "2026-03-11T12:00", holidays) == expected


def test_a_night_shift_over_the_change_of_the_clock(tmp_path):
    """In Berlin the night to the 29th of March 2026 has no hour from 2:00 to 3:00: 22:00 to 6:00 is 7 hours."""
    found = ticket_minutes(tmp_path, [(6, 1320, 360)], "2026-03-28T12:00", "2026-03-29T12:00", zone="Europe/Berlin")
    assert found == 420
    # asked at 23:30 local and answered at 4:15 local: 3 hours and 45 minutes
    found = ticket_minutes(tmp_path, [(6, 1320, 360)], "2026-03-28T22:30", "2026-03-29T02:15", zone="Europe/Berlin")
    assert found == 225


def test_assignments_to_merged_users_are_no_transfers(tmp_path):
    words = ["u1", "u2 ", "nobody", "", "u3", "u1"]
    result = run(tmp_path, {
        "crm.users": [user("u1", "support", into="u2"), user("u2", "support"), user("u3", "support")],
        "support.tickets": [{"ticket_id": "T", "created_at": "2024-01-01T00:00Z"}],
        "support.ticket_events": [
            {"event_id": f"e{place}", "ticket_id": "T", "occurred_at": f"2024-01-02T0{place}:00Z", "event_type": "assignment",
             "actor_type": "system", "new_value": word} for place, word in enumerate(words)],
    })  # fmt: skip
    assert [(row["event_id"], row["from_user_id"], row["to_user_id"]) for row in result["fct_ticket_transfers"]] == [
        ("e4", "u2", "u3"), ("e5", "u3", "u2")]  # fmt: skip
    assert result["fct_tickets"][0]["assignee_user_id"] == "u2"
