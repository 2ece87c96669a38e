"""The vars of a build: their defaults, and the values that each may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import yaml

from customer_outcomes.errors import UnusableInput
from customer_outcomes.last_build import as_utc, check_as_of
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import connect

# A check of a value, which may also refuse it with an exception, and the words for the values that pass.
Rule = tuple[Callable[[Any], object], str]


def check_vars(text: str | None, as_of: str | None) -> dict[str, Any]:
    """Return the given vars as dbt takes them, and as_of in any case.

    `text` is the YAML of --vars, `as_of` the value of --as-of. Raise UnusableInput with a sentence for each wrong var.
    """
    known = known_vars()
    try:
        given = yaml.load(text or "", _PlainLoader) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnusableInput(f"--vars is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(given, dict):
        raise UnusableInput("--vars is not a mapping of names to values, such as '{reporting_currency: BRL}'.")
    if as_of is not None:
        given["as_of"] = as_of
    faults = []
    for name, value in given.items():
        if name not in known:
            faults.append(f"--vars names {name}, which is not a var; the vars are {', '.join(known)}.")
        elif not (name == "as_of" and value is None):
            is_sound, kind = VARS[name]
            try:
                if not is_sound(value):
                    raise ValueError
            except (ValueError, TypeError, OverflowError):
                faults.append(f"{name} is {value!r}, which is not {kind}.")
    if faults:
        raise UnusableInput(*faults)
    given["as_of"] = as_utc(given.get("as_of") or datetime.now(UTC))
    check_as_of(given["as_of"])
    return given


class _PlainLoader(yaml.SafeLoader):
    """YAML that leaves a timestamp as text, so that this module reports a wrong one in its own words."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def known_vars() -> dict[str, Any]:
    """Return every var of the dbt project with its default."""
    return yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())["vars"]


def project_version() -> str:
    """Return the version of the dbt project."""
    return yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())["version"]


def _is_time_zone(name: object) -> bool:
    """Return whether the engine knows a time zone of this name; its names are the IANA names."""
    with connect() as connection:
        known = connection.execute("select count(*) from pg_timezone_names() where name = ?", [str(name)]).fetchall()
    return isinstance(name, str) and known[0][0] > 0


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _one_of(*names: str) -> Rule:
    return (lambda value: value in names, f"one of {', '.join(names)}")


_DAYS: Rule = (lambda days: type(days) is int and 0 < days < 100_000, "a number of days above 0")
_SIGMAS: Rule = (lambda sigmas: _is_number(sigmas) and 0 < sigmas < 100, "a number above 0")
_SHARE: Rule = (lambda share: _is_number(share) and 0 <= share <= 1, "a share from 0 to 1")
_COUNT: Rule = (lambda count: type(count) is int and 0 < count < 1_000_000, "a whole number above 0")
VARS: dict[str, Rule] = {
    "as_of": (as_utc, "an ISO 8601 timestamp"),
    "connectors": (lambda names: names == ["files"], "a list of connected systems: files"),
    "reporting_currency": (
        lambda code: re.fullmatch("[A-Z]{3}", code, re.ASCII),
        "an ISO 4217 code, three capital letters",
    ),
    "reporting_timezone": (_is_time_zone, "an IANA time zone"),
    "publish_business_names": (lambda value: type(value) is bool, "true or false"),
    "show_employees": (lambda value: type(value) is bool, "true or false"),
    "inactive_after_days": _DAYS,
    "csat_survey_types": (
        lambda types: type(types) is list and types and set(types) <= {"csat", "post_purchase", "ces", "touch_rating"},
        "a list of csat, post_purchase, ces and touch_rating",
    ),
    "rating_every_n_touches": _COUNT,
    "rating_rest_days": _DAYS,
    "rating_request_window_days": _DAYS,
    "rating_min_customers": _COUNT,
    "ttv_clock": _one_of("first_charge", "won", "outcome_defined"),
    "ttv_event": _one_of("verified", "achieved", "first_value_use"),
    "quadrant_window_days": _DAYS,
    "attribution_window_days": _DAYS,
    "credit_attribution_model": (lambda name: re.fullmatch(r"[^'\\]+", name), "the name of an attribution model"),
    "clawback_months": (lambda months: type(months) is int and 0 <= months < 1200, "a number of months, 0 or above"),
    "touch_pressure_windows": (
        lambda windows: type(windows) is list and len(set(windows)) == len(windows) > 0 and all(map(_DAYS[0], windows)),
        "a list of different numbers of days above 0",
    ),
    "saturation_knot": (lambda knot: _is_number(knot) and 0 < knot < 10, "a number above 0"),
    "saturation_min_experiments": _COUNT,
    "saturation_min_side": _COUNT,
    "saturation_ruled_out_drop": (lambda share: _is_number(share) and 0 < share <= 1, "a number above 0, at most 1"),
    "handoff_drop_business_days": _DAYS,
    "handoff_return_days": _DAYS,
    "default_schedule": (
        lambda name: name is None or re.fullmatch(r"[^'\\]+", name),
        "the id of a schedule, without quotes, or null",
    ),
    "min_tenure_days": _DAYS,
    "max_shrink": _SHARE,
    "max_quarantined_share": _SHARE,
    "max_broken_share": _SHARE,
    "max_adjustment_share": _SHARE,
    "forecast_model": _one_of("auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"),
    "forecast_horizon_weeks": (
        lambda weeks: type(weeks) is int and 0 < weeks <= 1040,
        "a number of weeks from 1 to 1040",
    ),
    "forecast_discount_rate": (lambda rate: _is_number(rate) and 0 <= rate < 10, "a number from 0"),
    "forecast_min_customers": _COUNT,
    "forecast_correlation_warning": (lambda bound: _is_number(bound) and 0 < bound <= 1, "a number above 0, at most 1"),
    "flag_unhappy_below": (lambda score: _is_number(score) and 0 < score < 1, "a number between 0 and 1"),
    "flag_sigma": _SIGMAS,
    "flag_month_sigma": _SIGMAS,
    "flag_both_sigma": _SIGMAS,
    "flag_min_observations": _COUNT,
    "flag_min_peers": (lambda count: type(count) is int and 2 <= count < 1_000_000, "a whole number of 2 or more"),
    "flag_later_days": _DAYS,
    "flag_transfer_days": _DAYS,
    "flag_quick_seconds": _COUNT,
    "flag_period_end_days": (lambda days: type(days) is int and 0 < days < 28, "a number of days from 1 to 27"),
    "flag_baseline_months": (lambda months: type(months) is int and 0 < months < 1200, "a number of months above 0"),
}
