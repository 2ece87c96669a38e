"""A build shares its folders with other builds, files and users safely, and a signal leaves them in order.

Most tests run a build without dbt and the expectations, on a warehouse that was built before.
"""

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from customer_outcomes.cli import app
from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.ledger import RELATIONS, copies_in, save_closes
from customer_outcomes.places import destination
from customer_outcomes.places.destination import PAY, check_destination, hold
from customer_outcomes.places.locks import lock, open_to_readers, private_files
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.runner import assert_all_ran, environment, forget_older_parse
from helpers.builds import (
    DATABASE,
    HOSTILE,
    Built,
    command,
    copy_published,
    differences,
    files_of,
    manifest_of,
    publish_again,
    query,
)
from helpers.closed_periods import PERIOD, change, faults

SCHEMAS = ["marts", "metrics", "audit"]
SAID_BY_WHO_HOLDS = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("from duckdb_tables()").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def copy(oddities_build: Built, tmp_path: Path) -> Built:
    """A build of the sample that a test can spoil, with an input of its own."""
    source = Path(shutil.copytree(oddities_build.input, tmp_path / "input"))
    warehouse = Path(shutil.copy(oddities_build.warehouse, tmp_path))
    published = copy_published(oddities_build, tmp_path)
    shutil.copytree(oddities_build.work_folder / "target", warehouse.with_suffix(".work") / "target")
    return Built(source, warehouse, published, 0, "")


@pytest.fixture
def without_dbt(copy: Built, monkeypatch) -> Callable[..., Result]:
    """Build again without dbt; `meanwhile` is called at the moment at which dbt would run."""
    manifest = manifest_of(copy)
    monkeypatch.setattr("customer_outcomes.expectations.validate", lambda *arguments: None)

    def run(meanwhile: Callable[[], object] = lambda: None) -> Result:
        monkeypatch.setattr("customer_outcomes.build.run_dbt", lambda *arguments: [manifest, meanwhile()][0])
        arguments = command(copy.warehouse.parent, copy.input, datetime(2026, 7, 1), None, 2)[1:]
        return CliRunner().invoke(app, arguments)

    return run


def said(result: Result) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.strip() and "━" not in line]


def reopen_the_last_period(built: Built) -> None:
    """Make it a period that this build closes."""
    for table in RELATIONS:
        change(built.warehouse, f"delete from ledger.{table} where period = '{PERIOD}' and copy_name = 'kept'")


def left_overs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".") or path.suffix == ".lock")


