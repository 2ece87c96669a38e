"""What happens between the company and its customers: touches, tickets, use of the product, and ratings."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .company import CAMPAIGN_IDS, END, NEW_SUPPORTER, SCALES, SCHEDULES, START, SUPPORTERS, USERS
from .lives import Accounts, at_work, before_end, between, days, repeated, running_campaign
from .tables import Array, Tables, build, choose, keys, only

COMMENTS = ["Very slow", "Could be better", "It was fine", "Good and quick", "Could not be better"]
# By how much the ratings of each user are better or worse than the customer's happiness, as a share of the scale.
SKILL = np.array([0, 0, 0, 0, 0, 0.06, -0.06, 0.02, 0, 0.05, -0.05, 0.06, -0.02, -0.06, 0.07, -0.09, 0.02, 0.1])
RARELY_ASKS = USERS.index("user_13")


class Requests(NamedTuple):
    """Requests for ratings, in arrays of one value per request; those without `keep` are not made.

    `lives` are the accounts that are asked, `user` is the index of the rated employee, and `ids` are the keys of what
    the ratings are about. `lean` is added to the customer's happiness.
    """

    survey_id: str
    about_type: str
    ids: pa.Array
    lives: Accounts
    contact: Array | int
    user: Array
    sent_at: Array
    keep: Array
    lean: Array | float = 0.0


def activity_tables(batch: Accounts, random: np.random.Generator) -> Tables:
    """Return the tables of the activity of a batch of accounts."""
    touches, requests = _touches(batch, random)
    tickets, events, about_tickets = _tickets(batch, random)
    requests += [*about_tickets, *_relationship_requests(batch), *_purchase_requests(batch, random)]
    asked = [_ask(request, random) for request in requests]
    return {
        "crm.touches": touches,
        "support.tickets": tickets,
        "support.ticket_events": events,
        "survey.invitations": pa.concat_tables(invitations for invitations, _ in asked),
        "survey.responses": pa.concat_tables(responses for _, responses in asked),
        "product.usage_days": _usage_days(batch, random),
    }


def _touches(batch: Accounts, random: np.random.Generator) -> tuple[pa.Table, list[Requests]]:
    """Return the touches, and requests for ratings of those after which a rating is due.

    The first contact of an account is touched three times by each team, and then every 45 days by its success manager.
    A rating is due after the touch on the seventh day of the trial, and after each third touch. Campaigns also send
    automatic mails, which nobody rates.
    """
    rows, is_sold = len(batch), batch.is_customer
    late = np.where(batch.is_dropped, random.uniform(7, 16, rows), 1)
    plan = [(place, batch.seller, batch.created_at + days(day), 0) for place, day in ((1, 7), (2, 14), (3, 28))]
    plan += [(place, batch.onboarder, batch.onboarded_at + days(day), 0) for place, day in ((4, 0.1), (5, 12), (6, 23))]
    plan += [(7, batch.success_manager, batch.succeeded_at + days(late), 1)]
    plan += [
        (place, batch.success_manager, batch.succeeded_at + days(20 + 45 * (place - 7)), 1) for place in range(8, 16)
    ]
    tables, requests = [], []
    for place, user, moment, is_success in plan:
        occurred_at = before_end(at_work(moment, random), batch.end_at if is_success else END)
        keep = ~np.isnat(occurred_at) & (is_sold | (place < 4))
        ids = keys("touch", batch.number, place)
        tables.append(
            build(
                "crm.touches", keep, touch_id=ids, occurred_at=occurred_at,
                channel=choose(["call", "email", "chat", "meeting"], random.integers(0, 4, rows)),
                direction=choose(["outbound", "inbound"], (random.random(rows) < 0.15).astype(int)),
                user_id=choose(USERS, user),
                lead_id=only(keys("lead", batch.number, 1), np.full(rows, place < 4)),
                contact_id=keys("cont", batch.number, 1), account_id=keys("acct", batch.number),
                nurture_point=only(pa.repeat("trial_day_7", rows), np.full(rows, place == 1)),
                is_automated=False, is_delivered=True,
            )
        )  # fmt: skip
        if place == 1 or place % 3 == 0:
            asked = random.random(rows) < np.where(user == RARELY_ASKS, 0.6, 0.92)
            sent_at = occurred_at + days(random.uniform(0.05, 3, rows))
            requests.append(Requests("survey_touch", "touch", ids, batch, 1, user, sent_at, keep & asked, SKILL[user]))
    mailed_at = before_end(batch.created_at + days(random.uniform(1, 25, rows)))
    other = np.where(random.random(rows) < 0.5, batch.campaign, running_campaign(batch.created_at, random))
    tables.append(
        build(
            "crm.touches", ~np.isnat(mailed_at) & (batch.campaign >= 0), touch_id=keys("mail", batch.number),
            occurred_at=mailed_at, channel="email", direction="outbound",
            campaign_id=choose(CAMPAIGN_IDS, other), lead_id=keys("lead", batch.number, 1),
            contact_id=keys("cont", batch.number, batch.contacts), account_id=keys("acct", batch.number),
            is_automated=True, is_delivered=random.random(rows) < 0.95,
        )
    )  # fmt: skip
    return pa.concat_tables(tables), requests


def _tickets(batch: Accounts, random: np.random.Generator) -> tuple[pa.Table, pa.Table, list[Requests]]:
    """Return the tickets, their events, and requests for ratings of solved tickets; answers come faster every month."""
    account, place = repeated(random.poisson(np.where(batch.is_customer, 0.9 + 1.6 * (1 - batch.happiness), 0)))
    rows, lives = len(account), batch[account]
    created_at = between(lives.first_charge_at, lives.end_at, random.random(rows) * 0.97)
    user = random.choice(SUPPORTERS, rows)
    hired = created_at > np.datetime64("2026-06-08")
    user = np.where((user == NEW_SUPPORTER) & ~hired, SUPPORTERS[0] + np.arange(rows) % 3, user)
    # A ticket that goes to a colleague takes more than a week.
    is_passed_on = random.random(rows) < 0.06
    colleague = SUPPORTERS[0] + (user - SUPPORTERS[0] + 1) % 3
    age = (created_at - START).astype(float) / (END - START).astype(float)
    answer_days = np.exp(random.normal(np.log(0.42) - 1.5 * age, 0.8, rows))
    answered_at = created_at + days(answer_days)
    solved_at = answered_at + days(np.where(is_passed_on, 8, 0.1) + random.gamma(1.5, 0.8, rows))
    solver = np.where(is_passed_on, colleague, user)
    is_effort = random.random(rows) < 0.3
    is_solved, is_reopened = random.random(rows) < 0.96, random.random(rows) < 0.08
    ids, nobody, minute = keys("tick", lives.number, place), np.full(rows, -1), days(1 / 1440)
    contact = 1 + (random.random(rows) < 0.3) * (lives.contacts - 1)
    tickets = build(
        "support.tickets", ticket_id=ids, account_id=keys("acct", lives.number),
        contact_id=keys("cont", lives.number, contact),
        channel=choose(["email", "chat", "phone", "web"], random.integers(0, 4, rows)),
        priority=choose(["low", "normal", "high", "urgent"], random.choice(4, rows, p=[0.2, 0.5, 0.2, 0.1])),
        schedule_id=choose(SCHEDULES, (lives.currency == 1).astype(int)), is_spam=False, created_at=created_at,
    )  # fmt: skip
    # (moment, type, type of the actor, user, whether it is public, new value, whether it happens)
    steps: list[tuple[Any, ...]] = [
        (created_at, "comment", "customer", nobody, True, None, True),
        (created_at, "status", "system", nobody, None, "new", True),
        (created_at + 5 * minute, "assignment", "system", nobody, None, choose(USERS, user), True),
        (answered_at, "comment", "agent", user, True, None, True),
        (answered_at + 5 * minute, "assignment", "agent", user, None, choose(USERS, colleague), is_passed_on),
        (solved_at, "status", "agent", solver, None, "solved", is_solved),
        (solved_at + days(1), "status", "customer", nobody, None, "open", is_solved & is_reopened),
        (solved_at + days(2), "status", "agent", solver, None, "solved", is_solved & is_reopened),
    ]
    events = [
        build(
            "support.ticket_events", np.broadcast_to(happens, rows) & (occurred_at < END),
            event_id=keys("evnt", lives.number, place, step), ticket_id=ids, occurred_at=occurred_at,
            event_type=event_type, actor_type=actor_type, actor_user_id=choose(USERS, actor),
            is_public=is_public, new_value=new_value,
        )
        for step, (occurred_at, event_type, actor_type, actor, is_public, new_value, happens) in enumerate(steps, 1)
    ]  # fmt: skip
    lean = SKILL[user] - 0.03 * np.log(answer_days / 0.2)
    requests = [
        Requests(survey_id, "ticket", ids, lives, contact, user, solved_at + days(0.1), is_solved & keep, lean)
        for survey_id, keep in (("survey_csat", ~is_effort), ("survey_ces", is_effort))
    ]
    return tickets, pa.concat_tables(events), requests


def _relationship_requests(batch: Accounts) -> list[Requests]:
    """Return NPS requests to each contact, every half a year."""
    requests = []
    for turn, contact in itertools.product((1, 2, 3), (1, 2)):
        due_at = batch.first_charge_at + days(180 * turn - 120)
        ids, keep = keys("nps", batch.number, turn, contact), (due_at < batch.end_at) & (contact <= batch.contacts)
        sent_at, user = due_at + days(4 * contact), batch.success_manager
        requests.append(Requests("survey_nps", "relationship", ids, batch, contact, user, sent_at, keep, SKILL[user]))
    return requests


def _purchase_requests(batch: Accounts, random: np.random.Generator) -> list[Requests]:
    """Return requests for ratings of the deal of each customer, and so of its seller, and of a later purchase."""
    place, nobody, user = batch.charges // 2, np.full(len(batch), -1), batch.seller
    deals, purchases = keys("opp", batch.number, 1), keys("tx", batch.first_transaction + place)
    sent_at, asked = batch.first_charge_at + days(5), batch.is_customer & (random.random(len(batch)) < 0.92)
    later = between(batch.first_charge_at, batch.end_at, (place + 1) / np.maximum(batch.charges, 1))
    again = (batch.charges > 4) & (later < batch.end_at)
    return [
        Requests("survey_post_purchase", "opportunity", deals, batch, 1, user, sent_at, asked, SKILL[user]),
        Requests("survey_post_purchase", "transaction", purchases, batch, batch.contacts, nobody, later, again),
    ]


def _ask(requests: Requests, random: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Return the invitations and the responses."""
    rows, lives, ids = len(requests.lives), requests.lives, requests.ids
    is_delivered = random.random(rows) < 0.98
    keep = requests.keep & (requests.sent_at < END)
    about = {
        "survey_id": requests.survey_id,
        "invitation_id": pc.binary_join_element_wise("inv", ids, "_"),
        "account_id": keys("acct", lives.number),
        "contact_id": keys("cont", lives.number, requests.contact),
        "about_type": requests.about_type,
        "about_id": None if requests.about_type == "relationship" else ids,
        "about_user_id": choose(USERS, requests.user),
    }
    invitations = build("survey.invitations", keep, sent_at=requests.sent_at, is_delivered=is_delivered, **about)
    wish = np.clip(lives.happiness + requests.lean + random.normal(0, 0.1, rows), 0, 1)
    low, high = SCALES[requests.survey_id]
    responded_at = requests.sent_at + days(0.01 + random.exponential(1.2, rows))
    answers = keep & is_delivered & (random.random(rows) < lives.openness) & (responded_at < END)
    comment = np.where(random.random(rows) < 0.12, np.minimum(wish * 5, 4).astype(int), -1)
    responses = build(
        "survey.responses", answers, response_id=pc.binary_join_element_wise("resp", ids, "_"),
        score=low + np.round(wish * (high - low)), comment=choose(COMMENTS, comment), responded_at=responded_at,
        **about,
    )  # fmt: skip
    return invitations, responses


def _usage_days(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the days on which persons used the product: one or two a month, on which happier persons do more."""
    first_day, tables = batch.first_charge_at.astype("datetime64[D]"), []
    stay = np.where(batch.is_customer, (batch.end_at - batch.first_charge_at).astype(float), 0)
    months = (stay / 86400 // 30).astype(int)
    for contact in (1, 2):
        account, place = repeated(np.where(contact <= batch.contacts, months, 0))
        lives, day = batch[account], 30 * (place - 1) + random.integers(0, 30, len(account))
        tables.append(
            build(
                "product.usage_days", account_id=keys("acct", lives.number),
                contact_id=keys("cont", lives.number, contact),
                used_on=first_day[account] + day.astype("timedelta64[D]"),
                value_events=random.poisson(3.5 * lives.happiness),
            )
        )  # fmt: skip
    return pa.concat_tables(tables)
