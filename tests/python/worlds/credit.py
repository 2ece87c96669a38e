"""The part of a random world that is hard on credit: owners, splits, assignments and deals at the edges of months."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from worlds.contract import Row
from worlds.moments import DAY, SECOND, SILENCE, TICK
from worlds.world import World

TEAMS = ("marketing", "sales")


def credit(world: World) -> None:
    """Owners mostly of the team that owns; deals won at one moment, at that of a purchase, and at months' ends, that
    move afterwards, or that a bot has a share of; assignments that start, end and are rejected there; customers who are
    handed on as they leave; many answers in two months.
    """
    human = {team: [user["user_id"] for user in world.rows["users"] if user["team"] == team and not user["is_bot"]]
             for team in TEAMS}  # fmt: skip
    for table, team in (("campaigns", "marketing"), ("leads", "marketing"), ("opportunities", "sales")):
        for row in world.rows[table]:
            if human[team] and world.chance(0.6):
                row["owner_user_id"] = world.some(*human[team])
    bots = [user["user_id"] for user in world.rows["users"] if user["team"] == "sales" and user["is_bot"]]
    shared = {row["opportunity_id"] for row in world.rows["opportunity_splits"]}
    busy = [world.moment(world.as_of - 200 * DAY) for _ in range(2)]
    for account in world.rows["accounts"]:
        if world.chance(0.7):
            _recent(world, account["account_id"])
        account_id = account["account_id"]
        bought = [row["transacted_at"] for row in world.of("transactions", account_id)] or [world.moment()]
        deals = world.of("opportunities", account_id)
        for deal in deals:
            if world.chance(0.6):
                at = world.some(*bought) + world.some(*[0 * DAY] * 3, TICK, -TICK)
                later = [other["closed_at"] for other in deals if other["closed_at"]]
                deal["closed_at"] = min(world.some(at, at, world.moment(at), *later), world.as_of)
                deal["is_won"] = world.some(True, True, True, False, None)
                deal["currency_code"] = world.some(*["EUR"] * 3, deal["currency_code"])
            if human["sales"] and world.chance(0.6):
                _moved(world, deal, [*human["sales"], world.id_of("users"), None])
            if human["sales"] and deal["opportunity_id"] not in shared and world.chance(0.2):
                parts = world.some((1,), (1,), ("0.75", "0.25"), ("0.999999", "0.000001"))
                for user_id, part in zip((world.some(*bots), world.some(*human["sales"])), parts):
                    world.add(
                        "opportunity_splits",
                        opportunity_id=deal["opportunity_id"],
                        user_id=user_id,
                        share=Decimal(part),
                    )
        for _ in range(world.some(0, 0, 1, 2) if human["sales"] else 0):
            at = world.some(world.moment(account["created_at"]), *bought)
            world.add(
                "account_assignments", account_id=account_id, user_id=world.some(*human["sales"]), assigned_at=at,
                unassigned_at=world.some(None, None, world.then(at, 0 * DAY, 31 * DAY, 200 * DAY)),
                rejected_at=world.some(*[None] * 4, world.then(at, 0 * DAY, SECOND, 40 * DAY)),
            )  # fmt: skip
        if len(human["sales"]) > 1 and world.chance(0.5):
            _handed_on(world, account, world.random.sample(human["sales"], 2))
        for at in busy:
            if world.chance(0.9):
                survey = world.some(*world.rows["surveys"][2:4])  # of type csat
                low, high = survey["scale_min"], survey["scale_max"]
                world.add(
                    "responses", account_id=account_id, contact_id=None, survey_id=survey["survey_id"],
                    invitation_id=None, about_type="relationship", about_id=None, about_user_id=None,
                    responded_at=min(at + world.number(0, 20) * DAY, world.as_of),
                    score=low + (high - low) * world.number(0, 20) / 20,
                )  # fmt: skip


def _moved(world: World, deal: Row, owners: list) -> None:
    """What it was before: open, closed, closed by another, reopened since; and versions that say nothing of its close,
    as they are deleted, faulty, or of one that is to come.
    """
    closed_at = deal["closed_at"] or world.moment(deal["created_at"])
    to_come = {"closed_at": world.as_of + world.some(TICK, DAY), "is_won": True}
    closed = {"closed_at": closed_at, "is_won": world.some(True, True, False)}
    kinds = [{"closed_at": None, "is_won": None}, to_come, closed | {"is_deleted": True}, closed, closed]
    kinds += [closed | {"is_faulty": True}] * 2 * world.faults
    past = [{"owner_user_id": world.some(*owners)} | world.some(*kinds) for _ in range(world.some(0, 1, 2, 3))]
    deal["history"] = [*past, closed | {"owner_user_id": world.some(*owners)}] if world.chance(0.8) else past
    if world.chance(0.2):
        deal["closed_at"] = deal["is_won"] = None
    if world.chance(0.7):
        deal["owner_at_close_user_id"] = None
    if world.chance(0.5):
        survey = world.some(*world.rows["surveys"][6:8])  # of type touch_rating
        low, high = survey["scale_min"], survey["scale_max"]
        world.add(
            "responses", account_id=deal["account_id"], contact_id=None, survey_id=survey["survey_id"], invitation_id=None,
            about_type="opportunity", about_id=deal["opportunity_id"], about_user_id=None,
            responded_at=world.moment(closed_at), score=low + (high - low) * world.number(0, 20) / 20,
        )  # fmt: skip


def _handed_on(world: World, account: Row, sellers: list) -> None:
    """One seller answers for it, and another from shortly before it leaves, by assignment or by the latest deal."""
    account_id, one, other = account["account_id"], *sellers
    ends = [row["ended_on"] for row in world.of("subscriptions", account_id) if row["ended_on"]]
    bought = [row["transacted_at"] for row in world.of("transactions", account_id)]
    left = [datetime(day.year, day.month, day.day) for day in ends[-1:]]
    left += [at + gap for at in sorted(bought)[-1:] for gap in (90 * DAY, SILENCE)]
    left = [at for at in left if account["created_at"] < at <= world.as_of]
    if not left:
        return
    at = world.some(*left)
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    handed_at = max(world.some(month, month + DAY, month - TICK, at - DAY, at - SECOND), account["created_at"])
    world.add("account_assignments", account_id=account_id, user_id=one, assigned_at=account["created_at"],
              unassigned_at=world.some(None, handed_at), rejected_at=None)  # fmt: skip
    if world.chance(0.5):
        world.add("account_assignments", account_id=account_id, user_id=other, assigned_at=handed_at, unassigned_at=None,
                  rejected_at=None)  # fmt: skip
    else:
        world.add("opportunities", account_id=account_id, created_at=handed_at, closed_at=handed_at, is_won=True,
                  owner_user_id=other, owner_at_close_user_id=None, currency_code="EUR", campaign_id=None)  # fmt: skip


def _recent(world: World, account_id: object) -> None:
    """So that payees have something to be measured by: purchases, outcomes due and recommendations of half a year."""
    at = world.moment(world.as_of - 200 * DAY)
    for _ in range(world.some(1, 2, 4)):
        world.add(
            "transactions", account_id=account_id, transacted_at=at, transaction_type="charge", status="completed",
            currency_code="EUR", amount=Decimal(world.number(1000, 60000)) / 100, quantity=Decimal(world.number(1, 9)),
        )  # fmt: skip
        at = world.then(at, *[0 * DAY] * 2, 20 * DAY, 40 * DAY) or at
    for _ in range(world.some(0, 1, 2)):
        due_at = world.moment(world.as_of - 200 * DAY)
        verified_at = due_at - world.some(DAY, 0 * DAY, 0 * DAY, -TICK)
        world.add(
            "outcomes", account_id=account_id, defined_at=due_at - 30 * DAY, due_at=due_at, achieved_at=None,
            verified_at=world.some(None, *[verified_at] * 3), verified_by="customer", abandoned_at=None,
            weight=world.some(None, Decimal(1), Decimal("2.5")),
        )  # fmt: skip
    if world.chance(0.5):
        lead = world.some(*world.rows["leads"])
        lead["qualified_at"] = world.moment(max(lead["created_at"], world.as_of - 200 * DAY))
        world.add("referrals", referrer_account_id=account_id, referrer_contact_id=None,
                  referred_lead_id=lead["lead_id"], referred_at=lead["qualified_at"] - world.some(0, 3) * DAY)  # fmt: skip
