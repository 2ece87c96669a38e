"""Survival curves agree with lifelines and the leukaemia data of textbooks, and have the properties of every curve."""

import math
from collections import defaultdict
from datetime import timedelta
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.utils import qth_survival_time

from helpers.builds import SEED, WORLD_AS_OF

KINDS = ("censored", "value", "churn")
SHOWN_DAYS = [0, 30, 60, 90, 180]
ALPHA = 2 - 2 * NormalDist().cdf(1.959963985)
CLOSE = {"rel": 0, "abs": 1e-9}

# weeks of remission of 21 pairs of children (Freireich et al. 1963, Gehan 1965); a minus: still in remission
REMISSIONS = {
    "6-MP": [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35],
    "placebo": [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23],
}
# as printed, with Greenwood's standard error: Kalbfleisch and Prentice, The statistical analysis of failure time data
PRINTED_6_MP = {
    6: (0.857, 0.0764), 7: (0.807, 0.0869), 10: (0.753, 0.0963), 13: (0.690, 0.1068), 16: (0.627, 0.1141),
    22: (0.538, 0.1282), 23: (0.448, 0.1346),
}  # fmt: skip


def subjects(segment: str, durations, kinds) -> pd.DataFrame:
    """Return subjects that were observed for these numbers of days; a kind is an index into KINDS."""
    names = np.array(KINDS, dtype=object)[np.asarray(kinds, dtype=int)]
    return pd.DataFrame({"segment": segment, "observed_days": np.asarray(durations, dtype=int), "ended_by": names})


