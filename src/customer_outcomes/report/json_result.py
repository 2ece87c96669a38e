"""Writes how `outcomes check` and `outcomes build` ended as one JSON object on standard output, for schedulers.

docs/json.md describes the keys. Nothing else is written to standard output, also if the command fails or is stopped by
a signal. The order of keys and rows is always the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from customer_outcomes.errors import UnusableInput, exit_code
from customer_outcomes.report.plain_values import plain
from customer_outcomes.signals import set_stop_report, uninterrupted

if TYPE_CHECKING:  # --help must not wait for the imports of a build
    from customer_outcomes.build import Build
    from customer_outcomes.check import Check

Keys = dict[str, Any]


class JsonResult:
    """The JSON object of one run of a command; `describe` returns the keys behind the first ones, as far as known."""

    def __init__(self, command: str):
        self.command = command
        self.describe: Callable[[], Keys] = dict

    def write_at_stop(self) -> None:
        """Write the object also if a signal ends the command."""
        set_stop_report(lambda code, sentences: self._text("stopped", code, sentences))

    def done(self) -> None:
        """Write the result of a command that succeeded."""
        self._write(self._text("done", 0, []))

    def failed(self, trouble: Exception, sentences: list[str]) -> None:
        """Write the result of a command that an error ended."""
        status = "refused" if isinstance(trouble, UnusableInput) else "failed"
        self._write(self._text(status, exit_code(trouble), sentences, getattr(trouble, "alarms", [])))

    def _text(self, status: str, code: int, sentences: list[str], alarms: list[Any] | None = None) -> str:
        found: Keys = {"command": self.command, "status": status, "exit_code": code, "sentences": sentences}
        if self.command == "build":
            found["alarms"] = [asdict(alarm) for alarm in alarms or []]
        return json.dumps(found | self.describe(), indent=2, ensure_ascii=False) + "\n"

    def _write(self, text: str) -> None:
        """Write the object; a signal that comes now is put off, and does not write another one."""
        with uninterrupted():
            set_stop_report(None)
            typer.echo(text, nl=False)


def build_keys(build: Build) -> Keys:
    """Return the keys that describe a build, as far as it has come."""
    outcome = build.outcome
    found = {
        "alarms_accepted": outcome.alarms_accepted,
        "remarks": outcome.remarks,
        **_frame(outcome.settings),
        "build_id": outcome.build_id,
        "version": outcome.version,
        "figures": asdict(outcome.figures) if outcome.figures else None,
        "tables": [asdict(table) for table in outcome.tables],
        "faults": [
            {
                "input_table": fault.input_table,
                "reason": fault.reason,
                "column_name": fault.column_name,
                "rows": fault.rows,
            }
            for fault in outcome.faults
        ],
    }
    return _all_plain(found) | {
        "durations": {phase.name: round(phase.wall_seconds, 3) for phase in outcome.phases},
        "paths": _paths(build),
    }


def check_keys(check: Check) -> Keys:
    """Return the keys that describe a check, as far as it has come."""
    build = check.build
    found = {
        "remarks": check.remarks,
        **_frame(check.given.settings if check.given.variables else {}),
        "version": build.outcome.version,
        "tables": [asdict(table) for table in check.tables],
        "absent_tables": check.absent,
    }
    return _all_plain(found) | {"durations": {"check": round(check.seconds, 3)}, "paths": _paths(build)}


def _paths(build: Build) -> Keys:
    """Return the absolute paths that a build reads and writes."""
    return {
        "input": str(build.input.absolute()),
        "rules": str(build.rules.absolute()) if build.rules else None,
        "warehouse": str(build.warehouse),
        "published": str(build.publish),
        "published_pay": str(build.pay),
        "data_docs": str(build.outcome.data_docs),
    }


def _all_plain(found: Keys) -> Keys:
    return {name: plain(value) for name, value in found.items()}


def _frame(settings: Keys) -> Keys:
    """Return the moment, the currency and the time zone of a build; None while its vars are not known."""
    as_of = settings.get("as_of")
    return {
        "as_of": datetime.fromisoformat(as_of) if as_of else None,
        "reporting_currency": settings.get("reporting_currency"),
        "reporting_timezone": settings.get("reporting_timezone"),
    }
