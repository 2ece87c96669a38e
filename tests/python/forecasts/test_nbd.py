"""NBD is the negative binomial, the limit of the models with dropout, and forecasts where nobody seems to drop out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import gamma, nbinom

from customer_outcomes.forecasts import models as forecasts
from customer_outcomes.forecasts.models import Fit
from customer_outcomes.forecasts.relations import _choose
from helpers.builds import SEED

pytestmark = pytest.mark.filterwarnings("error")

HISTORIES = st.lists(st.tuples(st.integers(0, 300), st.floats(0.1, 500)), min_size=1, max_size=20)
PARAMETERS = st.tuples(st.floats(0.01, 50), st.floats(0.01, 500))


def known(r: float, alpha: float) -> Fit:
    return Fit("nbd", {"r": r, "alpha": alpha}, {}, 0.0, 1, True, "Known.")


def log_likelihood(model: str, parameters: tuple, frequency, recency, age) -> float:
    histories = forecasts._histories(frequency, recency, age, np.ones(len(frequency)))
    with np.errstate(all="ignore"):
        loss = forecasts._loss(forecasts.KERNELS[model], histories)(np.log(parameters))[0]
    return -loss * len(frequency)


def of_scipy(r: float, alpha: float, frequency, age) -> float:
    """The chance of the number of purchases, over that of their moments given the number: x! / T^x."""
    number = nbinom(r, alpha / (alpha + age)).logpmf(frequency)
    return float(np.sum(number + gammaln(frequency + 1) - frequency * np.log(age)))


@hypothesis_seed(SEED)
@settings(max_examples=200, deadline=None, database=None)
@given(PARAMETERS, HISTORIES)
def test_the_likelihood_is_that_of_scipy(parameters, histories):
    frequency, age = np.array(histories, dtype=float).T
    found = log_likelihood("nbd", parameters, frequency, age * (frequency > 0), age)
    assert found == pytest.approx(of_scipy(*parameters, frequency, age), rel=1e-8, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "lapse"),
    [("bg_nbd", (1e-9, 1.0)), ("mbg_nbd", (1e-9, 1.0)), ("pareto_nbd", (1e-9, 1.0))],
)
def test_the_likelihood_is_that_of_the_others_without_dropout(model, lapse):
    """So the log-likelihoods of all models of purchases can be compared."""
    frequency, age = np.array([0, 0, 1, 3, 8, 40.0]), np.array([1, 90, 30, 20, 50, 100.0])
    rows = frequency, age * 0.9 * (frequency > 0), age
    found = log_likelihood(model, (0.7, 20.0, *lapse), *rows)
    assert found == pytest.approx(log_likelihood("nbd", (0.7, 20.0), *rows), abs=1e-6)
    ours = Fit(model, dict(zip(forecasts.NAMES[model], (0.7, 20.0, *lapse))), {}, 0.0, 1, True, "Known.")
    of_nbd = forecasts.expected_purchases(known(0.7, 20), *rows, 52)
    np.testing.assert_allclose(forecasts.expected_purchases(ours, *rows, 52), of_nbd, rtol=1e-6)


@hypothesis_seed(SEED)
@settings(max_examples=200, deadline=None, database=None)
@given(PARAMETERS, st.integers(0, 300), st.floats(0.1, 500), st.floats(0.1, 100))
def test_forecasts_grow_with_purchases_and_time(parameters, frequency, age, weeks):
    fit = known(*parameters)
    frequencies, recency = np.arange(frequency, frequency + 3), age * np.minimum(np.arange(frequency, frequency + 3), 1)
    np.testing.assert_array_equal(forecasts.p_alive(fit, frequencies, recency, age), 1.0)
    more = forecasts.expected_purchases(fit, frequencies, recency, age, weeks)
    assert (np.diff(more) > 0).all()
    assert more[0] > forecasts.expected_purchases(fit, frequency, recency[0], age * 1.5, weeks)
    twice = forecasts.expected_purchases(fit, frequencies, recency, age, 2 * weeks)
    np.testing.assert_allclose(twice, 2 * more, rtol=1e-12)
    np.testing.assert_array_equal(forecasts.expected_purchases(fit, frequencies, 0 * recency, age, weeks), more)


def test_expected_purchases_are_the_mean_rate_after_the_history():
    """By hand: 52 (0.7 + 3) / (20 + 30) = 3.848; and by integrating the rate over gamma times Poisson."""
    found = forecasts.expected_purchases(known(0.7, 20), 3, 25, 30, 52)
    assert found == pytest.approx(3.848, abs=1e-12)

    def weighed(rate, power):
        return gamma.pdf(rate, 0.7, scale=1 / 20) * rate ** (3 + power) * np.exp(-30 * rate)

    mean = quad(weighed, 0, 5, args=(1,))[0] / quad(weighed, 0, 5, args=(0,))[0]
    assert found == pytest.approx(52 * mean, rel=1e-6)


def test_nobody_who_came_back_is_no_fit():
    age = np.linspace(1, 50, 1000)
    found = forecasts.fit("nbd", np.zeros(1000), np.zeros(1000), age)
    assert (found.is_converged, found.parameters) == (False, {})
    assert found.reason == "Fewer than 10 customers bought again."


def test_rates_that_do_not_differ_are_no_fit():
    """Poisson purchases at one rate have no maximum: r and alpha grow together without end."""
    age = np.linspace(5, 50, 1000)
    found = forecasts.fit("nbd", np.floor(age / 5), 5 * np.floor(age / 5), age)
    assert not found.is_converged
    assert found.reason == "The likelihood has no maximum: r ran off to its bound."


@pytest.mark.parametrize("names", [("bg_nbd", "nbd"), ("nbd", "bg_nbd")])
def test_equal_holdout_errors_are_settled_by_name(names):
    same = {"is_converged": True, "holdout_rmse": 1.25, "log_likelihood": -9.0, "reason": "Converged."}
    rows = [{"model": name, **same} for name in names]
    _choose(rows, "auto")
    assert {row["model"] for row in rows if row["is_chosen"]} == {"bg_nbd"}


def test_a_model_without_a_holdout_error_yields_to_one_with_it():
    rows = [
        {"model": "bg_nbd", "is_converged": True, "holdout_rmse": None, "log_likelihood": -1.0, "reason": ""},
        {"model": "nbd", "is_converged": True, "holdout_rmse": 9.0, "log_likelihood": -99.0, "reason": ""},
    ]
    _choose(rows, "auto")
    assert [row["is_chosen"] for row in rows] == [False, True]
