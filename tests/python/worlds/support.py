"""The part of a random world that is hard on the rating policy, tickets, working time and usage."""

from __future__ import annotations

from datetime import datetime
from itertools import product

from worlds.contract import Row
from worlds.moments import CLOCK_CHANGES, DAY, HOUR, SECOND, TICK
from worlds.world import World

# Where clocks change at night, at midnight, by half an hour, never, and where they are a quarter of an hour off.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC", "Asia/Kathmandu")
# Weekdays and stretches: common ones, ones that overlap or touch, and edges within the hours that are gone or twice.
WEEKS = (
    (range(1, 6), [(540, 1020)]),
    ([1, 3, 7], [(480, 720), (780, 1440)]),
    (range(1, 8), [(0, 1440)]),
    ([6, 7], [(0, 150), (120, 180), (1410, 1440)]),
    (range(1, 7), [(540, 780), (600, 720), (780, 900), (840, 1080)]),
    ([6, 7, 1], [(0, 30), (105, 135), (150, 165), (1380, 1425)]),
    ([7], [(30, 60), (90, 121), (125, 1439)]),
    (range(1, 8), [(150, 1380)]),
    # nights: over midnight and month ends, up to the minute before they start, from the last minute of the day
    (range(1, 6), [(1320, 360)]),
    ([5, 6, 7, 1], [(1380, 150), (60, 180), (1200, 1199)]),
    ([2, 4, 7], [(1440, 300), (600, 720), (1439, 0)]),
)
RESTS = (14 * DAY, 14 * DAY - TICK, 14 * DAY + TICK, 7 * DAY, 7 * DAY - SECOND)
GAPS = (0 * DAY, DAY / 48, DAY, 3 * DAY, 7 * DAY, 14 * DAY - SECOND, 14 * DAY, 28 * DAY)
DELAYS = (0 * DAY, *[HOUR] * 4, DAY - TICK, DAY, 3 * DAY, 7 * DAY - TICK, 7 * DAY, 8 * DAY, -TICK, -DAY)


# ---------------------------------------------------------------------------------------------------- the rating policy


def touch_run(world: World, account_id: object, at: datetime) -> None:
    """Touches mostly of one person that mostly count, at the edges of rest and window, some of them now.

    Most touches that are due are to be asked about, and now and then one that is not due: `world.asked`.
    """
    world.asked = getattr(world, "asked", [])
    contact_id = world.id_of("contacts", account_id)
    is_bot = {user["user_id"]: user["is_bot"] for user in world.rows["users"]}
    busy = sorted(user_id for user_id, it_is in is_bot.items() if not it_is)[:3]
    usual = world.some(*busy, world.id_of("users"))
    every, number, last_sent_at, is_recent = world.some(3, 3, 2), 0, None, world.chance(0.4)
    edges = [world.as_of - window for window in (7 * DAY, 3 * DAY, 7 * DAY - TICK, 7 * DAY + TICK, DAY, 0 * DAY)]
    if is_recent:
        at = world.some(world.as_of - 40 * DAY, world.as_of - 35 * DAY, *edges[:2])
    for _ in range(world.some(0, 3, 7, 8, 12)):
        touch = world.add(
            "touches",
            account_id=account_id,
            contact_id=world.some(*_same_person(world, contact_id) * 9, world.id_of("contacts", account_id), None),
            user_id=world.some(*[usual] * 14, *[world.id_of("users")] * 2, None),
            occurred_at=at,
            nurture_point=world.some(
                *[None] * 8, *["trial_day_7"] * (30 if at in edges else 3), "trial_day_9", "Trial_day_7"
            ),
            is_automated=world.some(None, *[False] * 11, True),
            is_delivered=world.some(None, *[True] * 11, False),
        )
        is_human = touch["user_id"] and not is_bot[touch["user_id"]] and not touch["is_automated"]
        is_eligible = is_human and touch["contact_id"] and touch["is_delivered"] is not False
        number += bool(is_eligible)
        is_due = is_eligible and (number % every == 0 or touch["nurture_point"] == "trial_day_7")
        sent_at = at + world.some(*DELAYS)
        if world.chance(0.75 if is_due else 0.04) and sent_at <= world.as_of:
            world.asked.append((touch, sent_at))
            last_sent_at = sent_at
        after = last_sent_at + world.some(*RESTS) if last_sent_at and world.chance(0.4) else at + world.some(*GAPS)
        if is_recent and world.chance(0.4):
            after = world.some(*edges)
        at = after if at <= after <= world.as_of else at


