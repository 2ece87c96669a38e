"""Plain dbt takes as_of, vars and rules of the last build of its warehouse, also after the warehouse has moved."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from dbt.contracts.graph.nodes import ParsedNode

import dbt_customer_outcomes  # noqa: F401 -- it keeps the files of dbt inside the target
from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import RULES
from customer_outcomes.last_build import LastBuild, read_last_build, record_build, renew_copy
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.rules.reading import RULES_FILE, read_rules
from helpers.builds import HOSTILE, OUTCOMES, WORLD_AS_OF, differences, query
from helpers.compiled_models import DBT
from helpers.random_builds import PARQUET_VARIABLES

# of each thing that a build takes, seeds and models that would be others without it
TAKEN = ("comp_plans", "comp_participants", "comp_terms", "comp_settings", "int_exchange_rates__daily")
TAKEN += ("customer_success", "customer_lifetime", "recommendations", "touch_pressure", "fct_touches", "forecast_fits")
DEFAULTS = {"as_of": None, "reporting_currency": "EUR", "touch_pressure_windows": [7, 28], "default_schedule": None}


@pytest.fixture(scope="module")
def dbt(parquet_build, tmp_path_factory) -> Callable:
    """Run dbt by its command on a warehouse that was moved away from the folder of its build."""
    folder = tmp_path_factory.mktemp("plain_dbt")
    warehouse = Path(shutil.copy(parquet_build.warehouse, folder))
    places = {"OUTCOMES_WAREHOUSE": warehouse, "DBT_TARGET_PATH": folder / "target", "DBT_LOG_PATH": folder / "logs"}

    def run(*arguments: str) -> subprocess.CompletedProcess:
        environment = os.environ | {name: str(place) for name, place in places.items()}
        return subprocess.run(
            [DBT, *arguments], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
        )

    run.warehouse = warehouse
    return run


def test_plain_dbt_changes_nothing(dbt, parquet_build):
    finished = dbt("build", "--select", *TAKEN, "--exclude-resource-type", "unit_test")
    assert finished.returncode == 0, finished.stdout
    schemas = [name for (name,) in query(parquet_build.warehouse, "select distinct schema_name from duckdb_tables()")]
    assert differences(parquet_build.warehouse, dbt.warehouse, schemas) == []


def test_vars_of_the_build_can_be_given(dbt):
    given = PARQUET_VARIABLES | {"as_of": f"{WORLD_AS_OF.isoformat()}Z"}
    finished = dbt("ls", "--select", "comp_plans", "--vars", json.dumps(given))
    assert finished.returncode == 0, finished.stdout


def test_other_vars_stop(dbt):
    finished = dbt("build", "--vars", "{as_of: 2020-02-03, reporting_currency: EUR, rating_rest_days: 7}")
    assert finished.returncode == 2
    sentences = [line.strip() for line in finished.stdout.splitlines() if "last build" in line]
    assert sentences == [
        f"Plain dbt takes the vars of the last build of {dbt.warehouse}, which had as_of {WORLD_AS_OF}, not 2020-02-03,"
        " reporting_currency USD, not EUR: run `outcomes build --vars"
        ' \'{"as_of": "2020-02-03", "reporting_currency": "EUR"}\'` to build with others.'
    ]


@pytest.mark.parametrize(
    ("selection", "models", "others"),
    [
        (["--selector", "pay"], {"comp_credits", "comp_statement_lines", "shared_comp_inputs"}, {"fct_tickets"}),
        (["--selector", "facts"], {"fct_tickets", "dim_customers"}, {"ppp_summary", "comp_credits"}),
        (
            ["--selector", "scoreboard"],
            {"metric_values", "contrib_waits", "ppp_summary"},
            {"touch_pressure", "fct_tickets"},
        ),
        (["--select", "tag:support"], {"fct_tickets"}, {"fct_transactions"}),
    ],
)
def test_models_are_selected_by_name(dbt, selection, models, others):
    finished = dbt("--quiet", "ls", *selection, "--resource-type", "model", "--output", "name")
    assert finished.returncode == 0, finished.stdout
    found = set(finished.stdout.split())
    assert models <= found and not others & found


def test_every_selector_is_described_and_selects_something(dbt):
    selectors = yaml.safe_load((PROJECT_ROOT / "selectors.yml").read_text(encoding="utf-8"))["selectors"]
    assert [entry["name"] for entry in selectors] == ["pay", "facts", "scoreboard", "fast_checks"]
    assert all(entry["description"].endswith(".") for entry in selectors)
    finished = dbt("--quiet", "ls", "--selector", "fast_checks", "--resource-type", "test", "--output", "name")
    identities = {path.stem for path in (PROJECT_ROOT / "tests").glob("assert_*.sql")}
    assert set(finished.stdout.split()) == identities


@pytest.fixture(scope="module")
def outcomes_dbt(parquet_build, tmp_path_factory) -> Callable:
    """Run `outcomes dbt` in an empty folder and a hostile shell, on a moved copy of a warehouse."""
    folder = tmp_path_factory.mktemp("outcomes_dbt")
    warehouse = Path(shutil.copy(parquet_build.warehouse, folder))
    (folder / "empty").mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [OUTCOMES, "dbt", *arguments],
            cwd=folder / "empty",
            env=os.environ | HOSTILE,
            capture_output=True,
            text=True,
            check=False,
        )

    run.warehouse = warehouse
    return run


def test_outcomes_dbt_takes_all_arguments_in_any_folder(outcomes_dbt):
    place = ("--warehouse", str(outcomes_dbt.warehouse))
    taken = "select '{{ var('as_of') }}' as as_of, '{{ var('reporting_currency') }}' as currency"
    shown = outcomes_dbt("show", "--inline", taken, *place)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert f"| {WORLD_AS_OF} | {PARQUET_VARIABLES['reporting_currency']}" in shown.stdout
    own_folder = outcomes_dbt.warehouse.with_suffix(".work") / "dbt"
    assert (own_folder / "target" / "manifest.json").exists() and (own_folder / "logs" / "dbt.log").exists()
    assert list((outcomes_dbt.warehouse.parent / "empty").iterdir()) == []


def test_outcomes_dbt_ends_with_the_exit_code_of_dbt(outcomes_dbt):
    place = ("--warehouse", str(outcomes_dbt.warehouse))
    test = ("test", "--select", "assert_lifetime_is_the_sum_of_transactions")
    assert outcomes_dbt(*place, *test).returncode == 0
    with duckdb.connect(outcomes_dbt.warehouse) as connection:
        connection.execute("delete from marts.customer_lifetime")
    failed = outcomes_dbt(*test, *place)
    assert failed.returncode == 1 and "assert_lifetime_is_the_sum_of_transactions" in failed.stdout
    assert outcomes_dbt("test", "--no-option-of-dbt", *place).returncode == 2
    assert outcomes_dbt("ls", "--vars", "{reporting_currency: CHF}", *place).returncode == 2


def test_outcomes_dbt_needs_a_build(outcomes_dbt, tmp_path):
    duckdb.connect(tmp_path / "other.duckdb").close()
    for name in ("none.duckdb", "other.duckdb"):
        refused = outcomes_dbt("ls", "--warehouse", str(tmp_path / name))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr == (
            f"{tmp_path / name} is no warehouse that a build made: run `outcomes build` first, or name another"
            " --warehouse.\n"
        )
    assert not (tmp_path / "none.work").exists()
    assert "Usage: outcomes dbt test" in outcomes_dbt("test", "--help").stdout
    for arguments in ((), ("--help",)):
        assert "Nothing is published" in " ".join(outcomes_dbt(*arguments).stdout.split())


@pytest.mark.parametrize(
    ("file", "expected"),
    [("../../../../../../place/w.work/rules/_rules__seeds.yml", "place/w.work/rules"), ("models/_a.yml", "models")],
)
def test_dbt_writes_nothing_above_its_target(file, expected):
    """A package in another folder than the warehouse names the rules by a path that begins with `..`."""
    node = SimpleNamespace(path="test_of_rules.sql", original_file_path=file, package_name="customer_outcomes")
    written = ParsedNode.get_target_write_path(node, "/t/w.work/target", "compiled")
    assert written == f"/t/w.work/target/compiled/customer_outcomes/{expected}/{Path(file).name}/test_of_rules.sql"


def test_target_dev_works_on_a_copy(dbt, parquet_build):
    """It takes the vars of the last build, and the warehouse itself stays as the build left it."""
    warehouse, copy = dbt.warehouse, dbt.warehouse.with_suffix(".dev") / dbt.warehouse.name
    before = warehouse.read_bytes()
    built = dbt("build", "--target", "dev", "--select", "customer_lifetime", "--exclude-resource-type", "unit_test")
    assert built.returncode == 0, built.stdout
    assert f"{copy} is a new copy of {warehouse}." in built.stderr
    assert copy.stat().st_mode & 0o077 == 0
    with duckdb.connect(copy) as connection:
        connection.execute("delete from marts.customer_lifetime")
    again = dbt("test", "--target", "dev", "--select", "assert_lifetime_is_the_sum_of_transactions")
    assert again.returncode == 1 and "is a new copy" not in again.stderr
    assert warehouse.read_bytes() == before
    schemas = [name for (name,) in query(warehouse, "select distinct schema_name from duckdb_tables()")]
    assert [found.split(":")[0] for found in differences(warehouse, copy, schemas)] == ["marts.customer_lifetime"]
    other = dbt("ls", "--target", "dev", "--vars", "{reporting_currency: CHF}")
    assert other.returncode == 2 and f"the last build of {copy}" in other.stdout


def test_the_copy_is_renewed_after_each_build(last, tmp_path):
    warehouse, copy = last.warehouse, tmp_path / "warehouse.dev" / "warehouse.duckdb"
    assert [renew_copy(warehouse, copy), renew_copy(warehouse, copy)] == [True, False]
    with duckdb.connect(copy) as connection:
        connection.execute("create table of_dev (id integer)")
    assert not renew_copy(warehouse, copy) and query(copy, "select count(*) from of_dev") == [(0,)]
    with duckdb.connect(warehouse) as connection:
        record_build(connection, {}, DEFAULTS, tmp_path / "copies", None)
    assert renew_copy(warehouse, copy)
    assert query(copy, "select count(*) from duckdb_tables() where table_name = 'of_dev'") == [(0,)]
    with pytest.raises(UnusableInput, match="which no build has made: run `outcomes build` first"):
        renew_copy(tmp_path / "none.duckdb", copy)
    warehouse.with_name("warehouse.duckdb.wal").touch()
    with duckdb.connect(copy) as connection:
        connection.execute("update raw_intake.build_run set run_id = 'another'")
    with pytest.raises(UnusableInput, match="holds changes that the engine has not yet written"):
        renew_copy(warehouse, copy)


@pytest.fixture
def last(tmp_path) -> LastBuild:
    """What a warehouse holds of a build with one var and one rule file of its own."""
    own, warehouse = tmp_path / RULES, tmp_path / "warehouse.duckdb"
    own.mkdir()
    (own / "closed_periods.csv").write_text("period,closed_at,closed_by\n2026-03-01,2026-04-08T10:00:00Z,Ada\n")
    with duckdb.connect(warehouse) as connection:
        connection.execute("create schema raw_intake")
        given = {"as_of": "2026-07-01 00:00:00", "touch_pressure_windows": [3]}
        record_build(connection, given, DEFAULTS, read_rules(own).write(tmp_path / "copies"), own)
    return read_last_build(warehouse)


def test_rules_are_written_wherever_the_warehouse_is(last, tmp_path):
    last.check_rules(tmp_path / "copies")
    written = last.write_rules(tmp_path / "elsewhere" / "rules")
    for _ in range(2):
        assert (written / "closed_periods.csv").read_text().endswith("Ada\n")
        assert {path.name: path.read_bytes() for path in written.iterdir()} == {
            path.name: path.read_bytes() for path in (tmp_path / "copies").iterdir()
        }
        (written / "closed_periods.csv").write_text("period\n")
        (written / RULES_FILE.name).write_text("seeds: []\n")
        last.write_rules(written)


def test_other_rules_stop(last, tmp_path):
    last.check_rules(None)
    with pytest.raises(UnusableInput, match=f"but the rules in {RULES_FILE.parent} differ"):
        last.check_rules(RULES_FILE.parent)
    (tmp_path / RULES / "closed_periods.csv").write_text("period,closed_at,closed_by\n")
    with pytest.raises(
        UnusableInput, match=f"of the last build of {last.warehouse}, but the rules in {tmp_path / RULES}"
    ):
        last.check_rules(None)
    shutil.rmtree(tmp_path / RULES)  # the build's are in the warehouse
    last.check_rules(None)


@pytest.mark.parametrize(
    ("given", "defaults", "is_other"),
    [
        ({}, {}, False),
        ({"as_of": "2026-07-01T02:00:00+02:00", "touch_pressure_windows": [3], "mine": 1}, {}, False),
        ({"as_of": None}, {}, True),
        ({"as_of": "yesterday"}, {}, True),
        ({"touch_pressure_windows": [7, 28]}, {}, True),  # the default, and not the build's
        ({"default_schedule": "office"}, {}, True),
        ({}, {"reporting_currency": "USD"}, True),  # dbt_project.yml was edited since
        ({"reporting_currency": "EUR"}, {"reporting_currency": "USD"}, False),
        ({}, {"touch_pressure_windows": [14], "new": 1}, False),  # the build was given one
    ],
)
def test_a_var_is_other_by_its_value(last, given, defaults, is_other):
    try:
        last.check_variables(given, DEFAULTS | defaults)
    except UnusableInput:
        assert is_other
    else:
        assert not is_other


@pytest.mark.parametrize("as_of", ["9999-12-31", "2031-04-01T00:00:00-11:00", "yesterday"])
def test_an_as_of_after_now_stops(tmp_path, as_of):
    """Plain dbt of a warehouse that no build made has only the var that is given."""
    places = {"OUTCOMES_WAREHOUSE": tmp_path / "new.duckdb", "DBT_TARGET_PATH": tmp_path, "DBT_LOG_PATH": tmp_path}
    finished = subprocess.run(
        [DBT, "ls", "--select", "comp_plans", "--vars", f"{{as_of: '{as_of}'}}"],
        cwd=PROJECT_ROOT,
        env=os.environ | {name: str(place) for name, place in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert "as_of is" in finished.stdout
    assert ("which is after now" in finished.stdout) is (as_of != "yesterday")
    assert "Traceback" not in finished.stdout + finished.stderr


def test_what_plain_dbt_writes_is_its_owners(dbt):
    """The warehouse that it makes or changes holds pay, and so do its log and the rules beside it."""
    before = os.umask(0)
    try:
        finished = dbt("run-operation", "generate_schema_name", "--args", "{custom_schema_name: a, node: {}}")
    finally:
        os.umask(before)
    assert finished.returncode == 0, finished.stdout
    loose = [path for path in dbt.warehouse.with_suffix(".work").rglob("*") if path.stat().st_mode & 0o077]
    assert loose == [] and list(dbt.warehouse.with_suffix(".work").rglob("*.csv"))


def test_without_a_build_nothing_is_taken(tmp_path):
    assert read_last_build(tmp_path / "warehouse.duckdb") is None
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    assert read_last_build(tmp_path / "warehouse.duckdb") is None
