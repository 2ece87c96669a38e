"""The CRM tables of the regular accounts: accounts, contacts, leads, deals, transactions and outcomes."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import company
from .company import DAYS, END, START, USERS
from .fates import (
    COUNTRIES,
    NEVER,
    Accounts,
    before_end,
    between,
    days,
    repeated,
    running_campaign,
    seller_at,
)
from .shapes import Tables, build, choose, keys, only

CURRENCIES = ["EUR", "USD", "GBP"]
PRICE_FACTOR = np.array([1.0, 1.1, 0.9])
INDUSTRIES = ["retail", "logistics", "health", "education", "media", "manufacturing"]
SEGMENTS = ["small_business", "mid_market", "enterprise"]
OUTCOMES = ["Close the books in three days", "Half the stock-outs", "One view of all orders"]
FIRST_WORDS = [
    "Amber",
    "Birch",
    "Cedar",
    "Drift",
    "Ember",
    "Fable",
    "Glen",
    "Hollow",
    "Ivory",
    "Juniper",
    "Kestrel",
    "Larch",
    "Maple",
    "Nimbus",
    "Orchard",
    "Pebble",
    "Quarry",
    "Rowan",
    "Sable",
    "Thistle",
    "Umber",
    "Velvet",
    "Willow",
    "Yarrow",
]
SECOND_WORDS = [
    "Bakery",
    "Clinics",
    "Foundry",
    "Freight",
    "Gardens",
    "Instruments",
    "Library",
    "Logistics",
    "Mills",
    "Outfitters",
    "Partners",
    "Pharmacy",
    "Press",
    "School",
    "Studio",
    "Textiles",
    "Traders",
    "Works",
]
FIRST_NAMES = ["Alma", "Bruno", "Carla", "Dario", "Edda", "Felix", "Greta", "Hugo", "Irma", "Jakob", "Kira", "Leon"]
LAST_NAMES = ["Abbott", "Berg", "Castro", "Dumont", "Eriksen", "Fischer", "Grant", "Horvat", "Ito", "Jansen"]


def customer_tables(batch: Accounts, random: np.random.Generator) -> Tables:
    """Return the CRM's tables of a batch of accounts, except touches."""
    return {
        "crm.accounts": _accounts(batch, random),
        "crm.contacts": _contacts(batch),
        "crm.account_assignments": _assignments(batch, random),
        "crm.leads": _leads(batch, random),
        "crm.opportunities": _opportunities(batch, random),
        "crm.opportunity_splits": _splits(batch),
        "crm.transactions": _transactions(batch, random),
        "crm.subscriptions": _subscriptions(batch),
        "crm.outcomes": _outcomes(batch, random),
        "crm.referrals": _referrals(batch),
    }


def _refers(batch: Accounts) -> np.ndarray:
    """Return which accounts refer a lead: happy customers with even numbers; it is the second lead of their number."""
    moment = before_end(batch.first_charge_at + days(100))
    return batch.is_customer & (batch.happiness > 0.7) & (batch.number % 2 == 0) & ~np.isnat(moment)


def _has_deal(batch: Accounts) -> np.ndarray:
    """Return which accounts have a deal; small accounts without a lead buy without talking to sales."""
    return (batch.has_lead | (batch.seats > 5)) & (batch.decided_at < END)


def _owner_now(seller: np.ndarray) -> np.ndarray:
    """Return the present owners of deals: the seller who left has handed them over to a successor."""
    return np.where(seller == company.LEAVER, company.LEAVER_SUCCESSOR, seller)