@contextmanager
def reader(database: Path) -> Iterator[subprocess.Popen]:
    """Have a database open in another process, as an analyst has."""
    arguments = [sys.executable, "-c", SAID_BY_WHO_HOLDS, str(database)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.stdin.close()


@contextmanager
def nobody() -> Iterator[Path]:
    """Run as a user without special rights, also when root runs the tests; the folder belongs to that user."""
    with tempfile.TemporaryDirectory() as folder:
        user = os.geteuid()
        if user == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            for place, _, _ in os.walk(folder):
                os.chmod(place, 0o700)
            os.seteuid(user)


def test_a_build_again_publishes_the_same(copy, without_dbt, oddities_build):
    result = without_dbt()
    assert result.exit_code == 0, result.output
    assert differences(copy.database, oddities_build.database, SCHEMAS) == []
    assert differences(copy.pay_database, oddities_build.pay_database, ["compensation"]) == []
    assert left_overs(copy.warehouse.parent) == []
    assert list((copy.work_folder).glob("tmp")) == []


@pytest.mark.parametrize("name", ["published", "published_pay"])
def test_two_builds_into_one_folder(copy, without_dbt, name):
    with lock(copy.published.with_name(f".{name}.lock"), "taken"):
        result = without_dbt()
    folder = copy.published.with_name(name)
    assert (result.exit_code, said(result)) == (2, [f"Another build is publishing into {folder}."])
    assert left_overs(copy.warehouse.parent) == []


def test_a_lock_that_a_killed_build_left_is_taken(tmp_path):
    (tmp_path / "a.lock").touch()
    with lock(tmp_path / "a.lock", "first"), pytest.raises(UnusableInput, match="taken"):
        lock(tmp_path / "a.lock", "taken").__enter__()
    assert list(tmp_path.iterdir()) == []


def test_closes_that_another_build_published_meanwhile(copy, without_dbt):
    other = f"update compensation.comp_closed_lines set payout = payout + 1 where period = '{PERIOD}'"
    before = [(folder / "contents.json").stat().st_ino for folder in (copy.published, copy.pay)]
    result = without_dbt(lambda: change(copy.pay_database, other))
    assert result.exit_code == 1
    assert f"The closed periods in {copy.pay} have changed since this build began" in said(result)[0]
    assert said(result)[1] == f"{copy.published} and {copy.pay} stay as the last good build left them."
    assert [(folder / "contents.json").stat().st_ino for folder in (copy.published, copy.pay)] == before


@pytest.mark.parametrize("moment", ["kept", "published"])
def test_killed_beside_the_swap(copy, moment, monkeypatch):
    """A close is in effect from the moment at which it is kept, and is there once, however far the build came."""
    reopen_the_last_period(copy)
    closes = query(copy.warehouse, "from compensation.comp_period_closes order by period")
    shutil.rmtree(copy.published)
    shutil.rmtree(copy.pay)

    def killed(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    def steps(last: Callable[[], None]) -> None:
        with hold(copy.published), hold(copy.pay):
            publish_again(copy, copy.published, last)

    def keep() -> None:
        save_closes(copy.warehouse)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        if moment == "kept":
            patched.setattr("customer_outcomes.publish.swap_in", killed)
        else:
            patched.setattr("customer_outcomes.publish.set_stop_note", killed)
        steps(keep)
    assert copy.pay.exists() == (moment == "published")
    assert not copy.published.exists()
    assert faults(copy) == []
    kept = "from ledger.period_closes where copy_name = 'kept' order by period"
    assert [row[1:] for row in query(copy.warehouse, kept)] == closes
    steps(keep)
    assert [row[1:] for row in copies_in(copy.pay)["period_closes"] if row[0] == "published"] == closes
    assert [row[1:] for row in query(copy.warehouse, kept)] == closes
    assert faults(copy) == []


def test_closes_are_kept_before_they_are_published(copy, without_dbt, monkeypatch):
    reopen_the_last_period(copy)
    kept = f"select count(*) from ledger.period_closes where copy_name = 'kept' and period = '{PERIOD}'"
    seen = []
    swap_in = destination.swap_in

    def look(*arguments, **more):
        seen.append(query(copy.warehouse, kept))
        swap_in(*arguments, **more)

    monkeypatch.setattr("customer_outcomes.publish.swap_in", look)
    assert without_dbt().exit_code == 0
    assert seen == [[(1,)], [(1,)]]


@pytest.mark.parametrize("as_of", ["2026-06-30T23:59:59", "2026-07-01T01:00:00+02:00"])
@pytest.mark.parametrize("lost", ["published", "published_pay"])
def test_an_as_of_before_the_last_published_one(copy, as_of, lost):
    """Either folder knows it, so that a kill between them forgets nothing."""
    shutil.rmtree(copy.published.with_name(lost))
    arguments = command(copy.warehouse.parent, copy.input, datetime.fromisoformat(as_of), None, 2)[1:]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    (sentence,) = said(result)
    assert "is before 2026-07-01 00:00:00, as of which the last version was published" in sentence


def test_killed_between_the_two_folders(copy, without_dbt, oddities_build, monkeypatch):
    """Pay is of the new build and the figures of the one before: the next build says so, and publishes both again."""
    spoil(copy.published, build_id="before")
    reopen_the_last_period(copy)
    change(copy.pay_database, f"delete from compensation.comp_period_closes where period = '{PERIOD}'")
    swapped = []
    swap_in = destination.swap_in

    def killed(candidate: Path, place: Path, **more: object) -> None:
        swapped.append(place)
        if place == copy.published:
            raise KeyboardInterrupt
        swap_in(candidate, place, **more)

    with monkeypatch.context() as patched:
        patched.setattr("customer_outcomes.publish.swap_in", killed)
        assert without_dbt().exit_code != 0
    assert swapped == [copy.pay, copy.published]
    assert json.loads((copy.published / "contents.json").read_text())["build_id"] == "before"
    built_again = without_dbt()
    assert built_again.exit_code == 0, built_again.output
    assert f"{copy.published} is of build before, and {copy.pay} of build " in built_again.stdout
    ids = [json.loads((folder / "contents.json").read_text())["build_id"] for folder in (copy.published, copy.pay)]
    assert ids[0] == ids[1] != "before"
    assert differences(copy.database, oddities_build.database, SCHEMAS) == []
    assert differences(copy.pay_database, oddities_build.pay_database, ["compensation"]) == []
    assert "is of build" not in without_dbt().stdout
    assert left_overs(copy.warehouse.parent) == []


def spoil(folder: Path, **others: object) -> None:
    """Change what the marker of a folder says."""
    marker = json.loads((folder / "contents.json").read_text())
    (folder / "contents.json").write_text(json.dumps(marker | others))


def test_figures_that_cannot_be_exchanged_after_pay(copy, without_dbt, monkeypatch):
    swap_in = destination.swap_in

    def fail(candidate: Path, place: Path, **more: object) -> None:
        if place == copy.published:
            raise OSError(errno.ENOSPC, "No space left on device")
        swap_in(candidate, place, **more)

    monkeypatch.setattr("customer_outcomes.publish.swap_in", fail)
    before = files_of(copy.published)
    result = without_dbt()
    assert result.exit_code == 1
    assert said(result) == [
        f"{copy.published}: No space left on device.",
        f"{copy.pay} holds the new version, {copy.published} the last one; build again.",
    ]
    assert files_of(copy.published) == before
    assert left_overs(copy.warehouse.parent) == []


def test_an_analyst_who_has_the_warehouse_open(copy, without_dbt):
    """Who opens it before the build is told of; who opens it later is in the way only of a close."""
    with reader(copy.warehouse) as process:
        result = without_dbt()
        assert result.exit_code == 2
        assert len(said(result)) == 1
        assert f"{copy.warehouse} is open in another program, " in said(result)[0]
        assert f"(PID {process.pid})" in said(result)[0]
    with open_meanwhile(copy, without_dbt) as result:
        assert result.exit_code == 0, result.output
    reopen_the_last_period(copy)
    before = files_of(copy.published), files_of(copy.pay)
    with open_meanwhile(copy, without_dbt) as result:
        assert result.exit_code == 1
        assert f"{copy.warehouse} is open in another program" in said(result)[0]
    assert (files_of(copy.published), files_of(copy.pay)) == before


@contextmanager
def open_meanwhile(copy: Built, without_dbt) -> Iterator[Result]:
    """Build while somebody opens the warehouse where dbt has just ended."""
    opened = []

    def open_it() -> None:
        opened.append(reader(copy.warehouse))
        opened[0].__enter__()

    result = without_dbt(open_it)
    yield result
    opened[0].__exit__(None, None, None)


@pytest.mark.parametrize(
    "change_file", [Path.unlink, lambda path: path.open("a").write("x"), lambda path: path.touch()]
)
def test_an_input_file_that_changes_while_it_is_read(copy, without_dbt, change_file):
    before = files_of(copy.published)
    result = without_dbt(lambda: change_file(copy.input / "crm" / "users.csv"))
    assert result.exit_code == 1
    assert said(result)[0] == "crm/users.csv changed while it was read; deliver it whole and build again."
    assert files_of(copy.published) == before


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_the_rights_of_what_is_written(copy, without_dbt, umask):
    """The warehouse, the work folder and pay are their owner's alone, the published folder whose the umask says."""
    copy.warehouse.chmod(0o666)
    copy.pay.chmod(0o777)
    before = os.umask(umask)
    try:
        assert without_dbt().exit_code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.warehouse.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.work_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((copy.work_folder / "phases.json").stat().st_mode) == 0o600
    assert rights(copy.pay, (0o700, 0o600, 0o400)) == []
    assert rights(copy.published, (0o777 & ~umask, 0o666 & ~umask, 0o444)) == []


def rights(folder: Path, wanted: tuple[int, int, int]) -> list[str]:
    """Return the paths with other rights than these: of a folder, of a file, and of the database."""
    found = [folder, *folder.rglob("*")]
    assert len(found) > 9
    kinds = {path: 0 if path.is_dir() else 2 if path.name == DATABASE else 1 for path in found}
    return [str(path) for path, kind in kinds.items() if stat.S_IMODE(path.stat().st_mode) != wanted[kind]]


def test_private_files(tmp_path):
    before = os.umask(0o022)
    try:
        with private_files():
            (tmp_path / "a").mkdir()
            (tmp_path / "a" / "b").touch()
            assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
            assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o600
            open_to_readers(tmp_path / "a")
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o644
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_built(is_there):
    with nobody() as folder:
        (folder / "published").mkdir() if is_there else None
        (folder / "published" if is_there else folder).chmod(0o555)
        with pytest.raises(UnusableInput, match="read-only, or its permissions do not let you write"):
            check_destination(folder / "published", [])


def test_a_folder_in_a_parent_that_cannot_be_written_gets_its_files_one_by_one():
    with nobody() as folder:
        (folder / "published").mkdir()
        folder.chmod(0o555)
        check_destination(folder / "published", [])
        with hold(folder / "published") as reason:
            assert "which is read-only, so that its files are replaced one by one." in reason
        assert list((folder / "published").iterdir()) == []


@pytest.mark.parametrize("error", [errno.EBUSY, errno.EXDEV])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_mount_point_gets_its_files_one_by_one(csv_build, oddities_build, tmp_path, monkeypatch, error, is_known):
    """Also where nothing says that it is one but the exchange that fails."""
    published, order = tmp_path / "published", []
    published.mkdir()
    inode = published.stat().st_ino

    def refuse(*names: object) -> None:
        raise OSError(error, os.strerror(error))

    replace = Path.replace

    def note(path: Path, target: Path) -> Path:
        order.append(target.name)
        return replace(path, target)

    monkeypatch.setattr("customer_outcomes.places.destination._exchange", refuse)
    monkeypatch.setattr("customer_outcomes.places.destination._is_mount", lambda folder: is_known)
    monkeypatch.setattr(Path, "replace", note)
    (published / ".DS_Store").touch()
    for built in (csv_build, oddities_build):
        check_destination(published, [])
        with hold(published):
            publish_again(built, published)
        assert order[-2:] == [DATABASE, "contents.json"]
        (published / "marts" / "old.parquet").touch()
        marker = json.loads((published / "contents.json").read_text())
        marker["relations"]["marts.old"] = 0
        (published / "contents.json").write_text(json.dumps(marker))
    with hold(published):
        publish_again(oddities_build, published)
    assert differences(published / DATABASE, oddities_build.database, SCHEMAS) == []
    assert differences(pay_folder(published) / DATABASE, oddities_build.pay_database, ["compensation"]) == []
    assert files_of(published).keys() == files_of(oddities_build.published).keys() | {".DS_Store"}
    assert published.stat().st_ino == inode
    assert rights(pay_folder(published), (0o700, 0o600, 0o400)) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published", "published_pay"]


def test_a_folder_with_somebody_elses_file_is_refused(oddities_build, tmp_path):
    published = Path(shutil.copytree(oddities_build.published, tmp_path / "published"))
    for name in ("~$shared_comp_inputs.xlsx", ".~lock.shared_comp_inputs.xlsx#", "marts/Thumbs.db", ".DS_Store"):
        (published / name).touch()
    check_destination(published, [])
    for name in ("notes.txt", "marts/mine.parquet", "2026/january.xlsx", ".published.lock.bak"):
        (published / name).parent.mkdir(exist_ok=True)
        (published / name).touch()
        with pytest.raises(UnusableInput, match=f"holds {name}, which no build published"):
            check_destination(published, [])
        (published / name).unlink()
    (published / "marts" / "link").symlink_to(tmp_path)
    with pytest.raises(UnusableInput, match="holds marts/link"):
        check_destination(published, [])


def test_a_folder_of_figures_is_no_folder_of_pay(oddities_build, tmp_path):
    """Neither is published over the other, also where the folder of an older project holds both."""
    published = copy_published(oddities_build, tmp_path)
    pay = pay_folder(published)
    check_destination(published, [])
    check_destination(pay, [], PAY)
    with pytest.raises(UnusableInput, match=r"published_pay holds published pay; name another --publish\."):
        check_destination(pay, [])
    for marker in ({"marts.dim_customers": 3}, {"relations": {"marts.dim_customers": 3}}, None):
        if marker:
            (published / "contents.json").write_text(json.dumps(marker))
        with pytest.raises(UnusableInput, match=r"published holds published figures; name another --publish-pay\."):
            check_destination(published, [], PAY)
    check_destination(tmp_path / "new", [], PAY)
    (tmp_path / "empty").mkdir()
    check_destination(tmp_path / "empty", [], PAY)
    (pay / "mine.txt").touch()
    with pytest.raises(UnusableInput, match=r"holds mine\.txt, which no build published"):
        check_destination(pay, [], PAY)
    (published / "builds.jsonl").touch()
    spoil(published, **json.loads((oddities_build.published / "contents.json").read_text()))
    with pytest.raises(UnusableInput, match=r"holds builds\.jsonl, which no build published"):
        check_destination(published, [])


def test_a_folder_for_pay_lies_beside_the_published_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "published")
    assert pay_folder(tmp_path / "link") == tmp_path / "elsewhere" / "published_pay"
    assert pay_folder(Path("published")) == Path.cwd() / "published_pay"
    assert pay_folder(Path()) == Path.cwd().with_name(f"{Path.cwd().name}_pay")


def test_what_killed_builds_left_is_removed_and_nothing_else(tmp_path):
    """A version that was taken away for an exchange in two steps is put back."""
    ours = [".published.0123456789ab.next", ".published.0123456789ac.last", ".published.0123456789ad.last"]
    others = [".published.eu.next", ".published.0123.next", ".other.0123456789ab.next", "published.0123456789ab.next"]
    for number, name in enumerate(ours + others):
        (tmp_path / name / "marts").mkdir(parents=True)
        (tmp_path / name / "marts" / name).touch()
        os.utime(tmp_path / name, (number, number))
        (tmp_path / name).chmod(0o555)
    with hold(tmp_path / "published"):
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".published.lock", "published", *others])
    assert (tmp_path / "published" / "marts" / ours[2]).exists()


