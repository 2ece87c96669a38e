"""The oracle's second part: support, touches and the rating policy, ratings fit for pay, and use (M2, M4, M5, M6).

Written like the first from the page and metrics.md alone; "READING" marks what those leave to choose. All figures are
exact (Fraction) up to the roots and logarithms of the intervals.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from oracle import (
    Row,
    World,
    derived_user,
    events_of,
    human,
    is_counted_ticket,
    latest_by,
    next_month,
    nps_kind,
    response_clock,
)

Z = 1.959963985  # M0: 'z = 1.959963985 everywhere'
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
NURTURE_POINTS = ({"nurture_point": "trial_day_7", "valid_from": date(2000, 1, 1), "valid_to": None},)


def compute(
    world: World,
    responses: list[dict],
    *,
    nurture_points: Sequence[dict] = NURTURE_POINTS,
    rating_every_n_touches: int = 3,
    rating_rest_days: int = 14,
    rating_request_window_days: int = 7,
    rating_min_customers: int = 10,
) -> dict[str, list[dict]]:
    """The relations named in the result; `responses` are the counted ones, `nurture_points` the rows of the seed."""
    window = timedelta(days=rating_request_window_days)
    tickets, transfers = support(world)
    touches = rated_touches(world, nurture_points, rating_every_n_touches, timedelta(days=rating_rest_days), window)
    invitations = survey_invitations(world, responses, {row["touch_id"] for row in touches if row["is_rating_due"]})
    return {
        "fct_tickets": tickets,
        "fct_ticket_transfers": transfers,
        "fct_touches": touches,
        "fct_survey_invitations": invitations,
        "fct_usage_days": usage_days(world),
        "employee_ratings": employee_ratings(world, responses, invitations, rating_min_customers),
        "rating_policy_compliance": compliance(world, touches, invitations, window),
        "rating_requests_due": requests_due(world, touches, window),
        "ticket_times": ticket_times(world, tickets),
        "active_users": active_users(world),
    }


def minutes(time: timedelta | None) -> Fraction | None:
    return None if time is None else Fraction(time // TICK, 60_000_000)


def mean(values: Iterable) -> Fraction:
    values = list(values)
    return Fraction(sum(values), len(values))


# ------------------------------------------------------------------------------------------- the clock and working time


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """How far local clocks are ahead of UTC at a UTC moment."""
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()


@cache
def clock_changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The UTC moments of a year from which on the offset is another: looked for every six hours, then by halving."""
    changes = []
    before, end = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    while before < end:
        after = before + DAY / 4
        if offset(zone, before) != offset(zone, after):
            low, high = before, after
            while high - low > TICK:
                middle = low + (high - low) // TICK // 2 * TICK
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            changes.append(high)
        before = after
    return changes


@cache
def first_moment(zone: ZoneInfo, wanted: datetime) -> datetime:
    """The first UTC moment at which the local clock shows `wanted` or later.

    So what lies in the gap of a change is the change itself, and of what comes twice it is the first.
    """
    low, high = wanted - 2 * DAY, wanted + 2 * DAY
    changes = [change for year in range(low.year, high.year + 1) for change in clock_changes(zone, year)]
    edges = [low, *(change for change in changes if low < change < high), high]
    for start, end in zip(edges, edges[1:]):  # of one offset each
        moment = max(start, wanted - offset(zone, start))
        if moment < end:
            return moment
    raise AssertionError("a clock that stands still")


