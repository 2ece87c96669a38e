"""Subscription lines, monthly recurring revenue, its movements, and retention (M1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from oracle.basics import DAY, cents, next_month, ratio, total
from oracle.customers import segment_of
from oracle.world import World


def subscription_lines(world: World) -> dict[str, list[dict]]:
    """Each account's lines, their amounts 'at the rate of the line's started_on'. READING: in cents, as all money."""
    lines = defaultdict(list)
    for row in world.accepted("crm.subscriptions"):
        product = world.find("crm.products", row["product_id"])
        lines[row["account_id"]].append({
            **{name: row[name] for name in ("subscription_id", "quantity", "started_on", "ended_on", "end_reason")},
            "mrr": cents(Fraction(row["monthly_amount"]) * row["exchange_rate"]),
            "family": product["product_family"], "tier": product["tier"],
        })  # fmt: skip
    return lines


def is_running(line: dict, day: date) -> bool:
    """'started_on <= end and (no ended_on or end < ended_on)'."""
    return line["started_on"] <= day and (line["ended_on"] is None or day < line["ended_on"])


def subscriptions(world: World) -> tuple[list[dict], list[dict], list[dict]]:
    """subscription_months, fct_subscription_movements, and each account's totals by month.

    READING: months run from that of the account's first line to the local month of as_of; a month's end is its last
    day, at most today.
    """
    months, movements, totals = [], [], []
    for account_id, lines in subscription_lines(world).items():
        month = min(line["started_on"] for line in lines).replace(day=1)
        last_end, had_mrr = month - DAY, False
        while month <= world.month(world.as_of):
            end = min(next_month(month) - DAY, world.today)
            before, now = defaultdict(list), defaultdict(list)
            for line in lines:
                if is_running(line, last_end):
                    before[family_at_start(line, lines, last_end, end)].append(line)
                if is_running(line, end):
                    now[line["family"]].append(line)
            start_total, end_total = (total(line["mrr"] for group in side.values() for line in group)
                                      for side in (before, now))  # fmt: skip
            gone = [line for line in lines if is_running(line, last_end) and not is_running(line, end)]
            for family in sorted({*before, *now}):
                p, c = (total(line["mrr"] for line in side.get(family, ())) for side in (before, now))
                key = {"account_id": account_id, "product_family": family, "month": month}
                if p or c:
                    months.append({**key, "starting_mrr": p, "mrr": c})
                if p != c:
                    if p == 0:
                        movement = rise_from_nothing(had_mrr, start_total)
                    elif p < c:
                        movement = rise(before[family], now[family])
                    else:
                        movement = fall(end_total, gone)
                    movements.append({**key, "movement": movement, "mrr_change": c - p})
            totals.append({"account_id": account_id, "month": month, "start": start_total, "end": end_total})
            last_end, had_mrr, month = end, had_mrr or end_total > 0, next_month(month)
    return months, movements, totals


def family_at_start(line: dict, lines: list[dict], last_end: date, end: date) -> str:
    """'A line that ended as migrated counts at the last month's end under the family of the line that starts on the
    same day.' READING: of several that of the smallest subscription_id; where there is none its own.
    """
    ended_on = line["ended_on"]
    if line["end_reason"] == "migrated" and ended_on is not None and last_end < ended_on <= end:
        followers = [other for other in lines if other["started_on"] == ended_on]
        return min(followers, key=lambda other: other["subscription_id"], default=line)["family"]
    return line["family"]


def rise_from_nothing(had_mrr: bool, start_total: Decimal) -> str:
    """'p = 0 < c: new where the account never had MRR, reactivation where it had none at the last month's end, else
    cross_sell (also of a family regained)'. READING: had, at an earlier month's end.
    """
    return "new" if not had_mrr else "reactivation" if start_total == 0 else "cross_sell"


def rise(before: list[dict], now: list[dict]) -> str:
    """'0 < p < c: up_sell where the family's quantity or highest tier rose, else uplift'. READING: the quantities of
    all its lines together; tiers only where one is known on both sides.
    """
    if sum(line["quantity"] for line in now) > sum(line["quantity"] for line in before):
        return "up_sell"
    top, top_before = (max((line["tier"] for line in side if line["tier"] is not None), default=None)
                       for side in (now, before))  # fmt: skip
    return "up_sell" if top is not None and top_before is not None and top > top_before else "uplift"


def fall(end_total: Decimal, gone: list[dict]) -> str:
    """'c < p: churn where the account has nothing left (churn_involuntary where every line that ended did so), else
    contraction'. READING: the lines that ran at the last month's end and do not at this one's.
    """
    if end_total > 0:
        return "contraction"
    return "churn_involuntary" if all(line["end_reason"] == "involuntary" for line in gone) else "churn"


def retention(world: World, totals: list[dict]) -> list[dict]:
    """'Over a month, over accounts with MRR at its start: GRR = sum of min(start, end) / sum of start, NRR = sum of
    end / sum of start'. READING: no row where no account had MRR.
    """
    groups = defaultdict(list)
    for row in totals:
        if row["start"] > 0:
            for segment in ("all", segment_of(world, row["account_id"])):
                groups[row["month"], segment].append(row)
    rows = []
    for (month, segment), group in groups.items():
        start, end = total(row["start"] for row in group), total(row["end"] for row in group)
        kept = total(min(row["start"], row["end"]) for row in group)
        rows.append({"month": month, "segment": segment, "accounts": len(group), "starting_mrr": start,
                     "retained_mrr": kept, "ending_mrr": end, "gross_retention": ratio(kept, start),
                     "net_retention": ratio(end, start)})  # fmt: skip
    return rows
