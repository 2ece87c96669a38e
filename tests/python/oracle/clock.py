"""Working time: schedules, night shifts, holidays and clock changes (M6)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from oracle.basics import DAY, TICK, midnight, next_month
from oracle.local_time import first_moment
from oracle.world import World

WHOLE_DAY = 1440


def last_moment(world: World, month: date) -> datetime:
    """'A month's last moment is its end (local, half-open) less 1 microsecond; of the running month it is as_of.'"""
    return min(first_moment(world.zone, midnight(next_month(month))) - TICK, world.as_of)


class Schedules:
    """The working time of the schedules, 'local time with daylight saving, without holidays; elapsed time'."""

    def __init__(self, world: World):
        self.zones: dict[str, ZoneInfo] = {}
        self.stretches = defaultdict(list)
        for row in world.accepted("support.schedules"):
            self.zones[row["schedule_id"]] = ZoneInfo(row["timezone"])
            for weekday, starts, ends in by_day(row["weekday"], row["starts_minute"], row["ends_minute"]):
                self.stretches[row["schedule_id"], weekday].append((starts, ends))
        self.holidays = {(row["schedule_id"], row["holiday_on"]) for row in world.accepted("support.holidays")}
        self.days: dict[tuple[str, date], list[tuple[datetime, datetime]]] = {}

    def of_day(self, schedule_id: str, day: date) -> list[tuple[datetime, datetime]]:
        """The UTC stretches of one local day, apart from each other: 'no minute of the holiday's local day, all others.
        Stretches that overlap count once'.
        """
        if (schedule_id, day) not in self.days:
            zone, united = self.zones[schedule_id], []
            stretches = [] if (schedule_id, day) in self.holidays else self.stretches[schedule_id, day.isoweekday()]
            for stretch in sorted(stretches):
                start, end = (first_moment(zone, midnight(day) + timedelta(minutes=minute)) for minute in stretch)
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


def by_day(weekday: int, starts: int, ends: int) -> list[tuple[int, int, int]]:
    """The (weekday, start, end) of each local day that a stretch lies on.

    'below starts_minute: it runs into the next day, as a night shift does': to midnight of its own day, and from midnight
    of the next one, which may be a holiday by itself.
    """
    if starts < ends:
        return [(weekday, starts, ends)]
    following = weekday % 7 + 1
    parts = [(weekday, starts, WHOLE_DAY), (following, 0, ends)]
    return [part for part in parts if part[1] < part[2]]
