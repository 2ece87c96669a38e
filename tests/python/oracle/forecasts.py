"""The basis of forecasts, and what given parameters say of a customer (M11).

Expected purchases come from the lifetimes library and from the papers' formulas, at the parameters that were published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

from oracle.world import World

FITTERS = {"bg_nbd": BetaGeoFitter, "mbg_nbd": ModifiedBetaGeoFitter, "pareto_nbd": ParetoNBDFitter}


def compute(world: World, lines: Sequence[dict]) -> dict[str, list[dict]]:
    """The relations named in the result, from the counted transactions."""
    today = world.today
    charges = {line["transaction_id"]: line for line in lines if line["transaction_type"] == "charge"}
    # READING: a reversal lowers the spend of its charge's day; a reversal that names no charge belongs to nobody
    amounts = [(line, line) for line in charges.values()]
    amounts += [(charges[line["_original"]], line) for line in lines
                if line["transaction_type"] != "charge" and line["_original"] in charges]  # fmt: skip
    days = defaultdict(lambda: defaultdict(list))
    for charge, line in amounts:
        known_on = world.local_day(line["transacted_at"])
        days[charge["account_id"]][world.local_day(charge["transacted_at"])].append(
            (known_on, line["reporting_amount"])
        )
    if not days:
        return {"int_customers__purchase_statistics": [], "customer_forecasts": []}
    # 'Holdout: the last third of the time'; READING: whole days, rounded down
    holdout_days = (today - min(day for of_account in days.values() for day in of_account)).days // 3
    cut = today - timedelta(days=holdout_days)
    rows = []
    for account_id, of_account in days.items():
        first = min(of_account)
        before = {day: [part for part in parts if part[0] <= cut] for day, parts in of_account.items() if day <= cut}
        later = {day: parts for day, parts in of_account.items() if day > cut}
        known = history(before, first, cut) if before else (None, None, None)
        row = dict(zip(("frequency", "recency_days", "age_days"), history(of_account, first, today)))
        row |= dict(zip(("calibration_frequency", "calibration_recency_days", "calibration_age_days"), known))
        spends = {"": spend(of_account, first), "calibration_": spend(before, first), "holdout_": spend(later, None)}
        for name, figures in spends.items():
            row |= dict(zip((f"{name}spend_days", f"{name}spend_amount"), figures))
        row |= {"account_id": account_id, "holdout_days": holdout_days, "holdout_purchase_days": len(later)}
        rows.append(row)
    return {
        "int_customers__purchase_statistics": rows,
        "customer_forecasts": [
            {
                "account_id": row["account_id"],
                "frequency": row["frequency"],
                "recency_weeks": Fraction(row["recency_days"], 7),
                "age_weeks": Fraction(row["age_days"], 7),
            }
            for row in rows
        ],
    }


def history(days: Sequence[date], first: date, until: date) -> tuple[int, int, int]:
    """'frequency = purchase days less 1, recency = first to last purchase day, age = first purchase day to' a day."""
    return len(days) - 1, (max(days) - first).days, (until - first).days


def spend(days: dict[date, list], without: date | None) -> tuple[int, Decimal]:
    """The days with spend and its sum, but for the first purchase day. 'Zero-amount purchases count ... not as spend.'"""
    totals = [sum((amount for _, amount in parts), Decimal(0)) for day, parts in days.items() if day != without]
    return sum(total > 0 for total in totals), sum((total for total in totals if total > 0), Decimal("0.00"))


def chances(model: str, parameters: dict[str, float], row: dict, weeks: float) -> tuple[float, float]:
    """p_alive and the purchases expected over some weeks, by the lifetimes library at these parameters.

    NBD is not in that library: everybody is alive, and the mean rate after a history is (r + frequency) / (alpha + age).
    """
    if model == "nbd":
        return 1.0, weeks * (parameters["r"] + row["frequency"]) / float(parameters["alpha"] + row["age_weeks"])
    fitter = FITTERS[model]()
    fitter.params_ = pd.Series(parameters)
    of_customer = row["frequency"], row["recency_weeks"], row["age_weeks"]
    expected = fitter.conditional_expected_number_of_purchases_up_to_time(weeks, *of_customer)
    return np.asarray(fitter.conditional_probability_alive(*of_customer)).item(), float(expected)


def value(model: str, parameters: dict[str, float], row: dict, horizon: int, rate: float) -> float:
    """The purchases expected over the horizon, those of each four weeks discounted from the middle of them."""
    total, so_far, start = 0.0, 0.0, 0
    for end in sorted({*range(4, horizon, 4), horizon}):
        _, by_end = chances(model, parameters, row, end)
        total += (by_end - so_far) * (1 + rate) ** -((start + end) / 2 / 52)
        so_far, start = by_end, end
    return total


def holdout_of_run_rate(rows: Sequence[dict]) -> tuple[int, Fraction]:
    """Purchase days in the holdout of the customers known at the cut, and the mean absolute error of the run rate."""
    known = [row for row in rows if row["calibration_frequency"] is not None]
    errors = [
        abs(
            Fraction(row["calibration_frequency"] * row["holdout_days"], row["calibration_age_days"] or 1)
            - row["holdout_purchase_days"]
        )
        for row in known
    ]
    return sum(row["holdout_purchase_days"] for row in known), sum(errors, Fraction(0)) / len(known)
