"""The trace follows a payout to its rows, and the amounts of each step add up to the step above."""

import json
import re
import shutil
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from customer_outcomes.cli import app
from customer_outcomes.finance.trace import trace
from customer_outcomes.report.plain_values import plain
from helpers.builds import query
from helpers.compiled_models import compile_models

# an early, a divided and a closed period, and all open periods
PERIODS = "(period in ('2025-04-01', '2026-03-01', '2026-05-01') or not is_closed)"
VIEWS = ("metrics.metric_evidence", "metrics.metric_evidence_customers")


@pytest.fixture(scope="module")
def warehouse(oddities_build, tmp_path_factory) -> Path:
    """The sample's warehouse, with the rows of large views as tables, for many traces."""
    path = tmp_path_factory.mktemp("trace") / oddities_build.warehouse.name
    shutil.copy(oddities_build.warehouse, path)
    with duckdb.connect(path) as connection:
        for view in VIEWS:
            connection.execute(f"create table kept as select * from {view}")
            connection.execute(f"drop view {view}")
            connection.execute(f"create table {view} as select * from kept")
            connection.execute("drop table kept")
    return path


@pytest.fixture(scope="module")
def traces(warehouse) -> list[dict]:
    """Every payee and metric of PERIODS in depth, as JSON has it."""
    lines = query(
        warehouse,
        "select distinct period, user_id, metric_name from compensation.comp_statement_lines"
        f" where {PERIODS} order by all",
    )
    assert len(lines) > 200
    return [plain(trace(warehouse, f"{period:%Y-%m}", user_id, metric)) for period, user_id, metric in lines]


def run(warehouse: Path, *arguments: str, columns: int = 100) -> Result:
    environment = {"COLUMNS": str(columns), "TERM": "dumb"}
    return CliRunner().invoke(app, ["trace", *arguments, "--warehouse", str(warehouse)], env=environment)


