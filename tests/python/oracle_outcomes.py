"""The oracle's third part: subscriptions, outcomes and leaving, campaigns, experiments, hand-offs, recommendations.

(M1 subscriptions, M7, M8, M9.) Written like the first from the pages alone; "READING" marks what those leave to choose.
Figures are exact (Fraction, Decimal) up to roots, logarithms and the intervals; those of experiments are floats at last.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from oracle import Row, World, cents, human, next_month, total
from oracle_support import DAY, Schedules, Z, first_moment, kaplan_meier, mean, minutes, quantile

# The rules' defaults, seeds/rules/*.csv.
SINCE = {"valid_from": date(2000, 1, 1), "valid_to": None}
SUCCESS_WEIGHTS = ({"axis": "outcome", "weight": Decimal("0.7"), **SINCE},
                   {"axis": "experience", "weight": Decimal("0.3"), **SINCE})  # fmt: skip
QUADRANT_THRESHOLDS = ({"axis": "outcome", "threshold": Decimal("0.5"), **SINCE},
                       {"axis": "experience", "threshold": Decimal("0.6"), **SINCE})  # fmt: skip
PRESSURE_BANDS = tuple({"pressure_band": name, "from_count": low, "to_count": high}
                       for name, low, high in (("0", 0, 0), ("1-2", 1, 2), ("3-5", 3, 5), ("6+", 6, None)))  # fmt: skip
ATTRIBUTION_MODELS = tuple(
    dict(zip(("attribution_model", "first_share", "middle_share", "last_share"), (name, *map(Decimal, parts))))
    for name, *parts in (("first", "1", "0", "0"), ("last", "0", "0", "1"),
                         ("linear", "0.333333", "0.333334", "0.333333"), ("position", "0.4", "0.2", "0.4"))
)  # fmt: skip
CURVE_DAYS = (0, 30, 60, 90, 180)
KNOTS = tuple(Decimal(number).scaleb(-2) for number in range(2, 16))


def compute(
    world: World,
    lifetimes: list[dict],
    responses: list[dict],
    *,
    success_weights: Sequence[dict] = SUCCESS_WEIGHTS,
    quadrant_thresholds: Sequence[dict] = QUADRANT_THRESHOLDS,
    pressure_bands: Sequence[dict] = PRESSURE_BANDS,
    attribution_models: Sequence[dict] = ATTRIBUTION_MODELS,
    inactive_after_days: int = 365,
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


def grouped(items: Iterable, key) -> dict:
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def ratio(numerator, denominator) -> Fraction | None:
    """M0: 'A rate without a denominator is null, never 0.'"""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def floor_days(start: datetime, stop: datetime) -> int:
    """'in whole elapsed days, at least 0'."""
    return max(stop - start, timedelta(0)) // DAY


def segment_of(world: World, account_id: str) -> str:
    """M1: 'A missing segment is written (none).' READING: where 'all' means every segment, one of that name is (all)."""
    segment = world.find("crm.accounts", account_id)["segment"] or "(none)"
    return "(all)" if segment == "all" else segment


def rule_in_force(world: World, rows: Sequence[dict], column: str) -> dict[str, Fraction]:
    """By axis. 'valid_from (inclusive) and valid_to (exclusive, empty: open)'; READING: on the local day of as_of."""
    return {row["axis"]: Fraction(row[column]) for row in rows
            if row["valid_from"] <= world.today and (row["valid_to"] is None or world.today < row["valid_to"])}  # fmt: skip


# ------------------------------------------------------------------------------------------------- M1 subscriptions


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
    end / sum of start'. READING: no row where there is no such account.
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


# ------------------------------------------------------------------------------------ M7 outcomes, value and leaving


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
    ended_on; one without, inactive_after_days after the last charge, marked as inferred'. READING: a line that starts
    after today, which it may where the local day is behind that of UTC, is none yet.
    """
    today, left, lines = world.today, {}, {}
    for account_id, every in subscription_lines(world).items():
        if started := [line for line in every if line["started_on"] <= today]:
            lines[account_id] = started
    for account_id, own in lines.items():
        if not any(is_running(line, today) for line in own):  # so that each has ended
            left[account_id] = (midnight(max(line["ended_on"] for line in own)), False)
    for customer in lifetimes:
        quiet_at = customer["last_charge_at"] + inactive_after
        if customer["account_id"] not in lines and quiet_at <= world.as_of:
            left[customer["account_id"]] = (quiet_at, True)
    return left


def earliest(pairs: Iterable[tuple[str, datetime | None]]) -> dict[str, datetime]:
    """The earliest moment of each account, where there is one."""
    found: dict[str, datetime] = {}
    for account_id, moment in pairs:
        if moment is not None:
            found[account_id] = min(moment, found.get(account_id, moment))
    return found


