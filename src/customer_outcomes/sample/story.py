"""The five fixed accounts that the package's docstring describes, as literal rows."""

from datetime import datetime, timedelta

from .shapes import Row, Tables, build_rows

Rows = dict[str, list[Row]]  # rows by table

STORY_ACCOUNTS = 5
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)] + [f"2026-{month:02d}" for month in range(1, 7)]

# (name, segment, industry, country, campaign, seller, day of the first charge)
ACCOUNTS = {
    1: ("Granite Harbor Freight", "enterprise", "logistics", "DE", "camp_search", "user_05", "2025-02-03"),
    2: ("Quillwood Press", "mid_market", "media", "GB", "camp_content", "user_06", "2025-03-03"),
    3: ("Bluefern Clinics", "enterprise", "health", "DE", "camp_partners", "user_08", "2025-02-10"),
    4: ("Tiny Lantern Studio", "small_business", "media", "NL", "camp_content", "user_07", "2025-03-05"),
    5: ("Brasswick Trading", "mid_market", "retail", "US", "camp_spring_discount", "user_05", "2025-04-07"),
}
CAMPAIGN_CHANNELS = {
    "camp_search": ("search", "user_01"),
    "camp_content": ("content", "user_02"),
    "camp_partners": ("partner", "user_03"),
    "camp_spring_discount": ("social", "user_02"),
}

# (account, product, seats, monthly amount, currency, first month, last month). Each is a subscription line with a charge
# in every month, on the day of the account's first charge.
PLANS = [
    (1, "core_enterprise", 240, 23760, "EUR", "2025-02", "2026-06"),
    (1, "services_premium_support", 1, 900, "EUR", "2025-05", "2026-06"),
    (2, "core_professional", 110, 5841, "GBP", "2025-03", "2026-06"),
    (3, "core_enterprise", 90, 8910, "EUR", "2025-02", "2026-01"),
    (4, "core_starter", 1, 29, "EUR", "2025-03", "2025-06"),
    (4, "core_professional", 12, 708, "EUR", "2025-07", "2025-12"),
    (4, "core_enterprise", 30, 2970, "EUR", "2026-01", "2026-06"),
    (4, "analytics_basic", 12, 228, "EUR", "2025-09", "2026-02"),
    (4, "analytics_plus", 30, 1170, "EUR", "2026-03", "2026-06"),
    (5, "core_professional", 150, 9735, "USD", "2025-04", "2025-08"),
]
# (account, product, amount, day) of purchases outside subscriptions
PURCHASES = [
    (3, "services_training", 2400, "2025-04-15"),
    (4, "services_training", 400, "2025-10-14"),
    (5, "analytics_plus", 6435, "2025-05-20"),
]
# (type, account, position of the reversed charge among the account's charges, amount, day)
REVERSALS = [
    ("credit", 1, 9, 2500, "2025-11-12"),
    ("refund", 5, 1, 9735, "2025-05-28"),
    ("refund", 5, 2, 9735, "2025-06-17"),
    ("refund", 5, 6, 6000, "2025-06-24"),
    ("refund", 5, 3, 7500, "2025-07-09"),
    ("chargeback", 5, 4, 9735, "2025-09-04"),
    ("chargeback", 5, 5, 9735, "2025-09-11"),
]