class Schedules:
    """The working time of the schedules, 'local time with daylight saving, without holidays; elapsed time'."""

    def __init__(self, world: World):
        self.zones: dict[str, ZoneInfo] = {}
        self.stretches = defaultdict(list)
        for row in world.accepted("support.schedules"):
            self.zones[row["schedule_id"]] = ZoneInfo(row["timezone"])
            self.stretches[row["schedule_id"], row["weekday"]].append((row["starts_minute"], row["ends_minute"]))
        self.holidays = {(row["schedule_id"], row["holiday_on"]) for row in world.accepted("support.holidays")}
        self.days: dict[tuple[str, date], list[tuple[datetime, datetime]]] = {}

    def of_day(self, schedule_id: str, day: date) -> list[tuple[datetime, datetime]]:
        """The UTC stretches of one local day, apart from each other. READING: stretches that overlap count once."""
        if (schedule_id, day) not in self.days:
            midnight, zone, united = datetime(day.year, day.month, day.day), self.zones[schedule_id], []
            stretches = [] if (schedule_id, day) in self.holidays else self.stretches[schedule_id, day.isoweekday()]
            for stretch in sorted(stretches):
                start, end = (first_moment(zone, midnight + timedelta(minutes=minute)) for minute in stretch)
                if united and start <= united[-1][1]:
                    united[-1] = (united[-1][0], max(united[-1][1], end))
                else:
                    united.append((start, end))
            self.days[schedule_id, day] = united
        return self.days[schedule_id, day]

    def worked(self, schedule_id: str, start: datetime, stop: datetime) -> timedelta:
        """The working time within [start, stop)."""
        day, time = start.date() - DAY, timedelta(0)  # no local day is further from the UTC day
        while day <= stop.date() + DAY:
            for opens, closes in self.of_day(schedule_id, day):
                time += max(min(closes, stop) - max(opens, start), timedelta(0))
            day += DAY
        return time

    def worked_in_force(self, changes: list, start: datetime, stop: datetime) -> timedelta | None:
        """'the working time of the schedule in force at each moment'; 'A stretch without any schedule makes business
        minutes null.' READING: of no time at all it is 0, unless there is no schedule at that moment.
        """
        if start == stop:
            return None if [schedule for since, schedule in changes if since <= start][-1] is None else timedelta(0)
        time = timedelta(0)
        for (since, schedule_id), (until, _) in zip(changes, [*changes[1:], (datetime.max, None)]):
            opens, closes = max(since, start), min(until, stop)
            if opens < closes:
                if schedule_id is None:
                    return None
                time += self.worked(schedule_id, opens, closes)
        return time


# ---------------------------------------------------------------------------------------------------------- M6 support


def support(world: World) -> tuple[list[dict], list[dict]]:
    """fct_tickets, and fct_ticket_transfers of the same tickets."""
    schedules, tickets, transfers = Schedules(world), [], []
    for ticket in filter(is_counted_ticket, world.accepted("support.tickets")):
        passed = transfers_of(world, ticket)
        transfers += passed
        tickets.append({
            **{column: ticket[column] for column in ("ticket_id", "account_id", "contact_id", "channel", "created_at")},
            **first_response(world, ticket, schedules), **resolution(world, ticket), "transfer_count": len(passed),
            "assignee_user_id": human(world, [None, *values_of(world, ticket, "assignment")][-1]),
            # 'the first priority known'. READING: by the events, as a ticket keeps the current one.
            "priority_at_creation": [*values_of(world, ticket, "priority"), ticket["priority"]][0],
        })  # fmt: skip
    return tickets, transfers


def set_events(world: World, ticket: Row, event_type: str) -> list[Row]:
    return [event for event in events_of(world, ticket, event_type) if event["new_value"] is not None]


def values_of(world: World, ticket: Row, event_type: str) -> list[str]:
    return [event["new_value"] for event in set_events(world, ticket, event_type)]


def schedule_changes(world: World, ticket: Row) -> list[tuple[datetime, str | None]]:
    """Since when which schedule is in force: 'the ticket's, then each schedule event'.

    READING: an event that names no accepted schedule leaves the ticket without any.
    """
    return [(datetime.min, ticket["schedule_id"])] + [
        (event["occurred_at"], event["new_value"] if world.find("support.schedules", event["new_value"]) else None)
        for event in events_of(world, ticket, "schedule")
    ]


