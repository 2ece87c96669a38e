"""The two relations of forecasts: the fitted models with their holdout errors, and the forecasts of customers.

M11 in docs/metrics.md defines them, and models.py holds the mathematics. Both functions here take the relation
int_customers__purchase_statistics, one row per customer, and return the Arrow table that a dbt model stores.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from customer_outcomes.forecasts import models as forecasts
from customer_outcomes.forecasts.models import Array, Fit
from customer_outcomes.warehouse import Relation

Row = dict[str, Any]  # a row of FITS

PURCHASE_MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd")
SPEND_MODEL = "gamma_gamma"
DAYS_PER_WEEK = 7
WEEKS_PER_YEAR = 52
STEP_WEEKS = 4  # the purchases of a step are discounted from the middle of the step
LARGEST_VALUE = 1e15  # above it, cents are not exact

FITS = pa.schema(
    {
        "model": pa.string(),
        "is_chosen": pa.bool_(),
        "n_customers": pa.int64(),
        "parameters": pa.string(),
        "parameter_intervals": pa.string(),
        "log_likelihood": pa.float64(),
        "is_converged": pa.bool_(),
        "reason": pa.string(),
        "holdout_actual": pa.float64(),
        "holdout_predicted": pa.float64(),
        "holdout_mae": pa.float64(),
        "naive_mae": pa.float64(),
        "holdout_rmse": pa.float64(),
        "naive_rmse": pa.float64(),
        "spend_frequency_correlation": pa.float64(),
    }
)


def fit_models(statistics: Relation, forecast_model: str, min_customers: int, correlation_warning: float) -> pa.Table:
    """Fit all models, compute their holdout errors, and choose a model of purchases.

    Return a row per model with the columns of FITS. `forecast_model` is auto or one of PURCHASE_MODELS. With fewer than
    `min_customers` repeat customers nothing is fitted. If the correlation of spend and frequency is stronger than
    `correlation_warning`, positive or negative, the reason of the spend model warns of it.
    """
    rows = _judged_purchase_models(statistics, min_customers)
    _choose(rows, forecast_model)
    rows.append(_judged_spend_model(statistics, min_customers, correlation_warning))
    return pa.Table.from_pylist(rows, schema=FITS)


def forecast_customers(statistics: Relation, fits: Relation, horizon_weeks: float, discount_rate: float) -> pa.Table:
    """Return the forecast of each customer by the chosen fits, in the order of account_id.

    p_alive: the probability that the customer is alive at as_of.
    expected_purchases: the expected number of purchase days in the next `horizon_weeks`.
    discounted_purchases: the same, where a day counts (1 + `discount_rate`)^-years, with the years to the middle of its
    step of STEP_WEEKS.
    expected_spend: the expected spend of a purchase day, in the reporting currency.
    forecast_value: the product of the last two.
    reason: why a figure is null; null if there is a forecast value.
    """
    customers = statistics.select(
        "account_id, frequency, recency_days, age_days, spend_days, cast(spend_amount as double) as spend_amount"
    )
    table = customers.order("account_id").to_arrow_table()
    frequency, recency_days, age_days, spend_days, spend_amount = (
        table[name].to_numpy() for name in table.column_names[1:]
    )
    by_model = {row["model"]: row for row in fits.to_arrow_table().to_pylist()}
    purchases = next((row for row in by_model.values() if row["is_chosen"] and row["model"] != SPEND_MODEL), None)
    spend = by_model[SPEND_MODEL]
    unknown = np.full(len(table), np.nan)
    p_alive = expected_purchases = discounted_purchases = expected_spend = unknown
    if purchases:
        histories = pd.DataFrame({"frequency": frequency, "recency_days": recency_days, "age_days": age_days})
        distinct = histories.drop_duplicates()  # in order of first appearance, as ngroup numbers the groups
        place = histories.groupby(list(histories), sort=False).ngroup().to_numpy()
        of_histories = _expected_of(_as_fit(purchases), distinct, horizon_weeks, discount_rate)
        p_alive, expected_purchases, discounted_purchases = (values[place] for values in of_histories)
    has_no_spend = (frequency > 0) & (spend_days == 0)
    if spend["is_chosen"]:
        mean_spend = np.divide(spend_amount, spend_days, out=np.zeros(len(table)), where=spend_days > 0)
        expected_spend = forecasts.expected_spend(_as_fit(spend), spend_days, mean_spend)
        expected_spend = np.where(has_no_spend, np.nan, expected_spend)
    forecast_value = expected_spend * discounted_purchases
    is_computed = np.abs(forecast_value) < LARGEST_VALUE
    reason = np.full(len(table), None, dtype=object)
    # The first reason that applies is kept, so the last is written first.
    reason[~is_computed] = "The figures are too large or too small to be computed."
    reason[has_no_spend] = "None of its repeat purchase days has spend above 0."
    if not spend["is_chosen"]:
        reason[:] = f"No spend is expected: {spend['reason']}"
    if purchases is None:
        reason[:] = _why_none([row for row in by_model.values() if row["model"] != SPEND_MODEL])
    figures = {
        "p_alive": p_alive,
        "expected_purchases": expected_purchases,
        "discounted_purchases": discounted_purchases,
        "expected_spend": expected_spend,
        "forecast_value": np.where(is_computed, forecast_value, np.nan),
    }
    return pa.table(
        {
            "account_id": table["account_id"],
            "model": pa.array([purchases and purchases["model"]] * len(table), pa.string()),
            **{name: pa.array(np.where(np.isfinite(of), of, np.nan), from_pandas=True) for name, of in figures.items()},
            "reason": pa.array(reason, pa.string()),
        }
    )


def _expected_of(
    fit: Fit, histories: pd.DataFrame, horizon_weeks: float, discount_rate: float
) -> tuple[Array, Array, Array]:
    """Return p_alive, expected and discounted purchases of histories (frequency, recency_days, age_days)."""
    frequency, recency, age = (histories[name].to_numpy() for name in histories)
    recency, age = recency / DAYS_PER_WEEK, age / DAYS_PER_WEEK
    so_far = discounted = np.zeros(len(frequency))
    start = 0.0
    while start < horizon_weeks:
        end = min(start + STEP_WEEKS, horizon_weeks)
        years = (start + end) / 2 / WEEKS_PER_YEAR
        by_end = forecasts.expected_purchases(fit, frequency, recency, age, end)
        discounted = discounted + (by_end - so_far) * (1 + discount_rate) ** -years
        so_far, start = by_end, end
    return forecasts.p_alive(fit, frequency, recency, age), so_far, discounted


def _judged_purchase_models(statistics: Relation, min_customers: int) -> list[Row]:
    """Fit each model of purchases to all data, and to the data before the holdout for its holdout error."""
    history = _groups(statistics, "frequency", "recency_days", "age_days")
    before = _groups(
        statistics.filter("calibration_frequency is not null"),
        "calibration_frequency",
        "calibration_recency_days",
        "calibration_age_days",
        "holdout_purchase_days",
        "holdout_days",
    )
    frequency, recency, age, actual, holdout_days, customers = before
    weeks = holdout_days.max(initial=0) / DAYS_PER_WEEK
    rate = np.divide(frequency, age, out=np.zeros(len(age)), where=age > 0) * DAYS_PER_WEEK

    def judged(model: str) -> Row:
        row = _row(_fit(model, *history, min_customers=min_customers))
        if row["is_converged"] and not weeks:
            row["reason"] += " There is no holdout: purchases began fewer than three days ago."
        elif row["is_converged"]:
            fit = _fit(model, frequency, recency, age, customers, min_customers=min_customers)
            if fit.is_converged:
                of_fit = frequency, recency / DAYS_PER_WEEK, age / DAYS_PER_WEEK
                predicted = forecasts.expected_purchases(fit, *of_fit, weeks)
                row |= {
                    "holdout_actual": _total(actual, customers),
                    "holdout_predicted": _total(predicted, customers),
                    **_errors(actual, predicted, rate * weeks, customers),
                }
                row["reason"] += _beside_naive(row)
            else:
                row["reason"] += f" There is no holdout error, for the data before it: {fit.reason}"
        return row

    with ThreadPoolExecutor() as pool:  # the models share no data, so the order in which they end does not matter
        return list(pool.map(judged, PURCHASE_MODELS))


def _judged_spend_model(statistics: Relation, min_customers: int, correlation_warning: float) -> Row:
    """Fit Gamma-Gamma to all data, and to the data before the holdout for its holdout error.

    The error is that of the mean spend of a purchase day, of the customers with spend both before and in the holdout.
    """
    frequency, days, amount, customers = _groups(
        statistics.filter("spend_days > 0"), "frequency", "spend_days", "spend_amount"
    )
    mean_spend = amount / days
    row = _row(_fit_spend(days, mean_spend, customers, min_customers))
    correlation = _correlation(mean_spend, frequency, customers)
    row |= {"is_chosen": row["is_converged"], "spend_frequency_correlation": correlation}
    if correlation is not None and abs(correlation) > correlation_warning:
        row["reason"] += f" Warning: mean spend and frequency, taken as independent, correlate by {correlation:.2f}."
    before = statistics.filter("calibration_spend_days > 0")
    days, amount, later_days, later_amount, customers = _groups(
        before, "calibration_spend_days", "calibration_spend_amount", "holdout_spend_days", "holdout_spend_amount"
    )
    if not row["is_converged"] or not later_days.any():
        return row
    fit = _fit_spend(days, amount / days, customers, min_customers)
    if not fit.is_converged:
        row["reason"] += f" There is no holdout error, for the data before it: {fit.reason}"
        return row
    came_back = later_days > 0
    days, amount, customers = days[came_back], amount[came_back], customers[came_back]
    actual, past = later_amount[came_back] / later_days[came_back], amount / days
    predicted = forecasts.expected_spend(fit, days, past)
    row |= {
        "holdout_actual": _mean(actual, customers),
        "holdout_predicted": _mean(predicted, customers),
        **_errors(actual, predicted, past, customers),
    }
    row["reason"] += _beside_naive(row)
    return row


def _choose(rows: list[Row], forecast_model: str) -> None:
    """Set is_chosen of each row, and begin the reason of the chosen model with the reason for the choice."""
    converged = [row for row in rows if row["is_converged"]]
    judged = [row for row in converged if row["holdout_rmse"] is not None]
    if forecast_model != "auto":
        chosen = next((row for row in converged if row["model"] == forecast_model), None)
        why = "the var forecast_model names it"
    elif judged:
        chosen = min(judged, key=lambda row: (row["holdout_rmse"], row["model"]))
        why = "of the models that converged, it has the smallest holdout error"
    else:
        chosen = min(converged, key=lambda row: (-row["log_likelihood"], row["model"]), default=None)
        why = "of the models that converged, it has the largest likelihood"
    for row in rows:
        row["is_chosen"] = row is chosen
        if row is chosen:
            row["reason"] = f"Chosen: {why}. {row['reason']}"


def _fit(
    model: str, frequency: Array, recency_days: Array, age_days: Array, customers: Array, *, min_customers: int
) -> Fit:
    """Fit a model of purchases if there are enough repeat customers."""
    repeat_customers = int(customers[frequency > 0].sum())
    if repeat_customers < min_customers:
        return _none(model, customers, f"{repeat_customers} customers bought on more than one day", min_customers)
    return forecasts.fit(model, frequency, recency_days / DAYS_PER_WEEK, age_days / DAYS_PER_WEEK, customers)


def _fit_spend(days: Array, mean_spend: Array, customers: Array, min_customers: int) -> Fit:
    """Fit Gamma-Gamma if there are enough customers with spend."""
    if customers.sum() < min_customers:
        return _none(SPEND_MODEL, customers, f"{customers.sum()} customers have repeat days with spend", min_customers)
    return forecasts.fit_gamma_gamma(days, mean_spend, customers)


def _none(model: str, customers: Array, found: str, min_customers: int) -> Fit:
    """Return the fit of a model for which there are too few customers."""
    reason = f"Not fitted: {found}, and forecast_min_customers is {min_customers}."
    return Fit(model, {}, {}, None, int(customers.sum()), False, reason)


def _row(fit: Fit) -> Row:
    """Return a fit as a row of FITS without a holdout error."""
    return dict.fromkeys(FITS.names) | {
        "model": fit.model,
        "n_customers": fit.n_customers,
        "parameters": json.dumps(fit.parameters) if fit.parameters else None,
        "parameter_intervals": json.dumps(fit.intervals) if fit.intervals else None,
        "log_likelihood": fit.log_likelihood,
        "is_converged": fit.is_converged,
        "reason": fit.reason,
    }


def _as_fit(row: Row) -> Fit:
    """Return a row of FITS as a fit, without its intervals."""
    return Fit(
        row["model"],
        json.loads(row["parameters"]),
        {},
        row["log_likelihood"],
        row["n_customers"],
        row["is_converged"],
        row["reason"],
    )


def _why_none(rows: list[Row]) -> str:
    """Return the distinct reasons why no model of purchases converged, as one text."""
    return " ".join(dict.fromkeys(row["reason"] for row in rows if not row["is_converged"]))


def _errors(actual: Array, predicted: Array, naive: Array, customers: Array) -> Row:
    """Return the mean absolute and the root mean square error of predictions, and of the naive ones.

    A forecast is an expectation, and no other number has a smaller mean square error. The mean absolute error favours
    the median instead: a forecast of 0 where most customers buy nothing.
    """
    row = {}
    for name, values in (("holdout", predicted - actual), ("naive", naive - actual)):
        row[f"{name}_mae"] = _mean(np.abs(values), customers)
        row[f"{name}_rmse"] = float(np.sqrt(_total(values**2, customers) / float(customers.sum())))
    return row


def _beside_naive(row: Row) -> str:
    """Return a sentence if the naive run rate has a smaller holdout error than the model, else an empty text."""
    if row["naive_rmse"] < row["holdout_rmse"]:
        return " The naive run rate errs less in the holdout."
    if row["naive_mae"] < row["holdout_mae"]:
        return " By the mean absolute error alone, the naive run rate errs less in the holdout."
    return ""


def _groups(statistics: Relation, *columns: str) -> list[Array]:
    """Return the sorted distinct rows of some columns as arrays, and in the last array their numbers of customers."""
    names = ", ".join(columns)
    groups = statistics.aggregate(f"{names}, count(*) as customers", names).order(names)
    return [np.asarray(column) for column in groups.fetchnumpy().values()]


def _total(values: Array, customers: Array) -> float:
    """Return the sum over customers, added up in a fixed order, so that threads of a library change no digit."""
    return float((values * customers).sum())


def _mean(values: Array, customers: Array) -> float | None:
    return _total(values, customers) / float(customers.sum()) if len(values) else None


def _correlation(one: Array, other: Array, customers: Array) -> float | None:
    """Return Pearson's correlation over customers; None if one of the two is the same for all customers."""
    if len(one) < 2:
        return None
    one, other = (values - _mean(values, customers) for values in (one, other))
    scale = np.sqrt(_total(one**2, customers) * _total(other**2, customers))
    return _total(one * other, customers) / float(scale) if scale > 0 else None