def _same_person(world: World, contact_id: object) -> list[object]:
    """The contact, and with it the one that it was merged into."""
    merged_into = [c["merged_into_contact_id"] for c in world.rows["contacts"] if c["contact_id"] == contact_id]
    return [contact_id, contact_id, *filter(None, merged_into)]


def policy_invitations(world: World) -> list[Row]:
    """The invitations for touches that `touch_run` planned, mostly about the one who touched."""
    surveys = {kind: [row for row in world.rows["surveys"] if row["survey_type"] == kind]
               for kind in ("touch_rating", "csat", "nps")}  # fmt: skip
    sent = []
    for touch, sent_at in world.asked:
        survey = world.some(*surveys[world.some("touch_rating", "touch_rating", "csat", "nps")])
        sent.append(world.add(
            "invitations", about_type="touch", about_id=touch["touch_id"], survey_id=survey["survey_id"],
            contact_id=world.some(*[touch["contact_id"]] * 14, None),
            account_id=world.some(*[touch["account_id"]] * 9, None),
            about_user_id=world.some(*[touch["user_id"]] * 5, *[None] * 4, world.id_of("users")),
            is_delivered=world.some(None, *[True] * 7, False), sent_at=sent_at,
        ))  # fmt: skip
    return sent


def rating_rounds(world: World) -> list[Row]:
    """Invitations about the users of one team by most customers, of others by few, of some by one alone."""
    surveys = world.rows["surveys"]
    flat = [row for row in surveys if row["survey_id"] == world.flat_survey_id]
    rounds = zip(
        world.random.sample(sorted({user["team"] for user in world.rows["users"]}), 4),
        world.random.sample(surveys[:1] + surveys[2:4], 2) + flat + surveys[1:2],
        (0.75, 0.15, 0.1, 1 / world.size),
        strict=True,
    )
    sent = []
    for team, survey, odds in rounds:
        members = [user for user in world.rows["users"] if user["team"] == team and not user["is_bot"]]
        for user, account in product(members[:3], world.rows["accounts"]):
            if world.chance(odds):
                sent.append(world.add(
                    "invitations", about_type="relationship", about_id=None, about_user_id=user["user_id"],
                    survey_id=survey["survey_id"], account_id=account["account_id"],
                    is_delivered=world.some(None, *[True] * 6, False), sent_at=world.moment(account["created_at"]),
                ))  # fmt: skip
    return sent


# -------------------------------------------------------------------------------------------------------------- support


def generate_support(world: World) -> None:
    """Schedules, and tickets with talk, transfers and ties."""
    _schedules(world)
    tickets = world.rows["tickets"]
    for account in [*world.rows["accounts"] * 2, *[{"account_id": None, "created_at": world.start}] * 12]:
        is_spam, at = world.some(None, *[False] * 12, True), world.moment(account["created_at"])
        if world.chance(0.4):
            at = world.some(*CLOCK_CHANGES) - world.some(HOUR / 3, 2 * HOUR, 9 * HOUR, DAY, 3 * DAY)
        ticket = world.add(
            "tickets", account_id=account["account_id"], created_at=at, is_spam=is_spam,
            channel=world.some("mail", "mail", "chat", "chat ", None), priority=world.some("low", "high", None),
            schedule_id=world.some(*[world.id_of("schedules")] * 9, None),
        )  # fmt: skip
        if world.chance(0.08):
            ticket["merged_into_ticket_id"] = world.some(*tickets[:-1], ticket)["ticket_id"]
        at += world.some(0, 0, 0, 60, 60, -60) * SECOND
        agents = [world.id_of("users") for _ in range(2)]
        for _ in range(world.number(0, 14)):
            _ticket_event(world, ticket["ticket_id"], min(at, world.as_of), agents)
            at += world.some(0 * DAY, 0 * DAY, SECOND, HOUR / 6, HOUR, 8 * HOUR, 9 * HOUR, DAY + TICK, 3 * DAY)
            at += world.some(*[0 * DAY] * 24, 300 * DAY)
    if world.faults and len(tickets) > 1:  # a circle
        for one, other in ((0, 1), (1, 0)):
            tickets[one]["merged_into_ticket_id"] = tickets[other]["ticket_id"]


