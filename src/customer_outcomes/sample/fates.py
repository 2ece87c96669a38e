"""The properties and the life of every regular account, drawn once as arrays.

Happiness influences spending and churn here, and every rating in activity.py, each with independent noise. So the
figures are correlated, but not strongly.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from . import company
from .company import END, START
from .shapes import Array, keys

NEVER = np.datetime64("NaT", "s")
COUNTRIES = ["DE", "FR", "NL", "AT", "US", "CA", "GB", "IE"]
CURRENCY_OF_COUNTRY = np.array([0, 0, 0, 0, 1, 1, 2, 0])


@dataclass
class Accounts:
    """The drawn properties of accounts, in arrays of one value per account; NaT means never, -1 none."""

    number: np.ndarray
    is_person: np.ndarray
    country: np.ndarray
    campaign: np.ndarray
    happiness: np.ndarray
    openness: np.ndarray
    seats: np.ndarray
    tier: np.ndarray
    contacts: np.ndarray
    created_at: np.ndarray
    decided_at: np.ndarray
    is_customer: np.ndarray
    first_charge_at: np.ndarray
    upgraded_at: np.ndarray
    crossed_at: np.ndarray
    trained_at: np.ndarray
    left_at: np.ndarray
    end_at: np.ndarray
    marketer: np.ndarray
    seller: np.ndarray
    onboarder: np.ndarray
    success_manager: np.ndarray
    charges: np.ndarray
    first_transaction: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def slice(self, start: int, stop: int) -> "Accounts":
        return replace(self, **{f.name: getattr(self, f.name)[start:stop] for f in fields(self)})

    @property
    def ids(self) -> pa.Array:
        return keys("acct", self.number)

    @property
    def currency(self) -> np.ndarray:
        return CURRENCY_OF_COUNTRY[self.country]

    @property
    def has_lead(self) -> np.ndarray:
        return self.campaign >= 0


def days(count: Array | float) -> Array:
    """Return numbers of days as durations in seconds."""
    return (np.asarray(count) * 86400).astype("timedelta64[s]")


def before_end(moments: np.ndarray) -> np.ndarray:
    """Return moments in which those at or after the end of the company's story are NaT."""
    return np.where(moments < END, moments, NEVER)


def between(start: Array, stop: Array, part: Array | float) -> Array:
    """Return the moment at a share of the time from start to stop; NaT if the stop is NaT."""
    seconds = np.where(np.isnat(stop - start), 0, (stop - start).astype(float))
    moment = start + (seconds * part).astype("timedelta64[s]")
    return np.where(np.isnat(stop), NEVER, moment)