def exactly(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def test_every_check_of_every_trace_holds(traces):
    assert [check for found in traces for check in found["checks"] if not check["is_equal"]] == []
    assert {check["step"] for found in traces for check in found["checks"]} == {"statement", "input", "customers"}


def test_rows_add_up_to_customers(traces):
    seen = set()
    for found in traces:
        metric = found["metrics"][0]
        for customer in metric["customers"]:
            rows = customer["rows"]
            amount = sum(exactly(row["weight"]) * exactly(row["amount"]) for row in rows)
            if metric["metric_name"] == "satisfaction":
                amount = round(amount / len(rows), 15)
                assert float(amount) == pytest.approx(float(customer["numerator"]), abs=1e-15)
            else:
                assert amount == exactly(customer["numerator"])
                if customer["denominator"] is not None:
                    assert sum(exactly(row["weight"]) * exactly(row["base"]) for row in rows) == exactly(
                        customer["denominator"]
                    )
            seen.add((metric["metric_name"], rows[0]["source_table"]))
    assert seen == {
        ("cltv_growth", "marts.fct_transactions"),
        ("cross_sell", "marts.fct_transactions"),
        ("up_sell", "marts.fct_transactions"),
        ("satisfaction", "marts.fct_survey_responses"),
        ("customer_retention", "marts.customer_month_states"),
        ("outcomes_on_time", "marts.fct_outcomes"),
        ("referrals_realised", "marts.fct_referrals"),
        ("ppp_yield", "marts.customer_months"),
    }


def test_customers_add_up_to_the_input(traces):
    for found in traces:
        metric = found["metrics"][0]
        figures, customers = metric["input"], metric["customers"]
        assert figures["n_customers"] == len(customers)
        for part in ("numerator", "denominator"):
            if figures[part] is not None:
                total = sum((exactly(customer[part]) for customer in customers), Fraction(0))
                assert abs(total - exactly(figures[part])) < Fraction(1, 10**14)


def test_credits_add_up_to_weights(traces):
    is_shared = False
    for found in traces:
        for customer in found["metrics"][0]["customers"]:
            by_row = defaultdict(Fraction)
            for row in customer["rows"]:
                if row["rule"] is not None:
                    by_row[row["source_id"]] += exactly(row["weight"])
            weights = set(by_row.values()) or {sum(exactly(credit["weight"]) for credit in customer["credits"])}
            assert all(0 < weight <= 1 for weight in weights)
            assert customer["weight"] is None or weights == {exactly(customer["weight"])}
            is_shared |= any(weight < 1 for weight in weights)
    assert is_shared


def test_inputs_and_lines_are_those_of_the_warehouse(traces, warehouse):
    stated = query(
        warehouse,
        f"select period, user_id, sum(payout) from compensation.comp_statement_lines where {PERIODS}"
        " group by all order by all",
    )
    found = {(one["period"], one["user_id"]): one["totals"] for one in traces}
    assert [(period.isoformat(), user_id, total) for period, user_id, total in stated] == sorted(
        (*key, Decimal(totals["payout"])) for key, totals in found.items()
    )
    adjusted = query(warehouse, "select coalesce(sum(amount), 0) from compensation.comp_adjustments")[0][0]
    assert sum(Decimal(totals["adjustments_posted"]) for totals in found.values()) == adjusted != 0
    for one in traces:
        lines = [Decimal(line["payout"]) for line in one["lines"]]
        assert sum(lines) == Decimal(one["totals"]["payout"])
        assert Decimal(one["totals"]["paid"]) == sum(lines) + Decimal(one["totals"]["adjustments_posted"])
        for line in one["lines"]:
            if line["metric_name"] == one["metrics"][0]["metric_name"]:
                assert line["latest_payable_value"] == one["metrics"][0]["input"]["payable_value"]


def test_without_a_metric_every_metric_has_its_customers(warehouse):
    found = plain(trace(warehouse, "2026-03-01", "user_05"))
    assert [metric["metric_name"] for metric in found["metrics"]] == sorted(
        {line["metric_name"] for line in found["lines"]}
    )
    assert all("rows" not in customer for metric in found["metrics"] for customer in metric["customers"])
    assert found["adjustments"][0]["dispute_id"] == "dispute_01"
    assert found["totals"]["adjustments_posted"] == "120"


def test_json_is_the_trace(warehouse):
    result = run(warehouse, "2026-03", "user_05", "cltv_growth", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == plain(trace(warehouse, "2026-03-01", "user_05", "cltv_growth"))
    assert result.stdout == run(warehouse, "2026-03-01", "user_05", "cltv_growth", "--json").stdout


@pytest.mark.parametrize("columns", [100, 120])
def test_a_person_can_read_it(warehouse, columns):
    result = run(warehouse, "2026-03", "user_05", columns=columns)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= columns
    assert "\x1b" not in result.stdout
    said = " ".join(result.stdout.split())
    for part in (
        "2026-03 of user_05 (Tom Okafor), sales closed 2026-04-08 10:00:00 by Ada of finance",
        "sum of lines 1,626.42 + adjustments posted 120.00 = paid 1,746.42",
        "2026-03 2026-03 cltv_growth dispute dispute_01 accepted 120.00",
        "No knowledge since the month closed changes a line.",
        "payable value 43,314.646 = the sum of the customers' amounts",
        "The sum equals the input above.",
        "customers of all payees of the team: too few answered for the own mean, 0.625",
        "none differ.",
    ):
        assert part in said


def test_the_rows_of_a_metric_are_shown(warehouse):
    said = " ".join(run(warehouse, "2026-03", "user_05", "cltv_growth").stdout.split())
    assert "acct_0060, marts.fct_transactions" in said
    assert "tx_1096 2026-03-12 14:01 latest_won_deal opp_0060_1:user_05 0.60 957.96 574.776" in said


@pytest.fixture(scope="module")
def checks(tmp_path_factory) -> str:
    """The SQL of comp_line_checks, to compare again after a test changed a figure."""
    manifest = compile_models(tmp_path_factory.mktemp("checks"), ["comp_line_checks"], as_of=datetime(2026, 7, 1))
    code = json.loads(manifest.read_text())["nodes"]["model.customer_outcomes.comp_line_checks"]["compiled_code"]
    return re.sub(r'"\w+"\.("\w+"\."\w+")', r"\1", code)


@pytest.fixture
def learned(warehouse, checks, tmp_path) -> Path:
    """A closed line that paid 10 less than the latest knowledge says."""
    path = shutil.copy(warehouse, tmp_path / warehouse.name)
    with duckdb.connect(path) as connection:
        connection.execute("drop table compensation.comp_line_checks")
        connection.execute(f"create view compensation.comp_line_checks as {checks}")
        connection.execute(
            "update compensation.comp_statement_lines set payout = payout - 10,"
            " attainment = attainment - 10 / (target_pay * weight * proration)"
            " where period = date '2026-03-01' and user_id = 'user_06' and metric_name = 'customer_retention' and plan_version = '1'"
        )
    return Path(path)


def test_a_closed_line_that_nothing_adjusts_is_named(learned):
    result = run(learned, "2026-03", "user_06", "customer_retention")
    assert result.exit_code == 1
    assert "payout of shared 1 and its adjustments are what the latest knowledge pays" in " ".join(
        result.stdout.split()
    )
    assert "Sums of 2026-03 of user_06 that do not add up: 1; the trace names them." in " ".join(result.stderr.split())


def test_adjustments_of_a_closed_line_add_up_to_the_latest_knowledge(learned):
    with duckdb.connect(learned) as connection:
        connection.execute(
            "insert into compensation.comp_adjustments select '1', date '2026-06-01', period, user_id, plan_id, plan_version,"
            " metric_name, null, 10, 'late knowledge', false from compensation.comp_statement_lines"
            " where period = date '2026-03-01' and user_id = 'user_06' and metric_name = 'customer_retention' and plan_version = '1'"
        )
    found = trace(learned, "2026-03", "user_06", "customer_retention")
    line = next(line for line in found["lines"] if line["adjustments"])
    assert line["payout"] + line["adjustments"] == line["latest_payout"]
    assert found["totals"]["payout"] + 10 == found["totals"]["latest_payout"]
    unequal = [check["what"] for check in found["checks"] if not check["is_equal"]]
    assert unequal == []
    assert trace(learned, "2026-06", "user_06")["totals"]["adjustments_posted"] == 10
    said = " ".join(run(learned, "2026-03", "user_06", "customer_retention").stdout.split())
    assert "Knowledge since the month closed changes lines; the steps below show it." in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("2026-03", "user_99"), "user_99 is not an employee; the payees of 2026-03 are user_01, user_02,"),
        (("2019-01", "user_02"), "user_02 has no statement of 2019-01; the statements are of 2025-01 to 2026-07."),
        (("2026-03", "user_10"), "user_10 has no statement of 2026-03; the payees of 2026-03 are user_01,"),
        (("2019-01", "user_10"), "user_10 has no statement of 2019-01; nobody is paid for 2019-01."),
        (("2026-03-05", "user_02"), "2026-03-05 is not a month; write it as 2026-03 or as its first day, 2026-03-01."),
        (("2026-13", "user_02"), "2026-13 is not a month"),
        (("March", "user_02"), "March is not a month"),
        (
            ("2026-03", "user_02", "bookings"),
            "No plan of user_02 in 2026-03 has bookings; the metrics are cltv_growth, cross_sell,",
        ),
    ],
)
def test_what_is_not_there_is_said(warehouse, arguments, expected):
    result = run(warehouse, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(expected)
    assert len(result.stderr.splitlines()) == 1


def test_a_warehouse_that_is_none(tmp_path):
    (tmp_path / "text.duckdb").write_text("no database" * 1000)
    duckdb.connect(tmp_path / "empty.duckdb").close()
    for name, expected in (
        ("missing", "missing.duckdb does not exist; `outcomes build` makes it."),
        ("text", "text.duckdb cannot be read"),
        ("empty", "empty.duckdb holds no statements to trace"),
    ):
        result = run(tmp_path / f"{name}.duckdb", "2026-03", "user_02")
        assert result.exit_code == 2
        assert expected in result.stderr