def clock_moments(world: World, lifetimes: list[dict], ttv_clock: str) -> dict[str, datetime]:
    """'from the account's first charge (var ttv_clock: first_charge, won or outcome_defined)'."""
    return earliest({
        "first_charge": ((row["account_id"], row["first_charge_at"]) for row in lifetimes),
        "won": ((row["account_id"], row["closed_at"]) for row in world.accepted("crm.opportunities") if row["is_won"]),
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


# ------------------------------------------------------------------------------------------- M8 campaigns and touches


def accounts_of(world: World, touch: Row) -> set[str]:
    """'touches of its account, contacts or leads'."""
    contact, lead = world.find("crm.contacts", touch["contact_id"]), world.find("crm.leads", touch["lead_id"])
    return {touch["account_id"], contact and contact["account_id"], lead and lead["account_id"]} - {None}


def candidates(world: World, customer: dict, window: timedelta) -> list[tuple[datetime, str, str, str]]:
    """'its touch points with a campaign in the attribution_window_days before the first charge, that is touches of its
    account, contacts or leads at occurred_at, its leads at created_at, its deals at created_at, in time order (ties by
    kind, then id)': (moment, rule, id, campaign). READING: kinds by name; half-open, as all intervals.
    """
    account_id, before = customer["account_id"], customer["first_charge_at"]
    found = [(row["occurred_at"], "touch", row["touch_id"], row["campaign_id"])
             for row in world.accepted("crm.touches") if account_id in accounts_of(world, row)]  # fmt: skip
    for rule, table in (("lead", "crm.leads"), ("opportunity", "crm.opportunities")):
        found += [(row["created_at"], rule, row[f"{rule}_id"], row["campaign_id"])
                  for row in world.accepted(table) if row["account_id"] == account_id]  # fmt: skip
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


# ------------------------------------------------------------------------------------------------- M8 the 6 % claim


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
        known = found["lift"] is not None and spend > 0
        found |= {"return": found["lift"] / spend if known else None, "is_shipped": row["is_shipped"]}
        rows.append(found)
    sound = [row for row in rows if row["lift"] is not None]
    pooled, tau2 = dersimonian_laird([(row["lift"], row["variance"]) for row in sound])
    factor = Fraction(1)
    for row in rows:
        row["cumulative"] = factor - 1
        row["shrunken"] = None
        if row["lift"] is not None:
            row["shrunken"] = pooled + tau2 / (tau2 + row["variance"]) * (row["lift"] - pooled)
            factor *= 1 + row["shrunken"] if row["is_shipped"] else 1
    return rows


def lift(row: Row) -> dict:
    """'lift = variant rate / control rate - 1; interval from the log relative risk, variance of the lift by the delta
    method, half a conversion added to all four cells where one is 0'. READING: for the lift as well; with more
    conversions than exposures there is nothing to say.
    """
    half = Fraction(0)
    sides = [(row[f"{side}_conversions"], row[f"{side}_exposures"]) for side in ("variant", "control")]
    if any(conversions > exposures for conversions, exposures in sides):
        return dict.fromkeys(("lift", "lift_low", "lift_high", "variance"))
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


# ------------------------------------------------------------------------------------------------------ M9 hand-offs


class BusinessDays:
    """'Monday to Friday, less that schedule's holidays', as elapsed time on those local days.

    READING: of the time zone of default_schedule; where that has no stretch at all, of reporting_timezone.
    """

    def __init__(self, world: World, schedules: Schedules, schedule_id: str | None):
        self.zone = schedules.zones.get(schedule_id, world.zone)
        self.holidays = {day for schedule, day in schedules.holidays if schedule == schedule_id}

    def passed(self, start: datetime, wanted: timedelta) -> datetime:
        """The moment at which so much business time has passed: the end of the last of these days, not the next opening."""
        left, day, moment = wanted, start.date() - DAY, start  # no local day is further from the UTC day
        while left > timedelta(0):
            if day.isoweekday() <= 5 and day not in self.holidays:
                opens, closes = (first_moment(self.zone, midnight(edge)) for edge in (day, day + DAY))
                opens = max(opens, start)
                if opens < closes:
                    moment = min(closes, opens + left)
                    left -= moment - opens
            day += DAY
        return moment


def handoffs(world, outcomes: list[dict], default_schedule: str | None, drop_after, return_within) -> list[dict]:
    """'Latency runs to it in calendar minutes, and in business minutes of var default_schedule (null without one).
    Matured once handoff_drop_business_days business days have passed; dropped = matured and no sign of life by then.'
    By then is by that moment: what comes after it is late on a holiday, too.
    """
    schedules = Schedules(world)
    business_days = BusinessDays(world, schedules, default_schedule)
    touches = [(row, accounts_of(world, row)) for row in world.accepted("crm.touches")]
    defined = earliest((row["account_id"], row["defined_at"]) for row in outcomes)
    rows = []
    for handed in [*account_handoffs(world, return_within), *lead_handoffs(world)]:
        start = handed["handed_at"]
        sign = handed["first_sign_at"] = first_sign(world, handed, touches)
        has_schedule = sign is not None and default_schedule in schedules.zones
        matures_at = business_days.passed(start, drop_after)
        is_matured = matures_at <= world.as_of
        rows.append({
            **{name: value for name, value in handed.items() if name != "_accepted_at"},
            "latency_minutes": None if sign is None else minutes(sign - start),
            "latency_business_minutes": minutes(schedules.worked(default_schedule, start, sign))
                                        if has_schedule else None,
            "is_matured": is_matured,
            "is_dropped": is_matured and (sign is None or sign > matures_at),
            # 'an outcome of the account was defined before the hand-off'
            "is_outcome_recorded": defined.get(handed["account_id"], datetime.max) < start,
        })  # fmt: skip
    return rows


def account_handoffs(world: World, return_within: timedelta) -> list[dict]:
    """'an account's change of answering team between two assignments in order of assigned_at (ties by assignment_id)';
    'returned (the account comes back to the team that gave it within 30 days)'. READING: those of bots are not there;
    rejected ones are.
    """
    users = {row["user_id"]: row for row in world.accepted("crm.users") if not row["is_bot"]}
    assignments = grouped((row for row in world.accepted("crm.account_assignments") if row["user_id"] in users),
                          lambda row: row["account_id"])  # fmt: skip
    rows = []
    for account_id, own in assignments.items():
        own.sort(key=lambda row: (row["assigned_at"], row["assignment_id"]))
        teams = [users[row["user_id"]]["team"] for row in own]
        for place, (before, after) in enumerate(pairwise(own), start=1):
            if teams[place - 1] == teams[place]:
                continue
            until = after["assigned_at"] + return_within
            rows.append({
                "handoff_id": f"account:{after['assignment_id']}", "account_id": account_id, "lead_id": None,
                "from_team": teams[place - 1], "to_team": teams[place], "from_user_id": before["user_id"],
                "to_user_id": after["user_id"], "handed_at": after["assigned_at"],
                "is_rejected": after["rejected_at"] is not None,
                "is_returned": any(team == teams[place - 1] and later["assigned_at"] < until
                                   for team, later in zip(teams[place + 1:], own[place + 1:])),
                "_accepted_at": after["accepted_at"],
            })  # fmt: skip
    return rows


def lead_handoffs(world: World) -> list[dict]:
    """'a lead's passing from its owner to its sales user at qualified_at'. READING: of two who are no bots and not the
    same; neither rejected nor returned.
    """
    rows = []
    for lead in world.accepted("crm.leads"):
        owner, seller = (
            world.find("crm.users", human(world, lead[name])) for name in ("owner_user_id", "sales_user_id")
        )
        if lead["qualified_at"] is not None and owner and seller and owner is not seller:
            rows.append({
                "handoff_id": f"lead:{lead['lead_id']}", "account_id": lead["account_id"], "lead_id": lead["lead_id"],
                "from_team": owner["team"], "to_team": seller["team"], "from_user_id": owner["user_id"],
                "to_user_id": seller["user_id"], "handed_at": lead["qualified_at"], "is_rejected": False,
                "is_returned": False, "_accepted_at": lead["accepted_at"],
            })  # fmt: skip
    return rows


def first_sign(world: World, handed: dict, touches: list[tuple[Row, set[str]]]) -> datetime | None:
    """'the earliest of accepted_at and, after the hand-off, the new user's first touch with the account or lead or
    first public comment on one of its tickets'. READING: accepted before is at the hand-off; at its moment is after;
    any touch and any accepted ticket count.
    """
    since, user_id, account_id = handed["handed_at"], handed["to_user_id"], handed["account_id"]
    signs = [max(handed["_accepted_at"], since)] if handed["_accepted_at"] is not None else []
    for touch, accounts in touches:
        is_of_lead = handed["lead_id"] is not None and touch["lead_id"] == handed["lead_id"]
        if touch["user_id"] == user_id and (is_of_lead or account_id in accounts):
            signs.append(touch["occurred_at"])
    for ticket in world.accepted("support.tickets"):
        if account_id is not None and ticket["account_id"] == account_id:
            signs += [event["occurred_at"] for event in world.ticket_events[ticket["ticket_id"]]
                      if event["event_type"] == "comment" and event["is_public"]
                      and event["actor_user_id"] == user_id]  # fmt: skip
    return min((sign for sign in signs if sign >= since), default=None)


def handoff_performance(world: World, handed: list[dict]) -> list[dict]:
    """By both teams and the month of the hand-off; M0: 'quantiles from the Kaplan-Meier curve'. READING: those without
    a sign are censored at as_of.
    """
    groups = grouped(handed, lambda row: (row["from_team"], row["to_team"], world.month(row["handed_at"])))
    rows = []
    for (from_team, to_team, month), group in groups.items():
        curve = kaplan_meier([
            (minutes((row["first_sign_at"] or world.as_of) - row["handed_at"]), row["first_sign_at"] is not None)
            for row in group])  # fmt: skip
        counts = {name: sum(row[f"is_{name}"] for row in group)
                  for name in ("matured", "dropped", "returned", "rejected", "outcome_recorded")}  # fmt: skip
        rows.append({"from_team": from_team, "to_team": to_team, "month": month, "handoffs": len(group),
                     "outcome_recorded_rate": ratio(counts.pop("outcome_recorded"), len(group)), **counts,
                     "drop_rate": ratio(counts["dropped"], counts["matured"]),
                     "median_latency_minutes": quantile(curve, "median", 0.5)["median_minutes"],
                     "p90_latency_minutes": quantile(curve, "p90", 0.9)["p90_minutes"]})  # fmt: skip
    return rows


# ------------------------------------------------------------------------------------------------ M9 recommendations


def fct_referrals(world: World) -> list[dict]:
    """'Realised: at least one referred lead that qualified'; 'Staff, self-referral and an earlier referrer's lead do
    not count.' READING: realised when the lead was both referred and qualified.
    """
    staff = {folded(row["email"]) for row in world.accepted("crm.users") if not row["is_bot"]} - {""}
    taken, rows = set(), []
    for row in sorted(world.accepted("crm.referrals"), key=lambda row: (row["referred_at"], row["referral_id"])):
        lead = world.find("crm.leads", row["referred_lead_id"])
        is_counted = row["referred_lead_id"] not in taken and not is_own(world, row, lead, staff)
        if is_counted:
            taken.add(row["referred_lead_id"])
        qualified_at = lead["qualified_at"] if is_counted else None
        wanted = ("referral_id", "referrer_account_id", "referrer_contact_id", "referred_lead_id", "referred_at")
        rows.append({**{column: row[column] for column in wanted}, "is_counted": is_counted,
                     "realised_at": None if qualified_at is None else max(qualified_at, row["referred_at"])})  # fmt: skip
    return rows


def is_own(world: World, referral: Row, lead: Row, staff: set[str]) -> bool:
    """Staff or self-referral. READING: staff by e-mail, of the referrer's contact or the lead's; a bot is no staff; self
    by account, by the account of the lead's contact, or by contact.
    """
    referrer, brought = (
        world.find("crm.contacts", key) for key in (referral["referrer_contact_id"], lead["contact_id"])
    )
    emails = {folded(contact["email"]) for contact in (referrer, brought) if contact}
    account_id = referral["referrer_account_id"]
    return (bool(emails & staff) or lead["account_id"] == account_id
            or (brought is not None and (brought["account_id"] == account_id or brought is referrer)))  # fmt: skip


def folded(email: str | None) -> str:
    """Case and blanks at either end do not count."""
    return (email or "").strip().lower()


def recommendations(world: World, lifetimes: list[dict], min_tenure: timedelta) -> list[dict]:
    """'over customers of min_tenure_days (90). Both, and stated without realised.' READING: segments as in ppp_summary,
    those with such a customer; the company always.
    """
    customers = [row for row in lifetimes if row["first_charge_at"] + min_tenure <= world.as_of]
    segments = grouped(customers, lambda row: segment_of(world, row["account_id"]))
    rows = []
    for subject, group in [
        (("company", "all"), customers),
        *((("segment", key), own) for key, own in segments.items()),
    ]:
        stated, realised = (sum(row[f"is_recommend_{name}"] for row in group) for name in ("stated", "realised"))
        both = sum(row["is_recommend_stated"] and row["is_recommend_realised"] for row in group)
        rows.append({"subject_type": subject[0], "subject_id": subject[1], "customers": len(group), "stated": stated,
                     "realised": realised, "stated_and_realised": both, "stated_not_realised": stated - both,
                     "stated_rate": ratio(stated, len(group)), "realised_rate": ratio(realised, len(group))})  # fmt: skip
    return rows
