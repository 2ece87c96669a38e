"""The formulas of the shared metrics: from the weighted facts of a subject in a month to a value and its interval (M0).

Sums are exact (Fraction); intervals are floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from oracle.basics import ratio
from oracle.ratings import nps_of
from oracle.statistics import Z, kaplan_meier, mean, quantile

ONE = Fraction(1)
COMPANY = ("company", "all")


@dataclass(frozen=True)
class Fact:
    """One fact of a metric: its account, its month and its value; `weights` where those of the account do not hold."""

    account_id: str | None
    month: date
    what: object
    weights: dict | None = None


@dataclass(frozen=True)
class Share:
    """A fact and the part of it that a subject has."""

    weight: Fraction
    fact: Fact


def weighed(shares: list[Share], value: Callable) -> Fraction:
    return sum((share.weight * Fraction(value(share.fact.what)) for share in shares), Fraction(0))


def total(shares: list[Share], month: date) -> dict:
    """Money: 'the sum for money'; n is 'accounts with a fact'."""
    amount = weighed(shares, lambda amount: amount)
    return {
        "numerator": amount,
        "n": len({share.fact.account_id for share in shares}),
        "value": amount,
        "coverage": ONE,
    }


def total_of_facts(shares: list[Share], month: date) -> dict:
    """The same of things that are counted: n is these."""
    return total(shares, month) | {"n": len(shares)}


def weighted_share(shares: list[Share], month: date) -> dict:
    """'sum w of the customers that stayed / sum w'; n is customers, and the interval Wilson's."""
    numerator, denominator = weighed(shares, int), sum((share.weight for share in shares), Fraction(0))
    value = ratio(numerator, denominator)
    row = {"numerator": numerator, "denominator": denominator, "n": len(shares), "value": value, "coverage": ONE}
    return row | (wilson(value, len(shares)) if denominator else {})


def reversal_rate(shares: list[Share], month: date) -> dict:
    """'- sum of non-charges / sum of charges of the month'."""
    charged, given_back = (
        weighed(shares, lambda line, is_charge=is_charge: line["reporting_amount"]
                if (line["transaction_type"] == "charge") == is_charge else 0)
        for is_charge in (True, False)
    )  # fmt: skip
    return {"numerator": -given_back, "denominator": charged, "n": len({share.fact.account_id for share in shares}),
            "value": ratio(-given_back, charged), "coverage": ONE}  # fmt: skip


def kept(shares: list[Share], rest: Callable) -> dict:
    subscribers = [share for share in shares if share.fact.what[0] > 0]
    start, numerator = (weighed(subscribers, value) for value in (lambda mrr: mrr[0], lambda mrr: rest(*mrr[:2])))
    customers = sum(share.fact.what[2] for share in shares)
    return {"numerator": numerator, "denominator": start, "n": len(subscribers), "value": ratio(numerator, start),
            "coverage": ratio(sum(share.fact.what[2] for share in subscribers), customers)}  # fmt: skip


def ppp(shares: list[Share], month: date) -> dict:
    value, cltv = (weighed(shares, lambda row, column=column: row[column]) for column in ("ppp", "cltv"))
    heard = weighed(shares, lambda row: 0 if row["csat_1_10"] is None else row["cltv"])
    return {"numerator": value, "n": len(shares), "value": value, "coverage": ratio(heard, cltv)}


def ppp_yield(shares: list[Share], month: date) -> dict:
    best = 10 * weighed(shares, lambda row: row["cltv"])
    row = ppp(shares, month)
    return row | {"denominator": best, "value": ratio(row["numerator"], best)}


def average(values: list[Fraction]) -> dict:
    """M0: 'means z s / sqrt(n)'. READING: no interval of one."""
    n, whole = len(values), sum(values, Fraction(0))
    row = {"numerator": whole, "denominator": n, "n": n, "value": ratio(whole, n)}
    if n > 1:
        width = Z * math.sqrt(sum((value - whole / n) ** 2 for value in values) / (n - 1) / n)
        row |= {"ci_low": float(whole / n) - width, "ci_high": float(whole / n) + width}
    return row


def answered(shares: list[Share], month: date) -> dict:
    """'mean over customers of each customer's mean'; coverage: customers who answered / customers."""
    means = [mean(share.fact.what) for share in shares if share.fact.what]
    return average(means) | {"coverage": ratio(len(means), len(shares))}


def nps(shares: list[Share], month: date) -> dict:
    """'mean per customer first, then over customers'."""
    said = [answer for share in shares for answer in share.fact.what]
    n = sum(bool(share.fact.what) for share in shares)
    row = {"numerator": 0, "denominator": n, "n": n, "coverage": ratio(n, len(shares))}
    if n:
        found = nps_of(said)
        row |= {"numerator": found["nps"] * n / 100, "value": found["nps"], "ci_low": found["nps_ci_low"],
                "ci_high": found["nps_ci_high"]}  # fmt: skip
    return row


def wilson(share: Fraction, n: int) -> dict:
    """(p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)."""
    p, square = float(share), Z * Z / n
    width = Z * math.sqrt(p * (1 - p) / n + square / (4 * n))
    return {f"ci_{name}": (p + square / 2 + sign * width) / (1 + square) for name, sign in (("low", -1), ("high", 1))}


def proportion(shares: list[Share], month: date) -> dict:
    """Of pairs: whether it was so, and whether that is decided; each counts once, whatever the weight."""
    decided = [share.fact.what[0] for share in shares if share.fact.what[1]]
    n, found = len(decided), sum(decided)
    row = {"n": n, "coverage": ratio(n, len(shares))}
    if n:
        row |= {"numerator": found, "denominator": n, "value": ratio(found, n), **wilson(Fraction(found, n), n)}
    return row


def outcome_share(shares: list[Share], month: date) -> dict:
    """'sum w x weight verified on time / sum w x weight of outcomes due'; n is outcomes."""
    due = weighed(shares, lambda row: row["weight"])
    verified = weighed(shares, lambda row: row["weight"] if row["is_verified_on_time"] else 0)
    row = {"numerator": verified, "denominator": due, "n": len(shares), "value": ratio(verified, due), "coverage": ONE}
    return row | (wilson(row["value"], len(shares)) if due else {})


def waiting(share: float) -> Callable:
    """A Kaplan-Meier quantile; coverage is the share of facts whose waiting ended."""

    def formula(shares: list[Share], month: date) -> dict:
        own = [part.fact.what for part in shares]
        found = quantile(kaplan_meier(own), "found", share)
        return {"n": len(own), "value": found["found_minutes"], "ci_low": found["found_low"],
                "ci_high": found["found_high"], "coverage": ratio(sum(ended for _, ended in own), len(own))}  # fmt: skip

    return formula
