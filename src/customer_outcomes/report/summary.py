"""The progress bar, and the table that a build prints at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from customer_outcomes.intake.quarantine import Fault
from customer_outcomes.warehouse import DATABASE, connect

if TYPE_CHECKING:  # build.py imports this module
    from customer_outcomes.build import Outcome

console = Console(soft_wrap=True, highlight=False)
MOST_FAULTS = 12  # the number of kinds of fault that the summary names


def progress_bar() -> Progress:
    """Return the progress bar of all commands; without a terminal it prints only its last state."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def print_summary(outcome: Outcome) -> None:
    """Print the result of a build: the remarks, the main figures, and the paths of the files."""
    for remark in outcome.remarks:
        console.print(remark, markup=False)
    with connect(outcome.published / DATABASE, read_only=True) as connection:
        customers, cltv, csat, responders, ppp_yield, coverage = connection.execute(
            """
            select any_value(summary.customers), any_value(summary.cltv), avg(lifetimes.csat_1_10),
                count(lifetimes.csat_1_10), any_value(summary.ppp_yield), any_value(summary.csat_revenue_coverage)
            from metrics.ppp_summary as summary
            left join marts.customer_lifetime as lifetimes on true
            where summary.subject_type = 'company'
            """
        ).fetchall()[0]
        received, accepted, excluded, future, quarantined = connection.execute(
            "select sum(received), sum(accepted), sum(excluded), sum(future), sum(quarantined)"
            " from audit.input_reconciliation"
        ).fetchall()[0]
    rows = {
        "customers": f"{customers:,}",
        "cltv": f"{cltv:,.2f} {outcome.currency}",
        "CSAT, mean of customers": f"{csat:.2f} of 10" if csat is not None else "never reported",
        "CSAT coverage": f"{_share(responders, customers)} of customers, {_percent(coverage)} of cltv",
        "PPP yield": _percent(ppp_yield),
        "rows received": f"{received:,}",
        "rows accepted": f"{accepted:,}",
        "rows excluded": f"{excluded:,}  (without an account, or of an internal, test or deleted one)",
        "rows in the future": f"{future:,}  (after as_of)",
        "rows quarantined": f"{quarantined:,}  (audit.quarantined_rows has each)",
        "warehouse": str(outcome.warehouse),
        "published": str(outcome.published),
        "data docs": str(outcome.data_docs),
        "took": ", ".join(f"{phase.name} {phase.wall_seconds:.1f} s" for phase in outcome.phases),
    }
    for name, value in rows.items():
        console.print(f"{name:<25}{value}", markup=False)
        if name == "rows quarantined":
            print_faults(outcome.faults)


def print_faults(faults: list[Fault]) -> None:
    """Print the first MOST_FAULTS kinds of fault, each with its table and the number of quarantined rows."""
    for fault in faults[:MOST_FAULTS]:
        console.print(f"  {fault.input_table}: {fault.rows:,} {fault.sentence}", markup=False)
    if len(faults) > MOST_FAULTS:
        console.print(f"  and {len(faults) - MOST_FAULTS} more kinds of fault", markup=False)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def _share(part: int, whole: int) -> str:
    return _percent(part / whole if whole else None)
