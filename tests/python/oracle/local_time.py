"""Local clocks: how far they are ahead of UTC, when that changes, and the moment at which they show a time (M0)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from oracle.basics import DAY, TICK


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """How far local clocks are ahead of UTC at a UTC moment."""
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()


@cache
def clock_changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The UTC moments of a year from which on the offset is another: looked for every six hours, then by halving."""
    changes = []
    before, end = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    while before < end:
        after = before + DAY / 4
        if offset(zone, before) != offset(zone, after):
            low, high = before, after
            while high - low > TICK:
                middle = low + (high - low) // TICK // 2 * TICK
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            changes.append(high)
        before = after
    return changes


@cache
def first_moment(zone: ZoneInfo, wanted: datetime) -> datetime:
    """The first UTC moment at which the local clock shows `wanted` or later.

    So a time in the gap of a change is the change itself, and of a time that comes twice it is the first. In the first
    and the last year that there is, the offset is the one that the zone has for that time; OverflowError beyond them.
    """
    if wanted.year in (datetime.min.year, datetime.max.year):
        return wanted - wanted.replace(tzinfo=zone).utcoffset()
    low, high = wanted - 2 * DAY, wanted + 2 * DAY
    changes = [change for year in range(low.year, high.year + 1) for change in changes_of(zone, year)]
    edges = [low, *(change for change in changes if low < change < high), high]
    for start, end in zip(edges, edges[1:]):  # of one offset each
        moment = max(start, wanted - offset(zone, start))
        if moment < end:
            return moment
    raise AssertionError("a clock that stands still")


def changes_of(zone: ZoneInfo, year: int) -> list[datetime]:
    """READING: no clock changes in the first and the last year."""
    return [] if year in (datetime.min.year, datetime.max.year) else clock_changes(zone, year)
