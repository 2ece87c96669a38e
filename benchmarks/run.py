"""Measure a build of a million transactions, the times of a million tickets, and the forecasts of a million customers.

    .venv/bin/python benchmarks/run.py [--accounts N] [--tickets N] [--customers N] [--keep DIR]

The benchmark has three parts; a part whose number N is 0 is left out:

- Builds: `outcomes build` and customer_lifetime.sql run, in separate processes, on the sample company at a tenth of the
  size and at full size, and their figures are compared. A dbt project with as many trivial models as this project has
  runs once, to show the time that dbt itself needs.
- Tickets: the models up to fct_tickets and tickets.sql run on the company of ticket_world.sql at a tenth of the size,
  at full size, and at full size with tickets that stay open 100 times as long. Their figures are compared.
- Forecasts (forecasts.py): the forecast models and the lifetimes library run on the same customers.

The input is written to build/benchmark/ once. Costs are shown beside their aims, but a missed aim is no failure: the
exit code is 1 only if something cannot run, or figures differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import duckdb
from pyarrow import parquet
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "build" / "benchmark"
SCRIPT = Path(__file__).with_name("customer_lifetime.sql")
TICKET_WORLD = Path(__file__).with_name("ticket_world.sql")
TICKET_SCRIPT = Path(__file__).with_name("tickets.sql")
AS_OF = "2026-07-01 00:00:00"  # the end of the sample company's story
THREADS = os.cpu_count() or 1
TRANSACTIONS_PER_ACCOUNT = 20
AIM_SECONDS, AIM_BYTES, AIM_RATIO = 30, 3e9, 3
TICKET_AIM_SECONDS, TICKET_AIM_BYTES, TICKET_AIM_GROWTH, TICKET_AIM_LONG = 12, 2e9, 10, 1.0
LONG = 100  # the factor by which tickets stay open longer in the third company of tickets

# The input tables from which customer_lifetime, and the facts and dimensions beside it, are computed.
CRM = (
    "accounts",
    "contacts",
    "users",
    "campaigns",
    "leads",
    "products",
    "opportunities",
    "exchange_rates",
    "transactions",
)
TABLES = [f"crm/{name}" for name in CRM] + ["survey/surveys", "survey/invitations", "survey/responses"]
# Columns that may differ in the last digits, because the project and tickets.sql divide in a different order.
MINUTES = (
    "first_response_minutes",
    "first_response_business_minutes",
    "first_response_last_schedule_minutes",
    "waiting_minutes",
    "waiting_business_minutes",
    "resolution_minutes",
)

WRITE_TICKETS = """
import duckdb, sys
_, folder, tickets, stretch, threads, script = sys.argv
connection = duckdb.connect(config={"threads": int(threads)})
connection.execute(f"set variable folder = '{folder}'")
connection.execute(f"set variable tickets = {tickets}; set variable stretch = {stretch}")
connection.execute(open(script).read())
"""
RUN_SCRIPT = """
import duckdb, sys
_, result, folder, as_of, threads, script = sys.argv
connection = duckdb.connect(result, config={"threads": int(threads)})
connection.execute(f"set TimeZone = 'UTC'; set variable input = '{folder}'; set variable as_of = timestamp '{as_of}'")
connection.execute(open(script).read())
"""
RUN_DBT = """
import sys
from dbt.cli.main import dbtRunner
arguments = ["build", "--quiet", "--project-dir", ".", "--profiles-dir", ".", "--threads", sys.argv[1]]
sys.exit(not dbtRunner().invoke(arguments).success)
"""
# The steps of `outcomes build` up to one model: check and connect the files, let dbt read the project, and run the
# models that this model needs.
RUN_MODEL = """
import duckdb, json, os, sys, time
from pathlib import Path
from customer_outcomes.intake.folder import check_folder, connect_folder
_, model, folder, warehouse, as_of, threads = sys.argv
phases = {}
def done(phase, since=[0.0, 0.0]):
    now = [time.perf_counter(), time.process_time()]
    phases[phase] = {"wall": now[0] - since[0], "cpu": now[1] - since[1]}
    since[:] = now
