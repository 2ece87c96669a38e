"""Random companies hold every oddity of the input contract in a handful of seeds; one that never occurs tests nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from worlds.company import random_company
from worlds.contract import CODES, COLUMNS, EXTRA, VALUES
from worlds.delivery import deliver
from worlds.files import _other_letters, _read, shuffle_world, write_world
from worlds.kinds import ABSENT, HELP_DESK, KINDS, LATE_TILL, SHOP, UNASKED, UNINVITED

AS_OF = datetime(2025, 7, 1)
SEEDS = range(1, 7)
STATUSES = {"new", "open", "pending", "hold", "solved", "closed"}
NO_TEXT = " \t\u00a0\u2003\u3000\u200b\u200c\u200d\u2060\ufeff"


@dataclass
class Drawn:
    """One world: its clean records, and the versions that are delivered, by table."""

    seed: int
    faults: bool = True

    @cached_property
    def world(self):
        return random_company(self.seed, 60, self.faults, AS_OF)

    @cached_property
    def versions(self) -> dict[str, list[dict]]:
        rows = self.world.rows
        return {table: [cells for row in rows[table] for cells in deliver(self.world, table, row)] for table in rows}

    def records(self, table: str) -> list[dict]:
        return self.world.rows[table]

    def cells(self, *names: str) -> list[str]:
        """All filled cells of the columns with these names, of all tables."""
        return [cells[name] for rows in self.versions.values() for cells in rows for name in names if cells.get(name)]

    def key(self, table: str) -> str:
        return COLUMNS[table][0].name

    def faulty(self, table: str) -> set:
        return {row[self.key(table)] for row in self.records(table) if row.get("is_faulty")}

    def merges(self, table: str) -> dict:
        (into,) = (c.name for c in COLUMNS[table] if c.name.startswith("merged_into_"))
        return {row[self.key(table)]: row[into] for row in self.records(table) if row[into]}

    def fates(self, table: str) -> dict:
        return {row[self.key(table)]: row.get("fate") for row in self.records(table)}


MERGED = ("accounts", "contacts", "users", "leads", "opportunities")
NEVER_IN_CIRCLES = 9


def teams_of(drawn: Drawn) -> dict:
    rows = sorted(drawn.records("user_teams"), key=lambda row: row["user_id"])
    return {user_id: list(stretches) for user_id, stretches in groupby(rows, key=lambda row: row["user_id"])}


def circles(drawn: Drawn) -> list:
    found = []
    for table in MERGED[2:]:
        merges = drawn.merges(table)
        for start in merges:
            at = start
            for _ in range(NEVER_IN_CIRCLES):
                at = merges.get(at)
            found += [start] * (at is not None)
    return found


def sums_of_shares(drawn: Drawn) -> list[Decimal]:
    teams = {row["user_id"]: row["team"] for row in drawn.records("users")}
    sums: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in drawn.records("opportunity_splits"):
        sums[row["opportunity_id"], teams[row["user_id"]]] += row["share"]
    return list(sums.values())


def void_schedules(drawn: Drawn, what: Callable[[list[dict]], bool]) -> list:
    rows = sorted(drawn.records("schedules"), key=lambda row: row["schedule_id"])
    return [key for key, group in groupby(rows, key=lambda row: row["schedule_id"]) if what(list(group))]


def times_of(drawn: Drawn, *tables: str) -> list[tuple]:
    """The key, and the moments that order them, of each version."""
    return [
        (table, *(cells[c.name] for c in COLUMNS[table] if c.is_key), cells["_loaded_at"], cells["updated_at"])
        for table in tables
        for cells in drawn.versions[table]
    ]


def text_pairs(drawn: Drawn) -> set[tuple[str, str]]:
    """(column, stripped text) of references that have blanks, of which no key has them."""
    found = set()
    for table, columns in COLUMNS.items():
        for column in columns:
            if column.refers_to:
                keys = {cells[drawn.key(column.refers_to)] for cells in drawn.versions[column.refers_to]}
                texts = {cells[column.name] for cells in drawn.versions[table]} - {None}
                found |= {(table, text) for text in texts if text.strip(NO_TEXT) in keys and text not in keys}
    return found


def faults_of(drawn: Drawn) -> list[int]:
    """How many required cells are missing or how many texts hold a NUL, of versions with any of it."""
    found = []
    for table, columns in COLUMNS.items():
        for cells in drawn.versions[table]:
            number = sum(c.is_required and not (cells[c.name] or "").strip(NO_TEXT) for c in columns)
            number += sum("\0" in (cells[c.name] or "") for c in columns)
            found += [number] * (number > 0)
    return found


def lost_accounts(drawn: Drawn, accounts: set) -> list:
    return [
        row
        for table in ("transactions", "contacts", "responses")
        for row in drawn.records(table)
        if row["account_id"] in accounts
    ]


def lost_options(drawn: Drawn) -> list:
    return [
        row
        for table, columns in COLUMNS.items()
        for column in columns
        if column.refers_to and not column.is_required and column.name != "account_id"
        for row in drawn.records(table)
        if row[column.name] in (drawn.world.nowhere, drawn.world.nobody)
    ]


def ends_before(drawn: Drawn, table: str, start: str, end: str) -> list:
    return [row for row in drawn.records(table) if row[start] and row[end] and row[end] < row[start]]


def of_users(drawn: Drawn, users: set) -> list:
    return [row for row in drawn.records("user_teams") if row["user_id"] in users]


CENT = Decimal("0.005")
DAY = timedelta(days=1)


def counted(drawn: Drawn) -> dict[object, list[dict]]:
    """The completed transactions of each account, in time order."""
    rows = [row for row in drawn.records("transactions") if row["status"] in ("completed", None) and row["account_id"]]
    rows = sorted((row for row in rows if row["transaction_type"] != "transfer"), key=lambda row: row["transacted_at"])
    accounts: dict[object, list[dict]] = defaultdict(list)
    for row in rows:
        accounts[row["account_id"]].append(row)
    return accounts


def nothings(drawn: Drawn) -> list[dict]:
    """Charges of euros that are 0, or round to it."""
    return [
        row
        for rows in counted(drawn).values()
        for row in rows
        if row["transaction_type"] == "charge" and row["currency_code"] == "EUR" and row["amount"] < CENT
    ]


def never_paid(drawn: Drawn) -> set:
    """Accounts with charges, each of them of nothing."""
    charges = {
        key: [row for row in rows if row["transaction_type"] == "charge"] for key, rows in counted(drawn).items()
    }
    return {key for key, rows in charges.items() if rows and all(row["amount"] < CENT for row in rows)}


def gaps(drawn: Drawn, days: int) -> list[timedelta]:
    """Gaps of that length between two charges of money."""
    found = []
    for rows in counted(drawn).values():
        bought = sorted(
            {row["transacted_at"] for row in rows if row["transaction_type"] == "charge" and row["amount"] > 1}
        )
        found += [after - before for before, after in pairwise(bought)]
    return [gap for gap in found if gap == days * DAY]


def trials(drawn: Drawn) -> list[dict]:
    """Charges of nothing before the account's first money."""
    found = []
    for rows in counted(drawn).values():
        paid = [row["transacted_at"] for row in rows if row["transaction_type"] == "charge" and row["amount"] >= CENT]
        found += [
            row for row in rows if paid and row["transaction_type"] == "charge" and row["amount"] < CENT
            if row["transacted_at"] < paid[0]
        ]  # fmt: skip
    return found


