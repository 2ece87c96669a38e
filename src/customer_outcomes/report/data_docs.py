"""The overview of Data Docs: the expectations that are not met first, and what each expectation guards."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;margin:2em auto;padding:0 1em;max-width:60em}"
    "h2{font-size:1.1em;margin:1.5em 0 0}ul{margin:.3em 0}"
)


@dataclass(frozen=True)
class Evaluated:
    """One expectation: the rule that it guards, and its trouble if it is not met."""

    rule: str
    trouble: str | None = None


@dataclass
class Suite:
    """The expectations of a relation at a boundary, and the link to their page."""

    name: str
    link: str
    expectations: list[Evaluated] = field(default_factory=list)

    @property
    def not_met(self) -> list[Evaluated]:
        """The expectations that are not met."""
        return [expectation for expectation in self.expectations if expectation.trouble is not None]


def rule_of(kind: str, arguments: Mapping[str, Any]) -> str:
    """Return what an expectation without words of its own guards, as a sentence."""
    column, values = arguments.get("column"), arguments.get("value_set")
    match kind:
        case "expect_column_values_to_be_between":
            return f"{column} is {_range(arguments)}."
        case "expect_column_values_to_be_in_set":
            return f"{column} is one of {', '.join(map(str, values or []))}."
        case "expect_column_distinct_values_to_equal_set":
            return f"{column} has each of the {len(values or [])} expected values, and no other."
        case "expect_column_values_to_not_be_null":
            return f"{column} is never empty."
        case "expect_column_values_to_be_unique":
            return f"No two rows have the same {column}."
        case "expect_column_pair_values_a_to_be_greater_than_b":
            words = "never less than" if arguments.get("or_equal") else "always more than"
            return f"{arguments['column_A']} is {words} {arguments['column_B']}."
        case "expect_table_row_count_to_equal":
            return f"The relation has exactly {arguments['value']} rows."
    return f"{kind}{f' of {column}' if column else ''}"


def _range(arguments: Mapping[str, Any]) -> str:
    low, high = (_number(arguments.get(name)) for name in ("min_value", "max_value"))
    least = f"above {low}" if arguments.get("strict_min") else f"at least {low}"
    most = f"below {high}" if arguments.get("strict_max") else f"at most {high}"
    return " and ".join(words for words, bound in ((least, low), (most, high)) if bound is not None)


def _number(value: Any) -> str | None:
    return None if value is None else f"{value:g}"


def overview(suites: Sequence[Suite]) -> str:
    """Return the page: a sentence with the count, the expectations that are not met, then every suite, failures first.

    The index that Data Docs writes needs the network to show its table; this page needs nothing.
    """
    ordered = sorted(suites, key=lambda suite: not suite.not_met)
    total, failed = sum(len(suite.expectations) for suite in suites), sum(len(suite.not_met) for suite in suites)
    verdict = f"{failed} of {total} expectations are not met." if failed else f"All {total} expectations are met."
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Expectations</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}</style><h1>Expectations</h1>"
        "<p>The input as received, and the relations as delivered, must meet expectations, or nothing is published."
        f"<p><b>{verdict}</b>{''.join(map(_section, ordered))}<p><a href='index.html'>All of Data Docs</a>\n"
    )


def _section(suite: Suite) -> str:
    rows = sorted(suite.expectations, key=lambda expectation: expectation.trouble is None)
    met = f"{len(rows) - len(suite.not_met)} of {len(rows)} met"
    return (
        f"\n<h2><a href='{suite.link}'>{html.escape(suite.name)}</a>: {met}</h2>"
        f"<ul>{''.join(f'<li>{_item(row)}' for row in rows)}</ul>"
    )


def _item(row: Evaluated) -> str:
    rule = html.escape(row.rule)
    return rule if row.trouble is None else f"<b>Not met:</b> {rule} ({html.escape(row.trouble)})"
