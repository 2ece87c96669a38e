"""The life of every account, drawn once: its purchases, happiness and outcomes, and the day on which it leaves.

The story of the company is told here and nowhere else:

- Viktor Lang (BEST_SELLER) sells most, by promises that the product does not keep.
- The spring discount (DISCOUNT) wins customers who buy much, are unhappy, and often answer no survey.
- A customer leaves if it does not get the outcome that it came for, however happy it is.
"""

from typing import Any

import numpy as np

from . import company
from .company import DISCOUNT, END, MONTHS
from .tables import Array

Accounts = Any  # a record array with a row per account, or a batch of one; draw_accounts() names its fields
NEVER = np.datetime64("NaT", "s")
ARRIVALS = [24, 26, 28, 27, 26, 23, 17, 16, 25, 26, 23, 16, 22, 22, 23, 22, 19, 15]  # by month of MONTHS
SELLER_SHARES = [0.4, 0.16, 0.16, 0.15, 0.13]


def days(count: Array | float) -> Array:
    """Return numbers of days as durations in seconds."""
    return (np.asarray(count) * 86400).astype("timedelta64[s]")


def day_of(moments: Array) -> Array:
    """Return the midnights before moments."""
    return moments.astype("datetime64[D]").astype("datetime64[s]")


def before_end(moments: Array, end: Array | np.datetime64 = END) -> Array:
    """Return moments, in which those at or after an end are NaT."""
    return np.where(moments < end, moments, NEVER)


def at_work(moments: Array, random: np.random.Generator) -> Array:
    """Return a moment between 8 and 17 o'clock of the same day each, or of Monday after a day of a weekend."""
    weekday = (moments.astype("datetime64[D]").astype(int) + 3) % 7  # day 0, 1970-01-01, was a Thursday
    return day_of(moments) + days(np.maximum(7 - weekday, 0) * (weekday > 4) + random.uniform(8, 17, len(moments)) / 24)


def between(start: Array, stop: Array, part: Array | float) -> Array:
    """Return the moment at a share of the time from start to stop; NaT if one of them is NaT."""
    span = stop - start
    seconds = np.where(np.isnat(span), 0, span.astype(float)) * part
    return np.where(np.isnat(span), NEVER, start + seconds.astype("timedelta64[s]"))


def repeated(counts: Array) -> tuple[Array, Array]:
    """Return each account's index in the batch, repeated by its count, and the running numbers 1, 2, 3 ... of each."""
    account = np.repeat(np.arange(len(counts)), counts)
    return account, np.arange(len(account)) - np.repeat(np.cumsum(counts) - counts, counts) + 1


def running_campaign(moments: Array, random: np.random.Generator) -> Array:
    """Return a campaign that runs at each moment, drawn by the campaigns' weights."""
    first = np.array([c[4] for c in company.CAMPAIGNS], dtype="datetime64[s]")[:, None]
    last = np.array([c[5] or END for c in company.CAMPAIGNS], dtype="datetime64[s]")[:, None]
    weights = np.log([c[8] for c in company.CAMPAIGNS])[:, None] + random.gumbel(size=(len(first), len(moments)))
    return np.argmax(np.where((first <= moments) & (moments < last), weights, -np.inf), axis=0)


def leads_by_month(accounts: Accounts) -> Array:
    """Return the number of leads of each campaign in each month, as the campaigns are billed."""
    counts = np.zeros((len(company.CAMPAIGNS), len(MONTHS)), dtype=int)
    known = accounts[accounts.campaign >= 0]
    np.add.at(counts, (known.campaign, (known.created_at.astype("datetime64[M]") - MONTHS[0]).astype(int)), 1)
    return counts


