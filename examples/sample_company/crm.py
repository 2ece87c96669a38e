"""The tables of the CRM about a batch of accounts, except touches."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import company
from .company import END, USERS
from .lives import NEVER, Accounts, at_work, before_end, between, days, repeated, running_campaign
from .tables import Array, Tables, build, choose, keys, only

INDUSTRIES = ["retail", "logistics", "health", "education", "media", "manufacturing"]
OUTCOMES = ["Close the books in three days", "Half the stock-outs", "One view of all orders"]
WORDS = (
    "Amber Birch Cedar Drift Ember Fable Glen Hollow Ivory Juniper Kestrel Larch Maple Nimbus Orchard Pebble Quarry"
    " Rowan Sable Thistle Umber Velvet Willow Yarrow Alder Bramble Clover Dune Fjord Granite Harbor Indigo Jasper"
    " Lantern Meadow North Opal Pine Raven Silver",
    "Bakery Clinics Foundry Freight Gardens Instruments Library Logistics Mills Outfitters Pharmacy Press School Studio"
    " Textiles Traders Works Bicycles Ceramics Dental Estates Farms Galleries Hotels Interiors Kitchens Labs Motors"
    " Optics Roasters",
)
FIRST_WORDS, SECOND_WORDS = (words.split() for words in WORDS)
NAMES = len(FIRST_WORDS) * len(SECOND_WORDS)


def crm_tables(batch: Accounts, random: np.random.Generator) -> Tables:
    """Return the tables of the CRM about a batch of accounts, except touches."""
    account, place = repeated(batch.contacts)
    ids = keys("cont", batch.number[account], place)
    return {
        "crm.accounts": build(
            "crm.accounts", account_id=keys("acct", batch.number), account_name=_names(batch.number),
            account_type="business", segment=choose(company.SEGMENTS, batch.segment),
            industry=choose(INDUSTRIES, batch.number % len(INDUSTRIES)),
            country_code=choose(company.COUNTRIES, batch.country), created_at=batch.created_at,
        ),
        "crm.contacts": build(
            "crm.contacts", contact_id=ids, account_id=keys("acct", batch.number[account]),
            email=pc.binary_join_element_wise(ids, "mail.example", "@"), created_at=batch.created_at[account],
        ),
        "crm.account_assignments": _assignments(batch, random),
        "crm.leads": _leads(batch, random),
        "crm.opportunities": _deals(batch),
        "crm.opportunity_splits": _splits(batch),
        "crm.transactions": _transactions(batch, random),
        "crm.subscriptions": _subscriptions(batch),
        "crm.outcomes": _outcomes(batch, random),
        "crm.referrals": build(
            "crm.referrals", batch.referrer >= 0, referral_id=keys("refr", batch.number),
            referrer_account_id=keys("acct", batch.referrer + 1),
            referrer_contact_id=keys("cont", batch.referrer + 1, 1),
            referred_lead_id=keys("lead", batch.number, 1), referred_at=batch.created_at - days(1),
        ),
    }  # fmt: skip


def _names(number: Array) -> pa.Array:
    """Return the names of accounts; the first 1,200 differ in their words, the others also bear a number."""
    index = number * 719 % NAMES
    rounds = pa.array(number // NAMES + 1).cast(pa.string())
    first, second = choose(FIRST_WORDS, index // len(SECOND_WORDS)), choose(SECOND_WORDS, index % len(SECOND_WORDS))
    return pc.binary_join_element_wise(first, second, only(rounds, number >= NAMES), " ", null_handling="skip")


def _assignments(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the assignments of accounts: to sales, then to onboarding, then to success, which drops some of them."""
    rows = len(batch)
    stages: list[tuple[Any, ...]] = [
        (1, batch.seller, batch.created_at + days(1), batch.onboarded_at, 0.9),
        (2, batch.onboarder, batch.onboarded_at, batch.succeeded_at, 0.9),
        (3, batch.success_manager, batch.succeeded_at, batch.left_at, np.where(batch.is_dropped, 0, 0.8)),
    ]
    return pa.concat_tables(
        build(
            "crm.account_assignments", assigned_at < END, assignment_id=keys("asgn", batch.number, place),
            account_id=keys("acct", batch.number), user_id=choose(USERS, user), assigned_at=assigned_at,
            accepted_at=before_end(np.where(chance < accepted, assigned_at + wait, NEVER)),
            unassigned_at=before_end(until),
        )
        for place, user, assigned_at, until, accepted in stages
        for chance, wait in [(random.random(rows), days(random.gamma(1.2, 0.3, rows)))]
    )  # fmt: skip


