"""Published forecasts agree with the papers and with lifetimes on CDNOW, and are null where they would be wrong."""

import csv
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.forecasts import relations as forecast_relations
from customer_outcomes.forecasts.models import Fit
from customer_outcomes.forecasts.relations import FITS, PURCHASE_MODELS
from helpers.builds import SEED, Built, good_build, records
from helpers.purchases import STATISTICS, forecast, statistics_of
from oracle import forecasts as oracle_forecasts
from oracle.compute import compute

pytestmark = pytest.mark.whole_builds(1)

CDNOW = Path(__file__).parents[2] / "fixtures" / "cdnow" / "cdnow_sample.csv"
CDNOW_AS_OF = datetime(1997, 9, 30, 23, 59, 59)
CDNOW_VARIABLES = {"reporting_currency": "USD", "forecast_model": "bg_nbd", "forecast_horizon_weeks": 39}
PUBLISHED = {
    "bg_nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "pareto_nbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
    "gamma_gamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
}


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory) -> Built:
    """CDNOW's sample, built as at the end of the papers' calibration."""
    folder = tmp_path_factory.mktemp("cdnow")
    (folder / "input" / "crm").mkdir(parents=True)
    with CDNOW.open(newline="") as text:
        purchases = list(csv.DictReader(text))
    accounts = {row["sample_customer_id"]: [row["sample_customer_id"], "person", "1997-01-01"] for row in purchases}
    transactions = [
        [number, row["sample_customer_id"], "charge", row["dollar_value"], "USD", row["order_date"]]
        for number, row in enumerate(purchases)
    ]
    header = "transaction_id", "account_id", "transaction_type", "amount", "currency_code", "transacted_at"
    write(folder / "input" / "crm" / "accounts.csv", [["account_id", "account_type", "created_at"], *accounts.values()])
    write(folder / "input" / "crm" / "transactions.csv", [header, *transactions])
    return good_build(folder, folder / "input", as_of=CDNOW_AS_OF, variables=CDNOW_VARIABLES)


def write(path: Path, rows: list) -> None:
    with path.open("w", newline="") as text:
        csv.writer(text).writerows(rows)


def fits_of(built: Built) -> dict[str, dict]:
    return {row["model"]: row for row in records(built.database, "marts.forecast_fits")}


@pytest.fixture(scope="module")
def cdnow_rows(cdnow) -> list[dict]:
    """What the oracle says of each customer."""
    expected = compute(cdnow.input, load_contract(), as_of=CDNOW_AS_OF, reporting_currency="USD")
    return expected["int_customers__purchase_statistics"]


def test_cdnow_publishes_the_papers_parameters(cdnow):
    fits = fits_of(cdnow)
    for model, parameters in PUBLISHED.items():
        assert json.loads(fits[model]["parameters"]) == pytest.approx(parameters, rel=0.005), model
    assert fits["bg_nbd"]["log_likelihood"] == pytest.approx(-9582.4, abs=0.1)
    assert fits["pareto_nbd"]["log_likelihood"] == pytest.approx(-9595.0, abs=0.1)
    assert {model: row["n_customers"] for model, row in fits.items()} == dict.fromkeys(PURCHASE_MODELS, 2357) | {
        "gamma_gamma": 946
    }
    assert [model for model, row in fits.items() if row["is_chosen"]] == ["bg_nbd", "gamma_gamma"]
    assert fits["bg_nbd"]["reason"].startswith("Chosen: the var forecast_model names it.")
    customers = records(cdnow.database, "marts.customer_forecasts")
    expected = {
        round(row["expected_purchases"], 3)
        for row in customers
        if (row["frequency"], round(row["recency_weeks"], 2), round(row["age_weeks"], 2)) == (2, 30.43, 38.86)
    }
    assert expected == {1.226}


