"""Draw the pictures of docs/forecasts.md and print the figures on that page.

    .venv/bin/python scripts/forecast_pictures.py [--accounts N]

The pictures of a few hundred customers would be rough. So a larger sample company is written, its models are built up
to the fits, and it is removed afterwards. The same number of accounts draws the same pictures.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import duckdb
import matplotlib
import numpy as np
import pandas as pd

from customer_outcomes.forecasts.models import Fit, expected_new_purchases, expected_purchases, fit, p_alive
from customer_outcomes.forecasts.relations import DAYS_PER_WEEK, PURCHASE_MODELS
from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.project import PROJECT_ROOT
from sample_company import write_sample

matplotlib.use("agg")
from matplotlib import pyplot as plt

IMAGES = PROJECT_ROOT / "docs" / "images"
AS_OF = "2026-07-01"
ACTUAL, MODEL, NAIVE = "#222222", "#0072b2", "#d55e00"  # colours that colour-blind readers can distinguish
STYLE = {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25, "font.size": 10}
FITS = "select * from marts.forecast_fits"
CUSTOMERS = """
    select
        frequency, recency_days / 7 as recency, age_days / 7 as age,
        calibration_frequency,
        calibration_recency_days / 7 as calibration_recency,
        calibration_age_days / 7 as calibration_age,
        holdout_days, holdout_purchase_days
    from intermediate.int_customers__purchase_statistics
    order by account_id
"""
# The purchase days of each customer, as the number of days since the first purchase of all customers.
PURCHASES = """
    select distinct account_id, cast(transacted_at as date) - min(cast(transacted_at as date)) over () as day
    from intermediate.int_transactions__counted
    where transaction_type = 'charge'
    order by account_id, day
"""


def main() -> None:
    """Build the larger sample company, draw the pictures, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=20_000, help="accounts of the company that is drawn")
    accounts = parser.parse_args().accounts
    with tempfile.TemporaryDirectory() as folder:
        fits, customers, purchases = build(Path(folder), accounts)
    customers["first_day"] = purchases.groupby("account_id").day.min().to_numpy()
    known = customers.dropna(subset="calibration_frequency")
    print(f"{accounts:,} accounts: {len(customers):,} customers with {len(purchases):,} purchase days as of {AS_OF}.")
    columns = ["is_chosen", "log_likelihood", "holdout_actual", "holdout_predicted"]
    columns += ["holdout_rmse", "naive_rmse", "holdout_mae", "naive_mae"]
    print(fits.set_index("model")[columns].round(3).to_string())
    for row in fits.itertuples():
        print(f"{row.model}: {row.parameters} {row.reason}")
    chosen = fits[fits.is_chosen & fits.model.isin(PURCHASE_MODELS)].model.item()
    of_known = known.calibration_frequency, known.calibration_recency, known.calibration_age
    at_cut, now = fit(chosen, *of_known), fit(chosen, customers.frequency, customers.recency, customers.age)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(STYLE):
        draw_weeks(at_cut, known, purchases)
        draw_deciles(at_cut, known)
        draw_alive(now, customers)