def first_response(world: World, ticket: Row, schedules: Schedules) -> dict:
    """'first_response_minutes is calendar time'; business minutes by the schedule in force and by the last one;
    'Unanswered by as_of: null, is_unanswered, and the waiting time'.
    """
    start, answer = response_clock(world, ticket)
    stop = answer["occurred_at"] if answer else world.as_of
    changes = schedule_changes(world, ticket)
    last = changes[-1][1]
    calendar, business = minutes(stop - start), minutes(schedules.worked_in_force(changes, start, stop))
    by_last = minutes(schedules.worked(last, start, stop)) if last is not None else None
    return {
        "clock_started_at": start,
        "first_responder_user_id": answer["actor_user_id"] if answer else None,
        "first_response_at": stop if answer else None,
        "first_response_minutes": calendar if answer else None,
        "first_response_business_minutes": business if answer else None,
        "first_response_last_schedule_minutes": by_last if answer else None,
        "is_unanswered": answer is None,
        "waiting_minutes": None if answer else calendar,
        "waiting_business_minutes": None if answer else business,
    }


def resolution(world: World, ticket: Row) -> dict:
    """'resolved_at is the moment from which on the status stayed solved or closed; reopen_count counts solved or
    closed to anything else'.
    """
    events = set_events(world, ticket, "status")
    done = [event["new_value"] in ("solved", "closed") for event in events]
    resolved_at = None
    for event, is_done in reversed(list(zip(events, done))):
        if not is_done:
            break
        resolved_at = event["occurred_at"]
    took = max(resolved_at - ticket["created_at"], timedelta(0)) if resolved_at else None
    return {"resolved_at": resolved_at, "resolution_minutes": minutes(took),
            "reopen_count": sum(one and not other for one, other in zip(done, done[1:]))}  # fmt: skip


def transfers_of(world: World, ticket: Row) -> list[dict]:
    """'changes of assignee after the first'. READING: by the values as they are, of unknown users too."""
    events = set_events(world, ticket, "assignment")
    return [{"event_id": event["event_id"], "ticket_id": ticket["ticket_id"], "from_user_id": before["new_value"],
             "to_user_id": event["new_value"], "transferred_at": event["occurred_at"]}
            for before, event in zip(events, events[1:]) if before["new_value"] != event["new_value"]]  # fmt: skip


def ticket_times(world: World, tickets: list[dict]) -> list[dict]:
    """'Medians and 90th percentiles are Kaplan-Meier quantiles, null where the curve does not come down so far', with
    the unanswered and unresolved as censored observations, by subject, of each local month and of all.
    """
    groups = defaultdict(list)
    for ticket in tickets:
        for measure, observation, moment, user_id in observations(world, ticket):
            user = world.find("crm.users", user_id)
            subjects = {"company": "all", "team": user and user["team"], "employee": user_id,
                        "channel": ticket["channel"], "priority": ticket["priority_at_creation"]}  # fmt: skip
            for subject_type, subject_id in subjects.items():
                for month in (None, world.month(moment)):
                    groups[measure, subject_type, subject_id or "(none)", month].append(observation)
    rows = []
    for (measure, subject_type, subject_id, month), group in groups.items():
        curve = kaplan_meier(group)
        rows.append({"measure": measure, "subject_type": subject_type, "subject_id": subject_id, "month": month,
                     "tickets": len(group), "events": sum(is_event for _, is_event in group),
                     **quantile(curve, "median", 0.5), **quantile(curve, "p90", 0.9)})  # fmt: skip
    return rows


def observations(world: World, ticket: dict) -> list[tuple]:
    """(measure, (minutes, whether it came to an end), moment whose month it is of, user) of one ticket."""
    answered, found = not ticket["is_unanswered"], []
    agent = ticket["first_responder_user_id"] if answered else ticket["assignee_user_id"]
    for measure, name in (("first_response", "minutes"), ("first_response_business", "business_minutes")):
        time = ticket[f"first_response_{name}" if answered else f"waiting_{name}"]
        if time is not None:
            found.append((measure, (time, answered), ticket["clock_started_at"], agent))
    time = ticket["resolution_minutes"]
    open_for = max(minutes(world.as_of - ticket["created_at"]), Fraction(0))
    observation = (open_for, False) if time is None else (time, True)
    return [*found, ("resolution", observation, ticket["created_at"], ticket["assignee_user_id"])]


