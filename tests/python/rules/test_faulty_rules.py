"""A rule that would pay somebody wrongly stops the build, with one sentence that names its row and its fault."""

import csv
import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from customer_outcomes.places.paths import pay_folder
from customer_outcomes.rules import forms
from helpers.builds import command, copy_published, files_of
from helpers.oddities import ODDITIES_INPUT

pytestmark = pytest.mark.whole_builds(1)

TESTS = (
    "assert_comp_plans_are_sound",
    "assert_comp_participants_are_sound",
    "assert_closed_periods_are_sound",
    "assert_disputes_are_sound",
    "as_declared",
    "valid_without_overlap",
)

METRICS = "cltv_growth, cross_sell, up_sell, referrals_realised, bookings, satisfaction, customer_retention, outcomes_on_time, ppp_yield"
PLAN = "comp_plans.csv: plan shared, version 1, team "
SHIFTED = (
    "comp_plans.csv: plan shared, version 1: its rows, of both teams, do not all have the same valid_from and valid_to."
)
RETENTION = "plan_version = '1' and metric_name = 'customer_retention'"
PARTICIPANT = "comp_participants.csv: user "
OTHERS_MONEY = "it moved money of another payee or period; take it back by another decision, and write another."
FIRST_DAY = "a period must be the first day of its month."

SOUND = """
insert into rules.comp_plans by name
    select
        'shared' as plan_id, plan_version, 'actual' as scenario, valid_from, valid_to, team, metric_name, weight, 0 as threshold,
        100 as target, 1 as cap, 0 as accelerated_rate
    from (values
        ('1', date '2026-01-01', date '2026-07-01', 'cltv_growth', 0.6),
        ('1', date '2026-01-01', date '2026-07-01', 'customer_retention', 0.4),
        ('2', date '2026-07-01', null, 'cltv_growth', 1)
    ) as plans (plan_version, valid_from, valid_to, metric_name, weight)
    cross join (values ('marketing'), ('sales')) as teams (team);
insert into rules.comp_participants values
    ('ann', 'shared', 1000, '2026-01-01', '2026-04-01'),
    ('ann', 'shared', 2000, '2026-04-01', null),
    ('mia', 'shared', 1000, '2026-01-01', null);
insert into rules.closed_periods values
    ('2026-01-01', '2026-02-01 00:00:00', 'fay'),
    ('2026-02-01', '2026-03-05 12:00:00', 'fay'),
    ('2026-03-01', '2026-04-05 12:00:00', 'fay');
insert into rules.disputes values
    ('d1', '2026-01-01', 'ann', 'customer_retention', '2026-02-03', 'ann', 'Why?', 'accepted', '2026-02-03', 'fay', -7.5),
    ('d2', '2026-01-01', 'ann', null, '2026-02-03', 'ann', 'Why?', 'rejected', '2026-02-05', 'fay', null),
    ('d3', '2026-01-01', 'mia', null, '2026-02-03', 'mia', 'Why?', 'open', null, null, null);
insert into marts.dim_employees values ('ann', 'sales'), ('mia', 'marketing'), ('sam', 'success'), ('max', 'success');
insert into intermediate.int_employees__monthly_teams values
    ('ann', 'sales', '0001-01-01', '9999-12-31'),
    ('mia', 'marketing', '0001-01-01', '9999-12-31'),
    ('sam', 'success', '0001-01-01', '9999-12-31'),
    ('max', 'sales', '0001-01-01', '2026-03-01'),
    ('max', 'success', '2026-03-01', '9999-12-31');
insert into compensation.ledger_closes values ('2026-01-01', '2026-02-08');
insert into compensation.ledger_adjustments values ('d1', 'ann', '2026-01-01'), (null, 'ann', '2026-01-01');
"""


@pytest.fixture(scope="module")
def nodes(oddities_build) -> list[dict]:
    """The tests of rules and the seeds that they judge, as a build ran them."""
    manifest = json.loads((oddities_build.work_folder / "target" / "manifest.json").read_text())
    return [
        node for node in manifest["nodes"].values() if node["resource_type"] == "seed" or node["name"].startswith(TESTS)
    ]


