"""Attribution of customers to campaigns, campaign performance, and touch pressure (M8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.basics import DAY, cents, grouped, ratio, total
from oracle.received import Row
from oracle.statistics import Z, mean
from oracle.world import World

# The rules' defaults, seeds/rules/*.csv.
PRESSURE_BANDS = tuple({"pressure_band": name, "from_count": low, "to_count": high}
                       for name, low, high in (("0", 0, 0), ("1-2", 1, 2), ("3-5", 3, 5), ("6+", 6, None)))  # fmt: skip
ATTRIBUTION_MODELS = tuple(
    dict(zip(("attribution_model", "first_share", "middle_share", "last_share"), (name, *map(Decimal, parts))))
    for name, *parts in (("first", "1", "0", "0"), ("last", "0", "0", "1"),
                         ("linear", "0.333333", "0.333334", "0.333333"), ("position", "0.4", "0.2", "0.4"))
)  # fmt: skip


def accounts_of(world: World, touch: Row) -> set[str]:
    """'touches of its account, contacts or leads'."""
    contact, lead = world.find("crm.contacts", touch["contact_id"]), world.find("crm.leads", touch["lead_id"])
    return {touch["account_id"], contact and contact["account_id"], lead and lead["account_id"]} - {None}


def candidates(world: World, customer: dict, window: timedelta) -> list[tuple[datetime, str, str, str]]:
    """'its touch points with a campaign in the attribution_window_days before the first charge, that is touches of its
    account, contacts or leads at occurred_at, its leads at created_at, its deals at created_at, in time order (ties by
    kind, then id)': (moment, rule, id, campaign). READING: kinds by name; half-open, as all intervals. A deal without
    created_at 'is no touch point'; neither are leads and deals that merged into another.
    """
    account_id, before = customer["account_id"], customer["first_charge_at"]
    found = [(row["occurred_at"], "touch", row["touch_id"], row["campaign_id"])
             for row in world.accepted("crm.touches") if account_id in accounts_of(world, row)]  # fmt: skip
    for rule, table in (("lead", "crm.leads"), ("opportunity", "crm.opportunities")):
        found += [(row["created_at"], rule, row[f"{rule}_id"], row["campaign_id"])
                  for row in world.unmerged(table) if row["account_id"] == account_id and row["created_at"] is not None]  # fmt: skip
    return sorted(point for point in found if point[3] is not None and before - window <= point[0] < before)


def shares(model: dict, n: int) -> list[Decimal]:
    """'first, last, linear, position (40/20/40, the middle shared equally; two 50/50; one takes all)'; 'Weights sum to
    exactly 1'. READING: of two, first and last in proportion; linear is equal shares, not its seed's; 12 decimals, the
    last takes the remainder.
    """
    first, middle, last = (Fraction(model[f"{name}_share"]) for name in ("first", "middle", "last"))
    if model["attribution_model"] == "linear":
        exact = [Fraction(1, n)] * n
    elif n <= 2:
        exact = [first / (first + last), last / (first + last)][:n]
    else:
        exact = [first, *[middle / (n - 2)] * (n - 2), last]
    rounded = [Decimal(math.floor(share * 10**12 + Fraction(1, 2))).scaleb(-12) for share in exact[:-1]]
    return [*rounded, 1 - sum(rounded, Decimal(0))]


def attributed(customer: dict, points: list[tuple], models: Sequence[dict]) -> list[dict]:
    """'Every candidate stays with rule, rank and weight. No candidate: the campaign unattributed has all.'"""
    points = points or [(None, "unattributed", None, "unattributed")]
    return [{"account_id": customer["account_id"], "attribution_model": model["attribution_model"],
             "candidate_rank": rank, "campaign_id": campaign_id, "rule": rule, "source_id": source_id,
             "occurred_at": moment, "weight": weight}
            for model in models
            for rank, ((moment, rule, source_id, campaign_id), weight) in
            enumerate(zip(points, shares(model, len(points))), start=1)]  # fmt: skip


def campaign_performance(world, lifetimes: list[dict], attribution: list[dict], models: Sequence[dict]) -> list[dict]:
    """'Campaign row: cost, customers (sum of weights), attributed cltv and ppp, satisfaction_adjusted_revenue = sum w x
    csat/10 x cltv (never reported is 0), ppp_roi = (that - cost) / cost, revenue_roi beside it, null at cost 0.'
    READING: costs in cents by row, as all money; revenue_roi = (attributed cltv - cost) / cost.
    """
    customers = {row["account_id"]: row for row in lifetimes}
    costs = grouped(world.accepted("crm.campaign_costs"), lambda row: row["campaign_id"])
    credits = grouped(attribution, lambda row: (row["campaign_id"], row["attribution_model"]))
    rows = []
    for campaign_id in [*(row["campaign_id"] for row in world.accepted("crm.campaigns")), "unattributed"]:
        cost = total(cents(Fraction(row["amount"]) * row["exchange_rate"]) for row in costs.get(campaign_id, ()))
        for model in (row["attribution_model"] for row in models):
            parts = [(Fraction(row["weight"]), customers[row["account_id"]])
                     for row in credits.get((campaign_id, model), ())]  # fmt: skip
            cltv, ppp = (sum((weight * Fraction(customer[name]) for weight, customer in parts), Fraction(0))
                         for name in ("cltv", "ppp"))  # fmt: skip
            adjusted = sum((weight * (customer["csat_1_10"] or 0) / 10 * Fraction(customer["cltv"])
                            for weight, customer in parts), Fraction(0))  # fmt: skip
            rows.append({"campaign_id": campaign_id, "attribution_model": model, "cost": cost,
                         "customers": sum((weight for weight, _ in parts), Fraction(0)), "attributed_cltv": cltv,
                         "attributed_ppp": ppp, "satisfaction_adjusted_revenue": adjusted,
                         "ppp_roi": ratio(adjusted - Fraction(cost), cost),
                         "revenue_roi": ratio(cltv - Fraction(cost), cost)})  # fmt: skip
    return rows


def touch_pressure(world: World, responses: list[dict], days: int, bands: Sequence[dict]) -> list[dict]:
    """'delivered outbound touches of a contact in the 7 and 28 days before each rating; mean u by pressure band'; M0:
    'means z s / sqrt(n)'. READING: all counted responses of a contact, of any survey; a band without any has nulls.
    """
    touches = grouped((row for row in world.accepted("crm.touches")
                       if row["direction"] == "outbound" and row["is_delivered"]),
                      lambda row: row["contact_id"])  # fmt: skip
    ratings = []
    for answer in responses:
        if answer["contact_id"] is not None:
            until = answer["responded_at"]
            count = sum(until - days * DAY <= touch["occurred_at"] < until
                        for touch in touches.get(answer["contact_id"], ()))  # fmt: skip
            ratings.append((answer["contact_id"], count, answer["score_unit"]))
    slope, slope_se = within_slope(ratings)
    rows = []
    for band in bands:
        low, high = band["from_count"], math.inf if band["to_count"] is None else band["to_count"]
        units = [unit for _, count, unit in ratings if low <= count <= high]
        centre, width = mean(units) if units else None, None
        if len(units) > 1:
            width = Z * math.sqrt(sum((unit - centre) ** 2 for unit in units) / (len(units) - 1) / len(units))
        rows.append({"window_days": days, "pressure_band": band["pressure_band"], "ratings": len(units),
                     "mean_score_unit": centre, "ci_low": None if width is None else float(centre) - width,
                     "ci_high": None if width is None else float(centre) + width,
                     "within_customer_slope": slope, "slope_se": slope_se})  # fmt: skip
    return rows


def within_slope(ratings: list[tuple[str, int, Fraction]]) -> tuple[Fraction | None, float | None]:
    """'the within-customer slope of u on the count (ordinary least squares with one constant per contact, classical
    standard error)': deviations from each contact's means; n - contacts - 1 degrees of freedom.
    """
    xx = xy = yy = Fraction(0)
    groups = grouped(ratings, lambda rating: rating[0])
    for group in groups.values():
        x_mean, y_mean = mean(count for _, count, _ in group), mean(unit for _, _, unit in group)
        xx += sum((count - x_mean) ** 2 for _, count, _ in group)
        xy += sum((count - x_mean) * (unit - y_mean) for _, count, unit in group)
        yy += sum((unit - y_mean) ** 2 for _, _, unit in group)
    if xx == 0:
        return None, None
    slope, freedom = xy / xx, len(ratings) - len(groups) - 1
    return slope, math.sqrt((yy - slope * xy) / freedom / xx) if freedom > 0 else None
