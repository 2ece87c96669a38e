"""A full refresh builds into a new file that takes the old one's place, so that nothing of an erased person is left.

The company is the sample. One employee, one customer, one contact and the answers of one person hold markers, and so do
faulty rows; then the input is delivered with these values blank.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.places.locks import private_files
from customer_outcomes.places.warehouse_file import begin_new_file, hold_warehouse, put_in_place
from helpers.builds import Built, differences, good_build, query, records, run_build
from helpers.markers import PERSONAL, STEM, marked_files, marker, rewrite
from helpers.oddities import ODDITIES_INPUT

pytestmark = pytest.mark.whole_builds(3)

AS_OF = datetime(2026, 7, 1)
PERSON = {"crm.accounts": "acct_0001", "crm.contacts": "cont_0001_1", "crm.users": "user_05"}
FAULTY = {"crm.contacts": {"contact_id": "p_faulty", "account_id": "nowhere", "created_at": "2026-01-01"}}


def deliver(folder: Path, value: str) -> None:
    """Write the sample, in which the personal columns of one person hold a value; the rows are always the same."""
    shutil.copytree(ODDITIES_INPUT, folder, dirs_exist_ok=True)
    for table, columns in PERSONAL.items():

        def changed(rows: list[dict], table: str = table, columns: list[str] = columns) -> list[dict]:
            key = next(iter(rows[0]))
            chosen = [row for row in rows if PERSON.get(table) in (row[key], None)]
            for row in chosen + ([FAULTY[table]] if table in FAULTY else []):
                row |= dict.fromkeys(columns, value)
            return rows + ([FAULTY[table]] if table in FAULTY else [])

        line = f'"{value}" cannot be read\n' if table == "crm.contacts" else ""
        rewrite(folder.joinpath(*table.split(".")).with_suffix(".csv"), changed, line)


@dataclass
class Erasure:
    """A build before an erasure and the full refresh after it, with findings from before and between them."""

    folder: Path
    first: Built
    refreshed: Built
    marked_before: dict[str, set[str]]
    inode_before: int
    read_meanwhile: list[tuple]
    kept_before: dict[str, list[dict]]


def kept(built: Built) -> dict[str, list[dict]]:
    """Return the rows that a warehouse keeps from build to build."""
    tables = ("ledger.closed_lines", "ledger.adjustments", "ledger.period_closes")
    found = {
        table: sorted(
            (row for row in records(built.warehouse, table) if row["copy_name"] == "kept"), key=lambda row: str(row)
        )
        for table in tables
    }
    return found | {"history.builds": records(built.warehouse, "history.builds")}


@pytest.fixture(scope="module")
def erasure(tmp_path_factory) -> Iterator[Erasure]:
    folder = tmp_path_factory.mktemp("full_refresh")
    deliver(folder / "input", marker(1))
    first = good_build(folder, folder / "input", as_of=AS_OF)
    shutil.copy(first.pay_database, folder.parent / "before.duckdb")
    left = folder / ".warehouse.new"  # by a refresh that was killed
    left.mkdir()
    with duckdb.connect(left / "warehouse.duckdb") as killed:
        killed.execute(f"create table names as select '{marker(1)}' as name")
    before = marked_files(folder), first.warehouse.stat().st_ino, kept(first)
    with duckdb.connect(first.warehouse, read_only=True) as reader:
        deliver(folder / "input", "")
        refreshed = good_build(folder, folder / "input", as_of=AS_OF, more=("--full-refresh",))
        meanwhile = reader.execute(f"select email from landing.land_contacts where email like '{STEM}%'").fetchall()
    yield Erasure(folder, first, refreshed, before[0], before[1], meanwhile, before[2])


def test_there_was_something_to_erase(erasure):
    places = {name.split("/")[0] for name in erasure.marked_before}
    assert {"input", "warehouse.duckdb", "warehouse.work", "published", "published_pay", ".warehouse.new"} <= places


def test_no_byte_of_the_person_is_left(erasure):
    """Bytes of every file, and the values of the files that the engine compresses."""
    assert marked_files(erasure.folder, re.compile(STEM)) == {}
    names = {path.name for path in erasure.folder.iterdir()}
    assert names == {"input", "warehouse.duckdb", "warehouse.work", "published", "published_pay"}


def test_the_file_is_another_one(erasure):
    warehouse = erasure.refreshed.warehouse
    assert warehouse.stat().st_ino != erasure.inode_before
    assert warehouse.stat().st_mode & 0o777 == 0o600
    assert query(warehouse, "select count(*) from marts.dim_customers") != [(0,)]


def test_who_has_the_old_file_open_keeps_it(erasure):
    assert (marker(1),) in erasure.read_meanwhile


def test_what_is_kept_from_build_to_build_goes_along(erasure):
    after = kept(erasure.refreshed)
    assert all(erasure.kept_before.values())
    history = after.pop("history.builds")
    assert after == {table: rows for table, rows in erasure.kept_before.items() if table != "history.builds"}
    assert all(row in history for row in erasure.kept_before["history.builds"])
    assert len(history) == 2  # the input of the second build is another one


def test_no_payout_moves(erasure):
    before = erasure.folder.parent / "before.duckdb"
    assert query(before, "select count(*) from compensation.comp_period_closes") != [(0,)]
    assert differences(before, erasure.refreshed.pay_database, ["compensation"]) == []


def test_a_failed_refresh_leaves_the_old_warehouse(erasure, tmp_path):
    for name in ("input", "warehouse.work", "published", "published_pay"):
        shutil.copytree(erasure.folder / name, tmp_path / name)
    warehouse = Path(shutil.copy(erasure.refreshed.warehouse, tmp_path))
    rewrite(tmp_path / "input" / "crm" / "transactions.csv", lambda rows: rows[: len(rows) // 2])
    before = warehouse.stat().st_ino, warehouse.read_bytes()
    failed = run_build(
        tmp_path, tmp_path / "input", as_of=AS_OF, variables={"max_shrink": 0.1}, more=("--full-refresh",)
    )
    assert failed.exit_code == 1
    assert "shrink:crm.transactions" in failed.said
    assert (warehouse.stat().st_ino, warehouse.read_bytes()) == before
    assert not list(tmp_path.glob(".warehouse*"))


@pytest.fixture
def places(tmp_path) -> tuple[Path, Path]:
    """A small warehouse and its work folder."""
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("create table one as select 1 as number")
    return tmp_path / "warehouse.duckdb", tmp_path / "warehouse.work"


def test_a_new_file_begins_with_an_empty_work_folder(places):
    warehouse, work_folder = places
    work_folder.mkdir()
    for name in ("builds.jsonl", "phases.json"):
        (work_folder / name).write_text("")
    (work_folder / "logs").mkdir()
    with private_files(), hold_warehouse(warehouse, work_folder, is_replaced=True):
        new = begin_new_file(warehouse, work_folder)
        assert new.name == warehouse.name
        assert new.parent.stat().st_mode & 0o777 == 0o700
        assert {path.name for path in work_folder.iterdir()} == {"builds.jsonl", "tmp"}
    assert not new.parent.exists()


def test_a_reader_hinders_only_who_writes_the_same_file(places):
    warehouse, work_folder = places
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    command = [sys.executable, "-c", code, warehouse]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "open\n"
        with hold_warehouse(warehouse, work_folder, is_replaced=True):
            pass
        with pytest.raises(UnusableInput, match="is open in another program"), hold_warehouse(warehouse, work_folder):
            pass
        reader.communicate("\n")


def test_what_a_killed_build_moved_to_disk_is_removed(places):
    warehouse, work_folder = places
    spilled = warehouse.with_name("warehouse.duckdb.tmp")
    for is_replaced in (True, False):
        spilled.mkdir()
        with hold_warehouse(warehouse, work_folder, is_replaced):
            assert not spilled.exists()


def test_a_log_of_the_engine_is_never_left_beside_another_file(places):
    warehouse, work_folder = places
    with hold_warehouse(warehouse, work_folder, is_replaced=True):
        new = begin_new_file(warehouse, work_folder)
        shutil.copy(warehouse, new)
        log = warehouse.with_name("warehouse.duckdb.wal")
        log.write_text("")
        with pytest.raises(FailedCheck, match=f"{log.name} holds changes"):
            put_in_place(new, warehouse)
        log.unlink()
        put_in_place(new, warehouse)
    assert query(warehouse, "select number from one") == [(1,)]