def test_cdnow_statistics_are_the_oracles(cdnow, cdnow_rows):
    found = {
        row.pop("account_id"): row
        for row in records(cdnow.warehouse, "intermediate.int_customers__purchase_statistics")
    }
    assert found == {row["account_id"]: {name: row[name] for name in STATISTICS} for row in cdnow_rows}
    actual, naive = oracle_forecasts.holdout_of_run_rate(cdnow_rows)
    for model, row in fits_of(cdnow).items():
        if model != "gamma_gamma":
            assert row["holdout_actual"] == actual
            assert row["naive_mae"] == pytest.approx(float(naive), rel=1e-9)
            # NBD does not see that customers of CDNOW lapse: it expects half as many purchases again as there were.
            # It errs less than the run rate all the same, but for the many who buy nothing, and more than the others.
            assert (row["holdout_mae"] < row["naive_mae"]) == (model != "nbd")
            assert row["holdout_rmse"] < row["naive_rmse"] == pytest.approx(1.0786, abs=1e-4)
            assert (row["holdout_rmse"] < 0.85) == (model != "nbd")
            assert row["reason"].endswith("errs less in the holdout.") == (model == "nbd")
            assert row["holdout_predicted"] == pytest.approx(actual * (1.617 if model == "nbd" else 1), rel=0.1)


