"""Days of use of the product, and active users (M6)."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from oracle.basics import DAY, next_month
from oracle.received import Row
from oracle.world import World


def person(world: World, row: Row) -> str:
    """READING: who uses the product need be no known contact; a merged one is its survivor."""
    return world.survivor.get(("crm.contacts", row["contact_id"]), row["contact_id"])


def active(world: World, rows: list[Row]) -> int:
    """M6: 'distinct persons with value_events >= 1'."""
    return len({person(world, row) for row in rows if row["value_events"] >= 1})


def usage_days(world: World) -> list[dict]:
    days = defaultdict(list)
    for row in world.accepted("product.usage_days"):
        days[row["account_id"], row["used_on"]].append(row)
    return [{"account_id": account_id, "used_on": used_on, "active_users": active(world, rows),
             "value_events": sum(row["value_events"] for row in rows)}
            for (account_id, used_on), rows in days.items()]  # fmt: skip


def active_users(world: World) -> list[dict]:
    """M6: 'Daily active users: distinct persons with value_events >= 1 on a local day. Stickiness = mean DAU / MAU.'

    READING: the mean is over all days of the period that have begun; weeks begin on Monday; used_on is local already.
    """
    cells = defaultdict(list)
    for row in world.accepted("product.usage_days"):
        day = row["used_on"]
        monday = day - day.weekday() * DAY
        for subject in (("company", "all"), ("account", row["account_id"])):
            cells[*subject, "day", day, day + DAY].append(row)
            cells[*subject, "week", monday, monday + 7 * DAY].append(row)
            cells[*subject, "month", day.replace(day=1), next_month(day.replace(day=1))].append(row)
    result = []
    for (subject_type, subject_id, period, starts_on, ends_on), rows in cells.items():
        days = (min(ends_on, world.today + DAY) - starts_on).days
        used_on = {row["used_on"] for row in rows}
        daily = [active(world, [row for row in rows if row["used_on"] == day]) for day in used_on]
        users, mean_daily = active(world, rows), Fraction(sum(daily), days)
        result.append({"subject_type": subject_type, "subject_id": subject_id, "period": period,
                       "starts_on": starts_on, "active_users": users,
                       "value_events": sum(row["value_events"] for row in rows), "mean_daily_active_users": mean_daily,
                       "stickiness": mean_daily / users if users else None})  # fmt: skip
    return result
