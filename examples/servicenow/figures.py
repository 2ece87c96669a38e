"""Print the figures of a built warehouse beside the same figures of the log: figures.py SOURCE_DIR WAREHOUSE AS_OF.

The right-hand column is computed with pandas directly from the log, by the definitions of the metrics and without the
warehouse. The exit code is 1 if the two differ in any ticket or figure.
"""

import argparse
import itertools
import sys
from pathlib import Path

import duckdb
import pandas as pd

STATUS = {
    "New": "new",
    "Active": "open",
    "Awaiting Evidence": "pending",
    "Awaiting Problem": "pending",
    "Awaiting User Info": "pending",
    "Awaiting Vendor": "pending",
    "Resolved": "solved",
    "Closed": "closed",
}
DONE = {"solved", "closed"}
PER_TICKET = ["reopen_count", "transfer_count", "assignee_user_id", "resolved_at", "priority_at_creation"]
ANSWERS = ["first_response_at", "first_response_minutes", "first_response_business_minutes", "first_responder_user_id"]


def read_log(source_dir: Path) -> pd.DataFrame:
    """Return the log sorted by incident, time and number of modifications."""
    parquet = source_dir / "incident_event_log.parquet"
    if parquet.is_file():
        log = pd.read_parquet(parquet)
    else:
        log = pd.read_csv(source_dir / "incident_event_log.csv", dtype=str, keep_default_na=False)
    log = log.mask(log == "?").drop_duplicates()
    for column in ("opened_at", "sys_updated_at", "resolved_at"):
        log[column] = pd.to_datetime(log[column], format="%d/%m/%Y %H:%M")
    log["sys_mod_count"] = log["sys_mod_count"].astype(int)
    return log.sort_values(["number", "sys_updated_at", "sys_mod_count"], kind="stable")


def resolved_at(states: list[tuple[str, pd.Timestamp]]) -> pd.Timestamp:
    """Return the moment since which a ticket's status has been solved or closed to the end; NaT if it is not."""
    resolved = pd.NaT
    for status, time in reversed(states):
        if status not in DONE:
            break
        resolved = time
    return resolved


def changes(values: list[str]) -> list[tuple[str, str]]:
    return [(before, after) for before, after in itertools.pairwise(values) if before != after]


