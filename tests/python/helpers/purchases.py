"""Statistics of purchases in memory, simulated shops, and their fits and forecasts."""

import duckdb
import numpy as np
import pyarrow as pa

from customer_outcomes.forecasts.relations import fit_models, forecast_customers

STATISTICS = (
    "frequency",
    "recency_days",
    "age_days",
    "spend_days",
    "spend_amount",
    "calibration_frequency",
    "calibration_recency_days",
    "calibration_age_days",
    "calibration_spend_days",
    "calibration_spend_amount",
    "holdout_days",
    "holdout_purchase_days",
    "holdout_spend_days",
    "holdout_spend_amount",
)


def statistics_of(bought: list[int], spends: list[float], cut: int, days: int) -> dict:
    def part(prefix: str, keep, until: int) -> dict:
        kept = [(day, amount) for day, amount in zip(bought, spends) if keep(day)]
        if not kept:
            return {}
        return {
            f"{prefix}frequency": len(kept) - 1,
            f"{prefix}recency_days": kept[-1][0] - kept[0][0],
            f"{prefix}age_days": until - kept[0][0],
            f"{prefix}spend_days": len(kept) - 1,
            f"{prefix}spend_amount": sum(amount for _, amount in kept[1:]),
        }

    later = [amount for day, amount in zip(bought, spends) if day > cut]
    return (
        dict.fromkeys(STATISTICS)
        | {"calibration_spend_days": 0, "calibration_spend_amount": 0.0, "holdout_days": days - cut}
        | {"holdout_purchase_days": len(later), "holdout_spend_days": len(later), "holdout_spend_amount": sum(later)}
        | part("", lambda day: True, days)
        | part("calibration_", lambda day: day <= cut, cut)
    )


def relations(rows: list[dict], threads: int = 1):
    """Return a connection and the relation of statistics on it."""
    types = {name: pa.float64() if name.endswith("amount") else pa.int64() for name in STATISTICS}
    table = pa.Table.from_pylist(rows, schema=pa.schema({"account_id": pa.string(), **types}))
    connection = duckdb.connect(config={"threads": threads})
    return connection, connection.from_arrow(table)


def forecast(rows: list[dict], threads: int = 1, **options) -> tuple[dict[str, dict], list[dict]]:
    """Return the fits by model, and the customers' forecasts."""
    arguments = {"forecast_model": "auto", "min_customers": 200, "correlation_warning": 0.3} | options
    connection, statistics = relations(rows, threads)
    fits = fit_models(statistics, **arguments)
    customers = forecast_customers(statistics, connection.from_arrow(fits), horizon_weeks=52, discount_rate=0.1)
    return {row["model"]: row for row in fits.to_pylist()}, customers.to_pylist()


def retail_shop(seed: int, r: float, alpha: float, lapse: float, customers: int = 4300, days: int = 365) -> list[dict]:
    """Return statistics of a year of a shop: purchase rates are gamma (r, alpha weeks), and customers seldom lapse.

    More customers come early than late. `lapse` is the chance to lapse after a purchase, also after the first one.
    """
    generator = np.random.default_rng(seed)
    first = np.floor(days * generator.random(customers) ** 2)
    rate = np.maximum(generator.gamma(r, 1 / alpha, customers), 1e-9) / 7
    moments = first[:, None] + np.cumsum(generator.exponential(1 / rate[:, None], (customers, 300)), axis=1)
    lasting = np.cumsum(generator.random(moments.shape) < lapse, axis=1) == 0
    cut = days - (days - int(first.min())) // 3
    rows = []
    for number in range(customers):
        repeats = moments[number][lasting[number] & (moments[number] < days + 1)]
        bought = sorted({int(first[number]), *repeats.astype(int).tolist()})
        spends = (50 * generator.lognormal(0, 0.4) * generator.lognormal(0, 0.2, len(bought))).round(2).tolist()
        rows.append({"account_id": f"account{number:05}", **statistics_of(bought, spends, cut, days)})
    return rows
