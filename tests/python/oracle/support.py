"""Tickets, their waiting times and transfers (M6); `compute` adds the relations of ratings and usage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from oracle.basics import minutes
from oracle.clock import Schedules, last_moment
from oracle.people import events_of, human, is_counted_ticket, response_clock
from oracle.ratings import NURTURE_POINTS, compliance, employee_ratings, rated_touches, requests_due, survey_invitations
from oracle.received import Row
from oracle.statistics import kaplan_meier, quantile
from oracle.usage import active_users, usage_days
from oracle.world import World


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
    closed to anything else'. 'Status hold counts as pending'; an empty status 'reads as not solved'.
    """
    events = events_of(world, ticket, "status")
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
    """'changes of assignee after the first'; 'empty assignees are passed over', as unknown ones are, which read as empty."""
    events = set_events(world, ticket, "assignment")
    return [{"event_id": event["event_id"], "ticket_id": ticket["ticket_id"], "from_user_id": before["new_value"],
             "to_user_id": event["new_value"], "transferred_at": event["occurred_at"]}
            for before, event in zip(events, events[1:]) if before["new_value"] != event["new_value"]]  # fmt: skip


def ticket_times(world: World, tickets: list[dict]) -> list[dict]:
    """Medians and 90th percentiles are Kaplan-Meier quantiles, null where the curve does not come down to them, with
    the unanswered and unresolved as censored observations, by subject, of each local month and of all; M0: the team of the
    user in 'rows of a month: its last local day', else as of as_of. READING: a user of team other is a subject like others.
    """
    groups = defaultdict(list)
    for ticket in tickets:
        for measure, observation, moment, user_id in observations(world, ticket):
            for month in (None, world.month(moment)):
                known_at = world.as_of if month is None else last_moment(world, month)
                subjects = {"company": "all", "team": user_id and world.team_at(user_id, known_at), "employee": user_id,
                            "channel": ticket["channel"], "priority": ticket["priority_at_creation"]}  # fmt: skip
                for subject_type, subject_id in subjects.items():
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
