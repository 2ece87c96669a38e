"""Builds of random companies: their vars, their rules of pay, and how they are compared with the oracle."""

from datetime import date, datetime
from pathlib import Path
from random import Random

from customer_outcomes.contract import load_contract
from customer_outcomes.intake.folder import RULES
from helpers.builds import SEED, WORLD_AS_OF, Built, oracle_disagreements
from oracle.compensation import read_rules
from oracle.compute import compute
from oracle.world import World
from worlds.kinds import HELP_DESK, SHOP
from worlds.outcomes import OFFICE
from worlds.pay_rules import employees, random_rules, write_rules

PARQUET_VARIABLES = {
    "reporting_currency": "USD",
    "reporting_timezone": "America/New_York",
    "publish_business_names": False,
    "inactive_after_days": 90,
    "csat_survey_types": ["csat", "ces"],
    "rating_every_n_touches": 2,
    "rating_rest_days": 7,
    "rating_request_window_days": 3,
    "rating_min_customers": 3,
    "ttv_clock": "outcome_defined",
    "ttv_event": "first_value_use",
    "quadrant_window_days": 60,
    "attribution_window_days": 30,
    "touch_pressure_windows": [3, 14],
    "saturation_knot": 0.045,
    "handoff_drop_business_days": 1,
    "handoff_return_days": 7,
    "default_schedule": OFFICE,
    "min_tenure_days": 30,
    "forecast_min_customers": 20,
    "forecast_horizon_weeks": 30,
    "forecast_discount_rate": 0.2,
}

# Where the local day is not that of UTC: ahead of it as a month begins, or behind it as one ends.
EVENING, EVENING_AS_OF = (
    ({"reporting_timezone": "Asia/Tokyo", "default_schedule": OFFICE}, datetime(2025, 6, 30, 18)),
    ({"reporting_timezone": "America/Los_Angeles", "default_schedule": OFFICE}, datetime(2025, 7, 1, 5)),
)[(SEED + 1) % 2]


def write_world_rules(folder: Path, seed: int) -> None:
    """Give a world rules of pay of its own, for its accepted users."""
    teams = employees(World(folder, load_contract(), WORLD_AS_OF, "EUR", "UTC"))
    write_rules(folder / RULES, random_rules(Random(seed), teams, date(2022, 2, 1), WORLD_AS_OF))


# a company without these would agree by having nothing
WORTH_COMPARING = ("fct_survey_responses", "quarantined", "fct_tickets", "employee_ratings", "shared_comp_inputs")
OF_MONEY = ("customer_lifetime", "comp_statement_lines")


def disagreements(
    built: Built, as_of: datetime = WORLD_AS_OF, kind: str = SHOP, is_clean: bool = False, **variables: object
) -> list[str]:
    """Return what a build says otherwise than the oracle, of a company of that kind; not a relation may be empty.

    A company that is clean has no quarantined row.
    """
    rules = read_rules(built.input / RULES)
    arguments = {"reporting_currency": "EUR", "rules": rules} | variables
    expected = compute(built.input, load_contract(), as_of=as_of, **arguments)
    worth_comparing = [*WORTH_COMPARING, *(() if kind == HELP_DESK else OF_MONEY)]
    assert [name for name in worth_comparing if not expected[name]] == (["quarantined"] if is_clean else [])
    return oracle_disagreements(built.warehouse, expected)
