"""Numbers, units, months and names as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

Number = int | float | Decimal
NONE = "none"  # in the place of a figure that nobody knows
ABBREVIATIONS = {"cltv", "csat", "ces", "nps", "ppp", "roi"}
RATE_PLACES = 1


@dataclass(frozen=True)
class Unit:
    """A unit of a figure: the factor by which the published figure is multiplied, its decimal places, and its sign."""

    factor: int
    places: int
    sign: str

    def rounded(self, value: Number | None) -> float | None:
        """Return a published figure in this unit, rounded to its places, half away from zero; None stays None."""
        if value is None:
            return None
        exact = Decimal(str(value)) * self.factor
        rounded = exact.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
        return float(rounded) + 0.0  # + 0.0 makes a negative zero positive

    def text(self, value: Number | None) -> str:
        """Return a published figure in this unit as text."""
        number = self.rounded(value)
        if number is None:
            return NONE
        return f"{number:,.{self.places}f}{f' {self.sign}' if self.sign else ''}"


RATE = Unit(100, RATE_PLACES, "%")
POINTS = Unit(100, RATE_PLACES, "points")  # a change of a rate
COUNT = Unit(1, 0, "")
SHARE = Unit(1, 3, "")  # a score from 0 to 1
RATIO = Unit(1, 2, "")
DAYS = Unit(1, 0, "days")
MINUTES = Unit(1, 1, "min")


def money(currency: str) -> Unit:
    """Return the unit of an amount of money."""
    return Unit(1, 2, currency)


def unit_of(catalogued: str, currency: str) -> Unit:
    """Return the unit that the catalogue of metrics names."""
    units = {
        "money": money(currency),
        "rate": RATE,
        "score 1-10": Unit(1, 2, ""),
        "score 0-1": SHARE,
        "points": Unit(1, 1, ""),
        "minutes": MINUTES,
    }
    return units.get(catalogued, Unit(1, 2, ""))


def interval(low: Number | None, high: Number | None, unit: Unit) -> str:
    """Return an interval as text: ? for a bound that is not known, and NONE if neither is."""
    if low is None and high is None:
        return NONE
    below, above = unit.rounded(low), unit.rounded(high)
    from_text = "?" if below is None else f"{below:,.{unit.places}f}"
    to_text = "?" if above is None else f"{above:,.{unit.places}f}"
    return f"{from_text} to {to_text}"


def month_name(month: date) -> str:
    """Return a month as text, such as Jun 2026."""
    return f"{month:%b %Y}"


def moment(at: datetime) -> str:
    """Return a UTC moment as text, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def title(name: str) -> str:
    """Return a metric's, a team's or a survey type's name as words: cltv_growth becomes CLTV growth."""
    if name.startswith("("):  # (none), for accounts without a segment or channel
        return name
    words = [word.upper() if word in ABBREVIATIONS else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as 1 customer or 1,234 customers."""
    return f"{COUNT.text(number)} {noun}{'' if number == 1 else 's'}"


def in_brackets(low: Number | None, high: Number | None, unit: Unit) -> str:
    """Return an interval behind a figure, such as ' (0.1 to 0.3)'; nothing if it is not known."""
    return "" if low is None and high is None else f" ({interval(low, high, unit)})"


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def ordinal(number: int) -> str:
    """Return a rank as text, such as 1st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
