"""The audit of builds: the files of each build with their hashes, its id, and the history of the published builds."""

import csv
import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_outcomes.errors import UnusableInput
from customer_outcomes.history import BUILDS, Delivery, Record, begin, commit_of, copy_of_builds, describe, keep
from customer_outcomes.intake.folder import check_folder
from customer_outcomes.project import PROJECT_ROOT, SAMPLE_INPUT
from customer_outcomes.settings import known_vars
from helpers.builds import Built, files_of, good_build, query, records, run_build

pytestmark = pytest.mark.whole_builds(7)

MAY, JUNE = datetime(2026, 5, 1), datetime(2026, 6, 1)
LETS_PASS = {"max_quarantined_share": 0.2, "max_broken_share": 0.5}
ACCOUNTS = "account_id,created_at\nA,2026-01-01\nB,2026-01-01\n"
HEADER = "transaction_id,account_id,transaction_type,amount,currency_code,transacted_at,product_id\n"
CHARGES = "".join(f"T{number},A,charge,10,EUR,2026-03-01,GTX Pro\n" for number in range(3))
FILES = {
    "crm/accounts.csv": ACCOUNTS,
    "crm/products.csv": "product_id,product_family\nGTX Pro,GTX\n",
    "crm/transactions/1.csv": HEADER + CHARGES,
    # a repeated version, and a line of another width: both are rows received
    "crm/transactions/2.csv": f"{HEADER}T0,A,charge,10,EUR,2026-03-01,GTX Pro\nT9,A\n",
    "crm/transactions/3.csv": HEADER,
}
# four of seven charges then have a product that is not known
STRANGE = {
    "crm/transactions/4.csv": HEADER + "".join(f"U{number},A,charge,10,EUR,2026-03-01,GTXPro\n" for number in range(4))
}
SAMPLE_AS_OF = datetime(2026, 7, 1)
SETTINGS = known_vars() | {"as_of": "2026-05-01 00:00:00"}
RECORD = Record(
    (Delivery("crm.accounts", "crm/accounts.csv", 3, "f"),), "2026-05-01 00:00:00", "EUR", "UTC", "1.0", "v", "r"
)
LATER = replace(RECORD, as_of="2026-06-01 00:00:00")
ACCEPTED = replace(RECORD, alarms_accepted=("cltv", "customers"), accepted_by="ada")


def deliver(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / "input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "input"


def build(folder: Path, as_of: datetime = MAY, more: tuple[str, ...] = ()) -> Built:
    return run_build(folder, folder / "input", as_of=as_of, variables=LETS_PASS, more=more)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def copied(pay: Path) -> list[dict]:
    return [json.loads(line) for line in (pay / BUILDS).read_text().splitlines()]


def history(built: Built) -> list[dict]:
    """The rows of audit.builds, which builds.jsonl also holds."""
    rows = [row | {"as_of": str(row["as_of"])} for row in records(built.warehouse, "audit.builds")]
    assert sorted(rows, key=str) == sorted(copied(built.pay), key=str)
    return rows


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """The folders of a small input and of a small set of rules."""
    for name, text in {
        "input/crm/accounts.csv": "account_id,created_at\nA,2026-01-01\n",
        "input/crm/products/u.csv": "product_id,product_family\n",
        "rules/closed_periods.csv": "period\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "input", tmp_path / "rules"


def identity(source: Path, rules: Path, settings: dict = SETTINGS, **others) -> str:
    return describe(check_folder(source), settings, rules, others.pop("threads", 2), **others).build_id


def test_the_id_is_the_same_in_another_place(small, tmp_path):
    source, rules = small
    first = identity(source, rules)
    moved = Path(shutil.copytree(tmp_path, tmp_path / "elsewhere"))
    (moved / "input" / "crm" / "accounts.csv").touch()
    assert identity(moved / "input", moved / "rules", threads=1) == first
    assert identity(source, rules, dict(reversed(SETTINGS.items()))) == first


def test_the_id_is_another_when_something_that_decides_is_another(small):
    source, rules = small
    ids = [identity(source, rules)]
    ids.append(identity(source, rules, SETTINGS | {"as_of": "2026-05-02 00:00:00"}))
    ids.append(identity(source, rules, SETTINGS | {"clawback_months": 3}))
    ids.append(identity(source, rules, accepted=["cltv"], by="ada"))
    ids.append(identity(source, rules, accepted=["cltv", "customers"], by="ada"))
    (rules / "closed_periods.csv").write_text("period,closed_at\n")
    ids.append(identity(source, rules))
    (source / "crm" / "accounts.csv").write_text("account_id,created_at\nB,2026-01-01\n")
    ids.append(identity(source, rules))
    (source / "crm" / "products" / "u.csv").rename(source / "crm" / "products" / "v.csv")
    ids.append(identity(source, rules))
    assert len(set(ids)) == len(ids)
    assert replace(RECORD, version="1.1").build_id != RECORD.build_id


def test_files_vars_and_rules_are_described(tmp_path: Path):
    folder = check_folder(deliver(tmp_path, FILES))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "closed_periods.csv").write_text("period\n")
    settings = known_vars() | {"as_of": "2026-05-01 00:00:00"}
    record = describe(folder, settings, tmp_path / "rules", threads=2)
    assert record.deliveries == tuple(
        Delivery(".".join(name.removesuffix(".csv").split("/")[:2]), name, len(FILES[name]), sha256(FILES[name]))
        for name in sorted(FILES)
    )
    assert record.version == yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())["version"]
    assert record.rules_sha256 == sha256("closed_periods.csv\0007\0period\n")
    assert describe(folder, settings, tmp_path / "rules", threads=1) == record
    other = describe(folder, settings | {"as_of": "2026-06-01 00:00:00"}, tmp_path / "rules", threads=1)
    assert other.vars_sha256 == record.vars_sha256
    other = describe(folder, settings | {"clawback_months": 3}, tmp_path / "rules", threads=1)
    assert other.vars_sha256 != record.vars_sha256


