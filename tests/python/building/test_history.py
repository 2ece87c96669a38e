"""The history says of each published version which files, vars and rules made it, and who accepted its alarms."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_outcomes.errors import UnusableInput
from customer_outcomes.history import Delivery, Record, begin, describe, keep, lines_of, prepare_history
from customer_outcomes.intake.folder import check_folder
from customer_outcomes.project import PROJECT_ROOT
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


def lines(published: Path) -> list[dict]:
    return [json.loads(line) for line in (published / "builds.jsonl").read_text().splitlines()]


def history(built: Built) -> list[dict]:
    """The rows of audit.builds, of which the warehouse and the published folder hold the same."""
    rows = sorted(records(built.warehouse, "audit.builds"), key=lambda row: (row["as_of"], row["build_id"]))
    shown = [row | {"as_of": str(row["as_of"]), "alarms_accepted": json.loads(row["alarms_accepted"])} for row in rows]
    assert shown == lines(built.published)
    return shown


RECORD = Record(
    (Delivery("crm.accounts", "crm/accounts.csv", 3, "f"),), "2026-05-01 00:00:00", "EUR", "UTC", "1.0", "v", "r"
)


@pytest.mark.parametrize(
    "change",
    [
        {"deliveries": ()},
        {"deliveries": (Delivery("crm.accounts", "crm/accounts.csv", 3, "g"),)},
        {"as_of": "2026-05-02 00:00:00"},
        {"version": "1.1"},
        {"vars_sha256": "w"},
        {"rules_sha256": "s"},
        {"alarms_accepted": ("cltv",), "accepted_by": "ada"},
    ],
)
def test_everything_that_decides_a_version_decides_its_id(change):
    assert replace(RECORD).build_id == RECORD.build_id
    assert replace(RECORD, **change).build_id != RECORD.build_id


def test_a_name_decides_nothing():
    accepted = RECORD.accepted(["cltv"], "ada")
    assert accepted.build_id == RECORD.accepted(["cltv"], "bob").build_id
    assert RECORD.accepted([], "ada") == RECORD


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


def test_builds_of_another_warehouse_are_taken_over_once(tmp_path: Path):
    """A build that the warehouse knows stays as it is, whatever builds.jsonl says."""
    published, warehouse = tmp_path / "published", tmp_path / "warehouse.duckdb"
    published.mkdir()
    earlier = RECORD.accepted(["cltv"], "ada")
    for by in ("ada", "bob"):
        row = earlier.row | {"alarms_accepted": ["cltv"], "accepted_by": by}
        (published / "builds.jsonl").write_text(json.dumps(row) + "\n")
        with duckdb.connect(warehouse) as connection:
            begin(connection, RECORD, published)
            assert connection.sql("select build_id, accepted_by from history.builds").fetchall() == [
                (earlier.build_id, "ada")
            ]
    kept = [json.loads(line) for line in lines_of(warehouse, RECORD).splitlines()]
    assert {(row["build_id"], row["accepted_by"]) for row in kept} == {
        (RECORD.build_id, None),
        (earlier.build_id, "ada"),
    }


@pytest.mark.parametrize("text", ["{", "3", "{}", '{"build_id": "a"}\n'])
def test_a_history_that_cannot_be_read_is_a_sentence(tmp_path: Path, text: str):
    (tmp_path / "builds.jsonl").write_text(text)
    with (
        duckdb.connect() as connection,
        pytest.raises(UnusableInput, match=r"builds.jsonl, the history of builds, cannot"),
    ):
        begin(connection, RECORD, tmp_path)


def test_a_warehouse_that_somebody_reads_is_left_alone(tmp_path: Path):
    """The version is published already, and the next build takes the row from builds.jsonl."""
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        prepare_history(connection)
        connection.execute("create schema audit")
        connection.execute("create table audit.builds as from history.builds")
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True):
        keep(tmp_path / "warehouse.duckdb", RECORD)
    assert query(tmp_path / "warehouse.duckdb", "select count(*) from audit.builds") == [(0,)]
    for _ in range(2):
        keep(tmp_path / "warehouse.duckdb", RECORD)
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
        "alarms_accepted": "[]",
    }
    (kept,) = history(first)
    assert (kept["as_of"], kept["alarms_accepted"], kept["accepted_by"]) == ("2026-05-01 00:00:00", [], None)
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

    before = files_of(first.published)
    again = build(tmp_path, more=("--full-refresh",))
    assert again.exit_code == 0, again.said
    after = files_of(again.published)
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {"customer_outcomes.duckdb"}
    assert history(again) == [kept]

    deliver(tmp_path, STRANGE)
    failed = build(tmp_path)
    assert failed.exit_code == 1, failed.said
    sentence = "references:crm.transactions.product_id: 4 of 7 filled values lead nowhere, 57.1 %, after 0 % in"
    assert sentence in " ".join(failed.said.split())
    assert history(failed) == [kept]
    assert files_of(first.published) == after

    name = "references:crm.transactions.product_id"
    accepted = build(tmp_path, more=("--accept", name, "--accept", "cltv", "--by", "ada"))
    assert accepted.exit_code == 0, accepted.said
    (one,) = [row for row in history(accepted) if row != kept]
    assert (one["alarms_accepted"], one["accepted_by"]) == ([name], "ada")
    (info,) = records(accepted.database, "audit.build_info")
    assert (info["build_id"], json.loads(info["alarms_accepted"])) == (one["build_id"], [name])
    assert "ada" not in str(info)
    delivered = query(accepted.database, "select distinct build_id from audit.deliveries")
    assert delivered == [(one["build_id"],)]
    assert query(accepted.warehouse, "select distinct build_id from audit.deliveries") == delivered

    june = build(tmp_path, as_of=JUNE)
    assert june.exit_code == 0, june.said
    assert len(history(june)) == 3
    assert {row["vars_sha256"] for row in history(june)} == {kept["vars_sha256"]}

    june.warehouse.unlink()
    shutil.rmtree(june.work_folder)
    new = build(tmp_path, as_of=JUNE)
    assert new.exit_code == 0, new.said
    assert history(new) == lines(june.published) and len(history(new)) == 3
    elsewhere = good_build(
        tmp_path / "elsewhere", tmp_path / "input", as_of=JUNE, variables=LETS_PASS | {"max_broken_share": 1}
    )
    assert len(history(elsewhere)) == 1