@pytest.fixture
def rules(nodes):
    """Sound rules, in memory."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach ':memory:' as {nodes[0]['database']}")
        connection.execute(f"use {nodes[0]['database']}")
        connection.execute(
            "create schema rules; create schema marts; create schema metrics; create schema compensation;"
            " create schema intermediate"
        )
        for seed in (node for node in nodes if node["resource_type"] == "seed"):
            columns = ", ".join(f"{column} {data_type}" for column, data_type in seed["config"]["column_types"].items())
            connection.execute(f"create table {seed['schema']}.{seed['name']} ({columns})")
        connection.execute("create table marts.dim_employees (user_id varchar, team varchar)")
        connection.execute(
            "create table intermediate.int_employees__monthly_teams"
            " (user_id varchar, team varchar, from_month date, to_month date)"
        )
        connection.execute("create table compensation.ledger_closes (period date, as_of timestamp)")
        connection.execute(
            "create table compensation.ledger_adjustments (dispute_id varchar, user_id varchar, original_period date)"
        )
        connection.execute(SOUND)
        yield connection


def faults(connection: duckdb.DuckDBPyConnection, nodes: list[dict]) -> list[str]:
    """Return what all tests of rules say together, each sentence once, as a build does."""
    tests = [node["compiled_code"] for node in nodes if node["resource_type"] == "test"]
    assert len(tests) > len(TESTS)
    return sorted({row[0] for test in tests for row in connection.execute(test).fetchall()})


def test_sound_rules_have_no_fault(rules, nodes):
    assert faults(rules, nodes) == []


@pytest.mark.parametrize(
    ("statement", "sentences"),
    [
        (
            f"update rules.comp_plans set weight = 0.399999 where {RETENTION} and team = 'sales'",
            [f"{PLAN}sales: the weights sum to 0.999999, not to 1."],
        ),
        (
            f"update rules.comp_plans set weight = 0.5 where {RETENTION} and team = 'marketing'",
            [f"{PLAN}marketing: the weights sum to 1.100000, not to 1."],
        ),
        (
            f"update rules.comp_plans set valid_to = '2026-06-30' where {RETENTION} and team = 'sales'",
            [SHIFTED],
        ),
        (
            f"update rules.comp_plans set valid_from = '2026-01-02' where {RETENTION} and team = 'sales'",
            [SHIFTED],
        ),
        ("update rules.comp_plans set valid_to = '2026-06-30' where plan_version = '1' and team = 'sales'", [SHIFTED]),
        (
            "update rules.comp_plans set valid_from = '2026-01-02' where plan_version = '1' and team = 'sales'",
            [SHIFTED],
        ),
        (
            "update rules.comp_plans set valid_to = valid_from where plan_version = '2'",
            [
                f"comp_plans.csv: plan shared, version 2, team {team}: valid_to is not after valid_from."
                for team in ("marketing", "sales")
            ],
        ),
        (
            "update rules.comp_plans set valid_from = '2026-06-30' where plan_version = '2'",
            [
                f"comp_plans.csv: plan shared, version 2, team {team}: it holds from 2026-06-30, when version 1 still holds;"
                " the versions of a plan may not overlap."
                for team in ("marketing", "sales")
            ],
        ),
        (
            "update rules.comp_plans set valid_to = null where plan_version = '1'",
            [
                f"comp_plans.csv: plan shared, version 2, team {team}: it holds from 2026-07-01, when version 1 still holds;"
                " the versions of a plan may not overlap."
                for team in ("marketing", "sales")
            ],
        ),
        (
            f"update rules.comp_plans set metric_name = 'up_sell' where {RETENTION} and team = 'sales'",
            [
                f"{PLAN}marketing, metric customer_retention: only this team has it; marketing and sales must share every metric.",
                f"{PLAN}sales, metric up_sell: only this team has it; marketing and sales must share every metric.",
            ],
        ),
        (
            "delete from rules.comp_plans where plan_version = '2' and team = 'sales'",
            [
                "comp_plans.csv: plan shared, version 2, team marketing, metric cltv_growth: only this team has it;"
                " marketing and sales must share every metric."
            ],
        ),
        (
            "insert into rules.comp_plans select * replace (0 as weight) from rules.comp_plans"
            f" where {RETENTION} and team = 'sales'",
            [
                "comp_plans.csv: plan_id shared, plan_version 1, team sales, metric_name customer_retention: there is more than one row with this key."
            ],
        ),
        (
            "insert into rules.comp_plans select * replace ('success' as team) from rules.comp_plans"
            " where plan_version = '2' and team = 'sales'",
            [
                "comp_plans.csv: plan_id shared, plan_version 2, team success, metric_name cltv_growth:"
                " team is success, and not one of marketing, sales."
            ],
        ),
        (
            f"update rules.comp_plans set metric_name = 'charm' where {RETENTION}",
            [
                f"comp_plans.csv: plan_id shared, plan_version 1, team {team}, metric_name charm:"
                f" metric_name is charm, and not one of {METRICS}."
                for team in ("marketing", "sales")
            ],
        ),
        (
            "update rules.comp_plans set weight = case metric_name when 'customer_retention' then -0.1 else 1.1 end"
            " where plan_version = '1' and team = 'sales'",
            [
                f"{PLAN}sales, metric {name}: the weight must be from 0 to 1."
                for name in ("cltv_growth", "customer_retention")
            ],
        ),
        (
            f"update rules.comp_plans set target = 0 where {RETENTION} and team = 'sales'",
            [f"{PLAN}sales, metric customer_retention: the target must be above 0."],
        ),
        (
            f"update rules.comp_plans set cap = 0.999 where {RETENTION} and team = 'sales'",
            [f"{PLAN}sales, metric customer_retention: the cap must be 1 or more, so that the target can be attained."],
        ),
        (
            f"update rules.comp_plans set accelerated_rate = -0.1 where {RETENTION} and team = 'sales'",
            [f"{PLAN}sales, metric customer_retention: the accelerated rate must not be negative."],
        ),
        (
            "update rules.comp_participants set plan_id = 'shard' where user_id = 'mia'",
            [f"{PARTICIPANT}mia, plan shard: comp_plans.csv does not have this plan."],
        ),
        (
            "update rules.comp_participants set user_id = 'bot' where user_id = 'mia'",
            [f"{PARTICIPANT}bot, plan shared: this user does not exist, or is a bot."],
        ),
        (
            "update rules.comp_participants set user_id = 'sam' where user_id = 'mia'",
            [f"{PARTICIPANT}sam, plan shared: the plan has no rows for the team success of this user."],
        ),
        (
            "update rules.comp_participants set user_id = 'max', valid_from = '2026-03-01' where user_id = 'mia'",
            [f"{PARTICIPANT}max, plan shared: the plan has no rows for the team success of this user."],
        ),
        (
            "update rules.comp_participants set target_pay = -0.01 where user_id = 'mia'",
            [f"{PARTICIPANT}mia, plan shared: the target pay is negative."],
        ),
        (
            "update rules.comp_participants set valid_to = valid_from where user_id = 'mia'",
            [f"{PARTICIPANT}mia, plan shared: valid_to is not after valid_from."],
        ),
        (
            "update rules.comp_participants set valid_to = '2026-04-02' where valid_to = '2026-04-01'",
            [
                "comp_participants.csv: user_id ann, plan_id shared, valid from 2026-01-01:"
                " another row with the same key holds on some of the same days."
            ],
        ),
        (
            "update rules.closed_periods set period = '2026-03-02' where period = '2026-03-01'",
            [f"closed_periods.csv: period 2026-03-02: {FIRST_DAY}"],
        ),
        (
            "update rules.closed_periods set closed_at = '2026-03-31 23:59:59.999999' where period = '2026-03-01'",
            ["closed_periods.csv: period 2026-03-01: it is closed at 2026-03-31 23:59:59.999999, before it is over."],
        ),
        (
            "delete from rules.closed_periods where period = '2026-02-01'",
            ["closed_periods.csv: period 2026-03-01: the month before it is not closed; periods close in order."],
        ),
        (
            "delete from rules.closed_periods where period = '2026-01-01'",
            [
                "closed_periods.csv: period 2026-01-01: it is closed and published, and has no row any more;"
                " a close is not taken back."
            ],
        ),
        (
            "insert into rules.closed_periods values ('2025-12-01', '2026-01-05 12:00:00', 'fay')",
            ["closed_periods.csv: period 2025-12-01: a later period was closed before; periods close in order."],
        ),
        (
            "update rules.closed_periods set closed_at = '2026-04-05 12:00:01' where period = '2026-02-01'",
            [
                "closed_periods.csv: period 2026-03-01: it is closed before the month before it; periods close in order.",
            ],
        ),
        (
            "update rules.disputes set user_id = 'mia' where dispute_id = 'd1'",
            [f"disputes.csv: dispute d1: {OTHERS_MONEY}"],
        ),
        (
            "update rules.disputes set period = '2026-02-01' where dispute_id = 'd1'",
            [f"disputes.csv: dispute d1: {OTHERS_MONEY}"],
        ),
        (
            "update compensation.ledger_closes set as_of = '2027-01-01'",
            [
                "closed_periods.csv: period 2026-01-01: it was closed as of 2027-01-01 00:00:00, which is later than"
                " the as_of of this build; a build cannot go back behind a close."
            ],
        ),
        (
            "update rules.disputes set user_id = 'bot' where dispute_id = 'd2'",
            ["disputes.csv: dispute d2: the user bot does not exist, or is a bot."],
        ),
        (
            "update rules.disputes set period = '2026-01-31' where dispute_id = 'd2'",
            [f"disputes.csv: dispute d2: {FIRST_DAY}"],
        ),
        (
            "update rules.disputes set metric_name = 'charm' where dispute_id = 'd1'",
            [f"disputes.csv: dispute_id d1: metric_name is charm, and not one of {METRICS}."],
        ),
        (
            "update rules.disputes set decision = 'maybe' where dispute_id = 'd1'",
            ["disputes.csv: dispute_id d1: decision is maybe, and not one of open, accepted, rejected."],
        ),
        (
            "update rules.comp_participants set target_pay = null where user_id = 'mia'",
            ["comp_participants.csv: user_id mia, plan_id shared, valid_from 2026-01-01: target_pay is empty."],
        ),
        (
            "update rules.disputes set decided_by = null where dispute_id = 'd2'",
            ["disputes.csv: dispute d2: it is decided, but decided_by or decided_on is empty."],
        ),
        (
            "update rules.disputes set decided_on = null where dispute_id = 'd1'",
            ["disputes.csv: dispute d1: it is decided, but decided_by or decided_on is empty."],
        ),
        (
            "update rules.disputes set amount = null where dispute_id = 'd1'",
            ["disputes.csv: dispute d1: it is accepted, but without an amount."],
        ),
        (
            "delete from rules.disputes",
            [
                "disputes.csv: dispute d1: it moved money in a closed period and has no row any more;"
                " take it back by another decision."
            ],
        ),
    ],
)
def test_a_faulty_rule_is_named(rules, nodes, statement, sentences):
    assert rules.execute(statement).fetchall()[0][0] > 0
    assert faults(rules, nodes) == sentences


def test_two_plans_and_two_people_do_not_overlap(rules, nodes):
    """Validity is each plan's and each person's own."""
    rules.execute("insert into rules.comp_plans select * replace ('other' as plan_id) from rules.comp_plans")
    rules.execute("insert into rules.comp_participants values ('ann', 'other', 10, '2026-01-01', null)")
    assert faults(rules, nodes) == []


def test_a_participant_may_have_left_the_team(rules, nodes):
    """One month in a team that the plan pays is enough: max is in sales until the end of February."""
    rules.execute("insert into rules.comp_participants values ('max', 'shared', 10, '2026-02-28', null)")
    assert faults(rules, nodes) == []


def test_facts_and_rules_are_parsed_alike(oddities_build):
    """What Python renders of the macros is what dbt renders."""
    manifest = json.loads((oddities_build.work_folder / "target" / "manifest.json").read_text())
    staged = manifest["nodes"]["model.customer_outcomes.land_outcomes"]["compiled_code"]
    for column, data_type in (("due_at", "timestamp"), ("is_deleted", "boolean")):
        assert forms.parsed(column, data_type, f"text_{column}") in staged
        assert forms.trimmed(f"received.{column}") in staged


def test_a_faulty_plan_stops_the_build(oddities_build, tmp_path):
    """The first row of the sample's plans weighs .1 too much; nothing of it is published."""
    rules = Path(shutil.copytree(ODDITIES_INPUT / "rules", tmp_path / "rules"))
    with (rules / "comp_plans.csv").open(newline="") as text:
        header, first, *rest = csv.reader(text)
    weight = header.index("weight")
    first[weight] = str(round(float(first[weight]) + 0.1, 6))
    with (rules / "comp_plans.csv").open("w", newline="") as text:
        csv.writer(text).writerows([header, first, *rest])
    published = copy_published(oddities_build, tmp_path)

    arguments = command(tmp_path, ODDITIES_INPUT, datetime(2026, 7, 1), None, threads=2)
    finished = subprocess.run([*arguments, "--rules", rules], capture_output=True, text=True, check=False)
    said = " ".join((finished.stdout + finished.stderr).split())
    row = dict(zip(header, first, strict=True))
    fault = (
        f"comp_plans.csv: plan {row['plan_id']}, version {row['plan_version']}, team {row['team']}: the weights sum to"
    )
    assert finished.returncode == 1, said
    assert f"{fault} 1.100000, not to 1." in said
    assert said.count("comp_plans.csv") == 1
    assert f"{published} and {published}_pay stay as the last good build left them." in said
    assert files_of(published) == files_of(oddities_build.published)
    assert files_of(pay_folder(published)) == files_of(oddities_build.pay)
