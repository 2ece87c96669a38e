"""Lifetime value, months and cohorts of customers, and the customer dimension (M1 to M3)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from oracle.basics import next_month, total
from oracle.files import folded
from oracle.received import Row
from oracle.satisfaction import answer_order, counted, csat_of, stated
from oracle.transactions import is_purchase
from oracle.world import World


def segment_of(world: World, account_id: str) -> str:
    """M1: 'A missing segment is written (none).' READING: where 'all' means every segment, one of that name is (all)."""
    segment = world.find("crm.accounts", account_id)["segment"] or "(none)"
    return "(all)" if segment == "all" else segment


def ppp_of(csat: Fraction | None, cltv: Decimal) -> Fraction:
    """M3: 'coalesce(csat_1_10, 0) x cltv, literal'."""
    return (csat or Fraction(0)) * Fraction(cltv)


def by_account(items: list[dict]) -> dict[str, list[dict]]:
    groups = defaultdict(list)
    for item in items:
        groups[item["account_id"]].append(item)
    return groups


def only_charges(lines: list[dict]) -> list[dict]:
    """M1: everywhere but in M11 a charge is one above 0."""
    return [line for line in lines if is_purchase(line)]


def lifetime(
    world: World, account_id: str, lines: list[dict], answers: list[dict], asked_at: datetime | None, types
) -> dict:
    """One row of customer_lifetime: 'an account with at least one counted charge above 0'."""
    charges = only_charges(lines)
    amounts = [line["reporting_amount"] for line in lines]
    csat = csat_of(answers, types)
    nps = [answer for answer in counted(answers) if answer["nps_class"] is not None]
    return {
        "account_id": account_id,
        "cltv": total(amounts),
        "gross_amount": total(line["reporting_amount"] for line in charges),
        "reversed_amount": total(line["reporting_amount"] for line in lines if line["transaction_type"] != "charge"),
        "transaction_count": len(charges),
        "purchase_days": len({world.local_day(line["transacted_at"]) for line in charges}),
        "first_charge_at": min(line["transacted_at"] for line in charges),
        "last_charge_at": max(line["transacted_at"] for line in charges),
        "cross_sell_expansion": total(line["expansion_amount"] for line in lines if line["movement"] == "cross_sell"),
        "up_sell_expansion": total(line["expansion_amount"] for line in lines if line["movement"] == "up_sell"),
        "csat_1_10": csat,
        "is_csat_reported": csat is not None,
        "ppp": ppp_of(csat, total(amounts)),
        "nps_latest": max(nps, key=answer_order)["score"] if nps else None,
        "is_recommend_stated": stated(nps, asked_at is not None),
    }


def months_of(
    world: World, account_id: str, lines: list[dict], answers: list[dict], asked_at: datetime | None, types
) -> list[dict]:
    """'every month from the first charge's to that of as_of'; 'charges of each movement in full, and reversals: they
    sum to reporting_amount'; 'cltv and CSAT as known at its end': later answers and later edits are not known.
    """
    charges = only_charges(lines)
    month, rows = world.month(min(line["transacted_at"] for line in charges)), []
    while month <= world.month(world.as_of):
        here = [line for line in lines if world.month(line["transacted_at"]) == month]
        cltv = total(line["reporting_amount"] for line in lines if world.month(line["transacted_at"]) <= month)
        csat = csat_of([answer for answer in answers if world.month(answer["responded_at"]) <= month], types)
        nps = [answer for answer in answers if answer["nps_class"] is not None
               and world.month(answer["responded_at"]) <= month]  # fmt: skip
        is_asked = asked_at is not None and world.month(asked_at) <= month
        row = {"account_id": account_id, "month": month, "cltv": cltv, "csat_1_10": csat, "ppp": ppp_of(csat, cltv),
               "is_recommend_stated": stated(nps, is_asked),
               "reporting_amount": total(line["reporting_amount"] for line in here),
               "reversed_amount": total(line["reporting_amount"] for line in here
                                        if line["transaction_type"] != "charge"),
               "expansion_amount": total(line["expansion_amount"] for line in here),
               "_is_active": bool(only_charges(here))}  # fmt: skip
        for name in ("new", "reactivation", "repeat", "cross_sell", "up_sell"):
            row[f"{name}_amount"] = total(
                line["reporting_amount"] for line in only_charges(here) if line["movement"] == name)  # fmt: skip
        rows.append(row)
        month = next_month(month)
    return rows


def cohorts(months: list[dict], segments: dict[str, str]) -> list[dict]:
    """'cohort_month is that of the first charge, months_since from 0; segment all and each; active = with a charge in
    the month; cltv is cumulative'. READING: a segment of the name all is (all).
    """
    cells = defaultdict(list)
    for account_id, rows in by_account(months).items():
        first = min(row["month"] for row in rows)
        for row in rows:
            since = (row["month"].year - first.year) * 12 + row["month"].month - first.month
            for segment in ("all", "(all)" if segments[account_id] == "all" else segments[account_id]):
                cells[first, since, segment].append(row)
    return [{"cohort_month": first, "months_since": since, "segment": segment, "customers": len(rows),
             "active_customers": sum(row["_is_active"] for row in rows),
             "reporting_amount": total(row["reporting_amount"] for row in rows),
             "cltv": total(row["cltv"] for row in rows)}
            for (first, since, segment), rows in cells.items()]  # fmt: skip


def says_business(account: Row) -> bool:
    """Whether the row as delivered has the word; 'values of a list are compared without regard to case'."""
    return (folded(account.raw.get("account_type")) or "").lower() == "business"


def customers_dimension(world: World, lifetimes: dict[str, dict], has_names: bool) -> list[dict]:
    """Every accepted account that is merged nowhere, prospects too. M1: 'acquired_at = first_charge_at.
    acquisition_campaign_id, acquisition_channel: those of the account's earliest lead' (READING: ties by lead_id).
    'Names of accounts whose own row says business are no personal data and are published; all others are not; a var turns
    it off': an empty account_type says nothing.
    """
    first_lead: dict[str, Row] = {}
    for lead in sorted(world.unmerged("crm.leads"), key=lambda lead: (lead["created_at"], lead["lead_id"])):
        first_lead.setdefault(lead["account_id"], lead)
    rows = []
    for account in world.unmerged("crm.accounts"):
        account_id = account["account_id"]
        lead, customer = first_lead.get(account_id), lifetimes.get(account_id)
        rows.append({
            **{column: account[column] for column in
               ("account_id", "account_type", "segment", "industry", "country_code", "created_at")},
            "account_name": account["account_name"] if has_names and says_business(account) else None,
            "acquired_at": customer["first_charge_at"] if customer else None,
            "is_customer": customer is not None,
            "acquisition_campaign_id": lead["campaign_id"] if lead else None,
            "acquisition_channel": lead["channel"] if lead else None,
        })  # fmt: skip
    return rows
