"""Fits agree with published parameters, an independent library and simulated truth, and say if data is too scarce."""

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln

from customer_outcomes.forecasts import models as forecasts
from customer_outcomes.forecasts.models import Fit
from helpers.builds import SEED

pytestmark = pytest.mark.filterwarnings("error")

CDNOW = Path(__file__).parents[2] / "fixtures" / "cdnow" / "cdnow_sample.csv"
CALIBRATION_END = pd.Timestamp("1997-09-30")
PURCHASE_MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd")
PUBLISHED = {
    "bg_nbd": ({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.4),
    "pareto_nbd": ({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9595.0),
}
TRUTHS = {
    "bg_nbd": (0.243, 4.414, 0.793, 2.426),
    "mbg_nbd": (0.525, 6.18, 0.89, 1.61),
    "pareto_nbd": (0.553, 10.578, 0.606, 11.669),
    "nbd": (0.7, 20.0),
    "gamma_gamma": (6.25, 3.74, 15.44),
}
SEEDS = 20
LEAST = 17  # the least number of 20 seeds whose 95 % interval must hold the truth


def known(model: str, *parameters: float) -> Fit:
    names = forecasts.NAMES[model]
    return Fit(model, dict(zip(names, map(float, parameters), strict=True)), {}, 0.0, 1, True, "Known.")


def cdnow_days() -> pd.DataFrame:
    """One row each customer and purchase day of the calibration period."""
    purchases = pd.read_csv(CDNOW, parse_dates=["order_date"])
    purchases = purchases[purchases.order_date <= CALIBRATION_END]
    return purchases.groupby(["sample_customer_id", "order_date"], as_index=False).dollar_value.sum()


@pytest.fixture(scope="module")
def cdnow() -> tuple:
    days = cdnow_days().groupby("sample_customer_id").order_date.agg(["size", "min", "max"])
    weeks = pd.Timedelta(weeks=1)
    columns = (days["size"] - 1, (days["max"] - days["min"]) / weeks, (CALIBRATION_END - days["min"]) / weeks)
    return tuple(column.to_numpy(dtype=float) for column in columns)


@pytest.fixture(scope="module")
def cdnow_fits(cdnow) -> dict[str, Fit]:
    return {model: forecasts.fit(model, *cdnow) for model in PURCHASE_MODELS}


def simulate(model: str, parameters: tuple, customers: int, seed: int, weeks: float = 0.0):
    """Return frequency, recency and age, whether each customer is alive at its age, and its purchases in `weeks` after."""
    rng = np.random.default_rng(seed)
    shape, rate, *lapse = parameters
    buying = rng.gamma(shape, 1 / rate, customers)
    age = rng.integers(26, 105, customers).astype(float)  # cohorts, of which the fits are quicker
    if model in ("pareto_nbd", "nbd"):
        lapsing = rng.gamma(lapse[0], 1 / lapse[1], customers) if lapse else np.zeros(customers)
        death = rng.exponential(1 / np.maximum(lapsing, 1e-12))
        seen = np.minimum(age, death)
        frequency = rng.poisson(buying * seen)
        future = rng.poisson(buying * (np.clip(death, age, age + weeks) - age))
    else:
        # the customer lapses right after its purchase of this number, which falls on its death
        fatal = rng.geometric(np.maximum(rng.beta(*lapse, customers), 1e-9)) - (model == "mbg_nbd")
        death = rng.gamma(np.maximum(fatal, 1e-300)) / buying * (fatal > 0)
        seen = np.minimum(age, death)
        before = rng.binomial(np.maximum(fatal - 1, 0), np.where(death > age, age / np.maximum(death, age), 0))
        frequency = np.where(death > age, before, fatal)
        share = np.where(death > age, np.minimum(weeks / np.maximum(death - age, 1e-9), 1), 0)
        future = rng.binomial(np.where(death > age, fatal - 1 - before, 0), share) + (share == 1)
    is_last_seen = (model in ("bg_nbd", "mbg_nbd")) & (death <= age)
    recency = np.where(is_last_seen, seen, seen * rng.random(customers) ** (1 / np.maximum(frequency, 1)))
    recency = np.where(frequency > 0, recency, 0)
    return (frequency.astype(float), recency, age), death > age, future


def simulate_spend(parameters: tuple, customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, q, gamma = parameters
    frequency = rng.geometric(0.3, customers).astype(float)
    return frequency, rng.gamma(p * frequency) / (rng.gamma(q, 1 / gamma, customers) * frequency)


# published figures


@pytest.mark.parametrize("model", PUBLISHED)
def test_cdnow_has_the_published_parameters(cdnow_fits, model):
    parameters, log_likelihood = PUBLISHED[model]
    assert cdnow_fits[model].is_converged
    assert cdnow_fits[model].n_customers == 2357
    assert cdnow_fits[model].parameters == pytest.approx(parameters, rel=0.005)
    assert cdnow_fits[model].log_likelihood == pytest.approx(log_likelihood, abs=0.1)


def test_cdnow_has_the_published_spend():
    """Spend of a customer: the mean total of its purchase days after the first. The purchases at no cost are all on first days."""
    days = cdnow_days()
    is_repeat = days.order_date > days.groupby("sample_customer_id").order_date.transform("min")
    spend = days[is_repeat & (days.dollar_value > 0)].groupby("sample_customer_id").dollar_value
    found = forecasts.fit_gamma_gamma(spend.size().to_numpy(), spend.mean().to_numpy())
    assert found.is_converged
    assert found.n_customers == 946
    assert found.parameters == pytest.approx({"p": 6.25, "q": 3.74, "gamma": 15.44}, rel=0.005)


def test_cdnow_has_the_published_forecasts(cdnow_fits):
    assert forecasts.expected_purchases(cdnow_fits["bg_nbd"], 2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=0.0005)
    assert forecasts.expected_purchases(cdnow_fits["pareto_nbd"], 2, 30.43, 38.86, 39) == pytest.approx(
        1.455, abs=0.001
    )


def test_cdnow_has_the_parameters_of_lifetimes(cdnow, cdnow_fits):
    theirs = lifetimes_fitter("mbg_nbd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.fit(*cdnow)
    assert cdnow_fits["mbg_nbd"].parameters == pytest.approx(dict(theirs.params_), rel=0.002)
    theirs_in_all = -2357 * theirs._negative_log_likelihood(np.log(theirs.params_.to_numpy()), *cdnow, np.ones(2357), 0)
    assert theirs_in_all - 1e-6 <= cdnow_fits["mbg_nbd"].log_likelihood <= theirs_in_all + 0.01


# an independent library


def lifetimes_fitter(model: str, parameters: dict[str, float] | None = None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes
    fitters = {
        "bg_nbd": lifetimes.BetaGeoFitter,
        "mbg_nbd": lifetimes.ModifiedBetaGeoFitter,
        "pareto_nbd": lifetimes.ParetoNBDFitter,
        "gamma_gamma": lifetimes.GammaGammaFitter,
    }
    fitter = fitters[model]()
    names = {"gamma": "v"}
    fitter.params_ = pd.Series({names.get(name, name): value for name, value in (parameters or {}).items()})
    return fitter


GRID = [
    np.array(column, dtype=float)
    for column in zip(
        *[
            (x, age * share if x else 0, age)
            for x in (0, 1, 2, 7, 40)
            for age in (5, 39, 150)
            for share in (0.1, 0.7, 1)
        ]
    )
]


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("bg_nbd", TRUTHS["bg_nbd"]),
        ("bg_nbd", (2.5, 30, 1.7, 9)),
        ("mbg_nbd", TRUTHS["mbg_nbd"]),
        ("mbg_nbd", (2.5, 30, 1.7, 9)),
        ("pareto_nbd", TRUTHS["pareto_nbd"]),
        ("pareto_nbd", (2.5, 30, 1.7, 9)),
    ],
)
def test_forecasts_are_those_of_lifetimes(model, parameters):
    ours = known(model, *parameters)
    theirs = lifetimes_fitter(model, ours.parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alive = theirs.conditional_probability_alive(*GRID)
        purchases = theirs.conditional_expected_number_of_purchases_up_to_time(39, *GRID)
        new = theirs.expected_number_of_purchases_up_to_time(np.array([1.0, 39, 104]))
    np.testing.assert_allclose(forecasts.p_alive(ours, *GRID), alive, rtol=1e-8)
    np.testing.assert_allclose(forecasts.expected_purchases(ours, *GRID, 39), purchases, rtol=1e-8)
    np.testing.assert_allclose(forecasts.expected_new_purchases(ours, np.array([1.0, 39, 104])), new, rtol=1e-8)


def test_spend_is_that_of_lifetimes():
    ours = known("gamma_gamma", *TRUTHS["gamma_gamma"])
    theirs = lifetimes_fitter("gamma_gamma", ours.parameters)
    frequency, spend = np.array([0, 1, 2, 30.0]), np.array([0, 12.5, 80, 35.0])
    expected = theirs.conditional_expected_average_profit(frequency, spend)
    np.testing.assert_allclose(forecasts.expected_spend(ours, frequency, spend), expected, rtol=1e-12)
    assert expected[0] == pytest.approx(6.25 * 15.44 / 2.74)


# simulated truth


@pytest.mark.parametrize("model", TRUTHS)
def test_intervals_hold_the_truth(model):
    truth = dict(zip(forecasts.NAMES[model], TRUTHS[model]))
    held = dict.fromkeys(truth, 0)
    for seed in range(SEEDS):
        if model == "gamma_gamma":
            found = forecasts.fit_gamma_gamma(*simulate_spend(TRUTHS[model], 20_000, seed))
        else:
            found = forecasts.fit(model, *simulate(model, TRUTHS[model], 20_000, seed)[0])
        assert found.is_converged, found.reason
        for name, value in truth.items():
            low, high = found.intervals[name]
            assert low < found.parameters[name] < high
            held[name] += low <= value <= high
    assert min(held.values()) >= LEAST, held


@pytest.mark.parametrize("model", PURCHASE_MODELS)
def test_forecasts_are_what_happens(model):
    (frequency, recency, age), is_alive, future = simulate(model, TRUTHS[model], 200_000, SEED, weeks=52)
    ours = known(model, *TRUTHS[model])
    alive = forecasts.p_alive(ours, frequency, recency, age)
    purchases = forecasts.expected_purchases(ours, frequency, recency, age, 52)
    group = np.minimum(frequency, 6) * 2 + (recency > age / 2)
    for expected, actual in ((alive, is_alive), (purchases, future)):
        for number in np.unique(group):
            surprise = (actual - expected)[group == number]
            assert abs(surprise.sum()) <= 4.5 * np.sqrt(np.sum(surprise**2)) + 1e-6, number


@pytest.mark.parametrize("model", PURCHASE_MODELS)
def test_new_customers_buy_what_is_expected(model):
    (frequency, _, age), *_ = simulate(model, TRUTHS[model], 200_000, SEED)
    surprise = frequency - forecasts.expected_new_purchases(known(model, *TRUTHS[model]), age)
    assert abs(surprise.sum()) <= 4.5 * np.sqrt(np.sum(surprise**2))


# numerics


@pytest.mark.parametrize("logs", [(-0.5, 1.5, 0.3, 0.9), (0.1, 2.0, -0.4, 2.5), (1.0, -2.0, 1.1, -3.0)])
@pytest.mark.parametrize("model", PURCHASE_MODELS)
def test_gradients_are_the_slopes_of_the_likelihood(model, logs):
    age = np.array([1, 20, 20, 39, 39, 150, 150, 150, 200.0])
    frequency = np.array([0, 0, 1, 2, 9, 3, 60, 700, 4000.0])
    recency = np.array([0, 0, 20, 3.1, 38, 0, 20, 149, 200.0])
    histories = forecasts._histories(frequency, recency, age, np.arange(1.0, 10.0))
    check_gradient(forecasts._loss(forecasts.KERNELS[model], histories), np.array(logs[: len(forecasts.NAMES[model])]))


def test_gradients_of_spend_are_the_slopes_of_the_likelihood():
    spends = [np.array([1, 1, 4, 300.0]), np.array([0.1, 3, 1, 2.0])]
    check_gradient(forecasts._loss_of_spend(spends, np.array([1.0, 5, 2, 3])), np.array([0.7, 1.4, -0.2]))


def check_gradient(loss, logs):
    steps = 1e-5 * np.eye(len(logs))
    slopes = [(loss(logs + step)[0] - loss(logs - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(loss(logs)[1], slopes, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("frequency", [0, 1, 12, 300])
@pytest.mark.parametrize(
    "parameters", [(0.55, 10.6, 0.6, 11.7), (0.5, 10, 0.6, 0.01), (3, 0.01, 0.05, 1000), (2, 100, 9, 0.01)]
)
def test_chance_to_be_alive_is_the_integral(parameters, frequency):
    """p_alive = f(T) / (f(T) + s int f(y) / (beta + y) dy), by adaptive quadrature."""
    r, alpha, s, beta = parameters
    recency, age = (0.0 if frequency == 0 else 17.0), 39.0

    def relative(y):
        lapse = (s + 1) * np.log((beta + age) / (beta + y)) - np.log(beta + age)
        return np.exp((r + frequency) * np.log((alpha + age) / (alpha + y)) + lapse)

    edges = recency + (age - recency) * np.concatenate([[0], np.geomspace(1e-6, 1, 30)])
    lapsed = s * sum(quad(relative, low, high, epsrel=1e-11)[0] for low, high in zip(edges, edges[1:]))
    found = forecasts.p_alive(known("pareto_nbd", *parameters), frequency, recency, age)
    assert found == pytest.approx(1 / (1 + lapsed), rel=1e-8)


@pytest.mark.parametrize("a", [0.2, 1, 1 + 1e-8, 1.001, 30])
@pytest.mark.parametrize(("frequency", "age"), [(0, 0), (0, 150), (3, 30), (400, 150)])
@pytest.mark.parametrize(("r", "alpha", "b"), [(0.2, 0.1, 0.8), (4, 40, 2.4)])
def test_expected_purchases_are_the_integral(a, frequency, age, r, alpha, b):
    """While alive: the mean of (1 - (1 + p weeks / (alpha + T))^-(r + x)) / p over the posterior beta(a, b + x) of p."""
    scale, shape = 52 / (alpha + age), b + frequency

    def part(logit):
        chance = 1 / (1 + np.exp(-logit))
        density = np.exp(a * np.log(chance) - shape * np.logaddexp(0, logit) - betaln(a, shape))
        return density * -np.expm1(-(r + frequency) * np.log1p(chance * scale)) / chance

    edges = np.concatenate([[-200, -80], np.arange(-40, 41, 2)])
    whole = sum(quad(part, low, high, epsabs=1e-300, epsrel=1e-10)[0] for low, high in zip(edges, edges[1:]))
    fit = known("bg_nbd", r, alpha, a, b)
    alive = forecasts.p_alive(fit, frequency, age * bool(frequency), age)
    found = forecasts.expected_purchases(fit, frequency, age * bool(frequency), age, 52)
    assert found / alive == pytest.approx(whole, rel=1e-6)


HISTORIES = st.tuples(st.one_of(st.integers(0, 9), st.integers(0, 20_000)), st.floats(0, 1), st.floats(0.1, 2000)).map(
    lambda row: (row[0], row[1] * row[2] if row[0] else 0.0, row[2])
)
MODELS = st.tuples(
    st.sampled_from(PURCHASE_MODELS),
    st.floats(0.05, 20), st.floats(0.05, 200), st.floats(0.05, 20), st.floats(0.05, 200),
).map(lambda values: known(values[0], *values[1:][: len(forecasts.NAMES[values[0]])]))  # fmt: skip


@hypothesis_seed(SEED)
@settings(max_examples=300, deadline=None, database=None)
@given(MODELS, HISTORIES)
def test_forecasts_stay_in_their_bounds(fit, history):
    alive = forecasts.p_alive(fit, *history)
    purchases = forecasts.expected_purchases(fit, *history, np.array([0, 1 / 7, 1, 10, 100, 1000]))
    assert 0 <= alive <= 1
    assert np.isfinite(purchases).all()
    assert purchases[0] == 0
    assert (np.diff(purchases) >= -1e-9 * (1 + purchases[-1])).all()


@pytest.fixture(scope="module", params=PURCHASE_MODELS)
def small(request) -> tuple:
    frequency, recency, age = simulate(request.param, TRUTHS[request.param], 1500, SEED)[0]
    days = np.ceil(recency * 7), np.ceil(age * 7)
    rows = frequency, days[0] / 7, days[1] / 7
    return request.param, rows, forecasts.fit(request.param, *rows)


@hypothesis_seed(SEED)
@settings(max_examples=3, deadline=None, database=None)
@given(order=st.integers(0, 1000), repeats=st.integers(1, 3))
def test_order_and_grouping_change_no_digit(small, order, repeats):
    model, rows, _ = small
    places = np.random.default_rng(order).permutation(np.tile(np.arange(len(rows[0])), repeats))
    one_by_one = forecasts.fit(model, *(column[places] for column in rows))
    grouped = forecasts.fit(model, *rows, customers=np.full(len(rows[0]), repeats))
    assert one_by_one.is_converged
    assert one_by_one == grouped


@hypothesis_seed(SEED)
@settings(max_examples=3, deadline=None, database=None)
@given(factor=st.floats(1e-3, 1e3))
def test_a_unit_of_time_changes_only_its_parameters(small, factor):
    model, (frequency, recency, age), weekly = small
    found = forecasts.fit(model, frequency, recency * factor, age * factor)
    units = {"alpha": factor, "beta": factor}
    expected = {name: value * units.get(name, 1) for name, value in weekly.parameters.items()}
    assert found.parameters == pytest.approx(expected, rel=1e-8)
    shift = -frequency.sum() * np.log(factor)
    assert found.log_likelihood == pytest.approx(weekly.log_likelihood + shift, rel=1e-10)


def test_spend_in_another_currency_changes_only_gamma():
    frequency, spend = simulate_spend(TRUTHS["gamma_gamma"], 1500, SEED)
    dollars, yen = forecasts.fit_gamma_gamma(frequency, spend), forecasts.fit_gamma_gamma(frequency, spend * 150)
    assert yen.parameters == pytest.approx(dollars.parameters | {"gamma": dollars.parameters["gamma"] * 150}, rel=1e-8)


def test_threads_and_processes_change_no_digit():
    code = (
        "from test_forecasts import *\n"
        "print([forecasts.fit(m, *simulate(m, TRUTHS[m], 3000, 1)[0]) for m in PURCHASE_MODELS],"
        " forecasts.fit_gamma_gamma(*simulate_spend(TRUTHS['gamma_gamma'], 3000, 1)))"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": paths},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1
    assert printed.pop().count("is_converged=True") == len(TRUTHS)


# honesty


AGES = np.linspace(20, 100, 1000)
LOYAL = np.random.default_rng(SEED).poisson(AGES * 0.2) + 1.0
NOTHING_TO_TELL = {
    "nobody": (np.array([]), np.array([]), np.array([])),
    "nobody bought again": (np.zeros(1000), np.zeros(1000), AGES),
    "a handful": (np.array([0, 1, 2, 5.0]), np.array([0, 3, 9, 20.0]), np.array([10, 10, 30, 30.0])),
    "a dozen": (np.arange(1.0, 13), np.arange(3.0, 15), np.full(12, 30.0)),
    "all the same": (np.full(1000, 3.0), np.full(1000, 20.0), np.full(1000, 40.0)),
    "nobody lapses": (LOYAL, AGES * LOYAL / (LOYAL + 1), AGES),
    "thousands of purchases": (np.arange(1000) * 50.0, np.where(np.arange(1000) > 0, AGES, 0), AGES),
}


TOLD_BY_NBD = {"a dozen", "thousands of purchases"}  # where dropping out cannot be told, but rates can


@pytest.mark.parametrize(
    ("model", "case"),
    [
        (model, case)
        for model in PURCHASE_MODELS
        for case in NOTHING_TO_TELL
        if model != "nbd" or case not in TOLD_BY_NBD
    ],
)
def test_what_cannot_be_told_has_a_reason_and_no_number(model, case):
    rows = NOTHING_TO_TELL[case]
    found = forecasts.fit(model, *rows)
    assert not found.is_converged
    assert (found.parameters, found.intervals, found.log_likelihood) == ({}, {}, None)
    assert found.n_customers == len(rows[0])
    assert found.reason.endswith(".")
    with pytest.raises(ValueError, match="has no forecast"):
        forecasts.p_alive(found, 1, 2, 3)


@pytest.mark.parametrize(
    ("frequency", "spend", "reason"),
    [
        ([], [], "Fewer than"),
        ([3, 4], [30, 31], "Fewer than"),
        (np.full(500, 3), np.full(500, 30), "no maximum"),
        (1 + np.arange(500) % 8, 0.01 + np.random.default_rng(1).pareto(0.7, 500), "q is not above 1"),
    ],
)
def test_spend_that_cannot_be_told_has_a_reason_and_no_number(frequency, spend, reason):
    found = forecasts.fit_gamma_gamma(frequency, spend)
    assert not found.is_converged
    assert found.parameters == {}
    assert reason in found.reason


def test_a_maximum_that_one_start_finds_is_luck(monkeypatch, cdnow):
    starts = forecasts.STARTS | {"bg_nbd": forecasts.STARTS["bg_nbd"][:1]}
    monkeypatch.setattr(forecasts, "STARTS", starts)
    found = forecasts.fit("bg_nbd", *cdnow)
    assert found == replace(found, is_converged=False, parameters={})
    assert "did not agree" in found.reason


@pytest.mark.parametrize("model", PURCHASE_MODELS)
def test_a_sample_that_cannot_tell_is_not_the_last_word(monkeypatch, cdnow, cdnow_fits, model):
    monkeypatch.setattr(forecasts, "ROUGH_CUSTOMERS", 12)
    assert forecasts.fit(model, *cdnow).parameters == pytest.approx(cdnow_fits[model].parameters, rel=1e-7)


@pytest.mark.parametrize(
    ("frequency", "recency", "age"),
    [(1, 3, 2), (-1, 0, 2), (0, 1, 2), (1, np.nan, 2), (1, -1, 2), (1, 0, 0)],
)
def test_a_history_that_cannot_be_is_an_error(frequency, recency, age):
    with pytest.raises(ValueError, match="a history"):
        forecasts.fit("bg_nbd", [frequency], [recency], [age])


@pytest.mark.parametrize(("frequency", "spend"), [(0, 1), (1, 0), (1, -2), (1, np.inf)])
def test_a_spend_that_cannot_be_is_an_error(frequency, spend):
    with pytest.raises(ValueError, match="spend > 0"):
        forecasts.fit_gamma_gamma([frequency], [spend])