def test_cdnow_customers_are_as_the_published_parameters_say(cdnow, cdnow_rows):
    fits = fits_of(cdnow)
    of_purchases = json.loads(fits["bg_nbd"]["parameters"])
    p, q, gamma = json.loads(fits["gamma_gamma"]["parameters"]).values()
    statistics = {row["account_id"]: row for row in cdnow_rows}
    for row in records(cdnow.database, "marts.customer_forecasts")[:: 2357 // 200]:
        p_alive, expected = oracle_forecasts.chances("bg_nbd", of_purchases, row, 39)
        assert row["p_alive"] == pytest.approx(p_alive, rel=1e-9)
        assert row["expected_purchases"] == pytest.approx(expected, rel=1e-7)
        discounted = oracle_forecasts.value("bg_nbd", of_purchases, row, 39, 0.1)
        assert row["discounted_purchases"] == pytest.approx(discounted, rel=1e-7)
        of_spend = statistics[row["account_id"]]
        if row["frequency"] and not of_spend["spend_days"]:
            assert (row["expected_spend"], row["forecast_value"]) == (None, None)
            assert row["reason"] == "None of its repeat purchase days has spend above 0."
            continue
        expected_spend = p * (gamma + float(of_spend["spend_amount"])) / (p * of_spend["spend_days"] + q - 1)
        assert row["expected_spend"] == pytest.approx(expected_spend, rel=1e-9)
        assert float(row["forecast_value"]) == pytest.approx(discounted * expected_spend, abs=0.006, rel=1e-7)
        assert row["reason"] is None


def test_few_customers_get_no_forecast_but_the_reason(oddities_build):
    fits = fits_of(oddities_build)
    customers = records(oddities_build.database, "marts.customer_forecasts")
    repeating = sum(row["frequency"] > 0 for row in customers)
    assert 0 < repeating < 200
    for model in PURCHASE_MODELS:
        assert fits[model]["reason"] == (
            f"Not fitted: {repeating} customers bought on more than one day, and forecast_min_customers is 200."
        )
        assert not fits[model]["is_chosen"] and not fits[model]["is_converged"]
        assert fits[model]["parameters"] is None
    figures = "model", "p_alive", "expected_purchases", "discounted_purchases", "expected_spend", "forecast_value"
    for row in customers:
        assert {row[name] for name in figures} == {None}
        assert row["reason"] == fits["bg_nbd"]["reason"]
    lifetimes = records(oddities_build.database, "marts.customer_lifetime")
    assert {row["forecast_value"] for row in lifetimes} == {None}
    assert {row["account_id"] for row in lifetimes} <= {row["account_id"] for row in customers}


# the fits by themselves, on companies in memory


def company(generator: np.random.Generator, customers: int = 600, spread: float = 0.4, days: int = 720) -> list[dict]:
    """Return statistics of customers who buy at their own rate and lapse after a purchase with their own chance."""
    cut = days - days // 3
    rows = []
    for number in range(customers):
        first = int(generator.integers(0, days // 2))
        rate, worth = generator.gamma(0.8, 0.05), 50 * generator.lognormal(0, spread)
        lapse, bought = generator.beta(0.8, 2.5), [first]
        while generator.random() > lapse:
            bought.append(bought[-1] + 1 + int(generator.exponential(1 / rate)))
        bought = [day for day in bought if day <= days]
        spends = [round(worth * generator.lognormal(0, 0.2), 2) for _ in bought]
        rows.append({"account_id": f"account{number:05}", **statistics_of(bought, spends, cut, days)})
    return rows


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return company(np.random.default_rng(SEED))


def test_auto_takes_the_smallest_holdout_error_and_says_so(rows):
    fits, customers = forecast(rows)
    judged = {model: fits[model]["holdout_rmse"] for model in PURCHASE_MODELS if fits[model]["is_converged"]}
    assert len(judged) > 1
    best = min(judged, key=judged.get)
    assert [model for model in PURCHASE_MODELS if fits[model]["is_chosen"]] == [best]
    assert fits[best]["reason"].startswith("Chosen: of the models that converged, it has the smallest holdout error.")
    assert {row["model"] for row in customers} == {best}
    assert [row["account_id"] for row in customers] == sorted(row["account_id"] for row in rows)
    assert all(row["forecast_value"] > 0 and row["reason"] is None for row in customers)


def test_the_naive_rate_is_named_where_it_wins(rows):
    """In the holdout everybody goes on exactly as before."""
    going_on = []
    for row in (row for row in rows if row["calibration_age_days"]):
        rate = row["calibration_frequency"] / row["calibration_age_days"]
        going_on.append(row | {"holdout_purchase_days": round(rate * row["holdout_days"])})
    fits, _ = forecast(going_on)
    for model in PURCHASE_MODELS:
        assert fits[model]["naive_mae"] < fits[model]["holdout_mae"]
        assert fits[model]["naive_rmse"] < fits[model]["holdout_rmse"]
        assert fits[model]["reason"].endswith(" The naive run rate errs less in the holdout.")


def test_a_named_model_is_taken_whatever_the_holdout_says(rows):
    for model in PURCHASE_MODELS:
        fits, customers = forecast(rows, forecast_model=model)
        assert [name for name in PURCHASE_MODELS if fits[name]["is_chosen"]] == [model]
        assert {row["model"] for row in customers} == {model}


def test_without_a_holdout_the_likelihood_decides(rows):
    fits, _ = forecast([row | {"holdout_days": 0, "holdout_purchase_days": 0} for row in rows])
    likelihoods = {model: fits[model]["log_likelihood"] for model in PURCHASE_MODELS if fits[model]["is_converged"]}
    best = max(likelihoods, key=likelihoods.get)
    assert fits[best]["reason"].startswith("Chosen: of the models that converged, it has the largest likelihood.")
    for model in likelihoods:
        errors = "holdout_actual", "holdout_predicted", "holdout_mae", "naive_mae", "holdout_rmse", "naive_rmse"
        assert {fits[model][name] for name in errors} == {None}
        assert "There is no holdout" in fits[model]["reason"]


@pytest.mark.parametrize(("less", "is_forecast"), [(0, True), (1, False)])
def test_as_many_repeat_customers_as_asked_for_are_enough(rows, less, is_forecast):
    repeating = sum(row["frequency"] > 0 for row in rows)
    fits, customers = forecast(rows, min_customers=repeating + less)
    assert {fits[model]["is_chosen"] for model in fits} == ({True, False} if is_forecast else {False})
    assert {row["forecast_value"] is not None for row in customers} == {is_forecast}
    before = "There is no holdout error, for the data before it: Not fitted"  # fewer had come back by then
    assert all((before in fits[model]["reason"]) == is_forecast for model in PURCHASE_MODELS)


def no_convergence(model, *_, **__) -> Fit:
    return Fit(model, {}, {}, None, 600, False, "The search did not settle.")


def test_without_convergence_nothing_is_said(rows, monkeypatch):
    monkeypatch.setattr(forecast_relations.forecasts, "fit", no_convergence)
    fits, customers = forecast(rows)
    assert not any(fits[model]["is_chosen"] for model in PURCHASE_MODELS)
    assert {row["reason"] for row in customers} == {"The search did not settle."}
    figures = "model", "p_alive", "expected_purchases", "forecast_value"
    assert {row[name] for row in customers for name in figures} == {None}


def test_a_named_model_without_convergence_is_replaced_by_none(rows, monkeypatch):
    honest = forecast_relations.forecasts.fit

    def fit(model, *of):
        return (no_convergence if model == "bg_nbd" else honest)(model, *of)

    monkeypatch.setattr(forecast_relations.forecasts, "fit", fit)
    fits, customers = forecast(rows, forecast_model="bg_nbd")
    assert not any(fits[model]["is_chosen"] for model in PURCHASE_MODELS)
    assert {row["reason"] for row in customers} == {"The search did not settle."}


def test_without_spend_purchases_are_still_forecast(rows):
    free = [row | {name: 0 for name in STATISTICS if "spend" in name} for row in rows]
    fits, customers = forecast(free)
    why = "Not fitted: 0 customers have repeat days with spend, and forecast_min_customers is 200."
    assert fits["gamma_gamma"]["reason"] == why
    for row in customers:
        assert 0 <= row["p_alive"] <= 1 and row["expected_purchases"] > 0
        assert (row["expected_spend"], row["forecast_value"]) == (None, None)
        assert row["reason"] == f"No spend is expected: {why}"


def test_a_customer_whose_repeat_days_brought_nothing_has_no_value(rows):
    at = next(place for place, row in enumerate(rows) if row["frequency"] > 0)
    changed = [*rows[:at], rows[at] | {"spend_days": 0, "spend_amount": 0.0}, *rows[at + 1 :]]
    _, customers = forecast(changed)
    assert [place for place, row in enumerate(customers) if row["reason"]] == [at]
    assert customers[at]["reason"] == "None of its repeat purchase days has spend above 0."
    assert (customers[at]["expected_spend"], customers[at]["forecast_value"]) == (None, None)
    assert customers[at]["expected_purchases"] > 0


def test_spend_that_goes_with_frequency_is_warned_of(rows):
    independent, _ = forecast(rows)
    assert abs(independent["gamma_gamma"]["spend_frequency_correlation"]) < 0.3
    assert "Warning" not in independent["gamma_gamma"]["reason"]
    for power in (1, -1):
        tied = [row | {"spend_amount": row["spend_days"] * 10 * (1 + row["frequency"]) ** power} for row in rows]
        fits, customers = forecast(tied)
        row = fits["gamma_gamma"]
        repeating = [row for row in tied if row["spend_days"]]
        means = [row["spend_amount"] / row["spend_days"] for row in repeating]
        expected = np.corrcoef(means, [row["frequency"] for row in repeating])[0, 1]
        assert row["spend_frequency_correlation"] == pytest.approx(expected)
        assert abs(expected) > 0.3
        assert f"Warning: mean spend and frequency, taken as independent, correlate by {expected:.2f}." in row["reason"]
        assert any(row["forecast_value"] is not None for row in customers) == row["is_chosen"]


def test_same_customers_same_digits(rows):
    expected = forecast(rows)
    shuffled = [rows[place] for place in np.random.default_rng(SEED).permutation(len(rows))]
    for threads in (1, 2, 4):
        assert forecast(shuffled, threads) == expected


def test_no_customers_at_all():
    fits, customers = forecast([])
    assert list(fits) == [*PURCHASE_MODELS, "gamma_gamma"]
    assert {name for row in fits.values() for name in row} == set(FITS.names)
    assert customers == []
