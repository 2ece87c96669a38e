"""An independent reference implementation of the specification, in plain Python: the oracle of the tests.

Written from input_contract.yml ("page"), metrics.md ("M0" to "M6") and published.yml alone, without a look at the
warehouse's SQL, so that a misreading on either side shows as a difference. It is slow and literal on purpose: exact
arithmetic (Decimal, Fraction), one function a rule, the words of the rule beside it. "READING" marks each place where
the specification leaves a choice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
import pyarrow.parquet as pq

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)  # decimal's ROUND_HALF_UP is half away from zero
SYSTEM_COLUMNS = {"_loaded_at": "timestamp", "updated_at": "timestamp", "is_deleted": "boolean"}
TIMEZONES = available_timezones()
BOUND = Decimal("1e12")  # 'every decimal and integer below 1e12, after rounding'
REPORTING_BOUND = Decimal("1e10")  # 'a row's reporting_amount below 1e10'
STATUSES = ("accepted", "superseded", "deleted", "excluded", "future", "quarantined")

# ------------------------------------------------------------------------------------------------ reading the files


def read_table(folder: Path, name: str) -> list[dict | None]:
    """All rows of a table as raw text by column; None stands for a line that cannot be read.

    The page: 'CSV or Parquet, one or many per table'; an absent table is an empty one.
    """
    base = folder.joinpath(*name.split("."))
    candidates = [base.with_name(base.name + suffix) for suffix in (".csv", ".parquet")]
    if base.is_dir():
        candidates += sorted(path for path in base.rglob("*") if path.suffix in (".csv", ".parquet"))
    rows: list[dict | None] = []
    for path in candidates:
        if path.is_file():
            rows += read_csv(path.read_bytes()) if path.suffix == ".csv" else read_parquet(path)
    return rows


def read_csv(data: bytes) -> list[dict | None]:
    """RFC 4180. 'A line that cannot be parsed is one row for its line and loses no other row.'"""
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = parse_csv_record(data, 0)
    if not data or head is None:
        return []
    header, position = [name.decode("utf-8") for name in head[0]], head[1]
    rows: list[dict | None] = []
    while position < len(data):
        newline = data.find(b"\n", position)
        next_line = len(data) if newline < 0 else newline + 1
        if not data[position:next_line].strip(b"\r\n"):  # READING: an empty line is no row
            position = next_line
            continue
        record = parse_csv_record(data, position)
        if record is None:  # a broken quote: only this physical line is given up
            rows.append(None)
            position = next_line
            continue
        fields, position = record
        try:
            if len(fields) != len(header):  # READING: well quoted, so one line even where it spans several
                raise ValueError("too many or too few fields")
            rows.append({name: text.decode("utf-8") or None for name, text in zip(header, fields)})
        except ValueError:  # UnicodeDecodeError is one
            rows.append(None)
    return rows


def parse_csv_record(data: bytes, position: int) -> tuple[list[bytes], int] | None:
    """The fields of the record that starts here and where the next one starts; None where a quote is broken.

    READING: a quote inside a field that does not start with one is an ordinary character.
    """
    fields = []
    while True:
        if data[position : position + 1] == b'"':
            value, position = bytearray(), position + 1
            while True:
                quote = data.find(b'"', position)
                if quote < 0:
                    return None
                value += data[position:quote]
                if data[quote + 1 : quote + 2] != b'"':
                    position = quote + 1
                    break
                value += b'"'
                position = quote + 2
            fields.append(bytes(value))
        else:
            found = re.compile(rb"[^,\n]*").match(data, position)
            position = found.end()
            text = found.group()
            fields.append(text if data[position : position + 1] == b"," else text.removesuffix(b"\r"))
        if data[position : position + 1] == b",":
            position += 1
        elif data[position : position + 1] == b"":
            return fields, position
        elif data[position : position + 1] == b"\n":
            return fields, position + 1
        elif data[position : position + 2] in (b"\r\n", b"\r"):
            return fields, position + 2
        else:
            return None


def read_parquet(path: Path) -> list[dict | None]:
    """Rows of a Parquet file with every value as plain text."""
    table = pq.ParquetFile(path).read()
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type):  # stored in UTC; the zone is a label only
            column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.timestamp("us"))
        columns.append([plain_text(value) for value in column.to_pylist()])
    return [dict(zip(table.column_names, values)) for values in zip(*columns)] if columns else []


def plain_text(value: object) -> str | None:
    """A Parquet value as text: timestamps ISO, booleans true/false, floats by their shortest form."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