def test_who_accepts_and_in_which_order_decides_nothing(small):
    source, rules = small
    one = identity(source, rules, accepted=["cltv", "customers"], by="ada")
    assert one == identity(source, rules, accepted=["customers", "cltv", "cltv"], by="bob")


def test_the_version_is_the_one_of_the_package(oddities_build):
    written = (PROJECT_ROOT / "pyproject.toml").read_text()
    ((version,),) = query(oddities_build.database, "select version from audit.build_info")
    assert f'\nversion = "{version}"\n' in written


def git(folder: Path, *arguments: str) -> str:
    as_somebody = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", folder, *as_somebody, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_of_the_rules_is_that_of_their_last_change(small, tmp_path, monkeypatch):
    _, rules = small
    assert commit_of(rules) is None  # no git
    git(tmp_path, "init", "--quiet")
    assert commit_of(rules) is None  # not committed yet
    git(tmp_path, "add", "rules")
    git(tmp_path, "commit", "--quiet", "-m", "rules")
    first = git(tmp_path, "rev-parse", "HEAD")
    assert commit_of(rules) == first
    (tmp_path / "README").write_text("another file")
    git(tmp_path, "add", "README")
    git(tmp_path, "commit", "--quiet", "-m", "no rules")
    assert commit_of(rules) == first != git(tmp_path, "rev-parse", "HEAD")
    (rules / "comp_plans.csv").write_text("plan_id\n")
    assert commit_of(rules) == f"{first} with uncommitted changes"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(rules) is None  # git cannot be run


def test_the_projects_own_seeds_have_no_commit_but_the_version():
    assert commit_of(SAMPLE_INPUT / "rules") is None


def test_the_commit_of_the_rules_decides_nothing(small, tmp_path):
    committed = replace(RECORD, rules_commit="f00d")
    assert (committed.build_id, committed.row) == (RECORD.build_id, RECORD.row)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        begin(connection, committed, tmp_path / "pay", tmp_path / "work")
        assert connection.sql("select rules_commit from raw_intake.this_build").fetchall() == [("f00d",)]
    source, rules = small
    own = describe(check_folder(source), SETTINGS, rules, threads=1, own_rules=rules)
    assert own.rules_commit is None and own.build_id == identity(source, rules)


def test_build_info_has_one_row_without_a_person(oddities_build):
    (info,) = records(oddities_build.database, "audit.build_info")
    (kept,) = history(oddities_build)
    shared = ("build_id", "version", "alarms_accepted")
    assert {name: info[name] for name in shared} == {name: kept[name] for name in shared}
    assert (info["as_of"], info["reporting_currency"], info["reporting_timezone"]) == (SAMPLE_AS_OF, "EUR", "UTC")
    assert info["alarms_accepted"] == "" and kept["accepted_by"] is None
    assert "accepted_by" not in info


