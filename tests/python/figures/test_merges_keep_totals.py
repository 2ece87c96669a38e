"""A merge of accounts moves their facts and loses none; an account that does not count takes away only its own."""

import csv
import random
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from helpers.builds import SEED, Built, good_build, query
from helpers.oddities import ODDITIES_INPUT

pytestmark = pytest.mark.whole_builds(1)

# what can be counted account by account: account, what else, and the number
PARTS = {
    "money": "select account_id, true, sum(reporting_amount) from marts.fct_transactions group by all",
    "charges": "select account_id, product_id, count(*) from marts.fct_transactions where reporting_amount > 0 group by all",
    "ratings": "select account_id, survey_type, count(*) from marts.fct_survey_responses group by all",
    "scores": "select account_id, survey_type, sum(score_unit) from marts.fct_survey_responses group by all",
    "outcomes": "select account_id, outcome_name, count(*) from marts.fct_outcomes group by all",
    "weights of outcomes": "select account_id, is_verified_on_time, sum(weight) from marts.fct_outcomes group by all",
    "MRR": "select account_id, month, sum(mrr) from marts.subscription_months group by all",
    "touches": "select account_id, channel, count(*) from marts.fct_touches where account_id is not null group by all",
    "deals": "select account_id, is_won, count(*) from marts.fct_opportunities group by all",
    "tickets": "select account_id, channel, count(*) from marts.fct_tickets where account_id is not null group by all",
}
CLTV = "select account_id, cltv from marts.customer_lifetime"


@dataclass(frozen=True)
class Merges:
    """A build of the sample company in which accounts were merged, and where each of them went."""

    built: Built
    survivors: dict[str, str]
    gone: set[str]

    def fold(self, parts: dict) -> dict:
        """Return what survivors must have of what accounts had."""
        sums = defaultdict(Decimal)
        for (account, key), number in parts.items():
            survivor = self.survivors.get(account, account)
            if survivor not in self.gone:
                sums[survivor, key] += number
        return {key: number for key, number in sums.items() if number}


def random_merges(accounts: list[str], generator: random.Random) -> tuple[dict[str, str], set[str], set[str]]:
    """Return into what accounts merge, chains among them, which are internal, and which are deleted."""
    accounts = generator.sample(accounts, len(accounts))
    internal, deleted, rest = set(accounts[:3]), set(accounts[3:6]), accounts[6:]
    merges = {loser: generator.choice(rest[place + 1 :]) for place, loser in enumerate(rest[: len(rest) // 2])}
    merges |= {rest[-1]: accounts[0], rest[-2]: accounts[3]}  # what merges into them goes with them
    return merges, internal, deleted


def survivor_of(account: str, merges: dict[str, str]) -> str:
    while account in merges:
        account = merges[account]
    return account


@pytest.fixture(scope="module")
def merged(tmp_path_factory) -> Merges:
    folder = tmp_path_factory.mktemp("merged")
    world = folder / "world"
    shutil.copytree(ODDITIES_INPUT, world)
    path = world / "crm" / "accounts.csv"
    with path.open(newline="") as text:
        reader = csv.DictReader(text)
        rows, header = list(reader), reader.fieldnames
    generator = random.Random(SEED)
    accounts = [row["account_id"] for row in rows if row["account_id"].startswith("acct_")]
    merges, internal, deleted = random_merges(accounts, generator)
    for row in rows:
        account = row["account_id"]
        row["merged_into_account_id"] = merges.get(account, row["merged_into_account_id"])
        if account in merges and generator.random() < 0.5:
            row["is_deleted"] = "true"  # as a loser is in some systems
        if account in internal:
            row["account_type"] = "internal"
        if account in deleted:
            row["is_deleted"] = "true"
    write(path, header, rows)
    built = good_build(folder, world, as_of=datetime(2026, 7, 1))
    survivors = {account: survivor_of(account, merges) for account in accounts}
    assert max(chain_length(account, merges) for account in accounts) >= 2
    return Merges(built, survivors, internal | deleted)


def chain_length(account: str, merges: dict[str, str]) -> int:
    return 1 + chain_length(merges[account], merges) if account in merges else 0


def write(path: Path, header: list[str], rows: list[dict]) -> None:
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, header)
        writer.writeheader()
        writer.writerows(rows)


def parts(built: Built, statement: str) -> dict:
    rows = query(built.database, statement)
    return {(account, key): Decimal(number) for account, key, number in rows if number}


@pytest.mark.parametrize("what", PARTS)
def test_every_survivor_has_the_sum_of_what_merged_into_it(oddities_build, merged, what):
    before, after = (parts(built, PARTS[what]) for built in (oddities_build, merged.built))
    assert len({merged.survivors[account] for account, _ in before if account in merged.survivors}) > 10
    assert any(merged.survivors.get(account) in merged.gone for account, _ in before), "nothing goes"
    assert after == merged.fold(before)


def test_lifetime_values_add_up(oddities_build, merged):
    money = merged.fold(parts(oddities_build, PARTS["money"]))
    customers = {account for account, _ in merged.fold(parts(oddities_build, PARTS["charges"]))}
    expected = {account: amount for (account, _), amount in money.items() if account in customers}
    found = dict(query(merged.built.database, CLTV))
    assert {account: cltv for account, cltv in found.items() if cltv} == expected
    assert found.keys() == customers
    before = dict(query(oddities_build.database, CLTV))
    taken = sum(cltv for account, cltv in before.items() if merged.survivors.get(account) in merged.gone)
    assert taken > 0
    assert sum(found.values()) == sum(before.values()) - taken


def test_every_campaign_models_value_is_all_there_is(oddities_build, merged):
    statement = (
        "select attribution_model, sum(attributed_cltv), sum(customers) from metrics.campaign_performance group by 1"
    )
    for built in (oddities_build, merged.built):
        ((cltv, customers),) = query(built.database, "select sum(cltv), count(*) from marts.customer_lifetime")
        rows = query(built.database, statement)
        assert len(rows) == 4
        for model, attributed, weights in rows:
            assert attributed == cltv, model
            assert weights == pytest.approx(customers, abs=1e-9), model


def test_company_figures_follow(oddities_build, merged):
    """The subscriptions of a month as a whole, and what moved it."""
    months = "select month, ending_mrr, starting_mrr from metrics.subscription_retention where segment = 'all'"
    mrr = "select account_id, month, sum(mrr) from marts.subscription_months group by all"
    moved = "select month, sum(mrr_change) from marts.fct_subscription_movements group by month"
    for built in (oddities_build, merged.built):
        totals = defaultdict(Decimal)
        for (_, month), amount in parts(built, mrr).items():
            totals[month] += amount
        ordered = sorted(totals)
        changes = dict(query(built.database, moved))
        for before, month in zip(ordered, ordered[1:]):
            assert changes.get(month, 0) == totals[month] - totals[before]
        rows = query(built.database, months)
        assert len(rows) > 12
        for month, _, starting in rows:
            assert starting == totals[max(day for day in ordered if day < month)]