def of_never_paid(table: str, column: str = "account_id") -> Callable[[Drawn], list]:
    return lambda drawn: [row for row in drawn.records(table) if row[column] in never_paid(drawn)]


RECORDS: dict[str, Callable[[Drawn], list | set]] = {
    "a charge of 0": lambda d: [row for row in nothings(d) if row["amount"] == 0],
    "a charge that rounds to 0": lambda d: [row for row in nothings(d) if row["amount"] > 0],
    "a charge of half a cent": lambda d: [r for rows in counted(d).values() for r in rows if r["amount"] == CENT],
    "a trial before the first charge": trials,
    "a reversal of a charge of 0": lambda d: [
        row
        for row in d.records("transactions")
        if row["original_transaction_id"] in {charge["transaction_id"] for charge in nothings(d)}
    ],
    "an account that was charged nothing": never_paid,
    **{
        f"{table} of an account that was charged nothing": of_never_paid(table)
        for table in ("subscriptions", "tickets", "responses", "invitations", "outcomes")
    },
    "a referral by an account that was charged nothing": of_never_paid("referrals", "referrer_account_id"),
    "an account with money and no charge": lambda d: [
        key for key, rows in counted(d).items() if all(row["transaction_type"] != "charge" for row in rows)
    ],
    **{f"{days} days between two charges": lambda d, days=days: gaps(d, days) for days in (365, 366, 399, 400)},
    "a user in several teams": lambda d: [rows for rows in teams_of(d).values() if len({r["team"] for r in rows}) > 1],
    "a team before the user was hired": lambda d: [
        user
        for user in d.records("users")
        if user["hired_at"] and any(r["valid_from"] < user["hired_at"] for r in teams_of(d).get(user["user_id"], ()))
    ],
    "a team of the future": lambda d: [row for row in d.records("user_teams") if row["valid_from"] > AS_OF],
    "teams of a merged user": lambda d: of_users(d, set(d.merges("users"))),
    "teams of a quarantined user": lambda d: of_users(d, d.faulty("users")),
    "teams of nobody": lambda d: of_users(d, {d.world.nobody}),
    "the team other": lambda d: [row for row in d.records("users") if row["team"] == "other"],
    **{f"merged {table}": lambda d, table=table: d.merges(table) for table in MERGED},
    **{
        f"a chain of {table}": lambda d, table=table: set(d.merges(table)) & set(d.merges(table).values())
        for table in MERGED
    },
    "a circle of merges": circles,
    "a merge to nowhere": lambda d: [t for t in MERGED if d.world.nowhere in d.merges(t).values()],
    "a merge into a quarantined record": lambda d: [t for t in MERGED if d.faulty(t) & set(d.merges(t).values())],
    "a loser that is deleted": lambda d: [
        loser for t in MERGED[2:] for loser in d.merges(t) if d.fates(t)[loser] == "deleted"
    ],
    "a survivor that is deleted": lambda d: [
        key for t in MERGED[2:] for key in d.merges(t).values() if d.fates(t).get(key) == "deleted"
    ],
    "a deal merged into one of an internal account": lambda d: [
        row
        for row in d.records("opportunities")
        if row["opportunity_id"] in d.merges("opportunities").values()
        and row["account_id"]
        in {a["account_id"] for a in d.records("accounts") if a["account_type"] in ("internal", "test")}
    ],
    "a deal without created_at": lambda d: [r for r in d.records("opportunities") if r["created_at"] is None],
    "an account without created_at": lambda d: [r for r in d.records("accounts") if r["created_at"] is None],
    "a guest": lambda d: lost_accounts(d, {None}),
    "an empty account of blanks": lambda d: lost_accounts(d, {" ", "\u200b"}),
    "an account that leads nowhere": lambda d: lost_accounts(d, {d.world.nowhere}),
    "an account that leads to a quarantined one": lambda d: lost_accounts(d, d.faulty("accounts")),
    "an optional reference that leads nowhere": lost_options,
    "a night shift": lambda d: [r for r in d.records("schedules") if r["ends_minute"] < r["starts_minute"]],
    "a stretch that ends as it starts": lambda d: [
        r for r in d.records("schedules") if r["ends_minute"] == r["starts_minute"]
    ],
    "a schedule with a faulty row": lambda d: void_schedules(d, lambda rows: any(r.get("is_faulty") for r in rows)),
    "a schedule that was healed": lambda d: void_schedules(
        d, lambda rows: any(r.get("history") and not r.get("is_faulty") for r in rows)
    ),
    "a schedule in two zones": lambda d: void_schedules(d, lambda rows: len({r["timezone"] for r in rows}) > 1),
    "a schedule in no zone": lambda d: void_schedules(d, lambda rows: rows[0]["timezone"] == "Mars/Olympus"),
    "an assignment to nobody": lambda d: [
        r
        for r in d.records("ticket_events")
        if r["event_type"] == "assignment" and r["new_value"] in (d.world.nobody, " ")
    ],
    "a schedule that is not there": lambda d: [
        r for r in d.records("ticket_events") if r["event_type"] == "schedule" and r["new_value"] == d.world.nowhere
    ],
    "the status hold": lambda d: [
        r for r in d.records("ticket_events") if r["event_type"] == "status" and r["new_value"] == "hold"
    ],
    "a status that is none": lambda d: [
        r
        for r in d.records("ticket_events")
        if r["event_type"] == "status" and r["new_value"] and r["new_value"].strip(NO_TEXT).lower() not in STATUSES
    ],
    "thirds of 12 places": lambda d: [s for s in sums_of_shares(d) if s == Decimal("0.999999999999")],
    "thirds of 4 places": lambda d: [s for s in sums_of_shares(d) if s == Decimal("0.9999")],
    "shares just too far from 1": lambda d: [
        s for s in sums_of_shares(d) if Decimal("0.0001") < abs(s - 1) < Decimal("0.00021")
    ],
    "rates of 12 places": lambda d: [r for r in d.records("exchange_rates") if r["rate"] != round(r["rate"], 8)],
    "rates near their bounds": lambda d: [
        r for r in d.records("exchange_rates") if not Decimal("1e-11") < r["rate"] < 999999
    ],
    "an assignment that ends before it starts": lambda d: ends_before(
        d, "account_assignments", "assigned_at", "unassigned_at"
    ),
    **{
        f"{table} that end before they start": lambda d, table=table: ends_before(d, table, "started_on", "ended_on")
        for table in ("subscriptions", "campaigns", "experiments")
    },
    "more conversions than exposures": lambda d: [
        row
        for row in d.records("experiments")
        for side in ("control", "variant")
        if row[f"{side}_conversions"] > row[f"{side}_exposures"]
    ],
}
CELLS: dict[str, Callable[[Drawn], list | set]] = {
    "a listed word in other letters": lambda d: [
        text for name in VALUES for text in d.cells(name) if text not in VALUES[name] and text.lower() in VALUES[name]
    ],
    "a listed word between blanks": lambda d: [
        text
        for name in VALUES
        for text in d.cells(name)
        if text not in VALUES[name] and text.strip(NO_TEXT) in VALUES[name]
    ],
    "a listed word that is none": lambda d: [
        text for name in VALUES for text in d.cells(name) if text.strip(NO_TEXT).lower() not in VALUES[name]
    ],
    "a code in lower case": lambda d: [text for text in d.cells(*CODES) if text.islower()],
    "a status in other letters": lambda d: [
        cells
        for cells in d.versions["ticket_events"]
        if cells["event_type"] == "status" and (cells["new_value"] or "").strip(NO_TEXT).lower() in STATUSES
        if cells["new_value"] not in STATUSES
    ],
    "blanks on the side of the reference": text_pairs,
    **{
        f"a blank {ord(blank):04x} at the end of a text": lambda d, blank=blank: [
            text
            for table, columns in COLUMNS.items()
            for cells in d.versions[table]
            for column in columns
            if (text := cells[column.name] or "") and text[-1] == blank and text.strip(NO_TEXT)
        ]
        for blank in "\u00a0\u200b\ufeff"
    },
    "a NUL": lambda d: [t for c in COLUMNS.values() for column in c for t in d.cells(column.name) if "\0" in t],
    "a moment that is a day": lambda d: [t for t in d.cells("transacted_at", "occurred_at") if len(t) == 10],
    "a day with an offset": lambda d: [
        text for text in d.cells("used_on", "started_on") if re.fullmatch(r".{10}T00:00(:00)?[+-]\d\d:\d\d", text)
    ],
    "a share of more than 12 places": lambda d: [
        text for text in d.cells("share", "rate") if len(text.partition(".")[2]) > 12
    ],
    "several faults in one row": lambda d: [number for number in faults_of(d) if number > 1],
    "versions that nothing orders": lambda d: [
        1 for count in Counter(times_of(d, "touches", "transactions", "responses")).values() if count > 1
    ],
}


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    return [Drawn(seed) for seed in SEEDS]


