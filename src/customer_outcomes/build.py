"""One build: check the input, run dbt, check the results, publish them."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from customer_outcomes import history
from customer_outcomes.errors import FailedCheck, UnusableInput, raised_as
from customer_outcomes.guard import Guard
from customer_outcomes.intake.folder import InputFolder, connect_folder
from customer_outcomes.intake.quarantine import Fault, faults
from customer_outcomes.intake.unordered import unordered_rows
from customer_outcomes.last_build import record_build
from customer_outcomes.ledger import (
    closes_of_older_definitions,
    collect_copies,
    copies_in,
    published_ledger,
    save_closes,
)
from customer_outcomes.memory import remarks_on_folders
from customer_outcomes.places.destination import BUILDS, CONTENTS, PAY, check_destination, hold
from customer_outcomes.places.locks import private_files
from customer_outcomes.places.paths import pay_folder, resolved
from customer_outcomes.places.warehouse_file import begin_new_file, check_warehouse, hold_warehouse, put_in_place
from customer_outcomes.preflight import preflight
from customer_outcomes.progress import Progress
from customer_outcomes.publish import Folder, publish
from customer_outcomes.report.figures import Figures, TableStates, read_figures, read_states
from customer_outcomes.report.summary import progress_bar
from customer_outcomes.rules.reading import Rules
from customer_outcomes.runner import run_dbt
from customer_outcomes.settings import known_vars, project_version
from customer_outcomes.warehouse import Connection, EngineError, attached, connect


@dataclass
class Phase:
    """The wall-clock and CPU seconds of one phase of a build."""

    name: str
    wall_seconds: float
    cpu_seconds: float


@dataclass
class Outcome:
    """The result of a build, as far as it has come: paths, vars, remarks on the input, faults by kind, and phases.

    `settings` holds all vars, and is empty while they are not known. `figures` and `tables` are computed by dbt, and
    perhaps not published.
    """

    warehouse: Path
    published: Path
    published_pay: Path
    data_docs: Path
    settings: dict[str, Any] = field(default_factory=dict)
    build_id: str | None = None
    version: str = field(default_factory=project_version)
    alarms_accepted: list[str] = field(default_factory=list)
    figures: Figures | None = None
    tables: list[TableStates] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)


@dataclass
class Build:
    """The arguments of `outcomes build`; run() builds."""

    input: Path
    warehouse: Path
    publish: Path
    publish_pay: Path | None = None
    rules: Path | None = None
    as_of: str | None = None
    vars: str | None = None
    accept: list[str] = field(default_factory=list)
    by: str | None = None
    full_refresh: bool = False
    threads: int = os.cpu_count() or 1
    pay: Path = field(init=False)
    file: Path = field(init=False)  # the file that is built: the warehouse, or a new one that takes its place
    outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        """Take links out of the paths of the warehouse and the published folders, and begin the outcome."""
        self.warehouse, self.publish = resolved(self.warehouse), resolved(self.publish)
        self.file = self.warehouse
        self.pay = resolved(self.publish_pay or pay_folder(self.publish))
        self.outcome = Outcome(self.warehouse, self.publish, self.pay, self.work_folder / "data_docs" / "overview.html")

    def run(self) -> Outcome:
        """Build and publish.

        Raise UnusableInput, before anything is built, if the input or the arguments cannot be used. Raise FailedCheck
        if a later step fails; the published folders then hold the last good version.
        """
        outcome = self.outcome
        with progress_bar() as bar, ExitStack() as held:

            @contextmanager
            def phase(name: str) -> Iterator[Progress]:
                task = bar.add_task(name, total=None)
                wall, cpu = time.perf_counter(), _cpu_seconds()
                try:
                    yield lambda done, total: bar.update(task, completed=done, total=total)
                finally:
                    outcome.phases.append(Phase(name, time.perf_counter() - wall, _cpu_seconds() - cpu))
                bar.update(task, total=1, completed=1)

            with phase("check") as progress, raised_as(UnusableInput, self.warehouse):
                variables, rules, folder = self._check(outcome)
                outcome.remarks += self._lock_places(held)
                settings = known_vars() | variables
                outcome.remarks += remarks_on_folders(self.publish, self.pay)
                guard = Guard(self.publish, self.pay, self.accept, self.by)
                guard.check_frame(settings)
                closes = copies_in(self.ledger)
                seeds = rules.write(self.work_folder / "rules")
                record = self._connect(folder, variables, seeds, outcome, progress)
            with phase("dbt") as progress, self._as_failed_check():
                try:
                    manifest = run_dbt(
                        self.file, self.work_folder, variables, seeds, self.threads, self.full_refresh, progress
                    )
                except FailedCheck as failed:
                    raise guard.explain(failed, self.file, settings) from None
                finally:  # an input file that changed explains any other failure
                    folder.raise_if_changed()
                outcome.faults, outcome.tables = faults(self.file), read_states(self.file)
                outcome.figures = read_figures(self.file)
                outcome.remarks += unordered_rows(self.file)
                try:
                    outcome.remarks += guard.judge(self.file, settings)
                finally:
                    outcome.alarms_accepted = guard.met
            with phase("expectations") as progress, self._as_failed_check():
                from customer_outcomes.expectations import validate

                validate(self.file, outcome.data_docs.parent, progress)
            with phase("publishing") as progress, self._as_failed_check():
                outcome.remarks += _remark_on_definitions(closes_of_older_definitions(self.file))

                def last_steps() -> None:
                    folder.raise_if_changed()
                    if copies_in(self.ledger) != closes:
                        raise FailedCheck(
                            f"The closed periods in {self.ledger} have changed since this build began:"
                            " another build published meanwhile; build again."
                        )
                    save_closes(self.file)
                    if self.file != self.warehouse:
                        put_in_place(self.file, self.warehouse)

                publish(self.file, manifest, *self._folders(guard, record), progress, last_steps)
                history.keep(self.warehouse, record, self.work_folder)
            self._keep_record(outcome)
        return outcome

    @property
    def work_folder(self) -> Path:
        """Return the folder beside the warehouse for the working files, logs and records of builds."""
        return self.warehouse.parent / f"{self.warehouse.stem}.work"

    @property
    def ledger(self) -> Path:
        """Return the folder with the published copies of the ledger."""
        return published_ledger(self.publish, self.pay)

    def _folders(self, guard: Guard, record: history.Record) -> tuple[Folder, Folder]:
        """Return the two folders that this build publishes: the one of figures, and the one of pay."""

        def of_figures(rows: dict[str, int]) -> dict[str, str]:
            return {CONTENTS: guard.figures_contents(record.build_id, rows)}

        def of_pay(rows: dict[str, int]) -> dict[str, str]:
            contents = guard.pay_contents(record.build_id, rows)
            return {CONTENTS: contents, BUILDS: history.copy_of_builds(self.file, record)}

        def page(connection: Connection) -> str:
            from customer_outcomes.page import page_of

            settings = self.outcome.settings
            return page_of(connection, settings["credit_attribution_model"], settings["show_employees"])

        return Folder(self.publish, of_figures, page), Folder(self.pay, of_pay)

    def check_places(self) -> None:
        """Raise UnusableInput if the build cannot write its results; nothing is written."""
        check_warehouse(self.warehouse)
        others = [resolved(self.input), *([resolved(self.rules)] if self.rules else [])]
        check_destination(self.publish, [self.warehouse, self.work_folder, *others])
        check_destination(self.pay, [self.publish, self.warehouse, self.work_folder, *others], PAY)

    def _check(self, outcome: Outcome) -> tuple[dict[str, Any], Rules, InputFolder]:
        """Check all arguments and files without writing anything; return the given vars, the rules and the input."""
        given = preflight(self)
        outcome.remarks += given.remarks
        outcome.settings = given.settings if given.variables else {}
        return given.usable()

    def _lock_places(self, held: ExitStack) -> list[str]:
        """Lock the warehouse and the published folders until this build ends.

        Return a remark for each published folder that cannot be exchanged in one step.
        """
        self.warehouse.parent.mkdir(parents=True, exist_ok=True)
        held.enter_context(private_files())
        held.enter_context(hold_warehouse(self.warehouse, self.work_folder, self.full_refresh))
        reasons = [held.enter_context(hold(folder)) for folder in (self.publish, self.pay)]
        if self.full_refresh:
            self.file = begin_new_file(self.warehouse, self.work_folder)
        return [reason for reason in reasons if reason]

    def _connect(
        self,
        folder: InputFolder,
        variables: dict[str, Any],
        seeds: Path,
        outcome: Outcome,
        progress: Progress,
    ) -> history.Record:
        """Write the relations of the input, the copies of the ledger and the record of this build to the warehouse.

        Return the record, and add remarks on the input to the outcome.
        """
        done, total = 0, sum(map(len, folder.files.values()))

        def read(name: str) -> None:
            nonlocal done
            done += 1
            progress(done, total)

        try:
            settings = known_vars() | variables
            record = history.describe(folder, settings, seeds, self.threads, self.accept, self.by, self.rules)
            outcome.build_id = record.build_id
            with connect(self.file, threads=self.threads) as connection:
                outcome.remarks += connect_folder(connection, folder, self.work_folder / "readable", read)
                with self._former(connection) as former:
                    collect_copies(connection, self.ledger, former)
                    history.begin(connection, record, self.pay, self.work_folder, former)
                record_build(connection, variables, known_vars(), seeds, self.rules)
        except (OSError, EngineError, FailedCheck):
            folder.raise_if_changed()
            raise
        folder.raise_if_changed()
        return record

    def _former(self, connection: Connection) -> AbstractContextManager[str | None]:
        """Attach the warehouse whose place a new file takes; there is none if no file is replaced."""
        is_replaced = self.file != self.warehouse and self.warehouse.exists()
        return attached(connection, self.warehouse) if is_replaced else nullcontext()

    def _as_failed_check(self) -> AbstractContextManager:
        return raised_as(FailedCheck, self.warehouse)

    def _keep_record(self, outcome: Outcome) -> None:
        """Write the seconds of each phase to phases.json, which the benchmark reads."""
        record = {phase.name: {"wall": phase.wall_seconds, "cpu": phase.cpu_seconds} for phase in outcome.phases}
        with suppress(OSError):  # the build is already published, so a missing record must not fail it
            (self.work_folder / "phases.json").write_text(json.dumps(record, indent=2))


def _remark_on_definitions(periods: list[date]) -> list[str]:
    """Return a sentence about the closed months that older definitions computed, or nothing if there are none."""
    if not periods:
        return []
    months = ", ".join(f"{period:%Y-%m}" for period in periods)
    return [
        f"Closed by older definitions of the paid figures, so that late knowledge no longer adjusts them: {months}."
        " Disputes about them are paid as before."
    ]


def _cpu_seconds() -> float:
    usages = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
