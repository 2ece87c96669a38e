"""The frame of one page: where its rows come from, and what holds for all its figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from customer_outcomes.warehouse import Connection

from .specs import Spec
from .words import Unit, money

Row = dict[str, Any]
MOST_OPEN_ROWS = 12  # the rows of a table that is shown at once


@dataclass(frozen=True)
class Frame:
    """The published relations, the moment and the currency of the page.

    `last_month` is the last complete month of the scoreboard, None if no month is complete.
    """

    connection: Connection
    as_of: datetime
    currency: str
    timezone: str
    version: str
    alarms_accepted: list[str]
    last_month: date | None
    attribution_model: str
    show_employees: bool

    @property
    def local_now(self) -> datetime:
        """The moment of the page as a clock in the reporting time zone shows it."""
        return self.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    @property
    def money(self) -> Unit:
        return money(self.currency)

    def rows(self, query: str, **values: object) -> list[Row]:
        """Return the rows of a query; `$name` in it stands for a value."""
        used = {name: value for name, value in values.items() if f"${name}" in query}
        found = self.connection.execute(query, used)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def read_frame(connection: Connection, attribution_model: str, show_employees: bool) -> Frame:
    """Return the frame of the published relations that a connection sees."""
    of_build = "select as_of, reporting_currency, reporting_timezone, version, alarms_accepted from audit.build_info"
    as_of, currency, timezone, version, accepted = connection.execute(of_build).fetchall()[0]
    last = connection.execute("select max(month) from metrics.metric_values where is_complete").fetchall()[0][0]
    alarms = [alarm.strip() for alarm in (accepted or "").split(",") if alarm.strip()]
    return Frame(connection, as_of, currency, timezone, version, alarms, last, attribution_model, show_employees)


@dataclass
class Table:
    """A table under a chart: the headings, and rows of texts; columns from `first_number` on are numbers."""

    headings: list[str]
    rows: list[list[str]]
    first_number: int = 1


@dataclass
class Figure:
    """A figure of the page: a sentence, a chart, the tables under it, and the relations that it comes from.

    `spec` is None if there is nothing to draw. `definition` is the place in docs/metrics.md.
    """

    name: str
    title: str
    relations: list[str]
    definition: str
    says: str
    spec: Spec | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    drawing: str = ""

    @property
    def is_long(self) -> bool:
        """True if the tables are opened by a click, because a chart or a long table would be in the way."""
        return self.spec is not None or any(len(table.rows) > MOST_OPEN_ROWS for table in self.tables.values())


@dataclass
class Section:
    """A part of the page under one heading, with the sentence about it that stands at the top of the page, if any."""

    name: str
    title: str
    question: str
    figures: list[Figure]
    finding: str | None = None