def tickets_of_log(log: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return one row per ticket, computed from its lines up to as_of."""
    columns = ["number", "opened_at", "sys_updated_at", "incident_state", "assigned_to", "priority"]
    rows = {}
    for number, group in itertools.groupby(log[columns].itertuples(index=False), key=lambda entry: entry.number):
        entries = list(group)
        known = [entry for entry in entries if entry.sys_updated_at <= as_of]
        if entries[0].opened_at > as_of:
            continue
        states = [(STATUS[e.incident_state], e.sys_updated_at) for e in known if e.incident_state in STATUS]
        assignees = [entry.assigned_to for entry in known if pd.notna(entry.assigned_to)]
        # If no line is known yet, the first priority is that of the last line, like the priority of the ticket itself.
        priorities = [entry.priority for entry in known or entries[-1:] if pd.notna(entry.priority)]
        rows[number] = {
            "created_at": entries[0].opened_at,
            "reopen_count": sum(a in DONE and b not in DONE for a, b in changes([status for status, _ in states])),
            "transfer_count": len(changes(assignees)),
            "assignee_user_id": assignees[-1] if assignees else None,
            "resolved_at": resolved_at(states),
            "priority_at_creation": priorities[0] if priorities else None,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def quantile(durations: pd.Series, is_event: pd.Series, share: float) -> float | None:
    """Return the Kaplan-Meier quantile: the first duration by which a share had the event; None if there is none."""
    survival, at_risk = 1.0, len(durations)
    for time, events in is_event.groupby(durations):
        survival *= 1 - events.sum() / at_risk
        at_risk -= len(events)
        if survival <= 1 - share + 1e-12:
            return time
    return None


def times_to_resolution(tickets: pd.DataFrame, as_of: pd.Timestamp) -> dict:
    minutes = (tickets["resolved_at"].fillna(as_of) - tickets["created_at"]).dt.total_seconds() / 60
    is_event = tickets["resolved_at"].notna()
    groups = {"all": tickets.index} | tickets.groupby(tickets["priority_at_creation"].fillna("(none)")).groups
    return {
        name: (
            len(index),
            int(is_event[index].sum()),
            *(quantile(minutes[index].clip(lower=0), is_event[index], share) for share in (0.5, 0.9)),
        )
        for name, index in groups.items()
    }


def tickets_of_warehouse(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    columns = ["ticket_id", *PER_TICKET, *ANSWERS, "is_unanswered"]
    rows = connection.execute(f"select {', '.join(columns)} from marts.fct_tickets order by ticket_id").fetchall()
    return pd.DataFrame(rows, columns=columns).set_index("ticket_id")


def times_in_warehouse(connection: duckdb.DuckDBPyConnection) -> dict:
    rows = connection.execute(
        "select subject_id, tickets, events, median_minutes, p90_minutes from metrics.ticket_times "
        "where measure = 'resolution' and month is null and subject_type in ('company', 'priority')"
    ).fetchall()
    return {name: figures for name, *figures in rows}


def totals(tickets: pd.DataFrame) -> dict[str, int]:
    return {
        "tickets": len(tickets),
        "tickets resolved": int(tickets["resolved_at"].notna().sum()),
        "tickets reopened": int((tickets["reopen_count"] > 0).sum()),
        "reopenings": int(tickets["reopen_count"].sum()),
        "tickets transferred": int((tickets["transfer_count"] > 0).sum()),
        "transfers": int(tickets["transfer_count"].sum()),
        "tickets never assigned": int(tickets["assignee_user_id"].isna().sum()),
    }


def line(name: str, *cells: object) -> None:
    texts = ["" if cell is None else f"{cell:,.0f}" if isinstance(cell, (int, float)) else cell for cell in cells]
    print(f"{name:<28}" + "".join(f"{text:>14}" for text in texts))


def same(left: object, right: object) -> bool:
    both_missing = pd.isna(left) and pd.isna(right)
    if isinstance(left, float) and isinstance(right, float) and not both_missing:
        return abs(left - right) <= 1e-9 * abs(right)
    return both_missing or left == right


def compare(connection: duckdb.DuckDBPyConnection, expected: pd.DataFrame, as_of: pd.Timestamp) -> int:
    """Print the figures of the warehouse and of the log beside each other, and return the number of differences."""
    counted = tickets_of_warehouse(connection)
    line("", "warehouse", "log")
    differences = 0
    for (name, ours), theirs in zip(totals(counted).items(), totals(expected).values(), strict=True):
        line(name, ours, theirs)
        differences += ours != theirs
    both = expected.index.union(counted.index)
    ours, theirs = (tickets.reindex(both)[PER_TICKET].itertuples(index=False) for tickets in (counted, expected))
    differing = sum(not all(map(same, *rows)) for rows in zip(ours, theirs, strict=True))
    line("tickets that differ", differing)
    answered = int((counted[ANSWERS].notna().any(axis=1) | ~counted["is_unanswered"].astype(bool)).sum())
    line("tickets with an answer", answered, 0)
    print()
    line("minutes to resolution", "tickets", "resolved", "median", "log", "p90", "log")
    ours, theirs = times_in_warehouse(connection), times_to_resolution(expected, as_of)
    for name in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(name, (None,) * 4), theirs.get(name, (None,) * 4)
        line(name, *here[:2], here[2], there[2], here[3], there[3])
        differences += not all(same(a, b) for a, b in zip(here, there, strict=True))
    return differences + differing + answered


def print_columns(log: pd.DataFrame, expected: pd.DataFrame, as_of: pd.Timestamp) -> None:
    """Print the figures of the log's own columns, which count some things differently."""
    ends = log[log["sys_updated_at"] <= as_of].drop_duplicates("number", keep="last").set_index("number")
    resolved = expected["resolved_at"]
    stated = ends["resolved_at"].dropna()
    print()
    line("by the log's own columns", "log")
    line("reopen_count above 0", int((ends["reopen_count"].astype(int) > 0).sum()))
    line("sum of reassignment_count", int(ends["reassignment_count"].astype(int).sum()))
    line("resolved_at is set", len(stated))
    line("of which the log's moment", int((resolved[stated.index] == stated).sum()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_dir", type=Path, help="the folder with the downloaded file")
    parser.add_argument("warehouse", type=Path, help="the warehouse that was built from it")
    parser.add_argument("as_of", type=pd.Timestamp, help="the moment as of which the warehouse was built, in UTC")
    arguments = parser.parse_args()
    log = read_log(arguments.source_dir)
    expected = tickets_of_log(log, arguments.as_of)
    with duckdb.connect(str(arguments.warehouse), read_only=True) as connection:
        differences = compare(connection, expected, arguments.as_of)
    print_columns(log, expected, arguments.as_of)
    print(f"\n{differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
