"""One build: check the input, run dbt, check what came out, publish it."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import filelock
import yaml

from customer_outcomes import PROJECT_ROOT, FailedCheck, UnusableInput, first_sentences
from customer_outcomes.guard import Guard
from customer_outcomes.intake import RULES, InputFolder, check_folder, connect_folder
from customer_outcomes.ledger import closes_of_older_definitions, collect_copies, keep_closes, paid_disputes
from customer_outcomes.paths import refuse_pattern
from customer_outcomes.publish import check_destination, publish
from customer_outcomes.quarantine import Fault, faults
from customer_outcomes.report import progress_bar
from customer_outcomes.rules import read_rules
from customer_outcomes.unordered import unordered_rows

# a database of such a name would hide the schema
SCHEMAS = ("staging", "intermediate", "marts", "metrics", "compensation", "ledger", "audit", "rules")


@dataclass
class Phase:
    """What one phase of a build took."""

    name: str
    wall_seconds: float
    cpu_seconds: float


@dataclass
class Outcome:
    """What a build found and where it is."""

    warehouse: Path
    published: Path
    data_docs: Path
    currency: str = ""
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)


@dataclass
class Build:
    """The arguments of `outcomes build`; run() does it."""

    input: Path
    warehouse: Path
    publish: Path
    rules: Path | None = None
    as_of: str | None = None
    vars: str | None = None
    accept: list[str] = field(default_factory=list)
    by: str | None = None
    full_refresh: bool = False
    threads: int = os.cpu_count() or 1

    def run(self) -> Outcome:
        """Build and publish; raise UnusableInput before anything is built, FailedCheck where a check fails."""
        self.warehouse, self.publish = self.warehouse.resolve(), self.publish.resolve()
        if self.rules is None and (self.input / RULES).is_dir():
            self.rules = self.input / RULES
        outcome = Outcome(self.warehouse, self.publish, self.work_folder / "data_docs" / "overview.html")
        with progress_bar() as bar:

            @contextmanager
            def phase(name: str, total: int | None = None) -> Iterator:
                task = bar.add_task(name, total=total)
                wall, cpu = time.perf_counter(), _cpu_seconds()
                yield lambda done, of, task=task: bar.update(task, completed=done, total=of)
                outcome.phases.append(Phase(name, time.perf_counter() - wall, _cpu_seconds() - cpu))
                bar.update(task, total=1, completed=1)

            with phase("check") as progress:
                variables = self._check_vars()
                settings = _known_vars() | variables
                outcome.currency = settings["reporting_currency"]
                rules = read_rules(self.rules)
                folder = check_folder(self.input)
                outcome.remarks = folder.remarks
                rules.check_users(folder, lambda: paid_disputes(self.warehouse, self.publish))
                rules.check_credit_model(settings["credit_attribution_model"])
                rules.stop_if_faulty()
                self._check_places()
                guard = Guard(self.publish, self.accept, self.by)
                guard.check_frame(settings)
                lock = self._lock()
                seeds = rules.write(self.work_folder / "rules")
                self._connect(folder, progress)
            with lock:
                with phase("dbt") as progress:
                    try:
                        self._run_dbt(variables, seeds, progress)
                    except FailedCheck as failed:
                        raise guard.explain(failed, self.warehouse, settings) from None
                    outcome.faults = faults(self.warehouse)
                    outcome.remarks += guard.judge(self.warehouse, settings)
                with phase("expectations") as progress:
                    from customer_outcomes.expectations import validate

                    validate(self.warehouse, outcome.data_docs.parent, progress)
                with phase("publishing") as progress:
                    manifest = json.loads((self.work_folder / "target" / "manifest.json").read_text())
                    publish(self.warehouse, manifest, self.publish, guard.contents, progress)
                    outcome.remarks += unordered_rows(self.warehouse)
                    outcome.remarks += _remark_on_definitions(closes_of_older_definitions(self.warehouse))
                    keep_closes(self.warehouse)
        self._keep_record(outcome)
        return outcome

    @property
    def work_folder(self) -> Path:
        """Return the folder beside the warehouse that holds what a build needs or leaves, apart from its results."""
        return self.warehouse.with_suffix(".work")

    def _check_vars(self) -> dict:
        known = _known_vars()
        try:
            given = yaml.load(self.vars or "", _PlainLoader) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise UnusableInput(f"--vars is not YAML: {' '.join(str(error).split())}.") from None
        if not isinstance(given, dict):
            raise UnusableInput("--vars is no mapping of names to values, such as '{reporting_currency: BRL}'.")
        if self.as_of is not None:
            given["as_of"] = self.as_of
        faults = []
        for name, value in given.items():
            if name not in known:
                faults.append(f"--vars has {name}, which is no var; the vars are {', '.join(known)}.")
            elif not (name == "as_of" and value is None):
                is_sound, kind = VARS[name]
                try:
                    if not is_sound(value):
                        raise ValueError
                except (ValueError, TypeError, OverflowError):
                    faults.append(f"{name} is {value!r}, which is not {kind}.")
        if faults:
            raise UnusableInput(*faults)
        if given.get("as_of") is not None:
            given["as_of"] = _as_utc(given["as_of"])
        return given

    def _check_places(self) -> None:
        refuse_pattern(self.warehouse, "the warehouse otherwise")
        if self.warehouse.stem in SCHEMAS:
            raise UnusableInput(f"{self.warehouse.name} has the name of a schema in it; name the warehouse otherwise.")
        others = [
            self.warehouse,
            self.work_folder,
            self.input.resolve(),
            *([self.rules.resolve()] if self.rules else []),
        ]
        check_destination(self.publish, others)

    def _lock(self) -> filelock.AcquireReturnProxy:
        """Keep a second build off the same warehouse; the lock goes with the process, however that ends."""
        try:
            self.warehouse.parent.mkdir(parents=True, exist_ok=True)
            return filelock.FileLock(self.warehouse.with_suffix(".lock")).acquire(timeout=0)
        except OSError as error:
            if not isinstance(error, filelock.Timeout):
                raise UnusableInput(f"{self.warehouse} cannot be made: {error.strerror}.") from None
            raise UnusableInput(f"Another build of {self.warehouse} is running.") from None

    def _connect(self, folder: InputFolder, progress) -> None:
        readable = self.work_folder / "readable"
        shutil.rmtree(readable, ignore_errors=True)
        done, total = 0, sum(map(len, folder.files.values()))

        def read(name: str) -> None:
            nonlocal done
            done += 1
            progress(done, total)

        try:
            with duckdb.connect(self.warehouse, config={"threads": self.threads}) as connection:
                connect_folder(connection, folder, readable, read)
                collect_copies(connection, self.publish)
        except (duckdb.IOException, duckdb.SerializationException, duckdb.ConnectionException) as error:
            raise UnusableInput(f"{self.warehouse} cannot be written: {str(error).splitlines()[0]}") from None

    def _run_dbt(self, variables: dict, seeds: Path, progress) -> None:
        os.environ["OUTCOMES_WAREHOUSE"] = str(self.warehouse)
        os.environ["OUTCOMES_THREADS"] = str(self.threads)
        os.environ["OUTCOMES_RULES"] = os.path.relpath(seeds, PROJECT_ROOT)
        os.environ["DBT_TARGET_PATH"] = str(self.work_folder / "target")
        os.environ["DBT_LOG_PATH"] = str(self.work_folder / "logs")
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        def follow(event) -> None:
            if event.info.name in ("LogModelResult", "LogSeedResult"):
                progress(event.data.index, event.data.total)
            elif event.info.name == "LogTestResult":
                progress(event.data.index, event.data.num_models)

        arguments = ["build", "--quiet", "--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
        arguments += ["--exclude-resource-type", "unit_test", "--vars", json.dumps(variables)]
        arguments += ["--threads", str(self.threads), "--log-level", "none"]
        arguments += ["--full-refresh"] if self.full_refresh else []
        result = dbtRunner(callbacks=[follow]).invoke(arguments)
        DuckDBConnectionManager.close_all_connections()  # what follows opens the warehouse to read
        if result.exception:
            raise FailedCheck(f"dbt cannot run: {result.exception}")
        if not result.success:
            raise FailedCheck(*_failures(result.result, self.warehouse))

    def _keep_record(self, outcome: Outcome) -> None:
        """Write what the build took, for a benchmark to read."""
        record = {phase.name: {"wall": phase.wall_seconds, "cpu": phase.cpu_seconds} for phase in outcome.phases}
        (self.work_folder / "phases.json").write_text(json.dumps(record, indent=2))


def _remark_on_definitions(periods: list[date]) -> list[str]:
    """Return the sentence about closed months that an older version of the project computed, if there are any."""
    if not periods:
        return []
    months = ", ".join(f"{period:%Y-%m}" for period in periods)
    return [
        f"Closed by older definitions of what is paid, so that late knowledge adjusts them no more: {months}."
        " Disputes about them are paid as before."
    ]


def _failures(results, warehouse: Path) -> list[str]:
    """Return a sentence for each node of a dbt run that failed, or those that a test itself has in a column `fault`."""
    sentences = []
    for result in results:
        if result.status not in ("error", "fail", "runtime error"):
            continue
        node, message = result.node, " ".join((result.message or "").split())
        faults = _faults(node, warehouse) if result.status == "fail" else []
        about = f" {node.description.strip()}" if node.resource_type == "test" and node.description else ""
        where = node.compiled_path or node.original_file_path
        sentences += faults or [f"{node.resource_type} {node.name} failed:{about} {message} (see {where})"]
    return sentences or ["dbt stopped without a result."]


def _faults(test, warehouse: Path) -> list[str]:
    """Return the sentences that a test gives for the rows that it found; none where it gives no sentences."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        answer = connection.execute(test.compiled_code)
        names = [column[0] for column in answer.description]
        rows = answer.fetchall()
    if "fault" not in names:
        return []
    return first_sentences(sorted({row[names.index("fault")] for row in rows} - {None}))