def curves(compiled, worlds: list[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the curve of each segment, by day."""
    everybody = pd.concat(worlds, ignore_index=True)
    everybody["account_id"] = [f"account{number}" for number in everybody.index]
    compiled.fill("marts.dim_customers", everybody[["account_id", "segment"]])
    compiled.fill("marts.time_to_value", everybody[["account_id", "observed_days", "ended_by"]])
    rows = pd.DataFrame(compiled.rows("metrics.time_to_value_curve", "segment, day"))
    return {segment: curve.set_index("day") for segment, curve in rows.groupby("segment")}


def random_worlds(generator: np.random.Generator, number: int, most: int) -> list[pd.DataFrame]:
    """Return companies of all sizes, most of them with many ties."""
    worlds = []
    for segment in range(number):
        size = int(generator.choice([*range(1, 8), *generator.integers(8, most + 1, 7)]))
        durations = generator.integers(0, generator.choice([2, 10, 100, 400]), size)
        kinds = generator.choice(3, size, p=generator.dirichlet([0.7, 0.7, 0.7]))
        worlds.append(subjects(f"segment{segment}", durations, kinds))
    return worlds


def by_segment(worlds: list[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {"all": pd.concat(worlds)} | {world.segment.iloc[0]: world for world in worlds}


def steps(estimate: pd.DataFrame, days: pd.Index) -> np.ndarray:
    """Return a step function of lifelines on some days."""
    return estimate.reindex(estimate.index.union(days)).ffill().loc[days].to_numpy()


def incidences(world: pd.DataFrame, days: pd.Index) -> tuple[list[float], list[float], list[float]]:
    """Return the incidence of value, that of churn, and the share at risk, written from the definition."""
    left, sums, answer = 1.0, {"value": 0.0, "churn": 0.0}, ([], [], [])
    for day in days:
        at_risk = (world.observed_days >= day).sum()
        counts = {kind: ((world.observed_days == day) & (world.ended_by == kind)).sum() for kind in sums}
        for kind, count in counts.items():
            sums[kind] += left * count / at_risk if at_risk else 0
        left *= 1 - sum(counts.values()) / at_risk if at_risk else 1
        for part, value in zip(answer, (*sums.values(), left)):
            part.append(value)
    return answer


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_kaplan_meier_is_that_of_lifelines(compiled, seed):
    worlds = random_worlds(np.random.default_rng(seed), 40, most=500)
    found = curves(compiled, worlds)
    expected = by_segment(worlds)
    assert found.keys() == expected.keys()
    for segment, world in expected.items():
        curve = found[segment]
        assert list(curve.index) == sorted({*world.observed_days, *SHOWN_DAYS})
        durations, events = world.observed_days.to_numpy(), (world.ended_by == "value").to_numpy()
        fitted = KaplanMeierFitter(alpha=ALPHA).fit(durations, events)
        table = fitted.event_table.reindex(curve.index, fill_value=0)
        assert list(curve.value_events) == list(table.observed)
        assert list(curve.churn_events + curve.censored) == list(table.censored)
        assert list(curve.at_risk) == [(durations >= day).sum() for day in curve.index]
        assert curve.survival.to_numpy() == pytest.approx(steps(fitted.survival_function_, curve.index)[:, 0], **CLOSE)
        intervals = steps(fitted.confidence_interval_, curve.index)
        assert curve[["survival_low", "survival_high"]].to_numpy() == pytest.approx(intervals, **CLOSE)


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_incidences_without_ties_are_those_of_lifelines(compiled, seed):
    """Lifelines moves ties apart by chance, so that there must be none."""
    generator = np.random.default_rng(seed)
    free = generator.permutation(np.arange(1, 20_000))
    worlds = []
    for segment in range(15):
        size = int(generator.integers(2, 300))
        durations, free = free[:size], free[size:]
        kinds = generator.choice(3, size, p=generator.dirichlet([1, 1, 1]))
        worlds.append(subjects(f"segment{segment}", durations, kinds))
    found = curves(compiled, worlds)
    medians = {row["segment"]: row for row in compiled.rows("metrics.time_to_value_summary", "segment")}
    for segment, world in by_segment(worlds).items():
        curve = found[segment]
        for kind in (1, 2):
            fitter = AalenJohansenFitter(calculate_variance=False)
            fitter.fit(world.observed_days, world.ended_by.map(KINDS.index), event_of_interest=kind)
            incidence = fitter.cumulative_density_.iloc[:, 0]
            wanted = steps(incidence.to_frame(), curve.index)[:, 0]
            assert curve[f"incidence_{KINDS[kind]}"].to_numpy() == pytest.approx(wanted, **CLOSE)
            if kind == 1:
                reached = incidence.index[incidence >= 0.5 - 1e-12]
                assert medians[segment]["median_days"] == (reached[0] if len(reached) else None)
        assert medians[segment]["subjects"] == len(world)


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_incidences_with_ties_are_by_the_definition(compiled, seed):
    worlds = random_worlds(np.random.default_rng(seed), 20, most=200)
    found = curves(compiled, worlds)
    for segment, world in by_segment(worlds).items():
        value, churn, _ = incidences(world, found[segment].index)
        assert found[segment].incidence_value.to_numpy() == pytest.approx(value, **CLOSE)
        assert found[segment].incidence_churn.to_numpy() == pytest.approx(churn, **CLOSE)


WAITS = st.lists(st.tuples(st.integers(0, 35), st.integers(0, 2)), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None)
@given(waits=WAITS)
def test_what_holds_of_every_curve(compiled, waits):
    world = subjects("one", *zip(*waits))
    found = curves(compiled, [world])
    curve = found["one"]
    assert found["all"].drop(columns="segment").equals(curve.drop(columns="segment"))
    *_, left = incidences(world, curve.index)
    total = curve.incidence_value + curve.incidence_churn + left
    assert total.to_numpy() == pytest.approx(np.ones(len(curve)), **CLOSE)
    ended = curve.value_events + curve.churn_events + curve.censored
    assert list(curve.at_risk) == [len(world) - before for before in ended.cumsum().shift(fill_value=0)]
    assert ended.sum() == len(world)
    assert ((curve.survival_low <= curve.survival) & (curve.survival <= curve.survival_high)).all()
    assert curve.survival.between(0, 1).all()
    assert (curve.survival.diff().dropna() <= 0).all()
    assert (curve.incidence_value.diff().dropna() >= 0).all()
    # who leaves takes his chance of value along, so that the curve that censors him promises more
    assert (curve.incidence_value <= 1 - curve.survival + 1e-9).all()
    if "churn" not in set(world.ended_by):
        assert curve.incidence_value.to_numpy() == pytest.approx(1 - curve.survival.to_numpy(), **CLOSE)


def test_the_curve_does_not_depend_on_the_order_of_rows(compiled):
    world = random_worlds(np.random.default_rng(SEED), 6, most=500)
    assert all(
        one.equals(other)
        for one, other in zip(
            curves(compiled, world).values(), curves(compiled, [part.iloc[::-1] for part in world[::-1]]).values()
        )
    )


def test_leukaemia_remissions(compiled):
    worlds = [subjects(arm, np.abs(weeks), [int(number > 0) for number in weeks]) for arm, weeks in REMISSIONS.items()]
    found = curves(compiled, worlds)
    treated = found["6-MP"]
    assert (len(worlds[0]), treated.value_events.sum()) == (21, 9)
    for week, (survival, error) in PRINTED_6_MP.items():
        row = treated.loc[week]
        assert row.survival == pytest.approx(survival, abs=0.0006)
        # the interval is that of log(-log S), of which Greenwood's error over S log S is the error
        half_width = 1.959963985 * error / abs(survival * math.log(survival))
        expected = [survival ** math.exp(sign * half_width) for sign in (1, -1)]
        assert [row.survival_low, row.survival_high] == pytest.approx(expected, abs=0.002)
    placebo = found["placebo"]
    without_ties = [sum(week > day for week in REMISSIONS["placebo"]) / 21 for day in placebo.index]
    assert placebo.survival.to_numpy() == pytest.approx(without_ties, **CLOSE)  # nobody is censored
    medians = {row["segment"]: row["median_days"] for row in compiled.rows("metrics.time_to_value_summary", "segment")}
    assert (medians["6-MP"], medians["placebo"]) == (23, 8)
    for world in worlds:
        fitted = KaplanMeierFitter().fit(world.observed_days, world.ended_by == "value")
        assert medians[world.segment.iloc[0]] == fitted.median_survival_time_


# quantiles of a curve, as those of support tickets


def tickets(worlds: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tickets that were solved after these numbers of minutes, a channel per segment; other kinds are open."""
    waits = pd.concat(worlds, ignore_index=True)
    is_solved = waits.ended_by == "value"
    created_at = [WORLD_AS_OF - timedelta(minutes=int(minutes)) for minutes in waits.observed_days]
    created_at = pd.Series(created_at, dtype="datetime64[us]")
    return pd.DataFrame({
        "ticket_id": [f"ticket{number}" for number in waits.index], "channel": waits.segment,
        "created_at": created_at, "clock_started_at": created_at, "is_unanswered": True,
        "resolved_at": created_at.where(is_solved), "resolution_minutes": waits.observed_days.where(is_solved),
    })  # fmt: skip


def quantiles(compiled, worlds: list[pd.DataFrame]) -> dict[str, dict]:
    compiled.fill("marts.fct_tickets", tickets(worlds))
    rows = compiled.rows("metrics.ticket_times", "subject_id")
    wanted = {"measure": "resolution", "subject_type": "channel", "month": None}
    return {row["subject_id"]: row for row in rows if wanted.items() <= row.items()}


def crossing(estimate: pd.Series, share: float) -> float | None:
    """Return lifelines' quantile of a curve, where steps that differ by rounding alone are one."""
    time = qth_survival_time(round(1 - share, 12), estimate.round(12))
    return None if math.isinf(time) else time


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_medians_are_those_of_lifelines(compiled, seed):
    worlds = random_worlds(np.random.default_rng(seed), 60, most=300)
    found = quantiles(compiled, worlds)
    seen = defaultdict(int)
    for world in worlds:
        row = found[world.segment.iloc[0]]
        fitted = KaplanMeierFitter(alpha=ALPHA).fit(world.observed_days, world.ended_by == "value")
        curve = fitted.survival_function_.iloc[:, 0]
        low, high = (fitted.confidence_interval_.iloc[:, place] for place in (0, 1))
        for name, share in (("median", 0.5), ("p90", 0.9)):
            assert row[f"{name}_minutes"] == crossing(curve, share)
            assert row[f"{name}_low"] == crossing(low, share)
            assert row[f"{name}_high"] == crossing(high, share)
            seen[name, row[f"{name}_minutes"] is None] += 1
        if row["median_minutes"] is not None and not (curve - 0.5).abs().between(1e-18, 1e-9).any():
            assert row["median_minutes"] == fitted.median_survival_time_
    assert len(seen) == 4, seen


def test_medians_of_the_leukaemia_remissions(compiled):
    """With the intervals that SAS and R print for log(-log S)."""
    worlds = [subjects(arm, np.abs(weeks), [int(number > 0) for number in weeks]) for arm, weeks in REMISSIONS.items()]
    found = quantiles(compiled, worlds)
    medians = {arm: [row[f"median_{part}"] for part in ("minutes", "low", "high")] for arm, row in found.items()}
    assert medians == {"6-MP": [23, 13, None], "placebo": [8, 4, 11]}
