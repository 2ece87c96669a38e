"""What became of every row that was delivered."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Section, Table
from customer_outcomes.page.words import COUNT, RATE, listed

STATES = {
    "accepted": "var(--one)",
    "superseded": "var(--two)",
    "deleted": "var(--muted)",
    "excluded": specs.SILENT,
    "future": "var(--sales)",
    "quarantined": specs.BAD,
}


def delivered_rows(frame: Frame) -> Section:
    """Return what became of every row received, the broken references, and the alarms that somebody accepted."""
    found = frame.rows(
        f"select input_table, received, {', '.join(STATES)} from audit.input_reconciliation order by input_table"
    )
    drawn = [
        {
            "label": row["input_table"],
            "part": state,
            "place": place,
            "value": RATE.rounded(row[state] / row["received"]),
            "said": f"{COUNT.text(row[state])} rows",
        }
        for row in found
        if row["received"] > row["accepted"]  # a table of accepted rows alone has nothing to see
        for place, state in enumerate(STATES)
        if row[state]
    ]
    totals = {name: sum(row[name] for row in found) for name in ("received", *STATES)}
    lines = [[row["input_table"], *(COUNT.text(row[name]) for name in totals)] for row in found]
    lines.append(["all tables", *(COUNT.text(total) for total in totals.values())])
    broken = frame.rows(
        """
        select input_table, column_name, rows, distinct_values
        from audit.broken_references
        order by input_table, column_name
        """
    )
    alarms = ", ".join(frame.alarms_accepted) or "none"
    parts = [f"{COUNT.text(totals[state])} {state}" for state in STATES if state != "accepted" and totals[state]]
    rest = f"The others: {listed(parts)}." if parts else "No row was left out."
    references = sum(row["rows"] for row in broken)
    figure = Figure(
        "rows",
        "What became of every row",
        ["audit.input_reconciliation", "audit.broken_references", "audit.build_info"],
        "M0 Ground rules",
        f"{COUNT.text(totals['received'])} rows were received, {COUNT.text(totals['accepted'])} accepted. {rest}"
        f" References that lead nowhere: {COUNT.text(references)}. Alarms accepted: {alarms}.",
        specs.stacked_bars(drawn, STATES, "% of rows received") if drawn else None,
        {
            "Rows by table": Table(["table", "received", *STATES], lines),
            "Broken references": Table(
                ["table", "column", "rows", "different values"],
                [
                    [
                        row["input_table"],
                        row["column_name"],
                        COUNT.text(row["rows"]),
                        COUNT.text(row["distinct_values"]),
                    ]
                    for row in broken
                ],
                2,
            ),
        },
    )
    return Section("rows", "The data", "What became of every row that was delivered?", [figure])
