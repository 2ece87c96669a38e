"""Outcomes, time to value, churn and success scores (M7); `compute` adds the relations of M1 subscriptions, M8 and M9.

Figures are exact (Fraction, Decimal) up to roots, logarithms and the intervals; figures of experiments end as floats.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.basics import DAY, earliest, grouped, midnight, ratio, total
from oracle.campaigns import (
    ATTRIBUTION_MODELS,
    PRESSURE_BANDS,
    attributed,
    campaign_performance,
    candidates,
    touch_pressure,
)
from oracle.customers import segment_of
from oracle.handoffs import handoff_performance, handoffs
from oracle.recommendations import fct_referrals, recommendations
from oracle.saturation import KNOTS, experiments, saturation_rows, verdict
from oracle.statistics import kaplan_meier
from oracle.subscriptions import is_running, retention, subscription_lines, subscriptions
from oracle.world import World

# The rules' defaults, seeds/rules/*.csv.
SINCE = {"valid_from": date(2000, 1, 1), "valid_to": None}
SUCCESS_WEIGHTS = ({"axis": "outcome", "weight": Decimal("0.7"), **SINCE},
                   {"axis": "experience", "weight": Decimal("0.3"), **SINCE})  # fmt: skip
QUADRANT_THRESHOLDS = ({"axis": "outcome", "threshold": Decimal("0.5"), **SINCE},
                       {"axis": "experience", "threshold": Decimal("0.6"), **SINCE})  # fmt: skip
CURVE_DAYS = (0, 30, 60, 90, 180)


def compute(
    world: World,
    lifetimes: list[dict],
    responses: list[dict],
    *,
    success_weights: Sequence[dict] = SUCCESS_WEIGHTS,
    quadrant_thresholds: Sequence[dict] = QUADRANT_THRESHOLDS,
    pressure_bands: Sequence[dict] = PRESSURE_BANDS,
    attribution_models: Sequence[dict] = ATTRIBUTION_MODELS,
    inactive_after_days: int = 400,
    ttv_clock: str = "first_charge",
    ttv_event: str = "verified",
    quadrant_window_days: int = 180,
    attribution_window_days: int = 90,
    touch_pressure_windows: Sequence[int] = (7, 28),
    saturation_knot: float | str = "0.06",
    handoff_drop_business_days: int = 3,
    handoff_return_days: int = 30,
    default_schedule: str | None = None,
    min_tenure_days: int = 90,
) -> dict[str, list[dict]]:
    """The relations named in the result; `lifetimes` are the rows of customer_lifetime that are there already, which
    come back with more columns, and `responses` the counted ones.
    """
    outcomes, referrals = fct_outcomes(world), fct_referrals(world)
    lifetimes = [dict(customer) for customer in lifetimes]
    left = leavers(world, lifetimes, timedelta(days=inactive_after_days))
    clocks, values = clock_moments(world, lifetimes, ttv_clock), value_moments(world, outcomes, ttv_event)
    realised = {row["referrer_account_id"] for row in referrals if row["realised_at"] is not None}
    weights = rule_in_force(world, success_weights, "weight")
    thresholds = rule_in_force(world, quadrant_thresholds, "threshold")
    for customer in lifetimes:
        account_id = customer["account_id"]
        customer |= time_to_value(clocks.get(account_id), values.get(account_id))
        customer |= scores(customer, [row for row in outcomes if row["account_id"] == account_id], weights)
        is_long_ago = customer["first_charge_at"] + quadrant_window_days * DAY <= world.as_of
        customer["quadrant"] = quadrant(customer, thresholds) if is_long_ago else None
        customer |= dict(zip(("left_at", "is_churn_inferred"), left.get(account_id, (None, False))))
        customer["is_churned"] = account_id in left
        customer["is_recommend_realised"] = account_id in realised
    months, movements, totals = subscriptions(world)
    curve, summary = time_to_value_curves(world, clocks, values, left)
    handed = handoffs(world, outcomes, default_schedule, handoff_drop_business_days * DAY, handoff_return_days * DAY)
    attribution = [row for customer in lifetimes for row in attributed(
        customer, candidates(world, customer, attribution_window_days * DAY), attribution_models)]  # fmt: skip
    saturation = experiments(world)
    return {
        "customer_lifetime": lifetimes,
        "fct_subscription_movements": movements,
        "subscription_months": months,
        "subscription_retention": retention(world, totals),
        "fct_outcomes": outcomes,
        "time_to_value_curve": curve,
        "time_to_value_summary": summary,
        "experience_outcome_quadrants": quadrants(lifetimes),
        "customer_attribution": attribution,
        "campaign_performance": campaign_performance(world, lifetimes, attribution, attribution_models),
        "touch_pressure": [row for days in touch_pressure_windows
                           for row in touch_pressure(world, responses, days, pressure_bands)],
        "conversion_saturation": saturation_rows(saturation),
        "saturation_verdict": [verdict(saturation, knot, Decimal(str(saturation_knot)))
                               for knot in sorted({*KNOTS, Decimal(str(saturation_knot))})],
        "fct_handoffs": handed,
        "handoff_performance": handoff_performance(world, handed),
        "fct_referrals": referrals,
        "recommendations": recommendations(world, lifetimes, min_tenure_days * DAY),
    }  # fmt: skip


def floor_days(start: datetime, stop: datetime) -> int:
    """'in whole elapsed days, at least 0'."""
    return max(stop - start, timedelta(0)) // DAY


def rule_in_force(world: World, rows: Sequence[dict], column: str) -> dict[str, Fraction]:
    """By axis. 'valid_from (inclusive) and valid_to (exclusive, empty: open)'; READING: on the local day of as_of."""
    return {row["axis"]: Fraction(row[column]) for row in rows
            if row["valid_from"] <= world.today and (row["valid_to"] is None or world.today < row["valid_to"])}  # fmt: skip


def fct_outcomes(world: World) -> list[dict]:
    """'An outcome is due at due_at; reached when achieved_at is set; verified when verified_at is set with verified_by
    customer'; 'one abandoned before it was due is left out'. READING: without due_at never due, nor on time.
    """
    rows = []
    for row in world.accepted("crm.outcomes"):
        due_at, abandoned_at, verified_at = row["due_at"], row["abandoned_at"], row["verified_at"]
        is_verified = verified_at is not None and row["verified_by"] == "customer"
        wanted = ("outcome_id", "account_id", "opportunity_id", "outcome_name", "weight", "defined_at", "due_at",
                  "achieved_at", "verified_at", "verified_by", "abandoned_at")  # fmt: skip
        rows.append({
            **{column: row[column] for column in wanted},
            "is_due": due_at is not None and due_at <= world.as_of
                      and not (abandoned_at is not None and abandoned_at < due_at),
            "is_verified": is_verified,
            "is_verified_on_time": is_verified and due_at is not None and verified_at <= due_at,
        })  # fmt: skip
    return rows


def leavers(world: World, lifetimes: list[dict], inactive_after: timedelta) -> dict[str, tuple[datetime, bool]]:
    """When an account left, and whether that is inferred: 'one with subscriptions and no active line, on the latest
    ended_on; one without, inactive_after_days after the last charge, marked as inferred'.
    """
    today, left, lines = world.today, {}, subscription_lines(world)
    for account_id, own in lines.items():
        if not any(is_running(line, today) for line in own):  # so that each has ended
            left[account_id] = (midnight(max(line["ended_on"] for line in own)), False)
    for customer in lifetimes:
        quiet_at = customer["last_charge_at"] + inactive_after
        if customer["account_id"] not in lines and quiet_at <= world.as_of:
            left[customer["account_id"]] = (quiet_at, True)
    return left


def clock_moments(world: World, lifetimes: list[dict], ttv_clock: str) -> dict[str, datetime]:
    """'from the account's first charge (var ttv_clock: first_charge, won or outcome_defined)'."""
    return earliest({
        "first_charge": ((row["account_id"], row["first_charge_at"]) for row in lifetimes),
        "won": ((row["account_id"], row["closed_at"]) for row in world.unmerged("crm.opportunities") if row["is_won"]),
        "outcome_defined": ((row["account_id"], row["defined_at"]) for row in world.accepted("crm.outcomes")),
    }[ttv_clock])  # fmt: skip


