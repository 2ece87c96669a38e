"""The saturation verdict finds planted bends, calls no straight line bent, and agrees with exact fractions."""

import math
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from helpers.builds import SEED

Z = 1.959963985
CLAIMED_KNOT = Fraction(6, 100)
KNOTS = [Fraction(hundredths, 100) for hundredths in range(2, 16)]
COUNTS = ("control_exposures", "control_conversions", "variant_exposures", "variant_conversions")
WORLDS = 100
# of 100 planted worlds, the least number that must get their verdict; about 97 do, because a 95 % interval decides
LEAST = 90
TYPES = {
    "experiment_id": "str", "ended_on": "datetime64[s]", "spend_amount": "object", "is_shipped": "bool",
} | dict.fromkeys(COUNTS, "int64")  # fmt: skip


def run(compiled, experiments: list[dict]) -> tuple[list[dict], list[dict]]:
    """Return the models' experiments, in their order, and the verdicts."""
    frame = pd.DataFrame(experiments, columns=list(TYPES)).astype(TYPES)
    compiled.fill("marts.fct_experiments", frame)
    lifts = compiled.rows("metrics.conversion_saturation", "ended_on, experiment_id")
    return lifts, compiled.rows("metrics.saturation_verdict", "knot")


# the definitions once more, by fractions, in which nothing is rounded


def risk(experiment: dict) -> tuple[Fraction, Fraction] | None:
    """Return the relative risk and the variance of its logarithm."""
    n1, a1, n2, a2 = (Fraction(int(experiment[name])) for name in COUNTS)
    if a1 > n1 or a2 > n2:
        return None
    if 0 in (a1, n1 - a1, a2, n2 - a2):
        half = Fraction(1, 2)
        n1, a1, n2, a2 = n1 + 1, a1 + half, n2 + 1, a2 + half
    return (a2 / n2) / (a1 / n1), 1 / a2 - 1 / n2 + 1 / a1 - 1 / n1


def expected_lifts(experiments: list[dict]) -> list[dict]:
    ordered = sorted(experiments, key=lambda row: (row["ended_on"], row["experiment_id"]))
    risks = [risk(row) for row in ordered]
    known = [(ratio - 1, ratio**2 * variance) for ratio, variance in filter(None, risks)]
    weight = sum(1 / variance for _, variance in known)
    mean = sum(lift / variance for lift, variance in known) / weight if known else None
    between = Fraction(0)
    if len(known) > 1:
        heterogeneity = sum((lift - mean) ** 2 / variance for lift, variance in known)
        scale = weight - sum(1 / variance**2 for _, variance in known) / weight
        between = max(Fraction(0), (heterogeneity - (len(known) - 1)) / scale)
    cumulative, rows = Fraction(1), []
    for experiment, estimate in zip(ordered, risks):
        spend = Fraction(str(experiment["spend_amount"]))
        row = {"experiment_id": experiment["experiment_id"], "cumulative_lift": cumulative - 1, "spend": spend}
        row |= dict.fromkeys(("lift", "lift_variance", "lift_low", "lift_high", "shrunken_lift", "return_on_spend"))
        if estimate:
            ratio, variance = estimate
            lift, lift_variance = ratio - 1, ratio**2 * variance
            spread = math.exp(Z * math.sqrt(variance))
            row |= {"lift": lift, "lift_variance": lift_variance}
            row |= {"lift_low": float(ratio) / spread - 1, "lift_high": float(ratio) * spread - 1}
            row["shrunken_lift"] = mean + between / (between + lift_variance) * (lift - mean)
            if spend:
                row["return_on_spend"] = lift / spend
            if experiment["is_shipped"]:
                cumulative *= 1 + row["shrunken_lift"]
        rows.append(row)
    return rows


def expected_verdict(rows: list[dict], knot: Fraction) -> dict:
    known = [row for row in rows if row["return_on_spend"] is not None]
    sides = {
        "below": [row for row in known if row["cumulative_lift"] < knot],
        "above": [row for row in known if row["cumulative_lift"] >= knot],
    }
    answer: dict = {"experiments": len(known), "scale": Fraction(0)}
    weights = {}
    for side, members in sides.items():
        weights[side] = sum(row["spend"] ** 2 / row["lift_variance"] for row in members)
        total = sum(row["return_on_spend"] * row["spend"] ** 2 / row["lift_variance"] for row in members)
        answer |= {f"experiments_{side}": len(members), f"return_{side}": total / weights[side] if members else None}
        # a return is a difference of rates by the spend: so large are the figures of which the mean is a difference
        rates = sum(row["spend"] / row["lift_variance"] for row in members)
        answer["scale"] += rates / weights[side] if members else 0
    answer |= {"return_change": None, "return_change_se": None, "verdict": "too_little_data"}
    if all(sides.values()):
        change = answer["return_above"] - answer["return_below"]
        error = math.sqrt(1 / weights["below"] + 1 / weights["above"])
        answer |= {"return_change": change, "return_change_se": error}
        if len(known) >= 8 and min(map(len, sides.values())) >= 3:
            if change + Z * error < 0:
                answer["verdict"] = "supports"
            elif change - Z * error > -answer["return_below"] / 4:
                answer["verdict"] = "contradicts"
    return answer


