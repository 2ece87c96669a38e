"""Measures a build at a million transactions: beside the same table by hand, and beside dbt with nothing to do.

    .venv/bin/python benchmarks/run.py [--accounts N] [--keep DIR]

The sample company, at a tenth of the size and in full, is written to build/benchmark/ once. Of each it runs `outcomes build` and
customer_lifetime.sql, each as a process of its own, and compares their figures; and once a dbt project of as many trivial models as
ours has. Times are shown beside their aims and never judged: the exit code is 1 only where something cannot run, or figures differ.
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
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "build" / "benchmark"
SCRIPT = Path(__file__).with_name("customer_lifetime.sql")
AS_OF = "2026-07-01 00:00:00"  # the end of the sample company's story
THREADS = os.cpu_count() or 1
AIM_SECONDS, AIM_BYTES, AIM_RATIO = 30, 3e9, 3

# What customer_lifetime and the facts and dimensions beside it are computed from.
TABLES = """crm/accounts crm/contacts crm/users crm/campaigns crm/leads crm/products crm/opportunities crm/exchange_rates
crm/transactions survey/surveys survey/invitations survey/responses""".split()

RUN_SCRIPT = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], config={"threads": int(sys.argv[4])})
connection.execute(f"set TimeZone = 'UTC'; set variable input = '{sys.argv[2]}'; set variable as_of = timestamp '{sys.argv[3]}'")
connection.execute(open(sys.argv[5]).read())
"""
RUN_DBT = """
import sys
from dbt.cli.main import dbtRunner
arguments = ["build", "--quiet", "--log-level", "none", "--project-dir", ".", "--profiles-dir", ".", "--threads", sys.argv[1]]
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
    try:
        costs: dict[int, dict[str, Cost]] = {}
        differing = 0
        for accounts in (arguments.accounts // 10, arguments.accounts):
            with console.status(f"{accounts:,} accounts"):
                folder = sample(accounts)
                costs[accounts] = build(folder, work / f"built_{accounts}")
                costs[accounts]["script"] = script(folder, work / f"by_hand_{accounts}.duckdb")
                rows, faults = compare(work / f"built_{accounts}/warehouse.duckdb", work / f"by_hand_{accounts}.duckdb")
            console.print(f"{accounts:,} accounts: {sizes(folder)}")
            console.print(f"  by hand and by the warehouse: {rows:,} customers, {sum(faults.values())} differing rows", faults or "")
            differing += sum(faults.values())
        with console.status("trivial models"):
            models = count_models(work / f"built_{accounts}/warehouse.work/target/manifest.json")
            trivial = trivial_project(work / "trivial", models)
    finally:
        if not arguments.keep:
            shutil.rmtree(work)
    console.print(f"The input is these tables alone: {', '.join(TABLES)}.\n{THREADS} threads; as of {AS_OF}.\n")
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
    """Run a dbt project of that many tables of one row, the first time and once more, with dbt's parsing already done."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    output = {"type": "duckdb", "path": str(folder / "trivial.duckdb"), "threads": THREADS}
    project = {"name": "trivial", "version": "1", "config-version": 2, "profile": "trivial"}
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
    """Run a command to its end and return what it and its children took; end here, with what it said, where it fails."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{said.read().decode(errors='replace')}\nExit code {process.returncode}: {' '.join(map(str, command))}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def compare(warehouse: Path, by_hand: Path) -> tuple[int, dict[str, int]]:
    """Return the number of customers, and for each column how many rows differ; scores may by rounding, 1e-9 of their size."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only); attach '{by_hand}' as by_hand (read_only)")
        columns = [row[0] for row in connection.execute("describe warehouse.marts.customer_lifetime").fetchall()]
        if columns != [row[0] for row in connection.execute("describe by_hand.customer_lifetime").fetchall()]:
            sys.exit(f"{SCRIPT.name} has other columns than marts.customer_lifetime.")
        checks = {column: f"one.{column} is distinct from other.{column}" for column in columns}
        for column in ("csat_1_10", "ppp"):
            size = f"1e-9 * greatest(1, abs(one.{column}))" if column == "ppp" else "1e-9"
            checks[column] = f"case when {checks[column]} then coalesce(abs(one.{column} - other.{column}) > {size}, true) end"
        counts = ", ".join(f"count(*) filter ({check})" for check in checks.values())
        rows, *differing = connection.execute(
            f"select count(*), {counts} from warehouse.marts.customer_lifetime as one"
            " full join by_hand.customer_lifetime as other on one.account_id = other.account_id"
        ).fetchone()
    return rows, {column: count for column, count in zip(columns, differing, strict=True) if count}


def sizes(folder: Path) -> str:
    """Return how many rows the tables of most interest have."""
    return ", ".join(
        f"{sum(parquet.read_metadata(part).num_rows for part in folder.glob(f'{table}/*.parquet')):,} {table.split('/')[1]}"
        for table in ("crm/transactions", "survey/responses")
    )


def count_models(manifest: Path) -> int:
    """Return how many models our project has."""
    return sum(node["resource_type"] == "model" for node in json.loads(manifest.read_text())["nodes"].values())


def report(console: Console, costs: dict[int, dict[str, Cost]], trivial: tuple[Cost, Cost], models: int) -> None:
    """Print what each took, and how that stands to its aim."""
    small, full = costs
    table = Table("", "wall s", "CPU s", "peak MB", title=f"What it took, {full:,} accounts")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, cost in costs[full].items():
        label = {"build": "outcomes build, the whole process", "script": "customer_lifetime.sql by hand"}.get(name, f"  {name}")
        table.add_row(label, *_figures(cost))
    for name, cost in zip(("first", "second"), trivial, strict=True):
        table.add_row(f"dbt with {models} trivial models, {name} run", *_figures(cost))
    console.print(table)

    whole, dbt, by_hand = (costs[full][name] for name in ("build", "dbt", "script"))
    aims = Table("", "figure", "aim", title="Beside its aims")
    aims.add_row("dbt phase / by hand, wall", f"{dbt.wall / by_hand.wall:.1f}", "")
    aims.add_row("dbt phase / by hand, CPU", f"{dbt.cpu / by_hand.cpu:.1f}", "")
    aims.add_row("(dbt phase - trivial) / by hand, wall", f"{(dbt.wall - trivial[0].wall) / by_hand.wall:.1f}", f"{AIM_RATIO}")
    aims.add_row("(dbt phase - trivial) / by hand, CPU", f"{(dbt.cpu - trivial[0].cpu) / by_hand.cpu:.1f}", "")
    aims.add_row("whole build, wall s", f"{whole.wall:.1f}", f"{AIM_SECONDS}")
    aims.add_row("whole build, peak MB", f"{whole.peak / 1e6:,.0f}", f"{AIM_BYTES / 1e6:,.0f}")
    for name, label in (("build", "whole build"), ("dbt", "dbt phase"), ("script", "by hand")):
        growth = costs[full][name].wall / costs[small][name].wall
        aims.add_row(f"{label}: {full:,} accounts / {small:,}, wall", f"{growth:.1f}", "")
    for column in aims.columns[1:]:
        column.justify = "right"
    console.print(aims)


def _figures(cost: Cost) -> tuple[str, str, str]:
    return f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak / 1e6:,.0f}" if cost.peak else ""


if __name__ == "__main__":
    sys.exit(main())
