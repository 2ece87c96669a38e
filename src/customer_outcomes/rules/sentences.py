"""The sentences about refused values of rules, which say how to write a value. SQL decides which ones are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

LIMIT = 10**12  # every number of a rule is below it
FORMS = {
    "date": "not a date; dates are written as 2026-04-01.",
    "timestamp": "not a timestamp; timestamps are written as 2026-04-01T09:30:00Z.",
    "boolean": "neither true nor false.",
    "bigint": "not a whole number; whole numbers are written as 7.",
}
BLANKS = r"\s'\u2019_"  # the characters that separate thousands, apart from the comma and the point
PER_CENT = re.compile(r"([+-]?[0-9]+(?:[.,][0-9]+)?) ?%")
WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
IN_THREES = r"[+-]?[0-9]{{1,3}}(?:[{separators}][0-9]{{3}})+(?:[{point}][0-9]+)?"
THOUSANDS = re.compile(
    "|".join(IN_THREES.format(separators=mark + BLANKS, point=point) for mark, point in ((",", "."), (".", ",")))
)


def why_refused(value: str, data_type: str, values: Sequence[str]) -> str:
    """Return the sentence about a value that is not of a SQL type or, if there is a list, not one of `values`."""
    if values:
        return f"{value} is not one of {', '.join(values)}."
    return f"{value} is {FORMS.get(data_type) or _why_no_number(value, data_type)}"


def _why_no_number(value: str, data_type: str) -> str:
    number = _number(value)
    if number is not None:
        limit, places = _reach(data_type)
        if abs(number) >= limit:
            return f"too large; the column takes numbers below {limit}."
        return f"more exact than the column, which takes {places} decimals."
    if (found := PER_CENT.fullmatch(value)) and not THOUSANDS.fullmatch(found[1]):
        return f"not a number; write {Decimal(found[1].replace(',', '.')) / 100:f} for {found[1]} %."
    if "%" in value:
        return "not a number; write 0.05 for 5 %."
    if WITH_COMMA.fullmatch(value):
        as_point, without = value.replace(",", "."), value.replace(",", "")
        if THOUSANDS.fullmatch(value):
            return f"not a number; write {without}, or {as_point} if the comma stands before decimals."
        return f"not a number; decimals follow a point: write {as_point}."
    if THOUSANDS.fullmatch(value):
        mark = max(value.rfind("."), value.rfind(","))
        whole, decimals = (value[:mark], value[mark + 1 :]) if _has_decimals(value, mark) else (value, "")
        plain = re.sub(rf"[.,{BLANKS}]", "", whole) + (f".{decimals}" if decimals else "")
        return f"not a number; thousands are not separated: write {plain}."
    return "not a number; numbers are written as 1234.56."


def _has_decimals(value: str, mark: int) -> bool:
    """Return whether the mark at a position, the last point or comma, precedes decimals.

    It does if it is the only one of its kind and other separators precede it.
    """
    return mark > 0 and value.count(value[mark]) == 1 and bool(re.search(rf"[.,{BLANKS}]", value[:mark]))


def _number(value: str) -> Decimal | None:
    """Return the number that a text writes in ASCII digits; None if it is not a finite number."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and value.isascii() and "_" not in value else None


def _reach(data_type: str) -> tuple[int, int]:
    """Return the smallest number that a decimal type refuses as too large, and its number of decimal places."""
    width, places = map(int, re.findall(r"[0-9]+", data_type))
    return min(10 ** (width - places), LIMIT), places