def draw_accounts(count: int, seed: int, transactions: int) -> Accounts:
    """Return all accounts in the order of their arrival; their numbers of transactions sum to `transactions`.

    A row is an account. Moments that never come are NaT, and employees, campaigns and referrers that do not exist -1.
    """
    random = np.random.default_rng([seed, 1])

    def chance(probability: Array | float) -> Array:
        return random.random(count) < probability

    # who they are
    arrived = np.cumsum([0, *ARRIVALS]) / sum(ARRIVALS)
    month = np.interp(np.sort(random.random(count)), arrived, range(len(arrived)))
    first_of_month = np.append(MONTHS, MONTHS[-1] + 1).astype("datetime64[s]")[month.astype(int)]
    created_at = at_work(first_of_month + days(month % 1 * 28), random)
    segment = random.choice(len(company.SEGMENTS), count, p=company.SEGMENT_SHARES)
    country = random.choice(len(company.COUNTRIES), count, p=company.COUNTRY_SHARES)
    campaign = np.where(chance(0.82), running_campaign(created_at, random), -1)
    seller = random.choice(company.SELLERS, count, p=SELLER_SHARES)
    too_early = (seller == company.NEW_SELLER) & (created_at < np.datetime64("2026-03-16"))
    seller = np.where(too_early, company.BEST_SELLER + 1 + np.arange(count) % 3, seller)
    is_pushed, is_lured = seller == company.BEST_SELLER, campaign == DISCOUNT
    seats = (
        company.SEATS[segment]
        * random.lognormal(0, 0.4, count)
        * np.where(is_pushed, 1.5, 1)
        * np.where(is_lured, 1.6, 1)
    )
    seats = np.ceil(seats).astype(int)

    # what they feel and say
    happiness = random.beta(8, 2.6, count) - 0.36 * is_pushed - 0.42 * is_lured
    happiness = np.clip(happiness, 0.03, 0.98)
    openness = np.where(chance(np.where(is_lured, 0.7, 0.1)), 0, random.beta(8, 3, count))

    # what they buy, reach, and how long they stay
    decided_at = at_work(created_at + days(34 + random.gamma(2, 8, count)), random)
    first_charge_at = decided_at + days(0.02 + 0.1 * random.random(count))
    is_customer = chance(0.9) & (first_charge_at < END - days(4))
    first_charge_at = np.where(is_customer, first_charge_at, NEVER)
    reaches = chance(np.where(is_pushed, 0.4, 0.74))
    left_at = day_of(first_charge_at + days(60 + random.exponential(90, count)))
    left_at = before_end(np.where(chance(np.where(reaches, 0.05, 0.85)), left_at, NEVER), END - days(1))
    end_at = np.where(np.isnat(left_at), END, left_at)

    def some_day(probability: Array | float) -> Array:
        moment = day_of(between(first_charge_at, end_at, random.uniform(0.15, 0.75, count)))
        return np.where(chance(probability) & (moment > first_charge_at), moment, NEVER)

    weight = np.where(is_customer, (end_at - first_charge_at).astype(float), 0) * random.gamma(5, 1, count)
    charges = _spread(transactions, weight * np.where(is_lured, 1.3, 1), random)
    fields: dict[str, Any] = {
        "number": np.arange(1, count + 1), "segment": segment, "country": country,
        "currency": company.CURRENCY_OF_COUNTRY[country], "campaign": campaign,
        "referrer": _referrers(created_at, first_charge_at, (campaign < 0) & chance(0.75), happiness > 0.7, random),
        "marketer": random.choice(3, count), "seller": seller,
        "onboarder": random.choice(company.ONBOARDERS, count),
        "success_manager": random.choice(company.SUCCESS_MANAGERS, count), "happiness": happiness,
        "openness": openness, "seats": seats, "tier": 1 + chance(0.3),
        "contacts": random.integers(1, 3, count), "created_at": created_at, "decided_at": decided_at,
        "is_customer": is_customer, "first_charge_at": first_charge_at,
        "onboarded_at": at_work(first_charge_at + days(1), random),
        "succeeded_at": before_end(at_work(first_charge_at + days(random.uniform(33, 40, count)), random), end_at),
        "is_dropped": chance(0.38), "reaches": reaches, "upgraded_at": some_day(0.15 + 0.35 * happiness),
        "crossed_at": some_day(0.1 + 0.35 * happiness), "trained_at": some_day(0.2), "left_at": left_at,
        "end_at": end_at, "charges": charges, "first_transaction": np.cumsum(charges) - charges + 1,
    }  # fmt: skip
    return np.rec.fromarrays(list(fields.values()), dtype=[(name, values.dtype) for name, values in fields.items()])


def _referrers(
    created_at: Array, first_charge_at: Array, wanted: Array, is_happy: Array, random: np.random.Generator
) -> Array:
    """Return the account that referred each account: one that had been a happy customer for 50 days; -1 for none."""
    candidates = np.flatnonzero(is_happy & ~np.isnat(first_charge_at))
    ready_at = first_charge_at[candidates] + days(50)
    order = np.argsort(ready_at)
    ready = np.searchsorted(ready_at[order], created_at)
    chosen = (random.random(len(created_at)) * ready).astype(int)
    return np.where(wanted & (ready > 0), np.append(candidates[order], -1)[chosen], -1)


def _spread(total: int, weight: Array, random: np.random.Generator) -> Array:
    """Return whole numbers that sum to the total, at least 1 for each positive weight."""
    if weight.sum() == 0:
        return np.zeros(len(weight), dtype=int)
    least = (weight > 0).astype(int)
    return least + random.multinomial(total - least.sum(), weight / weight.sum())
