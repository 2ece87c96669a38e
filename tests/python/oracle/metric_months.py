"""The months of the shared metrics and of pay: from that of the first fact that any metric counts to that of as_of (M0)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from oracle.basics import grouped, next_month
from oracle.outcomes import clock_moments
from oracle.world import World


def metric_months(world: World, results: dict[str, list[dict]], ttv_clock: str) -> list[date]:
    """'metric_values starts with the month of the first fact that any metric counts, not of the first charge: a help desk
    without money has its rows.' None where there is no fact at all; `results` are those of M1 to M9.
    """
    months = sorted(fact_months(world, results, ttv_clock))[:1]
    while months and months[-1] < world.month(world.as_of):
        months.append(next_month(months[-1]))
    return months


def fact_months(world: World, results: dict[str, list[dict]], ttv_clock: str) -> Iterator[date]:
    """The month of each fact, by metric. READING: also a fact that a metric's coverage alone counts, as a touch whose
    window is open; a line of money of 0 and a day of use without events are facts, and a touch that is not due, a deal that
    is not won, or an answer of an account that is no customer is none.

    Metrics of customers at a month's end (csat, nps, ppp, recommendations, who stayed) begin with a first charge, which is
    a line of money.
    """
    moments = [line["transacted_at"] for line in results["fct_transactions"]]
    moments += [deal["closed_at"] for deal in world.unmerged("crm.opportunities") if deal["is_won"]]
    moments += [row["realised_at"] for row in results["fct_referrals"]]
    for ticket in results["fct_tickets"]:
        moments += [ticket["clock_started_at"], ticket["created_at"]]
    moments += [row["handed_at"] for row in results["fct_handoffs"]]
    moments += [row["due_at"] for row in results["fct_outcomes"] if row["is_due"]]
    moments += clock_moments(world, results["customer_lifetime"], ttv_clock).values()
    moments += [row["occurred_at"] for row in results["fct_touches"] if row["is_rating_due"]]
    yield from (world.month(moment) for moment in moments if moment is not None)
    yield from (row["used_on"].replace(day=1) for row in results["fct_usage_days"])
    # retention is over accounts 'with MRR at its start'
    revenue = grouped(results["subscription_months"], lambda row: (row["account_id"], row["month"]))
    yield from (month for (_, month), rows in revenue.items() if sum(row["starting_mrr"] for row in rows) > 0)
