"""The ordinary part of a random world: people, marketing, sales, usage and surveys."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from worlds.contract import COLUMNS, VALUES, Row
from worlds.credit import credit
from worlds.kinds import SHOP, without_what_it_lacks
from worlds.moments import DAY, SECOND
from worlds.money import money, unpaid
from worlds.oddities import oddities
from worlds.outcomes import generate_outcomes
from worlds.support import generate_support, policy_invitations, rating_rounds, touch_run, usage
from worlds.world import World

TEAMS = ("marketing", "sales", "onboarding", "success", "support")
THINGS = {
    "touch": ("touches", "touch_id", "occurred_at"),
    "ticket": ("tickets", "ticket_id", "created_at"),
    "opportunity": ("opportunities", "opportunity_id", "created_at"),
    "transaction": ("transactions", "transaction_id", "transacted_at"),
}


def random_company(seed: int, size: int, faults: bool, as_of: datetime, kind: str = SHOP) -> World:
    """Return the clean records of a random company of one of `kinds.KINDS`, part by part."""
    world = World(seed, size, faults, as_of)
    for part in (_people, _marketing, _sales, money, _value, generate_support, _surveys, generate_outcomes, credit):
        part(world)
    unpaid(world)
    oddities(world)
    without_what_it_lacks(world, kind)
    return world


def _people(world: World) -> None:
    """Users with leavers and bots, accounts with internal and test ones, contacts, merges.

    One of marketing and one of sales are `is_steady`: nothing odd becomes of them, so that each world has somebody to pay.
    """
    many = max(20, world.size // 4)
    for number in range(many + world.number(1, 3)):
        is_bot = {0: False, 1: False, 6: True}.get(number, world.some(None, False, False, False, True))
        left_at = world.some(None, None, world.moment())
        user = world.add("users", team=TEAMS[number % 5] if number < many else "other", is_bot=is_bot, left_at=left_at)
        if number < 2:
            user |= {"fate": "sound", "is_steady": True}
    types = [*["business"] * 7, "person", "person", None, "internal", "test"]
    for _ in range(world.size):
        segment = world.some("small", "large", "large", " large", "Large", "all", None)
        given = {"account_type": world.some(*types), "segment": segment, "created_at": world.moment()}
        account = world.add("accounts", **given)
        account_id, created_at = account["account_id"], account["created_at"]
        for _ in range(world.some(0, 1, 1, 2, 3)):
            world.add("contacts", account_id=account_id, created_at=world.moment(created_at))
    gone = [{"fate": "deleted"}, {"fate": "future"}]
    uncounted = [{"account_type": "internal"}, {"account_type": "test"}]
    _merge(world, "accounts", "merged_into_account_id", *gone, *uncounted, {"is_faulty": True})
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
        links += [(pool.pop(), circle[0]), (pool.pop(), {key: world.nowhere})]
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
        touch_run(world, account_id, world.moment(created_at - 90 * DAY))


def _sales(world: World) -> None:
    """Products, deals, and their splits over one or two teams; with faults not summing to 1."""
    families = ("core", "core", "core", "add-on", "add-on", "add-on", "help", "help", "Core")
    for family in families:
        world.add("products", product_family=family, tier=world.some(None, 0, 1, 2, 3))
    sound = ["1", "0.5 0.5", "0.333333 0.333333 0.333334", "0 1", "0.25 0.75", "0.333333 0.333333 0.333333"]
    sound += [" ".join(["0.333333333333"] * 3), "0.3333 0.3333 0.3333", "0.33334 0.33333 0.33333"]
    sound += ["0.9999", "0.5 0.5001", "0.123456789012 0.876543210988", "1 0.000001", "0.142857142857 0.857142857142"]
    wrong = ["0.5", "0.5 0.6", "0.3333 0.3333 0.3332", "0.999899999999", "1 0.000100000001", "0"]
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


def _value(world: World) -> None:
    """Outcomes that customers want, reached or not, and the days on which they use the product."""
    for account in world.rows["accounts"]:
        account_id, created_at = account["account_id"], account["created_at"]
        usage(world, account_id, created_at)


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
    for sent in policy_invitations(world) + rating_rounds(world):
        account_id = sent["account_id"] or world.id_of("accounts")
        at = world.then(sent["sent_at"], SECOND, DAY) or sent["sent_at"]
        _answers(world, account_id, at, sent)


def _thing(world: World, account_id: object) -> tuple[Row, datetime]:
    """What a rating is about, of this account or not, there or not, and when that happened."""
    about_type = world.some(*VALUES["about_type"])
    table, key, event_time = THINGS.get(about_type, (None, None, None))
    rows = world.of(table, account_id) or world.rows.get(table)
    if not rows:  # the relationship as a whole, or a thing that the company does not have yet
        return {"about_type": about_type, "about_id": None}, world.moment()
    row = world.random.choice(rows)
    about_id = world.some(*[row[key]] * 9, world.nowhere, None)
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
