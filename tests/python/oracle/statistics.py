"""Means, and the Kaplan-Meier curve with its quantiles (M0)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

Z = 1.959963985  # M0: 'z = 1.959963985 everywhere'


def mean(values: Iterable) -> Fraction:
    values = list(values)
    return Fraction(sum(values), len(values))


def kaplan_meier(group: list[tuple[Fraction, bool]]) -> list[tuple[Fraction, float, float, float]]:
    """(time, S, lower, upper) at each time with an event; at one time, events come before censorings.

    READING: the interval is the exponential Greenwood one (log-log), and a point where S is 0.
    """
    curve, survival, greenwood = [], Fraction(1), Fraction(0)
    for time in sorted({time for time, is_event in group if is_event}):
        at_risk = sum(other >= time for other, _ in group)
        events = sum(other == time and is_event for other, is_event in group)
        survival *= Fraction(at_risk - events, at_risk)
        if survival == 0:
            curve.append((time, 0.0, 0.0, 0.0))
            continue
        greenwood += Fraction(events, at_risk * (at_risk - events))
        width = Z * math.sqrt(greenwood) / abs(math.log(survival))
        curve.append((time, float(survival), *(float(survival) ** math.exp(sign * width) for sign in (1, -1))))
    return curve


def quantile(curve: list[tuple], name: str, p: float) -> dict:
    """The first times at which the curve, its lower and its upper bound come down to 1 - p."""
    return {f"{name}_{suffix}": next((point[0] for point in curve if point[place] <= 1 - p + 1e-12), None)
            for suffix, place in (("minutes", 1), ("low", 2), ("high", 3))}  # fmt: skip
