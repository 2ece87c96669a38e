"""The input contract in brief, as the random worlds need it: the tables with their columns, values and bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

# The contract in brief: * key, ! required, @ event time, [low:high] bounds, > the table referred to.
CONTRACT = """
crm.accounts: account_id* account_name account_type parent_account_id>accounts
    merged_into_account_id>accounts segment industry country_code created_at@
crm.contacts: contact_id* account_id>accounts email merged_into_contact_id>contacts created_at!@
crm.users: user_id* user_name email team! merged_into_user_id>users manager_user_id>users hired_at
    left_at is_bot
crm.user_teams: user_id*>users team! valid_from*@
crm.account_assignments: assignment_id* account_id!>accounts user_id!>users assigned_at!@
    accepted_at rejected_at unassigned_at
crm.campaigns: campaign_id* campaign_name! channel! owner_user_id>users started_on ended_on
crm.campaign_costs: campaign_id*>campaigns cost_on*@ amount![0:] currency_code!
crm.leads: lead_id* created_at!@ merged_into_lead_id>leads channel campaign_id>campaigns owner_user_id>users
    contact_id>contacts account_id>accounts qualified_at sales_user_id>users accepted_at
    converted_at disqualified_at
crm.touches: touch_id* occurred_at!@ channel! direction! user_id>users campaign_id>campaigns
    lead_id>leads contact_id>contacts account_id>accounts opportunity_id>opportunities
    nurture_point is_automated is_delivered
crm.opportunities: opportunity_id* account_id!>accounts owner_user_id>users
    owner_at_close_user_id>users lead_id>leads campaign_id>campaigns
    merged_into_opportunity_id>opportunities stage amount currency_code created_at@ closed_at is_won
crm.opportunity_splits: opportunity_id*>opportunities user_id*>users share![0:1]
crm.products: product_id* product_name product_family! tier
crm.transactions: transaction_id* account_id>accounts contact_id>contacts
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
crm.exchange_rates: from_currency* to_currency* valid_on*@ rate![0.000000000001:999999.999999999999]
support.tickets: ticket_id* account_id>accounts contact_id>contacts channel priority
    schedule_id>schedules is_spam merged_into_ticket_id>tickets created_at!@
support.ticket_events: event_id* ticket_id!>tickets occurred_at!@ event_type! actor_type!
    actor_user_id>users is_public new_value
support.schedules: schedule_id* weekday*[1:7] starts_minute*[0:1440] ends_minute![0:1440] timezone!
support.holidays: schedule_id* holiday_on*
survey.surveys: survey_id* survey_type! question scale_min! scale_max!
survey.invitations: invitation_id* survey_id!>surveys account_id>accounts contact_id>contacts
    about_type! about_id about_user_id>users sent_at!@ is_delivered
survey.responses: response_id* survey_id!>surveys invitation_id>invitations account_id>accounts
    contact_id>contacts about_type about_id about_user_id>users score! comment responded_at!@
product.usage_days: account_id*>accounts contact_id* used_on*@ value_events![0:]
"""
VALUES = {
    "account_type": ("business", "person", "internal", "test"),
    "team": ("marketing", "sales", "onboarding", "success", "support", "other"),
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
RATIOS = re.compile(r"share|rate")
DECIMALS = re.compile(r"(\w+_)?amount|quantity|weight|spend|score|scale_(min|max)")
# What happened after as_of reads as null in these, and the row stays.
MOMENTS = {"closed_at", "converted_at", "disqualified_at", "qualified_at", "accepted_at", "left_at"}
MOMENTS |= {"rejected_at", "unassigned_at", "achieved_at", "verified_at", "abandoned_at"}
# An edit of these could make a sound record unsound, so edits leave them alone.
FRAGILE = {f"merged_into_{kind}_id" for kind in ("account", "contact", "ticket", "user", "lead", "opportunity")}
FRAGILE |= {"original_transaction_id", "team", "share", "timezone", "ends_minute"}
FRAGILE |= {"survey_id", "scale_min", "scale_max", "score"}
# Of these, one must not be before the other or larger than it, so an edit of a sound world leaves them alone, too.
PAIRED = {"started_on", "ended_on", "assigned_at", "unassigned_at"}
PAIRED |= {f"{side}_{count}" for side in ("control", "variant") for count in ("exposures", "conversions")}
CODES = {"currency_code", "from_currency", "to_currency", "country_code"}  # read in upper case
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
        if self.name.endswith("_at") or self.name == "valid_from":
            return "timestamp"
        if self.name.endswith("_on"):
            return "date"
        if self.name.startswith("is_"):
            return "boolean"
        if INTEGERS.fullmatch(self.name):
            return "integer"
        if RATIOS.fullmatch(self.name):
            return "ratio"
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
