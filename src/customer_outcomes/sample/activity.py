"""The activity of the regular accounts: touches, tickets, use of the product, and ratings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import company
from .company import END, USERS
from .fates import NEVER, Accounts, between, days, repeated, seller_at
from .shapes import Array, Tables, build, choose, keys, only

PRIORITIES = ["low", "normal", "high", "urgent"]
COMMENTS = ["Very slow", "Could be better", "It was fine", "Good and quick", "Could not be better"]
SCALES = {survey[0]: (survey[3], survey[4]) for survey in company.SURVEYS}
# By how much the ratings of each user are better or worse than the customer's happiness, as a share of the scale.
SKILL = np.array([0, 0, 0, 0, 0.06, -0.1, 0.02, -0.04, 0.05, -0.05, 0.08, -0.02, -0.06, 0.07, -0.08, 0.02, 0])  # fmt: skip


@dataclass
class Requests:
    """Requests for ratings, in arrays of one value per request.

    `account` is the index of the account in the batch, `about_id` the record that the rating is about, and `user` the
    index of the rated employee. Requests without `keep` are not made. `lean` is added to the wish on which the score
    is based.
    """

    survey_id: str
    about_type: str
    ids: pa.Array
    about_id: pa.Array | None
    account: np.ndarray
    contact: np.ndarray
    user: np.ndarray
    sent_at: np.ndarray
    keep: np.ndarray
    lean: np.ndarray | float = 0.0


def activity_tables(batch: Accounts, random: np.random.Generator) -> Tables:
    """Return the tables of the activity of a batch of accounts."""
    touches, touch_requests = _touches(batch, random)
    tickets, events, ticket_requests = _tickets(batch, random)
    requests = [touch_requests, *ticket_requests, *_nps_requests(batch)]
    requests += [_deal_requests(batch, random), _purchase_requests(batch, random)]
    asked = [_ask(batch, random, request) for request in requests]
    return {
        "crm.touches": touches,
        "support.tickets": tickets,
        "support.ticket_events": events,
        "survey.invitations": pa.concat_tables(invitations for invitations, _ in asked),
        "survey.responses": pa.concat_tables(responses for _, responses in asked),
        "product.usage_days": _usage_days(batch, random),
    }


def _some_contact(batch: Accounts, account: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a contact of each account, in most cases the first one."""
    other = random.integers(1, batch.contacts[account] + 1)
    return np.where(random.random(len(account)) < 0.6, 1, other)


def _touches(batch: Accounts, random: np.random.Generator) -> tuple[pa.Table, Requests]:
    """Return the touches, and requests for a rating of every third touch by a human."""
    counts = 5 + random.poisson(6, len(batch))
    account, place = repeated(counts)
    rows = len(account)
    last = np.where(batch.is_customer, batch.end_at, np.minimum(batch.decided_at + days(60), END))
    trial_at = batch.created_at + days(7)
    part = (place - 1 + random.random(rows)) / counts[account]
    occurred_at = between((trial_at + days(1))[account], last[account], part)
    is_trial = place == 1
    occurred_at = np.where(is_trial, trial_at[account], occurred_at)
    is_sold = occurred_at >= batch.decided_at[account]
    is_automated = (random.random(rows) < np.where(is_sold, 0.15, 0.35)) & ~is_trial
    seller = seller_at(batch, occurred_at, account)
    user = np.where(is_sold, batch.success_manager[account], seller)
    user = np.where(is_automated, np.where(random.random(rows) < 0.3, company.BOT, -1), user)
    contact = _some_contact(batch, account, random)
    contact = np.where(random.random(rows) < 0.03, -1, contact)
    is_delivered = random.random(rows) < 0.95
    number = batch.number[account]
    keep = occurred_at < np.minimum(END, last[account])
    ids = keys("touch", number, place)
    channel = np.where(is_automated, 0, random.integers(0, 4, rows))
    table = build(
        "crm.touches",
        rows,
        keep,
        touch_id=ids,
        occurred_at=occurred_at,
        channel=choose(["email", "call", "chat", "meeting"], channel),
        direction=choose(["outbound", "inbound"], ((random.random(rows) < 0.2) & ~is_automated).astype(int)),
        user_id=choose(USERS, user),
        campaign_id=choose(
            [c[0] for c in company.CAMPAIGNS], np.where(is_sold | (place % 3 > 0), -1, batch.campaign[account])
        ),
        lead_id=only(keys("lead", number, np.full(rows, 1)), batch.has_lead[account] & ~is_sold),
        contact_id=keys("cont", number, contact),
        account_id=keys("acct", number),
        nurture_point=choose(
            ["trial_day_7", "first_steps"], np.where(is_trial, 0, np.where(is_automated & (place == 2), 1, -1))
        ),
        is_automated=is_automated,
        is_delivered=is_delivered,
    )
    is_eligible = keep & is_delivered & ~is_automated & (contact > 0)
    is_due = is_eligible & (is_trial | (_running_count(account * 4 + contact, is_eligible) % 3 == 0))
    is_invited = np.where(is_due, random.random(rows) < 0.88, is_eligible & (random.random(rows) < 0.02))
    requests = Requests(
        survey_id="survey_touch",
        about_type="touch",
        ids=ids,
        about_id=ids,
        account=account,
        contact=contact,
        user=user,
        sent_at=occurred_at + days(0.05 + 4 * random.random(rows) ** 2),
        keep=is_invited,
    )
    return table, requests