def kaplan_meier(group: list[tuple[Fraction, bool]]) -> list[tuple[Fraction, float, float, float]]:
    """(time, S, lower, upper) at each time with an event; at one time, events come before censorings.

    READING: the interval is the exponential Greenwood one (log-log), and a point where S is 0.
    """
    curve, survival, greenwood = [], Fraction(1), Fraction(0)
    for time in sorted({time for time, is_event in group if is_event}):
        at_risk = sum(other >= time for other, _ in group)
        events = sum(other == time and is_event for other, is_event in group)
        survival *= Fraction(at_risk - events, at_risk)
        if survival == 0:
            curve.append((time, 0.0, 0.0, 0.0))
            continue
        greenwood += Fraction(events, at_risk * (at_risk - events))
        width = Z * math.sqrt(greenwood) / abs(math.log(survival))
        curve.append((time, float(survival), *(float(survival) ** math.exp(sign * width) for sign in (1, -1))))
    return curve


def quantile(curve: list[tuple], name: str, p: float) -> dict:
    """The first times at which the curve, its lower and its upper bound come down to 1 - p."""
    return {f"{name}_{suffix}": next((point[0] for point in curve if point[place] <= 1 - p + 1e-12), None)
            for suffix, place in (("minutes", 1), ("low", 2), ("high", 3))}  # fmt: skip


# ------------------------------------------------------------------------------------------------- M5 the rating policy


def touch_order(touch: Row | dict) -> tuple:
    """'in time order (ties by touch_id)'."""
    return (touch["occurred_at"], touch["touch_id"])


def rated_touches(world: World, nurture_points, every: int, rest: timedelta, window: timedelta) -> list[dict]:
    """'Number them per surviving contact in time order (ties by touch_id); others have no number and are never due.
    Due: number divisible by rating_every_n_touches, or at a nurture_point listed in a seed; and at least
    rating_rest_days since that contact's last invitation for a touch that was sent before the touch.'
    """
    sent_to, sent_for = defaultdict(list), defaultdict(list)
    for invitation in world.accepted("survey.invitations"):
        if invitation["about_type"] == "touch":  # READING: delivered or not
            sent_to[invitation["contact_id"]].append(invitation["sent_at"])
            sent_for[invitation["about_id"]].append(invitation["sent_at"])
    numbers: dict[str, int] = defaultdict(int)
    rows = []
    for touch in sorted(world.accepted("crm.touches"), key=touch_order):
        number, reason, at = None, None, touch["occurred_at"]
        if is_eligible(world, touch):
            numbers[touch["contact_id"]] += 1
            number = numbers[touch["contact_id"]]
            before = [sent_at for sent_at in sent_to[touch["contact_id"]] if sent_at < at]
            if not before or at - max(before) >= rest:
                reason = ("every_nth_touch" if number % every == 0 else
                          "nurture_point" if is_nurture_point(world, touch, nurture_points) else None)  # fmt: skip
        names = ("touch_id", "occurred_at", "channel", "direction", "user_id", "contact_id", "account_id",
                 "campaign_id", "lead_id", "opportunity_id", "nurture_point", "is_automated", "is_delivered")  # fmt: skip
        sent = sent_for[touch["touch_id"]]
        rows.append({**{name: touch[name] for name in names}, "touch_number": number,
                     "is_rating_due": reason is not None, "due_reason": reason, "is_rating_invited": bool(sent),
                     "is_rating_invited_in_time": any(at <= sent_at < at + window for sent_at in sent)})  # fmt: skip
    return rows


def is_eligible(world: World, touch: Row) -> bool:
    """'delivered, human (a user, no bot, not automated) and of an accepted contact'."""
    by_human = human(world, touch["user_id"]) is not None and not touch["is_automated"]
    return touch["is_delivered"] and by_human and touch["contact_id"] is not None


def is_nurture_point(world: World, touch: Row, nurture_points) -> bool:
    """READING: the seed's row of the touch's local day, 'valid_from (inclusive) and valid_to (exclusive, empty: open)'."""
    day = world.local_day(touch["occurred_at"])
    return any(row["nurture_point"] == touch["nurture_point"] and row["valid_from"] <= day
               and (row["valid_to"] is None or day < row["valid_to"]) for row in nurture_points)  # fmt: skip


