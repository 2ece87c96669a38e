"""Local time and working time: zones with their clock changes, schedules and holidays (M0, M6)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from oracle.basics import DAY, TICK
from oracle.world import World


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

    So what lies in the gap of a change is the change itself, and of what comes twice it is the first.
    """
    low, high = wanted - 2 * DAY, wanted + 2 * DAY
    changes = [change for year in range(low.year, high.year + 1) for change in clock_changes(zone, year)]
    edges = [low, *(change for change in changes if low < change < high), high]
    for start, end in zip(edges, edges[1:]):  # of one offset each
        moment = max(start, wanted - offset(zone, start))
        if moment < end:
            return moment
    raise AssertionError("a clock that stands still")


class Schedules:
    """The working time of the schedules, 'local time with daylight saving, without holidays; elapsed time'."""

    def __init__(self, world: World):
        self.zones: dict[str, ZoneInfo] = {}
        self.stretches = defaultdict(list)
        for row in world.accepted("support.schedules"):
            self.zones[row["schedule_id"]] = ZoneInfo(row["timezone"])
            self.stretches[row["schedule_id"], row["weekday"]].append((row["starts_minute"], row["ends_minute"]))
        self.holidays = {(row["schedule_id"], row["holiday_on"]) for row in world.accepted("support.holidays")}
        self.days: dict[tuple[str, date], list[tuple[datetime, datetime]]] = {}

    def of_day(self, schedule_id: str, day: date) -> list[tuple[datetime, datetime]]:
        """The UTC stretches of one local day, apart from each other. READING: stretches that overlap count once."""
        if (schedule_id, day) not in self.days:
            midnight, zone, united = datetime(day.year, day.month, day.day), self.zones[schedule_id], []
            stretches = [] if (schedule_id, day) in self.holidays else self.stretches[schedule_id, day.isoweekday()]
            for stretch in sorted(stretches):
                start, end = (first_moment(zone, midnight + timedelta(minutes=minute)) for minute in stretch)
                if united and start <= united[-1][1]:
                    united[-1] = (united[-1][0], max(united[-1][1], end))
                else:
                    united.append((start, end))
            self.days[schedule_id, day] = united
        return self.days[schedule_id, day]

    def worked(self, schedule_id: str, start: datetime, stop: datetime) -> timedelta:
        """The working time within [start, stop)."""
        day, time = start.date() - DAY, timedelta(0)  # no local day is further from the UTC day
        while day <= stop.date() + DAY:
            for opens, closes in self.of_day(schedule_id, day):
                time += max(min(closes, stop) - max(opens, start), timedelta(0))
            day += DAY
        return time

    def worked_in_force(self, changes: list, start: datetime, stop: datetime) -> timedelta | None:
        """'the working time of the schedule in force at each moment'; 'A stretch without any schedule makes business
        minutes null.' READING: of no time at all it is 0, unless there is no schedule at that moment.
        """
        if start == stop:
            return None if [schedule for since, schedule in changes if since <= start][-1] is None else timedelta(0)
        time = timedelta(0)
        for (since, schedule_id), (until, _) in zip(changes, [*changes[1:], (datetime.max, None)]):
            opens, closes = max(since, start), min(until, stop)
            if opens < closes:
                if schedule_id is None:
                    return None
                time += self.worked(schedule_id, opens, closes)
        return time
