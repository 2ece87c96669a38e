"""`outcomes check` says what a build would say before dbt, how new the delivered rows are, and writes nothing."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from customer_outcomes.cli import app
from customer_outcomes.contract import load_contract
from customer_outcomes.intake.counting import Count
from helpers.builds import OUTCOMES, Built, copy_published, files_of, query
from helpers.closed_periods import change
from helpers.input_folders import ACCOUNTS, TRANSACTIONS, company
from helpers.oddities import ODDITIES_INPUT

PARTICIPANTS = "user_id,plan_id,target_pay,valid_from,valid_to\n"
USERS = "user_id,team\nr1,sales\n"
LEADS = "lead_id,created_at\nL,2024-01-01\n"
SLOW = """
import time
import customer_outcomes.check
from customer_outcomes.__main__ import run

def wait(connection, folder, work_folder, progress):
    work_folder.mkdir()
    (work_folder / "copy.csv").write_text("a copy")
    print("reading", flush=True)
    time.sleep(60)

customer_outcomes.check.connect_folder = wait
run()
"""


@pytest.fixture(autouse=True)
def _no_dbt(monkeypatch):
    def refuse(*arguments):
        pytest.fail("dbt would run")

    monkeypatch.setattr("dbt.cli.main.dbtRunner.invoke", refuse)


def run(verb: str, folder: Path, *more: str) -> Result:
    places = {"--input": "input", "--warehouse": "warehouse.duckdb", "--publish": "published"}
    arguments = [part for option, name in places.items() for part in (option, str(folder / name))]
    return CliRunner().invoke(app, [verb, *arguments, *more])


def tables_of(folder: Path, *more: str) -> dict[str, dict]:
    """Return the tables of a check by name, as JSON has them."""
    found = json.loads(run("check", folder, "--json", *more).stdout)
    return {table["input_table"]: table for table in found["tables"]}


FAULTY = {
    "a header": ({"crm/leads.csv": "lead_id\nL\n"}, (), ["crm/leads.csv has no column created_at"]),
    "a separator": ({"crm/leads.csv": "lead_id;created_at\n"}, (), ["a comma must separate the columns"]),
    "an encoding": ({"crm/leads.csv": LEADS.encode("utf-16")}, (), ["it is not UTF-8 but UTF-16"]),
    "a spreadsheet": ({"crm/leads.xlsx": b"PK\x03\x04"}, (), ["crm/leads.xlsx is neither"]),
    "a slip": ({"crm/leeds.csv": LEADS}, (), ["; did you mean crm/leads.csv?"]),
    "no accounts": ({"crm/account.csv": ACCOUNTS}, (), ["; did you mean crm/accounts.csv?"]),
    "an archive": ({"crm/leads.csv.gz": LEADS}, (), ["the archive is damaged or cut short"]),
    "a var": ({}, ("--vars", "{reporting_currency: eur}"), ["reporting_currency is 'eur'"]),
    "an as_of": ({}, ("--as-of", "yesterday"), ["as_of is 'yesterday'"]),
    "a model": ({}, ("--vars", "{credit_attribution_model: mine}"), ["credit_attribution_model is mine"]),
    "a rule": (
        {"crm/users.csv": USERS, "rules/comp_participants.csv": f"{PARTICIPANTS}r1,shared,1000.00,01/04/2026,\n"},
        (),
        ["comp_participants.csv, row 2, column valid_from: 01/04/2026 is not a date"],
    ),
    "a user": (
        {"crm/users.csv": USERS, "rules/comp_participants.csv": f"{PARTICIPANTS}r2,shared,1000.00,2026-04-01,\n"},
        (),
        ["comp_participants.csv, row 2, column user_id: crm.users has no user r2."],
    ),
    "a rule file": ({"rules/nonsense.csv": "a\n"}, (), ["nonsense.csv is not a rule file"]),
    "a place": ({}, ("--warehouse", "/"), ["/ is not a file; name a file for the warehouse."]),
    "all of them": (
        {
            "crm/leads.csv": "lead_id\nL\n",
            "crm/users.csv": USERS,
            "support/tickets.csv": "ticket_id;created_at\n",
            "rules/comp_participants.csv": f"{PARTICIPANTS}r2,shared,1000.00,01/04/2026,\n",
        },
        ("--vars", "{reporting_currency: eur, max_shrink: 2}", "--publish", "/"),
        [
            "reporting_currency is 'eur'",
            "max_shrink is 2",
            "crm/leads.csv has no column created_at",
            "support/tickets.csv has none of the columns",
            "column user_id: crm.users has no user r2.",
            "01/04/2026 is not a date",
            "overlap; publish into a separate folder.",
        ],
    ),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_a_check_says_what_a_build_says(tmp_path, kind):
    files, arguments, expected = FAULTY[kind]
    company(tmp_path / "input", files)
    checked, built = (run(verb, tmp_path, *arguments) for verb in ("check", "build"))
    assert (checked.exit_code, built.exit_code) == (2, 2)
    said = checked.stderr.splitlines()
    assert said == built.stderr.splitlines()
    assert len(said) == len(expected), said
    assert all(part in sentence for part, sentence in zip(expected, said))


@pytest.mark.parametrize("file", ["crm/leads.csv", "crm/user.csv"])
def test_users_are_looked_for_only_where_all_of_them_are_known(tmp_path, file):
    """A broken file of leads says nothing about users; a file that may be the users says that nobody knows them."""
    rules = {"rules/comp_participants.csv": f"{PARTICIPANTS}r2,shared,1000.00,2026-04-01,\n"}
    company(tmp_path / "input", {"crm/users.csv" if file != "crm/user.csv" else file: USERS, **rules})
    if file == "crm/leads.csv":
        (tmp_path / "input" / file).write_text("lead_id\n")
    said = run("check", tmp_path).stderr
    assert file in said
    assert ("crm.users has no user r2." in said) == (file == "crm/leads.csv")


def test_files_that_are_found_damaged_only_when_they_are_read_are_named_together(tmp_path):
    """The header of an archive can be read although its end is missing; each of the tables has its sentence."""
    for table, key in (("contacts", "contact_id"), ("leads", "lead_id")):
        rows = "".join(f"{number},2024-01-01\n" for number in range(100_000))
        archive = gzip.compress(f"{key},created_at\n{rows}".encode())
        company(tmp_path / "input", {f"crm/{table}.csv.gz": archive[:-1000]})
    checked, built = run("check", tmp_path), run("build", tmp_path)
    assert (checked.exit_code, built.exit_code) == (2, 2)
    assert checked.stderr == built.stderr
    assert [sentence.split(":")[0] for sentence in checked.stderr.splitlines()] == [
        "crm/contacts.csv.gz cannot be read",
        "crm/leads.csv.gz cannot be read",
    ]
    assert "crm.accounts" in checked.stdout


def test_rows_that_are_counted_otherwise_than_read_end_it_as_they_end_a_build(tmp_path, monkeypatch):
    company(tmp_path / "input", {"crm/leads.csv": LEADS})
    monkeypatch.setattr(
        "customer_outcomes.intake.readers.count_csv",
        lambda path, width: Count(2 if "leads" in str(path) else 1, 9, True),
    )
    checked, built = run("check", tmp_path), run("build", tmp_path)
    assert (checked.exit_code, built.exit_code) == (1, 1)
    sentence = "crm/leads.csv was read as 1 rows and counted as 2; nothing is built from it."
    assert checked.stderr.splitlines() == [sentence] == built.stderr.splitlines()[:1]
    tables = tables_of(tmp_path)
    assert (tables["crm.leads"]["rows"], tables["crm.accounts"]["rows"]) == (None, 1)


def test_rows_and_the_age_of_the_newest_one(tmp_path):
    """Days are those of the reporting time zone, dates alone its midnights; a row later than as_of is no news."""
    files = {
        "crm/accounts/1.csv": "account_id,created_at\nA,2026-06-29\nB,\n",
        "crm/accounts/2.csv": "account_id,created_at\nC,2024-01-01T09:00:00+02:00\nD,1,2,3\nE,nonsense\n",
        "crm/leads.csv": "lead_id,created_at,converted_at\nL,2026-05-01,2026-07-01T02:00:00Z\nM,2026-07-01,2099-01-01\n",
        "crm/users.csv": "user_id,team,left_at\nr1,sales,2026-01-01\n",
        "crm/exchange_rates.csv": "from_currency,to_currency,valid_on,rate\nUSD,EUR,2026-06-30,1\nUSD,EUR,2026-07-01,1\n",
        "support/tickets.csv": "ticket_id,created_at\n",
        "survey/responses.parquet": pa.table(
            {
                "response_id": ["1"],
                "survey_id": ["S"],
                "score": ["1"],
                "responded_at": pa.array([1_782_000_000_000_000], pa.timestamp("us", "UTC")),
            }
        ),
    }
    company(tmp_path / "input", files)
    arguments = ("--as-of", "2026-07-01T03:00:00Z", "--vars", "{reporting_timezone: America/New_York}")
    found = {name: list(table.values())[1:] for name, table in tables_of(tmp_path, *arguments).items()}
    assert found == {
        "crm.accounts": [2, 5, 1, "2026-06-29", "2026-06-29T04:00:00Z", 1],
        "crm.users": [1, 1, 0, None, None, None],
        "crm.leads": [1, 2, 0, "2026-06-30", "2026-07-01T02:00:00Z", 0],
        "crm.exchange_rates": [1, 2, 0, "2026-06-30", None, 0],
        "support.tickets": [1, 0, 0, None, None, None],
        "survey.responses": [1, 1, 0, "2026-06-20", "2026-06-21T00:00:00Z", 10],
    }
    said = run("check", tmp_path, *arguments)
    assert said.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in said.stdout.splitlines() if line.strip()}
    assert lines["crm.accounts"] == ["2", "5", "1", "2026-06-29", "(1", "day)"]
    assert lines["crm.leads"] == ["1", "2", "0", "2026-06-30", "(0", "days)"]
    assert lines["crm.users"] == ["1", "1", "0"]
    assert "Not delivered: crm.contacts, crm.user_teams," in said.stdout
    assert "A build can use the input, the rules and the vars." in said.stdout
    assert "Only a build finds values of the wrong type, references that lead nowhere, and alarms." in said.stdout
    assert said.stderr == ""


def test_the_same_rows_as_a_build(oddities_build):
    """Every row received, and the newest event that landing has."""
    arguments = ("--input", oddities_build.input, "--as-of", "2026-07-01", "--warehouse", oddities_build.warehouse)
    result = CliRunner().invoke(
        app, ["check", *map(str, arguments), "--publish", str(oddities_build.published), "--json"]
    )
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    received = dict(query(oddities_build.warehouse, "select input_table, received from audit.input_reconciliation"))
    assert {table["input_table"]: table["rows"] for table in found["tables"]} == received
    assert found["absent_tables"] == []
    for table in found["tables"]:
        name, definition = table["input_table"], load_contract()[table["input_table"]]
        if event := definition.get("event_time"):
            columns = [event, *(column for column, rules in definition["columns"].items() if rules.get("moment"))]
            values = " union all ".join(
                f"select cast({column} as timestamp) as moment from landing.land_{name.split('.')[1]}"
                for column in columns
            )
            [(newest,)] = query(
                oddities_build.warehouse, f"select max(moment) from ({values}) where moment <= timestamp '2026-07-01'"
            )
            assert table["newest_on"] == str(newest.date()), name
            assert table["newest_at"] in (None, f"{newest.isoformat()}Z")


@pytest.fixture
def places(oddities_build, tmp_path) -> Built:
    """A warehouse and a published folder of the sample that a test can spoil, with a small input."""
    company(tmp_path / "input", {"crm/transactions.csv": TRANSACTIONS})
    warehouse = Path(shutil.copy(oddities_build.warehouse, tmp_path))
    published = copy_published(oddities_build, tmp_path)
    return Built(tmp_path / "input", warehouse, published, 0, "")


def spoil(places: Built, name: str) -> None:
    """Make one of the places unusable."""
    if name == "pay":
        places.pay_database.chmod(0o600)
        places.pay_database.write_bytes(b"ten years of work" * 1000)
    elif name == "foreign":
        (places.published / "mine.xlsx").write_bytes(b"")
    elif name == "contents":
        contents = json.loads((places.published / "contents.json").read_text())
        (places.published / "contents.json").write_text(json.dumps(contents | {"build": 3}))
    elif name == "warehouse":
        places.warehouse.write_bytes(b"ten years of work" * 1000)
    elif name == "history":
        places.work_folder.mkdir()
        (places.work_folder / "builds.jsonl").write_text("{")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        (
            "as_of",
            ("--as-of", "2026-06-30"),
            "is before 2026-07-01 00:00:00, as of which the last version was published",
        ),
        (
            "currency",
            ("--vars", "{reporting_currency: USD}"),
            "Months are closed in EUR and UTC, and this build is in USD",
        ),
        ("pay", (), "published_pay cannot be read: IO Error"),
        ("foreign", (), "published holds mine.xlsx, which no build published"),
        ("contents", (), "contents.json, the list of published relations, cannot be read"),
        ("warehouse", (), "warehouse.duckdb cannot be written"),
        ("history", (), "builds.jsonl, the history of builds, cannot be read"),
    ],
)
def test_places_that_a_build_refuses(places, tmp_path, name, arguments, expected):
    spoil(places, name)
    checked, built = (run(verb, tmp_path, *arguments) for verb in ("check", "build"))
    assert (checked.exit_code, built.exit_code) == (2, 2)
    assert checked.stderr.splitlines() == built.stderr.splitlines()
    [sentence] = checked.stderr.splitlines()
    assert expected in sentence


def test_a_dispute_that_was_paid_outlives_its_user_in_a_check_too(places, tmp_path):
    """The folder of pay says which disputes were paid; it is looked up only there."""
    rules = places.input / "rules"
    rules.mkdir()
    (places.input / "crm" / "users.csv").write_text(USERS)
    sample = (ODDITIES_INPUT / "rules" / "disputes.csv").read_text()
    (rules / "disputes.csv").write_text(sample)
    paid = {row[0] for row in query(places.pay_database, "select dispute_id from compensation.comp_adjustments")}
    said = run("check", tmp_path).stderr
    unpaid = [line for line in sample.splitlines()[1:] if line.split(",")[0] not in paid]
    assert len(unpaid) < len(sample.splitlines()) - 1
    assert said.count("crm.users has no user") == len(unpaid)
    change(places.warehouse, "delete from ledger.adjustments where dispute_id is not null")
    shutil.rmtree(places.published)
    shutil.rmtree(places.pay)
    assert run("check", tmp_path).stderr.count("crm.users has no user") == len(sample.splitlines()) - 1


def test_a_check_writes_nothing(places, tmp_path):
    """Not beside what it reads, not where it is started, and its temporary files are gone."""
    tmpdir, start = tmp_path / "temporary", tmp_path / "start"
    tmpdir.mkdir()
    start.mkdir()
    company(
        places.input,
        {
            "crm/users.csv": USERS,
            "crm/leads.csv": LEADS + "a,line,too,long\n",
            "rules/comp_participants.csv": f"{PARTICIPANTS}r1,shared,1000.00,2026-04-01,\n",
        },
    )

    def listing() -> tuple[dict, dict]:
        paths = [tmp_path, *tmp_path.rglob("*")]
        return files_of(tmp_path), {path: path.stat().st_mtime_ns for path in paths if path != tmpdir}

    before = listing()
    arguments = ["--input", places.input, "--warehouse", places.warehouse, "--publish", places.published]
    finished = subprocess.run(
        [OUTCOMES, "check", *arguments, "--as-of", "2026-07-02"],
        capture_output=True,
        text=True,
        cwd=start,
        env=os.environ | {"TMPDIR": str(tmpdir)},
    )
    assert finished.returncode == 0, finished.stderr
    assert "crm.leads" in finished.stdout
    assert listing() == before
    assert list(tmpdir.iterdir()) == []
    absent = [
        OUTCOMES,
        "check",
        "--input",
        places.input,
        "--warehouse",
        start / "w" / "w.duckdb",
        "--publish",
        start / "p",
    ]
    assert (
        subprocess.run(absent, capture_output=True, cwd=start, env=os.environ | {"TMPDIR": str(tmpdir)}).returncode == 0
    )
    assert listing() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_check_that_is_stopped_leaves_nothing(tmp_path, number):
    tmpdir = tmp_path / "temporary"
    tmpdir.mkdir()
    company(tmp_path / "input", {})
    arguments = [sys.executable, "-c", SLOW, "check", "--input", tmp_path / "input", "--json"]
    environment = os.environ | {"TMPDIR": str(tmpdir)}
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdout.readline() == "reading\n"
        assert list(tmpdir.rglob("copy.csv"))
        process.send_signal(number)
        written, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert said == f"Stopped by {number.name}.\n"
    found = json.loads(written)
    assert (found["command"], found["status"], found["exit_code"]) == ("check", "stopped", 128 + number)
    assert found["sentences"] == [f"Stopped by {number.name}."]
    assert list(tmpdir.iterdir()) == []


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    company(tmp_path / "input", {"crm/leads.csv": LEADS})

    def read(*arguments):
        (tmp_path / "input" / "crm" / "leads.csv").write_text(f"{LEADS}M,2024-01-02\n")
        return 0, 0

    monkeypatch.setattr("customer_outcomes.check._rows", read)
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["crm/leads.csv changed while it was read; deliver it whole and build again."]


def test_nothing_to_check(tmp_path):
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"{tmp_path / 'input'} is not a folder."]
    assert "Not delivered" not in result.stdout