def requests_due(world: World, touches: list[dict], window: timedelta) -> list[dict]:
    """'the due touches of the last rating_request_window_days before as_of without an invitation'."""
    return [{"touch_id": touch["touch_id"], "contact_id": touch["contact_id"], "account_id": touch["account_id"],
             "user_id": touch["user_id"], "due_at": touch["occurred_at"], "reason": touch["due_reason"]}
            for touch in touches if touch["is_rating_due"] and not touch["is_rating_invited"]
            and touch["occurred_at"] + window > world.as_of]  # fmt: skip


def compliance(world: World, touches: list[dict], invitations: list[dict], window: timedelta) -> list[dict]:
    """'Compliance = due touches invited within the window / due touches whose window is over. Off-policy invitations
    are shown', by user and local month.
    """
    cells = defaultdict(lambda: dict.fromkeys(
        ("eligible_touches", "due_touches", "due_touches_over", "invited_due", "off_policy_invitations"), 0))  # fmt: skip
    for touch in touches:
        if touch["touch_number"] is not None:
            cell = cells[touch["user_id"], world.month(touch["occurred_at"])]
            is_over = touch["is_rating_due"] and touch["occurred_at"] + window <= world.as_of
            cell["eligible_touches"] += 1
            cell["due_touches"] += touch["is_rating_due"]
            cell["due_touches_over"] += is_over
            cell["invited_due"] += is_over and touch["is_rating_invited_in_time"]
    for invitation in invitations:
        if invitation["is_off_policy"] and invitation["about_user_id"] is not None:
            cells[invitation["about_user_id"], world.month(invitation["sent_at"])]["off_policy_invitations"] += 1
    return [{"user_id": user_id, "month": month, **cell, "compliance":
             Fraction(cell["invited_due"], cell["due_touches_over"]) if cell["due_touches_over"] else None}
            for (user_id, month), cell in cells.items()]  # fmt: skip


# -------------------------------------------------------------------------------------- M2 and M4, ratings fit for pay


def survey_invitations(world: World, responses: list[dict], due: set[str]) -> list[dict]:
    """Accepted invitations, with what their counted response says where they are silent themselves."""
    answers = {row["_invitation_id"]: row for row in latest_by(responses, lambda row: row["_invitation_id"])}
    rows = []
    for invitation in world.accepted("survey.invitations"):
        answer = answers.get(invitation["invitation_id"])
        survey = world.find("survey.surveys", invitation["survey_id"])
        low, high = (Fraction(survey[bound]) for bound in ("scale_min", "scale_max"))
        whose = {column: answer[column] if invitation[column] is None and answer else invitation[column]
                 for column in ("account_id", "contact_id")}  # fmt: skip
        about = ("about_type", "about_id")
        is_off_policy = invitation["about_type"] == "touch" and invitation["about_id"] not in due
        rows.append({
            "invitation_id": invitation["invitation_id"], "survey_id": invitation["survey_id"],
            "survey_type": nps_kind(survey["survey_type"], low, high, survey["scale_min"])[0], **whose,
            **{column: invitation[column] for column in about}, "about_user_id": invited_about(world, invitation, answer),
            "sent_at": invitation["sent_at"], "is_delivered": invitation["is_delivered"],
            "is_off_policy": is_off_policy, "is_answered": answer is not None,
        })  # fmt: skip
    return rows


def invited_about(world: World, invitation: Row, answer: dict | None) -> str | None:
    """'about_user_id of the invitation as sent; else of the response; else derived as of the time of the thing itself.
    The first of these that is set decides; if it is a bot, the rating is about nobody.'
    """
    user_id = invitation["about_user_id"]
    if user_id is None and answer:
        user_id = answer["_own_about_user_id"]
    if user_id is None:
        user_id = derived_user(world, invitation["about_type"], invitation["about_id"])
    return human(world, user_id)


