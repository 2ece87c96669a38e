"""PPP, its yield and what it says nothing of, by subject (M1, M3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from oracle.basics import ratio
from oracle.customers import segment_of
from oracle.metric_formulas import COMPANY
from oracle.world import World


def ppp_summaries(world: World, results: dict[str, list[dict]], weights_of: Callable) -> list[dict]:
    """M3: 'ppp_yield = sum(ppp) / (10 x sum(cltv)) = csat_revenue_coverage x revenue-weighted CSAT of those / 10', by the
    credits as of as_of; `weights_of` has those of an account in a month, by subject.
    """
    without = money_without_customers(world, results)
    groups: dict[tuple[str, str], list[tuple[Fraction, dict]]] = {subject: [] for subject in [COMPANY, *without]}
    for customer in results["customer_lifetime"]:
        now = weights_of(customer["account_id"], world.month(world.as_of))
        for subject, weight in now.items():
            if subject[0] != "channel":
                groups.setdefault(subject, []).append((weight, customer))
    rows = []
    for (subject_type, subject_id), own in groups.items():
        cltv, ppp, heard = (
            sum((weight * Fraction(value(row)) for weight, row in own), Fraction(0))
            for value in (
                lambda row: row["cltv"],
                lambda row: row["ppp"],
                lambda row: row["cltv"] if row["is_csat_reported"] else 0,
            )
        )
        bridge = sum(without.get((subject_type, subject_id), ()), Decimal("0.00"))
        rows.append({"subject_type": subject_type, "subject_id": subject_id, "customers": len(own), "cltv": cltv,
                     "cltv_without_customer": None if subject_type in ("team", "employee") else bridge,
                     "ppp": ppp, "ppp_yield": ratio(ppp, 10 * cltv), "csat_revenue_coverage": ratio(heard, cltv),
                     "responders_csat": ratio(ppp, heard)})  # fmt: skip
    return rows


def money_without_customers(world: World, results: dict[str, list[dict]]) -> dict[tuple[str, str], list[Decimal]]:
    """M1: of the money of accounts that are no customers 'ppp_summary says how much (cltv_without_customer), so that the two
    sums can be bridged', for 'company, segments, and campaign unattributed, null for teams and employees'.

    READING: other campaigns have 0; a segment, or unattributed, with counted transactions of these accounts alone has a
    row, too.
    """
    customers = {row["account_id"] for row in results["customer_lifetime"]}
    found = defaultdict(list)
    for line in results["fct_transactions"]:
        if line["account_id"] not in customers:
            segment = segment_of(world, line["account_id"])
            for subject in (COMPANY, ("segment", segment), ("campaign", "unattributed")):
                found[subject].append(line["reporting_amount"])
    return found
