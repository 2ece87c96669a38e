"""How long customers wait for an answer, and which teams drop them."""

from __future__ import annotations

from datetime import date

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Row, Section, Table
from customer_outcomes.page.words import COUNT, MINUTES, RATE, counted, interval, month_name, title


def first_response(frame: Frame) -> Section:
    """Return how long customers waited for the first response, by the month of their ticket."""
    found = frame.rows(
        """
        select month, tickets, events, median_minutes, median_low, median_high, p90_minutes, p90_low, p90_high
        from metrics.ticket_times
        where measure = 'first_response' and subject_type = 'company' and month is not null
        order by month
        """
    )
    drawn = [
        {
            "month": row["month"].isoformat(),
            "when": month_name(row["month"]),
            "measure": name,
            "value": MINUTES.rounded(row[f"{column}_minutes"]),
            "low": MINUTES.rounded(row[f"{column}_low"]),
            "high": MINUTES.rounded(row[f"{column}_high"]),
            "said": MINUTES.text(row[f"{column}_minutes"]),
            "between": interval(row[f"{column}_low"], row[f"{column}_high"], MINUTES),
        }
        for row in found
        for name, column in (("median", "median"), ("90th percentile", "p90"))
    ]
    lines = [
        [
            month_name(row["month"]) + ("" if frame.last_month and row["month"] <= frame.last_month else " (running)"),
            COUNT.text(row["tickets"]),
            COUNT.text(row["events"]),
            MINUTES.text(row["median_minutes"]),
            interval(row["median_low"], row["median_high"], MINUTES),
            MINUTES.text(row["p90_minutes"]),
            interval(row["p90_low"], row["p90_high"], MINUTES),
        ]
        for row in found
    ]
    complete = [row for row in found if frame.last_month and row["month"] <= frame.last_month]
    says = "No customer asked for help."
    if complete:
        first, last = complete[0], complete[-1]
        says = (
            f"In {month_name(last['month'])} {_waited('the median ticket', last['median_minutes'])} for the first"
            f" response; {_waited('nine of ten', last['p90_minutes'])} at most. In {month_name(first['month'])}"
            f" {_waited('the median ticket', first['median_minutes'])}."
        )
    headings = ["month", "tickets", "answered", "median", "95 % interval", "90th percentile", "95 % interval"]
    figure = Figure(
        "first-response",
        "Time to the first response, by month of the ticket",
        ["metrics.ticket_times"],
        "M6 Support",
        says,
        specs.waits(drawn) if drawn else None,
        {"First response by month": Table(headings, lines)},
    )
    return Section("support", "First response", "How long do customers wait for an answer?", [figure])


def _waited(tickets: str, minutes: float | None) -> str:
    """Return how long some tickets waited, as words; a wait that has not ended has no length yet."""
    return f"{tickets} waited {'a time that is not known yet' if minutes is None else MINUTES.text(minutes)}"


def handoffs(frame: Frame) -> Section:
    """Return which teams drop the customers that were handed on to them, over all complete months."""
    found = frame.rows(
        """
        select
            from_team, to_team, sum(handoffs) as handoffs, sum(matured) as matured, sum(dropped) as dropped,
            sum(returned) as returned, sum(rejected) as rejected, sum(dropped) / nullif(sum(matured), 0) as drop_rate
        from metrics.handoff_performance
        where month <= $month
        group by from_team, to_team
        order by drop_rate desc nulls last, from_team, to_team
        """,
        month=frame.last_month or date.min,
    )
    drawn = [
        {"label": _pair(row), "value": RATE.rounded(row["drop_rate"]), "said": RATE.text(row["drop_rate"])}
        for row in found
        if row["drop_rate"] is not None
    ]
    lines = [
        [
            _pair(row),
            *(COUNT.text(row[name]) for name in ("handoffs", "matured", "dropped")),
            RATE.text(row["drop_rate"]),
            *(COUNT.text(row[name]) for name in ("returned", "rejected")),
        ]
        for row in found
    ]
    says = "No customer was handed from one team to another."
    if found:
        says = "No hand-off whose time is over was dropped."
    if drawn and found[0]["dropped"]:
        worst = found[0]
        says = (
            f"{_pair(worst)} drops most, over all complete months: {worst['dropped']} of"
            f" {counted(worst['matured'], 'hand-off')} had no first contact in time ({RATE.text(worst['drop_rate'])})."
        )
    headings = ["from and to", "hand-offs", "time is over", "dropped", "drop rate", "returned", "rejected"]
    figure = Figure(
        "handoffs",
        "Hand-offs that were dropped",
        ["metrics.handoff_performance"],
        "M9 Hand-offs and recommendations",
        says,
        specs.bars(drawn, specs.BAD, "% of hand-offs whose time is over") if drawn else None,
        {"Hand-offs by pair of teams": Table(headings, lines)},
    )
    return Section("handoffs", "Hand-offs", "Which teams drop customers that were handed on to them?", [figure])


def _pair(row: Row) -> str:
    return f"{title(row['from_team'])} to {row['to_team']}"
