"""A sound row of each table, from which the odd rows differ."""

from collections.abc import Mapping

OddRow = Mapping[str, str | None]

HOME = {"account_id": "odd_home"}

SOUND: dict[str, OddRow] = {
    "crm.accounts": {"account_type": "business", "created_at": "2026-01-10T09:00:00Z"},
    "crm.contacts": HOME | {"created_at": "2026-01-10T09:00:00Z"},
    "crm.users": {"team": "sales", "hired_at": "2025-01-02T08:00:00Z"},
    "crm.user_teams": {"user_id": "odd_mover", "team": "success", "valid_from": "2026-03-01T08:00:00Z"},
    "crm.account_assignments": HOME | {"user_id": "user_05", "assigned_at": "2026-01-12T09:00:00Z"},
    "crm.campaigns": {"campaign_name": "Odd", "channel": "search", "started_on": "2026-01-01"},
    "crm.campaign_costs": {
        "campaign_id": "odd_campaign", "cost_on": "2026-01-10", "amount": "10.00",
        "currency_code": "EUR",
    },
    "crm.leads": {"created_at": "2026-01-09T09:00:00Z", "channel": "search"},
    "crm.touches": HOME | {
        "occurred_at": "2026-02-03T10:00:00Z", "channel": "email", "direction": "outbound",
        "user_id": "user_05", "contact_id": "odd_person",
    },
    "crm.opportunities": HOME | {
        "owner_user_id": "user_05", "stage": "won", "amount": "120.00", "currency_code": "EUR",
        "created_at": "2026-01-15T09:00:00Z", "closed_at": "2026-02-01T09:00:00Z", "is_won": "true",
    },
    "crm.opportunity_splits": {"opportunity_id": "odd_deal", "user_id": "user_05", "share": "1"},
    "crm.products": {"product_name": "Odd", "product_family": "core", "tier": "1"},
    "crm.transactions": HOME | {
        "product_id": "core_starter", "transaction_type": "charge", "status": "completed",
        "quantity": "1", "amount": "10.00", "currency_code": "EUR",
        "transacted_at": "2026-02-02T10:00:00Z",
    },
    "crm.subscriptions": HOME | {
        "product_id": "core_starter", "quantity": "1", "monthly_amount": "10.00",
        "currency_code": "EUR", "started_on": "2026-02-02",
    },
    "crm.outcomes": HOME | {
        "outcome_name": "Odd", "defined_at": "2026-02-02T10:00:00Z",
        "due_at": "2026-05-01T00:00:00Z",
    },
    "crm.referrals": {
        "referrer_account_id": "odd_home", "referred_lead_id": "odd_lead",
        "referred_at": "2026-01-09T08:00:00Z",
    },
    "crm.experiments": {
        "channel": "odd", "started_on": "2026-05-11", "ended_on": "2026-06-07",
        "control_exposures": "1000", "control_conversions": "50", "variant_exposures": "1000",
        "variant_conversions": "50", "spend": "0", "currency_code": "EUR", "is_shipped": "false",
    },
    "crm.exchange_rates": {
        "from_currency": "XTS", "to_currency": "EUR", "valid_on": "2026-01-01", "rate": "0.5",
    },
    "support.tickets": HOME | {
        "channel": "email", "priority": "normal", "schedule_id": "sched_berlin",
        "created_at": "2026-02-10T09:00:00Z",
    },
    "support.ticket_events": {
        "ticket_id": "odd_ticket", "occurred_at": "2026-02-10T09:00:00Z", "event_type": "comment",
        "actor_type": "customer", "is_public": "true",
    },
    "support.schedules": {
        "schedule_id": "odd_schedule", "weekday": "1", "starts_minute": "540",
        "ends_minute": "1020", "timezone": "Europe/Berlin",
    },
    "support.holidays": {"schedule_id": "odd_schedule", "holiday_on": "2026-01-06"},
    "survey.surveys": {
        "survey_type": "csat", "question": "Odd?", "scale_min": "1", "scale_max": "5",
    },
    "survey.invitations": HOME | {
        "survey_id": "survey_csat", "contact_id": "odd_person", "about_type": "relationship",
        "sent_at": "2026-02-12T09:00:00Z",
    },
    "survey.responses": HOME | {
        "survey_id": "survey_csat", "contact_id": "odd_person", "about_type": "relationship",
        "score": "4", "responded_at": "2026-02-12T11:00:00Z",
    },
    "product.usage_days": HOME | {
        "contact_id": "odd_person", "used_on": "2026-02-03", "value_events": "3",
    },
}  # fmt: skip
