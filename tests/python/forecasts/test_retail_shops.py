"""Shops like a UK online retailer, with many one-time buyers and few who drop out, get forecasts that help.

LIFETIMES has what lifetimes 0.11.3 fits to the same customers: the parameters and the log-likelihood. Where the data do
not tell how customers drop out, its search ends at hardly any dropout, or fails. Then r, alpha and the log-likelihood
must be those of NBD.
"""

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import nbinom

from customer_outcomes.forecasts.models import fit
from customer_outcomes.forecasts.relations import PURCHASE_MODELS
from helpers.purchases import forecast, retail_shop
from oracle import forecasts as oracle_forecasts

# seed, r, alpha in weeks, chance to lapse after a purchase; a third, a half and two thirds of the customers buy once
SHOPS = {"third": (1, 0.83, 9.8, 0.0), "half": (2, 0.7, 20.0, 0.02), "most": (3, 0.3, 10.0, 0.01)}
ONE_TIME = {"third": 1455, "half": 2325, "most": 2926}
NO_DROPOUT = {
    ("third", "mbg_nbd"): ({"r": 0.819743, "alpha": 9.656050, "a": 3.03e-8, "b": 636.5}, -40786.5587),
    ("third", "pareto_nbd"): ({"r": 0.819723, "alpha": 9.655873, "s": 1.31e-10, "beta": 1220.3}, -40786.5587),
}
DROPOUT = {
    ("half", "pareto_nbd"): ({"r": 0.707414, "alpha": 19.962095, "s": 0.0356266, "beta": 5.116747}, -20626.6531),
}


@pytest.fixture(scope="module", params=SHOPS)
def shop(request) -> tuple[str, list[dict], dict[str, dict], list[dict]]:
    rows = retail_shop(*SHOPS[request.param])
    return request.param, rows, *forecast(rows)


def histories(rows: list[dict], prefix: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = [f"{prefix}{name}" for name in ("frequency", "recency_days", "age_days")]
    frequency, recency, age = np.array([[row[name] for name in names] for row in rows], dtype=float).T
    return frequency, recency / 7, age / 7


def test_every_customer_gets_a_forecast_that_is_no_worse_than_the_naive_rate(shop):
    name, rows, fits, customers = shop
    assert sum(row["frequency"] == 0 for row in rows) == ONE_TIME[name]
    chosen = [fits[model] for model in PURCHASE_MODELS if fits[model]["is_chosen"]]
    assert [row["model"] for row in chosen] == ["nbd"]
    assert chosen[0]["holdout_rmse"] < 0.9 * chosen[0]["naive_rmse"]
    assert chosen[0]["holdout_predicted"] == pytest.approx(chosen[0]["holdout_actual"], rel=0.08)
    assert len(customers) == 4300
    for row in customers:
        assert row["reason"] is None
        assert row["p_alive"] == 1
        assert row["expected_purchases"] > row["discounted_purchases"] > 0
        assert row["forecast_value"] > 0


def test_customers_are_as_the_oracle_says(shop):
    _, rows, fits, customers = shop
    of_purchases = json.loads(fits["nbd"]["parameters"])
    p, q, gamma = json.loads(fits["gamma_gamma"]["parameters"]).values()
    for row, found in list(zip(rows, customers))[::100]:
        history = {"frequency": row["frequency"], "age_weeks": row["age_days"] / 7}
        p_alive, expected = oracle_forecasts.chances("nbd", of_purchases, history, 52)
        discounted = oracle_forecasts.value("nbd", of_purchases, history, 52, 0.1)
        assert (found["account_id"], found["p_alive"]) == (row["account_id"], p_alive)
        assert found["expected_purchases"] == pytest.approx(expected, rel=1e-9)
        assert found["discounted_purchases"] == pytest.approx(discounted, rel=1e-9)
        spend = p * (gamma + row["spend_amount"]) / (p * row["spend_days"] + q - 1)
        assert found["forecast_value"] == pytest.approx(discounted * spend, rel=1e-9)


def test_the_holdout_errors_are_those_of_another_computation(shop):
    _, rows, fits, _ = shop
    known = [row for row in rows if row["calibration_frequency"] is not None]
    frequency, recency, age = histories(known, "calibration_")
    weeks = known[0]["holdout_days"] / 7
    actual = np.array([row["holdout_purchase_days"] for row in known])
    of_cut = fit("nbd", frequency, recency, age).parameters
    predicted = weeks * (of_cut["r"] + frequency) / (of_cut["alpha"] + age)
    naive = weeks * np.divide(frequency, age, out=np.zeros(len(age)), where=age > 0)
    for name, values in (("holdout", predicted - actual), ("naive", naive - actual)):
        assert fits["nbd"][f"{name}_mae"] == pytest.approx(np.mean(np.abs(values)), rel=1e-9)
        assert fits["nbd"][f"{name}_rmse"] == pytest.approx(np.mean(values**2) ** 0.5, rel=1e-9)


def test_the_mean_absolute_error_favours_the_naive_rate_even_over_the_truth(shop):
    """The run rate forecasts 0 for one-time buyers. Where more than half of all buy nothing in the holdout, that has
    the smaller mean absolute error, also beside the parameters by which the purchases were drawn.
    """
    name, rows, fits, _ = shop
    known = [row for row in rows if row["calibration_frequency"] is not None]
    frequency, _, age = histories(known, "calibration_")
    weeks, actual = known[0]["holdout_days"] / 7, np.array([row["holdout_purchase_days"] for row in known])
    _, r, alpha, _ = SHOPS[name]
    of_truth = np.abs(weeks * (r + frequency) / (alpha + age) - actual).mean()
    is_naive_favoured = name != "third"
    assert (np.mean(actual == 0) > 0.5) == is_naive_favoured
    assert (fits["nbd"]["naive_mae"] < of_truth) == is_naive_favoured
    remark = "By the mean absolute error alone, the naive run rate errs less in the holdout."
    assert fits["nbd"]["reason"].endswith(remark) == is_naive_favoured


def test_nbd_is_the_negative_binomial_of_scipy(shop):
    _, rows, fits, _ = shop
    frequency, _, age = histories(rows)
    moments = np.sum(gammaln(frequency + 1) - frequency * np.log(np.maximum(age, 1e-300)) * (frequency > 0))

    def loss(logs):
        r, alpha = np.exp(logs)
        return -nbinom(r, alpha / (alpha + age)).logpmf(frequency).sum()

    found = minimize(loss, [0.0, 2.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000})
    assert list(json.loads(fits["nbd"]["parameters"]).values()) == pytest.approx(np.exp(found.x).tolist(), rel=1e-6)
    assert fits["nbd"]["log_likelihood"] == pytest.approx(moments - found.fun, abs=1e-5)


@pytest.mark.parametrize(("name", "model"), NO_DROPOUT)
def test_where_lifetimes_finds_no_dropout_its_fit_is_nbd(name, model):
    parameters, log_likelihood = NO_DROPOUT[name, model]
    rows = histories(retail_shop(*SHOPS[name]))
    assert not fit(model, *rows).is_converged
    found = fit("nbd", *rows)
    assert found.parameters == pytest.approx({key: parameters[key] for key in ("r", "alpha")}, rel=5e-5)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)


@pytest.mark.parametrize(("name", "model"), DROPOUT)
def test_where_dropout_can_be_told_the_fit_is_that_of_lifetimes(name, model):
    parameters, log_likelihood = DROPOUT[name, model]
    found = fit(model, *histories(retail_shop(*SHOPS[name])))
    assert found.is_converged
    assert found.parameters == pytest.approx(parameters, rel=5e-4)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