def build(folder: Path, accounts: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the fits, the customers and the purchase days of a sample company with that many accounts."""
    write_sample(folder / "input", accounts=accounts, file_format="parquet")
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(warehouse) as connection:
        connect_folder(connection, check_folder(folder / "input"), folder / "readable")
    os.environ |= {"OUTCOMES_WAREHOUSE": str(warehouse), "DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder)}
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT), "--vars", f"{{as_of: {AS_OF}}}"]
    ended = dbtRunner().invoke(["--quiet", "run", "--select", "+forecast_fits", *options])
    DuckDBConnectionManager.close_all_connections()
    if not ended.success:
        raise SystemExit("dbt could not build the sample company.")
    with duckdb.connect(warehouse, read_only=True) as connection:
        return tuple(connection.execute(query).df() for query in (FITS, CUSTOMERS, PURCHASES))


def draw_weeks(at_cut: Fit, known: pd.DataFrame, purchases: pd.DataFrame) -> None:
    """Draw the actual and the expected repeat purchases, week by week, of the customers known before the holdout."""
    firsts, counts = np.unique(known.first_day, return_counts=True)
    cut = (known.first_day + known.calibration_age * DAYS_PER_WEEK).iloc[0]
    of_known = purchases[purchases.account_id.map(purchases.groupby("account_id").day.min()) <= cut]
    repeats = of_known[of_known.duplicated("account_id")].day
    weeks = np.arange(0, (cut + known.holdout_days.iloc[0]) / DAYS_PER_WEEK)
    ages = np.maximum(weeks[:, None] * DAYS_PER_WEEK - firsts, 0) / DAYS_PER_WEEK
    expected = (expected_new_purchases(at_cut, ages.ravel()).reshape(ages.shape) * counts).sum(axis=1)
    actual = (repeats.to_numpy() <= weeks[:, None] * DAYS_PER_WEEK).sum(axis=1)
    figure, (total, weekly) = plt.subplots(1, 2, figsize=(10, 3.8))
    for axes, one, other in ((total, actual, expected), (weekly, np.diff(actual), np.diff(expected))):
        at = weeks[-len(one) :]
        axes.plot(at, one, color=ACTUAL, label="actual")
        axes.plot(at, other, color=MODEL, linestyle="--", label=f"expected at the cut ({at_cut.model})")
        axes.axvline(cut / DAYS_PER_WEEK, color="grey", linewidth=1)
        axes.set(xlabel="week", xlim=(0, weeks[-1]), ylim=(0, None))
        axes.yaxis.set_major_formatter("{x:,.0f}")
    total.text(cut / DAYS_PER_WEEK + 0.5, total.get_ylim()[1] * 0.03, "holdout", color="grey")
    total.set_title("Repeat purchase days, cumulative", loc="left")
    weekly.set_title("Repeat purchase days, weekly", loc="left")
    total.legend(frameon=False)
    save(figure, "forecast_weeks.png")
    in_holdout = expected[-1] - np.interp(cut / DAYS_PER_WEEK, weeks, expected)
    print(f"Weeks: {actual[-1]:,} repeat purchase days in {weeks[-1]:.0f} weeks, {expected[-1]:,.0f} expected;"
          f" in the holdout {(repeats > cut).sum():,}, {in_holdout:,.0f} expected.")  # fmt: skip


def draw_deciles(at_cut: Fit, known: pd.DataFrame) -> None:
    """Draw the mean actual and expected purchases in the holdout of tenths of the customers, by expected purchases."""
    weeks = known.holdout_days.iloc[0] / DAYS_PER_WEEK
    frequency, recency, age = known.calibration_frequency, known.calibration_recency, known.calibration_age
    table = pd.DataFrame({
        "expected": expected_purchases(at_cut, frequency, recency, age, weeks),
        "actual": known.holdout_purchase_days,
        "naive": np.where(age > 0, frequency / age.where(age > 0, 1) * weeks, 0),
    }).sort_values("expected", kind="stable")  # fmt: skip
    means = table.groupby(np.arange(len(table)) * 10 // len(table)).mean()
    figure, axes = plt.subplots(figsize=(7, 3.8))
    tenths = means.index + 1
    axes.bar(tenths, means.actual, color="#bbbbbb", label="actual")
    axes.plot(tenths, means.expected, "o", color=MODEL, label=f"expected at the cut ({at_cut.model})")
    axes.plot(tenths, means.naive, "_", color=NAIVE, markersize=16, markeredgewidth=2, label="naive run rate")
    axes.set(xlabel="tenth of customers, by expected purchase days", xticks=tenths)
    axes.set_title("Purchase days in the holdout, mean per customer", loc="left")
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False)
    save(figure, "forecast_deciles.png")
    print("Tenths:", means.round(2).to_string(), sep="\n")


def draw_alive(now: Fit, customers: pd.DataFrame) -> None:
    """Draw the probability of being alive by frequency and recency, for a customer as old as the oldest one."""
    age = int(customers.age.max())
    most = int(customers.frequency.quantile(0.99))
    frequencies, recencies = np.arange(0, most + 1), np.arange(0, age + 1)
    grid_frequency, grid_recency = np.meshgrid(frequencies, recencies)
    alive = p_alive(now, grid_frequency, np.where(grid_frequency > 0, grid_recency, 0), age)
    alive[(grid_frequency == 0) & (grid_recency > 0)] = np.nan
    # A history cannot have more purchase days than days.
    alive[grid_frequency > grid_recency * DAYS_PER_WEEK] = np.nan
    figure, axes = plt.subplots(figsize=(7, 4.2))
    image = axes.pcolormesh(frequencies, recencies, alive, cmap="viridis", vmin=0, vmax=1, shading="nearest")
    axes.grid(visible=False)
    axes.set(xlabel="frequency: repeat purchase days", ylabel="recency: weeks from first to last")
    axes.set_title(f"Probability of being alive, {age} weeks after the first purchase", loc="left")
    figure.colorbar(image, ax=axes, format=matplotlib.ticker.PercentFormatter(1))
    save(figure, "forecast_alive.png")


def save(figure: plt.Figure, name: str) -> None:
    """Write a picture without the name and version of matplotlib, which would make equal pictures differ as files."""
    figure.tight_layout()
    figure.savefig(IMAGES / name, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