def employee_ratings(world: World, responses: list[dict], invitations: list[dict], min_customers: int) -> list[dict]:
    """M2: 'An employee's NPS and rating: mean per customer first, then over customers'; M5: 'Off-policy invitations
    are shown and never paid'; M4: 'Per team and survey type'. READING: the team of today.
    """
    off_policy = {row["invitation_id"] for row in invitations if row["is_off_policy"]}
    rated: dict = defaultdict(list)
    for answer in responses:
        if answer["about_user_id"] is not None and answer["_invitation_id"] not in off_policy:
            rated[answer["about_user_id"], answer["survey_type"]].append(answer)
    teams = defaultdict(list)
    for (user_id, survey_type), answers in sorted(rated.items()):
        row = {"user_id": user_id, "team": world.find("crm.users", user_id)["team"], "survey_type": survey_type,
               **customers_of(answers), **silence(user_id, survey_type, answers, invitations)}  # fmt: skip
        row |= nps_of(answers) if survey_type == "nps" else dict.fromkeys(("nps", "nps_ci_low", "nps_ci_high"))
        teams[row["team"], survey_type].append(row)
    for rows in teams.values():
        for row, fair in zip(rows, credibility(rows)):
            row |= fair
            row["is_payable"] = row["n_customers"] >= min_customers
            row["payable_score"] = row["credible_score"] if row["is_payable"] else row["team_mean"]
        payable = [row["credible_score"] for row in rows if row["is_payable"]]
        for row in rows:  # equals have one rank
            better = sum(score > row["credible_score"] for score in payable)
            row["rating_rank"] = better + 1 if row["is_payable"] else None
    return [row for rows in teams.values() for row in rows]


def by_customer(answers: list[dict]) -> dict[str, list[dict]]:
    groups = defaultdict(list)
    for answer in answers:
        groups[answer["account_id"]].append(answer)
    return groups


def customers_of(answers: list[dict]) -> dict:
    """n, m and s^2 'of customers' mean u'."""
    scores = [mean(answer["score_unit"] for answer in group) for group in by_customer(answers).values()]
    count, middle = len(scores), mean(scores)
    variance = sum((score - middle) ** 2 for score in scores) / (count - 1) if count > 1 else None
    return {"ratings": len(answers), "n_customers": count, "raw_mean": middle, "sample_variance": variance}


def credibility(users: list[dict]) -> list[dict]:
    """M4 for one team and survey type: 'N = sum n_i, I users, m = sum n_i m_i / N, EPV = sum (n_i - 1) s_i^2 / sum
    (n_i - 1), VHM = max(0, (sum n_i (m_i - m)^2 - (I - 1) EPV) / (N - sum n_i^2 / N)), Z_i = n_i / (n_i + EPV / VHM),
    0 where VHM = 0 or undefined.' 'credible_score = Z_i m_i + (1 - Z_i) m; its interval +-z sqrt((1 - Z_i) VHM), and
    +-z sqrt(EPV / N) where VHM = 0; null where EPV is undefined (every n_i is 1)'.

    READING: VHM is undefined of one user or without EPV, and the interval is then that of VHM = 0.
    """
    n, m = [user["n_customers"] for user in users], [user["raw_mean"] for user in users]
    everyone, spare = sum(n), sum(n) - len(n)
    middle = sum(n_i * m_i for n_i, m_i in zip(n, m)) / Fraction(everyone)
    epv = vhm = None
    if spare:
        epv = sum(((user["n_customers"] - 1) * (user["sample_variance"] or 0) for user in users), Fraction(0)) / spare
        if len(users) > 1:
            between = sum(n_i * (m_i - middle) ** 2 for n_i, m_i in zip(n, m)) - (len(users) - 1) * epv
            vhm = max(Fraction(0), between / (everyone - Fraction(sum(n_i**2 for n_i in n), everyone)))
    rows = []
    for n_i, m_i in zip(n, m):
        z_i = n_i / (n_i + epv / vhm) if vhm else Fraction(0)
        score = z_i * m_i + (1 - z_i) * middle
        width = None if epv is None else Z * math.sqrt((1 - z_i) * vhm if vhm else epv / everyone)
        rows.append({"team_users": len(users), "team_customers": everyone, "team_mean": middle,
                     "expected_process_variance": epv, "variance_of_hypothetical_means": vhm, "credibility": z_i,
                     "credible_score": score, "ci_low": None if width is None else float(score) - width,
                     "ci_high": None if width is None else float(score) + width})  # fmt: skip
    return rows


