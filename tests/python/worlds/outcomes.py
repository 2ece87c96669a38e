"""The part of a random world that is hard on subscriptions, outcomes, attribution, experiments, hand-offs, referrals."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from worlds.contract import Row
from worlds.moments import DAY, HOUR, SECOND, SILENCE, TICK, YEAR
from worlds.world import World

NEAR = (0 * DAY, 0 * DAY, TICK, -TICK, SECOND, -SECOND)
OFFICE = "office"  # a schedule for var default_schedule


def generate_outcomes(world: World) -> None:
    """What the other parts leave out, at the edges of what they made."""
    _office(world)
    _emails(world)
    for account in world.rows["accounts"]:
        _subscriptions(world, account)
        _outcomes(world, account)
        _campaign_points(world, account["account_id"])
    _handed_accounts(world)
    _handed_before_rest(world)
    _handed_leads(world)
    _pressed_people(world)
    _referrals(world)
    _experiments(world)


def _office(world: World) -> None:
    for weekday in range(1, 6):
        hours = {"starts_minute": 540, "ends_minute": 1020, "timezone": "Europe/Berlin"}
        world.add("schedules", schedule_id=OFFICE, weekday=weekday, **hours)
    for holiday_on in sorted({world.moment(world.as_of - world.some(14, 400) * DAY).date() for _ in range(8)}):
        world.add("holidays", schedule_id=OFFICE, holiday_on=holiday_on)


def _emails(world: World) -> None:
    """Mostly people's own; some contacts have that of an employee, in other letters, or between blanks; bots' are nobody
    else's, and blanks alone are none.
    """
    users, contacts = world.rows["users"], world.rows["contacts"]
    for number, user in enumerate(users):
        if user["is_bot"] or world.chance(0.8):
            user["email"] = world.some(*[f"User{number}@house.example"] * 3, f" User{number}@House.example ", " ")
    staff = [user["email"] for user in users if user["email"] and not user["is_bot"]]
    for number, contact in enumerate(contacts):
        if world.chance(0.7):
            contact["email"] = f"person{number}@else.example"
        elif staff and world.chance(0.6):
            email = world.some(*staff)
            contact["email"] = world.some(
                email, email.upper(), email.lower(), f" {email}", f"{email.strip()}  ", email.strip()
            )


def _purchases(world: World, account_id: object) -> list[datetime]:
    """The moments of its charges of a cent or more."""
    rows = [row for row in world.of("transactions", account_id) if row["transaction_type"] == "charge"]
    rows = [row for row in rows if row["amount"] >= Decimal("0.01")]
    return sorted(row["transacted_at"] for row in rows if row["status"] in ("completed", None))


def _known(world: World, moment: datetime | None) -> datetime | None:
    """The moment, unless it is to come."""
    return moment if moment and moment <= world.as_of else None


# -------------------------------------------------------------------------------------------------------- subscriptions


def _month_edge(world: World, moment: datetime) -> datetime:
    """A day near the turn of a month."""
    first = datetime(moment.year, moment.month, 1)
    return world.some(first, first, first - DAY, first + DAY, first + 14 * DAY, datetime(*moment.timetuple()[:3]))


def _subscriptions(world: World, account: Row) -> None:
    """One to three threads of lines that change, migrate to one, several or none, pause and end together."""
    if world.chance(0.2):
        return
    account_id, added = account["account_id"], []
    home = world.some(*["EUR"] * 4, world.currency())
    for _ in range(world.some(1, 1, 2, 3)):
        start = world.moment(max(account["created_at"], world.as_of - world.some(100, 400, 900) * DAY))
        today = datetime(*world.as_of.timetuple()[:3])
        started_on = world.some(*[_month_edge(world, start)] * 9, today - world.some(0, 0, 1) * DAY)
        line = {"account_id": account_id, "started_on": started_on, "currency_code": home}
        line |= {"product_id": world.id_of("products"), "quantity": Decimal(world.number(0, 5))}
        line["monthly_amount"] = world.some(*map(Decimal, ("10", "20", "20", "99.99", "0")), world.amount())
        _thread(world, line, world.number(1, 5), added)
    if world.chance(0.3):  # what still runs ends in one month
        first = _month_edge(world, world.moment(world.as_of - 200 * DAY)).replace(day=2)
        usual = world.some("involuntary", "involuntary", "voluntary", "migrated", None)
        for line in added:
            if line["ended_on"] is None or line["ended_on"] > first.date():
                line["ended_on"] = max(line["started_on"], (first + world.number(0, 20) * DAY).date())
                line["end_reason"] = world.some(*[usual] * 9, "voluntary", None)


def _thread(world: World, line: Row, lines: int, added: list[Row]) -> None:
    """A line and its successors."""
    start = line["started_on"]
    if start > world.as_of or lines == 0:
        return
    today = datetime(*world.as_of.timetuple()[:3])
    lengths = [DAY, 10 * DAY, 30 * DAY, 31 * DAY, 31 * DAY, 90 * DAY, YEAR]
    end = start + world.some(*lengths) if world.chance(0.75) else None
    if end and world.chance(0.5):
        end = max(_month_edge(world, end), start + DAY)
    if end and world.chance(0.12):
        end = world.some(start, start - DAY, *[today + days * DAY for days in (-1, -1, 0, 0, 1, 30)])
        end = end if world.faults else max(end, start)
    reasons = ["changed"] * 3 + ["migrated"] * 4 + ["involuntary"] * 2 + ["voluntary", None]
    reason = world.some(*reasons) if end else None
    dates = {"started_on": start.date(), "ended_on": end and end.date(), "end_reason": reason}
    added.append(world.add("subscriptions", **line | dates))
    if end is None or (reason not in ("changed", "migrated") and world.chance(0.4)):
        return
    gap = world.some(*[0 * DAY] * 6, DAY) if reason in ("changed", "migrated") else world.some(0, 1, 31, 70) * DAY
    for _ in range(world.some(0, 1, 1, 1, 2) if reason == "migrated" else 1):
        _thread(world, _changed(world, line, reason) | {"started_on": max(end, start) + gap}, lines - 1, added)


def _changed(world: World, line: Row, reason: str | None) -> Row:
    """One of its terms is another, or none; on migration mostly the product, of any family."""
    products = world.rows["products"]
    (family,) = {row["product_family"] for row in products if row["product_id"] == line["product_id"]}
    related = [row["product_id"] for row in products if row["product_family"] == family]
    kinds = ("price", "quantity", "tier", "none", "currency") if reason != "migrated" else ("any", "any", "any", "tier")
    change = world.some(*kinds)
    return line | {
        "price": {"monthly_amount": line["monthly_amount"] * Decimal(world.some("0.5", "1.1", "2"))},
        "quantity": {"quantity": max(Decimal(0), line["quantity"] + world.some(-1, 1, Decimal("0.5"))),
                     "monthly_amount": line["monthly_amount"] + world.some(0, 1, 5)},
        "tier": {"product_id": world.some(*related), "monthly_amount": max(Decimal(0), line["monthly_amount"] + world.some(-1, 1, 5))},
        "currency": {"currency_code": world.currency()},
        "any": {"product_id": world.id_of("products"), "monthly_amount": line["monthly_amount"] + world.some(0, 0, 3)},
        "none": {},
    }[change]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- outcomes


def _outcomes(world: World, account: Row) -> None:
    """Due, abandoned, verified and achieved at each other's moments, at those of charges, leaving, and just beside."""
    account_id = account["account_id"]
    charges = _purchases(world, account_id)
    bought = charges[:1] or [world.moment(account["created_at"])]
    ends = [row["ended_on"] for row in world.of("subscriptions", account_id) if row["ended_on"]]
    left = [datetime(day.year, day.month, day.day) for day in ends] + [at + SILENCE for at in charges[-1:]]
    for _ in range(world.some(0, 1, 1, 2, 4)):
        at = bought[0] + world.some(-40 * DAY, -DAY, 0 * DAY, SECOND, 5 * DAY, 30 * DAY)
        defined_at = min(at, world.as_of)
        due_at = world.some(None, at, *[at + days * DAY for days in (30, 30, 90, 400)], world.as_of, world.as_of + TICK)
        by_days = bought[0] + world.some(-5, 0, 1, 30, 60, 90, 180) * DAY
        marks = [*[due_at or by_days] * 2, by_days, by_days, world.moment(defined_at), *left]
        verified_at, achieved_at = (_known(world, world.some(*marks) + world.some(*NEAR)) for _ in range(2))
        abandoned_at = _known(world, (due_at or at) + world.some(*NEAR, -DAY, DAY))
        world.add(
            "outcomes", account_id=account_id, defined_at=defined_at, due_at=due_at,
            weight=world.some(None, *map(Decimal, ("0", "1", "1", "2.5"))),
            achieved_at=world.some(achieved_at, None), verified_at=world.some(*[verified_at] * 3, None),
            verified_by=world.some("customer", "customer", "customer", "vendor", None),
            abandoned_at=world.some(*[None] * 4, abandoned_at),
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------- campaigns, pressure


def _campaign_points(world: World, account_id: object) -> None:
    """Touches, leads and deals about both ends of the window before the first charge, some at one moment."""
    charges = _purchases(world, account_id)
    if not charges:
        return
    at = charges[0]
    contacts, leads = world.of("contacts", account_id), world.of("leads", account_id)
    for _ in range(world.some(0, 0, 1, 2, 3, 6)):
        gap = world.some(90, 90, 30, 30, 0, 1, 10, 45) * DAY
        at = world.some(at, charges[0] - gap + world.some(*NEAR))
        given = {"campaign_id": world.some(*[world.id_of("campaigns")] * 8, None)}
        kind = world.some("touch", "touch", "touch", "lead", "opportunity")
        if min(at, world.as_of) != at:
            continue
        if kind == "touch":
            nobody = {"account_id": None, "contact_id": None, "lead_id": None}
            ways = [{"account_id": account_id}, {"account_id": account_id, "lead_id": world.id_of("leads")}]
            ways += [{"contact_id": row["contact_id"]} for row in contacts[:1]]
            ways += [{"lead_id": row["lead_id"]} for row in leads[:1]]
            world.add("touches", occurred_at=at, **nobody | world.some(*ways), **given)
        elif kind == "lead":
            world.add("leads", account_id=account_id, created_at=at, **given)
        else:
            world.add("opportunities", account_id=account_id, created_at=at, **given)


def _pressed_people(world: World) -> None:
    """People who answer several times, each time after none to many touches about the edges of the windows."""
    surveys = world.rows["surveys"][:8]  # the sound ones
    for contact in world.random.sample(world.rows["contacts"], min(10, len(world.rows["contacts"]))):
        who = {"account_id": contact["account_id"], "contact_id": contact["contact_id"]}
        at = world.moment(max(contact["created_at"], world.as_of - 300 * DAY))
        for _ in range(world.number(1, 6)):
            survey = world.some(*surveys)
            low, high = survey["scale_min"], survey["scale_max"]
            score = low + (high - low) * world.number(0, 20) / 20
            about = {"about_type": "relationship", "about_id": None, "invitation_id": None, "about_user_id": None}
            world.add("responses", survey_id=survey["survey_id"], score=score, responded_at=at, **who, **about)
            for _ in range(world.some(0, 1, 2, 3, 7)):
                touched_at = at - world.some(7, 7, 28, 28, 3, 14, 0, 1, 20) * DAY - world.some(*NEAR)
                world.add(
                    "touches", occurred_at=min(touched_at, world.as_of), **who, is_delivered=world.some(True, True, None, False),
                    direction=world.some("outbound", "outbound", "outbound", "inbound"), campaign_id=None,
                )  # fmt: skip
            at = world.then(at, DAY, 7 * DAY, 40 * DAY) or at


# ------------------------------------------------------------------------------------------------------------ hand-offs


def _business_days_later(moment: datetime, days: int) -> datetime:
    """The moment this number of UTC weekdays later; earlier, if the number is negative."""
    step = DAY if days > 0 else -DAY
    for _ in range(abs(days)):
        moment += step
        while moment.isoweekday() > 5:
            moment += step
    return moment


def _sign_moment(world: World, handed_at: datetime) -> datetime:
    """About the hand-off, or about when it is dropped."""
    edges = [handed_at, handed_at, handed_at + HOUR, handed_at + DAY, handed_at - DAY]
    edges += [_business_days_later(handed_at, days) for days in (1, 3, 3)]
    return min(world.some(*edges) + world.some(*NEAR), world.as_of)


def _pool(world: World) -> list[Row]:
    """A few employees of two or three teams and a bot, so that hand-offs of the same kind meet."""
    users = world.rows["users"]
    teams = world.random.sample(("marketing", "sales", "onboarding", "success", "support"), world.some(2, 3))
    human = [user for user in users if user["team"] in teams and not user["is_bot"]]
    return [*world.random.sample(human, min(5, len(human))), world.some(*users), world.some(*users)]


def _handed_accounts(world: World) -> None:
    """Accounts to and fro between teams, at one moment too; who got one touches it, comments, or does nothing."""
    team = _pool(world)
    matured = _business_days_later(world.as_of, -3)
    for account in world.rows["accounts"]:
        account_id, some = account["account_id"], world.random.sample(team, 3)
        at = world.moment(max(account["created_at"], world.as_of - world.some(60, 120, 500) * DAY))
        if world.chance(0.3):
            at = matured - world.some(0, 0, 2, 7, 30) * DAY + world.some(*NEAR)
        for _ in range(world.some(0, 2, 3, 4, 6)):
            user_id = world.some(*some)["user_id"]
            gap = world.some(*[days * DAY for days in (0, 0, 1, 3, 4, 7, 30, 30, 60)]) + world.some(*NEAR)
            after = max(at, at + gap)
            world.add(
                "account_assignments", account_id=account_id, user_id=user_id, assigned_at=at,
                accepted_at=world.some(None, None, None, _known(world, _sign_moment(world, at))),
                rejected_at=world.some(*[None] * 5, _known(world, at + HOUR)), unassigned_at=_known(world, after),
            )  # fmt: skip
            for _ in range(world.some(0, 0, 1, 2)):
                _sign(world, user_id, account_id, None, _sign_moment(world, at))
            if after > world.as_of:
                break
            at = world.some(*[after] * 9, matured) if after < matured else after


def _handed_before_rest(world: World) -> None:
    """Hand-offs of which the last business day is over as a week end or a holiday begins, of the office's days and of
    UTC's: at the midnight before its first, or on the days of rest before that; contacts at its end and in the rest.
    """
    holidays = {row["holiday_on"] for row in world.rows["holidays"] if row["schedule_id"] == OFFICE}
    office = (ZoneInfo("Europe/Berlin"), holidays)
    human = [user for user in world.rows["users"] if not user["is_bot"]]
    for account in world.rows["accounts"]:
        (zone, days_off), left = world.some(((UTC, set()), 3), (office, 1), (office, 3))

        def is_rest(day: date, days_off: set = days_off) -> bool:
            return day.isoweekday() > 5 or day in days_off

        def starts(day: date, zone: tzinfo = zone) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)

        rest = world.moment(world.as_of - 300 * DAY).date()
        if days_off and world.chance(0.6):
            rest = world.some(*sorted(days_off))
        while not is_rest(rest) or is_rest(rest - DAY):
            rest -= DAY
        first = rest
        while left:
            first -= DAY
            left -= not is_rest(first)
        handed_at = starts(first)
        if is_rest(first - DAY):
            handed_at -= world.some(0, 1, 12, 20) * HOUR
        signed_at = starts(rest) + world.some(*NEAR, HOUR, 12 * HOUR, 30 * HOUR)
        some, account_id = world.random.sample(human, 2), account["account_id"]
        if some[0]["team"] != some[1]["team"] and account["created_at"] < handed_at and signed_at <= world.as_of:
            for user, at in zip(some, (handed_at - HOUR, handed_at)):
                world.add("account_assignments", account_id=account_id, user_id=user["user_id"], assigned_at=at,
                          accepted_at=None, rejected_at=None)  # fmt: skip
            world.add("touches", user_id=some[1]["user_id"], account_id=account_id, occurred_at=signed_at)