def _schedules(world: World) -> None:
    """Every week and every zone, with holidays also where the clock changes.

    With faults some are void: of two zones or of none, with a stretch that ends as it starts, or with a row that cannot
    be read; and one was void in an earlier delivery.
    """
    healed, void, empty = world.random.sample(range(len(WEEKS)), 3)
    empty = empty if world.fault(0.6) else None
    zones = world.random.sample(ZONES, len(ZONES)) + [world.some(*ZONES) for _ in WEEKS[len(ZONES) :]]
    for number, ((weekdays, stretches), zone) in enumerate(zip(WEEKS, zones, strict=True)):
        schedule_id = world.new_id("schedule")
        zone = "Mars/Olympus" if world.fault(0.04) else zone
        for weekday, (starts, ends) in product(weekdays, stretches):
            is_second = world.faults and number == 6 and (weekday, starts) == (7, 90) and world.chance(0.5)
            ends = starts if number == empty and weekday == weekdays[0] else ends
            given = {"starts_minute": starts, "ends_minute": ends, "weekday": weekday}
            given["timezone"] = "Etc/UTC" if is_second else zone
            row = world.add("schedules", schedule_id=schedule_id, **given)
            if number == healed and world.fault(0.5):
                row["history"] = [{"is_faulty": True}]
            elif number == void and world.fault(0.1):
                row["history"], row["is_faulty"] = [{"is_faulty": False}], True
        changes = [world.some(*CLOCK_CHANGES) + world.some(-1, 0, 1) * DAY for _ in range(3)]
        for holiday_on in sorted({moment.date() for moment in [*changes, *(world.moment() for _ in range(8))]}):
            world.add("holidays", schedule_id=schedule_id, holiday_on=holiday_on)


def _ticket_event(world: World, ticket_id: object, at: datetime, agents: list) -> None:
    """Of an agent also where the user is a bot or unknown; assignments go to and fro."""
    event_type = world.some(*["comment"] * 6, *["status"] * 3, *["assignment"] * 4, "priority", *["schedule"] * 2)
    actor_type = world.some(*["customer"] * 3, *["agent"] * 5, "bot", "system")
    user_id = world.some(*agents * 6, world.id_of("users"), None, world.nobody)
    status = world.some(
        "new", "open", "pending", "hold", "solved", "solved", "closed", "closed", "Solved ", "\u00a0HOLD", None
    )
    if world.fault():
        status = world.some("escalated", "on_hold", "re-opened")
    new_value = {
        "status": status,
        "assignment": world.some(*agents * 8, world.id_of("users"), world.id_of("users"), None, " ", world.nobody),
        "schedule": world.some(*[world.id_of("schedules") for _ in range(10)], world.nowhere, None),
        "priority": world.some("low", "high", "high", None),
    }.get(event_type)
    world.add(
        "ticket_events", ticket_id=ticket_id, occurred_at=at, event_type=event_type, actor_type=actor_type,
        actor_user_id=user_id if actor_type in ("agent", "bot") else None, new_value=new_value,
        is_public=world.some(None, *[True] * 5, False),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ use


def usage(world: World, account_id: object, created_at: datetime) -> None:
    """Days of people who are merged, nobody's contacts, or at two accounts; in runs, also over the end of a year."""
    people = [*_same_person(world, world.id_of("contacts", account_id)), "somebody"]
    turn = datetime(world.as_of.year - 1, 12, 29)
    first = world.some(world.moment(created_at), turn, world.as_of - 5 * DAY)
    for contact_id in dict.fromkeys(filter(None, people)):
        days = {world.moment(created_at).date() for _ in range(2)}
        days |= {(first + number * DAY).date() for number in range(world.some(0, 2, 6)) if world.chance(0.7)}
        for used_on in sorted(day for day in days if day <= world.as_of.date()):
            events = world.some(0, 0, 1, 2, 30)
            world.add("usage_days", account_id=account_id, contact_id=contact_id, used_on=used_on, value_events=events)
