"""Random rules of pay: plans, participants, closes and disputes, all sound, for a world on disk."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from oracle.world import World
from worlds.credit import TEAMS
from worlds.moments import DAY, SECOND

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


def write_rules(folder: Path, rules: Rules) -> Path:
    """Write the files of these rules, as `outcomes build --rules` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(rules[name])
    return folder


def employees(world: World) -> dict[str, str]:
    """The team of each accepted user who is neither a bot nor merged, and was never in a team without plans."""
    out = {key for table, key in world.survivor if table == "crm.users"}
    out |= {row["user_id"] for row in world.accepted("crm.user_teams") if row["team"] not in TEAMS}
    return {user["user_id"]: user["team"] for user in world.accepted("crm.users")
            if not user["is_bot"] and user["user_id"] not in out}  # fmt: skip


def random_rules(dice: Random, teams: dict[str, str], first: date, as_of: datetime) -> Rules:
    """Rules for a company with these users (team by user_id) and figures from a month on.

    Three actual plans, of which one is over, and one pays half a cent for each cent; a scenario with other
    participants, some of them in no actual plan; and `deal_quota` for the participants of the actual plans.
    """
    months = months_between(first, as_of.date())
    users = [user_id for user_id in sorted(teams) if teams[user_id] in TEAMS]
    plans, participants = [], []
    for plan_id in ("core", "extra"):
        is_over = plan_id == "extra"
        plans += versions(dice, plan_id, "actual", months[: -dice.choice((1, 3, 9))] if is_over else months, is_over)
        members = dice.sample(users, len(users) // 2 if is_over else max(len(users) - 1, 0))
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