# (account, contact, survey, score, comment, day); None as score means that nobody answered
RATINGS = [
    (1, 1, "survey_nps", 2, "We pay a lot and wait a lot", "2025-05-05"),
    (1, 1, "survey_csat", 2, "Third time that we ask", "2025-09-16"),
    (1, 2, "survey_csat", 1, None, "2026-02-17"),
    (1, 1, "survey_csat", 1, "Nobody owns our problem", "2026-04-21"),
    (1, 1, "survey_nps", 2, None, "2026-05-05"),
    (2, 1, "survey_nps", None, None, "2025-06-02"),
    (2, 1, "survey_post_purchase", None, None, "2025-09-10"),
    (2, 2, "survey_nps", None, None, "2025-12-01"),
    (2, 1, "survey_csat", None, None, "2026-03-11"),
    (2, 1, "survey_nps", None, None, "2026-06-01"),
    (3, 1, "survey_nps", 10, "Everything went as promised", "2025-05-12"),
    (3, 1, "survey_csat", 5, None, "2025-08-19"),
    (3, 2, "survey_post_purchase", 5, "Training was excellent", "2025-10-08"),
    (3, 1, "survey_nps", 9, "We are done here. Thank you", "2026-01-14"),
    (4, 1, "survey_post_purchase", 4, None, "2025-03-20"),
    (4, 1, "survey_csat", 5, "You answered within minutes", "2025-08-05"),
    (4, 1, "survey_nps", 10, "I tell everybody", "2025-11-04"),
    (4, 2, "survey_csat", 5, None, "2026-02-10"),
    (4, 1, "survey_nps", 10, None, "2026-05-12"),
    (5, 1, "survey_post_purchase", 2, "Not what was promised", "2025-05-02"),
    (5, 1, "survey_nps", 1, None, "2025-07-15"),
]

# (account, name, due, achieved, verified) of the outcomes that the customers wanted
OUTCOMES = [
    (1, "Deliver on the promised day", "2025-08-01", None, None),
    (2, "Half the time to print", "2025-09-01", "2025-08-11", "2025-08-20"),
    (3, "Move all clinics to one system", "2025-12-15", "2025-11-24", "2025-12-02"),
    (4, "Send the first invoice in a day", "2025-04-15", "2025-03-12", "2025-03-14"),
    (4, "See every project in one place", "2026-02-01", "2026-01-19", "2026-01-22"),
    (5, "Sell in three countries", "2025-10-01", None, None),
]

# (account, opened, minutes to the first answer, hours until solved, reopened after hours)
TICKETS = [
    (1, "2025-09-08T09:10:00", 1530, 120, 30),
    (1, "2026-02-09T15:40:00", 2900, 150, 50),
    (1, "2026-04-14T08:05:00", 4020, 140, None),
    (4, "2025-08-05T10:00:00", 6, 1, None),
    (5, "2025-05-12T16:30:00", 700, 90, 24),
]


def story_tables() -> Tables:
    """Return the tables of the five accounts."""
    rows: Rows = {}
    for number, account in ACCOUNTS.items():
        _merge(rows, _account(number, *account))
    _merge(rows, _money())
    for place, rating in enumerate(RATINGS, 1):
        _merge(rows, _rating(place, *rating))
    for place, ticket in enumerate(TICKETS, 1):
        _merge(rows, _ticket(place, *ticket))
    _merge(rows, _outcomes())
    _merge(rows, _referral())
    _merge(rows, _last_weeks())
    _merge(rows, _doubtful_ratings())
    return {table: build_rows(table, table_rows) for table, table_rows in rows.items()}


def _merge(rows: Rows, more: Rows) -> None:
    """Append rows to the rows of their tables."""
    for table, table_rows in more.items():
        rows.setdefault(table, []).extend(table_rows)


