"""Random, adversarial companies in the shape of the input contract, for tests of the whole build.

A world passes through four steps, each deterministic for its seed:

1. `_people` to `_surveys` make clean records, as Python values, that refer to each other;
2. `deliver` makes the versions of a record that arrive: edits, copies, ties, deletions, futures;
3. `spell` writes each value in one of the forms that the contract allows, `wrongs` break some;
4. `write_world` writes the files, `<domain>/<table>.csv` or `.parquet`, such as crm/accounts.csv.

Nothing plans who refers to a broken record: records break at random, and the references that were
sound before (a deal of an account, its splits, its tickets) become the cascades under test.
CSV and Parquet of one seed hold the same rows, but for the lines that only CSV can break.
With `faults=False` no row is quarantined, deleted or future: each is accepted, superseded, or
excluded as one of an internal or test account.
"""

import csv
import io
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import worlds_outcomes
import worlds_rules
import worlds_support
from worlds_support import CLOCK_CHANGES, DAY, SECOND, TICK

# The contract in brief: * key, ! required, @ event time, [low:high] bounds, > what is referred to.
CONTRACT = """
crm.accounts: account_id* account_name account_type parent_account_id>accounts
    merged_into_account_id>accounts segment industry country_code created_at!@
crm.contacts: contact_id* account_id!>accounts email merged_into_contact_id>contacts created_at!@
crm.users: user_id* user_name email team! manager_user_id>users hired_at left_at is_bot
crm.account_assignments: assignment_id* account_id!>accounts user_id!>users assigned_at!@
    accepted_at rejected_at unassigned_at
crm.campaigns: campaign_id* campaign_name! channel! owner_user_id>users started_on ended_on
crm.campaign_costs: campaign_id*>campaigns cost_on*@ amount![0:] currency_code!
crm.leads: lead_id* created_at!@ channel campaign_id>campaigns owner_user_id>users
    contact_id>contacts account_id>accounts qualified_at sales_user_id>users accepted_at
    converted_at disqualified_at
crm.touches: touch_id* occurred_at!@ channel! direction! user_id>users campaign_id>campaigns
    lead_id>leads contact_id>contacts account_id>accounts opportunity_id>opportunities
    nurture_point is_automated is_delivered
crm.opportunities: opportunity_id* account_id!>accounts owner_user_id>users
    owner_at_close_user_id>users lead_id>leads campaign_id>campaigns stage amount currency_code
    created_at!@ closed_at is_won
crm.opportunity_splits: opportunity_id*>opportunities user_id*>users share![0:1]
crm.products: product_id* product_name product_family! tier
crm.transactions: transaction_id* account_id!>accounts contact_id>contacts
    opportunity_id>opportunities product_id>products transaction_type! status quantity amount![0:]
    currency_code! transacted_at!@ original_transaction_id>transactions
crm.subscriptions: subscription_id* account_id!>accounts product_id!>products quantity![0:]
    monthly_amount![0:] currency_code! started_on!@ ended_on end_reason
crm.outcomes: outcome_id* account_id!>accounts opportunity_id>opportunities outcome_name!
    weight[0:] defined_at!@ due_at achieved_at verified_at verified_by abandoned_at
crm.referrals: referral_id* referrer_account_id!>accounts referrer_contact_id>contacts
    referred_lead_id!>leads referred_at!@
crm.experiments: experiment_id* experiment_name channel! started_on! ended_on!@
    control_exposures![1:] control_conversions![0:] variant_exposures![1:] variant_conversions![0:]
    spend![0:] currency_code! is_shipped!
crm.exchange_rates: from_currency* to_currency* valid_on*@ rate![0.000001:]
support.tickets: ticket_id* account_id>accounts contact_id>contacts channel priority
    schedule_id>schedules is_spam merged_into_ticket_id>tickets created_at!@
support.ticket_events: event_id* ticket_id!>tickets occurred_at!@ event_type! actor_type!
    actor_user_id>users is_public new_value
support.schedules: schedule_id* weekday*[1:7] starts_minute*[0:1440] ends_minute![0:1440] timezone!
support.holidays: schedule_id* holiday_on*
survey.surveys: survey_id* survey_type! question scale_min! scale_max!
survey.invitations: invitation_id* survey_id!>surveys account_id>accounts contact_id>contacts
    about_type! about_id about_user_id>users sent_at!@ is_delivered
survey.responses: response_id* survey_id!>surveys invitation_id>invitations account_id!>accounts
    contact_id>contacts about_type about_id about_user_id>users score! comment responded_at!@
product.usage_days: account_id*>accounts contact_id* used_on*@ value_events![0:]
"""
VALUES = {
    "account_type": ("business", "person", "internal", "test"),
    "team": ("marketing", "sales", "onboarding", "success", "support"),
    "direction": ("outbound", "inbound"),
    "transaction_type": ("charge", "refund", "chargeback", "credit", "transfer"),
    "status": ("completed", "pending", "failed"),
    "end_reason": ("voluntary", "involuntary", "changed", "migrated"),
    "verified_by": ("customer", "vendor"),
    "event_type": ("comment", "status", "assignment", "priority", "schedule"),
    "actor_type": ("customer", "agent", "bot", "system"),
    "survey_type": ("nps", "csat", "ces", "post_purchase", "touch_rating"),
    "about_type": ("touch", "ticket", "opportunity", "transaction", "relationship"),
}
INTEGERS = re.compile(r"tier|weekday|value_events|\w+_(minute|exposures|conversions)")
DECIMALS = re.compile(r"(\w+_)?amount|quantity|share|weight|spend|rate|score|scale_(min|max)")
# What happened after as_of reads as null in these, and the row stays.
MOMENTS = {"closed_at", "converted_at", "disqualified_at", "qualified_at", "accepted_at", "left_at"}
MOMENTS |= {"rejected_at", "unassigned_at", "achieved_at", "verified_at", "abandoned_at"}
# An edit of these could make a sound record unsound, so edits leave them alone.
FRAGILE = {f"merged_into_{kind}_id" for kind in ("account", "contact", "ticket")}
FRAGILE |= {"original_transaction_id", "team", "share", "timezone", "ends_minute"}
FRAGILE |= {"survey_id", "scale_min", "scale_max", "score"}
BAD_MOMENTS = ("2024-02-30", "31/12/2024", "yesterday", "infinity", "epoch", "null", "1719792000")
BAD_TYPES = {
    "integer": ("one", "1.5", "1e2", "1_000", "1000000000000", "NaN", "null"),
    "decimal": (
        "NaN",
        "NaN",
        "much",
        "inf",
        "1,5",
        "1e12",
        "-1e20",
        "1_000",
        "$5",
        "1e400",
        "null",
    ),
    "boolean": ("yes", "t", "2", "on", "N", "1.0", "null"),
    "timestamp": (*BAD_MOMENTS, "2024-13-01T00:00:00Z", "2024-01-01 25:00:00", "20:15:00"),
    "date": (*BAD_MOMENTS, "2024-01-05 10:00:00", "2023-02-29"),
}
TEXTS = (
    *("plain", "a, b", 'say "yes"', "two\nlines", "two\r\nlines", '",\n"', " leading", "trailing "),
    *("null", "NULL", "NaN", "true", "0", "007", "\\N", "\\", "#1", "a|b", "a;b", "tab\there"),
    *("O'Brien", "Zoë", "漢字", "🙂", "é", "=1+1", "--", "{{ x }}", "%s", None),
)
CURRENCIES = ("EUR", "USD", "GBP", "JPY")
THINGS = {
    "touch": ("touches", "touch_id", "occurred_at"),
    "ticket": ("tickets", "ticket_id", "created_at"),
    "opportunity": ("opportunities", "opportunity_id", "created_at"),
    "transaction": ("transactions", "transaction_id", "transacted_at"),
}
YEAR = 365 * DAY