def silence(user_id: str, survey_type: str, answers: list[dict], invitations: list[dict]) -> dict:
    """M4: 'response rate, the bounds if all silent customers had given the worst or the best score'.

    READING: customers are silent whom an invitation on policy reached and who are not among those that rated.
    """
    invited = {row["account_id"] for row in invitations
               if row["about_user_id"] == user_id and row["survey_type"] == survey_type and row["is_delivered"]
               and not row["is_off_policy"] and row["account_id"] is not None}  # fmt: skip
    scores = {key: mean(answer["score_unit"] for answer in group) for key, group in by_customer(answers).items()}
    silent = len(invited - scores.keys())
    whole, count = sum(scores.values()), len(scores) + silent
    return {"invited_customers": len(invited), "silent_customers": silent,
            "response_rate": Fraction(len(invited) - silent, len(invited)) if invited else None,
            "worst_case_mean": whole / count, "best_case_mean": (whole + silent) / count}  # fmt: skip


def nps_of(answers: list[dict]) -> dict:
    """M2: 'NPS = 100 (P - D) / n; interval: adjusted Wald with n + 3, 3/4 added to promoters and to detractors',
    'mean per customer first, then over customers'. READING: not clipped.
    """
    groups = by_customer(answers).values()
    promoters, detractors = (sum(mean(answer["nps_class"] == kind for answer in group) for group in groups)
                             for kind in ("promoter", "detractor"))  # fmt: skip
    n = len(groups)
    p, d = ((part + Fraction(3, 4)) / (n + 3) for part in (promoters, detractors))
    width = Z * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    return {"nps": 100 * (promoters - detractors) / n, "nps_ci_low": 100 * (float(p - d) - width),
            "nps_ci_high": 100 * (float(p - d) + width)}  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- usage


def person(world: World, row: Row) -> str:
    """READING: who uses the product need be no known contact; a merged one is its survivor."""
    return world.survivor.get(("crm.contacts", row["contact_id"]), row["contact_id"])


def active(world: World, rows: list[Row]) -> int:
    """M6: 'distinct persons with value_events >= 1'."""
    return len({person(world, row) for row in rows if row["value_events"] >= 1})


def usage_days(world: World) -> list[dict]:
    days = defaultdict(list)
    for row in world.accepted("product.usage_days"):
        days[row["account_id"], row["used_on"]].append(row)
    return [{"account_id": account_id, "used_on": used_on, "active_users": active(world, rows),
             "value_events": sum(row["value_events"] for row in rows)}
            for (account_id, used_on), rows in days.items()]  # fmt: skip


def begun_use(world: World) -> list[Row]:
    """The use of days that have begun."""
    return [row for row in world.accepted("product.usage_days") if row["used_on"] <= world.today]


def active_users(world: World) -> list[dict]:
    """M6: 'Daily active users: distinct persons with value_events >= 1 on a local day. Stickiness = mean DAU / MAU.'

    READING: the mean is over all days of the period that have begun; weeks begin on Monday; used_on is local already. A
    day after today, which it may be where the local day is behind that of UTC, is in no figure yet.
    """
    cells = defaultdict(list)
    for row in begun_use(world):
        day = row["used_on"]
        monday = day - day.weekday() * DAY
        for subject in (("company", "all"), ("account", row["account_id"])):
            cells[*subject, "day", day, day + DAY].append(row)
            cells[*subject, "week", monday, monday + 7 * DAY].append(row)
            cells[*subject, "month", day.replace(day=1), next_month(day.replace(day=1))].append(row)
    result = []
    for (subject_type, subject_id, period, starts_on, ends_on), rows in cells.items():
        days = (min(ends_on, world.today + DAY) - starts_on).days
        used_on = {row["used_on"] for row in rows}
        daily = [active(world, [row for row in rows if row["used_on"] == day]) for day in used_on]
        users, mean_daily = active(world, rows), Fraction(sum(daily), days)
        result.append({"subject_type": subject_type, "subject_id": subject_id, "period": period,
                       "starts_on": starts_on, "active_users": users,
                       "value_events": sum(row["value_events"] for row in rows), "mean_daily_active_users": mean_daily,
                       "stickiness": mean_daily / users if users else None})  # fmt: skip
    return result
