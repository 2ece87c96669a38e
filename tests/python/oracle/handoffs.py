"""Hand-offs between teams: of accounts and of leads, and how long the first contact takes (M9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from oracle.basics import DAY, earliest, grouped, midnight, minutes, ratio
from oracle.campaigns import accounts_of
from oracle.clock import Schedules
from oracle.local_time import first_moment
from oracle.people import human
from oracle.received import Row
from oracle.statistics import kaplan_meier, quantile
from oracle.world import World


class BusinessDays:
    """'Monday to Friday, less that schedule's holidays', as elapsed time on those local days.

    READING: of the time zone of default_schedule; where that has no stretch at all, of reporting_timezone.
    """

    def __init__(self, world: World, schedules: Schedules, schedule_id: str | None):
        self.zone = schedules.zones.get(schedule_id, world.zone)
        self.holidays = {day for schedule, day in schedules.holidays if schedule == schedule_id}

    def passed(self, start: datetime, wanted: timedelta) -> datetime:
        """The moment at which the wanted business time has passed: the end of that day, not the next opening."""
        left, day, moment = wanted, start.date() - DAY, start  # no local day is further from the UTC day
        while left > timedelta(0):
            if day.isoweekday() <= 5 and day not in self.holidays:
                opens, closes = (first_moment(self.zone, midnight(edge)) for edge in (day, day + DAY))
                opens = max(opens, start)
                if opens < closes:
                    moment = min(closes, opens + left)
                    left -= moment - opens
            day += DAY
        return moment


def handoffs(world, outcomes: list[dict], default_schedule: str | None, drop_after, return_within) -> list[dict]:
    """'Latency runs to it in calendar minutes, and in business minutes of var default_schedule (null without one).
    Matured once handoff_drop_business_days business days have passed; dropped =' matured and no first
    contact by then. By then is by that moment: a contact after it is late on a holiday, too.
    """
    schedules = Schedules(world)
    business_days = BusinessDays(world, schedules, default_schedule)
    touches = [(row, accounts_of(world, row)) for row in world.accepted("crm.touches")]
    defined = earliest((row["account_id"], row["defined_at"]) for row in outcomes)
    rows = []
    for handed in [*account_handoffs(world, return_within), *lead_handoffs(world)]:
        start = handed["handed_at"]
        sign = handed["first_sign_at"] = first_sign(world, handed, touches)
        has_schedule = sign is not None and default_schedule in schedules.zones
        matures_at = business_days.passed(start, drop_after)
        is_matured = matures_at <= world.as_of
        rows.append({
            **{name: value for name, value in handed.items() if name != "_accepted_at"},
            "latency_minutes": None if sign is None else minutes(sign - start),
            "latency_business_minutes": minutes(schedules.worked(default_schedule, start, sign))
                                        if has_schedule else None,
            "is_matured": is_matured,
            "is_dropped": is_matured and (sign is None or sign > matures_at),
            # 'an outcome of the account was defined before the hand-off'
            "is_outcome_recorded": defined.get(handed["account_id"], datetime.max) < start,
        })  # fmt: skip
    return rows


def account_handoffs(world: World, return_within: timedelta) -> list[dict]:
    """'an account's change of answering team between two assignments in order of assigned_at (ties by assignment_id)';
    'returned (the account comes back to the team that gave it within 30 days)'. READING: those of bots are not there;
    rejected ones are. Of teams at the moment, both are as of the hand-off, so that a user's own change of team hands over
    nothing; who comes back does so as of its own assignment.
    """
    assignments = grouped((row for row in world.accepted("crm.account_assignments") if human(world, row["user_id"])),
                          lambda row: row["account_id"])  # fmt: skip
    rows = []
    for account_id, own in assignments.items():
        own.sort(key=lambda row: (row["assigned_at"], row["assignment_id"]))
        for place, (before, after) in enumerate(pairwise(own), start=1):
            giver, taker = (world.team_at(row["user_id"], after["assigned_at"]) for row in (before, after))
            if giver == taker:
                continue
            until = after["assigned_at"] + return_within
            rows.append({
                "handoff_id": f"account:{after['assignment_id']}", "account_id": account_id, "lead_id": None,
                "from_team": giver, "to_team": taker, "from_user_id": before["user_id"],
                "to_user_id": after["user_id"], "handed_at": after["assigned_at"],
                "is_rejected": after["rejected_at"] is not None,
                "is_returned": any(world.team_at(later["user_id"], later["assigned_at"]) == giver
                                   and later["assigned_at"] < until for later in own[place + 1:]),
                "_accepted_at": after["accepted_at"],
            })  # fmt: skip
    return rows


def lead_handoffs(world: World) -> list[dict]:
    """'a lead's passing from its owner to its sales user at qualified_at'. READING: of two who are no bots and not the
    same; neither rejected nor returned.
    """
    rows = []
    for lead in world.unmerged("crm.leads"):
        owner, seller = (human(world, lead[name]) for name in ("owner_user_id", "sales_user_id"))
        if lead["qualified_at"] is not None and owner and seller and owner != seller:
            giver, taker = (world.team_at(user_id, lead["qualified_at"]) for user_id in (owner, seller))
            rows.append({
                "handoff_id": f"lead:{lead['lead_id']}", "account_id": lead["account_id"], "lead_id": lead["lead_id"],
                "from_team": giver, "to_team": taker, "from_user_id": owner, "to_user_id": seller, "handed_at": lead["qualified_at"], "is_rejected": False,
                "is_returned": False, "_accepted_at": lead["accepted_at"],
            })  # fmt: skip
    return rows


def first_sign(world: World, handed: dict, touches: list[tuple[Row, set[str]]]) -> datetime | None:
    """'the earliest of accepted_at and, after the hand-off, the new user's first touch with the account or lead or
    first public comment on one of its tickets'. READING: accepted before is at the hand-off; at its moment is after;
    any touch and any accepted ticket count.
    """
    since, user_id, account_id = handed["handed_at"], handed["to_user_id"], handed["account_id"]
    signs = [max(handed["_accepted_at"], since)] if handed["_accepted_at"] is not None else []
    for touch, accounts in touches:
        is_of_lead = handed["lead_id"] is not None and touch["lead_id"] == handed["lead_id"]
        if touch["user_id"] == user_id and (is_of_lead or account_id in accounts):
            signs.append(touch["occurred_at"])
    for ticket in world.accepted("support.tickets"):
        if account_id is not None and ticket["account_id"] == account_id:
            signs += [event["occurred_at"] for event in world.ticket_events[ticket["ticket_id"]]
                      if event["event_type"] == "comment" and event["is_public"]
                      and event["actor_user_id"] == user_id]  # fmt: skip
    return min((sign for sign in signs if sign >= since), default=None)


def handoff_performance(world: World, handed: list[dict]) -> list[dict]:
    """By both teams and the month of the hand-off; M0: 'quantiles from the Kaplan-Meier curve'. READING: those without
    a sign are censored at as_of.
    """
    groups = grouped(handed, lambda row: (row["from_team"], row["to_team"], world.month(row["handed_at"])))
    rows = []
    for (from_team, to_team, month), group in groups.items():
        curve = kaplan_meier([
            (minutes((row["first_sign_at"] or world.as_of) - row["handed_at"]), row["first_sign_at"] is not None)
            for row in group])  # fmt: skip
        counts = {name: sum(row[f"is_{name}"] for row in group)
                  for name in ("matured", "dropped", "returned", "rejected", "outcome_recorded")}  # fmt: skip
        rows.append({"from_team": from_team, "to_team": to_team, "month": month, "handoffs": len(group),
                     "outcome_recorded_rate": ratio(counts.pop("outcome_recorded"), len(group)), **counts,
                     "drop_rate": ratio(counts["dropped"], counts["matured"]),
                     "median_latency_minutes": quantile(curve, "median", 0.5)["median_minutes"],
                     "p90_latency_minutes": quantile(curve, "p90", 0.9)["p90_minutes"]})  # fmt: skip
    return rows