Row = dict[str, object]
Cells = dict[str, str | None]
Fields = list[str | None]


@dataclass(frozen=True)
class Column:
    """One column of the contract."""

    name: str
    is_key: bool = False
    is_required: bool = False
    is_event_time: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    refers_to: str | None = None

    @property
    def kind(self) -> str:
        """The type, which the contract's way of naming gives away."""
        if self.name.endswith("_at"):
            return "timestamp"
        if self.name.endswith("_on"):
            return "date"
        if self.name.startswith("is_"):
            return "boolean"
        if INTEGERS.fullmatch(self.name):
            return "integer"
        return "decimal" if DECIMALS.fullmatch(self.name) else "text"


def _read_contract() -> tuple[dict[str, str], dict[str, list[Column]]]:
    """The domain and the columns of each table."""
    domains, columns = {}, {}
    for domain, table, body in re.findall(r"^(\w+)\.(\w+): (.*?)(?=^\w|\Z)", CONTRACT, re.M | re.S):
        domains[table], columns[table] = domain, []
        for token in body.split():
            part = re.fullmatch(r"(\w+)[*!@]*(?:\[(.*):(.*)\])?(?:>(\w+))?", token)
            low, high = (Decimal(bound) if bound else None for bound in part.group(2, 3))
            marks = ("*" in token, "*" in token or "!" in token, "@" in token)
            columns[table].append(Column(part[1], *marks, low, high, part[4]))
    return domains, columns


DOMAINS, COLUMNS = _read_contract()
STAMPS = [Column("updated_at"), Column("is_deleted"), Column("_loaded_at")]
EXTRA = ("Extra Column", "legacy_score")  # not in the contract
NEEDED = {c.refers_to for columns in COLUMNS.values() for c in columns if c.is_required}