def value_moments(world: World, outcomes: list[dict], ttv_event: str) -> dict[str, datetime]:
    """'to its first verified outcome (var ttv_event: verified, achieved or first_value_use)'. READING: a local day of
    use is a moment as the contract has it, midnight UTC.
    """
    return earliest({
        "verified": ((row["account_id"], row["verified_at"]) for row in outcomes if row["is_verified"]),
        "achieved": ((row["account_id"], row["achieved_at"]) for row in outcomes),
        "first_value_use": ((row["account_id"], midnight(row["used_on"]))
                            for row in world.accepted("product.usage_days") if row["value_events"] >= 1),
    }[ttv_event])  # fmt: skip


def time_to_value(clock: datetime | None, value: datetime | None) -> dict:
    """READING: of a customer that left before it came to value, too."""
    is_reached = clock is not None and value is not None
    return {"time_to_value_days": floor_days(clock, value) if is_reached else None, "is_value_reached": is_reached}


def scores(customer: dict, outcomes: list[dict], weights: dict[str, Fraction]) -> dict:
    """'outcome_score = weight share of outcomes due by as_of that were verified by their due date; experience_score =
    CSAT as u. success_score = w_o outcome + w_e experience; null parts drop out with their weight.'
    """
    due = [row for row in outcomes if row["is_due"]]
    csat = customer["csat_1_10"]
    parts = {"outcome": ratio(sum(row["weight"] for row in due if row["is_verified_on_time"]),
                              sum(row["weight"] for row in due)),
             "experience": None if csat is None else (csat - 1) / 9}  # fmt: skip
    known = {axis: part for axis, part in parts.items() if part is not None}
    return {"outcome_score": parts["outcome"], "experience_score": parts["experience"],
            "success_score": ratio(sum(weights[axis] * part for axis, part in known.items()),
                                   sum(weights[axis] for axis in known))}  # fmt: skip