def _sign(world: World, user_id: object, account_id: object, lead_id: object, at: datetime) -> None:
    """A touch of the account, its contact or the lead, or a comment on one of the account's tickets, also a note."""
    tickets, contacts = world.of("tickets", account_id), world.of("contacts", account_id)
    if account_id and tickets and world.chance(0.5):
        world.add(
            "ticket_events", ticket_id=world.some(*tickets)["ticket_id"], occurred_at=at, actor_user_id=user_id,
            event_type=world.some("comment", "comment", "comment", "status"), new_value=None,
            actor_type=world.some("agent", "agent", "bot"), is_public=world.some(True, True, None, False),
        )  # fmt: skip
        return
    nobody = {"account_id": None, "contact_id": None, "lead_id": None}
    ways = [{"account_id": account_id}, {"lead_id": lead_id}, *({"contact_id": row["contact_id"]} for row in contacts)]
    world.add("touches", user_id=user_id, occurred_at=at, **nobody | world.some(*ways))


def _handed_leads(world: World) -> None:
    """Leads of two people, of one alone, of none; taken up before, then, or never."""
    team = [user["user_id"] for user in _pool(world)]
    for lead in world.rows["leads"]:
        qualified_at = lead["qualified_at"]
        if world.chance(0.6):
            lead["owner_user_id"], lead["sales_user_id"] = world.some(*team), world.some(*team, None)
        if world.chance(0.05):
            lead["sales_user_id"] = lead["owner_user_id"]
        if not qualified_at:
            continue
        lead["accepted_at"] = world.some(None, None, _known(world, _sign_moment(world, qualified_at)))
        if world.chance(0.4) and lead["sales_user_id"]:
            _sign(world, lead["sales_user_id"], lead["account_id"], lead["lead_id"], _sign_moment(world, qualified_at))