class World:
    """A company in the making: its clean records so far, and the dice."""

    def __init__(self, seed: int, size: int, faults: bool, as_of: datetime) -> None:
        self.random, self.size, self.faults, self.as_of = Random(seed), size, faults, as_of
        self.start = as_of - 1250 * DAY
        self.rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.has_numeric_ids = self.chance(0.3)
        self._of: dict[tuple[str, object], list[Row]] = defaultdict(list)
        self._ids: dict[str, list[str]] = defaultdict(list)
        support = worlds_support.generate_support
        outcomes, credit = worlds_outcomes.generate, worlds_rules.credit
        for generate in (_people, _marketing, _sales, _money, _value, support, _surveys, outcomes, credit):
            generate(self)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def fault(self, probability: float = 0.03) -> bool:
        """Whether something here is to be wrong."""
        return self.chance(probability) and self.faults

    def some(self, *options):
        return self.random.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def add(self, table: str, **given: object) -> Row:
        """A new record: what is given, and random values of the contract's kind for the rest."""
        event_time = next((c.name for c in COLUMNS[table] if c.is_event_time), None)
        at = given.get(event_time) or self.moment()
        row: Row = {}
        for column in COLUMNS[table]:
            is_given = column.name in given
            account_id = row.get("account_id")
            row[column.name] = given[column.name] if is_given else self._any(column, account_id, at)
        self.rows[table].append(row)
        self._of[table, row.get("account_id")].append(row)
        return row

    def _any(self, column: Column, account_id: object, at: datetime) -> object:
        name = column.name
        if column.is_key and not column.refers_to:
            return self.new_id(name.removesuffix("_id"))
        if not column.is_required and (name in FRAGILE or self.chance(0.25)):
            return None
        if column.refers_to:
            return self.id_of(column.refers_to, account_id)
        if name in VALUES or column.kind == "boolean":
            return self.some(*VALUES.get(name, (True, False)))
        if name in MOMENTS:
            return self.then(at, 0 * DAY, SECOND, DAY, 3 * DAY, 10 * DAY, 30 * DAY, YEAR)
        if column.kind == "timestamp":
            return at
        if column.kind == "date":
            return at.date() if isinstance(at, datetime) else at
        if column.kind == "decimal":
            return self.amount()
        if name == "currency_code":
            return self.currency()
        return self.some(*TEXTS) or ("plain" if column.is_required else None)

    def new_id(self, prefix: str) -> str:
        """An unused id; now and then one that differs from another by case or a space alone."""
        ids = self._ids[prefix]
        result = f"{len(ids) + 1:05}" if self.has_numeric_ids else f"{prefix}{len(ids) + 1}"
        if ids and self.chance(0.04):
            twin = self.some(*ids)
            odd = self.some(twin.swapcase(), " " + twin, f"{twin}|{twin}", result + "ü")
            result = result if odd in ids else odd
        ids.append(result)
        return result

    def of(self, table: str, account_id: object) -> list[Row]:
        return self._of[table, account_id]

    def id_of(self, table: str, account_id: object = None) -> object:
        """The id of a record of that account, if any; seldom, or of tables without, anyone's."""
        is_owned = table != "accounts" and any(c.name == "account_id" for c in COLUMNS[table])
        is_own = is_owned and account_id is not None and not self.chance(0.03)
        rows = self.of(table, account_id) if is_own else self.rows[table]
        return self.random.choice(rows)[COLUMNS[table][0].name] if rows else None

    def moment(self, after: datetime | None = None) -> datetime:
        """A moment after that one, often where a day, a month or daylight saving time turns."""
        after = min(after or self.start, self.as_of)
        plain = after + int((self.as_of - after) / SECOND * self.random.random()) * SECOND
        midnight = datetime(plain.year, plain.month, plain.day)
        month_end = (midnight.replace(day=1) + 32 * DAY).replace(day=1)
        near = self.some(-TICK, -SECOND, 0 * DAY, SECOND, DAY / 48, -DAY / 48, -DAY / 6, DAY / 6)
        fraction = self.some(self.number(1, 999999), self.number(1, 999) * 1000) * TICK
        turns = [midnight + near, month_end + near, self.some(*CLOCK_CHANGES) + near, self.as_of]
        odd = self.some(*[plain] * 4, plain + fraction, midnight, month_end, *turns)
        return odd if after <= odd <= self.as_of else plain

    def then(self, moment: datetime, *gaps: timedelta) -> datetime | None:
        """One of the gaps later; None where that is not yet."""
        later = moment + self.some(*gaps)
        return later if later <= self.as_of else None

    def amount(self) -> Decimal:
        """Money: round, in cents, in halves of a cent, with too many decimals, nothing, or huge."""
        if self.fault(0.0005):
            return Decimal("12345678901234567890.12")
        cents = Decimal(self.number(1, 90000))
        odd = [cents / 200, cents / 1000, cents / 10**7, cents // 100 * 100, Decimal(0)]
        return self.some(*[cents / 100] * 5, *odd, cents + Decimal("0.0000005"))

    def currency(self, home: str | None = None) -> str:
        """Mostly the one of the house; with faults also some that have no rate."""
        if self.fault():
            return self.some("CHF", "CHF", "eur", "€")
        return home if home and self.chance(0.9) else self.some(*CURRENCIES)


def _people(world: World) -> None:
    """Users with leavers and bots, one of them always in sales, accounts with internal and test ones, contacts, merges."""
    for number in range(max(20, world.size // 4)):
        is_bot = {1: False, 6: True}.get(number, world.some(None, False, False, False, True))
        left_at = world.some(None, None, world.moment())
        world.add("users", team=VALUES["team"][number % 5], is_bot=is_bot, left_at=left_at)
    types = [*["business"] * 7, "person", "person", None, "internal", "test"]
    for _ in range(world.size):
        segment = world.some("small", "large", "large", " large", "Large", "all", None)
        account = world.add("accounts", account_type=world.some(*types), segment=segment)
        account_id, created_at = account["account_id"], account["created_at"]
        for _ in range(world.some(0, 1, 1, 2, 3)):
            world.add("contacts", account_id=account_id, created_at=world.moment(created_at))
    gone = [{"fate": "deleted"}, {"fate": "future"}]
    uncounted = [{"account_type": "internal"}, {"account_type": "test"}]
    _merge(world, "accounts", "merged_into_account_id", *gone, *uncounted)
    _merge(world, "contacts", "merged_into_contact_id", *gone)


def _merge(world: World, table: str, into: str, *odd_survivors: Row) -> None:
    """Merge some in chains; with faults also in circles, to nowhere, and into odd survivors."""
    rows, key = world.rows[table], COLUMNS[table][0].name
    pool = world.random.sample(rows, len(rows) // 2)
    links = []
    for _ in range(len(rows) // 20 + 1):
        chain = [pool.pop() for _ in range(min(len(pool), world.some(2, 2, 3, 4)))]
        links += zip(chain, chain[1:], strict=False)
    for loser, _survivor in links:
        loser["fate"] = world.some("deleted", "sound")
    if world.faults and len(pool) >= 5 + 2 * len(odd_survivors):
        circle = [pool.pop() for _ in range(world.some(1, 2, 3))]
        links += zip(circle, circle[1:] + circle[:1], strict=True)
        links += [(pool.pop(), circle[0]), (pool.pop(), {key: "nowhere"})]
        for oddity in odd_survivors:
            links.append((pool.pop(), pool.pop()))
            links[-1][1].update(oddity)
    for loser, survivor in links:
        loser[into] = survivor[key]


def _marketing(world: World) -> None:
    """Campaigns and costs, leads before and after accounts or of none, runs of touches, tests."""
    for _ in range(8):
        campaign_id = world.add("campaigns")["campaign_id"]
        for cost_on in sorted({world.moment().date() for _ in range(world.number(0, 12))}):
            world.add("campaign_costs", campaign_id=campaign_id, cost_on=cost_on)
    for account in [*world.rows["accounts"], *[None] * (world.size // 4)]:
        account_id = account and account["account_id"]
        created_at = account["created_at"] if account else world.moment()
        before = world.some(100 * DAY, DAY, 0 * DAY, -SECOND)
        world.add("leads", account_id=account_id, created_at=min(created_at - before, world.as_of))
        worlds_support.touch_run(world, account_id, world.moment(created_at - 90 * DAY))


def _sales(world: World) -> None:
    """Products, deals, and their splits over one or two teams; with faults not summing to 1."""
    families = ("core", "core", "core", "add-on", "add-on", "add-on", "help", "help", "Core")
    for family in families:
        world.add("products", product_family=family, tier=world.some(None, 0, 1, 2, 3))
    sound = ["1", "0.5 0.5", "0.333333 0.333333 0.333334", "0 1", "0.25 0.75"]
    wrong = ["0.5", "0.5 0.6", "0.333333 0.333333 0.333333", "1 0.000001", "0"]
    for account in world.rows["accounts"] * 2:
        if world.chance(0.4):
            continue
        created_at = world.moment(account["created_at"] - 10 * DAY)
        amount = world.some(None, world.amount(), -world.amount())
        given = {"account_id": account["account_id"], "amount": amount, "created_at": created_at}
        deal = world.add("opportunities", **given)
        for team in world.some((), ("sales",), ("marketing",), ("sales", "marketing")):
            shares = world.some(*(wrong if world.fault(0.15) else sound)).split()
            members = [user["user_id"] for user in world.rows["users"] if user["team"] == team]
            for user_id, share in zip(members[: len(shares)], shares, strict=True):
                given = {"opportunity_id": deal["opportunity_id"], "user_id": user_id}
                world.add("opportunity_splits", **given, share=Decimal(share))
            world.random.shuffle(world.rows["users"])


def _money(world: World) -> None:
    """Rates; purchases of several lines about the gap of a reactivation; reversals; MRR."""
    for one, other in combinations(CURRENCIES, 2):
        ways = world.some([(one, other)], [(other, one)], [(one, other), (other, one)])
        for number, (base, quote) in enumerate(ways):  # the two ways need not agree
            is_late = number == 1 or world.fault(0.4)
            valid_on = world.start + (world.number(50, 900) if is_late else -200) * DAY
            usual = Decimal({"JPY": "150"}.get(quote, "0.0067" if base == "JPY" else "1.1"))
            odd = [Decimal(rate) for rate in ("0.5", "1.25", "1.6", "8", "3", "0.000001")]
            while valid_on < world.as_of:
                rate = round(usual * world.number(900, 1100) / 1000, 6)
                pair = {"from_currency": base, "to_currency": quote, "valid_on": valid_on.date()}
                world.add("exchange_rates", **pair, rate=world.some(rate, rate, rate, *odd))
                valid_on += world.some(1, 2, 20, 45, 120) * DAY
    same = {"from_currency": "EUR", "to_currency": "EUR", "valid_on": world.start.date()}
    world.add("exchange_rates", **same, rate=Decimal("1.5"))
    gaps = [YEAR, YEAR, YEAR - TICK, YEAR + SECOND, YEAR - DAY, DAY / 24, DAY, 30 * DAY, 31 * DAY]
    types = [*["charge"] * 12, "refund", "credit", "transfer"]
    for account in world.rows["accounts"]:
        home, at = world.some(*CURRENCIES), world.moment(account["created_at"] - DAY)
        wanted = [world.id_of("products") for _ in range(3)] * 3 + [None]
        for _ in range(world.some(0, 1, 2, 3, 5, 9)):
            for _ in range(world.some(1, 1, 2, 3)):
                given = {"account_id": account["account_id"], "transacted_at": at}
                given |= {"currency_code": world.currency(home), "amount": world.amount()}
                given |= {"transaction_type": world.some(*types), "product_id": world.some(*wanted)}
                _transaction(world, **given)
            at = world.then(at, *gaps)
            if not at:
                break
    for _ in range(2):  # the second time also reversals of reversals
        charges = world.rows["transactions"]
        for original in world.random.sample(charges, len(charges) // 6):
            for _ in range(world.some(1, 1, 2, 4)):
                _reversal(world, original)


def _transaction(world: World, **given: object) -> Row:
    status = world.some(*["completed"] * 9, None, "pending", "failed")
    quantities = [None, *map(Decimal, ("1", "1", "2", "3", "2.5", "0", "1000", "-1"))]
    return world.add("transactions", status=status, quantity=world.some(*quantities), **given)


def _reversal(world: World, original: Row) -> None:
    """Of a part, all or more; later or before; of another currency or account; of itself."""
    part = Decimal(world.some("0.25", "0.5", "0.5", "1", "1", "1.5"))
    sold_at, account_id = original["transacted_at"], original["account_id"]
    given_at = world.then(sold_at, 0 * DAY, SECOND, DAY, 40 * DAY, YEAR) or sold_at
    row = _transaction(
        world,
        account_id=account_id if world.chance(0.95) else world.id_of("accounts"),
        transaction_type=world.some("refund", "refund", "chargeback", "credit"),
        amount=round(original["amount"] * part, 6),
        currency_code=world.currency(original["currency_code"]),
        transacted_at=sold_at - 5 * DAY if world.fault() else given_at,
        original_transaction_id=original["transaction_id"],
    )
    if world.fault():
        row["original_transaction_id"] = row["transaction_id"]


def _value(world: World) -> None:
    """Outcomes that customers want, reached or not, and the days on which they use the product."""
    for account in world.rows["accounts"]:
        account_id, created_at = account["account_id"], account["created_at"]
        worlds_support.usage(world, account_id, created_at)


def _surveys(world: World) -> None:
    """Scales of all sorts; invitations; answers, their edits, answers that nobody asked for."""
    scales = [("nps", 0, 10), ("nps", 1, 5), ("csat", 1, 5), ("csat", 0, 10), ("ces", 1, 7)]
    scales += [("post_purchase", 0, 100), ("touch_rating", 1, 5), ("touch_rating", -2, "2.5")]
    for survey_type, *ends in scales + [("csat", 5, 1), ("nps", 3, 3)] * world.faults:
        low, high = map(Decimal, ends)
        world.add("surveys", survey_type=survey_type, scale_min=low, scale_max=high)
    world.flat_survey_id = world.some(*world.rows["surveys"][4:6])["survey_id"]
    for account in world.rows["accounts"]:
        for _ in range(world.some(0, 2, 3, 6)):
            about, happened_at = _thing(world, account["account_id"])
            sent_at = world.then(happened_at, 0 * DAY, DAY, 7 * DAY, 8 * DAY) or happened_at
            about["account_id"] = world.some(*[account["account_id"]] * 9, None)
            sent = world.add("invitations", **about, sent_at=sent_at)
            _answers(world, account["account_id"], sent_at, sent)
        _answers(world, account["account_id"], _thing(world, account["account_id"])[1], None)
    for sent in worlds_support.policy_invitations(world) + worlds_support.rating_rounds(world):
        account_id = sent["account_id"] or world.id_of("accounts")
        at = world.then(sent["sent_at"], SECOND, DAY) or sent["sent_at"]
        _answers(world, account_id, at, sent)


def _thing(world: World, account_id: object) -> tuple[Row, datetime]:
    """What a rating is about, of this account or not, there or not, and when that happened."""
    about_type = world.some(*VALUES["about_type"])
    table, key, event_time = THINGS.get(about_type, (None, None, None))
    rows = world.of(table, account_id) or world.rows.get(table)
    if not rows:  # the relationship as such, or there is no such thing yet
        return {"about_type": about_type, "about_id": None}, world.moment()
    row = world.random.choice(rows)
    about_id = world.some(*[row[key]] * 9, "nowhere", None)
    return {"about_type": about_type, "about_id": about_id}, row[event_time]


def _answers(world: World, account_id: object, at: datetime, sent: Row | None) -> None:
    """The answers of one person to one invitation or to none, at moments that may be the same."""
    about = _thing(world, account_id)[0]
    if sent and world.chance(0.8):
        about = {name: sent[name] for name in ("about_type", "about_id")}
    survey = world.random.choice(world.rows["surveys"])
    if sent:
        survey = next(s for s in world.rows["surveys"] if s["survey_id"] == sent["survey_id"])
        about |= {name: sent[name] for name in ("invitation_id", "contact_id")}
    low, high = survey["scale_min"], survey["scale_max"]
    for _ in range(world.some(0, 1, 1, 2, 3)):
        inside = low + (high - low) * world.number(0, 20) / 20
        outside = world.some(low - 1, high + 1, high + Decimal("0.000001"))
        score = outside if world.fault() else world.some(low, high, inside, inside // 1)
        if survey["survey_id"] == world.flat_survey_id:  # so that nobody differs from anybody
            score = low + (high - low) * Decimal("0.3")
        given = {"account_id": account_id, "survey_id": survey["survey_id"], "responded_at": at}
        world.add("responses", **({"invitation_id": None} | about | given), score=score)
        at = world.then(at, 0 * DAY, 5 * SECOND, 10 * SECOND, DAY) or at


def spell(world: World, kind: str, value: object) -> str | None:
    """One of the forms in which the contract lets the value be written."""
    if value is None:
        return None
    if kind == "boolean":
        true, false = ("true", "TRUE", "True", "1"), ("false", "FALSE", "False", "0")
        return world.some(*(true if value else false))
    if kind == "integer":
        return world.some(f"{value}", f"{value}", f"{value}.0")
    if kind == "decimal":
        plain = f"{value:f}"
        forms = [*[plain] * 4, plain + ("0" if "." in plain else ".00")]
        if value == round(value, 6):
            forms.append(f"{value:.6f}4")
        if value and value % 100 == 0:
            forms += [str(value.normalize()).lower().replace("+", "")] * 3
        return world.some(*forms)
    if kind == "date":
        return world.some(*[f"{value}"] * 3, f"{value} 00:00:00", f"{value}T00:00:00Z")
    if kind == "timestamp":
        if value == datetime(value.year, value.month, value.day) and world.chance(0.3):
            return f"{value.date()}"
        minutes, separator = world.some(0, 120, -300, 330, 765), world.some("T", " ")
        local = value.replace(tzinfo=UTC).astimezone(timezone(minutes * 60 * SECOND))
        return world.some(value.isoformat(separator), value.isoformat(separator) + "Z", local.isoformat(separator))
    return str(value)


def wrongs(world: World, table: str) -> dict[str, list[tuple[str, str | None]]]:
    """What can be wrong with a version of the table, by reason: a column and what it then holds.

    Half a millionth outside the bounds is outside, a tenth of it is not.
    """
    columns, wrong = COLUMNS[table], defaultdict(list)
    for column in columns + STAMPS:
        if column.is_required:
            wrong["missing_required"].append((column.name, None))
        if column.kind in BAD_TYPES:
            wrong["bad_type"].append((column.name, world.some(*BAD_TYPES[column.kind])))
        for value in VALUES.get(column.name, ()):
            wrong["bad_value"] += [(column.name, value.upper()), (column.name, value + " ")]
        whole = column.kind == "integer"
        for step in map(Decimal, ("1", "7") if whole else ("1", "1e-6", "5e-7", "1e-7")):
            if column.low is not None:
                wrong["out_of_range"].append((column.name, f"{column.low - step:f}"))
            if column.high is not None:
                wrong["out_of_range"].append((column.name, f"{column.high + step:f}"))
        if column.refers_to:
            wrong["orphan"].append((column.name, "nowhere"))
        if column.name in MOMENTS:
            late = world.as_of + world.some(TICK, SECOND, 40 * DAY)
            wrong["too_late"].append((column.name, spell(world, "timestamp", late)))
    return wrong


def deliver(world: World, table: str, record: Row) -> Iterator[Cells]:
    """Every version of one record that arrives, spelled, and some of them spoiled.

    Those of its `history`, too, where it has one: what it was before, the earliest first.
    """
    columns = COLUMNS[table]
    fates = [None] * 44 + ["deleted", "deleted", "future", "future", "revived"] * world.faults
    fate = record.get("fate") or world.some(*fates)
    for column in columns if fate == "future" else ():
        if column.is_event_time:
            is_date, gap = column.kind == "date", world.some(TICK, SECOND, DAY, 400 * DAY)
            moment = world.as_of.date() + max(gap, DAY) if is_date else world.as_of + gap
            record = record | {column.name: moment}
    loaded_at = world.some(None, *[world.as_of + days * DAY for days in (-60, -20, -1, 0, 5)])
    updated_at = world.some(None, world.moment(), world.as_of - DAY)
    history = record.get("history", ())
    if history:
        loaded_at = loaded_at or world.as_of - DAY
    versions = [(record, loaded_at, updated_at, fate == "deleted")]
    before = [stamp and stamp - 10 * DAY for stamp in (loaded_at, updated_at)]
    older = [(loaded_at, updated_at), (loaded_at, before[1]), (loaded_at, None), (None, None)]
    older += [(before[0], updated_at), (before[0], loaded_at)]
    editable = [c.name for c in columns if not c.is_key and c.name not in FRAGILE]
    while world.chance(0.9 if fate == "revived" and len(versions) == 1 else 0.15):
        donor = world.random.choice(world.rows[table])
        edits = world.random.sample(editable, min(len(editable), world.some(0, 1, 1, 3)))
        edited = record | {name: donor[name] for name in edits}
        versions.append((edited, *world.some(*older), fate == "revived"))
    is_updated, is_tied = updated_at and world.chance(0.3), world.fault(0.1)
    for number, past in enumerate(reversed(history), start=1):
        loaded = (loaded_at - number * DAY, world.some(updated_at, world.moment(), None))
        stamps = (loaded_at, updated_at - number * DAY) if is_updated else loaded
        if number == len(history) and world.chance(0.2):
            stamps = (None, world.moment())
        versions.append((record | past, *((loaded_at, updated_at) if is_tied else stamps), past.get("is_deleted")))
    for row, loaded_at, updated_at, is_deleted in versions:
        is_deleted = is_deleted or world.some(None, None, False)
        row = row | {"_loaded_at": loaded_at, "updated_at": updated_at, "is_deleted": is_deleted}
        cells = {c.name: spell(world, c.kind, row[c.name]) for c in columns + STAMPS}
        cells |= {name: world.some(*TEXTS) for name in EXTRA}
        if row.get("is_faulty"):
            cells |= [world.some(*wrongs(world, table)["bad_type"])]
        if world.fault(0.05):  # all reasons are as likely as each other
            choices = list(wrongs(world, table).values())
            cells |= [world.some(*world.some(*choices)) for _ in range(world.some(1, 1, 1, 2))]
        yield from [cells] * world.some(*[1] * 30, 2)


def write_world(
    folder: Path,
    seed: int,
    size: int = 60,
    *,
    file_format: str = "csv",
    faults: bool = True,
    whole: bool = False,
    as_of: datetime = datetime(2025, 7, 1),
) -> None:
    """Write a random company of about `size` accounts in the contract's shape.

    `as_of` is UTC, with or without saying so; the build is to be run with the same one. Of a `whole` company every table
    is there; of others one may be absent or empty.
    """
    as_of = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    world = World(seed, size, faults, as_of)
    idle = [name for name in COLUMNS if name not in ("accounts", "exchange_rates")]
    idle = [name for name in idle if faults or name not in NEEDED]
    fate = Random(f"{seed} missing")
    left_out, empty = (fate.choice(idle) if fate.random() < odds else None for odds in (0.3, 0.1))
    if whole:
        left_out = empty = None
    for table, columns in COLUMNS.items():
        versions = [cells for row in world.rows[table] for cells in deliver(world, table, row)]
        world.random.shuffle(versions)
        dice = Random(f"{seed} {table}")
        names = [c.name for c in columns + STAMPS]
        if dice.random() < 0.1:
            optional = [c.name for c in columns + STAMPS if not c.is_required]
            names.remove(dice.choice([name for name in optional if name not in FRAGILE]))
        names += [name for name in EXTRA if dice.random() < 0.15]
        rows = [[cells[name] for name in names] for cells in versions if table != empty]
        path = folder / DOMAINS[table] / f"{table}.{file_format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if table == left_out:
            path.unlink(missing_ok=True)
        elif file_format == "parquet":
            pq.write_table(_arrow_table(names, rows, dice), path)
        else:
            path.write_bytes(_csv_file(names, rows, dice, faults))


def _arrow_table(names: list[str], rows: list[Fields], dice: Random) -> pa.Table:
    """All columns as text, or each in its own type where every value allows it."""
    types = {"boolean": pa.bool_(), "integer": pa.int64(), "decimal": pa.decimal128(38, 10)}
    types |= {"date": pa.date32(), "timestamp": pa.timestamp("us", dice.choice(["UTC", None]))}
    is_typed, arrays = dice.random() < 0.4, []
    for position, name in enumerate(names):
        values, kind = [row[position] for row in rows], Column(name).kind
        if is_typed and kind in types and not set(values) & set(BAD_TYPES[kind]):
            values = [None if value is None else _parse(kind, value) for value in values]
            arrays.append(pa.array(values, types[kind]))
        else:
            arrays.append(pa.array(values, pa.string()))
    return pa.table(arrays, names)


def _parse(kind: str, text: str) -> object:
    """The value of a sound text."""
    if kind == "boolean":
        return text.lower() in ("true", "1")
    if kind in ("integer", "decimal"):
        return int(Decimal(text)) if kind == "integer" else Decimal(text)
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.date() if kind == "date" else moment


def _record(fields: Fields, end: str, quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """One record of a CSV file."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=end, quoting=quoting).writerow(fields)
    return line.getvalue().encode()


def _csv_file(names: list[str], rows: list[Fields], dice: Random, faults: bool) -> bytes:
    """The file, with lines between its records that cannot be read, where there are faults."""
    end = dice.choice(["\n", "\n", "\r\n"])
    quoting = dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    records = [_record(row, end, quoting) for row in rows]
    rest = b",x" * (len(names) - 1) + end.encode()
    for broken in (b"too,many,fields", b'"broken" quote', b"not UTF-8: caf\xe9"):
        if faults and dice.random() < 0.3:
            records.insert(dice.randint(0, len(records)), broken + rest)
    if faults and dice.random() < 0.1:  # the last line, as it would swallow those that follow
        records.append(b'"never closed' + rest)
    return _record(names, end, quoting) + b"".join(records)


def _split_records(content: bytes) -> Iterator[bytes]:
    """The records of a CSV file, each with its line's end; a quoted field may span lines."""
    record = b""
    for line in io.BytesIO(content):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _fields(record: bytes, width: int) -> Fields | None:
    """The fields of a record, or None of one that cannot be read."""
    try:
        (fields,) = csv.reader(io.StringIO(record.decode(), newline=""), strict=True)
    except (csv.Error, ValueError):
        return None
    return fields if len(fields) == width else None


def shuffle_world(source: Path, target: Path, seed: int) -> None:
    """Write a world that `write_world` wrote as it may be delivered another time.

    Rows come in another order and some twice, columns in another order, and each file is cut into
    several, `<domain>/<table>/part_<n>.<format>`. Lines that cannot be read are passed on once.
    """
    for path in sorted(source.glob("*/*.*")):
        if path.parent.name == "rules":  # they are no deliveries
            (target / "rules").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "rules")
            continue
        dice, folder = Random(f"{seed} {path.name}"), target / path.parent.name / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for number, rows in enumerate(_deal(dice, range(table.num_rows))):
                names = dice.sample(table.column_names, table.num_columns)
                part = table.take(pa.array(rows, pa.int64())).select(names)
                pq.write_table(part, folder / f"part_{number}.parquet")
            continue
        head, *records = _split_records(path.read_bytes())
        end, names = "\r\n" if head.endswith(b"\r\n") else "\n", next(csv.reader([head.decode()]))
        rows = [_fields(record, len(names)) for record in records]
        broken = [record for record, row in zip(records, rows, strict=True) if not row]
        for number, part in enumerate(_deal(dice, [row for row in rows if row])):
            order = dice.sample(range(len(names)), len(names))
            lines = [_record([row[position] for position in order], end) for row in [names, *part]]
            for line in broken if number == 0 else ():  # the one that is never closed comes last
                is_closed = line.count(b'"') % 2 == 0
                lines.insert(dice.randint(1, len(lines)) if is_closed else len(lines), line)
            (folder / f"part_{number}.csv").write_bytes(b"".join(lines))


def _deal(dice: Random, items: Sequence[object]) -> list[list[object]]:
    """The items in random order, some twice, dealt to two to four hands."""
    items = [*items, *(item for item in items if dice.random() < 0.05)]
    dice.shuffle(items)
    hands = dice.randint(2, 4)
    return [items[hand::hands] for hand in range(hands)]
