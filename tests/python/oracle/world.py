"""The state of each row of a delivery, and its reason, by the seven steps of the input contract."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from oracle.basics import cents
from oracle.files import BOUND, parse, read_table

SYSTEM_COLUMNS = {"_loaded_at": "timestamp", "updated_at": "timestamp", "is_deleted": "boolean"}
TIMEZONES = available_timezones()
REPORTING_BOUND = Decimal("1e10")  # 'a row's reporting_amount below 1e10'
STATUSES = ("accepted", "superseded", "deleted", "excluded", "future", "quarantined")


@dataclass(eq=False)
class Row:
    """One version received: raw text, typed values, and what became of it."""

    table: str
    raw: dict
    values: dict = field(default_factory=dict)
    status: str | None = None
    reason: str | None = None
    column: str | None = None

    def end(self, status: str, reason: str | None = None, column: str | None = None) -> None:
        self.status, self.reason, self.column = status, reason, column

    def __getitem__(self, column: str):
        return self.values[column]


MERGES = {"crm.accounts": "merged_into_account_id", "crm.contacts": "merged_into_contact_id"}
# READING: of money rows in general, the local day of the rate is that of their event_time.
MONEY = {"crm.transactions": "amount", "crm.campaign_costs": "amount", "crm.opportunities": "amount",
         "crm.subscriptions": "monthly_amount", "crm.experiments": "spend"}  # fmt: skip
REVERSALS = ("refund", "chargeback", "credit")
HAPPENED = ("closed_at", "converted_at", "disqualified_at", "qualified_at", "accepted_at", "rejected_at",
            "unassigned_at", "achieved_at", "verified_at", "abandoned_at", "left_at")  # fmt: skip
CARRIED = {"closed_at": "is_won", "verified_at": "verified_by"}
# Each table after the tables that decide on its rows (required references, account_id, rates, teams).
SETTLE_FIRST = ("crm.accounts", "crm.contacts", "crm.users", "crm.campaigns", "crm.products", "crm.exchange_rates",
                "survey.surveys", "crm.leads", "crm.opportunities", "support.tickets", "survey.invitations")  # fmt: skip


class World:
    """The rows of all tables, with the states of the seven steps of the input contract."""

    def __init__(self, folder: Path, contract: dict, as_of: datetime, currency: str, zone: str):
        self.contract, self.currency, self.zone = contract, currency, ZoneInfo(zone)
        self.as_of = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
        self.rows: dict[str, list[Row]] = {}  # every row received
        self.records: dict[str, dict[str, list[Row]]] = {}  # winning versions by the first column of the key
        self.survivor: dict[tuple[str, str], str] = {}
        self.rates: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
        for name in contract:
            self.rows[name] = [self.step_1_faulty(name, raw) for raw in read_table(folder, name)]
            winners = self.step_2_superseded(name)
            self.step_3_deleted(name, winners)
            self.step_4_future(name, winners)
            self.records[name] = defaultdict(list)
            for row in winners:
                self.records[name][row[contract[name]["primary_key"][0]]].append(row)
        for name in [*SETTLE_FIRST, *(name for name in contract if name not in SETTLE_FIRST)]:
            self.settle(name)
        for name in contract:
            self.step_7_read(name)
        self.ticket_events = defaultdict(list)
        for event in self.accepted("support.ticket_events"):
            self.ticket_events[event["ticket_id"]].append(event)

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
        """'later than as_of'. READING: a date is a moment as the contract has it, midnight UTC."""
        if value is None:
            return False
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        return moment > self.as_of

    # ------------------------------------------------------------------------------------------------ steps 1 to 4

    def step_1_faulty(self, name: str, raw: dict | None) -> Row:
        """'1 quarantined: the version is faulty by itself'.

        READING: of several faults the one whose reason the input contract lists first counts, then the first column.
        """
        if raw is None:
            row = Row(name, {})
            row.end("quarantined", "unreadable_line")
            return row
        row = Row(name, raw)
        columns = self.contract[name]["columns"]
        faults: list[tuple[int, str, str]] = []
        for column, rule in [*columns.items(), *((column, {"type": kind}) for column, kind in SYSTEM_COLUMNS.items())]:
            text = raw.get(column)
            if text is None:
                row.values[column] = self.default_of(rule)
                if rule.get("required"):
                    faults.append((0, "missing_required", column))
                continue
            try:
                value = row.values[column] = parse(rule["type"], text)
            except ValueError:
                faults.append((1, "bad_type", column))
                continue
            if "values" in rule and value not in rule["values"]:
                faults.append((2, "bad_value", column))
            elif (rule["type"] in ("integer", "decimal") and abs(value) >= BOUND) or (
                ("min" in rule and value < rule["min"])
                or ("max" in rule and value > rule["max"])
                or ("min_exclusive" in rule and value <= rule["min_exclusive"])
            ):
                faults.append((3, "out_of_range", column))
        if faults:
            _, reason, column = min(faults, key=lambda fault: fault[0])  # min keeps the first of equals
            row.end("quarantined", reason, column)
        return row

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
                versions[tuple(row[column] for column in self.contract[name]["primary_key"])].append(row)
        winners = []
        for rows in versions.values():
            winner = max(rows, key=self.version_order)
            winners.append(winner)
            for row in rows:
                if row is not winner:
                    row.end("superseded")
        return winners

    def version_order(self, row: Row) -> tuple:
        """'an absent one sorts before all others'; text by code point.

        READING: the input contract names _loaded_at, updated_at and is_deleted above the tables, so they come first in the text.
        """
        text = "|".join(row.raw.get(column) or "" for column in [*SYSTEM_COLUMNS, *self.contract[row.table]["columns"]])
        return (row["_loaded_at"] or datetime.min, row["updated_at"] or datetime.min, text)

    @cached_property
    def deal_versions(self) -> dict[str, list[Row]]:
        """The sound versions of each deal that is accepted, the earliest first."""
        versions = defaultdict(list)
        sound = (row for row in self.rows["crm.opportunities"] if row.status != "quarantined")
        for row in sorted(sound, key=self.version_order):
            versions[row["opportunity_id"]].append(row)
        return versions

    def is_merged(self, row: Row) -> bool:
        return row.table in MERGES and row[MERGES[row.table]] is not None

    def step_3_deleted(self, name: str, winners: list[Row]) -> None:
        """'the winning version says is_deleted' - but 'a merged account or contact is accepted even where it is
        marked as deleted'.
        """
        for row in winners:
            if row["is_deleted"] and not self.is_merged(row):
                row.end("deleted")

    def step_4_future(self, name: str, winners: list[Row]) -> None:
        """'its event_time is later than as_of'."""
        event_time = self.contract[name].get("event_time")
        for row in winners:
            if row.status is None and event_time and self.is_future(row[event_time]):
                row.end("future")

    # ------------------------------------------------------------------------------------------------ steps 5 and 6

    def state(self, table: str, key: str) -> str:
        """What became of the record that a reference leads to; 'nowhere' where no sound version exists."""
        rows = self.records[table].get(key, [])
        states = [row.status for row in rows]
        return "nowhere" if not states else "accepted" if "accepted" in states else states[0]

    def references(self, row: Row, required: bool | None = None) -> list[tuple[str, str, str]]:
        """(column, table, key) of the row's references that are set."""
        return [(column, rule["references"], row[column]) for column, rule in self.contract[row.table]["columns"].items()
                if "references" in rule and row[column] is not None
                and (required is None or bool(rule.get("required")) == required)]  # fmt: skip

    def settle(self, name: str) -> None:
        """Steps 5 and 6 for one table. READING: of step 5, orphan comes first, then the others."""
        pending = [row for rows in self.records[name].values() for row in rows if row.status is None]
        for row in pending:
            self.step_5_orphan(row)
        if name in MERGES:
            self.settle_merges(name, pending)
            return
        if name == "crm.opportunity_splits":
            self.step_5_bad_split(pending)
        if name == "support.schedules":
            self.step_5_bad_schedule(pending)
        for row in pending:
            self.settle_row(row)
        if name == "crm.exchange_rates":
            for row in pending:
                if row.status == "accepted":
                    self.rates[row["from_currency"], row["to_currency"]].append((row["valid_on"], row["rate"]))

    def settle_row(self, row: Row) -> None:
        if row.status is None and row.table == "survey.surveys" and row["scale_min"] >= row["scale_max"]:
            row.end("quarantined", "bad_value", "scale_min")
        if row.status is None and row.table == "survey.responses":
            self.step_5_score(row)
        if row.status is None and row.table in MONEY:
            self.step_5_rate(row)
        if row.status is None:
            self.step_6_excluded(row)
        if row.status is None:
            row.end("accepted")

    def step_5_orphan(self, row: Row) -> None:
        """'a required reference leads nowhere, or to a quarantined record'."""
        for column, table, key in self.references(row, required=True):
            if self.state(table, key) in ("nowhere", "quarantined"):
                return row.end("quarantined", "orphan", column)

    def step_5_score(self, row: Row) -> None:
        """M2: 'A score outside its survey's scale is quarantined as out_of_range.'"""
        survey = self.records["survey.surveys"][row["survey_id"]][0]
        if not survey["scale_min"] <= row["score"] <= survey["scale_max"]:
            row.end("quarantined", "out_of_range", "score")

    def step_5_bad_split(self, pending: list[Row]) -> None:
        """'bad_split (all shares of a deal and team that do not sum to 1)'.

        READING: in the order of the input contract, so over all shares that are here and no orphans, also shares that step 6
        takes out afterwards; exactly 1.
        """
        shares = defaultdict(list)
        for row in pending:
            if row.status is None:
                team = self.records["crm.users"][row["user_id"]][0]["team"]
                shares[row["opportunity_id"], team].append(row)
        for rows in shares.values():
            if sum(row["share"] for row in rows) != 1:
                for row in rows:
                    row.end("quarantined", "bad_split", "share")

    def step_5_bad_schedule(self, pending: list[Row]) -> None:
        """'bad_value for ... ends_minute <= starts_minute, a schedule in two time zones' (all its rows).

        READING: a name that is no IANA time zone is a bad_value, too.
        """
        zones = defaultdict(set)
        for row in pending:
            zones[row["schedule_id"]].add(row["timezone"])
        for row in pending:
            if row["ends_minute"] <= row["starts_minute"]:
                row.end("quarantined", "bad_value", "ends_minute")
            elif len(zones[row["schedule_id"]]) > 1 or row["timezone"] not in TIMEZONES:
                row.end("quarantined", "bad_value", "timezone")

    def step_5_rate(self, row: Row) -> None:
        """M0: 'else the row is quarantined as missing_exchange_rate'.

        READING: whatever its type or status; a deal without amount or currency has nothing to convert.
        """
        if row[MONEY[row.table]] is None or row["currency_code"] is None:
            return
        rate = self.exchange_rate(row["currency_code"], self.rate_day(row))
        if rate is None:
            row.end("quarantined", "missing_exchange_rate", "currency_code")
        elif abs(cents(Fraction(row[MONEY[row.table]]) * rate)) >= REPORTING_BOUND:
            row.end("quarantined", "out_of_range", MONEY[row.table])
        else:
            row.values["exchange_rate"] = rate

    def rate_day(self, row: Row) -> date:
        """The local day of the row; M0: 'A reversal whose original is an accepted row takes its own currency's rate
        of the original's day.' READING: the original may be of any type, status and account; a reversal that is its
        own original, also through others, keeps its own day.
        """
        moment = row[self.contract[row.table]["event_time"]]
        original = self.original_of(row)
        chain = [original]
        while chain[-1] is not None and chain[-1] not in (row, *chain[:-1]):
            chain.append(self.original_of(chain[-1]))
        if original is not None and chain[-1] is not row:
            if original.status is None:
                self.settle_row(original)
            if original.status == "accepted":
                moment = original["transacted_at"]
        return self.local_day(moment) if isinstance(moment, datetime) else moment

    def original_of(self, row: Row) -> Row | None:
        """The winning version of the transaction that a reversal reverses; None for any other row."""
        if row.table != "crm.transactions" or row["transaction_type"] not in REVERSALS:
            return None
        return (self.records["crm.transactions"].get(row["original_transaction_id"]) or [None])[0]

    def exchange_rate(self, currency: str, day: date) -> Fraction | None:
        """M0: '1 for the same currency; else the latest from -> reporting rate on or before the local day; else the
        inverse of the latest opposite rate'.
        """
        if currency == self.currency:
            return Fraction(1)
        direct = [found for found in self.rates[currency, self.currency] if found[0] <= day]
        if direct:
            return Fraction(max(direct)[1])
        opposite = [found for found in self.rates[self.currency, currency] if found[0] <= day]
        return 1 / Fraction(max(opposite)[1]) if opposite else None

    def step_6_excluded(self, row: Row) -> None:
        """'its account_id leads to a deleted, future, internal or test account, or a required reference to a deleted,
        future or excluded record' (an internal or test account is an excluded record itself).
        """
        for column, table, key in self.references(row):
            required = self.contract[row.table]["columns"][column].get("required")
            if (required or column == "account_id") and self.state(table, key) in ("deleted", "future", "excluded"):
                return row.end("excluded")

    # ------------------------------------------------------------------------------------------------------ merges

    def settle_merges(self, name: str, pending: list[Row]) -> None:
        """Accounts and contacts: first the ones that are merged nowhere, then the merged ones by their survivor."""
        for row in pending:
            if row.status is None and not self.is_merged(row):
                if name == "crm.accounts" and row["account_type"] in ("internal", "test"):
                    row.end("excluded")  # READING: 'its account_id leads to an internal or test account': itself
                else:
                    self.settle_row(row)
        for row, survivor in [(row, self.survivor_of(row)) for row in pending if row.status is None]:
            if survivor is None:
                row.end("quarantined", "bad_merge", MERGES[name])
            elif survivor.status != "accepted":  # 'the survivor's type and state decide, for contacts too'
                row.end("excluded")
            else:
                row.end("accepted")
                key = self.contract[name]["primary_key"][0]
                self.survivor[name, row[key]] = survivor[key]

    def survivor_of(self, row: Row) -> Row | None:
        """The end of the chain; None for 'a merge that runs in a circle, or to a record that is not there'.

        READING: a quarantined record is not there; a future one is used nowhere, so the chain ends at it.
        """
        seen = set()
        while self.is_merged(row) and row.status != "future":
            key = row[MERGES[row.table]]
            found = self.records[row.table].get(key)
            if key in seen or not found or found[0].status == "quarantined":
                return None
            seen.add(key)
            row = found[0]
        return row

    # ------------------------------------------------------------------------------------------------------ step 7

    def step_7_read(self, name: str) -> None:
        """'any other optional reference that leads to no accepted record reads as null'; a merged account or contact
        reads as its survivor; of step 4: 'the moments of what happened read as null where they are later than as_of,
        and with them what they carry'.
        """
        for rows in self.records[name].values():
            for row in rows:
                if row.status != "accepted":
                    continue
                for column, table, key in self.references(row):
                    accepted = self.state(table, key) == "accepted"
                    row.values[column] = self.survivor.get((table, key), key) if accepted else None
                for column in HAPPENED:
                    if column in self.contract[name]["columns"] and self.is_future(row[column]):
                        row.values[column] = None
                        if CARRIED.get(column) in row.values:
                            row.values[CARRIED[column]] = None

    def accepted(self, name: str) -> list[Row]:
        return [row for row in self.rows[name] if row.status == "accepted"]

    def find(self, name: str, key: str | None) -> Row | None:
        """The accepted record of a key."""
        rows = [row for row in self.records[name].get(key, []) if row.status == "accepted"]
        return rows[0] if rows else None

    def reconciliation(self) -> list[dict]:
        """'received = accepted + superseded + deleted + excluded + future + quarantined, for every input table'."""
        return [{"input_table": name, "received": len(rows),
                 **{status: sum(row.status == status for row in rows) for status in STATUSES}}
                for name, rows in self.rows.items()]  # fmt: skip

    def quarantined(self) -> list[dict]:
        return [{"input_table": name, "reason": row.reason, "column_name": row.column,
                 "row_key": None if row.reason == "unreadable_line" else
                 "|".join(row.raw.get(column) or "" for column in self.contract[name]["primary_key"])}
                for name, rows in self.rows.items() for row in rows if row.status == "quarantined"]  # fmt: skip
