"""The slope of ratings on touch pressure, within one person, agrees with the least squares of statsmodels."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.weightstats import DescrStatsW

from helpers.builds import SEED

WINDOWS = (7, 28)
BANDS = {"0": (0, 0), "1-2": (1, 2), "3-5": (3, 5), "6+": (6, 10**9)}
STARTS_AT = datetime(2025, 1, 1)
HOUR = timedelta(hours=1)


def random_world(generator: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings and touches of some contacts; one rating in five comes to the microsecond on the edge of a window."""
    ratings, touches = [], []
    for number in range(generator.integers(2, 25)):
        contact = f"contact{number}"
        mood = generator.uniform(0.2, 0.8)
        moments = [STARTS_AT + generator.integers(0, 3000) * HOUR for _ in range(generator.integers(0, 60))]
        for moment in [STARTS_AT + generator.integers(0, 3000) * HOUR for _ in range(generator.integers(1, 12))]:
            score = round(float(np.clip(mood + generator.normal(0, 0.2), 0, 1)) * 10) / 10
            ratings.append((contact, moment, score))
            if generator.random() < 0.2:
                edges = [moment - timedelta(days=days) for days in (0, *WINDOWS)]
                moments += [edge + timedelta(microseconds=shift) for edge in edges for shift in (-1, 0, 1)]
        touches += [(contact, moment, generator.random() < 0.8, generator.random() < 0.9) for moment in moments]
    ratings += [(None, STARTS_AT, 0.0)] * 3
    touches += [(None, STARTS_AT, True, True)] * 3
    return (
        pd.DataFrame(ratings, columns=["contact_id", "responded_at", "score_unit"]),
        pd.DataFrame(touches, columns=["contact_id", "occurred_at", "is_outbound", "is_delivered"]),
    )


def pressure(compiled, ratings: pd.DataFrame, touches: pd.DataFrame) -> dict[tuple[int, str], dict]:
    responses = ratings.assign(response_id=[f"response{number}" for number in range(len(ratings))])
    compiled.fill("marts.fct_survey_responses", responses)
    direction = np.where(touches.is_outbound.astype(bool), "outbound", "inbound")
    of_model = touches.assign(direction=direction, touch_id=[f"touch{number}" for number in range(len(touches))])
    compiled.fill("marts.fct_touches", of_model.drop(columns="is_outbound"))
    rows = compiled.rows("metrics.touch_pressure", "window_days, pressure_band")
    return {(row["window_days"], row["pressure_band"]): row for row in rows}


def counts(ratings: pd.DataFrame, touches: pd.DataFrame, window: int) -> list[int]:
    """Return how many touches came before each rating, one after another."""
    kept = touches[touches.is_outbound & touches.is_delivered]
    moments = {contact: group.occurred_at.to_list() for contact, group in kept.groupby("contact_id")}
    return [
        sum(
            timedelta(0) < rating.responded_at - moment <= timedelta(days=window)
            for moment in moments.get(rating.contact_id, [])
        )
        for rating in ratings.itertuples()
    ]


def least_squares(known: pd.DataFrame) -> tuple[float, float]:
    """Return the slope of ratings on touches with one dummy per contact, and its standard error."""
    dummies = pd.get_dummies(known.contact_id).astype(float)
    fitted = sm.OLS(known.score_unit, pd.concat([known["count"].astype(float), dummies], axis=1)).fit()
    return fitted.params["count"], fitted.bse["count"]