# -------------------------------------------------------------------------------------- types (the page, types/forms)


def parse(kind: str, text: str) -> object:
    """The value of a text by its type; ValueError is bad_type. 'Anything else is bad_type': no trimming, no guessing."""
    return {"text": str, "integer": parse_integer, "decimal": parse_decimal, "boolean": parse_boolean,
            "timestamp": parse_timestamp, "date": parse_date}[kind](text)  # fmt: skip


def parse_boolean(text: str) -> bool:
    """'boolean: true, false, 1, 0 in any case'."""
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def parse_integer(text: str) -> int:
    """'integer: 1 or 1.0'. READING: 1e3 is none (it is named for decimals only)."""
    if not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", text):
        raise ValueError(text)
    return int(text.partition(".")[0])


def parse_decimal(text: str) -> Decimal:
    """'exact, 6 decimals, further ones rounded half away from zero; never NaN'; 'also 1e3'."""
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(text)
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than Python reads
        return Decimal(0) if "e-" in text.lower() else BOUND
    return value if value.copy_abs() >= BOUND else value.quantize(Decimal("0.000001"), context=EXACT)


TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:(Z)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)


def parse_timestamp(text: str) -> datetime:
    """'ISO 8601, with Z or an offset brought to UTC, a date alone is midnight'.

    READING: the extended format, T or one space; digits beyond microseconds are cut off.
    """
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    value = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
                     int((fraction or "0")[:6].ljust(6, "0")))  # fmt: skip
    if sign is not None:
        if int(hours) > 23 or int(minutes or 0) > 59:
            raise ValueError(text)
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        try:
            value = value - offset if sign == "+" else value + offset
        except OverflowError:
            raise ValueError(text) from None
    return value