def test_the_environment_of_dbt(monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with environment(OUTCOMES_WAREHOUSE="mine"):
        found = {name for name in os.environ if name.startswith(("DBT_", "OUTCOMES_", "GX_"))}
        assert (found, os.environ["OUTCOMES_WAREHOUSE"]) == ({"OUTCOMES_WAREHOUSE"}, "mine")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("statuses", "fault"),
    [
        ({"model.a": "success", "test.b": "pass"}, None),
        ({"model.a": "success"}, "1 of the project's 2 models, seeds and tests did not run in this build: b."),
        ({"model.a": "skipped", "test.b": "pass"}, "did not run in this build: a."),
        ({"model.a": "no-op", "test.b": "warn"}, "2 of the project's 2 .* did not run in this build: a, b."),
    ],
)
def test_each_node_of_the_project_ran(statuses, fault):
    kinds = {"model.a": "table", "test.b": "test", "model.c": "ephemeral"}
    nodes = {
        name: {"name": name[-1], "resource_type": name.split(".")[0], "config": {"materialized": kind}}
        for name, kind in kinds.items()
    }

    class Ran:
        def __init__(self, name: str, status: str):
            self.status, self.node = status, type("Node", (), {"unique_id": name})

    results = [Ran(name, status) for name, status in statuses.items()]
    if fault is None:
        assert_all_ran({"nodes": nodes}, results)
        results.append(results[0])
        fault = "ran more than once in this build: a."
    with pytest.raises(FailedCheck, match=fault):
        assert_all_ran({"nodes": nodes}, results)