def _leads(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the leads: the one of each account, and others that came to nothing."""
    qualified_at = before_end(batch.created_at + days(random.uniform(1, 5, len(batch))))
    accepted_at = before_end(qualified_at + days(random.gamma(1.2, 0.4, len(batch))))
    is_lost = ~batch.is_customer & (batch.decided_at < END)
    channel = np.where(batch.campaign >= 0, batch.campaign, len(company.CHANNELS) + (batch.referrer < 0))
    own = build(
        "crm.leads", lead_id=keys("lead", batch.number, 1), created_at=batch.created_at - days(0.01),
        channel=choose([*company.CHANNELS, "referral", "direct"], channel),
        campaign_id=choose(company.CAMPAIGN_IDS, batch.campaign), owner_user_id=choose(USERS, batch.marketer),
        contact_id=keys("cont", batch.number, 1), account_id=keys("acct", batch.number),
        qualified_at=qualified_at, sales_user_id=only(choose(USERS, batch.seller), qualified_at < END),
        accepted_at=accepted_at, converted_at=np.where(batch.is_customer, batch.decided_at, NEVER),
        disqualified_at=np.where(is_lost, batch.decided_at, NEVER),
    )  # fmt: skip
    other_at = at_work(batch.created_at + days(random.uniform(-1, 1, len(batch))), random)
    campaign = running_campaign(other_at, random)
    other = build(
        "crm.leads", (batch.number % 3 == 0) & (other_at < END), lead_id=keys("lead", batch.number, 2),
        created_at=other_at, channel=choose(company.CHANNELS, campaign),
        campaign_id=choose(company.CAMPAIGN_IDS, campaign),
        owner_user_id=choose(USERS, batch.marketer), disqualified_at=before_end(other_at + days(20)),
    )  # fmt: skip
    return pa.concat_tables([own, other])


def _deals(batch: Accounts) -> pa.Table:
    """Return the deals: the first one of each account, and a second one with its upgrade."""
    begun_at, closed_at, grown = batch.created_at + days(9), before_end(batch.decided_at), ~np.isnat(batch.upgraded_at)
    annual = np.round(12 * batch.seats * company.PRICES[batch.tier - 1] * company.PRICE_FACTOR[batch.currency], 2)
    first = (1, annual, begun_at, closed_at, batch.is_customer, begun_at < END)
    grows_at = between(batch.first_charge_at, batch.upgraded_at, 0.5)
    second = (2, np.round(annual * 0.4, 2), grows_at, batch.upgraded_at, grown, grown)
    return pa.concat_tables(
        build(
            "crm.opportunities", keep, opportunity_id=keys("opp", batch.number, place),
            account_id=keys("acct", batch.number), owner_user_id=choose(USERS, batch.seller),
            owner_at_close_user_id=only(choose(USERS, batch.seller), ~np.isnat(closed_at)),
            lead_id=only(keys("lead", batch.number, 1), np.full(len(batch), place == 1)),
            campaign_id=choose(company.CAMPAIGN_IDS, batch.campaign if place == 1 else np.full(len(batch), -1)),
            stage=choose(["lost", "won", "proposal"], np.where(np.isnat(closed_at), 2, is_won)), amount=amount,
            currency_code=choose(company.CURRENCIES, batch.currency), created_at=created_at, closed_at=closed_at,
            is_won=only(pa.array(is_won), ~np.isnat(closed_at)),
        )
        for place, amount, created_at, closed_at, is_won, keep in (first, second)
    )  # fmt: skip


def _splits(batch: Accounts) -> pa.Table:
    """Return the splits of some first deals between two sellers."""
    is_split = batch.is_customer & (batch.number % 7 == 0) & (batch.seller != company.BEST_SELLER)
    helper = np.where(batch.seller == company.BEST_SELLER + 1, company.BEST_SELLER + 2, company.BEST_SELLER + 1)
    return pa.concat_tables(
        build(
            "crm.opportunity_splits", is_split, opportunity_id=keys("opp", batch.number, 1),
            user_id=choose(USERS, user), share=np.full(len(batch), share),
        )
        for user, share in ((batch.seller, 0.6), (helper, 0.4))
    )  # fmt: skip


def _transactions(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the transactions: charges in order of time, of which some are followed by a reversal."""
    account, place = repeated(batch.charges)
    rows, number, lives = len(account), batch.first_transaction[account] + place - 1, batch[account]
    part = (place - 1 + 0.9 * random.random(rows)) / lives.charges
    moment = between(lives.first_charge_at, lives.end_at - days(0.01), np.where(place == 1, 0, part))

    # A charge is reversed in the next row, and no reversal is reversed itself.
    gives_back = (random.random(rows) < 0.008 + 0.07 * (1 - lives.happiness) ** 2) & (place > 1)
    gives_back &= ~np.roll(gives_back, 1)
    is_reversed = np.roll(gives_back, -1)

    has_grown = moment >= lives.upgraded_at
    seats = np.where(has_grown, np.ceil(lives.seats * 1.3), lives.seats)
    product = lives.tier - 1 + has_grown
    product = np.where(
        (moment >= lives.crossed_at) & (random.random(rows) < 0.3), company.ANALYTICS + has_grown, product
    )
    product = np.where((moment >= lives.trained_at) & (random.random(rows) < 0.1), company.TRAINING, product)
    quantity = np.where(product == company.TRAINING, 1, seats)
    use = random.gamma(4, 0.25, rows)  # an order covers more or less than a month of normal use
    amount = np.round(company.PRICES[product] * quantity * company.PRICE_FACTOR[lives.currency] * use, 2)
    share = random.choice([1, 0.5, 0.25], rows)
    amount = np.where(gives_back, np.round(np.roll(amount, 1) * share, 2), amount)
    product = np.where(gives_back, np.roll(product, 1), product)
    kind = np.where(gives_back, random.choice([1, 1, 1, 2, 3], rows), 0)
    is_plain = ~gives_back & ~is_reversed & (place > 1)
    status = np.where(is_plain, random.choice(3, rows, p=[0.96, 0.01, 0.03]), 0)
    return build(
        "crm.transactions", transaction_id=keys("tx", number), account_id=keys("acct", lives.number),
        contact_id=keys("cont", lives.number, 1),
        opportunity_id=keys("opp", lives.number, np.where(place == 1, 1, -1)),
        product_id=choose(company.PRODUCT_IDS, product),
        transaction_type=choose(["charge", "refund", "credit", "chargeback"], kind),
        status=choose(["completed", "pending", "failed"], status),
        quantity=np.where(gives_back, np.roll(quantity, 1), quantity), amount=amount,
        currency_code=choose(company.CURRENCIES, lives.currency), transacted_at=moment,
        original_transaction_id=only(keys("tx", number - 1), gives_back),
    )  # fmt: skip


def _subscriptions(batch: Accounts) -> pa.Table:
    """Return the subscription lines; the first one ends when its terms change."""
    grown, core = ~np.isnat(batch.upgraded_at), batch.tier - 1
    first_end = np.where(grown, batch.upgraded_at, batch.left_at)
    lines = [
        (1, core, batch.seats, batch.first_charge_at, first_end, batch.is_customer),
        (2, core + 1, np.ceil(batch.seats * 1.3), batch.upgraded_at, batch.left_at, grown),
        (
            3,
            np.full(len(batch), company.ANALYTICS),
            batch.seats,
            batch.crossed_at,
            batch.left_at,
            ~np.isnat(batch.crossed_at),
        ),
    ]
    leaving = np.where(batch.number % 7 == 0, 1, 0)
    changed = np.where(grown, 2, leaving)
    return pa.concat_tables(
        build(
            "crm.subscriptions", keep, subscription_id=keys("sub", batch.number, place),
            account_id=keys("acct", batch.number), product_id=choose(company.PRODUCT_IDS, product), quantity=quantity,
            monthly_amount=np.round(company.PRICES[product] * quantity * company.PRICE_FACTOR[batch.currency], 2),
            currency_code=choose(company.CURRENCIES, batch.currency), started_on=started_at.astype("datetime64[D]"),
            ended_on=ended_at.astype("datetime64[D]"),
            end_reason=choose(["voluntary", "involuntary", "changed"], np.where(np.isnat(ended_at), -1, reason)),
        )
        for place, product, quantity, started_at, ended_at, keep in lines
        for reason in [changed if place == 1 else leaving]
    )  # fmt: skip


def _outcomes(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the outcomes that customers want: one each, and a later one of every third."""
    rows, tables = len(batch), []
    for place, offset, keep in ((1, -2, batch.is_customer), (2, 120, batch.is_customer & (batch.number % 3 == 0))):
        defined_at = before_end(batch.first_charge_at + days(offset), batch.end_at)
        due_at = defined_at + days(90 * np.maximum(company.PACE[batch.segment], 1))
        achieved_at = defined_at + days((22 + random.gamma(3, 9, rows)) * company.PACE[batch.segment])
        reaches = batch.reaches ^ (random.random(rows) < 0.06)
        achieved_at = before_end(np.where(reaches, achieved_at, NEVER), batch.end_at)
        verified_at = before_end(achieved_at + days(random.uniform(1, 9, rows)))
        by = np.where(np.isnat(verified_at), -1, random.random(rows) < 0.05)
        tables.append(
            build(
                "crm.outcomes", keep & ~np.isnat(defined_at), outcome_id=keys("outc", batch.number, place),
                account_id=keys("acct", batch.number), opportunity_id=keys("opp", batch.number, 1),
                outcome_name=choose(OUTCOMES, (batch.number + place) % len(OUTCOMES)),
                weight=random.choice([1, 1, 2, 0.5], rows), defined_at=defined_at, due_at=due_at,
                achieved_at=achieved_at, verified_at=verified_at,
                verified_by=choose(["customer", "vendor"], by),
                abandoned_at=np.where(np.isnat(achieved_at) & (batch.left_at > due_at), batch.left_at, NEVER),
            )
        )  # fmt: skip
    return pa.concat_tables(tables)
