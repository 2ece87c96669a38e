"""Integrity flags find planted fraud, with its numbers, and honest companies raise at most a stated number of flags."""

import math
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest

from helpers.builds import SEED
from worlds.integrity import AS_OF, COLUMNS, DAY, Flags, World, honest_world, micros

WORLDS = 200
# the largest number of 200 honest worlds that may raise each flag; docs/metrics.md states the same numbers
MOST_WORLDS = {
    "selective_invitations": 3,
    "quick_answer": 0,
    "period_end_burst": 6,
    "funnel_outlier": 45,
    "ratings_up_customers_down": 3,
}
MOST_COINCIDENCES = 0.02  # of the ratings of tickets, where one ticket in ten changes hands
SEEDS = range(1000 * SEED, 1000 * SEED + 5)
QUIET_SEED = 2
SECOND = np.timedelta64(1, "s")
MICROSECOND = np.timedelta64(1, "us")


@pytest.fixture(scope="module")
def flags(csv_build) -> Flags:
    return Flags(csv_build.work_folder / "target" / "manifest.json")


@pytest.fixture(scope="module")
def new_york_flags(parquet_build) -> Flags:
    return Flags(parquet_build.work_folder / "target" / "manifest.json")


@pytest.fixture(params=SEEDS)
def world(request) -> World:
    """An honest world of some size, whose ratings a test games."""
    return honest_world(request.param, accounts=(240, 300), answers=(0.4, 0.6), quality=0.55)


def raised(flags: Flags, world: World, flag_type: str) -> dict[str, dict]:
    return {row["flag_id"]: row for row in flags.of(world) if row["flag_type"] == flag_type}


def days(number: float) -> np.timedelta64:
    return micros(number * DAY)


