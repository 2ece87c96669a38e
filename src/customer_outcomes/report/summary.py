"""The progress bar, and the table that a build prints at its end."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from customer_outcomes.intake.quarantine import Fault
from customer_outcomes.report.figures import Figures, TableStates

if TYPE_CHECKING:  # build.py imports this module
    from customer_outcomes.build import Outcome

console = Console(soft_wrap=True, highlight=False)
MOST_FAULTS = 12  # the number of kinds of fault that the summary names
MOST_TABLES = 5  # the number of tables whose excluded or future rows the summary counts


def progress_bar() -> Progress:
    """Return the progress bar of all commands; without a terminal, as in a scheduler's log, it prints nothing."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def print_summary(outcome: Outcome) -> None:
    """Print the result of a build: the remarks, the main figures, and the paths of the files."""
    for remark in outcome.remarks:
        console.print(remark, markup=False)
    figures = outcome.figures
    if figures is None:
        raise RuntimeError("the summary needs the figures that a build reads after dbt")
    rows = {
        **(_of_customers(figures, outcome.settings["reporting_currency"]) if figures.customers else _of_work(figures)),
        "rows received": f"{sum(table.received for table in outcome.tables):,}",
        "rows accepted": f"{sum(table.accepted for table in outcome.tables):,}",
        "rows excluded": f"{sum(table.excluded for table in outcome.tables):,}"
        "  (without an account, or of an internal, test or deleted one)",
        "rows in the future": f"{sum(table.future for table in outcome.tables):,}  (after as_of)",
        "rows quarantined": f"{sum(table.quarantined for table in outcome.tables):,}"
        "  (audit.quarantined_rows has each)",
        "warehouse": str(outcome.warehouse),
        "published": str(outcome.published),
        "pay": f"{outcome.published_pay}  (readable for its owner only)",
        "data docs": str(outcome.data_docs),
        "took": ", ".join(f"{phase.name} {phase.wall_seconds:.1f} s" for phase in outcome.phases),
    }
    for name, value in rows.items():
        console.print(f"{name:<25}{value}", markup=False)
        if name in ("rows excluded", "rows in the future"):
            print_tables(outcome.tables, "excluded" if name == "rows excluded" else "future")
        if name == "rows quarantined":
            print_faults(outcome.faults)


def _of_customers(figures: Figures, currency: str) -> dict[str, str]:
    """Return the main figures of a company with customers."""
    csat, of_customers = figures.csat_1_10, _percent(figures.csat_customer_coverage)
    return {
        "customers": f"{figures.customers:,}",
        "cltv": f"{figures.cltv:,.2f} {currency}",
        "CSAT, mean of customers": f"{csat:.2f} of 10" if csat is not None else "never reported",
        "CSAT coverage": f"{of_customers} of customers, {_percent(figures.csat_cltv_coverage)} of cltv",
        "PPP yield": _percent(figures.ppp_yield),
    }


def _of_work(figures: Figures) -> dict[str, str]:
    """Return the main figures of a company without charges, which has no customer."""
    median = figures.first_response_median_minutes
    return {
        "customers": "0  (nobody was charged)",
        "tickets": f"{figures.tickets:,}",
        "first response, median": "not known" if median is None else f"{median:,.0f} minutes",
        "ratings": f"{figures.ratings:,}",
        "rated employees": f"{figures.rated_employees:,}",
    }


def print_tables(tables: list[TableStates], state: str) -> None:
    """Print the number of rows in a state for the first MOST_TABLES tables that have some, the most rows first."""
    counts = sorted(((getattr(table, state), table.input_table) for table in tables), key=lambda found: -found[0])
    said = [f"{table} {rows:,}" for rows, table in counts if rows]
    more = [f"{len(said) - MOST_TABLES} more tables"] if len(said) > MOST_TABLES else []
    if said:
        console.print(f"  {', '.join(said[:MOST_TABLES] + more)}", markup=False)


def print_faults(faults: list[Fault]) -> None:
    """Print the first MOST_FAULTS kinds of fault, each with its table and the number of quarantined rows."""
    for fault in faults[:MOST_FAULTS]:
        console.print(f"  {fault.input_table}: {fault.rows:,} {fault.sentence}", markup=False)
    if len(faults) > MOST_FAULTS:
        console.print(f"  and {len(faults) - MOST_FAULTS} more kinds of fault", markup=False)


def _percent(share: Decimal | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"