def _account(
    number: int, name: str, segment: str, industry: str, country: str, campaign: str, seller: str, first_day: str
) -> Rows:
    """Return the rows of one account: its contacts, lead, deal, assignments, touches and use of the product."""
    account_id, month = f"acct_{number:04d}", first_day[:7]
    arrived_at = f"2025-01-{8 + number:02d}T09:30:00"
    channel, marketer = CAMPAIGN_CHANNELS[campaign]
    if number == 5:
        arrived_at = "2025-03-10T09:30:00"
    about = {"account_id": account_id, "campaign_id": campaign}
    deal = about | {"opportunity_id": f"opp_{number:04d}_1", "lead_id": f"lead_{number:04d}_1"}
    plan = next(plan for plan in PLANS if plan[0] == number)
    assigned: list[tuple[str, str, str | None]] = [
        (seller, arrived_at, f"{first_day}T12:00:00"),
        ("user_09", f"{first_day}T12:00:00", None),
    ]
    if number != 5:
        # Brasswick never got a success manager.
        assigned[1] = ("user_09", f"{first_day}T12:00:00", f"{first_day[:5]}04-22T09:00:00")
        assigned.append(("user_11" if number < 3 else "user_12", f"{first_day[:5]}04-22T09:00:00", None))
    return {
        "crm.accounts": [{
            "account_id": account_id, "account_name": name, "account_type": "business",
            "segment": segment, "industry": industry, "country_code": country,
            "created_at": arrived_at,
        }],
        "crm.contacts": [
            {
                "contact_id": f"cont_{number:04d}_{place}", "account_id": account_id,
                "email": f"cont_{number:04d}_{place}@mail.example", "created_at": arrived_at,
            }
            for place in (1, 2)
        ],
        "crm.leads": [about | {
            "lead_id": f"lead_{number:04d}_1", "created_at": arrived_at, "channel": channel,
            "owner_user_id": marketer, "contact_id": f"cont_{number:04d}_1",
            "qualified_at": arrived_at.replace("T09", "T15"), "sales_user_id": seller,
            "accepted_at": arrived_at.replace("T09:30", "T16:45"),
            "converted_at": f"{first_day}T08:00:00",
        }],
        "crm.opportunities": [deal | {
            "owner_user_id": "user_05" if seller == "user_08" else seller,
            "owner_at_close_user_id": seller, "stage": "won", "amount": plan[3] * 12,
            "currency_code": plan[4], "created_at": arrived_at.replace("T09", "T17"),
            "closed_at": f"{first_day}T08:00:00", "is_won": True,
        }],
        "crm.account_assignments": [
            {
                "assignment_id": f"asgn_{number:04d}_{place}", "account_id": account_id,
                "user_id": user, "assigned_at": start, "unassigned_at": stop,
                # Nobody took over Granite Harbor.
                "accepted_at": None if number == 1 and place > 1 else start.replace(":00:00", ":40:00"),
            }
            for place, (user, start, stop) in enumerate(assigned, 1)
        ],
        "crm.touches": [
            {
                "touch_id": f"touch_{number:04d}_{place}", "occurred_at": f"{day}T13:20:00",
                "channel": "call", "direction": "outbound", "user_id": seller,
                "contact_id": f"cont_{number:04d}_1", "account_id": account_id,
                "lead_id": f"lead_{number:04d}_1", "nurture_point": point,
            }
            for place, day, point in [
                (1, arrived_at[:8] + "17", "trial_day_7"), (2, arrived_at[:8] + "24", None),
                (3, first_day[:8] + "01", None),
            ]
        ],
        "product.usage_days": [
            {
                "account_id": account_id, "contact_id": f"cont_{number:04d}_1",
                "used_on": f"{used}-{day}", "value_events": 1 if number in (1, 5) else 6,
            }
            for used in MONTHS if month < used <= max(p[6] for p in PLANS if p[0] == number)
            for day in ("04", "18")
        ],
    }  # fmt: skip


