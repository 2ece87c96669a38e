"""`outcomes check`: whether a build would refuse its input, rules and vars, and how new the delivered rows are.

A check runs the first steps of a build: everything before dbt. It writes only into a temporary folder, which it
removes, and it reads the warehouse and the published folder only if they exist. What dbt decides is not checked: the
types of values, references, and the alarms of the guard.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customer_outcomes.contract import column_types, load_contract
from customer_outcomes.errors import FailedCheck, Faults, UnusableInput
from customer_outcomes.history import BUILDS, copied_builds
from customer_outcomes.intake.folder import InputFolder, connect_folder
from customer_outcomes.ledger import copies_in
from customer_outcomes.memory import remarks_on_folders
from customer_outcomes.places.warehouse_file import check_readable, temporary_files
from customer_outcomes.preflight import Given, preflight
from customer_outcomes.progress import Progress
from customer_outcomes.report.summary import progress_bar
from customer_outcomes.rules.forms import local_day, parsed, trimmed
from customer_outcomes.signals import removed_at_stop
from customer_outcomes.warehouse import Connection, connect

if TYPE_CHECKING:  # a build imports many packages that a check does not need
    from customer_outcomes.build import Build

ONLY_A_BUILD = "Only a build finds values of the wrong type, references that lead nowhere, and alarms."


@dataclass(frozen=True)
class DeliveredTable:
    """One delivered input table: the number of its files, and its rows.

    `rows` counts the rows received, with the `unreadable` ones; both are None if a file is at fault. `newest_on` is the
    local day of the newest event up to as_of, `newest_at` its moment in UTC (None for a date), `age_days` the number of
    days from that day to as_of's. All three are None if there is no event.
    """

    input_table: str
    files: int
    rows: int | None = None
    unreadable: int | None = None
    newest_on: date | None = None
    newest_at: datetime | None = None
    age_days: int | None = None


@dataclass
class Check:
    """A check before a build, and its result: the delivered tables, the names of the absent ones, and remarks.

    `faults` holds the sentences with which the build would refuse what it is given, `failed` those with which it would
    fail because the rows of a file cannot be counted.
    """

    build: Build
    given: Given = field(default_factory=Given)
    tables: list[DeliveredTable] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def run(self) -> None:
        """Find what a build would find before dbt runs; nothing is built."""
        began = time.perf_counter()
        with progress_bar() as bar, _temporary_place() as place:
            task = bar.add_task("check", total=None)
            self.given = preflight(self.build)
            self.remarks += self.given.remarks
            faults = Faults(self.build.input)
            faults.add(self.given.faults)
            if self.given.has_places:
                self._look_at_places(faults)
            if self.given.folder:
                self._read(self.given.folder, faults, place, lambda d, n: bar.update(task, completed=d, total=n))
            self.faults = faults.sentences
        self.seconds = time.perf_counter() - began

    def raise_if_faulty(self) -> None:
        """Raise UnusableInput if a build would refuse what it is given, FailedCheck if it would fail."""
        if self.faults:
            raise UnusableInput(*self.faults, *self.failed)
        if self.failed:
            raise FailedCheck(*self.failed)

    def _look_at_places(self, faults: Faults) -> None:
        """Find whether the warehouse, the published folders and the history of builds can be read, if they exist."""
        faults.of(check_readable, self.build.warehouse)
        for folder in (self.build.pay, self.build.work_folder):
            faults.of(copied_builds, folder / BUILDS)
        if not faults.sentences:  # an unreadable folder has its sentence already
            faults.of(copies_in, self.build.ledger)
            self.remarks += remarks_on_folders(self.build.publish, self.build.pay)

    def _read(self, given: InputFolder, faults: Faults, place: Path, progress: Progress) -> None:
        """Read every file of the tables whose headers are sound, and describe all delivered tables."""
        delivered = [table for table in load_contract() if table in given.delivered]
        self.absent = [table for table in load_contract() if table not in given.delivered]
        folder = given.sound_part()
        done, total = 0, sum(map(len, folder.files.values()))

        def read(name: str) -> None:
            nonlocal done
            done += 1
            progress(done, total)

        with connect(temporary_files=str(place / "tmp")) as connection:
            try:
                self.remarks += faults.of(connect_folder, connection, folder, place / "readable", read) or []
            except FailedCheck as failed:
                self.failed = failed.sentences
            for table in delivered:
                is_read = table in folder.files and table not in folder.faulty
                rows = faults.of(_rows, connection, table, self.given.settings) if is_read else None
                self.tables.append(DeliveredTable(table, given.delivered[table], *rows or ()))
        try:
            folder.raise_if_changed()
        except FailedCheck as changed:  # this explains any other fault
            faults.sentences, self.failed = [], changed.sentences


@contextmanager
def _temporary_place() -> Iterator[Path]:
    """Make a folder for all temporary files of a check, which is removed also if a signal ends the command."""
    with (
        tempfile.TemporaryDirectory(prefix="customer_outcomes_", ignore_cleanup_errors=True) as folder,
        removed_at_stop(Path(folder)),
        temporary_files(Path(folder) / "tmp"),
    ):
        yield Path(folder)


def _rows(connection: Connection, table: str, settings: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values of a DeliveredTable from its rows on, by the vars of a build."""
    zone, events = settings["reporting_timezone"], _events(table)
    as_of = f"timestamp '{settings['as_of'] or datetime.now(UTC).replace(tzinfo=None)}'"
    today = local_day(as_of, zone)
    texts = "".join(f", {column}, {trimmed(column)} as text_{column}" for column in events)
    values = "".join(f", {parsed(column, kind, f'text_{column}', zone)} as {column}" for column, kind in events.items())
    unreadable = f"(select count(*) from raw_intake.unreadable_lines where input_table = '{table}')"
    return connection.execute(
        f"""
        with texts as (select _file{texts} from raw_{table}),
        typed as (select _file{values} from texts),
        newest as (
            select
                count(*) as row_count,
                {_latest(events, "timestamp", as_of)} as newest_at,
                {_latest(events, "date", today)} as newest_date
            from typed
        ),
        days as (select *, coalesce(newest_date, {local_day("newest_at", zone)}) as newest_on from newest)
        select row_count + {unreadable}, {unreadable}, newest_on, newest_at, {today} - newest_on from days
        """
    ).fetchall()[0]


def _events(table: str) -> dict[str, str]:
    """Return the types of the columns that say when something happened; none if the rows of a table are no events.

    They are all timestamps, or a single date.
    """
    definition = load_contract()[table]
    if "event_time" not in definition:
        return {}
    moments = [name for name, rules in definition["columns"].items() if rules.get("moment")]
    return {name: column_types(table)[name] for name in (definition["event_time"], *moments)}


def _latest(events: dict[str, str], kind: str, last: str) -> str:
    """Return the SQL of the latest value of the columns of a type up to `last`; a later value is no event yet."""
    values = [f"max({column}) filter (where {column} <= {last})" for column, of in events.items() if of == kind]
    return f"greatest({', '.join(values)})" if values else f"cast(null as {kind})"
