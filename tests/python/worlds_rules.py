"""The part of a random world that is hard on pay: who has credit, rules of pay, and what is learned late.

`credit` completes a world in the making; `write_rules` writes a company's plans, participants, closes and disputes, all
sound, for a world on disk; `write_late_facts` delivers more rows to such a world, as a later delivery does.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from worlds_support import DAY, SECOND, TICK

if TYPE_CHECKING:
    import oracle
    from worlds import Row, World

Rules = dict[str, list[dict]]

COLUMNS = {
    "comp_plans": ("plan_id", "plan_version", "scenario", "valid_from", "valid_to", "team", "metric_name", "weight",
                   "threshold", "target", "cap", "accelerated_rate"),
    "comp_participants": ("user_id", "plan_id", "target_pay", "valid_from", "valid_to"),
    "closed_periods": ("period", "closed_at", "closed_by"),
    "disputes": ("dispute_id", "period", "user_id", "metric_name", "raised_on", "raised_by", "claim", "decision",
                 "decided_on", "decided_by", "amount"),
}  # fmt: skip
# A metric's targets, from hardly anything to hardly to be reached.
TARGETS = {
    "cltv_growth": ("0.01", "150", "400", "600", "600", "1200", "2500"),
    "cross_sell": ("40", "150", "900"),
    "up_sell": ("10", "90", "900"),
    "satisfaction": ("0.45", "0.6", "0.85"),
    "customer_retention": ("0.5", "0.8", "0.95", "1"),
    "outcomes_on_time": ("0.2", "0.4", "1"),
    "referrals_realised": ("0.25", "0.5", "2"),
    "ppp_yield": ("0.2", "0.333333", "0.6"),
    "bookings": ("100", "450", "600", "3000"),
}
MIXES = (("1",), ("0.5", "0.5"), ("0.7", "0.3"), ("0.333333", "0.333333", "0.333334"), ("0.4", "0.25", "0.2", "0.15"))
TEAMS = ("marketing", "sales")


# --------------------------------------------------------------------------------------------------------------- credit


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
    left += [at + gap * DAY for at in sorted(bought)[-1:] for gap in (90, 365)]
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


# ---------------------------------------------------------------------------------------------------------------- rules


def write_rules(folder: Path, rules: Rules) -> Path:
    """Write the files of these rules, as `outcomes build --rules` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(rules[name])
    return folder


