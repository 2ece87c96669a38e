"""Pay of random companies agrees with the oracle over several closes and late facts, and nothing closed changes.

The facts are the oracle's and the models are compiled ones in memory, so that many histories are cheap; whole builds with
rules of pay are compared in test_build_agrees_with_oracle.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.ledger import RELATIONS
from helpers.builds import PAY_GRAINS, SEED, relation_disagreements
from helpers.company_tables import CompanyModels, frame
from helpers.compiled_models import compile_models
from oracle import compensation
from oracle.compensation import LINE_KEY, Ledger
from oracle.compute import compute
from oracle.world import World
from worlds.files import write_world
from worlds.late_facts import write_late_facts
from worlds.pay_rules import employees, next_close, random_rules, write_rules

# as_of of each build, and the months of 2025 that are closed by then; it is late in the evening, so that the day
# after has begun in Tokyo, and at last with it a month
HISTORY = ((datetime(2025, 4, 10, 18), (1, 2)), (datetime(2025, 5, 20, 18), (3,)), (datetime(2025, 6, 30, 18), (4, 5)))
FOLDERS = ("models/compensation", "models/credit", "models/metrics/contributions", "models/metrics/sums")
BELOW = ("int_accounts__teams", "int_employees__monthly_teams", "int_accounts__stays", "int_accounts__earliest_leads", "int_months__spanned", "metric_months",
         "customer_month_states", "credited_money", "metric_parts", "metric_evidence", "metric_evidence_customers")  # fmt: skip
COMPANIES = range(SEED, SEED + 2)
VARIABLES = {"rating_min_customers": 3, "reporting_timezone": "Asia/Tokyo"}
# who is credited with a customer at the end of each of its months; no relation holds it
MONTH_CREDITS = """
    create or replace view credit.customer_month_credits as
    select account_id, month, side, user_id, sum(weight) as weight
    from marts.customer_months inner join credit.credit_accounts using (account_id)
    where weight > 0 and month >= from_month and coalesce(month < to_month, true)
    group by all
"""
# employees whose weight in a month of a customer is not the sum of their credits of it
UNEVEN_SUBJECTS = """
    with credited as (
        select account_id, month, user_id, weight
        from credit.customer_month_credits inner join intermediate.int_employees__monthly_teams using (user_id)
        where side = case when team = 'marketing' then 'marketing' else 'sales' end
            and month >= from_month and month < to_month
    ),
    weighed as (
        select account_id, month, subject_id as user_id, sum(weight) as weight
        from marts.customer_months inner join credit.credit_subjects using (account_id)
        where subject_type = 'employee' and month >= from_month and coalesce(month < to_month, true)
            and month >= team_from_month and coalesce(month < team_to_month, true)
        group by all
    )
    (from credited except from weighed) union all (from weighed except from credited)