def assert_close(found: float | None, wanted: Fraction | float | None, what: str, scale: float = 0) -> None:
    """Check a figure to nine digits of itself, or of the figures of which it is a difference."""
    assert (found is None) == (wanted is None), what
    if wanted is not None:
        distance = abs(Fraction(found) - Fraction(wanted))
        assert distance <= Fraction(1, 10**9) * max(abs(Fraction(wanted)), Fraction(scale)), (
            what,
            found,
            float(wanted),
        )


def assert_exact(compiled, experiments: list[dict]) -> Counter:
    """Check every figure, and return the verdicts."""
    lifts, verdicts = run(compiled, experiments)
    wanted = expected_lifts(experiments)
    assert [row["experiment_id"] for row in lifts] == [row["experiment_id"] for row in wanted]
    for found, row in zip(lifts, wanted):
        for name in ("lift", "lift_low", "lift_high", "shrunken_lift", "cumulative_lift"):
            assert_close(found[name], row[name], f"{name} of {row['experiment_id']}", scale=1)
        assert_close(found["lift_variance"], row["lift_variance"], "variance")
        scale = 1 / row["spend"] if row["spend"] else 0  # a return is a difference of rates by the spend
        assert_close(found["return_on_spend"], row["return_on_spend"], "return", scale=scale)
    assert [row["knot"] for row in verdicts] == [float(knot) for knot in KNOTS]
    assert [row["is_claimed_knot"] for row in verdicts] == [knot == CLAIMED_KNOT for knot in KNOTS]
    for found, knot in zip(verdicts, KNOTS):
        if any(abs(row["cumulative_lift"] - knot) < Fraction(1, 10**8) for row in wanted):
            continue
        expected = expected_verdict(wanted, knot)
        scale = expected.pop("scale")
        for name, value in expected.items():
            if isinstance(value, int | str):
                assert found[name] == value, (name, knot)
            else:
                assert_close(found[name], value, f"{name} at {float(knot)}", scale=0 if name.endswith("se") else scale)
    return Counter(row["verdict"] for row in verdicts)


def experiment(number: int, counts: tuple, spend: object = 1000, is_shipped: bool = True) -> dict:
    return {
        "experiment_id": f"experiment{number:03}",
        "ended_on": date(2024, 1, 1) + timedelta(days=7 * number),
        "spend_amount": spend,
        "is_shipped": is_shipped,
        **{name: int(count) for name, count in zip(COUNTS, counts)},
    }


def random_world(generator: np.random.Generator) -> list[dict]:
    """Return experiments of all sizes, some on the same day, some wrongly counted."""
    size = int(generator.integers(1, 40))
    largest = generator.choice([3, 5, 7])
    rows = []
    for number in range(size):
        exposures = [int(10 ** generator.uniform(largest - 2, largest)) for _ in range(2)]
        rate = generator.uniform(0.02, 0.3)
        lift = generator.normal(0.02, generator.choice([0.0, 0.03]))
        control = generator.binomial(exposures[0], rate)
        variant = generator.binomial(exposures[1], rate * (1 + lift))
        if generator.random() < 0.05:
            control, variant = exposures[0] + generator.choice([0, 1]), int(generator.choice([0, variant]))
        spend = str(round(generator.uniform(500, 5000), 2)) if generator.random() < 0.9 else "0"
        row = experiment(number, (exposures[0], control, exposures[1], variant), spend, generator.random() < 0.7)
        rows.append(row | {"ended_on": date(2024, 1, 1) + timedelta(days=int(generator.integers(0, 30)))})
    return rows


@pytest.mark.parametrize("seed", range(40 * SEED, 40 * SEED + 40))
def test_every_figure_is_that_of_fractions(compiled, seed):
    assert_exact(compiled, random_world(np.random.default_rng(seed)))


