"""Cents, months, groups and rates: small rules that every part of the oracle uses (M0)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)  # decimal's ROUND_HALF_UP is half away from zero


def cents(amount: Fraction) -> Decimal:
    """Rounded to cents, half away from zero."""
    whole, rest = divmod(abs(amount) * 100, 1)
    return Decimal(int(whole) + (rest >= Fraction(1, 2))).scaleb(-2) * (-1 if amount < 0 else 1) + Decimal("0.00")


def total(amounts) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def minutes(time: timedelta | None) -> Fraction | None:
    return None if time is None else Fraction(time // TICK, 60_000_000)


def next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


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


def earliest(pairs: Iterable[tuple[str, datetime | None]]) -> dict[str, datetime]:
    """The earliest moment of each account, where there is one."""
    found: dict[str, datetime] = {}
    for account_id, moment in pairs:
        if moment is not None:
            found[account_id] = min(moment, found.get(account_id, moment))
    return found