done("start")
with duckdb.connect(warehouse, config={"threads": int(threads)}) as connection:
    connect_folder(connection, check_folder(Path(folder)), Path(warehouse).with_name("readable"))
done("check")
os.environ["OUTCOMES_WAREHOUSE"], os.environ["OUTCOMES_THREADS"] = warehouse, threads
os.environ["DBT_TARGET_PATH"] = str(Path(warehouse).with_name("target"))
os.environ["DBT_LOG_PATH"] = str(Path(warehouse).with_name("logs"))
from dbt.cli.main import dbtRunner
options = ["--quiet", "--project-dir", ".", "--profiles-dir", ".", "--threads", threads]
options += ["--vars", json.dumps({"as_of": as_of})]
project = dbtRunner().invoke(["parse", *options])
done("dbt reads the project")
if project.success:
    options += ["--select", "+" + model, "--resource-type", "model", "--resource-type", "seed"]
    project = dbtRunner(manifest=project.result).invoke(["build", *options])
done("models")
Path(warehouse).with_name("phases.json").write_text(json.dumps(phases))
sys.exit(not project.success)
"""


@dataclass
class Cost:
    """The wall-clock and CPU seconds of a process or of a phase, and the peak memory of a process in bytes."""

    wall: float
    cpu: float
    peak: int | None = None


def main() -> int:
    """Run all parts, print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=50_000, help="accounts at full size, with 20 transactions each")
    parser.add_argument("--tickets", type=int, default=1_000_000, help="tickets at full size, with 5 comments each")
    parser.add_argument(
        "--customers", type=int, default=1_000_000, help="customers to forecast, with 10 purchases each"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the warehouses and results in this folder")
    arguments = parser.parse_args()
    if min(arguments.accounts or 10, arguments.tickets or 10, arguments.customers or 10) < 10:
        parser.error("--accounts, --tickets and --customers must be 10 or more, or 0 to leave that part out")
    work = (arguments.keep or Path(tempfile.mkdtemp(prefix="benchmark_"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(f"{THREADS} threads, as of {AS_OF}.")
    differing = 0
    try:
        if arguments.accounts:
            differing += measure_builds(console, arguments.accounts, work)
        if arguments.tickets:
            differing += measure_tickets(console, arguments.tickets, work)
        if arguments.customers:
            from forecasts import measure_forecasts  # which imports this module

            measure_forecasts(console, arguments.customers, work)
    finally:
        if not arguments.keep:
            shutil.rmtree(work)
    return 1 if differing else 0


def measure_builds(console: Console, full: int, work: Path) -> int:
    """Measure builds of the sample company, print their costs, and return the number of rows that differ."""
    costs: dict[int, dict[str, Cost]] = {}
    differing = 0
    console.print(f"\nInput: these tables alone: {', '.join(TABLES)}.")
    for accounts in (full // 10, full):
        built, by_hand = work / f"built_{accounts}", work / f"by_hand_{accounts}.duckdb"
        with console.status(f"{accounts:,} accounts"):
            folder = sample(accounts)
            costs[accounts] = build(folder, built) | {"script": script(SCRIPT, folder, by_hand)}
            found = compare(
                built / "warehouse.duckdb", by_hand, "customer_lifetime", "account_id", ("csat_1_10", "ppp")
            )
        label = f"{accounts:,} accounts: {sizes(folder, 'crm/transactions', 'survey/responses')}; customers"
        differing += print_comparison(console, label, *found)
    with console.status("trivial models"):
        models = count_models(built / "warehouse.work" / "target" / "manifest.json")
        trivial = trivial_project(work / "trivial", models)
    report(console, costs, trivial, models)
    return differing


def measure_tickets(console: Console, full: int, work: Path) -> int:
    """Measure the steps from files to fct_tickets, print their costs, and return the number of rows that differ."""
    costs: dict[str, dict[str, Cost]] = {}
    differing = 0
    console.print("\nInput: tickets, their events, and schedules; 50,000 accounts, 120,000 contacts and 400 users.")
    for label, tickets, stretch in (("tenth", full // 10, 1), ("full", full, 1), ("long", full, LONG)):
        name = f"{tickets:,} tickets" + (f", open {stretch} times as long" if stretch > 1 else "")
        built, by_hand = work / f"tickets_{label}", work / f"tickets_by_hand_{label}.duckdb"
        with console.status(name):
            folder = ticket_world(tickets, stretch)
            costs[name] = model("fct_tickets", folder, built) | {"script": script(TICKET_SCRIPT, folder, by_hand)}
            found = compare(built / "warehouse.duckdb", by_hand, "fct_tickets", "ticket_id", MINUTES)
        counted = f"{name}: {sizes(folder, 'support/tickets', 'support/ticket_events')}; in fct_tickets"
        differing += print_comparison(console, counted, *found)
    report_tickets(console, costs)
    return differing


def ticket_world(tickets: int, stretch: int) -> Path:
    """Return the folder of a company with that many tickets; write it if it does not exist yet."""
    folder = SAMPLES / f"tickets_{tickets}_{stretch}"
    if not folder.exists():
        partial = folder.with_name(f"partial_tickets_{tickets}_{stretch}")
        shutil.rmtree(partial, ignore_errors=True)
        for domain in ("crm", "support"):
            (partial / domain).mkdir(parents=True)
        run([sys.executable, "-c", WRITE_TICKETS, partial, tickets, stretch, THREADS, TICKET_WORLD])
        partial.rename(folder)
    return folder


def model(name: str, folder: Path, target: Path) -> dict[str, Cost]:
    """Build a new warehouse up to one model; return the cost of the process, as "model", and of its phases."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    whole = run([sys.executable, "-c", RUN_MODEL, name, folder, target / "warehouse.duckdb", AS_OF, THREADS])
    phases = json.loads((target / "phases.json").read_text())
    del phases["start"]
    return {"model": whole} | {name: Cost(phase["wall"], phase["cpu"]) for name, phase in phases.items()}


def sample(accounts: int) -> Path:
    """Return the folder of a sample company, with only the tables of TABLES; write it if it does not exist yet."""
    folder = SAMPLES / f"accounts_{accounts}"
    if not folder.exists():
        partial = folder.with_name(f"partial_{accounts}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        transactions = accounts * TRANSACTIONS_PER_ACCOUNT
        run(outcomes("sample", partial, "--accounts", accounts, "--transactions", transactions, "--format", "parquet"))
        shutil.rmtree(partial / "rules")
        for table in partial.glob("*/*"):
            if table.relative_to(partial).as_posix() not in TABLES:
                shutil.rmtree(table)
        partial.rename(folder)
    return folder


def build(folder: Path, target: Path) -> dict[str, Cost]:
    """Build a new warehouse; return the cost of the process, as "build", and of its phases."""
    shutil.rmtree(target, ignore_errors=True)
    warehouse = target / "warehouse.duckdb"
    options = ["--input", folder, "--warehouse", warehouse, "--publish", target / "published", "--as-of", AS_OF]
    whole = run(outcomes("build", *options, "--threads", THREADS))
    phases = json.loads((target / "warehouse.work" / "phases.json").read_text())
    return {"build": whole} | {name: Cost(phase["wall"], phase["cpu"]) for name, phase in phases.items()}


def script(by_hand: Path, folder: Path, result: Path) -> Cost:
    """Compute a table with the SQL script `by_hand` into a DuckDB file, and return the cost."""
    result.unlink(missing_ok=True)
    return run([sys.executable, "-c", RUN_SCRIPT, result, folder, AS_OF, THREADS, by_hand])


def trivial_project(folder: Path, models: int) -> tuple[Cost, Cost]:
    """Run a dbt project of that many tables of one row, the second time with a parsed project; return both costs."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    output = {"type": "duckdb", "path": str(folder / "trivial.duckdb"), "threads": THREADS}
    project = {"name": "trivial", "version": "1.0", "config-version": 2, "profile": "trivial"}
    project |= {"flags": {"send_anonymous_usage_stats": False}, "models": {"+materialized": "table"}}
    profiles = {"trivial": {"target": "trivial", "outputs": {"trivial": output}}}
    (folder / "dbt_project.yml").write_text(json.dumps(project))  # JSON is YAML, too
    (folder / "profiles.yml").write_text(json.dumps(profiles))
    for number in range(models):
        (folder / "models" / f"trivial_{number}.sql").write_text("select 1 as id\n")
    command = [sys.executable, "-c", RUN_DBT, THREADS]
    return run(command, cwd=folder), run(command, cwd=folder)


def outcomes(*arguments: object) -> list[object]:
    """Return the command line of `outcomes`, with the interpreter that runs this script."""
    return [sys.executable, "-c", "from customer_outcomes.cli import run; run()", *arguments]


def run(command: list[object], cwd: Path = ROOT) -> Cost:
    """Run a command and return the cost of it and its children; if it fails, exit with its output."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{said.read().decode(errors='replace')}\nExit code {process.returncode}: {process.args}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def compare(
    warehouse: Path, by_hand: Path, mart: str, key: str, inexact: tuple[str, ...]
) -> tuple[int, int, dict[str, int]]:
    """Compare the columns that the script computes of a mart, row by row.

    Return the number of rows, the number of rows that differ, and the number of differences in each column that has
    any. The columns `inexact` may differ by 1e-9 of their size, because they are divided in a different order.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only); attach '{by_hand}' as by_hand (read_only)")
        built = {row[0] for row in connection.execute(f"describe warehouse.marts.{mart}").fetchall()}
        columns = [row[0] for row in connection.execute(f"describe by_hand.{mart}").fetchall()]
        if unknown := set(columns) - built:
            sys.exit(f"marts.{mart} lacks columns of the script's table: {', '.join(sorted(unknown))}.")
        checks = {column: f"one.{column} is distinct from other.{column}" for column in columns}
        for column in inexact:
            distance = f"abs(one.{column} - other.{column}) / greatest(1, abs(one.{column}))"
            checks[column] += f" and coalesce({distance} > 1e-9, true)"
        counts = ", ".join(f"count(*) filter ({check})" for check in [" or ".join(checks.values()), *checks.values()])
        rows, differing, *by_column = connection.execute(
            f"select count(*), {counts} from warehouse.marts.{mart} as one"
            f" full join by_hand.{mart} as other on one.{key} = other.{key}"
        ).fetchone()
    return rows, differing, {column: count for column, count in zip(columns, by_column, strict=True) if count}


def print_comparison(console: Console, label: str, rows: int, differing: int, columns: dict[str, int]) -> int:
    """Print the result of a comparison, and return the number of rows that differ."""
    console.print(f"{label}: {rows:,} rows, {differing} differing")
    if differing:
        console.print(f"  rows that differ by column: {columns}")
    return differing


def sizes(folder: Path, *tables: str) -> str:
    """Return the numbers of rows of some tables, in words."""

    def rows(table: str) -> int:
        parts = [*folder.glob(f"{table}.parquet"), *folder.glob(f"{table}/*.parquet")]
        return sum(parquet.read_metadata(part).num_rows for part in parts)

    return ", ".join(f"{rows(table):,} {table.split('/')[1].replace('_', ' ')}" for table in tables)


def count_models(manifest: Path) -> int:
    """Return the number of models in a manifest of dbt."""
    return sum(node["resource_type"] == "model" for node in json.loads(manifest.read_text())["nodes"].values())


def report(console: Console, costs: dict[int, dict[str, Cost]], trivial: tuple[Cost, Cost], models: int) -> None:
    """Print the costs of builds, and how they compare with their aims."""
    small, full = costs
    labels = {"build": "outcomes build, the whole process", "script": "customer_lifetime.sql, by hand"}
    for accounts, taken in costs.items():
        table = Table("", "wall s", "CPU s", "peak MB", title=f"{accounts:,} accounts", title_justify="left")
        rows = [(labels.get(name, f"  of that: {name}"), cost) for name, cost in taken.items()]
        rows += [(f"dbt, {models} trivial models: run {number}", cost) for number, cost in enumerate(trivial, 1)]
        for label, cost in rows:
            table.add_row(label, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak / 1e6:,.0f}" if cost.peak else "")
        print_figures(console, table)

    table = Table("", "wall", "CPU", "aim", title=f"Ratios and aims, {full:,} accounts", title_justify="left")

    def add(label: str, figure: Callable[[Callable[[Cost], float]], float], aim: str = "") -> None:
        table.add_row(label, *(f"{figure(attrgetter(kind)):.1f}" for kind in ("wall", "cpu")), aim)

    whole, dbt, by_hand = (costs[full][name] for name in ("build", "dbt", "script"))
    add("dbt phase / by hand", lambda of: of(dbt) / of(by_hand))
    add(
        "(dbt phase - trivial models) / by hand",
        lambda of: (of(dbt) - of(trivial[0])) / of(by_hand),
        f"wall {AIM_RATIO}",
    )
    for name, label in (("build", "whole build"), ("dbt", "dbt phase"), ("script", "by hand")):
        small_cost, full_cost = costs[small][name], costs[full][name]
        add(f"{label}, {full:,} / {small:,} accounts", lambda of, one=full_cost, other=small_cost: of(one) / of(other))
    add("whole build, s", lambda of: of(whole), f"wall {AIM_SECONDS}")
    table.add_row("whole build, peak MB", f"{whole.peak / 1e6:,.0f}", "", f"{AIM_BYTES / 1e6:,.0f}")
    print_figures(console, table)


def report_tickets(console: Console, costs: dict[str, dict[str, Cost]]) -> None:
    """Print the costs at each size of tickets, and how they compare with their aims."""
    labels = {"model": "from files to fct_tickets", "script": "tickets.sql, by hand"}
    for name, taken in costs.items():
        table = Table("", "wall s", "CPU s", "peak MB", title=name, title_justify="left")
        for kind, cost in taken.items():
            label, peak = labels.get(kind, f"  of that: {kind}"), f"{cost.peak / 1e6:,.0f}" if cost.peak else ""
            table.add_row(label, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", peak)
        print_figures(console, table)

    tenth, full, long = costs.values()
    table = Table("", "wall", "CPU", "aim", title="Ratios and aims, tickets", title_justify="left")
    for label, one, other, aim in (
        ("files to fct_tickets / by hand", full["model"], full["script"], ""),
        ("files to fct_tickets / by hand, long open", long["model"], long["script"], ""),
        ("files to fct_tickets, full / a tenth", full["model"], tenth["model"], f"{TICKET_AIM_GROWTH} at most"),
        ("the models of that, full / a tenth", full["models"], tenth["models"], f"{TICKET_AIM_GROWTH} at most"),
        ("by hand, full / a tenth", full["script"], tenth["script"], ""),
        (f"files to fct_tickets, open {LONG} times as long / as usual", long["model"], full["model"], TICKET_AIM_LONG),
        (f"by hand, open {LONG} times as long / as usual", long["script"], full["script"], ""),
    ):
        table.add_row(label, f"{one.wall / other.wall:.2f}", f"{one.cpu / other.cpu:.2f}", str(aim))
    whole = full["model"]
    table.add_row("files to fct_tickets, s", f"{whole.wall:.1f}", f"{whole.cpu:.1f}", f"wall {TICKET_AIM_SECONDS}")
    table.add_row("files to fct_tickets, peak MB", f"{whole.peak / 1e6:,.0f}", "", f"{TICKET_AIM_BYTES / 1e6:,.0f}")
    print_figures(console, table)


def print_figures(console: Console, table: Table) -> None:
    """Print a table in which all columns except the first are aligned to the right."""
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
