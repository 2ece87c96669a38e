"""Every row received, typed, with its own faults, and what steps 1 to 4 of the input contract make of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from oracle.files import BOUNDS, SYSTEM_COLUMNS, folded, parse, read_table

STATUSES = ("accepted", "superseded", "deleted", "excluded", "future", "quarantined")
MERGES = {"crm.accounts": "merged_into_account_id", "crm.contacts": "merged_into_contact_id",
          "crm.users": "merged_into_user_id", "crm.leads": "merged_into_lead_id",
          "crm.opportunities": "merged_into_opportunity_id"}  # fmt: skip
# 'currency and country codes are upper-cased'
UPPER = ("country_code", "currency_code", "from_currency", "to_currency")
STATUS_WORDS = ("new", "open", "pending", "hold", "solved", "closed")
REASONS = ("missing_required", "bad_type", "bad_value", "out_of_range")  # of step 1, in the order of the input contract
Fault = tuple[str, str | None]  # reason and column


@dataclass(eq=False)
class Row:
    """One version received: raw text, typed values, and what became of it."""

    table: str
    raw: dict
    values: dict = field(default_factory=dict)
    key: tuple = ()  # as delivered and folded, of a sound row
    status: str | None = None
    faults: list[Fault] = field(default_factory=list)

    def quarantine(self, faults: list[Fault]) -> None:
        """All faults; 'the first is the row's reason'."""
        if faults:
            self.status, self.faults = "quarantined", faults

    def is_faulty_in(self, column: str) -> bool:
        return any(fault[1] == column for fault in self.faults)

    def __getitem__(self, column: str):
        return self.values[column]


