"""Renders the SQL macros that parse and fold the values of the input contract, for use outside dbt.

So the values of rules are parsed exactly like the values of the input, and the SQL is defined only once, in
parse_value.sql, folded.sql and zoned_time.sql in macros/dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jinja2

from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import DIALECT

MACROS = [PROJECT_ROOT / "macros" / "dialect" / name for name in ("parse_value.sql", "folded.sql", "zoned_time.sql")]
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@cache
def _macros() -> jinja2.environment.TemplateModule:
    source = "".join(path.read_text(encoding="utf-8") for path in MACROS)
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(source).module


def _macro(name: str) -> Callable[..., str]:
    """Return a macro in the engine's version, as a function that returns SQL."""
    return getattr(_macros(), f"{DIALECT}__{name}")


def parsed(column: str, data_type: str, text: str | None = None, zone: str = "UTC") -> str:
    """Return the SQL that parses a text column as a type of the rules' columns; null if a text is not of the type.

    `text` is the SQL of the column without blanks at both ends, if there is one. A date alone in a column of timestamps
    is the midnight of that day in the time zone `zone`.
    """
    if data_type == "varchar":
        return column
    if data_type == "decimal(18, 12)":
        return _macro("parse_ratio")(column, text=text).strip()
    if data_type.startswith("decimal"):
        return _macro("parse_decimal")(column, data_type, text=text).strip()
    if data_type == "timestamp":
        return _macro("parse_timestamp")(column, text=text, zone=zone).strip()
    parser = {"bigint": "integer"}.get(data_type, data_type)
    return _macro(f"parse_{parser}")(column, text=text).strip()


def trimmed(column: str) -> str:
    """Return the SQL of any column as text without blanks at both ends; null if nothing is left."""
    return _macro("trimmed_text")(column).strip()


def without_blanks(column: str) -> str:
    """Return the SQL of a text column without blanks at both ends; null if nothing is left."""
    return _macro("without_blanks")(column).strip()


def local_day(moment: str, zone: str) -> str:
    """Return the SQL of the day of a UTC timestamp, itself given as SQL, in a time zone."""
    return f"cast({_macro('zoned_time')(moment, repr(zone)).strip()} as date)"


def folded(column: str) -> str:
    """Return the SQL of a text column in the form in which it is compared with the values of a list."""
    return _macro("folded")(column).strip()


def fold_name(name: str) -> str:
    """Return the name of a column or a file in the form in which names are compared: trimmed, in lower case."""
    return name.translate(ZERO_WIDTH).strip().lower()
