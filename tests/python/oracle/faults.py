"""Faults of a winning version that need no other record, and schedules that are void (step 5 of the input contract)."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import available_timezones

from oracle.basics import grouped
from oracle.received import Fault, Received, Row

TIMEZONES = available_timezones()
# (start, end) by table: 'an end before its start (ended_on, unassigned_at)'
STRETCHES = {"crm.campaigns": ("started_on", "ended_on"), "crm.subscriptions": ("started_on", "ended_on"),
             "crm.experiments": ("started_on", "ended_on"),
             "crm.account_assignments": ("assigned_at", "unassigned_at")}  # fmt: skip


def pair_faults(row: Row) -> list[Fault]:
    """Values of one row that are wrong together: 'bad_value for scale_min >= scale_max, for an end before its start, for
    more conversions than exposures'; of a schedule, an equal end 'is faulty', and so is a name that is no IANA zone.

    As delivered: also an end that is later than as_of.
    """
    faults: list[Fault] = []
    if row.table in STRETCHES:
        start, end = (row[column] for column in STRETCHES[row.table])
        if start is not None and end is not None and end < start:
            faults.append(("bad_value", STRETCHES[row.table][1]))
    if row.table == "crm.experiments":
        faults += [("bad_value", f"{side}_conversions") for side in ("control", "variant")
                   if row[f"{side}_conversions"] > row[f"{side}_exposures"]]  # fmt: skip
    if row.table == "survey.surveys" and row["scale_min"] >= row["scale_max"]:
        faults.append(("bad_value", "scale_min"))
    if row.table == "support.schedules":
        if row["ends_minute"] == row["starts_minute"]:
            faults.append(("bad_value", "ends_minute"))
        if row["timezone"] not in TIMEZONES:
            faults.append(("bad_value", "timezone"))
    return faults


def void_schedules(received: Received) -> dict[str, str]:
    """'bad_schedule (all rows of a schedule of which one is faulty or that is in two time zones: part of a schedule gives
    wrong hours, none gives none)', with the column that says so; 'a later sound row of the same key heals it; rows
    without schedule_id void nothing'.

    READING: where a row is faulty and there are two zones, the faulty row is the reason.
    """
    void = {}
    primary_key = received.contract["support.schedules"]["primary_key"]
    versions = defaultdict(list)
    for row in received.rows["support.schedules"]:
        schedule_id = row.values.get("schedule_id")
        if schedule_id is None:
            continue
        if any(row.is_faulty_in(column) for column in primary_key):  # it has no key that a later row could share
            void[schedule_id] = "schedule_id"
        else:
            versions[tuple(row[column] for column in primary_key)].append(row)
    for (schedule_id, *_), rows in versions.items():
        latest = max(rows, key=received.version_order)
        if latest.status == "quarantined" or (latest.status is None and pair_faults(latest)):
            void[schedule_id] = "schedule_id"
    current = (row for rows in received.records["support.schedules"].values() for row in rows if row.status is None)
    for schedule_id, rows in grouped(current, lambda row: row["schedule_id"]).items():
        if len({row["timezone"] for row in rows}) > 1:
            void.setdefault(schedule_id, "timezone")
    return void
