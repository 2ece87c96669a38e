"""Puts the page together: its figures, its charts, its definitions, and the data that its script reads."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from customer_outcomes.warehouse import Connection

from . import specs
from .drawing import browser_script, drawn
from .frame import Frame, Section, read_frame
from .scoreboard import COMPANY, EMPLOYEES, TEAMS, TYPES, Metric, Scoreboard, read_scoreboard
from .sections import SECTIONS
from .words import COUNT, NONE, RATE, Unit, interval, moment, month_name, title

HERE = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page_of(connection: Connection, attribution_model: str, show_employees: bool) -> str:
    """Return the page as HTML.

    The connection sees the published relations of figures. `attribution_model` names the model by which campaigns are
    shown; `show_employees` adds the ratings of each employee, and employees as subjects.
    """
    with ThreadPoolExecutor(max_workers=1) as beside:  # the browser's script takes as long as all drawings
        library = beside.submit(browser_script)
        frame = read_frame(connection, attribution_model, show_employees)
        board = read_scoreboard(frame)
        sections = [section_of(frame) for section_of in SECTIONS]
        for section in sections:
            for figure in section.figures:
                if figure.spec is not None:
                    figure.drawing = drawn(figure.spec, figure.name)
        small_charts = {metric.name: specs.months(metric.sign, metric.is_sum) for metric in board.metrics}
        cards = [_card(board, metric, small_charts[metric.name]) for metric in board.metrics]
        return _html(frame, board, sections, cards, small_charts, library.result())


def _html(
    frame: Frame,
    board: Scoreboard,
    sections: list[Section],
    cards: list[dict[str, Any]],
    small_charts: dict[str, specs.Spec],
    library: str,
) -> str:
    """Return the page with everything that it shows put into its template."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    template = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("index.html.j2")
    return template.render(
        frame=frame,
        board=board,
        kinds=TYPES | EMPLOYEES,
        cards=cards,
        sections=sections,
        relations=_relations(frame, sections),
        policy=f"{POLICY}; script-src {_hash(library)} {_hash(script)}",
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        notice=(HERE / "NOTICE.txt").read_text(encoding="utf-8"),
        data=_data(board, sections, small_charts),
        library=library,
        script=script,
        moment=moment,
        month_name=month_name,
        title=title,
        company=COMPANY,
    )


def _card(board: Scoreboard, metric: Metric, spec: specs.Spec) -> dict[str, Any]:
    """Return what the small chart of a metric shows when the page opens."""
    rows = chart_rows(board, metric, board.first_shown[1])
    is_known = any(row["value"] is not None for row in rows)
    return {
        "metric": metric,
        "rows": rows,
        "latest": latest(rows),
        "drawing": drawn(spec | {"datasets": {"rows": rows}}, metric.name) if is_known else "",
    }


def chart_rows(board: Scoreboard, metric: Metric, subjects: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a metric's chart and table for some subjects, given with their colours.

    The page's script makes the same rows (`chartRows`) from the same numbers.
    """
    unit, names = Unit(1, metric.places, metric.sign), {subject.key: subject.name for subject in board.subjects}
    return [
        {
            "month": board.months[place].isoformat(),
            "when": month_name(board.months[place]) + (" (running)" if board.months[place] == board.running else ""),
            "who": names.get(key, key),
            "colour": colour,
            "value": value,
            "low": low,
            "high": high,
            "is_complete": board.months[place] != board.running,
            "said": unit.text(value),
            "between": interval(low, high, unit),
            "n": COUNT.text(n),
            "coverage": NONE if coverage is None else f"{coverage:.1f} {RATE.sign}",
        }
        for key, colour in subjects.items()
        for place, value, low, high, n, coverage in board.values.get(key, {}).get(metric.name, [])
    ]


def latest(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the name, value and month of each subject's last complete month that has a value."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["is_complete"] and row["value"] is not None:
            found[row["who"]] = {"who": row["who"], "said": row["said"], "when": row["when"], "colour": row["colour"]}
    return list(found.values())


def _relations(frame: Frame, sections: list[Section]) -> dict[str, str]:
    """Return the descriptions of the relations that the page names, as the published database tells them."""
    named = {relation for section in sections for figure in section.figures for relation in figure.relations}
    named |= {"metrics.metric_values", "metrics.metric_catalog", "marts.customer_lifetime"}
    comments = frame.rows(
        """
        select schema_name || '.' || table_name as name, comment
        from duckdb_tables()
        where database_name = current_database()
        """
    )
    return {
        row["name"]: row["comment"] or ""
        for row in sorted(comments, key=lambda row: row["name"])
        if row["name"] in named
    }


def _hash(script: str) -> str:
    """Return the hash by which the page's policy lets one script of its own run, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _data(board: Scoreboard, sections: list[Section], small_charts: dict[str, specs.Spec]) -> str:
    """Return what the page's script reads, as JSON that may stand inside HTML."""
    figures = {
        figure.name: figure.spec for section in sections for figure in section.figures if figure.spec is not None
    }
    found = {
        "metrics": [
            {key: value for key, value in asdict(metric).items() if key in ("name", "sign", "places")}
            for metric in board.metrics
        ],
        "subjects": {subject.key: subject.name for subject in board.subjects},
        "teams": TEAMS,
        "firstShown": board.first_shown,
        "months": [[month.isoformat(), month_name(month)] for month in board.months],
        "running": board.months.index(board.running) if board.running else None,
        "values": board.values,
        "tiles": board.tiles,
        "charts": small_charts | figures,
    }
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