def _accounts(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the accounts, which are customers or prospects."""
    rows = len(batch)
    first, second = random.integers(0, 24, rows), random.integers(0, 18, rows)
    company_names = [f"{f} {s}" for f in FIRST_WORDS for s in SECOND_WORDS]
    person_names = [f"{f} {s}" for f in FIRST_NAMES for s in LAST_NAMES]
    index = np.where(batch.is_person, 432 + first % 12 * 10 + second % 10, first * 18 + second)
    segment = np.digitize(batch.seats, [8, 25])
    has_parent = (random.random(rows) < 0.04) & ~batch.is_person & (batch.number > 6)
    return build(
        "crm.accounts",
        rows,
        account_id=batch.ids,
        account_name=choose(company_names + person_names, index),
        account_type=choose(["business", "person"], batch.is_person.astype(int)),
        parent_account_id=only(keys("acct", batch.number - 1), has_parent),
        segment=choose(SEGMENTS, np.where(random.random(rows) < 0.04, -1, segment)),
        industry=choose(INDUSTRIES, np.where(batch.is_person, -1, batch.number % len(INDUSTRIES))),
        country_code=choose(COUNTRIES, batch.country),
        created_at=batch.created_at,
    )


def _contacts(batch: Accounts) -> pa.Table:
    """Return the persons at the accounts."""
    account, place = repeated(batch.contacts)
    number = batch.number[account]
    ids = keys("cont", number, place)
    emails = pc.binary_join_element_wise(ids, "mail.example", "@")
    return build(
        "crm.contacts",
        len(account),
        contact_id=ids,
        account_id=keys("acct", number),
        email=emails,
        created_at=batch.created_at[account] + days(place * 2 - 2),
    )


def _assignments(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the assignments of accounts to users: first to sales, then to onboarding, then to success."""
    rows = len(batch)
    sold_at = batch.created_at + days(1)
    onboarded_at = batch.first_charge_at + days(0.2)
    succeeded_at = before_end(onboarded_at + days(20 + 30 * random.random(rows)))
    succeeded_at = np.where(succeeded_at < batch.end_at, succeeded_at, NEVER)
    stages = [
        (1, batch.seller, sold_at, onboarded_at, _has_deal(batch)),
        (2, batch.onboarder, onboarded_at, succeeded_at, batch.is_customer),
        (3, batch.success_manager, succeeded_at, batch.left_at, ~np.isnat(succeeded_at)),
    ]
    tables = []
    for place, user, assigned_at, until, keep in stages:
        wait = days(random.gamma(1.2, 0.4, rows))
        reaction = random.random(rows)
        tables.append(
            build(
                "crm.account_assignments",
                rows,
                keep,
                assignment_id=keys("asgn", batch.number, np.full(rows, place)),
                account_id=batch.ids,
                user_id=choose(USERS, user),
                assigned_at=assigned_at,
                accepted_at=before_end(np.where(reaction < 0.9, assigned_at + wait, NEVER)),
                rejected_at=before_end(np.where(reaction > 0.97, assigned_at + wait, NEVER)),
                unassigned_at=until,
            )
        )
    return pa.concat_tables(tables)


def _leads(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the leads: the leads that became accounts, and others that came by referral or by chance."""
    rows = len(batch)
    created_at = batch.created_at - days(0.01)
    decided_at = np.where(_has_deal(batch), before_end(batch.decided_at), NEVER)
    own = build(
        "crm.leads",
        rows,
        batch.has_lead,
        lead_id=keys("lead", batch.number, np.full(rows, 1)),
        created_at=created_at,
        channel=choose([c[2] for c in company.CAMPAIGNS], batch.campaign),
        campaign_id=choose([c[0] for c in company.CAMPAIGNS], batch.campaign),
        owner_user_id=choose(USERS, batch.marketer),
        contact_id=keys("cont", batch.number, np.full(rows, 1)),
        account_id=batch.ids,
        qualified_at=before_end(between(created_at, batch.decided_at, 0.2)),
        sales_user_id=only(choose(USERS, batch.seller), between(created_at, batch.decided_at, 0.2) < END),
        accepted_at=before_end(between(created_at, batch.decided_at, 0.2 + random.random(rows) * 0.2)),
        converted_at=np.where(batch.is_customer, decided_at, NEVER),
        disqualified_at=np.where(random.random(rows) < 0.6, np.where(batch.is_customer, NEVER, decided_at), NEVER),
    )
    refers = _refers(batch)
    chance_at = before_end(START + days(DAYS * random.random(rows)))
    other_at = np.where(refers, batch.first_charge_at + days(100), chance_at)
    state = random.random(rows)
    campaign = np.where(refers, -1, running_campaign(random, chance_at))
    channels = [c[2] for c in company.CAMPAIGNS]
    qualified = np.where(state < 0.4, other_at + days(5), NEVER)
    other = build(
        "crm.leads",
        rows,
        refers | (random.random(rows) < 0.4),
        lead_id=keys("lead", batch.number, np.full(rows, 2)),
        created_at=other_at,
        channel=choose([*channels, "referral"], np.where(refers, len(channels), campaign)),
        campaign_id=choose([c[0] for c in company.CAMPAIGNS], campaign),
        owner_user_id=choose(USERS, batch.marketer),
        qualified_at=before_end(qualified),
        sales_user_id=only(choose(USERS, _owner_now(batch.seller)), state < 0.4),
        accepted_at=before_end(np.where(state < 0.3, qualified + days(1), NEVER)),
        disqualified_at=before_end(np.where(state > 0.7, other_at + days(20), NEVER)),
    )
    return pa.concat_tables([own, other])


def _opportunities(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the deals: the first deal of each account, and a second one for customers that grew."""
    rows = len(batch)
    annual = 12 * batch.seats * company.PRICES[batch.tier - 1] * PRICE_FACTOR[batch.currency]
    closed_at = np.where(batch.is_customer | (random.random(rows) < 0.7), before_end(batch.decided_at), NEVER)
    is_open = np.isnat(closed_at)
    first = build(
        "crm.opportunities",
        rows,
        _has_deal(batch),
        opportunity_id=keys("opp", batch.number, np.full(rows, 1)),
        account_id=batch.ids,
        owner_user_id=choose(USERS, _owner_now(batch.seller)),
        owner_at_close_user_id=only(choose(USERS, seller_at(batch, closed_at)), ~is_open),
        lead_id=only(keys("lead", batch.number, np.full(rows, 1)), batch.has_lead),
        campaign_id=choose([c[0] for c in company.CAMPAIGNS], batch.campaign),
        stage=choose(["lost", "won", "proposal"], np.where(is_open, 2, batch.is_customer)),
        amount=annual,
        currency_code=choose(CURRENCIES, batch.currency),
        created_at=between(batch.created_at, batch.decided_at, 0.4),
        closed_at=closed_at,
        is_won=only(pa.array(batch.is_customer), ~is_open),
    )
    second = build(
        "crm.opportunities",
        rows,
        _grows(batch),
        opportunity_id=keys("opp", batch.number, np.full(rows, 2)),
        account_id=batch.ids,
        owner_user_id=choose(USERS, _owner_now(batch.seller)),
        owner_at_close_user_id=choose(USERS, seller_at(batch, batch.upgraded_at)),
        stage="won",
        amount=np.round(annual * 0.4, 2),
        currency_code=choose(CURRENCIES, batch.currency),
        created_at=between(batch.first_charge_at, batch.upgraded_at, 0.5),
        closed_at=batch.upgraded_at,
        is_won=True,
    )
    return pa.concat_tables([first, second])


def _grows(batch: Accounts) -> np.ndarray:
    return ~np.isnat(batch.upgraded_at) & (batch.seats > 5)


def _splits(batch: Accounts) -> pa.Table:
    """Return the splits of some first deals between two sellers; some also give a marketer a share."""
    rows = len(batch)
    is_split = _has_deal(batch) & batch.is_customer & (batch.number % 4 == 0)
    helper = np.where(batch.seller == 5, 6, 5)
    deal = keys("opp", batch.number, np.full(rows, 1))
    parts = [
        (batch.seller, 0.6, is_split),
        (helper, 0.4, is_split),
        (batch.marketer, 1.0, is_split & (batch.number % 8 == 0)),
    ]
    return pa.concat_tables(
        build(
            "crm.opportunity_splits",
            rows,
            keep,
            opportunity_id=deal,
            user_id=choose(USERS, user),
            share=np.full(rows, share),
        )
        for user, share, keep in parts
    )


def _transactions(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the transactions: charges in order of time, of which some are followed by a reversal."""
    account, place = repeated(batch.charges)
    place = place - 1
    rows = len(account)
    number = batch.first_transaction[account] + place
    span_part = (place + 0.8 * random.random(rows)) / np.maximum(batch.charges[account], 1)
    moment = between(batch.first_charge_at[account], batch.end_at[account] - days(0.01), span_part)
    moment = np.where(place == 0, batch.first_charge_at[account], moment)

    # A charge is reversed in the next row, and no reversal is reversed itself.
    unhappiness = 1 - batch.happiness[account]
    gives_back = (random.random(rows) < 0.01 + 0.12 * unhappiness**2) & (place > 0)
    gives_back &= ~_previous(gives_back)
    is_original = np.roll(gives_back, -1)
    # Two lines of one purchase have the same moment.
    is_second_line = (random.random(rows) < 0.08) & (place > 0) & ~gives_back & ~_previous(gives_back)
    is_second_line &= ~_previous(is_second_line)
    moment = np.where(is_second_line, _previous(moment), moment)

    family = np.zeros(rows, dtype=int)
    family[(moment >= batch.crossed_at[account]) & (random.random(rows) < 0.35)] = 1
    family[(moment >= batch.trained_at[account]) & (random.random(rows) < 0.12)] = 2
    has_grown = moment >= batch.upgraded_at[account]
    tier = np.where(family == 0, batch.tier[account] + has_grown, 1 + (has_grown & (number % 3 > 0)))
    product = company.FIRST_PRODUCT_OF_FAMILY[family] + tier - 1
    seats = np.where(has_grown, np.ceil(batch.seats[account] * 1.3), batch.seats[account])
    quantity = np.where(family == 2, 1, seats)
    discount = random.choice([1.0, 1.0, 1.0, 0.95, 0.9], rows)
    price = company.PRICES[product] * PRICE_FACTOR[batch.currency[account]]
    amount = np.round(price * quantity * discount, 2)
    part = random.choice([1, 0.5, 0.25], rows)
    amount = np.where(gives_back, np.round(_previous(amount) * part, 2), amount)
    product = np.where(gives_back, _previous(product), product)
    quantity = np.where(gives_back, _previous(quantity), quantity)

    kinds = ["charge", "refund", "credit", "chargeback", "transfer"]
    kind = np.where(gives_back, random.choice([1, 1, 1, 2, 2, 3], rows), 0)
    is_plain = ~gives_back & ~is_original & (place > 0)
    kind[is_plain & (random.random(rows) < 0.006)] = 4
    status = np.where(is_plain, random.choice(3, rows, p=[0.955, 0.015, 0.03]), 0)
    has_product = (random.random(rows) > 0.02) & (kind != 4)
    deal = np.where(place == 0, np.where(_has_deal(batch)[account], 1, -1), -1)
    deal = np.where(has_grown & _grows(batch)[account] & (number % 3 == 0), 2, deal)
    return build(
        "crm.transactions",
        rows,
        transaction_id=keys("tx", number),
        account_id=keys("acct", batch.number[account]),
        contact_id=only(keys("cont", batch.number[account], np.full(rows, 1)), number % 9 > 0),
        opportunity_id=keys("opp", batch.number[account], deal),
        product_id=only(choose([p[0] for p in company.PRODUCTS], product), has_product),
        transaction_type=choose(kinds, kind),
        status=choose(["completed", "pending", "failed"], status),
        quantity=quantity,
        amount=amount,
        currency_code=choose(CURRENCIES, batch.currency[account]),
        transacted_at=moment,
        original_transaction_id=only(keys("tx", number - 1), gives_back),
    )


def _previous(values: np.ndarray) -> np.ndarray:
    """Return the value of each row's predecessor; the first row of an account has none, so its result is meaningless."""
    return np.roll(values, 1)


def _subscriptions(batch: Accounts) -> pa.Table:
    """Return the subscription lines; a line ends when its terms change."""
    rows = len(batch)
    start = batch.first_charge_at
    # A few customers move to another product family instead of growing.
    migrates = ~np.isnat(batch.upgraded_at) & (batch.number % 25 == 0)
    changes = ~np.isnat(batch.upgraded_at)
    crosses = ~np.isnat(batch.crossed_at)
    seats_after = np.ceil(batch.seats * 1.3)
    core = batch.tier - 1
    after = np.where(migrates, 4, batch.tier)
    lines = [
        (1, core, batch.seats, start, np.where(changes, batch.upgraded_at, batch.left_at), batch.is_customer),
        (2, after, seats_after, batch.upgraded_at, batch.left_at, changes),
        (3, np.full(rows, 3), batch.seats, batch.crossed_at, batch.left_at, crosses),
    ]
    leaving = np.where(batch.number % 7 == 0, 1, 0)
    tables = []
    for place, product, quantity, started_at, ended_at, keep in lines:
        change = np.where(migrates, 3, 2) if place == 1 else leaving
        reason = np.where(changes, change, leaving)
        monthly = np.round(company.PRICES[product] * quantity * PRICE_FACTOR[batch.currency], 2)
        tables.append(
            build(
                "crm.subscriptions",
                rows,
                keep,
                subscription_id=keys("sub", batch.number, np.full(rows, place)),
                account_id=batch.ids,
                product_id=choose([p[0] for p in company.PRODUCTS], product),
                quantity=quantity,
                monthly_amount=monthly,
                currency_code=choose(CURRENCIES, batch.currency),
                started_on=started_at.astype("datetime64[D]"),
                ended_on=ended_at.astype("datetime64[D]"),
                end_reason=choose(
                    ["voluntary", "involuntary", "changed", "migrated"],
                    np.where(np.isnat(ended_at), -1, reason),
                ),
            )
        )
    return pa.concat_tables(tables)


def _outcomes(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the outcomes that customers want; happier customers reach them more often."""
    rows = len(batch)
    tables = []
    for place, offset, keep in [(1, -2, batch.is_customer), (2, 60, batch.is_customer & (batch.number % 3 == 0))]:
        defined_at = before_end(batch.first_charge_at + days(offset))
        reaches = random.random(rows) < 0.2 + 0.7 * batch.happiness
        achieved_at = before_end(defined_at + days(10 + random.gamma(2.5, 28, rows)))
        achieved_at = np.where(reaches & (achieved_at < batch.end_at), achieved_at, NEVER)
        verified_at = before_end(achieved_at + days(1 + 12 * random.random(rows)))
        verified_at = np.where(random.random(rows) < 0.8, verified_at, NEVER)
        abandoned_at = before_end(defined_at + days(50 + 80 * random.random(rows)))
        abandons = np.isnat(achieved_at) & (random.random(rows) < 0.25)
        tables.append(
            build(
                "crm.outcomes",
                rows,
                keep & ~np.isnat(defined_at) & (defined_at < batch.end_at),
                outcome_id=keys("outc", batch.number, np.full(rows, place)),
                account_id=batch.ids,
                opportunity_id=only(keys("opp", batch.number, np.full(rows, 1)), _has_deal(batch)),
                outcome_name=choose(OUTCOMES, (batch.number + place) % 3),
                weight=random.choice([1, 1, 2, 0.5], rows),
                defined_at=defined_at,
                due_at=defined_at + days(90),
                achieved_at=achieved_at,
                verified_at=verified_at,
                verified_by=choose(
                    ["customer", "vendor"],
                    np.where(np.isnat(verified_at), -1, random.random(rows) < 0.2),
                ),
                abandoned_at=np.where(abandons, abandoned_at, NEVER),
            )
        )
    return pa.concat_tables(tables)


def _referrals(batch: Accounts) -> pa.Table:
    """Return the referrals of leads by customers."""
    rows = len(batch)
    return build(
        "crm.referrals",
        rows,
        _refers(batch),
        referral_id=keys("refr", batch.number),
        referrer_account_id=batch.ids,
        referrer_contact_id=keys("cont", batch.number, np.full(rows, 1)),
        referred_lead_id=keys("lead", batch.number, np.full(rows, 2)),
        referred_at=batch.first_charge_at + days(99.9),
    )
