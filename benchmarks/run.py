"""Measures a build at a million transactions: beside the same table by hand, and beside dbt with nothing to do.

    .venv/bin/python benchmarks/run.py [--accounts N] [--keep DIR]

The sample company, at a tenth of the size and in full, is written to build/benchmark/ once. Of each it runs `outcomes
build` and customer_lifetime.sql, both as processes of their own, and compares their figures; and once a dbt project of
as many trivial models as ours has. Times are shown beside their aims and never judged: the exit code is 1 only where
something cannot run, or figures differ.
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
AS_OF = "2026-07-01 00:00:00"  # the end of the sample company's story
THREADS = os.cpu_count() or 1
AIM_SECONDS, AIM_BYTES, AIM_RATIO = 30, 3e9, 3

# What customer_lifetime, and the facts and dimensions beside it, are computed from.
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


@dataclass
class Cost:
    """What a process, or a phase of one, took; the peak memory of a phase is not known."""

    wall: float
    cpu: float
    peak: int | None = None


def main() -> int:
    """Run it all, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=50_000, help="accounts of the full size; 20 transactions each")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the warehouses and results in this folder")
    arguments = parser.parse_args()
    if arguments.accounts < 10:
        parser.error("--accounts must be 10 or more")
    work = (arguments.keep or Path(tempfile.mkdtemp(prefix="benchmark_"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    costs: dict[int, dict[str, Cost]] = {}
    differing = 0
    try:
        for accounts in (arguments.accounts // 10, arguments.accounts):
            built, by_hand = work / f"built_{accounts}", work / f"by_hand_{accounts}.duckdb"
            with console.status(f"{accounts:,} accounts"):
                folder = sample(accounts)
                costs[accounts] = build(folder, built) | {"script": script(folder, by_hand)}
                customers, faulty, columns = compare(built / "warehouse.duckdb", by_hand)
            console.print(f"{accounts:,} accounts: {sizes(folder)}; {customers:,} customers, {faulty} differing rows")
            if faulty:
                console.print(f"  rows that differ by column: {columns}")
            differing += faulty
        with console.status("trivial models"):
            models = count_models(built / "warehouse.work" / "target" / "manifest.json")
            trivial = trivial_project(work / "trivial", models)
    finally:
        if not arguments.keep:
            shutil.rmtree(work)
    console.print(f"Input: these tables alone: {', '.join(TABLES)}. {THREADS} threads, as of {AS_OF}.\n")
    report(console, costs, trivial, models)
    return 1 if differing else 0


def sample(accounts: int) -> Path:
    """Return the sample company of that size, written where it was not yet, with the tables of TABLES alone."""
    folder = SAMPLES / f"accounts_{accounts}"
    if not folder.exists():
        partial = folder.with_name(f"partial_{accounts}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        run(outcomes("sample", partial, "--accounts", accounts, "--format", "parquet"))
        for table in partial.glob("*/*"):
            if table.relative_to(partial).as_posix() not in TABLES:
                shutil.rmtree(table)
        partial.rename(folder)
    return folder


def build(folder: Path, target: Path) -> dict[str, Cost]:
    """Build a warehouse afresh and return the cost of the build and of its phases."""
    shutil.rmtree(target, ignore_errors=True)
    warehouse = target / "warehouse.duckdb"
    options = ["--input", folder, "--warehouse", warehouse, "--publish", target / "published", "--as-of", AS_OF]
    whole = run(outcomes("build", *options, "--threads", THREADS))
    phases = json.loads((target / "warehouse.work" / "phases.json").read_text())
    return {"build": whole} | {name: Cost(phase["wall"], phase["cpu"]) for name, phase in phases.items()}


def script(folder: Path, result: Path) -> Cost:
    """Compute customer_lifetime by hand into the table `customer_lifetime` of a DuckDB file."""
    result.unlink(missing_ok=True)
    return run([sys.executable, "-c", RUN_SCRIPT, result, folder, AS_OF, THREADS, SCRIPT])


def trivial_project(folder: Path, models: int) -> tuple[Cost, Cost]:
    """Run a dbt project of that many tables of one row, the first time and once more, when it is already parsed."""
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
    """Return the command line of `outcomes`, by the interpreter that runs this."""
    return [sys.executable, "-c", "from customer_outcomes.cli import run; run()", *arguments]


def run(command: list[object], cwd: Path = ROOT) -> Cost:
    """Run a command and return what it and its children took; end here, with what it said, where it fails."""
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


def compare(warehouse: Path, by_hand: Path) -> tuple[int, int, dict[str, int]]:
    """Return how many customers there are, how many rows differ, and how many do in each column that has such.

    Scores, which are rounded at other places, may differ by 1e-9 of their size.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only); attach '{by_hand}' as by_hand (read_only)")
        columns = [row[0] for row in connection.execute("describe warehouse.marts.customer_lifetime").fetchall()]
        if columns != [row[0] for row in connection.execute("describe by_hand.customer_lifetime").fetchall()]:
            sys.exit(f"{SCRIPT.name} has other columns than marts.customer_lifetime.")
        checks = {column: f"one.{column} is distinct from other.{column}" for column in columns}
        for column in ("csat_1_10", "ppp"):
            distance = f"abs(one.{column} - other.{column}) / greatest(1, abs(one.{column}))"
            checks[column] += f" and coalesce({distance} > 1e-9, true)"
        counts = ", ".join(f"count(*) filter ({check})" for check in [" or ".join(checks.values()), *checks.values()])
        customers, differing, *by_column = connection.execute(
            f"select count(*), {counts} from warehouse.marts.customer_lifetime as one"
            " full join by_hand.customer_lifetime as other on one.account_id = other.account_id"
        ).fetchone()
    return customers, differing, {column: count for column, count in zip(columns, by_column, strict=True) if count}


def sizes(folder: Path) -> str:
    """Return how many rows the tables of most interest have."""

    def rows(table: str) -> int:
        return sum(parquet.read_metadata(part).num_rows for part in folder.glob(f"{table}/*.parquet"))

    return f"{rows('crm/transactions'):,} transactions, {rows('survey/responses'):,} responses"


def count_models(manifest: Path) -> int:
    """Return how many models our project has."""
    return sum(node["resource_type"] == "model" for node in json.loads(manifest.read_text())["nodes"].values())


def report(console: Console, costs: dict[int, dict[str, Cost]], trivial: tuple[Cost, Cost], models: int) -> None:
    """Print what each took, and how that stands to its aim."""
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


def print_figures(console: Console, table: Table) -> None:
    """Print a table, all but its first column aligned to the right."""
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
