"""The oracle computes support, the rating policy, fair ratings and usage as worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, answer, by, run

USERS = [{"user_id": key, "team": "support"} for key in ("u1", "u2", "u3")]
USERS += [{"user_id": "s1", "team": "success"}, {"user_id": "bot", "team": "support", "is_bot": "1"}]
WEEK = range(1, 8)


def schedule(key: str, zone: str, weekdays, *stretches: tuple[int, int]) -> list[dict]:
    return [{"schedule_id": key, "weekday": weekday, "starts_minute": starts, "ends_minute": ends, "timezone": zone}
            for weekday in weekdays for starts, ends in stretches]  # fmt: skip


def event(key: str, ticket_id: str, moment: str, actor: str = "agent", user: str = "u1", **more) -> dict:
    return {"event_id": key, "ticket_id": ticket_id, "occurred_at": moment, "event_type": "comment",
            "actor_type": actor, "actor_user_id": user if actor == "agent" else "", **more}  # fmt: skip


def changed(key: str, ticket_id: str, moment: str, kind: str, value: str) -> dict:
    return event(key, ticket_id, moment, event_type=kind, new_value=value)


def support(folder, tickets: list[dict], events: list[dict], as_of: str, schedules=(), holidays=(), **options) -> dict:
    tables = {"crm.users": USERS, "support.tickets": tickets, "support.ticket_events": events}
    return run(folder, tables | {"support.schedules": [*schedules], "support.holidays": [*holidays]}, as_of, **options)


def test_business_minutes_over_a_week_end_and_a_holiday(tmp_path):
    asked = {"created_at": "2026-03-27T14:00:00"}
    result = support(
        tmp_path,
        [{"ticket_id": key, "schedule_id": office, **asked} for key, office in
         (("T1", "office"), ("T2", "closed"), ("T3", "twice"), ("T4", "none"), ("T5", ""))],
        [event(f"{number}{key}", key, moment, actor) for key in ("T1", "T2", "T3", "T4", "T5")
         for number, moment, actor in ((1, "2026-03-27T15:00:00", "customer"), (2, "2026-03-30T08:00:00", "agent"))],
        "2026-04-01T00:00:00",
        [*schedule("office", "Europe/Berlin", range(1, 6), (540, 1020)),
         *schedule("closed", "Europe/Berlin", range(1, 6), (540, 1020)),
         *schedule("twice", "Europe/Berlin", range(1, 6), (540, 600), (570, 585), (990, 1020), (960, 1000))],
        [{"schedule_id": "closed", "holiday_on": "2026-03-30"}],
    )  # fmt: skip
    tickets = by(result["fct_tickets"], "ticket_id")
    # Friday 16:00 in Berlin, winter, to Monday 10:00, summer: 65 hours. Friday's last hour and Monday's first; of the
    # holiday nothing. What overlaps counts once: 16:00-17:00 and 9:00-10:00.
    assert {row["first_response_minutes"] for row in tickets.values()} == {3900}
    assert {key: row["first_response_business_minutes"] for key, row in tickets.items()} == {
        "T1": 120, "T2": 60, "T3": 120, "T4": None, "T5": None}  # fmt: skip
    assert tickets["T1"]["first_response_last_schedule_minutes"] == 120
    assert tickets["T5"]["first_response_last_schedule_minutes"] is None
    assert tickets["T1"]["clock_started_at"] == datetime(2026, 3, 27, 15)


@pytest.mark.parametrize(
    "zone, weekday, stretch, sunday, expected",
    [
        ("Europe/Berlin", 7, (0, 1440), "2026-03-29", 23 * 60),
        ("Europe/Berlin", 7, (120, 180), "2026-03-29", 0),  # the hour that is not there
        ("Europe/Berlin", 7, (60, 150), "2026-03-29", 60),  # ends in the gap: at the change
        ("Europe/Berlin", 7, (150, 240), "2026-03-29", 60),  # starts in the gap: at the change
        ("Europe/Berlin", 7, (0, 1440), "2026-10-25", 25 * 60),
        ("Europe/Berlin", 7, (120, 150), "2026-10-25", 30),  # to the first 02:30
        ("Europe/Berlin", 7, (150, 180), "2026-10-25", 90),  # from the first 02:30 to 03:00, which comes once
        ("Europe/Berlin", 7, (60, 240), "2026-10-25", 240),
        ("America/Santiago", 6, (1380, 1440), "2026-04-05", 120),  # midnight becomes 23:00
        ("America/Santiago", 7, (0, 60), "2026-04-05", 60),
        ("America/Santiago", 7, (0, 60), "2026-09-06", 0),  # midnight becomes 01:00
        ("America/Santiago", 7, (30, 90), "2026-09-06", 30),
        ("Australia/Lord_Howe", 7, (90, 120), "2026-04-05", 60),  # 02:00 becomes 01:30
        ("Australia/Lord_Howe", 7, (60, 150), "2026-10-04", 60),  # 02:00 becomes 02:30
        ("Asia/Kathmandu", 7, (60, 150), "2026-10-04", 90),
    ],
)
def test_working_time_where_the_clock_changes(tmp_path, zone, weekday, stretch, sunday, expected):
    day = date.fromisoformat(sunday)
    result = support(
        tmp_path, [{"ticket_id": "T", "schedule_id": "s", "created_at": f"{day.replace(day=day.day - 2)}"}],
        [event("e", "T", f"{day.replace(day=day.day + 2)}")], "2027-01-01T00:00:00", schedule("s", zone, [weekday], stretch),
    )  # fmt: skip
    (ticket,) = result["fct_tickets"]
    assert (ticket["first_response_business_minutes"], ticket["first_response_minutes"]) == (expected, 4 * 1440)


def test_schedules_in_force(tmp_path):
    monday, tuesday = "2026-03-02T{}:00", "2026-03-03T{}:00"
    tickets = [{"ticket_id": f"T{number}", "schedule_id": "office", "created_at": monday.format("15:00")}
               for number in range(1, 8)]  # fmt: skip
    events = [event(f"a{number}", f"T{number}", tuesday.format("01:00")) for number in (1, 2, 3, 6)]
    events += [
        changed(f"b{number}", f"T{number}", monday.format("18:00"), "schedule", "always") for number in (1, 2, 3, 4)
    ]
    events += [
        changed("c2", "T2", tuesday.format("02:00"), "schedule", "office"),  # after the response
        changed("c3", "T3", monday.format("20:00"), "schedule", "nowhere"),
        changed("d3", "T3", monday.format("20:01"), "schedule", "always"),
        changed("d5", "T5", monday.format("15:00"), "schedule", "always"),  # from the start on
        event("e5", "T5", monday.format("15:00"), user="nobody"),  # at once
        changed("a6", "T6", monday.format("14:00"), "schedule", "office"),  # before creation, then again at one moment
        changed("z6", "T6", monday.format("14:00"), "schedule", "always"),
    ]
    events += [event("e7", "T7", monday.format("15:00")), changed("f7", "T7", monday.format("15:00"), "schedule", "")]
    events = [row for row in events if (row["event_id"], row["event_type"]) != ("a6", "comment")]
    events.append(event("y6", "T6", tuesday.format("01:00")))
    result = support(
        tmp_path, tickets, events, "2026-03-04T00:00:00",
        [*schedule("office", "UTC", range(1, 6), (540, 1020)), *schedule("always", "UTC", WEEK, (0, 1440))],
    )  # fmt: skip
    found = {row["ticket_id"]: [row[f"first_response_{name}_minutes"] for name in ("business", "last_schedule")]
             for row in result["fct_tickets"]}  # fmt: skip
    # The office from 15:00 to 17:00, then from 18:00 to 01:00 always: 120 + 420; always: 10 hours. T3 has a minute
    # without schedule; T4 waits; T6 was always "always"; T7 has no schedule in its only moment.
    assert found == {"T1": [540, 600], "T2": [540, 120], "T3": [None, 600], "T4": [None, None], "T5": [0, 0],
                     "T6": [600, 600], "T7": [None, None]}  # fmt: skip
    tickets = by(result["fct_tickets"], "ticket_id")
    # 120, and from Monday 18:00 to Wednesday 0:00 30 hours
    assert tickets["T4"]["is_unanswered"] and tickets["T4"]["waiting_business_minutes"] == 120 + 30 * 60
    assert tickets["T4"]["waiting_minutes"] == 33 * 60
    assert not tickets["T5"]["is_unanswered"] and tickets["T5"]["first_responder_user_id"] is None
    assert tickets["T1"]["waiting_minutes"] is tickets["T1"]["waiting_business_minutes"] is None


def test_resolution_transfers_and_priority(tmp_path):
    statuses = ["solved", "open", "", "solved", "closed", "", "solved"]
    assignees = ["u1", "u2", "u1", "", "u1", "bot", "nobody", "u2"]
    result = support(
        tmp_path,
        [{"ticket_id": "T1", "created_at": "2024-01-01T08:00:00", "priority": "low"},
         {"ticket_id": "T2", "created_at": "2024-01-01T08:00:00", "priority": "low"},
         {"ticket_id": "T3", "created_at": "2024-01-01T08:00:00", "is_spam": "1"},
         {"ticket_id": "T4", "created_at": "2024-01-01T08:00:00", "merged_into_ticket_id": "T3"},
         {"ticket_id": "T5", "created_at": "2024-01-01T08:00:00", "merged_into_ticket_id": "nowhere"}],
        [*(changed(f"s{hour}", "T1", f"2024-01-01T{9 + hour:02}:00", "status", value)
           for hour, value in enumerate(statuses)),
         *(changed(f"a{hour}", "T1", f"2024-01-01T{9 + hour:02}:00", "assignment", value)
           for hour, value in enumerate(assignees)),
         *(changed(f"p{hour}", "T1", f"2024-01-01T{9 + hour:02}:00", "priority", value)
           for hour, value in enumerate(["", "urgent", "high"])),
         changed("x1", "T2", "2024-01-01T07:00", "status", "solved"),
         changed("x2", "T2", "2024-01-01T07:00", "assignment", "bot")],
        "2024-01-02T00:00:00",
    )  # fmt: skip
    tickets = by(result["fct_tickets"], "ticket_id")
    assert set(tickets) == {"T1", "T2", "T5"}
    names = ("resolved_at", "resolution_minutes", "reopen_count", "transfer_count", "assignee_user_id")
    names += ("priority_at_creation",)
    # solved 9:00, open 10:00, solved 12:00, closed 13:00, unknown and so not solved 14:00, solved from 15:00 on. Changes:
    # u1 u2, u2 u1, u1 bot, and bot u2, as nobody is passed over.
    assert [tickets["T1"][name] for name in names] == [datetime(2024, 1, 1, 15), 420, 2, 4, "u2", "urgent"]
    assert [tickets["T2"][name] for name in names] == [datetime(2024, 1, 1, 7), 0, 0, 0, None, "low"]
    assert [tickets["T5"][name] for name in names] == [None, None, 0, 0, None, None]
    assert [(row["event_id"], row["from_user_id"], row["to_user_id"]) for row in result["fct_ticket_transfers"]] == [
        ("a1", "u1", "u2"), ("a2", "u2", "u1"), ("a5", "u1", "bot"), ("a7", "bot", "u2"),
    ]  # fmt: skip


def test_kaplan_meier_quantiles(tmp_path):
    """10, 20, 30 answered; 20, 40 not yet. S: 4/5, then 3/5 (4 at risk, the waiting one of 20 too), then 3/10 (2)."""
    created = {"T10": "11:00", "T20": "11:00", "T30": "11:00", "W20": "11:40", "W40": "11:20"}
    result = support(
        tmp_path,
        [{"ticket_id": key, "created_at": f"2024-01-31T{moment}", "channel": "mail"} for key, moment in created.items()],
        [event(f"e{key}", key, f"2024-01-31T11:{key[1:]}", user="s1" if key == "T30" else "u1")
         for key in ("T10", "T20", "T30")] + [changed("w", "W20", "2024-01-31T11:50", "assignment", "s1")],
        "2024-01-31T12:00:00",
    )  # fmt: skip
    times = by(result["ticket_times"], "measure", "subject_type", "subject_id", "month")
    names = [f"{name}_{end}" for name in ("median", "p90") for end in ("minutes", "low", "high")]
    # Lower bounds S ** exp(z sqrt(greenwood) / -ln S): .8 ** 7.13 = .204, .6 ** 4.06 = .126, .3 ** 3.65 = .012;
    # the upper one ends at .3 ** .274 = .719.
    for subject in (("company", "all"), ("channel", "mail"), ("priority", "(none)")):
        for month in (None, date(2024, 1, 1)):
            row = times["first_response", *subject, month]
            assert [row["tickets"], row["events"]] == [5, 3]
            assert [row[name] for name in names] == [30, 10, None, None, 30, None]
    counts = {key[1:3]: (row["tickets"], row["events"], row["median_minutes"]) for key, row in times.items()
              if key[0] == "first_response" and key[3] is None and key[1] in ("team", "employee")}  # fmt: skip
    # u1: 10 and 20, S = 1/2 at 10. s1: 30, and 20 waiting for s1: S = 0 at 30.
    assert counts == {("team", "support"): (2, 2, 10), ("employee", "u1"): (2, 2, 10), ("team", "success"): (2, 1, 30),
                      ("employee", "s1"): (2, 1, 30), ("team", "(none)"): (1, 0, None),
                      ("employee", "(none)"): (1, 0, None)}  # fmt: skip
    success = times["first_response", "team", "success", None]
    assert [success[name] for name in names] == [30, 30, 30, 30, 30, 30]
    assert not any(key[0] == "first_response_business" for key in times)
    row = times["resolution", "company", "all", None]
    assert [row["tickets"], row["events"], row["median_low"]] == [5, 0, None]


CONTACTS = [{"contact_id": key, "account_id": "A", "created_at": "2024-01-01"} for key in "KL"]
CONTACTS += [{"contact_id": "M", "account_id": "A", "created_at": "2024-01-01", "merged_into_contact_id": "K"}]
SURVEYS = [
    {"survey_id": "C", "survey_type": "csat", "scale_min": "0", "scale_max": "4"},
    {"survey_id": "N", "survey_type": "nps", "scale_min": "0", "scale_max": "10"},
    {"survey_id": "R", "survey_type": "touch_rating", "scale_min": "1", "scale_max": "5"},
]


def touch(key: str, moment: str, **more) -> dict:
    return {"touch_id": key, "occurred_at": moment, "channel": "mail", "direction": "outbound", "user_id": "u1",
            "contact_id": "K", "account_id": "A", **more}  # fmt: skip


def invitation(key: str, moment: str, about_id: str = "", **more) -> dict:
    kind = "touch" if about_id else "relationship"
    return {"invitation_id": key, "survey_id": "R", "about_type": kind, "about_id": about_id, "sent_at": moment,
            "contact_id": "K", "account_id": "A", **more}  # fmt: skip


TOUCHES = [
    touch("t1", "2024-01-01"), touch("t2", "2024-01-02", contact_id="M", direction="inbound"),
    touch("x1", "2024-01-02", is_automated="1"), touch("x2", "2024-01-02", user_id="bot"),
    touch("x3", "2024-01-02", is_delivered="0"), touch("x4", "2024-01-02", user_id="", nurture_point="trial_day_7"),
    touch("x5", "2024-01-02", contact_id="gone"),
    touch("t3", "2024-01-03"),  # due, and asked about twelve hours later
    touch("t4", "2024-01-04"), touch("t5", "2024-01-05", user_id="u2"),
    touch("t6", "2024-01-17T11:59:59"),  # one second too early
    touch("t7", "2024-01-17T12:00:00", nurture_point="trial_day_7"),  # rested; asked about after a week: too late
    touch("t8", "2024-02-20T00:00Z", nurture_point="trial_day_9"),
    touch("t9", "2024-02-20T00:00Z", nurture_point="trial_day_7"),  # of one moment: t8 first, so both reasons hold
    touch("u1", "2024-02-27T12:00:00", nurture_point="trial_day_7", contact_id="L"),  # its window is just over
    touch("u2", "2024-02-27T13:00:00", nurture_point="trial_day_7", contact_id="L", user_id="u2"),
]  # fmt: skip
INVITATIONS = [
    invitation("i3", "2024-01-03T12:00:00", "t3", is_delivered="0"),
    invitation("i7", "2024-01-24T12:00:00", "t7"),
    invitation("i4", "2024-01-26T00:00:00", "t4", contact_id=""),  # off policy, and of nobody: no rest
    invitation("i0", "2024-02-19T00:00:00"),  # not for a touch: no rest
]


def test_the_rating_policy(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.contacts": CONTACTS, "crm.users": USERS, "crm.touches": TOUCHES,
        "survey.surveys": SURVEYS, "survey.invitations": INVITATIONS,
    }, as_of="2024-03-05T12:00:00")  # fmt: skip
    touches = by(result["fct_touches"], "touch_id")
    assert {key: row["touch_number"] for key, row in touches.items() if row["touch_number"]} == {
        **{f"t{number}": number for number in range(1, 10)}, "u1": 1, "u2": 2}  # fmt: skip
    assert {key: row["due_reason"] for key, row in touches.items() if row["is_rating_due"]} == {
        "t3": "every_nth_touch", "t7": "nurture_point", "t9": "every_nth_touch", "u1": "nurture_point",
        "u2": "nurture_point"}  # fmt: skip
    assert {key: row["is_rating_invited_in_time"] for key, row in touches.items() if row["is_rating_invited"]} == {
        "t3": True, "t4": False, "t7": False}  # fmt: skip
    assert [(row["touch_id"], row["user_id"], row["reason"]) for row in result["rating_requests_due"]] == [
        ("u2", "u2", "nurture_point")]  # fmt: skip
    assert {key: row["is_off_policy"] for key, row in by(result["fct_survey_invitations"], "invitation_id").items()} == {
        "i3": False, "i7": False, "i4": True, "i0": False}  # fmt: skip
    january, february = date(2024, 1, 1), date(2024, 2, 1)
    names = (
        "eligible_touches",
        "due_touches",
        "due_touches_over",
        "invited_due",
        "compliance",
        "off_policy_invitations",
    )
    compliance = by(result["rating_policy_compliance"], "user_id", "month")
    assert {key: [row[name] for name in names] for key, row in compliance.items()} == {
        ("u1", january): [6, 2, 2, 1, Fraction(1, 2), 1], ("u2", january): [1, 0, 0, 0, None, 0],
        ("u1", february): [3, 2, 2, 0, 0, 0], ("u2", february): [1, 1, 0, 0, None, 0]}  # fmt: skip


def test_the_rating_policy_by_other_vars(tmp_path):
    points = [{"nurture_point": "trial_day_9", "valid_from": date(2024, 2, 19), "valid_to": date(2024, 2, 20)}]
    options = {"nurture_points": points, "rating_every_n_touches": 5, "rating_rest_days": 1,
               "rating_request_window_days": 15, "reporting_timezone": "America/New_York"}  # fmt: skip
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.contacts": CONTACTS, "crm.users": USERS, "crm.touches": TOUCHES,
        "survey.surveys": SURVEYS, "survey.invitations": INVITATIONS,
    }, as_of="2024-03-05T12:00:00", **options)  # fmt: skip
    due = {row["touch_id"]: row["due_reason"] for row in result["fct_touches"] if row["is_rating_due"]}
    # t5 comes a day and a half after an invitation; t8 is on the 19th in New York, the one day of its nurture point,
    # and its 15 days are over half a day after as_of.
    assert due == {"t5": "every_nth_touch", "t8": "nurture_point"}
    assert [(row["touch_id"], row["due_at"]) for row in result["rating_requests_due"]] == [
        ("t8", datetime(2024, 2, 20))
    ]


def ratings(folder, rated: list[tuple], invitations=(), survey_id: str = "C", **options) -> dict:
    """Ratings by user of (user, account, score), each by nobody in particular and without invitation."""
    accounts = [{**ACCOUNT, "account_id": key} for key in "ABCDE"]
    result = run(folder, {
        "crm.accounts": accounts, "crm.users": USERS, "crm.contacts": CONTACTS, "survey.surveys": SURVEYS,
        "survey.invitations": [*invitations],
        "survey.responses": [
            answer(f"r{number}", "2024-02-01", score, survey_id=survey_id, account_id=account, about_user_id=user,
                   contact_id="") for number, (user, account, score) in enumerate(rated)],
    }, **options)  # fmt: skip
    return by(result["employee_ratings"], "user_id")


def test_credibility(tmp_path):
    """u1: u of 1 and 1/2; u2: 0, 1/2 and 1/4, in one team: m_i 3/4 and 1/4, s^2 1/8 and 1/16, m = 9/20.

    EPV = (1/8 + 2/16) / 3 = 1/12; VHM = (2 * .09 + 3 * .04 - 1/12) / (5 - 13/5) = (13/60) / (12/5) = 13/144;
    Z = 2 / (2 + 12/13) = 13/19 and 3 / (3 + 12/13) = 13/17.
    """
    asked = [invitation(f"i{key}", "2024-01-02", survey_id="C", account_id=account, about_user_id="u1", is_delivered=sent)
             for key, account, sent in ((2, "A", "1"), (3, "C", "1"), (4, "D", "0"), (5, "E", "1"), (6, "E", ""))]  # fmt: skip
    rated = [("u1", "A", "4"), ("u1", "B", "2"), ("u2", "A", "0"), ("u2", "C", "2"), ("u2", "D", "0"), ("u2", "D", "2"),
             ("s1", "A", "1"), ("s1", "B", "3"), ("bot", "A", "4")]  # fmt: skip
    found = ratings(tmp_path, rated, asked, rating_min_customers=3)
    assert set(found) == {"u1", "u2", "s1"}
    one, two, alone = found["u1"], found["u2"], found["s1"]
    assert [one[name] for name in ("ratings", "n_customers", "raw_mean", "sample_variance")] == [
        2, 2, Fraction(3, 4), Fraction(1, 8)]  # fmt: skip
    assert [two[name] for name in ("ratings", "n_customers", "raw_mean", "sample_variance")] == [
        4, 3, Fraction(1, 4), Fraction(1, 16)]  # fmt: skip
    team = ("team_users", "team_customers", "team_mean", "expected_process_variance", "variance_of_hypothetical_means")
    assert [one[name] for name in team] == [two[name] for name in team] == [
        2, 5, Fraction(9, 20), Fraction(1, 12), Fraction(13, 144)]  # fmt: skip
    assert (one["credibility"], two["credibility"]) == (Fraction(13, 19), Fraction(13, 17))
    # 13/19 * 3/4 + 6/19 * 9/20 = 12.45 / 19; 13/17 * 1/4 + 4/17 * 9/20 = 5.05 / 17.
    assert (one["credible_score"], two["credible_score"]) == (Fraction(249, 380), Fraction(101, 340))
    # 1.959963985 * sqrt(6/19 * 13/144) = 1.959963985 * .168845 = .330930
    assert one["ci_low"] == pytest.approx(0.655263 - 0.330930, abs=2e-6)
    assert one["ci_high"] == pytest.approx(0.655263 + 0.330930, abs=2e-6)
    pay = ("is_payable", "payable_score", "rating_rank")
    assert [one[name] for name in pay] == [False, Fraction(9, 20), None]
    assert [two[name] for name in pay] == [True, Fraction(101, 340), 1]
    # Invited: A, C and E; of these C and E are silent: (3/2 + 0) / 4 and (3/2 + 2) / 4.
    silence = ("invited_customers", "silent_customers", "response_rate", "worst_case_mean", "best_case_mean")
    assert [one[name] for name in silence] == [3, 2, Fraction(1, 3), Fraction(3, 8), Fraction(7, 8)]
    assert [two[name] for name in silence] == [0, 0, None, None, None]
    # One user: no VHM; m = 1/2, EPV = 1/8: 1/2 +- z sqrt(1/16).
    assert [alone[name] for name in team] == [1, 2, Fraction(1, 2), Fraction(1, 8), None]
    assert (alone["credibility"], alone["credible_score"]) == (0, Fraction(1, 2))
    assert alone["ci_low"] == pytest.approx(0.5 - 1.959963985 / 4, abs=1e-12)


@pytest.mark.parametrize(
    "rated, epv, vhm, score, width",
    [
        # EPV (1/2 + 1/2) / 2, equal means: VHM 0, Z 0, z sqrt(1/2 / 4) = 1.959963985 * .353553
        ([("u1", "A", "4"), ("u1", "B", "0"), ("u2", "A", "4"), ("u2", "B", "0")], Fraction(1, 2), 0, Fraction(1, 2), 0.692952),
        # all say the same: EPV 0, VHM 0
        ([("u1", "A", "1"), ("u1", "B", "1"), ("u2", "A", "1")], 0, 0, Fraction(1, 4), 0),
        # customers agree on each, not on both: VHM = (2/9 + 4/9) / (3 - 5/3) = 1/2, Z 1
        ([("u1", "A", "4"), ("u1", "B", "4"), ("u2", "A", "0")], 0, Fraction(1, 2), 1, 0),
        # every n is 1
        ([("u1", "A", "4"), ("u2", "A", "0"), ("u2", "A", "2")], None, None, Fraction(5, 8), None),
    ],
)  # fmt: skip
def test_credibility_at_its_edges(tmp_path, rated, epv, vhm, score, width):
    found = ratings(tmp_path, rated, rating_min_customers=1)
    one, two = found["u1"], found["u2"]
    assert (one["expected_process_variance"], one["variance_of_hypothetical_means"]) == (epv, vhm)
    assert (one["credible_score"], one["credibility"]) == (score, 1 if vhm else 0)
    if width is None:
        assert one["ci_low"] is one["ci_high"] is None
    else:
        assert (one["ci_low"], one["ci_high"]) == pytest.approx((float(score) - width, float(score) + width), abs=2e-6)
    assert (one["rating_rank"], two["rating_rank"]) == ((1, 2) if vhm else (1, 1))


def test_equals_have_one_rank(tmp_path):
    rated = [(user, account, score) for user, score in (("u1", "4"), ("u2", "4"), ("u3", "0")) for account in "AB"]
    found = ratings(tmp_path, rated, rating_min_customers=2)
    assert {user: row["rating_rank"] for user, row in found.items()} == {"u1": 1, "u2": 1, "u3": 3}


def test_employees_nps(tmp_path):
    """A says 10 and 0, half a promoter and half a detractor; B 9 and C 7: P = 1.5, D = .5 of 3 customers.

    p = 2.25 / 6 and d = 1.25 / 6; p - d = 1/6, p + d - 1/36 = 5/9, z sqrt(5/54) = .596398.
    """
    rated = [("u1", "A", "10"), ("u1", "A", "0"), ("u1", "B", "9"), ("u1", "C", "7")]
    row = ratings(tmp_path, rated, survey_id="N")["u1"]
    assert (row["survey_type"], row["n_customers"], row["nps"]) == ("nps", 3, Fraction(100, 3))
    assert (row["nps_ci_low"], row["nps_ci_high"]) == pytest.approx((-42.97314, 76.30647), abs=1e-4)
    assert ratings(tmp_path, [("u1", "A", "4")])["u1"]["nps"] is None


def test_invitations_and_what_is_never_paid(tmp_path):
    silent = {"account_id": "", "contact_id": ""}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT, {**ACCOUNT, "account_id": "B"}], "crm.users": USERS, "crm.contacts": CONTACTS,
        "crm.touches": [touch("t1", "2024-01-01"), touch("t2", "2024-01-01", nurture_point="trial_day_7", user_id="u2")],
        "survey.surveys": [*SURVEYS, {"survey_id": "M", "survey_type": "nps", "scale_min": "1", "scale_max": "5"}],
        "survey.invitations": [
            invitation("i1", "2024-01-02", "t1"),  # t1 was not due: u1's rating is never paid
            invitation("i2", "2024-01-02", "t2", **silent),
            invitation("i3", "2024-01-02", survey_id="M", about_user_id="bot"),
            invitation("i4", "2024-01-02", **silent), invitation("i5", "2024-01-02", "t9"),
        ],
        "survey.responses": [
            answer("r1", "2024-01-03", "5", survey_id="R", invitation_id="i1", about_type="touch", about_id="t1"),
            answer("r2", "2024-01-03", "5", survey_id="R", invitation_id="i2", account_id="B", about_type="touch",
                   about_id="t2", about_user_id="bot"),
            answer("r3", "2024-01-03", "5", survey_id="M", invitation_id="i3", about_user_id="u1"),
            answer("r4", "2024-01-03", "5", survey_id="R", invitation_id="i4", about_user_id="u1"),
            answer("r5", "2024-01-04", "3", survey_id="R", invitation_id="i4", about_user_id="u3", contact_id="L"),
        ],
    })  # fmt: skip
    names = ("survey_type", "account_id", "contact_id", "about_user_id", "is_off_policy", "is_answered")
    assert {row["invitation_id"]: tuple(row[name] for name in names) for row in result["fct_survey_invitations"]} == {
        "i1": ("touch_rating", "A", "K", "u1", True, True),
        # The counted response is about a bot, so about nobody: the invitation's own touch is not asked.
        "i2": ("touch_rating", "B", "K", None, False, True),
        "i3": ("nps_like", "A", "K", None, False, True),
        "i4": ("touch_rating", "A", "L", "u3", False, True),  # by the latest of two persons
        "i5": ("touch_rating", "A", "K", None, True, False),
    }  # fmt: skip
    rated = by(result["employee_ratings"], "user_id", "survey_type")
    assert {key: (row["ratings"], row["raw_mean"]) for key, row in rated.items()} == {
        ("u1", "touch_rating"): (1, 1), ("u3", "touch_rating"): (1, Fraction(1, 2))}  # fmt: skip


def test_active_users(tmp_path):
    def used(day: str, contact_id: str, events: int, account_id: str = "A") -> dict:
        return {"account_id": account_id, "contact_id": contact_id, "used_on": day, "value_events": events}

    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT, {**ACCOUNT, "account_id": "B"}], "crm.contacts": CONTACTS,
        "product.usage_days": [
            used("2024-12-30", "K", 2), used("2024-12-30", "M", 1), used("2024-12-30", "stranger", 0),
            used("2025-01-01", "stranger", 1), used("2025-01-01", "stranger", 4, "B"), used("2025-01-02", "L", 1),
            used("2025-01-03", "L", 1)],
    }, as_of="2025-01-02T12:00:00")  # fmt: skip
    assert by(result["fct_usage_days"], "account_id", "used_on")["A", date(2024, 12, 30)] == {
        "account_id": "A", "used_on": date(2024, 12, 30), "active_users": 1, "value_events": 3}  # fmt: skip
    found = {(row["subject_id"], row["period"], row["starts_on"]): [
        row[name] for name in ("active_users", "value_events", "mean_daily_active_users", "stickiness")]
        for row in result["active_users"] if row["period"] != "day"}  # fmt: skip
    week, december, january = date(2024, 12, 30), date(2024, 12, 1), date(2025, 1, 1)
    assert found == {  # M is K; the week and January have had four and two days
        ("all", "week", week): [3, 9, Fraction(3, 4), Fraction(1, 4)],
        ("all", "month", december): [1, 3, Fraction(1, 31), Fraction(1, 31)],
        ("all", "month", january): [2, 6, 1, Fraction(1, 2)],
        ("A", "week", week): [3, 5, Fraction(3, 4), Fraction(1, 4)],
        ("A", "month", december): [1, 3, Fraction(1, 31), Fraction(1, 31)],
        ("A", "month", january): [2, 2, 1, Fraction(1, 2)],
        ("B", "week", week): [1, 4, Fraction(1, 4), Fraction(1, 4)],
        ("B", "month", january): [1, 4, Fraction(1, 2), Fraction(1, 2)],
    }
    days = by([row for row in result["active_users"] if row["period"] == "day"], "subject_id", "starts_on")
    assert days["all", date(2025, 1, 1)]["active_users"] == 1 and len(days) == 7


def test_use_of_a_day_that_has_not_begun_is_not_known_yet(tmp_path):
    """In Los Angeles it is still the evening of the first, so that one day of January is over or running."""
    used = [{"account_id": "A", "contact_id": key, "used_on": day, "value_events": "1"}
            for key, day in (("K", "2025-01-01"), ("K", "2025-01-02"), ("L", "2025-01-02"))]  # fmt: skip
    tables = {"crm.accounts": [ACCOUNT], "crm.contacts": CONTACTS, "product.usage_days": used}
    for zone, expected in (("UTC", [2, Fraction(3, 2), Fraction(3, 4)]), ("America/Los_Angeles", [1, 1, 1])):
        result = run(tmp_path, tables, "2025-01-02T03:00:00", reporting_timezone=zone)
        rows = by(result["active_users"], "subject_id", "period", "starts_on")
        row = rows["all", "month", date(2025, 1, 1)]
        assert [row[name] for name in ("active_users", "mean_daily_active_users", "stickiness")] == expected
        assert len(result["fct_usage_days"]) == (2 if zone == "UTC" else 1)
        assert (("all", "day", date(2025, 1, 2)) in rows) == (zone == "UTC")


def test_no_use_is_no_stickiness(tmp_path):
    idle = {"account_id": "A", "contact_id": "K", "used_on": "2024-12-30", "value_events": "0"}
    result = run(tmp_path, {"crm.accounts": [ACCOUNT], "product.usage_days": [idle]})
    assert {(row["active_users"], row["mean_daily_active_users"], row["stickiness"]) for row in result["active_users"]} == {
        (0, 0, None)}  # fmt: skip
