"""The part of the page that a reader can point at a subject: the tiles and the shared metrics by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from .frame import Frame, Row
from .words import COUNT, NONE, POINTS, RATE, counted, interval, month_name, title, unit_of

MOST_MONTHS = 25  # the months that a small chart shows: two years and the running month
MOST_SUBJECTS = 25  # the subjects of one type that a reader can choose
# the two teams that share the metrics, with their colours
TEAMS = {"team:marketing": "var(--marketing)", "team:sales": "var(--sales)"}
COMPANY = "company:all"
TYPES = {"company": "Company", "team": "Team", "campaign": "Campaign", "channel": "Channel", "segment": "Segment"}
EMPLOYEES = {"employee": "Employee"}
TILES = (
    "ppp_yield",
    "csat",
    "nps",
    "customer_retention",
    "outcomes_on_time",
    "time_to_value_90",
    "first_response_median",
    "recommend_realised",
    "cltv_growth",
    "bookings",
)


@dataclass
class Subject:
    """A company, team, campaign, channel, segment or employee that a reader can choose."""

    key: str
    kind: str
    name: str


@dataclass
class Metric:
    """A shared metric with everything that its small chart says about it."""

    name: str
    title: str
    question: str
    formula: str
    idea: str
    sign: str
    places: int
    direction: str
    is_sum: bool


@dataclass
class Scoreboard:
    """All shared metrics of all subjects that can be chosen.

    `values` holds, by key of a subject and name of a metric, a list per month: the number of the month in `months`,
    value, lower and upper bound in the unit of the page, n, and coverage in percent; what nobody knows is None. `tiles`
    holds the texts of the tiles by key of a subject. `left_out` says of which types not all subjects can be chosen.
    """

    metrics: list[Metric]
    subjects: list[Subject]
    months: list[date]
    running: date | None
    values: dict[str, dict[str, list[list[Any]]]]
    tiles: dict[str, list[dict[str, str]]]
    left_out: list[str]

    @property
    def first_shown(self) -> tuple[str, dict[str, str]]:
        """The name and the subjects, with their colours, that the page shows when it opens.

        They are marketing beside sales; or the company, if no customer is credited to either, as in a help desk.
        """
        if any(team in self.values for team in TEAMS):
            return "Marketing beside sales", TEAMS
        return "Company", {COMPANY: "var(--one)"}


def read_scoreboard(frame: Frame) -> Scoreboard:
    """Return the scoreboard of the published relations."""
    types = TYPES | (EMPLOYEES if frame.show_employees else {})
    subjects, left_out = _subjects(frame, list(types))
    known = {subject.key for subject in subjects}
    months = [
        row["month"]
        for row in frame.rows(
            "select distinct month from metrics.metric_values where month < $now order by month desc limit $most",
            now=frame.local_now,
            most=MOST_MONTHS,
        )
    ][::-1]
    catalogue = frame.rows("select * from metrics.metric_catalog order by metric_name")
    catalogue.sort(key=lambda row: TILES.index(row["metric_name"]) if row["metric_name"] in TILES else len(TILES))
    units = {row["metric_name"]: unit_of(row["unit"], frame.currency) for row in catalogue}
    found = frame.rows(
        """
        select
            metric_name, month, subject_type || ':' || subject_id as key, value, ci_low, ci_high, n, coverage
        from metrics.metric_values
        where month >= $first and month < $now
        order by key, metric_name, month
        """,
        first=months[0] if months else date.max,
        now=frame.local_now,
    )
    place = {month: number for number, month in enumerate(months)}
    values: dict[str, dict[str, list[list[Any]]]] = {}
    for row in found:
        if row["key"] in known:
            unit = units[row["metric_name"]]
            values.setdefault(row["key"], {}).setdefault(row["metric_name"], []).append(
                [
                    place[row["month"]],
                    *(unit.rounded(row[name]) for name in ("value", "ci_low", "ci_high")),
                    row["n"],
                    RATE.rounded(row["coverage"]),
                ]
            )
    return Scoreboard(
        metrics=[_metric(row, frame) for row in catalogue],
        subjects=subjects,
        months=months,
        running=months[-1] if months and months[-1] != frame.last_month else None,
        values=values,
        tiles={subject.key: _tiles(frame, subject, catalogue) for subject in subjects},
        left_out=left_out,
    )


def _subjects(frame: Frame, types: list[str]) -> tuple[list[Subject], list[str]]:
    """Return the subjects that can be chosen, and how many of how many for each type that has more."""
    found = frame.rows(
        """
        select subject_type, subject_id, any_value(subject_name) as subject_name, sum(n) as facts
        from metrics.metric_values
        group by subject_type, subject_id
        order by facts desc, subject_id
        """
    )
    chosen, left_out = [], []
    for kind in types:
        of_kind = [row for row in found if row["subject_type"] == kind]
        if len(of_kind) > MOST_SUBJECTS:
            left_out.append(f"{MOST_SUBJECTS} of {len(of_kind)} {kind}s")
        named = sorted(of_kind[:MOST_SUBJECTS], key=lambda row: (row["subject_name"], row["subject_id"]))
        chosen += [Subject(f"{kind}:{row['subject_id']}", kind, _name(row)) for row in named]
    return chosen, left_out


def _name(row: Row) -> str:
    """Return the name of a subject; a team's and a segment's reads as words."""
    if row["subject_type"] == "company":
        return "Company"
    is_code = row["subject_type"] in ("team", "segment", "channel")
    return title(row["subject_name"]) if is_code else row["subject_name"]


def _metric(row: Row, frame: Frame) -> Metric:
    unit = unit_of(row["unit"], frame.currency)
    return Metric(
        row["metric_name"],
        title(row["metric_name"]),
        row["question"],
        row["formula"],
        row["idea"],
        unit.sign,
        unit.places,
        row["direction"],
        row["kind"] == "sum",
    )


def _tiles(frame: Frame, subject: Subject, catalogue: list[Row]) -> list[dict[str, str]]:
    """Return the texts of the tiles of a subject: lifetime value first, then the metrics of TILES."""
    kind, name = subject.key.split(":", 1)
    summary = frame.rows(
        "select customers, cltv from metrics.ppp_summary where subject_type = $kind and subject_id = $name",
        kind=kind,
        name=name,
    )
    latest = frame.rows(
        """
        select
            metric_name, month, value, ci_low, ci_high, n,
            lag(month) over each_metric as month_before,
            lag(value) over each_metric as value_before,
            lag(ci_low) over each_metric as low_before,
            lag(ci_high) over each_metric as high_before
        from metrics.metric_values
        where subject_type = $kind and subject_id = $name and is_complete
        window each_metric as (partition by metric_name order by month)
        """,
        kind=kind,
        name=name,
    )
    value, of = (
        (frame.money.text(summary[0]["cltv"]), counted(summary[0]["customers"], "customer"))
        if summary
        else (
            NONE,
            "not computed by channel" if kind == "channel" else "no customer is known",
        )
    )
    tiles = [{"metric": "customer_lifetime", "value": value, "of": of, "change": "", "tone": ""}]
    by_name = {row["metric_name"]: row for row in catalogue}
    for metric in TILES:
        known = [row for row in latest if row["metric_name"] == metric and row["value"] is not None]
        last = max(known, key=lambda row: row["month"], default=None)
        tiles.append(_tile(by_name[metric], last, frame))
    return tiles


def _tile(metric: Row, last: Row | None, frame: Frame) -> dict[str, str]:
    """Return the texts of a tile from the row of the last complete month that has a value, None if no month has one.

    The change is that since the month before. It is within chance if one of the two values lies in the interval of the
    other. It has a tone, good or bad, only if it is more than chance; a metric without intervals has none.
    """
    unit = unit_of(metric["unit"], frame.currency)
    texts = {
        "metric": metric["metric_name"],
        "value": NONE,
        "of": "no complete month has a value",
        "change": "",
        "tone": "",
    }
    if last is None:
        return texts
    texts["value"] = unit.text(last["value"])
    bounds = "" if last["ci_low"] is None else f", {interval(last['ci_low'], last['ci_high'], unit)}"
    texts["of"] = f"{month_name(last['month'])}, n {COUNT.text(last['n'])}{bounds}"
    before = last["value_before"]
    if before is None:
        return texts
    change = last["value"] - before
    of_change = unit if unit != RATE else POINTS
    sign = "+" if change >= 0 else ""
    texts["change"] = f"{sign}{of_change.text(change)} since {month_name(last['month_before'])}"
    if last["ci_low"] is None or last["ci_high"] is None:
        return texts
    is_chance = last["ci_low"] <= before <= last["ci_high"]
    if last["low_before"] is not None and last["high_before"] is not None:
        is_chance = is_chance or last["low_before"] <= last["value"] <= last["high_before"]
    if is_chance:
        texts["change"] += ", within chance"
    elif unit.rounded(change):
        texts["tone"] = "good" if (change > 0) == (metric["direction"] == "up") else "bad"
    return texts