def parse_date(text: str) -> date:
    """'date: a timestamp at midnight is one too'. READING: midnight after it was brought to UTC."""
    value = parse_timestamp(text)
    if (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
        raise ValueError(text)
    return value.date()


# ------------------------------------------------------------------------------- what becomes of every row (the page)


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
# Each table after those that decide on its rows (required references, account_id, rates, teams).
SETTLE_FIRST = ("crm.accounts", "crm.contacts", "crm.users", "crm.campaigns", "crm.products", "crm.exchange_rates",
                "survey.surveys", "crm.leads", "crm.opportunities", "support.tickets", "survey.invitations")  # fmt: skip


class World:
    """The rows of all tables, taken through the seven steps of the page."""

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

        READING: of several faults the one whose reason the page lists first counts, then the first column.
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

        READING: the page names _loaded_at, updated_at and is_deleted above the tables, so they come first in the text.
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
        """What became of the record that a reference leads to; 'nowhere' where no sound version is there."""
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

        READING: in the order of the page, so over all shares that are here and no orphans, also those that step 6
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
        """The winning version of what a reversal gives back; any other row gives nothing back."""
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
        """Accounts and contacts: those that are merged nowhere first, then the merged ones by their survivor."""
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


# ---------------------------------------------------------------------------------------- M1 money and movements


def cents(amount: Fraction) -> Decimal:
    """Rounded to cents, half away from zero."""
    whole, rest = divmod(abs(amount) * 100, 1)
    return Decimal(int(whole) + (rest >= Fraction(1, 2))).scaleb(-2) * (-1 if amount < 0 else 1) + Decimal("0.00")


def total(amounts) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def transactions(world: World, inactive_after_days: int) -> list[dict]:
    """M1: 'Counted transactions, the rows of fct_transactions: status completed, type other than transfer.'"""
    lines = []
    for row in world.accepted("crm.transactions"):
        if row["status"] == "completed" and row["transaction_type"] != "transfer":
            sign = 1 if row["transaction_type"] == "charge" else -1
            wanted = ("transaction_id", "account_id", "product_id", "opportunity_id", "transaction_type",
                      "transacted_at", "currency_code", "amount", "exchange_rate")  # fmt: skip
            line = {column: row[column] for column in wanted}
            line["reporting_amount"] = cents(sign * Fraction(row["amount"]) * row["exchange_rate"])
            line["_quantity"], line["_original"] = row["quantity"], row["original_transaction_id"]
            product = world.find("crm.products", row["product_id"])
            line["_family"], line["_tier"] = (product["product_family"], product["tier"]) if product else (None, None)
            lines.append(line)
    charges = defaultdict(list)
    for line in lines:
        if line["transaction_type"] == "charge":
            charges[line["account_id"]].append(line)
    for account_charges in charges.values():
        judge_charges(account_charges, timedelta(days=inactive_after_days))
    judge_reversals(lines)
    return lines


def judge_charges(charges: list[dict], inactive_after: timedelta) -> None:
    """Movements of one account's charges, purchase by purchase ('lines of one timestamp are one purchase'), against
    'the account's charges at strictly earlier timestamps'.
    """
    purchases = defaultdict(list)
    for line in charges:
        purchases[line["transacted_at"]].append(line)
    latest_at = None
    top_tier: dict[str, int | None] = {}  # by family ever charged
    latest_quantity: dict[str, Decimal] = {}  # by product: the largest line of its latest purchase
    latest_total: dict[str, Decimal] = {}  # by family: its total in the latest purchase that holds it
    for moment in sorted(purchases):
        lines = purchases[moment]
        for line in lines:
            line["movement"] = movement(line, moment, latest_at, inactive_after, top_tier, latest_quantity)
            line["expansion_amount"] = Decimal("0.00")
            if line["movement"] == "cross_sell":  # 'a cross-sell line in full'
                line["expansion_amount"] = line["reporting_amount"]
        totals = {family: total(line["reporting_amount"] for line in lines if line["_family"] == family)
                  for family in {line["_family"] for line in lines} - {None}}  # fmt: skip
        for family, amount in totals.items():
            share_up_sell([line for line in lines if line["_family"] == family and line["movement"] == "up_sell"],
                          amount - latest_total.get(family, 0))  # fmt: skip
        latest_at = moment
        latest_total.update(totals)
        for family in totals:
            tiers = [line["_tier"] for line in lines if line["_family"] == family] + [top_tier.get(family)]
            top_tier[family] = max((tier for tier in tiers if tier is not None), default=None)
        for product in {line["product_id"] for line in lines} - {None}:
            latest_quantity[product] = max(line["_quantity"] for line in lines if line["product_id"] == product)


def movement(line, moment, latest_at, inactive_after, top_tier, latest_quantity) -> str:
    """M1, in its order. READING: 'ago' is elapsed time; tiers are compared only where both are known."""
    if latest_at is None:
        return "new"
    if moment - latest_at >= inactive_after:
        return "reactivation"
    if line["_family"] is None:
        return "repeat"
    if line["_family"] not in top_tier:
        return "cross_sell"
    highest = top_tier[line["_family"]]
    if line["_tier"] is not None and highest is not None and line["_tier"] > highest:
        return "up_sell"
    if line["product_id"] in latest_quantity and line["_quantity"] > latest_quantity[line["product_id"]]:
        return "up_sell"
    return "repeat"


def share_up_sell(lines: list[dict], growth: Decimal) -> None:
    """'The up-sell lines of one purchase and family share max(0, growth), at most their own sum, in proportion to
    their amounts, in cents by largest remainder (ties by transaction_id)'.
    """
    own = total(line["reporting_amount"] for line in lines)
    pool = int(min(max(growth, Decimal(0)), own) * 100)
    if pool == 0:
        return
    exact = {line["transaction_id"]: pool * Fraction(line["reporting_amount"]) / Fraction(own) for line in lines}
    parts = {key: int(share) for key, share in exact.items()}
    left = pool - sum(parts.values())
    for key in sorted(exact, key=lambda key: (parts[key] - exact[key], key))[:left]:
        parts[key] += 1
    for line in lines:
        line["expansion_amount"] = Decimal(parts[line["transaction_id"]]).scaleb(-2) + Decimal("0.00")


def judge_reversals(lines: list[dict]) -> None:
    """'A reversal of a counted charge takes its movement and gives back expansion x min(1, amount given back /
    amount), rounded to cents, in time order never more in all than there was; any other reversal is reversal with
    no expansion.' READING: amounts as they are in one currency, else reporting amounts.
    """
    charges = {line["transaction_id"]: line for line in lines if line["transaction_type"] == "charge"}
    left = {key: charge["expansion_amount"] for key, charge in charges.items()}
    reversals = [line for line in lines if line["transaction_type"] != "charge"]
    for line in sorted(reversals, key=lambda line: (line["transacted_at"], line["transaction_id"])):
        charge = charges.get(line["_original"])
        line["movement"], line["expansion_amount"] = "reversal", Decimal("0.00")
        if charge is not None:
            line["movement"] = charge["movement"]
            money = "amount" if line["currency_code"] == charge["currency_code"] else "reporting_amount"
            whole = abs(Fraction(charge[money]))
            if whole > 0:
                part = min(Fraction(1), abs(Fraction(line[money])) / whole)
                given = min(cents(Fraction(charge["expansion_amount"]) * part), left[line["_original"]])
                left[line["_original"]] -= given
                line["expansion_amount"] = Decimal("0.00") - given


# ----------------------------------------------------------------------------------------------- M2 satisfaction


def survey_answers(world: World) -> list[dict]:
    """Every accepted response with its scores, its thing and whom it is about."""
    answers = []
    for row in world.accepted("survey.responses"):
        survey = world.find("survey.surveys", row["survey_id"])
        low, high = Fraction(survey["scale_min"]), Fraction(survey["scale_max"])
        unit = (Fraction(row["score"]) - low) / (high - low)
        survey_type, nps_class = nps_kind(survey["survey_type"], low, high, row["score"])
        answers.append({
            "response_id": row["response_id"], "survey_type": survey_type, "account_id": row["account_id"],
            "contact_id": row["contact_id"], "about_type": row["about_type"], "about_id": row["about_id"],
            "about_user_id": about_user(world, row), "responded_at": row["responded_at"],
            "score": Fraction(row["score"]), "score_unit": unit, "score_1_10": 1 + 9 * unit, "nps_class": nps_class,
            "_asked": (row["account_id"], row["contact_id"], row["survey_id"], *thing(row)),
            "_invitation_id": row["invitation_id"], "_own_about_user_id": row["about_user_id"],
        })  # fmt: skip
    return answers


def nps_kind(survey_type: str, low: Fraction, high: Fraction, score: Decimal) -> tuple[str, str | None]:
    """'NPS only from surveys of type nps on 0 to 10: promoters 9-10, detractors 0-6'; 'On any other scale an nps
    survey is nps_like'. READING: nps_like is the survey's type as shown, without class; 6.5 and 8.5 are passive.
    """
    if survey_type != "nps":
        return survey_type, None
    if (low, high) != (0, 10):
        return "nps_like", None
    return "nps", "promoter" if score >= 9 else "detractor" if score <= 6 else "passive"


def thing(row: Row) -> tuple:
    """'A thing is the response's own (about_type, about_id); for a relationship each invitation is one, and a
    response without invitation is one by itself.'
    """
    if row["about_type"] != "relationship":
        return (row["about_type"], row["about_id"])
    if row["invitation_id"] is not None:
        return ("relationship", "invitation", row["invitation_id"])
    return ("relationship", "response", row["response_id"])


def answer_order(answer: dict) -> tuple:
    """'the latest, ties by response_id'. READING: of a tie the greatest response_id is the latest."""
    return (answer["responded_at"], answer["response_id"])


def latest_by(answers: list[dict], key) -> list[dict]:
    best: dict = {}
    for answer in sorted(answers, key=answer_order):
        best[key(answer)] = answer
    return list(best.values())


def counted(answers: list[dict]) -> list[dict]:
    """'The counted response of a person to one survey about one thing is the latest before as_of'."""
    return latest_by(answers, lambda answer: answer["_asked"])


def about_user(world: World, row: Row) -> str | None:
    """'about_user_id of the invitation as sent; else of the response; else derived as of the time of the thing
    itself ... The first of these that is set decides; if it is a bot, the rating is about nobody.'
    """
    invitation = world.find("survey.invitations", row["invitation_id"])
    user_id = invitation["about_user_id"] if invitation else None
    if user_id is None:
        user_id = row["about_user_id"]
    if user_id is None:
        user_id = derived_user(world, row["about_type"], row["about_id"])
    return human(world, user_id)


def human(world: World, user_id: str | None) -> str | None:
    """The user, unless it is a bot or nobody that is known."""
    user = world.find("crm.users", user_id)
    return None if user is None or user["is_bot"] else user_id


def derived_user(world: World, about_type: str, about_id: str | None) -> str | None:
    """'a touch's user, the ticket's first responder (spam and merged tickets have none), the deal's owner at close'."""
    if about_type == "touch":
        touch = world.find("crm.touches", about_id)
        return touch["user_id"] if touch else None
    if about_type == "ticket":
        ticket = world.find("support.tickets", about_id)
        return first_responder(world, ticket) if ticket else None
    if about_type == "opportunity":
        deal = world.find("crm.opportunities", about_id)
        return owner_at_close(world, deal) if deal else None
    return None


def owner_at_close(world: World, deal: Row) -> str | None:
    """M10: 'its deal's owner at close; else the owner in the earliest delivered version that is closed; else its owner',
    'of sound versions that are not marked deleted and are closed by as_of, the earliest; without an accepted owner
    there, the deal's present owner; a reopened deal still takes it'. READING: closed is with closed_at.
    """
    closed = [version for version in world.deal_versions[deal["opportunity_id"]] if not version["is_deleted"]
              and version["closed_at"] is not None and not world.is_future(version["closed_at"])]  # fmt: skip
    owners = [
        deal["owner_at_close_user_id"],
        *(version["owner_user_id"] for version in closed[:1]),
        deal["owner_user_id"],
    ]
    return next((owner for owner in owners if world.find("crm.users", owner)), None)


def events_of(world: World, ticket: Row, event_type: str) -> list[Row]:
    """M6: 'Events at one moment are ordered by event_id.'"""
    events = [event for event in world.ticket_events[ticket["ticket_id"]] if event["event_type"] == event_type]
    return sorted(events, key=lambda event: (event["occurred_at"], event["event_id"]))


def is_counted_ticket(ticket: Row) -> bool:
    """M6: 'Spam and merged tickets are left out'. READING: one merged into no accepted ticket is not merged."""
    return not ticket["is_spam"] and ticket["merged_into_ticket_id"] is None


def response_clock(world: World, ticket: Row) -> tuple[datetime, Row | None]:
    """M6: when the clock starts, and the comment that stops it: the clock 'starts at the customer's first public
    comment (else the ticket's creation); where an agent wrote publicly first, at the customer's first public comment
    after it' - which is the same comment - and 'stops at the first public comment by an agent who is no bot, at or
    after the start'. READING: 'after' is in the order of events; an agent whose user is unknown stops the clock.
    """
    comments = [event for event in events_of(world, ticket, "comment") if event["is_public"]]
    by_customer = [index for index, event in enumerate(comments) if event["actor_type"] == "customer"]
    if by_customer:
        after = comments[by_customer[0] :]
        start = after[0]["occurred_at"]
    else:
        start = ticket["created_at"]
        after = [event for event in comments if event["occurred_at"] >= start]
    for event in after:
        user = world.find("crm.users", event["actor_user_id"])
        if event["actor_type"] == "agent" and not (user and user["is_bot"]):
            return start, event
    return start, None


def first_responder(world: World, ticket: Row) -> str | None:
    """Who stopped the clock; M2: 'spam and merged tickets have none'. READING: an unknown user names nobody."""
    answer = response_clock(world, ticket)[1] if is_counted_ticket(ticket) else None
    return answer["actor_user_id"] if answer else None


def csat_of(answers: list[dict], types) -> Fraction | None:
    """'mean over its contacts of each contact's latest counted response of the types in var csat_survey_types;
    responses without contact are those of one more contact. Never reported is null'. Answers of one account.
    """
    latest = latest_by([answer for answer in counted(answers) if answer["survey_type"] in types],
                       lambda answer: answer["contact_id"])  # fmt: skip
    return sum(answer["score_1_10"] for answer in latest) / Fraction(len(latest)) if latest else None


# ----------------------------------------------------------------------------------------- M1 to M3 by customer


def ppp_of(csat: Fraction | None, cltv: Decimal) -> Fraction:
    """M3: 'coalesce(csat_1_10, 0) x cltv, literal'."""
    return (csat or Fraction(0)) * Fraction(cltv)


def by_account(items: list[dict]) -> dict[str, list[dict]]:
    groups = defaultdict(list)
    for item in items:
        groups[item["account_id"]].append(item)
    return groups


def only_charges(lines: list[dict]) -> list[dict]:
    return [line for line in lines if line["transaction_type"] == "charge"]


def lifetime(world: World, account_id: str, lines: list[dict], answers: list[dict], types) -> dict:
    """One row of customer_lifetime: 'an account with at least one counted charge'."""
    charges = only_charges(lines)
    amounts = [line["reporting_amount"] for line in lines]
    csat = csat_of(answers, types)
    nps = [answer for answer in counted(answers) if answer["nps_class"] is not None]
    latest_nps = latest_by(nps, lambda answer: answer["contact_id"])
    return {
        "account_id": account_id,
        "cltv": total(amounts),
        "gross_amount": total(line["reporting_amount"] for line in charges),
        "reversed_amount": total(line["reporting_amount"] for line in lines if line["transaction_type"] != "charge"),
        "transaction_count": len(charges),
        "purchase_days": len({world.local_day(line["transacted_at"]) for line in charges}),
        "first_charge_at": min(line["transacted_at"] for line in charges),
        "last_charge_at": max(line["transacted_at"] for line in charges),
        "cross_sell_expansion": total(line["expansion_amount"] for line in lines if line["movement"] == "cross_sell"),
        "up_sell_expansion": total(line["expansion_amount"] for line in lines if line["movement"] == "up_sell"),
        "csat_1_10": csat,
        "is_csat_reported": csat is not None,
        "ppp": ppp_of(csat, total(amounts)),
        "nps_latest": max(nps, key=answer_order)["score"] if nps else None,
        "is_recommend_stated": any(answer["score"] >= 9 for answer in latest_nps),  # READING: never asked is false
    }


def next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def months_of(world: World, account_id: str, lines: list[dict], answers: list[dict], types) -> list[dict]:
    """'every month from the first charge's to that of as_of'; 'charges of each movement in full, and reversals: they
    sum to reporting_amount'; 'cltv and CSAT as known at its end': what was answered later, an edit too, is not.
    """
    charges = only_charges(lines)
    month, rows = world.month(min(line["transacted_at"] for line in charges)), []
    while month <= world.month(world.as_of):
        here = [line for line in lines if world.month(line["transacted_at"]) == month]
        cltv = total(line["reporting_amount"] for line in lines if world.month(line["transacted_at"]) <= month)
        csat = csat_of([answer for answer in answers if world.month(answer["responded_at"]) <= month], types)
        nps = counted([answer for answer in answers if answer["nps_class"] is not None
                       and world.month(answer["responded_at"]) <= month])  # fmt: skip
        row = {"account_id": account_id, "month": month, "cltv": cltv, "csat_1_10": csat, "ppp": ppp_of(csat, cltv),
               "is_recommend_stated": any(answer["score"] >= 9
                                          for answer in latest_by(nps, lambda answer: answer["contact_id"])),
               "reporting_amount": total(line["reporting_amount"] for line in here),
               "reversed_amount": total(line["reporting_amount"] for line in here
                                        if line["transaction_type"] != "charge"),
               "expansion_amount": total(line["expansion_amount"] for line in here),
               "_is_active": bool(only_charges(here))}  # fmt: skip
        for name in ("new", "reactivation", "repeat", "cross_sell", "up_sell"):
            row[f"{name}_amount"] = total(
                line["reporting_amount"] for line in only_charges(here) if line["movement"] == name)  # fmt: skip
        rows.append(row)
        month = next_month(month)
    return rows


def cohorts(months: list[dict], segments: dict[str, str]) -> list[dict]:
    """'cohort_month is that of the first charge, months_since from 0; segment all and each; active = with a charge in
    the month; cltv is cumulative'. READING: a segment of the name all is (all).
    """
    cells = defaultdict(list)
    for account_id, rows in by_account(months).items():
        first = min(row["month"] for row in rows)
        for row in rows:
            since = (row["month"].year - first.year) * 12 + row["month"].month - first.month
            for segment in ("all", "(all)" if segments[account_id] == "all" else segments[account_id]):
                cells[first, since, segment].append(row)
    return [{"cohort_month": first, "months_since": since, "segment": segment, "customers": len(rows),
             "active_customers": sum(row["_is_active"] for row in rows),
             "reporting_amount": total(row["reporting_amount"] for row in rows),
             "cltv": total(row["cltv"] for row in rows)}
            for (first, since, segment), rows in cells.items()]  # fmt: skip


def customers_dimension(world: World, lifetimes: dict[str, dict]) -> list[dict]:
    """Every accepted account that is merged nowhere, prospects too. M1: 'acquired_at = first_charge_at.
    acquisition_campaign_id, acquisition_channel: those of the account's earliest lead' (READING: ties by lead_id).
    """
    first_lead: dict[str, Row] = {}
    for lead in sorted(world.accepted("crm.leads"), key=lambda lead: (lead["created_at"], lead["lead_id"])):
        first_lead.setdefault(lead["account_id"], lead)
    rows = []
    for account in world.accepted("crm.accounts"):
        account_id = account["account_id"]
        if ("crm.accounts", account_id) in world.survivor:
            continue
        lead, customer = first_lead.get(account_id), lifetimes.get(account_id)
        rows.append({
            **{column: account[column] for column in
               ("account_id", "account_type", "segment", "industry", "country_code", "created_at")},
            "acquired_at": customer["first_charge_at"] if customer else None,
            "is_customer": customer is not None,
            "acquisition_campaign_id": lead["campaign_id"] if lead else None,
            "acquisition_channel": lead["channel"] if lead else None,
        })  # fmt: skip
    return rows


# ------------------------------------------------------------------------------------------------------- all of it


def public(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]


def compute(
    folder: Path,
    contract: dict,
    *,
    as_of: datetime,
    reporting_currency: str,
    reporting_timezone: str = "UTC",
    inactive_after_days: int = 365,
    csat_survey_types=("csat", "post_purchase"),
    **more,
) -> dict[str, list[dict]]:
    """The relations named in the result, from the files in folder, as the specification says.

    Further arguments, vars and seeds, are those of the compute of oracle_support, _outcomes, _compensation and
    _metric_values.
    """
    import oracle_compensation  # which, as the next does, imports the one after it
    import oracle_forecasts
    import oracle_metric_values
    import oracle_outcomes  # which imports oracle_support, which imports this module
    import oracle_support

    more = {name: value for name, value in more.items() if not name.startswith("forecast_")}  # these change no row here
    more |= {"inactive_after_days": inactive_after_days, "csat_survey_types": csat_survey_types}
    of_support, of_outcomes, of_compensation, of_metrics = (
        {name: more[name] for name in part.compute.__kwdefaults__ if name in more}
        for part in (oracle_support, oracle_outcomes, oracle_compensation, oracle_metric_values)
    )
    assert more.keys() == {*of_support, *of_outcomes, *of_compensation, *of_metrics}, more.keys()

    world = World(Path(folder), contract, as_of, reporting_currency, reporting_timezone)
    lines, answers = transactions(world, inactive_after_days), survey_answers(world)
    account_lines, account_answers = by_account(lines), by_account(answers)
    customers = [account_id for account_id, rows in account_lines.items() if only_charges(rows)]
    lifetimes, months = {}, []
    for account_id in customers:
        facts = (world, account_id, account_lines[account_id], account_answers.get(account_id, []), csat_survey_types)
        lifetimes[account_id] = lifetime(*facts)
        months += months_of(*facts)
    # M1: 'A missing segment is written (none).'
    segments = {key: world.find("crm.accounts", key)["segment"] or "(none)" for key in customers}
    responses = public(counted(answers))
    results = {
        "fct_transactions": public(lines),
        "fct_survey_responses": responses,
        "customer_months": public(months),
        "customer_cohorts": cohorts(months, segments),
        "dim_customers": customers_dimension(world, lifetimes),
        "input_reconciliation": world.reconciliation(),
        "quarantined": world.quarantined(),
        **oracle_support.compute(world, counted(answers), **of_support),
        **oracle_forecasts.compute(world, lines),
        **oracle_outcomes.compute(world, list(lifetimes.values()), responses, **of_outcomes),
    }  # fmt: skip
    results |= oracle_compensation.compute(world, results, **of_compensation)
    return results | oracle_metric_values.compute(world, results, **of_metrics)