@pytest.mark.parametrize("change", ["none", "sql", "text", "move"])
def test_dbt_forgets_a_parse_of_other_descriptions(tmp_path, change):
    """A model whose YAML moved to another file is described twice for a dbt that remembers the first one."""
    models, memory = tmp_path / "models", tmp_path / "target" / "partial_parse.msgpack"
    models.mkdir()
    described = models / "_a__models.yml"
    described.write_text("models: []")
    forget_older_parse(memory.parent, [models])
    memory.touch()
    if change == "sql":
        (models / "a.sql").touch()
    elif change == "text":
        described.write_text("models: [a]")
    elif change == "move":
        described.rename(models / "_b__models.yml")
    forget_older_parse(memory.parent, [models])
    assert memory.exists() is (change in ("none", "sql"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_folder_is_exchanged_waits(tmp_path, number):
    code = """
import os, signal, sys, time
from customer_outcomes import signals
signals.listen()
signals.set_stop_note("before")
with signals.uninterrupted():
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.5)
    signals.set_stop_note("after")
time.sleep(60)
"""
    finished = subprocess.run([sys.executable, "-c", code, str(int(number))], capture_output=True, text=True)
    assert finished.returncode == 128 + number
    assert finished.stderr.splitlines() == [f"Stopped by {number.name}.", "after"]


@pytest.mark.parametrize(
    "trouble", [OSError(errno.ENOSPC, "No space left on device"), duckdb.OutOfMemoryException("Out"), MemoryError()]
)
@pytest.mark.parametrize("step", ["write_workbook", "open_to_readers"])
def test_trouble_while_publishing_is_a_sentence(copy, without_dbt, monkeypatch, trouble, step):
    """It names the folder at fault."""
    before = files_of(copy.published), files_of(copy.pay)

    def fail(*arguments: object) -> None:
        raise trouble

    monkeypatch.setattr(f"customer_outcomes.publish.{step}", fail)
    result = without_dbt()
    assert result.exit_code == 1
    assert len(said(result)) == 2
    folder = copy.pay if step == "write_workbook" else copy.published
    assert said(result)[0].startswith(f"{folder}: ")
    assert said(result)[1] == f"{copy.published} and {copy.pay} stay as the last good build left them."
    assert (files_of(copy.published), files_of(copy.pay)) == before
    assert left_overs(copy.warehouse.parent) == []
