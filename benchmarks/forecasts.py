"""The part of run.py on forecasts: a million customers with ten million purchases, also with the lifetimes library."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table
from run import AS_OF, SAMPLES, THREADS, Cost, print_figures, run

WORLD = Path(__file__).with_name("purchase_world.sql")
AIM_SECONDS, AIM_BYTES = 15, 2e9
TRUTH = {"pareto_nbd": {"r": 1, "alpha": 4.9, "s": 0.8, "beta": 40}, "gamma_gamma": {"p": 3, "q": 3, "gamma": 60}}

WRITE_WORLD = """
import duckdb, sys
_, warehouse, customers, as_of, threads, script = sys.argv
connection = duckdb.connect(warehouse, config={"threads": int(threads)})
connection.execute(f"set variable customers = {customers}; set variable as_of = timestamp '{as_of}'")
connection.execute(open(script).read())
"""
# As in a build, dbt reads the project once and runs the models in one process, here one after another.
RUN_MODELS = """
import json, os, sys, time
from pathlib import Path
_, warehouse, as_of, threads, *models = sys.argv
phases = {}
def done(phase, since=[0.0, 0.0]):
    now = [time.perf_counter(), time.process_time()]
    phases[phase] = {"wall": now[0] - since[0], "cpu": now[1] - since[1]}
    since[:] = now
done("start")
os.environ["OUTCOMES_WAREHOUSE"], os.environ["OUTCOMES_THREADS"] = warehouse, threads
os.environ["DBT_TARGET_PATH"] = str(Path(warehouse).with_name("target"))
os.environ["DBT_LOG_PATH"] = str(Path(warehouse).with_name("logs"))
from dbt.cli.main import dbtRunner
options = ["--quiet", "--project-dir", ".", "--profiles-dir", ".", "--threads", threads]
options += ["--vars", json.dumps({"as_of": as_of})]
project = dbtRunner().invoke(["parse", *options])
done("dbt reads the project")
for model in models:
    if not dbtRunner(manifest=project.result).invoke(["run", *options, "--select", model]).success:
        sys.exit(1)
    done(model)
Path(warehouse).with_name("phases.json").write_text(json.dumps(phases))
"""
# The next scripts fit only BG/NBD and Gamma-Gamma, from the same statistics: one with this project, one with lifetimes.
READ_STATISTICS = """
import duckdb, json, sys
columns = duckdb.connect(sys.argv[1], read_only=True).execute(
    "select frequency, recency_days / 7 as recency, age_days / 7 as age, spend_days,"
    " cast(spend_amount as double) / nullif(spend_days, 0) as spend"
    " from intermediate.int_customers__purchase_statistics order by account_id"
)
"""
RUN_OURS = (
    READ_STATISTICS
    + """
from customer_outcomes.forecasts.models import fit, fit_gamma_gamma
frequency, recency, age, days, spend = columns.fetchnumpy().values()
fits = [fit("bg_nbd", frequency, recency, age), fit_gamma_gamma(days[days > 0], spend[days > 0])]
json.dump([one.parameters for one in fits], open(sys.argv[2], "w"))
"""
)
RUN_LIFETIMES = (
    READ_STATISTICS
    + """
import warnings
warnings.filterwarnings("ignore")
from lifetimes import BetaGeoFitter, GammaGammaFitter
table = columns.df()
fits = [BetaGeoFitter().fit(table.frequency, table.recency, table.age)]
table = table[table.spend_days > 0]
fits.append(GammaGammaFitter().fit(table.spend_days, table.spend))
json.dump([dict(one.params_) for one in fits], open(sys.argv[2], "w"))
"""
)


MODELS = {
    "int_customers__purchase_statistics": "recency, frequency and spend, in SQL",
    "int_forecast_models__fitted": "five fits to all data, and five to the data before the holdout",
    "int_customers__forecast": "forecasts of all customers",
}


def measure_forecasts(console: Console, customers: int, work: Path) -> None:
    """Measure statistics, fits and forecasts, and lifetimes on the same statistics; print their costs."""
    target = work / "forecasts"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    warehouse, costs, parameters = target / "warehouse.duckdb", {}, {}
    *fitting, forecasting = MODELS
    with console.status(f"{customers:,} customers"):
        shutil.copy(purchase_world(customers), warehouse)
        for label, models in (("statistics and fits, a process", fitting), ("forecasts, a process", [forecasting])):
            costs[label] = run([sys.executable, "-c", RUN_MODELS, warehouse, AS_OF, THREADS, *models])
            phases = json.loads((target / "phases.json").read_text())
            costs |= {f"  of that: {MODELS[name]}": Cost(**phases[name]) for name in models}
        alone = {"BG/NBD and Gamma-Gamma alone, ours": RUN_OURS, "the same by lifetimes": RUN_LIFETIMES}
        for label, script in alone.items():
            costs[label] = run([sys.executable, "-c", script, warehouse, parameters_file := target / "parameters.json"])
            parameters[label] = json.loads(parameters_file.read_text())
    report(console, warehouse, costs, parameters, [f"  of that: {MODELS[name]}" for name in fitting])


def purchase_world(customers: int) -> Path:
    """Return a warehouse that holds only the purchases of that many customers; write it if it does not exist yet."""
    warehouse = SAMPLES / f"purchases_{customers}.duckdb"
    if not warehouse.exists():
        partial = warehouse.with_name(f"partial_{warehouse.name}")
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        run([sys.executable, "-c", WRITE_WORLD, partial, customers, AS_OF, THREADS, WORLD])
        partial.rename(warehouse)
    return warehouse


def report(console: Console, warehouse: Path, costs: dict[str, Cost], parameters: dict, fitting: list[str]) -> None:
    """Print the costs, how they compare with their aims, and the fitted parameters."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        purchases, customers = (
            connection.execute(f"select count(*) from intermediate.{model}").fetchall()[0][0]
            for model in ("int_transactions__counted", "int_customers__purchase_statistics")
        )
        found = dict(
            connection.execute(
                "select model, parameters from intermediate.int_forecast_models__fitted order by model"
            ).fetchall()
        )
    title = f"Forecasts: {customers:,} customers, {purchases:,} purchases"
    table = Table("", "wall s", "CPU s", "peak MB", title=title, title_justify="left")
    for label, cost in costs.items():
        table.add_row(label, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak / 1e6:,.0f}" if cost.peak else "")
    print_figures(console, table)

    table = Table("", "", "aim", title="Aims, forecasts", title_justify="left")
    table.add_row("statistics and fits, wall s", f"{sum(costs[label].wall for label in fitting):.1f}", f"{AIM_SECONDS}")
    peak = costs["statistics and fits, a process"].peak
    table.add_row("the process of both, peak MB", f"{peak / 1e6:,.0f}", f"{AIM_BYTES / 1e6:,.0f}")
    print_figures(console, table)

    table = Table("", "parameters", title="Parameters", title_justify="left")
    for model, text in found.items():
        table.add_row(f"{model}, ours", shown(json.loads(text or "{}")))
        if model in TRUTH:
            table.add_row(f"{model}, true", shown(TRUTH[model]))
    for label, fits in parameters.items():
        table.add_row(label, "; ".join(shown(fit) for fit in fits))
    console.print(table)


def shown(parameters: dict[str, float]) -> str:
    """Return parameters as text, rounded to four digits."""
    return ", ".join(f"{name} {value:.4g}" for name, value in parameters.items())