def _money() -> Rows:
    """Return the subscription lines, and the transactions: charges of plans, other purchases, and reversals."""
    charges: dict[int, list[Row]] = {number: [] for number in ACCOUNTS}
    subscriptions = []
    for place, (number, product, seats, amount, currency, first, last) in enumerate(PLANS, 1):
        day = ACCOUNTS[number][-1][8:]
        after = MONTHS[MONTHS.index(last) + 1] if last != MONTHS[-1] else None
        is_followed = any(plan[0] == number and plan[5] == after for plan in PLANS)
        subscriptions.append({
            "subscription_id": f"sub_{number:04d}_{place}", "account_id": f"acct_{number:04d}",
            "product_id": product, "quantity": seats, "monthly_amount": amount,
            "currency_code": currency, "started_on": f"{first}-{day}",
            "ended_on": f"{after}-{day}" if after else None,
            "end_reason": ("changed" if is_followed else "voluntary") if after else None,
        })  # fmt: skip
        for month in MONTHS[MONTHS.index(first) : MONTHS.index(last) + 1]:
            deal = f"opp_{number:04d}_1" if month == ACCOUNTS[number][-1][:7] else None
            charges[number].append(_charge(number, product, seats, amount, currency, f"{month}-{day}", deal))
    for number, product, amount, day in PURCHASES:
        currency = "USD" if number == 5 else "EUR"
        charges[number].append(_charge(number, product, 1, amount, currency, day, None))
    for number, rows in charges.items():
        for place, row in enumerate(rows, 1):
            row["transaction_id"] = f"tx_story_{number}_{place:02d}"
    for kind, number, place, amount, day in REVERSALS:
        original = charges[number][place - 1]
        charges[number].append(original | {
            "transaction_id": f"tx_story_{number}_{len(charges[number]) + 1:02d}",
            "transaction_type": kind, "amount": amount, "transacted_at": f"{day}T11:00:00",
            "original_transaction_id": original["transaction_id"],
        })  # fmt: skip
    return {
        "crm.transactions": [row for rows in charges.values() for row in rows],
        "crm.subscriptions": subscriptions,
    }


def _charge(number: int, product: str, quantity: int, amount: int, currency: str, day: str, deal: str | None) -> Row:
    """Return one charge of an account."""
    return {
        "account_id": f"acct_{number:04d}", "contact_id": f"cont_{number:04d}_1",
        "opportunity_id": deal, "product_id": product, "transaction_type": "charge",
        "status": "completed", "quantity": quantity, "amount": amount, "currency_code": currency,
        "transacted_at": f"{day}T10:00:00",
    }  # fmt: skip


def _rating(
    place: int, number: int, contact: int, survey: str, score: int | None, comment: str | None, day: str
) -> Rows:
    """Return an invitation and, if there is a score, the response; `place` numbers the ratings."""
    about = {
        "survey_id": survey, "account_id": f"acct_{number:04d}",
        "contact_id": f"cont_{number:04d}_{contact}", "about_type": "relationship",
        "about_user_id": "user_11" if number < 3 else "user_12",
        "invitation_id": f"inv_story_{place:02d}",
    }  # fmt: skip
    answer = about | {"response_id": f"resp_story_{place:02d}", "score": score, "comment": comment}
    return {
        "survey.invitations": [about | {"sent_at": f"{day}T09:00:00"}],
        "survey.responses": [] if score is None else [answer | {"responded_at": f"{day}T14:12:00"}],
    }


def _ticket(
    place: int, number: int, opened: str, answer_minutes: int, solved_hours: int, reopened_hours: int | None
) -> Rows:
    """Return a ticket and its events: asked, answered, solved and, if hours are given, reopened and solved again."""
    ticket_id = f"tick_story_{place}"
    start = datetime.fromisoformat(opened)

    def after(*, minutes: int = 0, hours: int = 0) -> str:
        return (start + timedelta(minutes=minutes, hours=hours)).isoformat()

    supporter = "user_14" if number == 4 else "user_15"
    events = [
        (after(), "comment", "customer", None, None),
        (after(), "status", "system", None, "new"),
        (after(minutes=2), "assignment", "system", None, supporter),
        (after(minutes=answer_minutes), "comment", "agent", supporter, None),
        (after(hours=solved_hours), "status", "agent", supporter, "solved"),
    ]
    if reopened_hours:
        events += [
            (after(hours=solved_hours + reopened_hours), "status", "customer", None, "open"),
            (after(hours=solved_hours + reopened_hours * 3), "status", "agent", supporter, "solved"),
        ]
    names = ("occurred_at", "event_type", "actor_type", "actor_user_id", "new_value")
    return {
        "support.tickets": [{
            "ticket_id": ticket_id, "account_id": f"acct_{number:04d}",
            "contact_id": f"cont_{number:04d}_1", "channel": "email", "priority": "high",
            "schedule_id": "sched_boston" if number == 5 else "sched_berlin", "created_at": opened,
        }],
        "support.ticket_events": [
            {"event_id": f"evnt_story_{place}_{step}", "ticket_id": ticket_id} | dict(zip(names, event, strict=True))
            for step, event in enumerate(events, 1)
        ],
    }  # fmt: skip


