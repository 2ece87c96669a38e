"""The main figures of a build and the states of its rows, which the summary prints and `--json` writes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from customer_outcomes.contract import load_contract
from customer_outcomes.warehouse import connect

STATES = ("accepted", "superseded", "deleted", "excluded", "future", "quarantined")


@dataclass(frozen=True)
class Figures:
    """The main figures of the company.

    `cltv` is in the reporting currency, `csat_1_10` the mean over the customers who answered, None without an answer.
    `csat_customer_coverage` and `csat_cltv_coverage` are their shares of the customers and of cltv, 0 to 1, None where
    the whole is 0, as is `ppp_yield`. `first_response_median_minutes` is in calendar time, None if it is not known yet.
    `ratings` counts the answers to surveys, `rated_employees` the users that they are about.
    """

    customers: int
    cltv: Decimal
    csat_1_10: Decimal | None
    csat_customer_coverage: Decimal | None
    csat_cltv_coverage: Decimal | None
    ppp_yield: Decimal | None
    tickets: int
    first_response_median_minutes: Decimal | None
    ratings: int
    rated_employees: int


@dataclass(frozen=True)
class TableStates:
    """The rows of one input table that were received, and their number by state."""

    input_table: str
    received: int
    accepted: int
    superseded: int
    deleted: int
    excluded: int
    future: int
    quarantined: int


def read_figures(warehouse: Path) -> Figures:
    """Return the main figures of a warehouse that a build has just computed."""
    with connect(warehouse, read_only=True) as connection:
        found = connection.execute(
            """
            select
                any_value(summary.customers),
                round(any_value(summary.cltv), 2),
                cast(avg(lifetimes.csat_1_10) as decimal(18, 12)),
                cast(count(lifetimes.csat_1_10) / nullif(any_value(summary.customers), 0) as decimal(18, 12)),
                cast(any_value(summary.csat_revenue_coverage) as decimal(18, 12)),
                cast(any_value(summary.ppp_yield) as decimal(18, 12)),
                (select count(*) from marts.fct_tickets),
                (
                    select cast(median_minutes as decimal(18, 6)) from metrics.ticket_times
                    where measure = 'first_response' and subject_type = 'company' and month is null
                ),
                (select count(*) from marts.fct_survey_responses),
                (select count(distinct user_id) from metrics.employee_ratings)
            from metrics.ppp_summary as summary
            left join marts.customer_lifetime as lifetimes on true
            where summary.subject_type = 'company'
            """
        ).fetchall()[0]
    return Figures(*found)


def read_states(warehouse: Path) -> list[TableStates]:
    """Return the states of the received rows of every input table, in the order of the contract."""
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            f"select input_table, received, {', '.join(STATES)} from audit.input_reconciliation"
        ).fetchall()
    order = list(load_contract())
    return sorted((TableStates(*row) for row in rows), key=lambda table: order.index(table.input_table))
