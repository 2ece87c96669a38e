"""Forecasts beside what customers then bought."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Section, Table
from customer_outcomes.page.words import COUNT, RATIO, counted, title


def forecasts(frame: Frame) -> Section:
    """Return what each model forecast for the holdout, beside what customers then bought, and the forecast value."""
    found = frame.rows("select * from marts.forecast_fits where model <> 'gamma_gamma' order by is_chosen desc, model")
    total = frame.rows(
        "select count(forecast_value) as customers, sum(forecast_value) as value from marts.customer_forecasts"
    )[0]
    fitted = [row for row in found if row["holdout_predicted"] is not None]
    drawn = [
        {
            "label": _model(row["model"]),
            "value": RATIO.rounded(row["holdout_predicted"]),
            "said": COUNT.text(row["holdout_predicted"]),
        }
        for row in fitted
    ]
    if fitted:
        actual = fitted[0]["holdout_actual"]
        drawn.insert(0, {"label": "Actual purchases", "value": RATIO.rounded(actual), "said": COUNT.text(actual)})
    says = next((row["reason"] for row in found if row["reason"]), "Nothing is forecast.")
    if fitted and fitted[0]["is_chosen"]:
        chosen = fitted[0]
        expected, made = COUNT.text(chosen["holdout_predicted"]), COUNT.text(chosen["holdout_actual"])
        error, naive = RATIO.text(chosen["holdout_rmse"]), RATIO.text(chosen["naive_rmse"])
        says = (
            f"{_model(chosen['model'])} is chosen by its error: for the holdout it expected {expected} purchases, and"
            f" customers made {made}. Its error by customer is {error} purchases (root mean square), that of a naive"
            f" run rate {naive}. The forecast value of the {counted(total['customers'], 'customer')} with a forecast is"
            f" {frame.money.text(total['value'])}, over forecast_horizon_weeks."
        )
    lines = [
        [
            _model(row["model"]),
            "yes" if row["is_chosen"] else "no",
            COUNT.text(row["n_customers"]),
            COUNT.text(row["holdout_actual"]),
            RATIO.text(row["holdout_predicted"]),
            RATIO.text(row["holdout_mae"]),
            RATIO.text(row["naive_mae"]),
            RATIO.text(row["holdout_rmse"]),
            RATIO.text(row["naive_rmse"]),
            row["reason"] or "",
        ]
        for row in found
    ]
    headings = [
        "model", "chosen", "customers", "actual", "predicted", "mean error", "naive mean error", "RMSE", "naive RMSE",
        "remark",
    ]  # fmt: skip
    figure = Figure(
        "forecasts",
        "Purchases in the holdout: forecast against actual",
        ["marts.forecast_fits", "marts.customer_forecasts"],
        "M11 Forecast value",
        says,
        specs.bars(drawn, "var(--one)", "purchases") if drawn else None,
        {"Models": Table(headings, lines)},
    )
    return Section("forecasts", "Forecasts", "What will customers buy, and how right was that before?", [figure])


def _model(name: str) -> str:
    names = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD", "nbd": "NBD"}
    return names.get(name, title(name))