"""
GRAINS = PAY_GRAINS | {"credit.customer_month_credits": ("account_id", "month", "side", "user_id")}


@dataclass
class Step:
    """One build of a history, by the oracle and by the models."""

    expected: dict[str, list[dict]]
    found: dict[str, list[dict]]
    is_sound: bool  # weights sum to exactly 1
    uneven: list[tuple]


@pytest.fixture(scope="module")
def companies(tmp_path_factory) -> list[CompanyModels]:
    """The models at each moment of the history."""
    folder = tmp_path_factory.mktemp("compensation")
    last = HISTORY[-1][0]
    manifest = compile_models(folder, [*FOLDERS, *BELOW], as_of=last, variables=VARIABLES)
    text, models = manifest.read_text(), []
    nodes = json.loads(text)["nodes"].values()
    names = sorted(node["name"] for node in nodes if node["resource_type"] == "model"
                   and (node["original_file_path"].startswith(FOLDERS) or node["name"] in BELOW))  # fmt: skip
    for as_of, _ in HISTORY:
        here = folder / f"{as_of:%Y%m%d}.json"
        here.write_text(text.replace(last.isoformat(sep=" "), as_of.isoformat(sep=" ")))
        models.append(CompanyModels(here, names))
    return models


def history(folder: Path, companies: list[CompanyModels], seed: int) -> Iterator[Step]:
    """Build after build of one company, each after a delivery of late facts."""
    dice, ledger, rules, kept = Random(seed), Ledger(), None, {}
    write_world(folder / "world", seed, size=40, faults=False, whole=True, as_of=HISTORY[-1][0])
    for number, ((as_of, months), models) in enumerate(zip(HISTORY, companies, strict=True)):
        arguments = (folder / "world", load_contract(), as_of, "EUR", VARIABLES["reporting_timezone"])
        world = World(*arguments)
        if number:
            write_late_facts(folder / "world", dice, world, number)
            world = World(*arguments)
        else:
            rules = random_rules(dice, employees(world), date(2022, 2, 1), as_of) | {"closed_periods": []}
        for month in months:
            rules = next_close(rules, date(2025, month, 1), datetime(2025, month + 1, 5))
        typed = compensation.read_rules(write_rules(folder / f"rules_{number}", rules))
        expected = compute(folder / "world", load_contract(), as_of=as_of, reporting_currency="EUR", rules=typed,
                                  ledger=ledger, **VARIABLES)  # fmt: skip
        models.fill_company(world, expected)
        for name, rows in typed.items():
            models.fill(f"rules.{name}", frame(rows, list(models.tables[f"rules.{name}"])))
        for table, columns in ((f"ledger.{table}", models.tables[f"ledger.{table}"]) for table in RELATIONS):
            models.fill(table, frame(kept.get(table, []), list(columns)))
        models.build()
        models.connection.execute(MONTH_CREDITS)
        found = {relation: models.rows(relation, ", ".join(grain)) for relation, grain in GRAINS.items()}
        found["latest"] = [row for row in models.rows("compensation.comp_computed_lines", ", ".join(LINE_KEY))
                           if row["scenario"] == "actual"]  # fmt: skip
        found["checks"] = models.rows("compensation.comp_line_checks", "period, user_id, metric_name, what")
        kept = {f"ledger.{table}": [row | {"copy_name": "kept"} for row in found[f"compensation.{relation}"]
                                    if row.get("is_closed", True)]
                for table, (relation, _) in RELATIONS.items()}  # fmt: skip
        ledger = compensation.close(expected)
        yield Step(expected, found, all(
            weight == 1 for relation, key in (("credit.credit_transactions", "transaction_id"),
                                              ("compensation.comp_credits", "account_id"),
                                              ("credit.customer_month_credits", "account_id, month"))
            for (weight,) in models.connection.execute(
                f"select sum(weight) from {relation} group by {key}, side").fetchall()),
            models.connection.execute(UNEVEN_SUBJECTS).fetchall())  # fmt: skip


@pytest.fixture(scope="module")
def histories(tmp_path_factory, companies) -> list[list[Step]]:
    """The histories of some companies, with closed pay, late knowledge and disputes in them."""
    found = [list(history(tmp_path_factory.mktemp("history"), companies, seed)) for seed in COMPANIES]
    last = [steps[-1].expected for steps in found]
    assert any(line["payout"] > 0 for results in last for line in results["comp_closed_lines"])
    assert {row["dispute_id"] is None for results in last for row in results["comp_adjustments"]} == {True, False}
    assert {row["scenario"] for results in last for row in results["comp_what_if"]} == {"generous", "deal_quota"}
    return found


@pytest.fixture(params=range(len(COMPANIES)))
def steps(request, histories) -> list[Step]:
    """The history of one company."""
    return histories[request.param]


def line_key(row: dict) -> tuple:
    return tuple(row[name] for name in LINE_KEY)


def test_every_build_agrees_with_the_oracle(steps):
    for step in steps:
        faults = [fault for relation, grain in GRAINS.items()
                  for fault in relation_disagreements(relation, grain, step.expected, step.found[relation])]  # fmt: skip
        assert faults == []


def test_lines_add_up_to_the_facts_behind_them(steps):
    for step in steps:
        assert {check["step"] for check in step.found["checks"]} == {"statement", "input", "customers"}
        assert [check for check in step.found["checks"] if not check["is_equal"]] == []


def test_weights_sum_to_exactly_one(steps):
    assert all(step.is_sound for step in steps)


def test_employees_weigh_what_they_are_credited_with(steps):
    assert [step.uneven for step in steps] == [[]] * len(steps)


def test_nothing_closed_changes(steps):
    frozen = ("compensation.comp_closed_lines", "compensation.comp_period_closes", "compensation.comp_adjustments")
    for before, after in zip(steps, steps[1:]):
        for relation in frozen:
            kept = [row for row in before.found[relation] if row.get("is_closed", True)]
            assert all(row in after.found[relation] for row in kept), relation


def test_closed_and_adjustments_are_what_the_latest_knowledge_pays(steps):
    """M10, for every payee and line of what earlier builds closed; the window holds all months here."""
    for before, after in zip(steps, steps[1:]):
        closed = {row["period"] for row in before.found["compensation.comp_period_closes"]}
        owed: dict[tuple, Decimal] = defaultdict(Decimal)
        for row in after.found["latest"]:
            owed[line_key(row)] += row["payout"]
        for row in after.found["compensation.comp_closed_lines"]:
            owed[line_key(row)] -= row["payout"]
        for row in after.found["compensation.comp_adjustments"]:
            if row["dispute_id"] is None:
                owed[line_key(row | {"period": row["original_period"]})] -= row["amount"]
        assert {key: amount for key, amount in owed.items() if amount and key[0] in closed} == {}