HUGE = 10**15
EXTREMES = {
    "none": [],
    "one": [(1000, 100, 1000, 110)],
    "two that are one": [(1000, 100, 1000, 110)] * 2,
    "none is possible": [(10, 11, 10, 5), (10, 5, 10, 11)],
    "huge counts": [(HUGE, HUGE // 10 + number, HUGE - number, HUGE // 9) for number in range(9)],
    "huge and close": [(HUGE, HUGE // 10, HUGE, HUGE // 10 + number * 10**9) for number in range(9)],
    "huge and small": [(HUGE, HUGE // 10, HUGE, HUGE // 10), *[(50, 20, 50, 10 + number) for number in range(9)]],
    "zero cells": [(10, 0, 10, 0), (10, 0, 10, 10), (10, 10, 10, 0), (10, 10, 10, 10), (1, 0, 1, 1), (1, 1, 1, 0)],
    "zero cells of huge counts": [(HUGE, 0, HUGE, HUGE), (HUGE, HUGE, HUGE, 0), (HUGE, 0, HUGE, 0), (10, 1, 10, 2)],
    "huge lifts alone": [(HUGE, 0, HUGE, HUGE), (HUGE // 2, 0, HUGE, HUGE), (HUGE // 3, 0, HUGE, HUGE)],
    "all is lost": [(HUGE * 1000, HUGE * 1000, HUGE * 1000, 0)] * 3,
    "one exposure": [(1, 0, 1, 0)] * 9,
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("spends", [["100"], ["0"], ["0.01", "100000000.00"], ["1000", "0", "999999999999.99"]])
def test_extremes(compiled, name, spends):
    counts = EXTREMES[name]
    assert_exact(compiled, [experiment(at, part, spends[at % len(spends)]) for at, part in enumerate(counts)])


def test_nothing_of_an_impossible_count_is_known(compiled):
    lifts, verdicts = run(compiled, [experiment(0, (10, 11, 10, 5))])
    assert [lifts[0][name] for name in ("lift", "lift_low", "lift_high", "shrunken_lift")] == [None] * 4
    assert (lifts[0]["cumulative_lift"], lifts[0]["return_on_spend"]) == (0, None)
    assert {row["experiments"] for row in verdicts} == {0}


# planted worlds


def planted(
    generator: np.random.Generator, experiments: int, exposures: int, past_knot: float, spread: float = 0
) -> list[dict]:
    """Return experiments that truly bring 1 % per 1000 of spend, and past 6 % in all `past_knot` times as much."""
    total, rows = 1.0, []
    for number in range(experiments):
        spend = int(generator.integers(500, 1500))
        lift = 1e-5 * spend * (past_knot if total >= 1.06 else 1) * (1 + spread * generator.normal())
        control = generator.binomial(exposures, 0.1)
        variant = generator.binomial(exposures, 0.1 * total * (1 + lift) / total)
        rows.append(experiment(number, (exposures, control, exposures, variant), spend))
        total *= 1 + lift
    return rows


@pytest.mark.parametrize(("past_knot", "verdict"), [(0.1, "supports"), (1, "contradicts")])
def test_planted_worlds_are_exact_too(compiled, past_knot, verdict):
    world = planted(np.random.default_rng(SEED), experiments=20, exposures=300_000_000, past_knot=past_knot)
    assert assert_exact(compiled, world)[verdict] > 0
    assert run(compiled, world) == run(compiled, world[::-1])


@pytest.mark.parametrize(
    ("thousandths", "verdict"),
    [
        ([22] * 3 + [2] * 4, "too_little_data"),  # seven
        ([22] * 3 + [2] * 5, "supports"),
        ([35] * 2 + [2] * 8, "too_little_data"),  # two below
        ([10] * 7 + [1] * 1, "too_little_data"),  # two above, of which the first is the seventh
        ([10] * 7 + [1] * 2, "supports"),
    ],
)
def test_a_verdict_needs_eight_experiments_and_three_on_a_side(compiled, thousandths, verdict):
    """Lifts without any noise, so that data alone can be too little."""
    million = 10**6
    counts = [(10_000 * million, 1_000 * million, 10_000 * million, (1_000 + lift) * million) for lift in thousandths]
    world = [experiment(number, part) for number, part in enumerate(counts)]
    assert_exact(compiled, world)
    _, verdicts = run(compiled, world)
    assert [row["verdict"] for row in verdicts if row["is_claimed_knot"]] == [verdict]


def claimed_verdicts(compiled, **world) -> Counter:
    verdicts = Counter()
    for seed in range(1000 * SEED, 1000 * SEED + WORLDS):
        _, rows = run(compiled, planted(np.random.default_rng(seed), **world))
        verdicts[next(row["verdict"] for row in rows if row["is_claimed_knot"])] += 1
    return verdicts


@pytest.mark.parametrize(
    ("world", "verdict"),
    [
        ({"experiments": 16, "exposures": 30_000_000, "past_knot": 0.1}, "supports"),
        ({"experiments": 16, "exposures": 100_000_000, "past_knot": 1}, "contradicts"),
        ({"experiments": 7, "exposures": 100_000_000, "past_knot": 0.1}, "too_little_data"),
        ({"experiments": 16, "exposures": 5_000, "past_knot": 0.1}, "too_little_data"),
        ({"experiments": 16, "exposures": 5_000, "past_knot": 1}, "too_little_data"),
    ],
)
def test_planted_worlds_get_their_verdict(compiled, world, verdict):
    found = claimed_verdicts(compiled, **world)
    assert found[verdict] >= LEAST, found