class _PlainLoader(yaml.SafeLoader):
    """YAML that leaves a moment as it is written, so that what is wrong with it is said in our words."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _known_vars() -> dict:
    """Return every var with its default."""
    return yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())["vars"]


def _as_utc(moment: object) -> str:
    """Return a moment, ISO 8601 or as YAML reads it, as dbt's var takes it: in UTC, without an offset."""
    parsed = datetime.fromisoformat(str(moment))
    if parsed.tzinfo:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.isoformat(sep=" ")


def _is_time_zone(name: object) -> bool:
    """Whether the engine knows a time zone; its names are IANA's."""
    with duckdb.connect() as connection:
        known = connection.execute("select count(*) from pg_timezone_names() where name = ?", [str(name)]).fetchall()
    return isinstance(name, str) and known[0][0] > 0


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _one_of(*names: str) -> tuple:
    return (lambda value: value in names, f"one of {', '.join(names)}")


# what each var must be: a check, which may also fail by an exception, and the words for it
_DAYS = (lambda days: type(days) is int and 0 < days < 100_000, "a number of days above 0")
_SIGMAS = (lambda sigmas: _is_number(sigmas) and 0 < sigmas < 100, "a number above 0")
_SHARE = (lambda share: _is_number(share) and 0 <= share <= 1, "a share from 0 to 1")
_COUNT = (lambda count: type(count) is int and 0 < count < 1_000_000, "a whole number above 0")
VARS = {
    "as_of": (_as_utc, "an ISO 8601 timestamp"),
    "connectors": (lambda names: names == ["files"], "a list of connected systems: files"),
    "reporting_currency": (
        lambda code: re.fullmatch("[A-Z]{3}", code, re.ASCII),
        "an ISO 4217 code, three capital letters",
    ),
    "reporting_timezone": (_is_time_zone, "an IANA time zone"),
    "inactive_after_days": _DAYS,
    "csat_survey_types": (
        lambda types: type(types) is list and types and set(types) <= {"csat", "post_purchase", "ces", "touch_rating"},
        "a list of csat, post_purchase, ces and touch_rating",
    ),
    "rating_every_n_touches": _COUNT,
    "rating_rest_days": _DAYS,
    "rating_request_window_days": _DAYS,
    "rating_min_customers": _COUNT,
    "ttv_clock": _one_of("first_charge", "won", "outcome_defined"),
    "ttv_event": _one_of("verified", "achieved", "first_value_use"),
    "quadrant_window_days": _DAYS,
    "attribution_window_days": _DAYS,
    "credit_attribution_model": (lambda name: re.fullmatch(r"[^'\\]+", name), "the name of an attribution model"),
    "clawback_months": (lambda months: type(months) is int and 0 <= months < 1200, "a number of months, 0 or above"),
    "touch_pressure_windows": (
        lambda windows: type(windows) is list and len(set(windows)) == len(windows) > 0 and all(map(_DAYS[0], windows)),
        "a list of different numbers of days above 0",
    ),
    "saturation_knot": (lambda knot: _is_number(knot) and 0 < knot < 10, "a number above 0"),
    "saturation_min_experiments": _COUNT,
    "saturation_min_side": _COUNT,
    "saturation_ruled_out_drop": (lambda share: _is_number(share) and 0 < share <= 1, "a number above 0, at most 1"),
    "handoff_drop_business_days": _DAYS,
    "handoff_return_days": _DAYS,
    "default_schedule": (
        lambda name: name is None or re.fullmatch(r"[^'\\]+", name),
        "the id of a schedule, without quotes, or null",
    ),
    "min_tenure_days": _DAYS,
    "max_shrink": _SHARE,
    "max_quarantined_share": _SHARE,
    "max_adjustment_share": _SHARE,
    "forecast_model": _one_of("auto", "bg_nbd", "mbg_nbd", "pareto_nbd"),
    "forecast_horizon_weeks": (
        lambda weeks: type(weeks) is int and 0 < weeks <= 1040,
        "a number of weeks from 1 to 1040",
    ),
    "forecast_discount_rate": (lambda rate: _is_number(rate) and 0 <= rate < 10, "a number from 0"),
    "forecast_min_customers": _COUNT,
    "forecast_correlation_warning": (lambda bound: _is_number(bound) and 0 < bound <= 1, "a number above 0, at most 1"),
    "flag_unhappy_below": (lambda score: _is_number(score) and 0 < score < 1, "a number between 0 and 1"),
    "flag_sigma": _SIGMAS,
    "flag_month_sigma": _SIGMAS,
    "flag_both_sigma": _SIGMAS,
    "flag_min_observations": _COUNT,
    "flag_min_peers": (lambda count: type(count) is int and 2 <= count < 1_000_000, "a whole number of 2 or more"),
    "flag_later_days": _DAYS,
    "flag_transfer_days": _DAYS,
    "flag_quick_seconds": _COUNT,
    "flag_period_end_days": (lambda days: type(days) is int and 0 < days < 28, "a number of days from 1 to 27"),
    "flag_baseline_months": (lambda months: type(months) is int and 0 < months < 1200, "a number of months above 0"),
}


def _cpu_seconds() -> float:
    usages = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