# ------------------------------------------------------------------------------------------- referrals and experiments


def _referrals(world: World) -> None:
    """Several of one lead, also at one moment; by the lead itself, its contact, its account, or staff."""
    leads = world.random.sample(world.rows["leads"], min(len(world.rows["leads"]), world.size // 2))
    staff = [row for row in world.rows["contacts"] if "house" in (row["email"] or "").lower()]
    for lead in leads:
        at = world.moment(lead["created_at"])
        for _ in range(world.some(1, 1, 1, 2, 3)):
            account_id = world.id_of("accounts")
            contact_id = world.some(world.id_of("contacts", account_id), None)
            if staff and world.chance(0.2):
                contact = world.some(*staff)
                account_id, contact_id = contact["account_id"], contact["contact_id"]
            elif world.chance(0.15):
                account_id = lead["account_id"] or account_id
            elif lead["contact_id"] and world.chance(0.15):
                contact_id = lead["contact_id"]
            given = {"referrer_account_id": account_id, "referrer_contact_id": contact_id}
            qualified_at = lead["qualified_at"] or at
            at = world.some(at, at, world.then(at, DAY) or at, qualified_at, min(qualified_at + TICK, world.as_of))
            world.add("referrals", referred_lead_id=lead["lead_id"], referred_at=at, **given)


def _experiments(world: World) -> None:
    """Of a company that goes on winning, that saturates, or that guesses; with empty cells, ties, and free ones."""
    story, days = world.some("winning", "saturating", "guessing"), world.random.sample(range(30, 1000), 20)
    cumulative, spend = Decimal(0), Decimal(world.number(100, 900))
    for number, day in enumerate(sorted(days, reverse=True)[: world.number(10, 18)]):
        shown = world.some(100, 2000, 20_000) if story == "guessing" or world.chance(0.1) else 1_000_000
        control = shown // world.some(5, 10, 20)
        gain = {"winning": Decimal("0.02"), "guessing": Decimal(world.number(-9, 30)) / 100,
                "saturating": Decimal("0.02") if cumulative < Decimal("0.055") else Decimal("0.001")}[story]  # fmt: skip
        variant = min(shown, round(control * (1 + gain)) + (world.number(-30, 30) if shown > 2000 else 0))
        if number % 6 == 5:
            shown, control, variant = world.some((50, 0, 3), (50, 3, 0), (1, 1, 0), (40, 40, 40), (1, 0, 0))
        variant += 2 * world.fault() * (shown - variant + 1)  # more than were shown it
        ended_on = (world.as_of - (day - day % 2 * world.some(0, 30)) * DAY).date()
        started_on = ended_on - world.some(0, 14) * DAY
        ended_on = world.some(*[ended_on] * 4, world.as_of.date() - 31 * DAY)
        started_on = started_on if world.faults else min(started_on, ended_on)
        is_shipped = world.some(True, True, True, False)
        cumulative += gain * is_shipped
        home = world.chance(0.85) or story == "guessing"
        world.add(
            "experiments", control_exposures=shown, control_conversions=control,
            variant_exposures=shown + (world.number(0, 50) if shown > 100 else 0), variant_conversions=variant,
            started_on=started_on, ended_on=ended_on,
            spend=world.some(*[spend] * 12, Decimal(0), Decimal("0.004"), world.amount()),
            currency_code="EUR" if home else world.currency(), is_shipped=is_shipped,
        )  # fmt: skip
