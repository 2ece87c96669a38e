"""`outcomes build --json` and `outcomes check --json` write one JSON object to standard output, however they end."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from customer_outcomes.cli import app
from customer_outcomes.errors import FailedCheck
from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import DATABASE, OUTCOMES, command, copy_published, query
from helpers.input_folders import TRANSACTIONS, company

pytestmark = pytest.mark.whole_builds(1)

DOCUMENT = PROJECT_ROOT / "docs" / "json.md"
PHASES = ["check", "dbt", "expectations", "publishing"]
BUILD_KEYS = [
    "command",
    "status",
    "exit_code",
    "sentences",
    "alarms",
    "alarms_accepted",
    "remarks",
    "as_of",
    "reporting_currency",
    "reporting_timezone",
    "build_id",
    "version",
    "figures",
    "tables",
    "faults",
    "durations",
    "paths",
]
CHECK_KEYS = [
    "command",
    "status",
    "exit_code",
    "sentences",
    "remarks",
    "as_of",
    "reporting_currency",
    "reporting_timezone",
    "version",
    "tables",
    "absent_tables",
    "durations",
    "paths",
]


@pytest.fixture
def rebuild(oddities_build, tmp_path, monkeypatch) -> Callable[..., Result]:
    """Build a copy of the sample again, with --json and without dbt and the expectations; `dbt` is called for dbt."""
    warehouse = Path(shutil.copy(oddities_build.warehouse, tmp_path))
    copy_published(oddities_build, tmp_path)
    shutil.copytree(oddities_build.work_folder / "target", warehouse.with_suffix(".work") / "target")
    manifest = json.loads((oddities_build.work_folder / "target" / "manifest.json").read_text())
    monkeypatch.setattr("customer_outcomes.expectations.validate", lambda *arguments: None)

    def run(*more: str, dbt: Callable[[], object] = lambda: None) -> Result:
        monkeypatch.setattr("customer_outcomes.build.run_dbt", lambda *arguments: [manifest, dbt()][0])
        arguments = command(tmp_path, oddities_build.input, datetime(2026, 7, 1), {"max_shrink": 0.1}, 2)[1:]
        return CliRunner().invoke(app, [*arguments, "--json", *more])

    return run


def remember(published: Path, **others: object) -> None:
    """Change what the published folder says of the last version."""
    contents = json.loads((published / "contents.json").read_text())
    contents["build"] |= others
    (published / "contents.json").write_text(json.dumps(contents))


def read(result: Result, code: int) -> dict:
    assert result.exit_code == code, result.output
    found = json.loads(result.stdout)
    assert list(found) == BUILD_KEYS
    assert found["exit_code"] == code
    assert "\x1b" not in result.stdout
    return found


def test_a_build_that_published(rebuild, oddities_build, tmp_path):
    result = rebuild()
    found = read(result, 0)
    assert (found["command"], found["status"], found["sentences"], found["alarms"]) == ("build", "done", [], [])
    assert result.stderr == ""
    assert found["as_of"] == "2026-07-01T00:00:00Z"
    assert (found["reporting_currency"], found["reporting_timezone"]) == ("EUR", "UTC")
    published = tmp_path / "published" / DATABASE
    built = query(tmp_path / "warehouse.duckdb", "select build_id, version from raw_intake.this_build")
    assert [(found["build_id"], found["version"])] == built
    [(customers, cltv, ppp_yield, coverage)] = query(
        published,
        "select customers, cltv, ppp_yield, csat_revenue_coverage from metrics.ppp_summary where subject_type = 'company'",
    )
    [(csat, responders)] = query(published, "select avg(csat_1_10), count(csat_1_10) from marts.customer_lifetime")
    figures = found["figures"]
    assert list(figures) == [
        "customers", "cltv", "csat_1_10", "csat_customer_coverage", "csat_cltv_coverage", "ppp_yield",
        "tickets", "first_response_median_minutes", "ratings", "rated_employees",
    ]  # fmt: skip
    assert (figures["customers"], Decimal(figures["cltv"])) == (customers, round(cltv, 2))
    for name, value in (
        ("csat_1_10", csat),
        ("csat_customer_coverage", responders / customers),
        ("csat_cltv_coverage", coverage),
        ("ppp_yield", ppp_yield),
    ):
        assert isinstance(figures[name], str)
        assert float(figures[name]) == pytest.approx(float(value), abs=1e-11)
    [(tickets, ratings)] = query(
        published,
        "select (select count(*) from marts.fct_tickets), (select count(*) from marts.fct_survey_responses)",
    )
    assert (figures["tickets"], figures["ratings"]) == (tickets, ratings)
    assert 0 < figures["rated_employees"] < ratings and float(figures["first_response_median_minutes"]) > 0
    states = ("received", "accepted", "superseded", "deleted", "excluded", "future", "quarantined")
    counted = query(published, f"select input_table, {', '.join(states)} from audit.input_reconciliation")
    assert {tuple(table.values()) for table in found["tables"]} == set(counted)
    assert all(list(table) == ["input_table", *states] for table in found["tables"])
    assert list(found["durations"]) == PHASES
    assert found["paths"] == {
        "input": str(oddities_build.input),
        "rules": str(oddities_build.input / "rules"),
        "warehouse": str(tmp_path / "warehouse.duckdb"),
        "published": str(tmp_path / "published"),
        "published_pay": str(tmp_path / "published_pay"),
        "data_docs": str(tmp_path / "warehouse.work" / "data_docs" / "overview.html"),
    }
    assert not any("payout" in str(part) for part in found.values())
    assert _without_seconds(rebuild().stdout) == _without_seconds(result.stdout)


def _without_seconds(text: str) -> str:
    return re.sub(r'(?<="durations": )\{[^}]*\}', "{}", text)


def test_faults_are_counted_and_show_no_value(rebuild, oddities_build):
    found = read(rebuild(), 0)
    assert all(list(fault) == ["input_table", "reason", "column_name", "rows"] for fault in found["faults"])
    counted = query(
        oddities_build.warehouse,
        "select input_table, reason, column_name, count(*) from audit.quarantined_rows group by all",
    )
    assert sorted(map(str, counted)) == sorted(str(tuple(fault.values())) for fault in found["faults"])
    assert [fault["rows"] for fault in found["faults"]] == sorted((row[-1] for row in counted), reverse=True)


def test_a_build_that_an_alarm_stopped_and_its_acceptance(rebuild, tmp_path):
    remember(tmp_path / "published", customers=1000, cltv="9000000.00")
    result = rebuild()
    found = read(result, 1)
    assert found["status"] == "failed"
    assert [alarm["name"] for alarm in found["alarms"]] == ["customers", "cltv"]
    assert all(list(alarm) == ["name", "sentence"] for alarm in found["alarms"])
    assert found["alarms"][0]["sentence"].startswith("customers: 53, after 1,000 in the last published version")
    assert found["sentences"] == result.stderr.splitlines()
    assert found["sentences"][:2] == [alarm["sentence"] for alarm in found["alarms"]]
    assert (
        found["sentences"][-1]
        == f"{tmp_path / 'published'} and {tmp_path / 'published_pay'} stay as the last good build left them."
    )
    assert (found["alarms_accepted"], found["figures"]["customers"], list(found["durations"])) == ([], 53, PHASES[:2])
    half = read(rebuild("--accept", "cltv", "--by", "ada"), 1)
    assert ([alarm["name"] for alarm in half["alarms"]], half["alarms_accepted"]) == (["customers"], ["cltv"])
    accepted = rebuild("--accept", "cltv", "--accept", "customers", "--by", "ada")
    whole = read(accepted, 0)
    assert (whole["alarms"], whole["alarms_accepted"]) == ([], ["cltv", "customers"])
    assert "ada" not in [word for word in re.split(r"\W+", accepted.stdout)]


def test_a_build_that_failed_in_dbt_has_no_figures_and_its_alarms_all_the_same(rebuild, tmp_path):
    def fail() -> None:
        raise FailedCheck("test assert_sums failed: one row.")

    found = read(rebuild(dbt=fail), 1)
    assert (found["status"], found["figures"], found["tables"]) == ("failed", None, [])
    assert found["sentences"][0] == "test assert_sums failed: one row."
    assert found["build_id"]
    remember(tmp_path / "published", customers=1000)
    found = read(rebuild(dbt=fail), 1)
    assert [alarm["name"] for alarm in found["alarms"]] == ["customers"]
    assert "test assert_sums failed: one row." in found["sentences"]


def test_a_build_that_was_refused(tmp_path):
    company(tmp_path / "input", {"crm/leads.csv": "lead_id\nL\n"})
    arguments = ["--input", tmp_path / "input", "--warehouse", tmp_path / "w.duckdb", "--publish", tmp_path / "p"]
    for verb, keys in (("build", BUILD_KEYS), ("check", CHECK_KEYS)):
        result = CliRunner().invoke(app, [verb, *map(str, arguments), "--json"])
        found = json.loads(result.stdout)
        assert list(found) == keys
        assert (result.exit_code, found["exit_code"], found["status"]) == (2, 2, "refused")
        assert found["sentences"] == result.stderr.splitlines()
        assert len(found["sentences"]) == 1
        assert found["paths"]["warehouse"] == str(tmp_path / "w.duckdb")
    assert [table["rows"] for table in found["tables"]] == [1, None]


def test_what_nobody_foresaw_is_in_it(rebuild):
    def fail() -> None:
        raise ZeroDivisionError("by nothing")

    found = read(rebuild(dbt=fail), 1)
    assert found["status"] == "failed"
    assert "ZeroDivisionError: by nothing." in found["sentences"][0]
    Path(found["sentences"][1].split("; ")[1].split(" holds ")[0]).unlink()


def test_standard_output_of_a_whole_build_is_one_object(tmp_path):
    """As a scheduler runs it: without a terminal, and nothing beside the object but on standard error."""
    company(tmp_path / "input", {"crm/transactions.csv": TRANSACTIONS})
    arguments = ["--input", tmp_path / "input", "--warehouse", tmp_path / "w.duckdb", "--publish", tmp_path / "p"]
    arguments += ["--as-of", "2026-07-01", "--threads", "2", "--json"]
    finished = subprocess.run([OUTCOMES, "build", *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert list(found) == BUILD_KEYS
    assert (found["figures"]["customers"], found["figures"]["cltv"], found["figures"]["csat_1_10"]) == (1, "100", None)
    published = query(tmp_path / "p" / DATABASE, "select build_id, version from audit.build_info")
    assert [(found["build_id"], found["version"])] == published
    assert list(found["durations"]) == PHASES
    assert all(seconds > 0 for seconds in found["durations"].values())
    assert finished.stderr == ""


@pytest.mark.parametrize(
    ("heading", "keys"), [("## `outcomes build --json`", BUILD_KEYS), ("## `outcomes check --json`", CHECK_KEYS)]
)
def test_every_key_is_documented_in_its_order(heading, keys):
    section = DOCUMENT.read_text().split(heading)[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == keys


def test_the_documented_examples_are_json():
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)]
    assert [list(example) for example in examples] == [BUILD_KEYS, CHECK_KEYS]
    for example in examples:
        [documented] = {row for row in DOCUMENT.read_text().splitlines() if row.startswith("| `paths`")}
        assert list(example["paths"]) == re.findall(r"`(\w+)`", documented)[1:]