def repeated(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each account's index in the batch, repeated by its count, and the running numbers 1, 2, 3 ... of each."""
    account = np.repeat(np.arange(len(counts)), counts)
    return account, np.arange(len(account)) - np.repeat(np.cumsum(counts) - counts, counts) + 1


def seller_at(batch: "Accounts", moments: np.ndarray, account: np.ndarray | None = None) -> np.ndarray:
    """Return the accounts' sellers at moments: the successor of the seller who left, after that day.

    `account` holds the index of each moment's account in the batch; by default there is one moment per account.
    """
    seller = batch.seller if account is None else batch.seller[account]
    has_left = (seller == company.LEAVER) & (moments > company.LEFT_AT)
    return np.where(has_left, company.LEAVER_SUCCESSOR, seller)


def draw_accounts(numbers: np.ndarray, seed: int, transactions: int) -> Accounts:
    """Return all regular accounts; their numbers of transactions sum to `transactions`."""
    random = np.random.default_rng([seed, 3])
    count = len(numbers)

    def chance(probability: Array | float) -> Array:
        return random.random(count) < probability

    created_at = START + days(5 + 395 * random.random(count) ** 1.3)
    campaign = np.where(chance(0.8), running_campaign(random, created_at), -1)
    lift = np.array([c[-1] for c in company.CAMPAIGNS] + [0.0])[campaign]
    happiness = np.clip(random.beta(4.5, 2.2, count) + lift, 0.03, 0.98)
    is_person = chance(0.12)
    seats = np.ceil(random.lognormal(1.7, 1.0, count)).clip(1, 400).astype(int)
    seats = np.where(is_person, 1, seats)

    decided_at = created_at + days(6 + random.gamma(2.0, 14.0, count))
    first_charge_at = decided_at + days(0.1 + 0.9 * random.random(count))
    is_customer = chance(0.82) & (first_charge_at < END - days(20))
    first_charge_at = np.where(is_customer, first_charge_at, NEVER)
    left_at = first_charge_at + days(75 + random.exponential(200, count))
    leaves = chance(0.04 + 0.5 * (1 - happiness) ** 1.5) & (left_at < END - days(1))
    left_at = np.where(leaves, left_at, NEVER).astype("datetime64[D]").astype("datetime64[s]")
    end_at = np.where(leaves, left_at, END)

    def some_day(probability: Array | float) -> Array:
        moment = between(first_charge_at, end_at, 0.15 + 0.6 * random.random(count))
        moment = moment.astype("datetime64[D]").astype("datetime64[s]")
        return np.where(chance(probability) & (moment > first_charge_at), moment, NEVER)

    weight = np.where(is_customer, (end_at - first_charge_at).astype(float), 0)
    weight *= (0.4 + happiness) * random.gamma(6.0, 1.0, count)
    charges = _spread(random, transactions, weight)
    sellers = np.array(company.SELLERS)
    seller = sellers[random.integers(0, np.where(created_at < company.LEFT_AT - days(60), 4, 3))]
    return Accounts(
        number=numbers,
        is_person=is_person,
        country=random.choice(8, count, p=[0.3, 0.1, 0.1, 0.05, 0.2, 0.05, 0.15, 0.05]),
        campaign=campaign,
        happiness=happiness,
        openness=np.where(chance(0.1), 0, random.beta(8, 3, count)),
        seats=seats,
        tier=1 + chance(0.3).astype(int),
        contacts=np.where(is_person, 1, random.integers(1, 4, count)),
        created_at=created_at,
        decided_at=decided_at,
        is_customer=is_customer,
        first_charge_at=first_charge_at,
        upgraded_at=some_day(0.15 + 0.45 * happiness),
        crossed_at=some_day(0.1 + 0.45 * happiness),
        trained_at=some_day(0.2),
        left_at=left_at,
        end_at=end_at,
        marketer=random.choice(company.MARKETERS, count),
        seller=seller,
        onboarder=random.choice(company.ONBOARDERS, count),
        success_manager=random.choice(company.SUCCESS_MANAGERS, count),
        charges=charges,
        first_transaction=np.cumsum(charges) - charges + 1,
    )


def running_campaign(random: np.random.Generator, moments: np.ndarray) -> np.ndarray:
    """Return a campaign that runs at each moment, drawn at random, or one of the campaigns that always run."""
    first = np.array([c[4] for c in company.CAMPAIGNS], dtype="datetime64[s]")
    last = np.array([c[5] or "2026-06-30" for c in company.CAMPAIGNS], dtype="datetime64[s]")
    drawn = random.integers(0, len(company.CAMPAIGNS), len(moments))
    always_on = random.integers(0, company.ALWAYS_ON, len(moments))
    return np.where((first[drawn] <= moments) & (moments <= last[drawn]), drawn, always_on)


def _spread(random: np.random.Generator, total: int, weight: np.ndarray) -> np.ndarray:
    """Return whole numbers that sum to the total, at least 1 for each positive weight if the total allows it."""
    if weight.sum() == 0:
        return np.zeros(len(weight), dtype=int)
    atleast = (weight > 0).astype(int) if total >= np.count_nonzero(weight) else 0
    return atleast + random.multinomial(total - np.sum(atleast), weight / weight.sum())