def quadrant(customer: dict, thresholds: dict[str, Fraction]) -> str | None:
    """'outcome high/low x experience high/low'; 'high is at or above'."""
    parts = []
    for axis in ("outcome", "experience"):
        score = customer[f"{axis}_score"]
        if score is None:
            return None
        parts.append(f"{'high' if score >= thresholds[axis] else 'low'}_{axis}")
    return "_".join(parts)


def quadrants(lifetimes: list[dict]) -> list[dict]:
    """'Quadrants: outcome high/low x experience high/low x stayed/left'. READING: the rows that occur."""
    groups = grouped((row for row in lifetimes if row["quadrant"]), lambda row: (row["quadrant"], row["is_churned"]))
    return [{"outcome_level": name.split("_")[0], "experience_level": name.split("_")[2], "is_churned": is_churned,
             "customers": len(group), "cltv": total(row["cltv"] for row in group)}
            for (name, is_churned), group in groups.items()]  # fmt: skip


def ended(world: World, clock: datetime, value: datetime | None, left_at: datetime | None) -> tuple[int, str]:
    """'Not there by as_of: censored. Churn before value is a competing event'; 'Value and leaving at one moment is
    value.'
    """
    if value is not None and (left_at is None or value <= left_at):
        return floor_days(clock, value), "value"
    if left_at is not None:
        return floor_days(clock, left_at), "churn"
    return floor_days(clock, world.as_of), "censored"


def time_to_value_curves(world, clocks, values, left) -> tuple[list[dict], list[dict]]:
    """'time_to_value_curve: per segment and overall'. READING: of every account with a clock, customer or not."""
    groups = defaultdict(list)
    for account_id, clock in clocks.items():
        end = ended(world, clock, values.get(account_id), left.get(account_id, (None,))[0])
        for segment in ("all", segment_of(world, account_id)):
            groups[segment].append(end)
    curves, summaries = [], []
    for segment, ends in groups.items():
        rows = curve_of(segment, ends)
        kinds = Counter(kind for _, kind in ends)
        curves += rows
        summaries.append({
            "segment": segment, "subjects": len(ends), "value_events": kinds["value"], "churn_events": kinds["churn"],
            # 'The headline median is the first day on which the incidence of value reaches one half, else null.'
            "median_days": next((row["day"] for row in rows if row["incidence_value"] >= Fraction(1, 2)), None),
        })  # fmt: skip
    return curves, summaries


def curve_of(segment: str, ends: list[tuple[int, str]]) -> list[dict]:
    """'by day: at risk, events, Kaplan-Meier survival with Greenwood interval, Aalen-Johansen cumulative incidence of
    value and of churn (ties exact: events over at risk, by day). A row for each observed day and for 0, 30, 60, 90 and
    180.' Churn censors the Kaplan-Meier curve.
    """
    survival = [(-1, 1.0, 1.0, 1.0), *kaplan_meier([(day, kind == "value") for day, kind in ends])]
    stayed, incidence, rows = Fraction(1), {"value": Fraction(0), "churn": Fraction(0)}, []
    for day in sorted({*CURVE_DAYS, *(day for day, _ in ends)}):
        at_risk = sum(other >= day for other, _ in ends)
        kinds = Counter(kind for other, kind in ends if other == day)
        if at_risk:
            for kind in incidence:
                incidence[kind] += stayed * Fraction(kinds[kind], at_risk)
            stayed *= 1 - Fraction(kinds["value"] + kinds["churn"], at_risk)
        _, here, low, high = [point for point in survival if point[0] <= day][-1]
        rows.append({"segment": segment, "day": day, "at_risk": at_risk, "value_events": kinds["value"],
                     "churn_events": kinds["churn"], "censored": kinds["censored"], "survival": here,
                     "survival_low": low, "survival_high": high, "incidence_value": incidence["value"],
                     "incidence_churn": incidence["churn"]})  # fmt: skip
    return rows
