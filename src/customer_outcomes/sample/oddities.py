"""Every case that the input contract names, as one literal row, with the state that the build must give it.

A row is the sound row of its table with the differences that make the case. A value is the text in the file, None an
empty field. The fate is accepted, superseded, deleted, future, excluded, or the reason of a quarantine. All keys begin
with odd_ (the currency is XTS, the code for tests), so that the rows can be added to a company of any size.
"""

from collections.abc import Mapping
from typing import NamedTuple

OddRow = Mapping[str, str | None]


class Oddity(NamedTuple):
    """One odd row: its table, its fate, the case that it shows, and its values."""

    table: str
    fate: str
    case: str
    row: dict[str, str | None]


LOADED = {"_loaded_at": "2026-03-02T03:00:00Z"}
LATER = {"_loaded_at": "2026-03-09T03:00:00Z"}
DELETED = {"is_deleted": "true"}
HOME = {"account_id": "odd_home"}

# A sound row of each table; a case holds only its differences from the sound row.
SOUND: dict[str, OddRow] = {
    "crm.accounts": {"account_type": "business", "created_at": "2026-01-10T09:00:00Z"},
    "crm.contacts": HOME | {"created_at": "2026-01-10T09:00:00Z"},
    "crm.users": {"team": "sales", "hired_at": "2025-01-02T08:00:00Z"},
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

# (fate, case, differences from the table's sound row)
CASES: dict[str, list[tuple[str, str, OddRow]]] = {
    "crm.accounts": [
        ("accepted", "home of the odd rows", HOME | {"account_name": "Oddity & Sons"}),
        ("accepted", "commas, quotes and letters beyond ASCII", {"account_id": "odd_name", "account_name": 'Ærø, "Köln" & 東京'}),
        ("accepted", "a column that the contract does not list", {"account_id": "odd_extra", "legacy_code": "K-17"}),
        ("accepted", "no type: business", {"account_id": "odd_default", "account_type": None}),
        ("accepted", "a time with an offset", {"account_id": "odd_offset", "created_at": "2026-01-10T00:30:00+02:00"}),
        ("accepted", "a date alone is midnight", {"account_id": "odd_date", "created_at": "2026-01-10"}),
        ("accepted", "a space between date and time, and parts of a second", {"account_id": "odd_space", "created_at": "2026-01-10 09:00:00.250"}),
        ("accepted", "a parent that is not there reads as null", {"account_id": "odd_stepchild", "parent_account_id": "odd_nowhere"}),
        ("superseded", "versions: without _loaded_at", {"account_id": "odd_versions", "account_name": "Oldest"}),
        ("superseded", "versions: the older", {"account_id": "odd_versions", "account_name": "Older"} | LOADED),
        ("accepted", "versions: the newest", {"account_id": "odd_versions", "account_name": "Newest"} | LATER),
        ("superseded", "tie: the older updated_at", {"account_id": "odd_tie_updated", "updated_at": "2026-03-01T10:00:00Z"} | LOADED),
        ("accepted", "tie: the newer updated_at", {"account_id": "odd_tie_updated", "updated_at": "2026-03-01T11:00:00Z"} | LOADED),
        ("accepted", "tie: the larger text", {"account_id": "odd_tie_text", "account_name": "Zeta"} | LOADED),
        ("superseded", "tie: the smaller text", {"account_id": "odd_tie_text", "account_name": "Eta"} | LOADED),
        ("accepted", "an exact duplicate", {"account_id": "odd_twin"} | LOADED),
        ("superseded", "an exact duplicate", {"account_id": "odd_twin"} | LOADED),
        ("accepted", "a faulty newer version does not hide a sound one", {"account_id": "odd_faulty_newer"} | LOADED),
        ("bad_type", "the faulty newer version", {"account_id": "odd_faulty_newer", "created_at": "soon"} | LATER),
        ("deleted", "a deleted record", {"account_id": "odd_deleted"} | DELETED),
        ("superseded", "deleted later: alive", {"account_id": "odd_deleted_later"} | LOADED),
        ("deleted", "deleted later: gone", {"account_id": "odd_deleted_later"} | LATER | DELETED),
        ("superseded", "restored: gone", {"account_id": "odd_restored"} | LOADED | DELETED),
        ("accepted", "restored: alive", {"account_id": "odd_restored", "is_deleted": "0"} | LATER),
        ("future", "created after as_of", {"account_id": "odd_future", "created_at": "2099-01-01T00:00:00Z"}),
        ("excluded", "internal", {"account_id": "odd_internal", "account_type": "internal"}),
        ("excluded", "test", {"account_id": "odd_test", "account_type": "test"}),
        ("accepted", "a chain of merges: first, deleted as loser", {"account_id": "odd_chain_1", "merged_into_account_id": "odd_chain_2", "is_deleted": "TRUE"}),
        ("accepted", "a chain of merges: second, deleted as loser", {"account_id": "odd_chain_2", "merged_into_account_id": "odd_chain_3", "is_deleted": "1"}),
        ("accepted", "a chain of merges: survivor", {"account_id": "odd_chain_3"}),
        ("accepted", "a test account merged into a real one", {"account_id": "odd_test_loser", "account_type": "test", "merged_into_account_id": "odd_home"}),
        ("excluded", "a real account merged into a test one", {"account_id": "odd_loser_to_test", "merged_into_account_id": "odd_test"}),
        ("excluded", "merged into a deleted one", {"account_id": "odd_loser_to_deleted", "merged_into_account_id": "odd_deleted"}),
        ("bad_merge", "a circle of merges", {"account_id": "odd_circle_1", "merged_into_account_id": "odd_circle_2"}),
        ("bad_merge", "a circle of merges", {"account_id": "odd_circle_2", "merged_into_account_id": "odd_circle_1"}),
        ("bad_merge", "a merge into a circle", {"account_id": "odd_circle_tail", "merged_into_account_id": "odd_circle_1"}),
        ("bad_merge", "a merge into itself", {"account_id": "odd_circle_self", "merged_into_account_id": "odd_circle_self"}),
        ("bad_merge", "a merge to nowhere", {"account_id": "odd_merge_nowhere", "merged_into_account_id": "odd_nowhere"}),
        ("missing_required", "no created_at", {"account_id": "odd_no_date", "created_at": None}),
        ("missing_required", "no key", {"account_name": "Nobody"}),
        ("bad_value", "a type that is none", {"account_id": "odd_bad_value", "account_type": "partner"}),
        ("bad_type", "a day that is none", {"account_id": "odd_bad_day", "created_at": "2026-02-30T00:00:00Z"}),
        ("bad_type", "a date in another form", {"account_id": "odd_bad_form", "created_at": "31/12/2025"}),
        ("bad_type", "is_deleted that is no boolean", {"account_id": "odd_bad_deleted", "is_deleted": "maybe"}),
    ],
    "crm.contacts": [
        ("accepted", "a person at the odd home", {"contact_id": "odd_person"}),
        ("accepted", "at a merged account", {"contact_id": "odd_chain_person", "account_id": "odd_chain_1"}),
        ("accepted", "merged, first of a chain, deleted as loser", {"contact_id": "odd_twin_1", "merged_into_contact_id": "odd_twin_2"} | DELETED),
        ("accepted", "merged, second of a chain", {"contact_id": "odd_twin_2", "merged_into_contact_id": "odd_twin_3"}),
        ("accepted", "merged, survivor", {"contact_id": "odd_twin_3"}),
        ("bad_merge", "a circle of merges", {"contact_id": "odd_loop_1", "merged_into_contact_id": "odd_loop_2"}),
        ("bad_merge", "a circle of merges", {"contact_id": "odd_loop_2", "merged_into_contact_id": "odd_loop_1"}),
        ("bad_merge", "a merge to nowhere", {"contact_id": "odd_lost", "merged_into_contact_id": "odd_nobody"}),
        ("orphan", "an account that is not there", {"contact_id": "odd_orphan", "account_id": "odd_nowhere"}),
        ("orphan", "an account in quarantine", {"contact_id": "odd_circle_person", "account_id": "odd_circle_1"}),
        ("excluded", "at a test account", {"contact_id": "odd_test_person", "account_id": "odd_test"}),
        ("excluded", "at an account that was merged into a test one", {"contact_id": "odd_loser_person", "account_id": "odd_loser_to_test"}),
        ("deleted", "a deleted person", {"contact_id": "odd_gone"} | DELETED),
        ("missing_required", "no account", {"contact_id": "odd_homeless", "account_id": None}),
    ],
    "crm.users": [
        ("accepted", "a bot, spelled TRUE", {"user_id": "odd_bot", "user_name": "Odd Robot", "is_bot": "TRUE"}),
        ("superseded", "changed the team: before", {"user_id": "odd_mover", "team": "support"} | LOADED),
        ("accepted", "changed the team: after", {"user_id": "odd_mover", "team": "success"} | LATER),
        ("accepted", "leaves after as_of: reads as null", {"user_id": "odd_leaver", "left_at": "2099-01-01T00:00:00Z"}),
        ("deleted", "a deleted user", {"user_id": "odd_user_gone"} | DELETED),
        ("bad_value", "a team that is none", {"user_id": "odd_user_team", "team": "finance"}),
        ("bad_type", "yes is no boolean", {"user_id": "odd_user_type", "is_bot": "yes"}),
        ("missing_required", "no team", {"user_id": "odd_user_teamless", "team": None}),
    ],
    "crm.account_assignments": [
        ("accepted", "accepted after as_of: reads as null", {"assignment_id": "odd_assigned", "accepted_at": "2099-01-01T00:00:00Z"}),
        ("excluded", "to a deleted user", {"assignment_id": "odd_assigned_gone", "user_id": "odd_user_gone"}),
        ("orphan", "to a user in quarantine", {"assignment_id": "odd_assigned_bad", "user_id": "odd_user_team"}),
        ("excluded", "of an internal account", {"assignment_id": "odd_assigned_internal", "account_id": "odd_internal"}),
        ("future", "assigned after as_of", {"assignment_id": "odd_assigned_later", "assigned_at": "2099-01-01T00:00:00Z"}),
    ],
    "crm.campaigns": [
        ("accepted", "an owner that is not there reads as null; its end is a plan", {"campaign_id": "odd_campaign", "owner_user_id": "odd_nobody", "ended_on": "2099-12-31"}),
        ("accepted", "a timestamp at midnight is a date", {"campaign_id": "odd_campaign_midnight", "started_on": "2026-01-01T00:00:00Z"}),
        ("deleted", "a deleted campaign", {"campaign_id": "odd_campaign_gone"} | DELETED),
        ("missing_required", "no name", {"campaign_id": "odd_campaign_nameless", "campaign_name": None}),
        ("bad_type", "a date with a time", {"campaign_id": "odd_campaign_noon", "started_on": "2026-01-01T12:00:00Z"}),
    ],
    "crm.campaign_costs": [
        ("superseded", "corrected: before", {"amount": "12.00"} | LOADED),
        ("accepted", "corrected: after", {"amount": "1.1e1"} | LATER),
        ("orphan", "of a campaign in quarantine", {"campaign_id": "odd_campaign_nameless"}),
        ("excluded", "of a deleted campaign", {"campaign_id": "odd_campaign_gone"}),
        ("out_of_range", "negative", {"cost_on": "2026-01-11", "amount": "-1"}),
        ("missing_exchange_rate", "no rate for the currency", {"cost_on": "2026-01-12", "currency_code": "JPY"}),
        ("future", "a day after as_of", {"cost_on": "2099-01-01"}),
    ],
    "crm.leads": [
        ("accepted", "became the odd home", HOME | {"lead_id": "odd_lead", "qualified_at": "2026-01-12T09:00:00Z", "sales_user_id": "user_05"}),
        ("accepted", "converts after as_of: reads as null", {"lead_id": "odd_lead_later", "converted_at": "2099-01-01T00:00:00Z"}),
        ("accepted", "an account and a campaign that are not there read as null", {"lead_id": "odd_lead_loose", "account_id": "odd_nowhere", "campaign_id": "odd_nowhere"}),
        ("excluded", "of an internal account", {"lead_id": "odd_lead_internal", "account_id": "odd_internal"}),
        ("bad_type", "an account's key does not help an unreadable time", HOME | {"lead_id": "odd_lead_type", "created_at": "yesterday"}),
        ("future", "created after as_of", {"lead_id": "odd_lead_future", "created_at": "2099-01-01T00:00:00Z"}),
        ("deleted", "a deleted lead", {"lead_id": "odd_lead_gone"} | DELETED),
    ],
    "crm.touches": [
        ("accepted", "booleans as 0 and 1", {"touch_id": "odd_touch", "is_automated": "0", "is_delivered": "1"}),
        ("accepted", "booleans as False and TRUE", {"touch_id": "odd_touch_words", "is_automated": "False", "is_delivered": "TRUE", "occurred_at": "2026-02-10T10:00:00Z"}),
        ("accepted", "by a bot", {"touch_id": "odd_touch_bot", "user_id": "odd_bot"}),
        ("accepted", "not delivered", {"touch_id": "odd_touch_lost", "is_delivered": "false"}),
        ("accepted", "the third human one, at a tie in time", {"touch_id": "odd_touch_third", "occurred_at": "2026-02-10T10:00:00Z"}),
        ("excluded", "of a test account", {"touch_id": "odd_touch_test", "account_id": "odd_test"}),
        ("bad_value", "a direction that is none", {"touch_id": "odd_touch_sideways", "direction": "sideways"}),
        ("bad_type", "a boolean that is none", {"touch_id": "odd_touch_type", "is_automated": "2"}),
        ("future", "after as_of", {"touch_id": "odd_touch_future", "occurred_at": "2099-01-01T00:00:00Z"}),
    ],
    "crm.opportunities": [
        ("accepted", "won, and split in two teams", {"opportunity_id": "odd_deal"}),
        ("accepted", "its splits are bad: falls back to its owner", {"opportunity_id": "odd_deal_bad_split"}),
        ("accepted", "closes after as_of: reads as open", {"opportunity_id": "odd_deal_open", "closed_at": "2099-01-01T00:00:00Z"}),
        ("excluded", "of a test account", {"opportunity_id": "odd_deal_test", "account_id": "odd_test"}),
        ("future", "created after as_of", {"opportunity_id": "odd_deal_future", "created_at": "2099-01-01T00:00:00Z", "closed_at": None, "is_won": None}),
        ("orphan", "an account that is not there", {"opportunity_id": "odd_deal_orphan", "account_id": "odd_nowhere"}),
        ("bad_type", "an amount that is no number", {"opportunity_id": "odd_deal_type", "amount": "12,5"}),
    ],
    "crm.opportunity_splits": [
        ("accepted", "thirds: first", {"share": "0.333333"}),
        ("accepted", "thirds: second", {"user_id": "user_06", "share": "0.333333"}),
        ("accepted", "thirds: third", {"user_id": "user_07", "share": "0.333334"}),
        ("accepted", "another team sums to 1 by itself", {"user_id": "user_01", "share": "1.0"}),
        ("bad_split", "do not sum to 1", {"opportunity_id": "odd_deal_bad_split", "share": "0.5"}),
        ("bad_split", "do not sum to 1", {"opportunity_id": "odd_deal_bad_split", "user_id": "user_06", "share": "0.4"}),
        ("out_of_range", "more than 1", {"opportunity_id": "odd_deal_open", "share": "1.2"}),
        ("orphan", "a deal that is not there", {"opportunity_id": "odd_nowhere"}),
        ("excluded", "of a future deal", {"opportunity_id": "odd_deal_future"}),
        ("excluded", "of a test account's deal", {"opportunity_id": "odd_deal_test"}),
    ],
    "crm.products": [
        ("accepted", "an integer as 2.0", {"product_id": "odd_product", "tier": "2.0"}),
        ("bad_type", "an integer with a half", {"product_id": "odd_product_half", "tier": "1.5"}),
        ("missing_required", "no family", {"product_id": "odd_product_family", "product_family": None}),
    ],
    "crm.transactions": [
        ("accepted", "a charge", {"transaction_id": "odd_tx"}),
        ("accepted", "defaults: completed, one", {"transaction_id": "odd_tx_default", "status": None, "quantity": None}),
        ("accepted", "a decimal as 1e1", {"transaction_id": "odd_tx_exponent", "amount": "1e1"}),
        ("accepted", "more than six decimals", {"transaction_id": "odd_tx_decimals", "amount": "10.1234565"}),
        ("accepted", "of a merged account", {"transaction_id": "odd_tx_chain", "account_id": "odd_chain_1"}),
        ("accepted", "of a test account that was merged into a real one", {"transaction_id": "odd_tx_test_loser", "account_id": "odd_test_loser"}),
        ("accepted", "in a currency with a rate of its own", {"transaction_id": "odd_tx_rate", "currency_code": "XTS"}),
        ("accepted", "a transfer counts nowhere", {"transaction_id": "odd_tx_transfer", "transaction_type": "transfer"}),
        ("accepted", "pending", {"transaction_id": "odd_tx_pending", "status": "pending"}),
        ("accepted", "failed", {"transaction_id": "odd_tx_failed", "status": "failed"}),
        ("accepted", "reverses a charge", {"transaction_id": "odd_tx_refund", "transaction_type": "refund", "original_transaction_id": "odd_tx", "transacted_at": "2026-02-20T10:00:00Z"}),
        ("accepted", "reverses a charge that is not there: reads as null", {"transaction_id": "odd_tx_chargeback", "transaction_type": "chargeback", "amount": "1.00", "original_transaction_id": "odd_nowhere"}),
        ("accepted", "a contact in quarantine, a deal excluded, a product unknown read as null", {"transaction_id": "odd_tx_loose", "contact_id": "odd_lost", "opportunity_id": "odd_deal_test", "product_id": "odd_nowhere"}),
        ("superseded", "corrected: before", {"transaction_id": "odd_tx_corrected", "amount": "100.00"} | LOADED),
        ("accepted", "corrected: after", {"transaction_id": "odd_tx_corrected"} | LATER),
        ("accepted", "delivered twice", {"transaction_id": "odd_tx_twin"} | LOADED),
        ("superseded", "delivered twice", {"transaction_id": "odd_tx_twin"} | LOADED),
        ("superseded", "tie as text: 10 is smaller than 9", {"transaction_id": "odd_tx_tie", "amount": "10"} | LOADED),
        ("accepted", "tie as text: 9 is larger than 10", {"transaction_id": "odd_tx_tie", "amount": "9"} | LOADED),
        ("deleted", "deleted", {"transaction_id": "odd_tx_gone"} | DELETED),
        ("future", "after as_of", {"transaction_id": "odd_tx_future", "transacted_at": "2099-01-01T00:00:00Z"}),
        ("excluded", "of an internal account", {"transaction_id": "odd_tx_internal", "account_id": "odd_internal"}),
        ("excluded", "of a test account", {"transaction_id": "odd_tx_test", "account_id": "odd_test"}),
        ("excluded", "of a deleted account", {"transaction_id": "odd_tx_deleted", "account_id": "odd_deleted"}),
        ("excluded", "of a future account", {"transaction_id": "odd_tx_early", "account_id": "odd_future"}),
        ("orphan", "an account that is not there", {"transaction_id": "odd_tx_orphan", "account_id": "odd_nowhere"}),
        ("orphan", "an account in quarantine", {"transaction_id": "odd_tx_circle", "account_id": "odd_circle_1"}),
        ("missing_exchange_rate", "no rate for the currency", {"transaction_id": "odd_tx_yen", "currency_code": "JPY"}),
        ("missing_exchange_rate", "before the first rate", {"transaction_id": "odd_tx_before", "currency_code": "XTS", "transacted_at": "2025-12-31T10:00:00Z"}),
        ("missing_required", "no amount", {"transaction_id": "odd_tx_no_amount", "amount": None}),
        ("bad_type", "an amount that is no number", {"transaction_id": "odd_tx_type", "amount": "ten"}),
        ("bad_type", "NaN", {"transaction_id": "odd_tx_nan", "amount": "NaN"}),
        ("out_of_range", "1e20, beyond all bounds", {"transaction_id": "odd_tx_huge", "amount": "1e20"}),
        ("bad_value", "a type that is none", {"transaction_id": "odd_tx_gift", "transaction_type": "gift"}),
        ("bad_value", "a status that is none", {"transaction_id": "odd_tx_status", "status": "done"}),
        ("out_of_range", "negative", {"transaction_id": "odd_tx_negative", "amount": "-10.00"}),
    ],
    "crm.subscriptions": [
        ("accepted", "its end is a plan", {"subscription_id": "odd_sub", "ended_on": "2099-01-01", "end_reason": "voluntary"}),
        ("future", "starts after as_of", {"subscription_id": "odd_sub_future", "started_on": "2099-01-01"}),
        ("orphan", "a product in quarantine", {"subscription_id": "odd_sub_product", "product_id": "odd_product_half"}),
        ("excluded", "of a test account", {"subscription_id": "odd_sub_test", "account_id": "odd_test"}),
        ("missing_exchange_rate", "no rate for the currency", {"subscription_id": "odd_sub_yen", "currency_code": "JPY"}),
        ("bad_value", "a reason that is none", {"subscription_id": "odd_sub_reason", "end_reason": "bored"}),
        ("out_of_range", "negative", {"subscription_id": "odd_sub_negative", "quantity": "-1"}),
    ],
    "crm.outcomes": [
        ("accepted", "verified after as_of: reads as null, with verified_by", {"outcome_id": "odd_outcome", "achieved_at": "2026-06-30T10:00:00Z", "verified_at": "2099-01-01T00:00:00Z", "verified_by": "customer"}),
        ("accepted", "due after as_of stays", {"outcome_id": "odd_outcome_due", "due_at": "2099-01-01T00:00:00Z"}),
        ("out_of_range", "a negative weight", {"outcome_id": "odd_outcome_weight", "weight": "-1"}),
        ("bad_value", "verified by nobody known", {"outcome_id": "odd_outcome_by", "verified_by": "partner"}),
        ("excluded", "of an internal account", {"outcome_id": "odd_outcome_internal", "account_id": "odd_internal"}),
    ],
    "crm.referrals": [
        ("accepted", "an account refers itself", {"referral_id": "odd_referral"}),
        ("excluded", "a lead that is excluded", {"referral_id": "odd_referral_internal", "referred_lead_id": "odd_lead_internal"}),
        ("excluded", "a lead of the future", {"referral_id": "odd_referral_future", "referred_lead_id": "odd_lead_future"}),
        ("orphan", "a lead in quarantine", {"referral_id": "odd_referral_type", "referred_lead_id": "odd_lead_type"}),
        ("orphan", "an account that is not there", {"referral_id": "odd_referral_orphan", "referrer_account_id": "odd_nowhere"}),
    ],
    "crm.experiments": [
        ("future", "ends after as_of", {"experiment_id": "odd_exp_future", "ended_on": "2099-01-01"}),
        ("out_of_range", "nobody saw it", {"experiment_id": "odd_exp_nobody", "control_exposures": "0"}),
        ("bad_type", "half a conversion", {"experiment_id": "odd_exp_half", "variant_conversions": "50.5"}),
        ("missing_required", "shipped or not", {"experiment_id": "odd_exp_unknown", "is_shipped": None}),
        ("deleted", "deleted", {"experiment_id": "odd_exp_gone"} | DELETED),
    ],
    "crm.exchange_rates": [
        ("superseded", "corrected: before", {"rate": "50"} | LOADED),
        ("accepted", "corrected: after", LATER),
        ("out_of_range", "zero", {"valid_on": "2026-01-02", "rate": "0"}),
        ("future", "of a day after as_of", {"valid_on": "2099-01-01", "rate": "9"}),
    ],
    "support.tickets": [
        ("accepted", "a ticket", {"ticket_id": "odd_ticket", "contact_id": "odd_person"}),
        ("accepted", "without account", {"ticket_id": "odd_ticket_nobody", "account_id": None}),
        ("accepted", "an account that is not there reads as null", {"ticket_id": "odd_ticket_loose", "account_id": "odd_nowhere"}),
        ("accepted", "a schedule in quarantine reads as null", {"ticket_id": "odd_ticket_zones", "schedule_id": "odd_two_zones"}),
        ("accepted", "spam", {"ticket_id": "odd_ticket_spam", "is_spam": "True"}),
        ("excluded", "of a test account", {"ticket_id": "odd_ticket_test", "account_id": "odd_test"}),
        ("deleted", "a deleted ticket", {"ticket_id": "odd_ticket_gone"} | DELETED),
        ("bad_type", "a time that is none", {"ticket_id": "odd_ticket_type", "created_at": "2026-02-10T25:00:00Z"}),
        ("future", "after as_of", {"ticket_id": "odd_ticket_future", "created_at": "2099-01-01T00:00:00Z"}),
    ],
    "support.ticket_events": [
        ("accepted", "the customer asks", {"event_id": "odd_event"}),
        ("accepted", "a bot answers", {"event_id": "odd_event_bot", "actor_type": "bot", "actor_user_id": "odd_bot", "occurred_at": "2026-02-10T09:01:00Z"}),
        ("orphan", "a ticket that is not there", {"event_id": "odd_event_orphan", "ticket_id": "odd_nowhere"}),
        ("orphan", "a ticket in quarantine", {"event_id": "odd_event_type", "ticket_id": "odd_ticket_type"}),
        ("excluded", "a deleted ticket", {"event_id": "odd_event_gone", "ticket_id": "odd_ticket_gone"}),
        ("excluded", "a ticket of a test account", {"event_id": "odd_event_test", "ticket_id": "odd_ticket_test"}),
        ("excluded", "a ticket of the future", {"event_id": "odd_event_early", "ticket_id": "odd_ticket_future"}),
        ("bad_value", "an actor that is none", {"event_id": "odd_event_actor", "actor_type": "manager"}),
        ("future", "after as_of", {"event_id": "odd_event_future", "occurred_at": "2099-01-01T00:00:00Z"}),
    ],
    "support.schedules": [
        ("accepted", "a schedule", {}),
        ("bad_value", "two time zones: Berlin", {"schedule_id": "odd_two_zones"}),
        ("bad_value", "two time zones: New York", {"schedule_id": "odd_two_zones", "weekday": "2", "timezone": "America/New_York"}),
        ("bad_value", "ends before it starts", {"schedule_id": "odd_backwards", "starts_minute": "1020", "ends_minute": "540"}),
        ("out_of_range", "an eighth day", {"schedule_id": "odd_week", "weekday": "8"}),
    ],
    "support.holidays": [
        ("accepted", "a holiday", {}),
        ("accepted", "delivered twice", {"holiday_on": "2026-12-25"}),
        ("superseded", "delivered twice", {"holiday_on": "2026-12-25"}),
        ("bad_type", "a day that is none", {"holiday_on": "Easter"}),
    ],
    "survey.surveys": [
        ("accepted", "an nps question on another scale: nps_like", {"survey_id": "odd_nps_like", "survey_type": "nps"}),
        ("bad_value", "a scale upside down", {"survey_id": "odd_upside_down", "scale_min": "5", "scale_max": "1"}),
        ("bad_value", "a scale of one step", {"survey_id": "odd_flat", "scale_max": "1.0"}),
    ],
    "survey.invitations": [
        ("accepted", "about the third touch", {"invitation_id": "odd_invited", "survey_id": "survey_touch", "about_type": "touch", "about_id": "odd_touch_third", "about_user_id": "user_05"}),
        ("accepted", "about a bot", {"invitation_id": "odd_invited_bot", "survey_id": "survey_touch", "about_type": "touch", "about_id": "odd_touch_bot", "about_user_id": "odd_bot"}),
        ("orphan", "a survey in quarantine", {"invitation_id": "odd_invited_flat", "survey_id": "odd_flat"}),
        ("orphan", "a survey that is not there", {"invitation_id": "odd_invited_nowhere", "survey_id": "odd_nowhere"}),
        ("excluded", "of a test account", {"invitation_id": "odd_invited_test", "account_id": "odd_test"}),
        ("bad_value", "about a type that is none", {"invitation_id": "odd_invited_about", "about_type": "weather"}),
        ("future", "sent after as_of", {"invitation_id": "odd_invited_future", "sent_at": "2099-01-01T00:00:00Z"}),
    ],
    "survey.responses": [
        ("accepted", "the first answer to an invitation", {"response_id": "odd_answer_1", "invitation_id": "odd_invited", "survey_id": "survey_touch", "about_type": "touch", "about_id": "odd_touch_third", "score": "5"}),
        ("accepted", "the edited answer to it", {"response_id": "odd_answer_2", "invitation_id": "odd_invited", "survey_id": "survey_touch", "about_type": "touch", "about_id": "odd_touch_third", "score": "3.5", "responded_at": "2026-02-13T11:00:00Z"}),
        ("accepted", "about a bot", {"response_id": "odd_answer_bot", "invitation_id": "odd_invited_bot", "survey_id": "survey_touch", "about_type": "touch", "about_id": "odd_touch_bot", "score": "1"}),
        ("accepted", "by a merged contact", {"response_id": "odd_answer_twin", "contact_id": "odd_twin_1"}),
        ("accepted", "without contact, about a relationship by default", {"response_id": "odd_answer_nobody", "contact_id": None, "about_type": None}),
        ("accepted", "an invitation in quarantine reads as null", {"response_id": "odd_answer_flat", "invitation_id": "odd_invited_flat"}),
        ("accepted", "commas, quotes and lines in a comment", {"response_id": "odd_answer_comment", "comment": 'Fast, friendly,\nand "almost" perfect'}),
        ("accepted", "on a scale that is nps_like", {"response_id": "odd_answer_nps_like", "survey_id": "odd_nps_like", "score": "5"}),
        ("accepted", "delivered twice", {"response_id": "odd_answer_again"} | LOADED),
        ("superseded", "delivered twice", {"response_id": "odd_answer_again"} | LOADED),
        ("out_of_range", "a score above its scale", {"response_id": "odd_answer_eleven", "survey_id": "survey_nps", "score": "11"}),
        ("out_of_range", "a score below its scale", {"response_id": "odd_answer_zero", "score": "0"}),
        ("bad_type", "a score that is no number", {"response_id": "odd_answer_word", "score": "great"}),
        ("missing_required", "no score", {"response_id": "odd_answer_empty", "score": None}),
        ("orphan", "a survey in quarantine", {"response_id": "odd_answer_upside_down", "survey_id": "odd_upside_down"}),
        ("orphan", "an account in quarantine", {"response_id": "odd_answer_circle", "account_id": "odd_circle_2"}),
        ("excluded", "of a test account", {"response_id": "odd_answer_test", "account_id": "odd_test"}),
        ("future", "after as_of", {"response_id": "odd_answer_future", "responded_at": "2099-01-01T00:00:00Z"}),
        ("deleted", "deleted", {"response_id": "odd_answer_gone"} | DELETED),
    ],
    "product.usage_days": [
        ("accepted", "an integer as 3.0", {"value_events": "3.0"}),
        ("accepted", "a timestamp at midnight is a date", {"used_on": "2026-02-04T00:00:00Z"}),
        ("accepted", "a person that the CRM does not know", {"contact_id": "odd_nobody"}),
        ("superseded", "counted again: before", {"used_on": "2026-02-05", "value_events": "1"} | LOADED),
        ("accepted", "counted again: after", {"used_on": "2026-02-05", "value_events": "2"} | LATER),
        ("bad_type", "half an event", {"used_on": "2026-02-06", "value_events": "1.5"}),
        ("out_of_range", "less than nothing", {"used_on": "2026-02-07", "value_events": "-1"}),
        ("orphan", "an account that is not there", {"account_id": "odd_nowhere"}),
        ("excluded", "of an internal account", {"account_id": "odd_internal"}),
        ("future", "a day after as_of", {"used_on": "2099-01-01"}),
    ],
}  # fmt: skip

ODDITIES = [
    Oddity(table, fate, case, {**SOUND[table], **differences})
    for table, cases in CASES.items()
    for fate, case, differences in cases
]

# Lines that no CSV reader can parse. They are the last lines of their files, so that no other row is lost with them.
BROKEN_LINES = {
    "crm.contacts": b'odd_broken_quote,odd_home,"an "unescaped" quote",,2026-01-10T09:00:00Z,,,',
    "crm.touches": b"odd_too_many_fields,2026-02-03T10:00:00Z,email,outbound" + b",surplus" * 20,
    "crm.campaigns": b"odd_not_utf8,Caf\xe9,search,,2026-01-01,,,,",
}