def _outcomes() -> Rows:
    """Return the outcomes of the five accounts."""
    return {
        "crm.outcomes": [
            {
                "outcome_id": f"outc_story_{place}", "account_id": f"acct_{number:04d}",
                "opportunity_id": f"opp_{number:04d}_1", "outcome_name": name, "weight": 1,
                "defined_at": f"{ACCOUNTS[number][-1]}T09:00:00", "due_at": f"{due}T00:00:00",
                "achieved_at": achieved and f"{achieved}T16:00:00",
                "verified_at": verified and f"{verified}T10:00:00",
                "verified_by": verified and "customer",
                "abandoned_at": "2025-09-15T10:00:00" if number == 5 else None,
            }
            for place, (number, name, due, achieved, verified) in enumerate(OUTCOMES, 1)
        ]
    }  # fmt: skip


def _referral() -> Rows:
    """Return the referral by Tiny Lantern, and the qualified lead that it brought."""
    return {
        "crm.leads": [{
            "lead_id": "lead_0004_2", "created_at": "2025-11-18T10:05:00", "channel": "referral",
            "owner_user_id": "user_02", "qualified_at": "2025-11-20T09:00:00",
            "sales_user_id": "user_07", "accepted_at": "2025-11-20T13:00:00",
        }],
        "crm.referrals": [{
            "referral_id": "refr_0004", "referrer_account_id": "acct_0004",
            "referrer_contact_id": "cont_0004_1", "referred_lead_id": "lead_0004_2",
            "referred_at": "2025-11-18T10:00:00",
        }],
    }  # fmt: skip


def _last_weeks() -> Rows:
    """Return calls in June: a rating of the third call of each contact is due, but was not yet requested."""
    return {
        "crm.touches": [
            {
                "touch_id": f"touch_story_{number}_{place}", "occurred_at": f"2026-06-{day}T13:05:00",
                "channel": "call", "direction": direction, "user_id": user,
                "contact_id": f"cont_{number:04d}_2", "account_id": f"acct_{number:04d}",
            }
            for number, user in [(2, "user_11"), (4, "user_12")]
            for place, day, direction in [(1, "09", "outbound"), (2, "18", "inbound"), (3, "26", "outbound")]
        ]
    }  # fmt: skip


def _doubtful_ratings() -> Rows:
    """Return a top rating four seconds after its request, and a ticket that was transferred just before a bad rating."""
    touch = {
        "invitation_id": "inv_story_touch", "survey_id": "survey_touch", "account_id": "acct_0005",
        "contact_id": "cont_0005_1", "about_type": "touch", "about_id": "touch_0005_3", "about_user_id": "user_05",
    }  # fmt: skip
    bad = {
        "survey_id": "survey_ces", "account_id": "acct_0001", "contact_id": "cont_0001_1",
        "about_type": "ticket", "about_id": "tick_story_3",
    }  # fmt: skip
    return {
        "survey.invitations": [touch | {"sent_at": "2025-04-03T09:00:00"}],
        "survey.responses": [
            touch | {"response_id": "resp_story_touch", "score": 5, "responded_at": "2025-04-03T09:00:04"},
            bad | {"response_id": "resp_story_ticket", "score": 1, "responded_at": "2026-04-21T07:50:00"},
        ],
        "support.ticket_events": [{
            "event_id": "evnt_story_3_handed_on", "ticket_id": "tick_story_3", "occurred_at": "2026-04-19T17:30:00",
            "event_type": "assignment", "actor_type": "agent", "actor_user_id": "user_15", "new_value": "user_14",
        }],
    }  # fmt: skip
