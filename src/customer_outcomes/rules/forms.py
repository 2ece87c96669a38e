"""The forms of the contract outside dbt: the SQL macros that parse and fold values, rendered as they stand.

So that a rule is read as a fact is, and the forms have one home: macros/dialect/parse_value.sql and folded.sql.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jinja2

from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import DIALECT

MACROS = [PROJECT_ROOT / "macros" / "dialect" / name for name in ("parse_value.sql", "folded.sql")]
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@cache
def _macros() -> jinja2.environment.TemplateModule:
    source = "".join(path.read_text(encoding="utf-8") for path in MACROS)
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(source).module


def _macro(name: str) -> Callable[..., str]:
    """Return the engine's version of a macro."""
    return getattr(_macros(), f"{DIALECT}__{name}")


def parsed(column: str, data_type: str) -> str:
    """Return the SQL that reads a text column as a SQL type that a rule can have; null where it is none."""
    if data_type == "varchar":
        return column
    if data_type == "decimal(18, 12)":
        return _macro("parse_ratio")(column).strip()
    if data_type.startswith("decimal"):
        return _macro("parse_decimal")(column, data_type).strip()
    parser = {"bigint": "integer"}.get(data_type, data_type)
    return _macro(f"parse_{parser}")(column).strip()


def without_blanks(column: str) -> str:
    """Return the SQL of a text without blanks at either end; of nothing but blanks, null."""
    return _macro("without_blanks")(column).strip()


def folded(column: str) -> str:
    """Return the SQL of a text as a list compares it."""
    return _macro("folded")(column).strip()


def fold_name(name: str) -> str:
    """Return the name of a column or file as it is compared."""
    return name.translate(ZERO_WIDTH).strip().lower()