class Received:
    """The rows of all tables after steps 1 to 4, and the clock."""

    def __init__(self, folder: Path, contract: dict, as_of: datetime, currency: str, zone: str):
        self.contract, self.currency, self.zone = contract, currency, ZoneInfo(zone)
        self.as_of = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
        self.rows: dict[str, list[Row]] = {}  # every row received
        self.records: dict[str, dict[str, list[Row]]] = {}  # winning versions by the first column of the key
        self.faulty_keys: dict[str, set[str]] = {}  # of rows that are faulty by themselves
        for name, table in contract.items():
            types = {column: rule["type"] for column, rule in table["columns"].items()}
            first = table["primary_key"][0]
            self.rows[name] = [self.step_1_faulty(name, raw) for raw in read_table(folder, name, types)]
            winners = self.step_2_superseded(name)
            self.step_3_deleted(winners)
            self.step_4_future(name, winners)
            self.records[name] = defaultdict(list)
            for row in winners:
                self.records[name][row[first]].append(row)
            self.faulty_keys[name] = {row.values.get(first) for row in self.rows[name] if row.faults} - {None}

    # -------------------------------------------------------------------------------------------------- the clock

    def local_day(self, moment: datetime) -> date:
        """The day in reporting_timezone of a UTC moment."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    def month(self, moment: datetime) -> date:
        """M0: 'Periods are calendar months in reporting_timezone, written as their first day.'"""
        return self.local_day(moment).replace(day=1)

    @property
    def today(self) -> date:
        """M0: '"Today" is the local day of as_of in reporting_timezone, in every figure.'"""
        return self.local_day(self.as_of)

    def is_future(self, value: datetime | date | None) -> bool:
        """'later than as_of'; 'a date is future if it is later than as_of's local day'."""
        if value is None:
            return False
        return value > self.as_of if isinstance(value, datetime) else value > self.today

    # ------------------------------------------------------------------------------------------------ steps 1 to 4

    def step_1_faulty(self, name: str, raw: dict | None) -> Row:
        """'1 quarantined: the version is faulty by itself'. All its faults, by reason in the order of the input
        contract and within one by column, those of every table before its own.
        """
        if raw is None:
            row = Row(name, {})
            row.quarantine([("unreadable_line", None)])
            return row
        row, faults = Row(name, raw), []
        system = {column: {"type": kind} for column, kind in SYSTEM_COLUMNS.items()}
        for column, rule in (system | self.contract[name]["columns"]).items():
            if reason := self.read(row, column, rule):
                faults.append((reason, column))
        row.quarantine(sorted(faults, key=lambda fault: REASONS.index(fault[0])))
        return row

    def read(self, row: Row, column: str, rule: dict) -> str | None:
        """Sets the value of a column; the reason where it is faulty."""
        text = folded(row.raw.get(column))
        if text is None:
            row.values[column] = self.default_of(rule)
            return "missing_required" if rule.get("required") else None
        try:
            value = parse(rule["type"], text, self.zone)
        except ValueError:
            return "bad_type"
        row.values[column] = value.upper() if column in UPPER else value
        listed = rule.get("values")
        if (row.table, column) == ("support.ticket_events", "new_value") and row.values.get("event_type") == "status":
            listed = STATUS_WORDS
        if listed is not None:  # 'compared without regard to case'; the folded form is stored
            row.values[column] = value.lower()
            return None if value.lower() in listed else "bad_value"
        is_beyond = (
            (rule["type"] in BOUNDS and abs(value) >= BOUNDS[rule["type"]])
            or ("min" in rule and value < rule["min"])
            or ("max" in rule and value > rule["max"])
            or ("min_exclusive" in rule and value <= rule["min_exclusive"])
        )
        return "out_of_range" if is_beyond else None

    @staticmethod
    def default_of(rule: dict) -> object:
        value = rule.get("default")
        return Decimal(value) if rule["type"] == "decimal" and value is not None else value

    def step_2_superseded(self, name: str) -> list[Row]:
        """'sound versions that share a primary key are one record, and the newest _loaded_at wins; then the newest
        updated_at; then the largest row as text' - 'the raw values in the order of this page, joined by |'.
        """
        versions = defaultdict(list)
        for row in self.rows[name]:
            if row.status is None:
                row.key = tuple(row[column] for column in self.contract[name]["primary_key"])
                versions[row.key].append(row)
        winners = []
        for rows in versions.values():
            winner = max(rows, key=self.version_order)
            winners.append(winner)
            for row in rows:
                if row is not winner:
                    row.status = "superseded"
        return winners

    def version_order(self, row: Row) -> tuple:
        """'an absent one sorts before all others'; text by code point.

        READING: the input contract names _loaded_at, updated_at and is_deleted above the tables, so they come first in the
        text. A moment that cannot be read, which a faulty row may have, is an absent one.
        """
        text = "|".join(row.raw.get(column) or "" for column in [*SYSTEM_COLUMNS, *self.contract[row.table]["columns"]])
        moments = (row.values.get(column) or datetime.min for column in ("_loaded_at", "updated_at"))
        return (*moments, text)

    @cached_property
    def deal_versions(self) -> dict[str, list[Row]]:
        """The sound versions of each deal that is accepted, the earliest first; of a merged one they are its own."""
        versions = defaultdict(list)
        sound = (row for row in self.rows["crm.opportunities"] if row.status != "quarantined")
        for row in sorted(sound, key=self.version_order):
            versions[row["opportunity_id"]].append(row)
        return versions

    def is_merged(self, row: Row) -> bool:
        return row.table in MERGES and row[MERGES[row.table]] is not None

    def step_3_deleted(self, winners: list[Row]) -> None:
        """'the winning version says is_deleted' - but a merged record 'is accepted even where it is marked as deleted'."""
        for row in winners:
            if row["is_deleted"] and not self.is_merged(row):
                row.status = "deleted"

    def step_4_future(self, name: str, winners: list[Row]) -> None:
        """'its event_time is later than as_of'; an unknown one is never future."""
        event_time = self.contract[name].get("event_time")
        for row in winners:
            if row.status is None and event_time and self.is_future(row[event_time]):
                row.status = "future"