def random_rules(dice: Random, teams: dict[str, str], first: date, as_of: datetime) -> Rules:
    """Rules for a company with these users (team by user_id) and figures from a month on.

    Three actual plans, of which one is over, and one pays half a cent for each cent; a scenario with participants of its
    own, some of whom no actual plan pays; and `deal_quota`, in which the actual ones take part.
    """
    months = months_between(first, as_of.date())
    users = [user_id for user_id in sorted(teams) if teams[user_id] in TEAMS]
    plans, participants = [], []
    for plan_id in ("core", "extra"):
        is_over = plan_id == "extra"
        plans += versions(dice, plan_id, "actual", months[: -dice.choice((1, 3, 9))] if is_over else months, is_over)
        members = dice.sample(users, len(users) // 2 if is_over else len(users) - 1)
        participants += [row for user_id in members for row in stretches(dice, user_id, plan_id, months)]
    half = {"plan_version": "1", "scenario": "actual", "valid_from": months[-12:][0], "valid_to": None, "weight": "1",
            "metric_name": "cltv_growth", "target": "600", "threshold": None, "cap": "100", "accelerated_rate": "1"}  # fmt: skip
    plans += [half | {"plan_id": "half", "team": team} for team in TEAMS]
    participants += [{"user_id": user_id, "plan_id": "half", "target_pay": dice.choice(("300", "900")),
                      "valid_from": months[0], "valid_to": None} for user_id in users]  # fmt: skip
    plans += versions(dice, "bold", "generous", months)
    participants += [row for user_id in dice.sample(users, len(users) // 2)
                     for row in stretches(dice, user_id, "bold", months)]  # fmt: skip
    plans += [row for team in TEAMS for row in plan_rows(
        dice, team, ("bookings",), ("1",), plan_id="quota", plan_version="1", scenario="deal_quota",
        valid_from=months[0], valid_to=None)]  # fmt: skip
    closes = random_closes(dice, months, as_of)
    return {"comp_plans": plans, "comp_participants": participants, "closed_periods": closes,
            "disputes": random_disputes(dice, participants, months, as_of)}  # fmt: skip


def months_between(first: date, last: date) -> list[date]:
    months = [first.replace(day=1)]
    while (after := (months[-1] + 32 * DAY).replace(day=1)) <= last:
        months.append(after)
    return months


def day_in(dice: Random, months: Sequence[date]) -> date:
    """A day about the turn of a month, or within one."""
    return dice.choice(months) + dice.choice((-1, 0, 0, 1, 9, 14, 27)) * DAY


def versions(dice: Random, plan_id: str, scenario: str, months: list[date], is_over: bool = False) -> list[dict]:
    """One to three versions, one after the other, now and then with a gap; each with metrics of its own."""
    edges = sorted({day_in(dice, months[len(months) // 3 :]) for _ in range(dice.choice((0, 1, 2, 2)))})
    end = day_in(dice, months[-3:])
    starts, ends = [months[0], *edges], [*edges, end if is_over else dice.choice((None, None, end))]
    rows = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        start += dice.choice((0, 0, 0, 3)) * DAY
        if end is None or start < end:
            mixes = {team: dice.choice(MIXES) for team in TEAMS}
            mixes["sales"] = dice.choice([mix for mix in MIXES if len(mix) == len(mixes["marketing"])])
            metrics = dice.sample(sorted(TARGETS), len(mixes["sales"]))
            given = {"plan_id": plan_id, "plan_version": f"{number}", "scenario": scenario}
            given |= {"valid_from": start, "valid_to": end}
            rows += [row for team in TEAMS for row in plan_rows(dice, team, metrics, mixes[team], **given)]
    return rows


def plan_rows(dice: Random, team: str, metrics: Sequence[str], mix: Sequence[str], **given: object) -> list[dict]:
    """With and without threshold and cap; caps at 1, rates of 0, thresholds at and above the target."""
    rows = []
    for metric, weight in zip(metrics, mix, strict=True):
        target = Decimal(dice.choice(TARGETS[metric]))
        part = dice.choice((None, None, "0", "0.5", "0.5", "1", "1.1"))
        rows.append(given | {
            "team": team, "metric_name": metric, "weight": weight, "target": target,
            "threshold": None if part is None else round(target * Decimal(part), 6),
            "cap": dice.choice((None, "1", "1.5", "2", "2")),
            "accelerated_rate": dice.choice(("0", "0.5", "1", "1.5", "3")),
        })  # fmt: skip
    return rows


def stretches(dice: Random, user_id: str, plan_id: str, months: list[date]) -> list[dict]:
    """All the time; from or to a day; with a raise in the middle of a month; with a pause."""
    pay = Decimal(dice.choice(("1000", "1500", "999.99", "33.33", "2750.5", "300", "300", "600")))
    joins, leaves = sorted((day_in(dice, months), day_in(dice, months)))
    spans = dice.choice((
        [(months[0], None)], [(months[0], None)], [(joins, None)], [(months[0], leaves + DAY)],
        [(joins, leaves + DAY)], [(months[0], leaves), (leaves, None)], [(months[0], joins), (leaves + DAY, None)],
    ))  # fmt: skip
    return [
        {"user_id": user_id, "plan_id": plan_id, "target_pay": pay * number, "valid_from": start, "valid_to": end}
        for number, (start, end) in enumerate(spans, start=1)
        if end is None or start < end
    ]


def random_closes(dice: Random, months: list[date], as_of: datetime) -> list[dict]:
    """None to five, in order without a gap, the last of them perhaps after as_of."""
    over = months[:-1]
    begin = max(len(over) - dice.choice((1, 2, 5, 8)), 0)
    rows = []
    for month in over[begin:][: dice.choice((0, 1, 3, 5))]:
        end = datetime.combine((month + 32 * DAY).replace(day=1), datetime.min.time())
        closed_at = end + dice.choice((DAY, 4 * DAY, 10 * DAY + SECOND))
        rows.append({"period": month, "closed_at": closed_at.isoformat(), "closed_by": dice.choice(("Ada", "Ben"))})
    return rows


def random_disputes(dice: Random, participants: list[dict], months: list[date], as_of: datetime) -> list[dict]:
    """Of each decision, one of them decided only after as_of; amounts to either side."""
    rows, today = [], as_of.date()
    for number, decision in enumerate(("open", "accepted", "accepted", "rejected", "accepted"), start=1):
        period = dice.choice(months[-9:])
        is_decided, is_late = decision != "open", number == 5
        rows.append({
            "dispute_id": f"d{number}", "period": period, "user_id": dice.choice(participants)["user_id"],
            "metric_name": dice.choice(sorted(TARGETS)), "raised_on": period + 31 * DAY, "raised_by": "Cleo",
            "claim": dice.choice(("a split, wrongly", 'the "other" deal', "=1+1")), "decision": decision,
            "decided_on": (today + (40 * DAY if is_late else dice.choice((0, -1, -30)) * DAY)) if is_decided else None,
            "decided_by": "Ada" if is_decided else None,
            "amount": Decimal(dice.choice(("12.5", "-40", "100.01"))) if decision != "rejected" else None,
        })  # fmt: skip
    return rows


def next_close(rules: Rules, month: date, closed_at: datetime) -> Rules:
    """The rules with one more period closed."""
    row = {"period": month, "closed_at": closed_at.isoformat(), "closed_by": "Ada"}
    return rules | {"closed_periods": [*rules["closed_periods"], row]}


# ----------------------------------------------------------------------------------------------------------- late facts


def write_late_facts(folder: Path, dice: Random, world: oracle.World, number: int) -> None:
    """Add a delivery to a world on disk: refunds, merges, reassignments, ratings of the past, corrected splits, also of
    bots, and amounts, deals that were won a while ago, and closed ones that move or are open again.

    `world` is what was delivered so far, `number` tells one delivery from the next.
    """
    loaded_at, now = datetime(2030, 1, number), world.as_of
    late: dict[str, list[dict]] = {}

    def deliver(table: str, row: oracle.Row | None, **changes: object) -> None:
        columns = [*world.contract[table]["columns"], "updated_at"]
        before = {name: row.raw.get(name) for name in columns} if row else {}
        late.setdefault(table, []).append(before | changes | {"_loaded_at": loaded_at, "is_deleted": None})

    def some(table: str, count: int, **wanted: object) -> list[oracle.Row]:
        rows = [row for row in world.accepted(table) if all(row[name] == value for name, value in wanted.items())]
        return dice.sample(rows, min(count, len(rows)))

    humans = {user["user_id"]: user["team"] for user in world.accepted("crm.users") if not user["is_bot"]}
    sellers = sorted(user_id for user_id, team in humans.items() if team == "sales") or sorted(humans)
    for place, row in enumerate(some("crm.transactions", 6, transaction_type="charge", status="completed")):
        deliver(
            "crm.transactions", row, transaction_id=f"late {number} {place}", transaction_type="refund",
            transacted_at=max(row["transacted_at"], now - dice.choice((0, 20, 100, 400)) * DAY),
            original_transaction_id=row["transaction_id"],
        )  # fmt: skip
    for row in some("crm.transactions", 6, transaction_type="charge"):
        deliver("crm.transactions", row, amount=row["amount"] + dice.choice((-1, 5, 70)) if row["amount"] > 1 else 3)
    merged = {key for table, key in world.survivor if table == "crm.accounts"} | set(world.survivor.values())
    free = [row for row in some("crm.accounts", 50) if row["account_id"] not in merged]
    for loser, survivor in zip(free[:4:2], free[1:4:2]):
        deliver("crm.accounts", loser, merged_into_account_id=survivor["account_id"])
    for row in some("crm.account_assignments", 8):
        deliver("crm.account_assignments", row, user_id=dice.choice(sellers))
    for row in some("crm.opportunities", 8):
        closed_at = max(row["created_at"], now - dice.choice((10, 50, 90, 150)) * DAY)
        deliver("crm.opportunities", row, closed_at=closed_at, is_won=dice.choice(("true", "true", "false")),
                owner_user_id=dice.choice(sellers))  # fmt: skip
    for row in some("crm.opportunities", 8, is_won=True):
        deliver("crm.opportunities", row, owner_user_id=dice.choice(sellers),
                **dice.choice(({}, {}, {"closed_at": None, "is_won": None})))  # fmt: skip
    sellers += [user["user_id"] for user in world.accepted("crm.users") if user["is_bot"] and user["team"] == "sales"]
    for row in some("crm.opportunity_splits", 6, share=Decimal(1)):
        others = [user_id for user_id in sellers if user_id != row["user_id"]]
        if humans.get(row["user_id"]) == "sales" and others:
            deliver("crm.opportunity_splits", row, share="0.4")
            deliver("crm.opportunity_splits", None, opportunity_id=row["opportunity_id"], share="0.6",
                    user_id=dice.choice(others))  # fmt: skip
    for place, row in enumerate(some("survey.responses", 12)):
        deliver("survey.responses", row, response_id=f"late {number} {place}", contact_id=None, invitation_id=None,
                about_type="relationship", about_id=None, responded_at=now - dice.randint(0, 120) * DAY)  # fmt: skip
    for table, rows in late.items():
        path = folder.joinpath(*table.split(".")) / f"late_{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
