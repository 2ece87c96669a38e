"""Prints the result of a check: a line for each delivered table, and remarks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from customer_outcomes.check import ONLY_A_BUILD, Check, DeliveredTable


def print_check(console: Console, check: Check) -> None:
    """Print the delivered tables, the absent ones, the remarks, and what only a build can find."""
    if check.tables:
        listing = Table(box=None, pad_edge=False)
        for heading in ("table", "files", "rows", "unreadable", "newest row"):
            listing.add_column(heading, justify="left" if heading in ("table", "newest row") else "right")
        for table in check.tables:
            listing.add_row(
                table.input_table, str(table.files), _count(table.rows), _count(table.unreadable), _newest(table)
            )
        console.print(listing)
        console.print(f"Not delivered: {', '.join(check.absent) or 'none'}.", markup=False, soft_wrap=True)
    for remark in check.remarks:
        console.print(remark, markup=False, soft_wrap=True)
    if not check.faults and not check.failed:
        console.print("A build can use the input, the rules and the vars.", markup=False, soft_wrap=True)
    console.print(ONLY_A_BUILD, markup=False, soft_wrap=True)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _newest(table: DeliveredTable) -> str:
    """Return the day of the newest event of a table, and its age; empty if there is none."""
    if table.newest_on is None:
        return ""
    days = "1 day" if table.age_days == 1 else f"{table.age_days:,} days"
    return f"{table.newest_on} ({days})"