@pytest.mark.parametrize("seed", range(SEED, SEED + 25))
def test_slopes_and_intervals_are_those_of_statsmodels(compiled, seed):
    ratings, touches = random_world(np.random.default_rng(seed))
    found = pressure(compiled, ratings, touches)
    assert found.keys() == {(window, band) for window in WINDOWS for band in BANDS}
    known = ratings.dropna(subset="contact_id")
    assert len(known) > known.contact_id.nunique() + 1
    for window in WINDOWS:
        known = known.assign(count=counts(known, touches, window))
        slope, error = least_squares(known)
        for band, (low, high) in BANDS.items():
            row = found[window, band]
            assert row["within_customer_slope"] == pytest.approx(slope, rel=1e-8, abs=1e-12)
            assert row["slope_se"] == pytest.approx(error, rel=1e-8)
            scores = known.score_unit[known["count"].between(low, high)]
            assert row["ratings"] == len(scores)
            if len(scores) == 0:
                assert (row["mean_score_unit"], row["ci_low"], row["ci_high"]) == (None, None, None)
                continue
            assert row["mean_score_unit"] == pytest.approx(scores.mean(), abs=1e-12)
            if len(scores) == 1:
                assert (row["ci_low"], row["ci_high"]) == (None, None)
            else:
                half = 1.959963985 * DescrStatsW(scores).std_mean
                assert row["ci_low"] == pytest.approx(scores.mean() - half, abs=1e-9)
                assert row["ci_high"] == pytest.approx(scores.mean() + half, abs=1e-9)


def planted(generator: np.random.Generator, within: float, between: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a world where a touch more moves a person by `within`, and who is pressed harder is happier by `between`."""
    ratings, touches = [], []
    for number in range(60):
        usual = int(generator.integers(1, 6))
        mood = 0.5 + between * (usual - 3) + generator.normal(0, 0.05)
        for rating in range(8):
            moment = STARTS_AT + timedelta(days=40 * rating)
            count = max(0, usual + int(generator.integers(-1, 2)))
            score = mood + within * (count - usual) + generator.normal(0, 0.05)
            ratings.append((f"contact{number}", moment, round(float(np.clip(score, 0, 1)), 6)))
            touches += [(f"contact{number}", moment - (step + 1) * HOUR, True, True) for step in range(count)]
    return (
        pd.DataFrame(ratings, columns=["contact_id", "responded_at", "score_unit"]),
        pd.DataFrame(touches, columns=["contact_id", "occurred_at", "is_outbound", "is_delivered"]),
    )


@pytest.mark.parametrize("seed", range(100 * SEED, 100 * SEED + 10))
@pytest.mark.parametrize("within", [-0.04, 0.04])
def test_the_slope_is_of_the_same_person_and_not_of_different_ones(compiled, within, seed):
    """Simpson's paradox: over all ratings together the slope has the other sign."""
    ratings, touches = planted(np.random.default_rng(seed), within=within, between=-2 * within)
    found = pressure(compiled, ratings, touches)
    for window in WINDOWS:
        count = np.array(counts(ratings, touches, window), dtype=float)
        pooled = np.polyfit(count, ratings.score_unit, 1)[0]
        row = found[window, "0"]
        assert np.sign(pooled) == -np.sign(within)
        assert abs(row["within_customer_slope"] - within) < 4 * row["slope_se"]
        assert abs(row["within_customer_slope"]) > 4 * row["slope_se"]
        assert np.sign(row["within_customer_slope"]) == np.sign(within)


@pytest.mark.parametrize(
    ("contacts", "is_slope", "is_error"),
    [
        ([(0.5, 1), (0.6, 1), (0.7, 1)], False, False),  # the count never varies
        ([(0.5, 1), (0.6, 3)], True, False),  # two ratings, two parameters
        ([(0.5, 1), (0.6, 3), (0.5, 2)], True, True),
        ([], False, False),
    ],
)
def test_what_cannot_be_known_is_null(compiled, contacts, is_slope, is_error):
    ratings, touches = [], []
    for number, (score, count) in enumerate(contacts):
        moment = STARTS_AT + timedelta(days=100 * number)
        ratings.append(("contact", moment, score))
        touches += [("contact", moment - step * HOUR, True, True) for step in range(1, count + 1)]
    types = {"contact_id": "str", "responded_at": "datetime64[us]", "score_unit": "float"}
    moments = {"contact_id": "str", "occurred_at": "datetime64[us]", "is_outbound": "bool", "is_delivered": "bool"}
    found = pressure(
        compiled,
        pd.DataFrame(ratings, columns=list(types)).astype(types),
        pd.DataFrame(touches, columns=list(moments)).astype(moments),
    )
    for row in found.values():
        assert (row["within_customer_slope"] is not None, row["slope_se"] is not None) == (is_slope, is_error)