def shown(number: float | Decimal, places: int) -> str:
    return str(Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def month_of(moment: pd.Timestamp) -> date:
    return date(moment.year, moment.month, 1)


def busiest(users: pd.Series) -> str:
    return Counter(users.dropna().sort_values()).most_common(1)[0][0]


def likelihood(count: float, total: float, share: float) -> float:
    """Return the log-likelihood of a count."""
    return sum(part * math.log(chance) for part, chance in ((count, share), (total - count, 1 - share)) if part)


def sigmas_of(count: float, total: float, share: float) -> float:
    return math.sqrt(2 * (likelihood(count, total, count / total) - likelihood(count, total, share)))


def sigmas_between(count: float, total: float, other: float, other_total: float) -> float:
    """Return how far a share lies above another."""
    share = (count + other) / (total + other_total)
    distance = sigmas_of(count, total, share) ** 2 + sigmas_of(other, other_total, share) ** 2
    return math.copysign(math.sqrt(distance), count / total - other / other_total)


def rate(world: World, user: str, accounts: list[str], moments: list, score: float = 1.0) -> None:
    """Let customers rate an employee, without a request."""
    more = pd.DataFrame(
        {
            "response_id": [f"planted{number}" for number in range(len(accounts))],
            "invitation_id": None,
            "survey_type": "touch_rating",
            "account_id": accounts,
            "about_type": "touch",
            "about_id": None,
            "about_user_id": user,
            "responded_at": np.array(moments, dtype="datetime64[us]"),
            "score_unit": score,
            "nps_class": None,
        }
    )
    world.facts["fct_survey_responses"] = pd.concat([world.fct_survey_responses, more], ignore_index=True)


# invitations: which customers an employee asks


def later_moods(world: World) -> pd.Series:
    """Return of each due touch (by employee and its row) whether its customer was unhappy later, where it told others."""
    touches, responses = world.fct_touches, world.fct_survey_responses
    due = touches[touches.is_rating_due & (touches.occurred_at <= AS_OF - days(7))].reset_index(names="touch")
    said = due.merge(responses[["account_id", "about_user_id", "responded_at", "score_unit"]], on="account_id")
    later = said.responded_at.between(said.occurred_at + MICROSECOND, said.occurred_at + days(90))
    return said[later & (said.about_user_id != said.user_id)].groupby(["user_id", "touch"]).score_unit.mean() < 0.5


def forget(world: World, touches: pd.Index) -> None:
    """Undo the requests for ratings of some touches, and their answers."""
    world.fct_touches.loc[touches, "is_rating_invited"] = False
    of_touches = world.fct_survey_invitations.about_id.isin(world.fct_touches.touch_id[touches])
    gone = world.fct_survey_invitations.invitation_id[of_touches]
    is_answer = world.fct_survey_responses.invitation_id.isin(gone)
    world.facts["fct_survey_invitations"] = world.fct_survey_invitations[~of_touches]
    world.facts["fct_survey_responses"] = world.fct_survey_responses[~is_answer]


def spare_the_unhappy(world: World, user: str, asked: int) -> None:
    """Let an employee ask `asked` of the customers who will be unhappy."""
    moods = later_moods(world)[user]
    unhappy = moods.index[moods]
    forget(world, unhappy[world.fct_touches.is_rating_invited[unhappy]][asked:])


def selective_flag(world: World, user: str) -> dict:
    moods = later_moods(world)[user]
    invited = world.fct_touches.is_rating_invited[moods.index]
    asked = {mood: int(invited[moods == mood].sum()) for mood in (True, False)}
    total = {mood: int((moods == mood).sum()) for mood in (True, False)}
    sigmas = sigmas_between(asked[False], total[False], asked[True], total[True])
    latest = world.fct_touches.occurred_at[moods.index].max()
    return {
        "flag_id": f"selective_invitations:{user}",
        "flag_type": "selective_invitations",
        "user_id": user,
        "month": month_of(latest),
        "evidence": f"Asked for {asked[True]} of {total[True]} ratings that were due of customers who were unhappy later,"
        f" and for {asked[False]} of {total[False]} of those who were happy: {shown(sigmas, 1)} sigma.",
        "raised_at": latest.to_pydatetime(),
    }


def user_with_most_unhappy(world: World) -> str:
    return later_moods(world).groupby("user_id").sum().idxmax()


def test_who_does_not_ask_the_unhappy_is_found(flags, world):
    user = user_with_most_unhappy(world)
    key = f"selective_invitations:{user}"
    assert key not in raised(flags, world, "selective_invitations")
    spare_the_unhappy(world, user, asked=1)
    assert raised(flags, world, "selective_invitations")[key] == selective_flag(world, user)


# tickets that change hands


def rated_ticket(world: World, is_bad: bool) -> pd.Series:
    """Return an answer about a ticket that never changed hands."""
    responses = world.fct_survey_responses
    is_ticket = (responses.about_type == "ticket") & ~responses.about_id.isin(world.fct_ticket_transfers.ticket_id)
    return responses[is_ticket & ((responses.score_unit < 0.5) == is_bad)].iloc[0]


def transfer(world: World, ticket: str, giver: str, receiver: str, moment: pd.Timestamp) -> None:
    row = {
        "event_id": f"planted{len(world.fct_ticket_transfers)}",
        "ticket_id": ticket,
        "from_user_id": giver,
        "to_user_id": receiver,
        "transferred_at": moment,
    }
    transfers = pd.concat([world.fct_ticket_transfers, pd.DataFrame([row])], ignore_index=True)
    world.facts["fct_ticket_transfers"] = transfers


@pytest.fixture
def calm_world() -> World:
    """A company whose tickets never change hands."""
    return honest_world(1000 * SEED, transfers=0)


def test_one_ticket_given_away_two_days_before_a_bad_rating_is_found(flags, calm_world):
    bad = rated_ticket(calm_world, is_bad=True)
    assert not raised(flags, calm_world, "reassigned_before_bad_rating")
    transfer(calm_world, bad.about_id, "giver", bad.about_user_id, bad.responded_at - days(2))
    key = f"reassigned_before_bad_rating:{bad.response_id}:giver"
    assert raised(flags, calm_world, "reassigned_before_bad_rating") == {
        key: {
            "flag_id": key,
            "flag_type": "reassigned_before_bad_rating",
            "user_id": "giver",
            "month": month_of(bad.responded_at),
            "evidence": f"Ticket {bad.about_id} went from giver to {bad.about_user_id} 2.0 days before the rating"
            f" {bad.response_id} of {shown(bad.score_unit, 2)} (from 0 to 1), which is about {bad.about_user_id}.",
            "raised_at": bad.responded_at.to_pydatetime(),
        }
    }


@pytest.mark.parametrize(
    ("is_bad", "before", "is_found"),
    [
        (True, days(7), False),
        (True, days(7) - MICROSECOND, True),
        (True, days(0), True),
        (True, -MICROSECOND, False),
        (False, days(2), False),
    ],
)
def test_only_the_seven_days_before_a_bad_rating_count(flags, calm_world, is_bad, before, is_found):
    rating = rated_ticket(calm_world, is_bad)
    transfer(calm_world, rating.about_id, "giver", "receiver", rating.responded_at - before)
    assert bool(raised(flags, calm_world, "reassigned_before_bad_rating")) == is_found


def test_a_ticket_passed_on_and_on_tells_everybody_once(flags, calm_world):
    bad = rated_ticket(calm_world, is_bad=True)
    for giver, receiver, before in (("a", "b", 4), ("b", "a", 3), ("a", "c", 2)):
        transfer(calm_world, bad.about_id, giver, receiver, bad.responded_at - days(before))
    found = raised(flags, calm_world, "reassigned_before_bad_rating")
    assert sorted(row["user_id"] for row in found.values()) == ["a", "b"]
    assert "went from a to c 2.0 days" in found[f"reassigned_before_bad_rating:{bad.response_id}:a"]["evidence"]


def test_a_bad_rating_about_nobody_is_told(flags, calm_world):
    bad = rated_ticket(calm_world, is_bad=True)
    calm_world.fct_survey_responses.loc[bad.name, "about_user_id"] = None
    transfer(calm_world, bad.about_id, "giver", "receiver", bad.responded_at - days(1))
    ((_, row),) = raised(flags, calm_world, "reassigned_before_bad_rating").items()
    assert row["evidence"].endswith("which is about nobody.")


# quick answers


def answer_after(world: World, delay: np.timedelta64) -> pd.Series:
    """Let the first answer come so soon after its request."""
    responses = world.fct_survey_responses
    invitations = world.fct_survey_invitations.set_index("invitation_id")
    row = responses.index[0]
    responses.loc[row, "responded_at"] = invitations.sent_at[responses.invitation_id[row]] + delay
    return responses.loc[row]


def test_an_answer_three_seconds_after_its_request_is_found(flags, world):
    assert not raised(flags, world, "quick_answer")
    rating = answer_after(world, 3 * SECOND)
    key = f"quick_answer:{rating.response_id}"
    assert raised(flags, world, "quick_answer") == {
        key: {
            "flag_id": key,
            "flag_type": "quick_answer",
            "user_id": rating.about_user_id,
            "month": month_of(rating.responded_at),
            "evidence": f"The rating {rating.response_id} of {shown(rating.score_unit, 2)} (from 0 to 1) came 3.0 seconds"
            f" after its request {rating.invitation_id} was sent.",
            "raised_at": rating.responded_at.to_pydatetime(),
        }
    }


@pytest.mark.parametrize(
    ("delay", "is_found"),
    [
        (0 * SECOND, True),
        (10 * SECOND, True),
        (10 * SECOND + MICROSECOND, False),
        (-MICROSECOND, False),
    ],
)
def test_only_ten_seconds_are_quick(flags, calm_world, delay, is_found):
    answer_after(calm_world, delay)
    assert bool(raised(flags, calm_world, "quick_answer")) == is_found


# ends of months


def user_of_a_calm_team(world: World) -> str:
    """Return the most rated employee of the team whose ratings come latest in the month least often."""
    rated = world.fct_survey_responses.merge(world.dim_employees, left_on="about_user_id", right_on="user_id")
    late = (rated.responded_at.dt.days_in_month - rated.responded_at.dt.day < 3).groupby(rated.team).mean()
    return busiest(rated.about_user_id[rated.team == late.idxmin()])


def burst(world: World, user: str, ratings: int, month: str = "2024-10") -> None:
    """Let different customers rate an employee on the last two days of a month."""
    end = (np.datetime64(month) + 1).astype("datetime64[us]")
    accounts = [f"account{number}" for number in range(ratings)]
    rate(world, user, accounts, [end - days(2 - number / ratings) for number in range(ratings)])


def burst_flag(world: World, user: str, month: date) -> dict:
    rated = world.fct_survey_responses.merge(world.dim_employees, left_on="about_user_id", right_on="user_id")
    rated = rated[rated.responded_at.dt.date.map(lambda day: day.replace(day=1)) == month]
    length = rated.responded_at.dt.days_in_month.iloc[0]
    rated = rated.assign(is_late=rated.responded_at.dt.day > length - 3)
    own, others = rated[rated.user_id == user], rated[rated.user_id != user]
    peers = others[others.team == own.team.iloc[0]]
    late, total = int(own.is_late.sum()), len(own)
    share = max(3 / length, (others.is_late.sum() + 3 / length) / (len(others) + 1))
    share = max(share, (peers.is_late.sum() + 5 * share) / (len(peers) + 5))
    sigmas = sigmas_of(late, total, share)
    return {
        "flag_id": f"period_end_burst:{user}:{month}",
        "flag_type": "period_end_burst",
        "user_id": user,
        "month": month,
        "evidence": f"{late} of {total} ratings of the month came in its last 3 days, where a share of {shown(share, 2)}"
        f" was to be expected: {shown(sigmas, 1)} sigma.",
        "raised_at": own.responded_at.max().to_pydatetime(),
    }


def test_a_burst_at_the_end_of_a_month_is_found(flags, world):
    user = user_of_a_calm_team(world)
    key = f"period_end_burst:{user}:2024-10-01"
    assert key not in raised(flags, world, "period_end_burst")
    burst(world, user, 25)
    assert raised(flags, world, "period_end_burst")[key] == burst_flag(world, user, date(2024, 10, 1))


def test_a_month_that_is_not_over_is_not_judged(flags, new_york_flags, world):
    user = user_of_a_calm_team(world)
    burst(world, user, 25, "2025-06")
    key = f"period_end_burst:{user}:2025-06-01"
    assert key in raised(flags, world, "period_end_burst")
    assert key not in raised(new_york_flags, world, "period_end_burst")  # where it is the evening of the last day


def test_the_end_of_a_month_is_that_of_the_reporting_time_zone(flags, new_york_flags, calm_world):
    """Three o'clock of the first day in UTC is the evening of the day before in New York."""
    user = user_of_a_calm_team(calm_world)
    first = np.datetime64("2024-11-01T03:00:00", "us")
    rate(calm_world, user, [f"account{number}" for number in range(25)], [first] * 25)
    key = f"period_end_burst:{user}:2024-10-01"
    assert raised(new_york_flags, calm_world, "period_end_burst")[key]["raised_at"] == first.item()
    assert key not in raised(flags, calm_world, "period_end_burst")


# the funnel


def flatter(world: World, user: str, share: float) -> None:
    """Make this share of the touch ratings of an employee the best."""
    responses = world.fct_survey_responses
    own = responses.index[(responses.about_user_id == user) & (responses.survey_type == "touch_rating")]
    for number, row in enumerate(own):
        if (number + 1) * share // 1 > number * share // 1:
            responses.loc[row, "score_unit"] = 1.0


def funnel_flag(world: World, user: str, survey_type: str) -> dict:
    """Return the flag of an employee, of rows of (team, survey type, customers' means)."""
    responses = world.fct_survey_responses
    rated = responses[responses.about_user_id.notna()].groupby(["about_user_id", "survey_type", "account_id"])
    means = rated.score_unit.mean().groupby(["about_user_id", "survey_type"]).agg(list)
    teams = dict(zip(world.dim_employees.user_id, world.dim_employees.team))
    cells: dict[tuple, list[np.ndarray]] = {}
    for (other, kind), scores in means.items():
        if other != user and len(scores) >= 10:
            cells.setdefault((teams[other], kind), []).append(np.array(scores))
    excess = freedom = 0.0
    for members in cells.values():
        sizes, averages = np.array([len(member) for member in members]), np.array([member.mean() for member in members])
        mean = (sizes * averages).sum() / sizes.sum()
        process = sum(((member - member.mean()) ** 2).sum() for member in members) / (sizes - 1).sum()
        excess += (sizes * (averages - mean) ** 2).sum() - (len(members) - 1) * process
        freedom += sizes.sum() - (sizes**2).sum() / sizes.sum()
    between = max(0, excess / freedom)
    own, peers = np.array(means[user, survey_type]), cells[teams[user], survey_type]
    sizes = np.array([len(peer) for peer in peers])
    everybody = np.concatenate(peers)
    squares = sum(((member - member.mean()) ** 2).sum() for member in [own, *peers])
    process = squares / (len(own) + len(everybody) - len(peers) - 1)
    variance = process * (1 / len(own) + 1 / len(everybody))
    variance += between * (1 + (sizes**2).sum() / len(everybody) ** 2)
    sigmas = (own.mean() - everybody.mean()) / math.sqrt(variance)
    latest = responses[(responses.about_user_id == user) & (responses.survey_type == survey_type)].responded_at.max()
    return {
        "flag_id": f"funnel_outlier:{survey_type}:{user}",
        "flag_type": "funnel_outlier",
        "user_id": user,
        "month": month_of(latest),
        "evidence": f"{len(own)} customers rated {shown(own.mean(), 2)} in the mean ({survey_type}, from 0 to 1), where the"
        f" others of the team have {shown(everybody.mean(), 2)}: {shown(sigmas, 1)} sigma.",
        "raised_at": latest.to_pydatetime(),
    }


def user_in_the_middle(world: World) -> str:
    """Return an employee with enough touch ratings for the funnel, and ordinary ones."""
    responses = world.fct_survey_responses[world.fct_survey_responses.survey_type == "touch_rating"]
    customers = responses.groupby("about_user_id").account_id.nunique()
    teams = world.dim_employees.set_index("user_id").team
    compared = customers[customers >= 15]
    crowded = [user for user in compared.index if (teams[customers.index[customers >= 10]] == teams[user]).sum() > 3]
    scores = responses.groupby("about_user_id").score_unit.mean()[crowded]
    return (scores - responses.score_unit.mean()).abs().idxmin()


def test_who_lies_outside_of_the_funnel_is_found(flags, world):
    user = user_in_the_middle(world)
    key = f"funnel_outlier:touch_rating:{user}"
    assert key not in raised(flags, world, "funnel_outlier")
    flatter(world, user, 1.0)
    assert raised(flags, world, "funnel_outlier")[key] == funnel_flag(world, user, "touch_rating")


# ratings up, customers down


def buy_ratings(world: World, user: str, customers: int, lost: int) -> None:
    """Let customers give the best ratings in a month in which some of them take their money back, or leave."""
    accounts = [f"account{number}" for number in range(customers)]
    rate(
        world, user, accounts, [np.datetime64("2025-03-05T10", "us") + days(number / 2) for number in range(customers)]
    )
    refunds = pd.DataFrame(
        {
            "account_id": accounts[: lost // 2],
            "transaction_type": "chargeback",
            "transacted_at": np.datetime64("2025-03-20T12", "us"),
        }
    )
    left = pd.DataFrame(
        {
            "account_id": accounts[lost // 2 : lost],
            "month": np.datetime64("2025-03-01", "us"),
            "movement": "churn_involuntary",
        }
    )
    world.facts["fct_transactions"] = pd.concat([world.fct_transactions, refunds], ignore_index=True)
    world.facts["fct_subscription_movements"] = pd.concat([world.fct_subscription_movements, left], ignore_index=True)


def ratings_up_flag(world: World, user: str, month: date) -> dict:
    taken = world.fct_transactions[world.fct_transactions.transaction_type.isin(["refund", "chargeback"])]
    losses = {(row.account_id, month_of(row.transacted_at)) for row in taken.itertuples()}
    losses |= {(row.account_id, month_of(row.month)) for row in world.fct_subscription_movements.itertuples()}
    own = world.fct_survey_responses[world.fct_survey_responses.about_user_id == user]
    by_customer = own.groupby([own.responded_at.map(month_of), own.account_id]).score_unit.mean()
    now = [(score, (account, when) in losses) for (when, account), score in by_customer.items() if when == month]
    earliest = month_of(pd.Timestamp(month) - pd.DateOffset(months=6))
    before = [
        (score, (account, when) in losses) for (when, account), score in by_customer.items() if earliest <= when < month
    ]
    (scores, lost), (earlier, earlier_lost) = (zip(*rows) for rows in (now, before))
    deviation = np.std([*scores, *earlier]) * math.sqrt(1 / len(scores) + 1 / len(earlier))
    rating_sigmas = (np.mean(scores) - np.mean(earlier)) / deviation
    loss_sigmas = sigmas_between(sum(lost), len(lost), sum(earlier_lost), len(earlier_lost))
    latest = own.responded_at[own.responded_at.map(month_of) == month].max()
    return {
        "flag_id": f"ratings_up_customers_down:{user}:{month}",
        "flag_type": "ratings_up_customers_down",
        "user_id": user,
        "month": month,
        "evidence": f"{len(scores)} customers rated {shown(np.mean(scores), 2)} in the mean (from 0 to 1),"
        f" {shown(np.mean(earlier), 2)} in the 6 months before ({shown(rating_sigmas, 1)} sigma), while {sum(lost)} of them"
        f" took money back or left in the month, {sum(earlier_lost)} of {len(earlier_lost)} before"
        f" ({shown(loss_sigmas, 1)} sigma).",
        "raised_at": latest.to_pydatetime(),
    }


def test_ratings_that_rise_while_customers_leave_are_found(flags, world):
    user = busiest(world.fct_survey_responses.about_user_id)
    key = f"ratings_up_customers_down:{user}:2025-03-01"
    assert key not in raised(flags, world, "ratings_up_customers_down")
    buy_ratings(world, user, customers=30, lost=12)
    expected = ratings_up_flag(world, user, date(2025, 3, 1))
    assert raised(flags, world, "ratings_up_customers_down")[key] == expected


def test_better_ratings_alone_are_not_flagged(flags, world):
    buy_ratings(world, busiest(world.fct_survey_responses.about_user_id), customers=30, lost=0)
    for relation in ("fct_transactions", "fct_subscription_movements"):
        world.facts[relation] = world.facts[relation].head(0)
    assert not raised(flags, world, "ratings_up_customers_down")


def test_losses_alone_are_not_flagged(flags, world):
    user = busiest(world.fct_survey_responses.about_user_id)
    responses = world.fct_survey_responses
    usual = round(responses.score_unit[responses.about_user_id == user].mean(), 2)
    buy_ratings(world, user, customers=30, lost=12)
    planted = world.fct_survey_responses.response_id.str.startswith("planted")
    world.fct_survey_responses.loc[planted, "score_unit"] = usual
    key = f"ratings_up_customers_down:{user}:2025-03-01"
    assert key not in raised(flags, world, "ratings_up_customers_down")


# the smallest frauds that are found in one company, beside the next smaller ones that are not


@pytest.fixture
def known_world() -> World:
    """The same company whatever the seed."""
    return honest_world(1000, accounts=(240, 300))


@pytest.mark.parametrize(("asked", "is_found"), [(2, True), (3, False)])
def test_the_smallest_selection_of_seven_unhappy_customers(flags, known_world, asked, is_found):
    spare_the_unhappy(known_world, user_with_most_unhappy(known_world), asked)
    assert bool(raised(flags, known_world, "selective_invitations")) == is_found


@pytest.mark.parametrize(("ratings", "is_found"), [(13, True), (12, False)])
def test_the_smallest_burst(flags, known_world, ratings, is_found):
    user = user_of_a_calm_team(known_world)
    burst(known_world, user, ratings)
    assert (f"period_end_burst:{user}:2024-10-01" in raised(flags, known_world, "period_end_burst")) == is_found


@pytest.mark.parametrize(("share", "is_found"), [(0.45, True), (0.4, False)])
def test_the_smallest_flattery(flags, known_world, share, is_found):
    user = user_in_the_middle(known_world)
    flatter(known_world, user, share)
    assert (f"funnel_outlier:touch_rating:{user}" in raised(flags, known_world, "funnel_outlier")) == is_found


@pytest.mark.parametrize(("customers", "lost", "is_found"), [(13, 6, True), (12, 5, False)])
def test_the_smallest_rise_while_customers_leave(flags, known_world, customers, lost, is_found):
    buy_ratings(known_world, busiest(known_world.fct_survey_responses.about_user_id), customers, lost)
    assert bool(raised(flags, known_world, "ratings_up_customers_down")) == is_found


# honest companies


def test_honest_companies_are_left_in_peace_but_for_a_stated_few(flags):
    worlds, coincidences, ratings = Counter(), 0, 0
    for seed in range(WORLDS * SEED, WORLDS * SEED + WORLDS):
        world = honest_world(seed)
        found = Counter(row["flag_type"] for row in flags.of(world))
        worlds.update(found.keys())
        coincidences += found["reassigned_before_bad_rating"]
        ratings += (world.fct_survey_responses.about_type == "ticket").sum()
    assert {kind: worlds[kind] for kind, most in MOST_WORLDS.items() if worlds[kind] > most} == {}
    assert 0 < coincidences <= MOST_COINCIDENCES * ratings


def level_world() -> World:
    """Return an honest company without chance: all customers meet everybody, and say of all what they always say."""
    world = honest_world(0, accounts=(60, 60), transfers=0.1)
    users = world.dim_employees.user_id.tolist()
    accounts = [f"account{number}" for number in range(60)]
    moments = [np.datetime64("2024-07-02T09", "us") + days(6 * number) for number in range(60)]
    rows = [
        (user, account, moment, 0.25 if number % 3 == 0 else 0.75)
        for user in users
        for number, (account, moment) in enumerate(zip(accounts, moments))
    ]
    columns = {name: list(values) for name, values in zip(("user", "account", "moment", "score"), zip(*rows))}
    size = len(rows)
    touches = pd.DataFrame(
        {
            "touch_id": [f"touch{number}" for number in range(size)],
            "occurred_at": pd.Series(columns["moment"]) - days(1),
            "user_id": columns["user"],
            "account_id": columns["account"],
            "is_rating_due": True,
            "is_rating_invited": True,
        }
    )
    invitations = pd.DataFrame(
        {
            "invitation_id": [f"invitation{number}" for number in range(size)],
            "survey_type": "touch_rating",
            "account_id": columns["account"],
            "about_type": "touch",
            "about_id": touches.touch_id,
            "about_user_id": columns["user"],
            "sent_at": pd.Series(columns["moment"]) - days(0.5),
            "is_delivered": True,
            "is_off_policy": False,
        }
    )
    responses = invitations.drop(columns=["sent_at", "is_delivered", "is_off_policy"]).assign(
        response_id=[f"response{number}" for number in range(size)],
        responded_at=columns["moment"],
        score_unit=columns["score"],
        nps_class=None,
    )
    world.facts |= {
        "fct_touches": touches,
        "fct_survey_invitations": invitations,
        "fct_survey_responses": responses[list(COLUMNS["marts.fct_survey_responses"])],
    }
    return world


def test_a_level_company_raises_no_flag_at_all(flags):
    world = level_world()
    assert len(world.fct_ticket_transfers) and len(world.fct_transactions) and len(world.fct_subscription_movements)
    assert flags.of(world) == []


def test_a_random_company_without_coincidences_raises_no_flag_at_all(flags):
    """Transfers in the week before a bad rating apart, this honest company is like the others."""
    world = honest_world(QUIET_SEED)
    rated = world.fct_ticket_transfers.merge(world.fct_survey_responses, left_on="ticket_id", right_on="about_id")
    rated = rated[(rated.score_unit < 0.5) & (rated.responded_at - rated.transferred_at < days(7))]
    coincidences = world.fct_ticket_transfers.event_id.isin(rated.event_id)
    assert coincidences.any()
    world.facts["fct_ticket_transfers"] = world.fct_ticket_transfers[~coincidences]
    assert len(world.fct_ticket_transfers)
    assert flags.of(world) == []


# at the edges


def test_a_company_without_anything_raises_none(flags):
    world = honest_world(0)
    assert flags.of(World({name: frame.head(0) for name, frame in world.facts.items()})) == []


@pytest.mark.parametrize("relation", sorted(name.split(".")[1] for name in COLUMNS))
def test_nothing_breaks_where_one_relation_is_empty(flags, relation):
    world = honest_world(3)
    world.facts[relation] = world.facts[relation].head(0)
    assert all(row["evidence"] and row["month"] and row["raised_at"] for row in flags.of(world))


@pytest.mark.parametrize("score", [0.0, 0.333333333333333, 1.0])
def test_equal_scores_make_no_outlier(flags, calm_world, score):
    calm_world.fct_survey_responses["score_unit"] = score
    assert not raised(flags, calm_world, "funnel_outlier")
    assert not raised(flags, calm_world, "ratings_up_customers_down")


def test_without_peers_nobody_is_an_outlier(flags, world):
    user = user_in_the_middle(world)
    flatter(world, user, 1.0)
    assert f"funnel_outlier:touch_rating:{user}" in raised(flags, world, "funnel_outlier")
    world.dim_employees.loc[world.dim_employees.user_id == user, "team"] = "alone"
    assert f"funnel_outlier:touch_rating:{user}" not in raised(flags, world, "funnel_outlier")
    burst(world, user, 25)
    assert f"period_end_burst:{user}:2024-10-01" in raised(flags, world, "period_end_burst")


def test_asking_all_of_the_happy_and_none_of_the_unhappy_is_found(flags, world):
    user = user_with_most_unhappy(world)
    spare_the_unhappy(world, user, asked=0)
    moods = later_moods(world)[user]
    happy = moods.index[~moods]
    world.fct_touches.loc[happy, "is_rating_invited"] = True
    row = raised(flags, world, "selective_invitations")[f"selective_invitations:{user}"]
    assert f"Asked for 0 of {moods.sum()} " in row["evidence"]
    assert f"for {len(happy)} of {len(happy)} of" in row["evidence"]


def test_flags_are_the_same_at_any_number_of_threads_and_in_any_order(csv_build, flags):
    world = honest_world(WORLDS * SEED)
    burst(world, user_of_a_calm_team(world), 25)
    shuffled = World({name: frame.sample(frac=1, random_state=1) for name, frame in world.facts.items()})
    many = Flags(csv_build.work_folder / "target" / "manifest.json", threads=4)
    assert flags.of(world) == many.of(shuffled) != []