def test_the_history_is_not_published(oddities_build):
    assert not any("builds." in name for name in files_of(oddities_build.published))
    assert not (oddities_build.work_folder / BUILDS).exists()
    tables = query(oddities_build.database, "select table_name from duckdb_tables() where schema_name = 'audit'")
    assert ("builds",) not in tables and ("deliveries",) in tables


def test_deliveries_are_the_files_of_the_input(oddities_build):
    """Each file, its bytes and its records, as Python's own reader counts them where no line is unreadable."""
    delivered = {row["path"]: row for row in records(oddities_build.database, "audit.deliveries")}
    files = {path.relative_to(oddities_build.input).as_posix(): path for path in oddities_build.input.rglob("*.csv")}
    files = {name: path for name, path in files.items() if not name.startswith("rules/")}
    assert delivered.keys() == files.keys() and len(files) > 20
    unreadable = dict(
        query(oddities_build.warehouse, "select file_name, count(*) from raw_intake.unreadable_lines group by 1")
    )
    assert unreadable
    for name, path in files.items():
        content, row = path.read_bytes(), delivered[name]
        assert row["input_table"] == name.removesuffix(".csv").replace("/", ".")
        assert (row["size"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        if name not in unreadable:
            assert row["rows"] == sum(1 for record in csv.reader(content.decode().splitlines(True)) if record) - 1, name
    ids = {row["build_id"] for row in delivered.values()}
    assert ids == {row["build_id"] for row in records(oddities_build.database, "audit.build_info")}


@pytest.mark.parametrize("build", ["oddities_build", "csv_build", "parquet_build"])
def test_deliveries_hold_every_row_received(build, request):
    built = request.getfixturevalue(build)
    received = query(built.database, "select input_table, received from audit.input_reconciliation where received > 0")
    delivered = query(
        built.database, "select input_table, sum(rows) from audit.deliveries group by 1 having sum(rows) > 0"
    )
    assert dict(delivered) == dict(received)
    paths = query(built.database, "select path from audit.deliveries")
    assert all((built.input / path).is_file() for (path,) in paths)


def write_copy(folder: Path, *rows: dict) -> None:
    folder.mkdir(exist_ok=True)
    (folder / BUILDS).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("place", ["pay", "work"])
def test_a_new_warehouse_takes_the_history_from_its_copy(tmp_path, place):
    """The copy lies in the folder of pay; an older project kept it in the work folder."""
    write_copy(tmp_path / place, ACCEPTED.row)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        for _ in range(2):
            begin(connection, RECORD, tmp_path / "pay", tmp_path / "work")
            kept = connection.sql("select build_id, alarms_accepted, accepted_by from history.builds").fetchall()
            assert kept == [(ACCEPTED.build_id, "cltv, customers", "ada")]


def test_the_copy_is_written_from_the_history_and_the_build_that_publishes(tmp_path):
    warehouse = tmp_path / "warehouse.duckdb"
    write_copy(tmp_path, LATER.row)
    with duckdb.connect(warehouse) as connection:
        begin(connection, RECORD, tmp_path, tmp_path / "work")
    for _ in range(2):  # the same build again
        text = copy_of_builds(warehouse, RECORD)
        assert [json.loads(line) for line in text.splitlines()] == [RECORD.row, LATER.row]
        keep(warehouse, RECORD, tmp_path / "work")


@pytest.mark.parametrize("place", ["pay", "work"])
@pytest.mark.parametrize("text", ["{", "3", "{}", '{"build_id": "a"}\n'])
def test_a_copy_that_cannot_be_read_is_a_sentence(tmp_path, place, text):
    (tmp_path / place).mkdir()
    (tmp_path / place / BUILDS).write_text(text)
    with (
        duckdb.connect() as connection,
        pytest.raises(UnusableInput, match=rf"{place}/builds.jsonl, the history of builds, cannot"),
    ):
        begin(connection, RECORD, tmp_path / "pay", tmp_path / "work")


def test_a_warehouse_that_somebody_reads_does_not_fail_the_build(tmp_path):
    """The row is in builds.jsonl in the folder of pay, from which the next build takes it."""
    write_copy(tmp_path / "work", ACCEPTED.row)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        begin(connection, RECORD, tmp_path / "pay", tmp_path / "nowhere")
        connection.execute("create schema audit")
        connection.execute("create table audit.builds as from history.builds")
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True):
        keep(tmp_path / "warehouse.duckdb", RECORD, tmp_path / "work")
    assert query(tmp_path / "warehouse.duckdb", "select count(*) from audit.builds") == [(0,)]
    assert not (tmp_path / "work" / BUILDS).exists()
    for _ in range(2):
        keep(tmp_path / "warehouse.duckdb", RECORD, tmp_path / "work")
        assert query(tmp_path / "warehouse.duckdb", "select build_id from audit.builds") == [(RECORD.build_id,)]


def test_builds_are_recorded_and_a_failed_one_is_not(tmp_path: Path):
    """Six builds: one, the same again, one that fails, the same accepted, one in June, and one of a new warehouse."""
    deliver(tmp_path, FILES)
    first = build(tmp_path)
    assert first.exit_code == 0, first.said
    (info,) = records(first.database, "audit.build_info")
    assert info.pop("build_id") == history(first)[0]["build_id"]
    assert info == {
        "as_of": MAY,
        "reporting_currency": "EUR",
        "reporting_timezone": "UTC",
        "version": "0.1.0",
        "rules_commit": None,
        "alarms_accepted": "",
    }
    (kept,) = history(first)
    assert (kept["as_of"], kept["alarms_accepted"], kept["accepted_by"]) == ("2026-05-01 00:00:00", "", None)
    rows = dict(zip(sorted(FILES), [2, 1, 3, 2, 0], strict=True))
    assert records(first.database, "audit.deliveries") == [
        {
            "build_id": kept["build_id"],
            "input_table": ".".join(path.removesuffix(".csv").split("/")[:2]),
            "path": path,
            "size": len(FILES[path]),
            "sha256": sha256(FILES[path]),
            "rows": count,
        }
        for path, count in rows.items()
    ]
    relations = query(first.database, "select table_name from duckdb_tables() where schema_name = 'audit'")
    assert ("builds",) not in relations

    before = files_of(first.published) | files_of(first.pay)
    again = build(tmp_path, more=("--full-refresh",))
    assert again.exit_code == 0, again.said
    after = files_of(again.published) | files_of(again.pay)
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {"customer_outcomes.duckdb"}
    assert history(again) == [kept]
    ids = {json.loads((folder / "contents.json").read_text())["build_id"] for folder in (again.published, again.pay)}
    assert ids == {kept["build_id"]}

    deliver(tmp_path, STRANGE)
    failed = build(tmp_path)
    assert failed.exit_code == 1, failed.said
    sentence = "references:crm.transactions.product_id: 4 of 7 filled values lead nowhere, 57.1 %, after 0 % in"
    assert sentence in " ".join(failed.said.split())
    assert history(failed) == [kept]
    assert files_of(first.published) | files_of(first.pay) == after

    name = "references:crm.transactions.product_id"
    accepted = build(tmp_path, more=("--accept", name, "--accept", "cltv", "--by", "ada"))
    assert accepted.exit_code == 0, accepted.said
    (one,) = [row for row in history(accepted) if row != kept]
    assert (one["alarms_accepted"], one["accepted_by"]) == (f"cltv, {name}", "ada")
    (info,) = records(accepted.database, "audit.build_info")
    assert (info["build_id"], info["alarms_accepted"]) == (one["build_id"], f"cltv, {name}")
    assert "ada" not in str(info)
    delivered = query(accepted.database, "select distinct build_id from audit.deliveries")
    assert delivered == [(one["build_id"],)]
    assert query(accepted.warehouse, "select distinct build_id from audit.deliveries") == delivered

    june = build(tmp_path, as_of=JUNE)
    assert june.exit_code == 0, june.said
    assert len(history(june)) == 3
    assert {row["vars_sha256"] for row in history(june)} == {kept["vars_sha256"]}

    june.warehouse.unlink()
    new = build(tmp_path, as_of=JUNE)
    assert new.exit_code == 0, new.said
    assert len(history(new)) == 3
    elsewhere = good_build(
        tmp_path / "elsewhere", tmp_path / "input", as_of=JUNE, variables=LETS_PASS | {"max_broken_share": 1}
    )
    assert len(history(elsewhere)) == 1