def _running_count(groups: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """Return the number of rows that meet the condition, counted in each group up to and including the row."""
    order = np.argsort(groups, kind="stable")
    sorted_groups = groups[order]
    total = np.cumsum(condition[order])
    starts = np.append(True, sorted_groups[1:] != sorted_groups[:-1])[: len(groups)]
    before_group = (total - condition[order])[starts]
    counted = np.empty(len(groups), dtype=int)
    counted[order] = total - before_group[np.cumsum(starts) - 1]
    return counted


def _tickets(batch: Accounts, random: np.random.Generator) -> tuple[pa.Table, pa.Table, list[Requests]]:
    """Return the tickets, their events, and requests for ratings of solved tickets."""
    unhappiness = 1 - batch.happiness
    account, place = repeated(random.poisson(np.where(batch.is_customer, 1.2 + 3 * unhappiness, 0.2)))
    rows = len(account)
    number = batch.number[account]
    start = np.where(batch.is_customer, batch.first_charge_at, batch.created_at)[account]
    created_at = between(start, batch.end_at[account], random.random(rows) * 0.98)
    contact = _some_contact(batch, account, random)
    user = random.choice(company.SUPPORTERS, rows)
    is_spam = random.random(rows) < 0.03
    is_merged = (random.random(rows) < 0.04) & (place > 1) & ~is_spam
    schedule = (batch.currency[account] == 1).astype(int)
    priority = random.choice(4, rows, p=[0.2, 0.5, 0.2, 0.1])
    ids = keys("tick", number, place)
    tickets = build(
        "support.tickets",
        rows,
        ticket_id=ids,
        account_id=keys("acct", number),
        contact_id=only(keys("cont", number, contact), random.random(rows) > 0.04),
        channel=choose(["email", "chat", "phone", "web"], random.integers(0, 4, rows)),
        priority=choose(PRIORITIES, priority),
        schedule_id=choose(company.SCHEDULES, schedule),
        is_spam=is_spam,
        merged_into_ticket_id=only(keys("tick", number, np.maximum(place - 1, 1)), is_merged),
        created_at=created_at,
    )
    answer_days = random.lognormal(-2.2 - 0.3 * priority, 1.1, rows)
    answered_at = np.where(is_spam, NEVER, created_at + days(answer_days + 0.01))
    solved_at = answered_at + days(random.gamma(1.5, 1.0, rows) + 0.02)
    steps = _ticket_steps(random, rows, created_at, answered_at, solved_at, user, priority, schedule)
    events = [
        build(
            "support.ticket_events",
            rows,
            occurs & (occurred_at < END),
            event_id=keys("evnt", number, place, np.full(rows, step)),
            ticket_id=ids,
            occurred_at=occurred_at,
            event_type=event_type,
            actor_type=actor_type,
            actor_user_id=choose(USERS, actor),
            is_public=is_public,
            new_value=new_value,
        )
        for step, (occurred_at, event_type, actor_type, actor, is_public, new_value, occurs) in enumerate(steps, 1)
    ]
    lean = SKILL[user] - 0.04 * np.log(answer_days / 0.1)
    is_asked = (solved_at + days(0.2) < END) & ~is_merged
    requests = [
        Requests(survey_id, "ticket", ids, ids, account, contact, user, solved_at + days(0.1), keep, lean)
        for survey_id, keep in [
            ("survey_csat", is_asked & (place % 2 == 1)),
            ("survey_ces", is_asked & (place % 2 == 0)),
        ]
    ]
    return tickets, pa.concat_tables(events), requests


def _ticket_steps(
    random: np.random.Generator,
    rows: int,
    created_at: Array,
    answered_at: Array,
    solved_at: Array,
    user: Array,
    priority: Array,
    schedule: Array,
) -> list[tuple[Any, ...]]:
    """Return the possible events of tickets.

    Each is (moment, type, type of actor, user, is public, new value, whether it happens), with a value per ticket.
    """
    nobody, bot = np.full(rows, -1), np.full(rows, company.BOT)
    other = np.array([*range(13), 14, 15, 13, 16])[user]
    minute = days(1 / 1440)

    def some(probability: float) -> np.ndarray:
        return random.random(rows) < probability

    always = some(1.0)
    is_transferred, is_reopened, is_solved = some(0.15), some(0.1), some(0.92)
    return [
        (created_at, "comment", "customer", nobody, True, None, some(0.95)),
        (created_at, "status", "system", nobody, None, "new", always),
        (created_at + minute, "comment", "bot", bot, True, None, some(0.3)),
        (created_at + 5 * minute, "assignment", "system", nobody, None, choose(USERS, user), always),
        (created_at + 6 * minute, "priority", "system", nobody, None, choose(PRIORITIES, priority), some(0.1)),
        (created_at + 9 * minute, "comment", "agent", other, False, None, some(0.2)),
        (between(created_at, answered_at, 0.5), "assignment", "agent", user, None, choose(USERS, other), is_transferred),
        (between(created_at, answered_at, 0.6), "schedule", "system", nobody, None, choose(company.SCHEDULES, 1 - schedule), some(0.05)),
        (between(created_at, answered_at, 0.7), "assignment", "agent", other, None, choose(USERS, user), is_transferred),
        (answered_at, "comment", "agent", user, True, None, always),
        (answered_at, "status", "agent", user, None, "pending", some(0.5)),
        (between(answered_at, solved_at, 0.5), "comment", "customer", nobody, True, None, some(0.4)),
        (solved_at, "status", "agent", user, None, "solved", is_solved),
        (solved_at + days(1), "status", "customer", nobody, None, "open", is_solved & is_reopened),
        (solved_at + days(2), "status", "agent", user, None, "solved", is_solved & is_reopened),
    ]  # fmt: skip


def _nps_requests(batch: Accounts) -> list[Requests]:
    """Return NPS requests to the first two contacts of each account, every half a year."""
    rows = len(batch)
    requests = []
    for round_number, day in enumerate([60, 240, 420], 1):
        for contact in (1, 2):
            sent_at = batch.first_charge_at + days(day)
            place = np.full(rows, contact)
            requests.append(
                Requests(
                    survey_id="survey_nps",
                    about_type="relationship",
                    ids=keys("nps", batch.number, np.full(rows, round_number), place),
                    about_id=None,
                    account=np.arange(rows),
                    contact=place,
                    user=batch.success_manager,
                    sent_at=sent_at,
                    keep=(sent_at < batch.end_at) & (contact <= batch.contacts),
                )
            )
    return requests


def _deal_requests(batch: Accounts, random: np.random.Generator) -> Requests:
    """Return requests to some buyers for a rating of their deal, and so of their seller."""
    rows = len(batch)
    ids = keys("opp", batch.number, np.full(rows, 1))
    return Requests(
        survey_id="survey_post_purchase",
        about_type="opportunity",
        ids=ids,
        about_id=ids,
        account=np.arange(rows),
        contact=np.full(rows, 1),
        user=batch.seller,
        sent_at=batch.first_charge_at + days(5),
        keep=batch.is_customer & batch.has_lead & (random.random(rows) < 0.6),
    )


def _purchase_requests(batch: Accounts, random: np.random.Generator) -> Requests:
    """Return requests for ratings of two purchases of each customer with more than two charges."""
    account, _ = repeated(np.where(batch.charges > 2, 2, 0))
    charges = batch.charges[account]
    rows = len(account)
    half = np.arange(rows) % 2
    place = (charges // 2) * half + (charges // 2 * random.random(rows)).astype(int)
    ids = keys("tx", batch.first_transaction[account] + place)
    sent_at = between(batch.first_charge_at[account], batch.end_at[account], (place + 1.1) / charges)
    return Requests(
        survey_id="survey_post_purchase",
        about_type="transaction",
        ids=ids,
        about_id=ids,
        account=account,
        contact=_some_contact(batch, account, random),
        user=np.full(rows, -1),
        sent_at=sent_at,
        keep=sent_at < batch.end_at[account],
    )


def _ask(batch: Accounts, random: np.random.Generator, requests: Requests) -> tuple[pa.Table, pa.Table]:
    """Return the invitations and the responses; some responses have no invitation, and some are edited a little later."""
    rows = len(requests.account)
    number = batch.number[requests.account]
    is_delivered = random.random(rows) < 0.97
    keep = requests.keep & (requests.sent_at < END)
    is_uninvited = random.random(rows) < 0.04
    about = {
        "survey_id": requests.survey_id,
        "account_id": keys("acct", number),
        "contact_id": keys("cont", number, requests.contact),
        "about_type": requests.about_type,
        "about_id": requests.about_id,
        "about_user_id": choose(USERS, requests.user),
    }
    invitation_ids = pc.binary_join_element_wise("inv", requests.ids, "_")
    invitations = build(
        "survey.invitations",
        rows,
        keep & ~is_uninvited,
        invitation_id=invitation_ids,
        sent_at=requests.sent_at,
        is_delivered=is_delivered,
        **about,
    )
    # One contact of an account is a little happier than another.
    contact_lean = 0.04 * ((number * 7 + requests.contact * 3) % 5 - 2)
    skill = SKILL[requests.user] if requests.about_type in ("touch", "opportunity") else 0
    wish = batch.happiness[requests.account] + contact_lean + skill + requests.lean
    wish = np.clip(wish + random.normal(0, 0.12, rows), 0, 1)
    low, high = SCALES[requests.survey_id]
    score = low + np.round(wish * (high - low))
    responded_at = requests.sent_at + days(0.01 + random.exponential(1.2, rows))
    answers = keep & is_delivered & (random.random(rows) < batch.openness[requests.account])
    is_edited = random.random(rows) < 0.03
    comment = np.where(random.random(rows) < 0.15, np.minimum(wish * 5, 4).astype(int), -1)
    responses = []
    for suffix, moment, given, is_given in [
        ("1", responded_at, score, answers),
        ("2", responded_at + days(0.5), np.maximum(score - 1, low), answers & is_edited),
    ]:
        responses.append(
            build(
                "survey.responses",
                rows,
                is_given & (moment < END),
                response_id=pc.binary_join_element_wise("resp", requests.ids, suffix, "_"),
                invitation_id=only(invitation_ids, ~is_uninvited),
                score=given,
                comment=choose(COMMENTS, comment),
                responded_at=moment,
                **about,
            )
        )
    return invitations, pa.concat_tables(responses)


def _usage_days(batch: Accounts, random: np.random.Generator) -> pa.Table:
    """Return the days on which persons used the product; happier customers use it more."""
    tables = []
    first_day = batch.first_charge_at.astype("datetime64[D]")
    last_day = batch.end_at.astype("datetime64[D]")
    span = np.where(batch.is_customer, (last_day - first_day).astype(int) - 1, 0)
    for contact, most in [(1, 26), (2, 12)]:
        wanted = np.round(most * (0.4 + 0.8 * batch.happiness)).astype(int)
        counts = np.where(contact <= batch.contacts, np.minimum(wanted, np.maximum(span // 2, 0)), 0)
        account, place = repeated(counts)
        width = span[account] / np.maximum(counts[account], 1)
        # One day is drawn from each of equal stretches of days, so that no day comes twice.
        offset = np.floor((place - 1) * width) + np.floor(random.random(len(account)) * np.floor(width))
        number = batch.number[account]
        tables.append(
            build(
                "product.usage_days",
                len(account),
                account_id=keys("acct", number),
                contact_id=keys("cont", number, np.full(len(account), contact)),
                used_on=first_day[account] + offset.astype("timedelta64[D]"),
                value_events=random.poisson(3 * batch.happiness[account]),
            )
        )
    return pa.concat_tables(tables)
