"""Experiments, and the verdict on the claim that conversion saturates at a knot such as 6 % (M8)."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from oracle.basics import cents
from oracle.received import Row
from oracle.statistics import Z
from oracle.world import World

KNOTS = tuple(Decimal(number).scaleb(-2) for number in range(2, 16))


def experiments(world: World) -> list[dict]:
    """'experiments in order of end; shrunken lift towards the inverse-variance mean, between-experiment variance by
    DerSimonian and Laird; cumulative lift before it = product of (1 + shrunken lift) of the shipped ones before - 1.
    Return of an experiment = raw lift / spend in the reporting currency; none at spend 0.' READING: ties by
    experiment_id; spend in cents; the mean is over all of them, shipped or not.
    """
    rows = []
    for row in sorted(world.accepted("crm.experiments"), key=lambda row: (row["ended_on"], row["experiment_id"])):
        spend = Fraction(cents(Fraction(row["spend"]) * row["exchange_rate"]))
        found = {"experiment_id": row["experiment_id"], "ended_on": row["ended_on"], "spend": spend, **lift(row)}
        found |= {"return": found["lift"] / spend if spend > 0 else None, "is_shipped": row["is_shipped"]}
        rows.append(found)
    pooled, tau2 = dersimonian_laird([(row["lift"], row["variance"]) for row in rows])
    factor = Fraction(1)
    for row in rows:
        row["cumulative"] = factor - 1
        row["shrunken"] = pooled + tau2 / (tau2 + row["variance"]) * (row["lift"] - pooled)
        factor *= 1 + row["shrunken"] if row["is_shipped"] else 1
    return rows


def lift(row: Row) -> dict:
    """'lift = variant rate / control rate - 1; interval from the log relative risk, variance of the lift by the delta
    method, half a conversion added to all four cells where one is 0'. READING: for the lift as well.
    """
    half = Fraction(0)
    sides = [(row[f"{side}_conversions"], row[f"{side}_exposures"]) for side in ("variant", "control")]
    if any(conversions in (0, exposures) for conversions, exposures in sides):
        half = Fraction(1, 2)
    (a, n1), (c, n2) = ((conversions + half, exposures + 2 * half) for conversions, exposures in sides)
    risk = Fraction(a) / n1 / (Fraction(c) / n2)
    log_variance = 1 / Fraction(a) - 1 / Fraction(n1) + 1 / Fraction(c) - 1 / Fraction(n2)
    width = Z * math.sqrt(log_variance)
    return {"lift": risk - 1, "lift_low": float(risk) * math.exp(-width) - 1,
            "lift_high": float(risk) * math.exp(width) - 1, "variance": risk**2 * log_variance}  # fmt: skip


def dersimonian_laird(studies: list[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    """The inverse-variance mean, and the variance between: (Q - (k - 1)) / (sum w - sum w^2 / sum w), at least 0."""
    weights = [1 / variance for _, variance in studies]
    if not studies:
        return Fraction(0), Fraction(0)
    centre = sum(weight * effect for weight, (effect, _) in zip(weights, studies)) / sum(weights)
    spread = sum(weight * (effect - centre) ** 2 for weight, (effect, _) in zip(weights, studies))
    scale = sum(weights) - sum(weight**2 for weight in weights) / sum(weights)
    return centre, max(Fraction(0), (spread - len(studies) + 1) / scale) if len(studies) > 1 else Fraction(0)


def as_float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def saturation_rows(found: list[dict]) -> list[dict]:
    return [{"experiment_id": row["experiment_id"], "ended_on": row["ended_on"], "lift": as_float(row["lift"]),
             "lift_low": row["lift_low"], "lift_high": row["lift_high"], "shrunken_lift": as_float(row["shrunken"]),
             "cumulative_lift": float(row["cumulative"]), "return_on_spend": as_float(row["return"])}
            for row in found]  # fmt: skip


def verdict(found: list[dict], knot: Decimal, claimed: Decimal) -> dict:
    """'experiments fall below or above it by the cumulative lift before them; inverse-variance means of the return on
    either side, their difference and its standard error. Verdict: too_little_data below 8 experiments or 3 on a side;
    supports where the difference's 95 % interval lies below 0; contradicts where it lies above minus a quarter of the
    lower side's mean; else too_little_data.' READING: experiments with a return; exactly at the knot is above.
    """
    sides: list[list[dict]] = [[], []]
    for row in found:
        if row["return"] is not None:
            sides[row["cumulative"] >= Fraction(knot)].append(row)
    means, variances = [], []
    for side in sides:
        weights = [row["spend"] ** 2 / row["variance"] for row in side]
        sums = sum(weight * row["return"] for weight, row in zip(weights, side))
        means.append(float(sums / sum(weights)) if side else None)
        variances.append(float(1 / sum(weights)) if side else None)
    below, above = means
    has_both = all(sides)
    change, error = (above - below, math.sqrt(sum(variances))) if has_both else (None, None)
    said = "too_little_data"
    if len(sides[0]) + len(sides[1]) >= 8 and min(map(len, sides)) >= 3:
        if change + Z * error < 0:
            said = "supports"
        elif change - Z * error > -below / 4:
            said = "contradicts"
    return {"knot": knot, "is_claimed_knot": knot == claimed, "experiments": len(sides[0]) + len(sides[1]),
            "experiments_below": len(sides[0]), "experiments_above": len(sides[1]), "return_below": below,
            "return_above": above, "return_change": change, "return_change_se": error, "verdict": said}  # fmt: skip