@pytest.mark.parametrize("kind", [*RECORDS, *CELLS])
def test_a_kind_of_oddity_occurs(drawn, kind):
    found = [len((RECORDS | CELLS)[kind](one)) for one in drawn]
    assert sum(found) > 0, found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sound_world_has_none_that_quarantine_a_row(seed):
    sound = Drawn(seed, faults=False)
    merged = [(table, sound.merges(table)) for table in MERGED]
    assert all(set(merges.values()) <= sound.fates(table).keys() for table, merges in merged)
    assert circles(sound) == []
    assert faults_of(sound) == []
    assert all(abs(total - 1) <= Decimal("0.0001") for total in sums_of_shares(sound))
    kinds = (
        "conversions than exposures",
        "end before",
        "ends before",
        "as it starts",
        "status that is none",
        "quarantined",
    )
    for kind, find in RECORDS.items():
        if any(part in kind for part in kinds):
            assert not find(sound), kind
    assert CELLS["a listed word that is none"](sound) == []
    shared = {row["user_id"] for row in sound.records("opportunity_splits")}
    assert not shared & ({*sound.merges("users")} | {row["user_id"] for row in sound.records("user_teams")})


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_company_has_what_it_has(tmp_path, kind):
    for seed in SEEDS:
        rows = random_company(seed, 30, True, AS_OF, kind).rows
        again = random_company(seed, 30, True, AS_OF, kind).rows
        assert rows == again
        late = [row for row in rows["transactions"] if row["transacted_at"] >= AS_OF - 500 * DAY]
        assert (late == rows["transactions"]) == (kind in (HELP_DESK, LATE_TILL))
        absent = ABSENT.get(kind, ())
        assert {table for table, records in rows.items() if not records} == {*absent}
        links = [c.name for columns in COLUMNS.values() for c in columns if c.refers_to in absent]
        lost = {row[name] for records in rows.values() for row in records for name in links if name in row}
        assert lost <= {None}
        scale = {row["survey_id"] for row in rows["surveys"] if (row["scale_min"], row["scale_max"]) == (0, 10)}
        by_nps = [row for row in [*rows["invitations"], *rows["responses"]] if row["survey_id"] in scale]
        assert (by_nps == []) == (kind == UNASKED)
        assert scale
        invited = [row for row in rows["responses"] if row["invitation_id"]]
        assert (invited == []) == (kind == UNINVITED)
    write_world(tmp_path, 1, size=20, whole=True, as_of=AS_OF, kind=kind)
    names = {path.name.partition(".")[0] for path in tmp_path.glob("*/*.csv")}
    assert names == COLUMNS.keys() - set(absent)
    assert ("transactions" in names) == (kind != HELP_DESK)
    assert set(ABSENT) < {*KINDS} - {SHOP}


