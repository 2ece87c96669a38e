"""The person behind a thing: the owner of a deal at its close, the first responder of a ticket, no bots (M2, M6, M10)."""

from __future__ import annotations

from datetime import datetime

from oracle.received import Row
from oracle.world import World


def human(world: World, user_id: str | None) -> str | None:
    """The user, at the end of its merges, unless it is a bot or nobody that is known."""
    user = world.find("crm.users", user_id)
    return None if user is None or user["is_bot"] else user["user_id"]


def derived_user(world: World, about_type: str, about_id: str | None) -> str | None:
    """'a touch's user, the ticket's first responder (spam and merged tickets have none), the deal's owner at close'."""
    if about_type == "touch":
        touch = world.find("crm.touches", about_id)
        return touch["user_id"] if touch else None
    if about_type == "ticket":
        ticket = world.find("support.tickets", about_id)
        return first_responder(world, ticket) if ticket else None
    if about_type == "opportunity":
        deal = world.find("crm.opportunities", about_id)
        return owner_at_close(world, deal) if deal else None
    return None


def owner_at_close(world: World, deal: Row) -> str | None:
    """M10: 'its deal's owner at close; else the owner in the earliest delivered version that is closed; else its owner',
    'of sound versions that are not marked deleted and are closed by as_of, the earliest; without an accepted owner
    there, the deal's present owner; a reopened deal still takes it'. READING: closed is with closed_at. Versions of deals
    that merged into this one are none of its own; an owner who merged reads as the survivor.
    """
    closed = [version for version in world.deal_versions[deal["opportunity_id"]] if not version["is_deleted"]
              and version["closed_at"] is not None and not world.is_future(version["closed_at"])]  # fmt: skip
    owners = [
        deal["owner_at_close_user_id"],
        *(version["owner_user_id"] for version in closed[:1]),
        deal["owner_user_id"],
    ]
    return next((owner for owner in (world.reads_as("crm.users", owner) for owner in owners) if owner), None)


def events_of(world: World, ticket: Row, event_type: str) -> list[Row]:
    """M6: 'Events at one moment are ordered by event_id.'"""
    events = [event for event in world.ticket_events[ticket["ticket_id"]] if event["event_type"] == event_type]
    return sorted(events, key=lambda event: (event["occurred_at"], event["event_id"]))


def is_counted_ticket(ticket: Row) -> bool:
    """M6: 'Spam and merged tickets are left out'. READING: one merged into no accepted ticket is not merged."""
    return not ticket["is_spam"] and ticket["merged_into_ticket_id"] is None


def response_clock(world: World, ticket: Row) -> tuple[datetime, Row | None]:
    """M6: when the clock starts, and the comment that stops it: the clock 'starts at the customer's first public
    comment (else the ticket's creation); where an agent wrote publicly first, at the customer's first public comment
    after it' - which is the same comment - and 'stops at the first public comment by an agent who is no bot, at or
    after the start'. READING: 'after' is in the order of events; an agent whose user is unknown stops the clock.
    """
    comments = [event for event in events_of(world, ticket, "comment") if event["is_public"]]
    by_customer = [index for index, event in enumerate(comments) if event["actor_type"] == "customer"]
    if by_customer:
        after = comments[by_customer[0] :]
        start = after[0]["occurred_at"]
    else:
        start = ticket["created_at"]
        after = [event for event in comments if event["occurred_at"] >= start]
    for event in after:
        user = world.find("crm.users", event["actor_user_id"])
        if event["actor_type"] == "agent" and not (user and user["is_bot"]):
            return start, event
    return start, None


def first_responder(world: World, ticket: Row) -> str | None:
    """Who stopped the clock; M2: 'spam and merged tickets have none'. READING: an unknown user names nobody."""
    answer = response_clock(world, ticket)[1] if is_counted_ticket(ticket) else None
    return answer["actor_user_id"] if answer else None