def header(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return pq.read_schema(path).names
    return _read(path).split(b"\n")[0].decode().rstrip("\r").replace('"', "").split(",")


def test_files_are_of_every_format_with_names_in_other_letters(tmp_path):
    folders = [tmp_path / str(seed) for seed in SEEDS]
    for seed, folder in zip(SEEDS, folders, strict=True):
        write_world(folder, seed, size=20, file_format="mixed", as_of=AS_OF)
        write_world(folder / "again", seed, size=20, file_format="mixed", as_of=AS_OF)
    paths = [path for folder in folders for path in folder.glob("*/*.*")]
    assert {path.name.partition(".")[2] for path in paths} == {"csv", "csv.gz", "csv.zst", "parquet"}
    assert any(path.name.partition(".")[0] not in COLUMNS for path in paths)
    known = {column.name for columns in COLUMNS.values() for column in columns}
    known |= {"updated_at", "_loaded_at", "is_deleted", "extra column", *EXTRA}
    other = [name for path in paths for name in header(path) if name not in known]
    assert other
    assert {name.strip(NO_TEXT).lower() for name in other} <= known
    for path in paths:
        assert (path.parents[1] / "again" / path.parent.name / path.name).read_bytes() == path.read_bytes()


def test_parquet_holds_widened_keys_and_columns_of_midnights(tmp_path):
    kinds: Counter[str] = Counter()
    odd = 0
    for seed in SEEDS:
        write_world(tmp_path / str(seed), seed, size=30, file_format="parquet", as_of=AS_OF)
        for path in tmp_path.glob(f"{seed}/*/*.parquet"):
            table = pq.read_table(path)
            for field, column in zip(table.schema, table.columns, strict=True):
                kinds[str(field.type)] += 1
                values = [value for value in column.to_pylist() if value is not None]
                if pa.types.is_floating(field.type):
                    odd += sum(not value.is_integer() for value in values)
                elif pa.types.is_timestamp(field.type) and field.type.tz is None and values:
                    kinds["midnights"] += all(str(value)[11:] == "00:00:00" for value in values)
    assert kinds["double"] > 5
    assert kinds["midnights"] > 5
    assert kinds["date32[day]"] > 5
    assert odd > 0


@pytest.mark.parametrize("file_format", ["csv", "csv.gz", "csv.zst", "parquet", "mixed"])
def test_a_shuffled_world_has_the_rows_of_the_world(tmp_path, file_format):
    write_world(tmp_path / "world", 3, size=20, file_format=file_format, as_of=AS_OF)
    shuffle_world(tmp_path / "world", tmp_path / "shuffled", 3)
    for path in (tmp_path / "world").glob("*/*.*"):
        folder = tmp_path / "shuffled" / path.parent.name / path.name.partition(".")[0]
        parts = list(folder.iterdir())
        assert {part.name.partition(".")[2] for part in parts} == {path.name.partition(".")[2]}
        assert {name for part in parts for name in header(part)} == set(header(path))


def test_a_name_in_other_letters_is_the_same_name():
    class First:
        def choice(self, forms):
            return "|".join(forms)

    assert len(_other_letters("a_b", First()).split("|")) == 7
