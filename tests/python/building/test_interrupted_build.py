"""A build that is killed at any moment leaves readers one whole version, and the next build succeeds."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import duckdb
import pyarrow.parquet as pq
import pytest

from customer_outcomes.places.destination import BUILDS, hold
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.places.warehouse_file import hold_warehouse
from helpers.builds import (
    DATABASE,
    SEED,
    THREADS,
    WORLD_AS_OF,
    Built,
    command,
    copy_published,
    differences,
    good_build,
    without_closes,
)

pytestmark = pytest.mark.whole_builds(7)

CANDIDATES = ".published*.next"
Version = dict[str, tuple[int, int]]  # by relation: how many rows, and a hash of all their values

PUBLISHING = """
import json, pathlib, sys
from customer_outcomes.places.destination import hold
from customer_outcomes.publish import Folder, publish
warehouse, manifest, destination, pay = map(pathlib.Path, sys.argv[1:])

def folder(place, holds):
    return Folder(place, lambda rows: {"contents.json": json.dumps({"holds": holds, "relations": rows})})

with hold(destination), hold(pay):
    publish(
        warehouse,
        json.loads(manifest.read_text()),
        folder(destination, "figures"),
        folder(pay, "pay"),
        lambda done, of: None,
    )
"""


def version_of(connection: duckdb.DuckDBPyConnection, database: str) -> Version:
    """Read every value of every relation of an attached database."""
    relations = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {
        name: connection.execute(f"select count(*), sum(hash(rows)) from {database}.{name} as rows").fetchone()
        for (name,) in relations
    }


def read_version(published: Path) -> Version:
    """Open the published database as a BI tool does, and read all of it."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published / DATABASE}' as reader (read_only)")
        return version_of(connection, "reader")


class Watcher:
    """Reads a published folder over and over, beside the test, and keeps what it saw."""

    def __init__(self, published: Path, pause: float):
        self.published, self.pause = published, pause  # the pause leaves the build something of the processor
        self.versions, self.troubles, self.rounds = [], [], 0
        self._relation = f"{next(iter(self._contents())).replace('.', '/')}.parquet"
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=work) for work in self._works()]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *trouble):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _works(self) -> list[tuple[Callable[[], None], float]]:
        """All is read now and then; that it is there at all is looked at much more often than it could be replaced."""
        return [(self.read, self.pause), (self._open, 0.0005)]

    def _repeat(self, work: Callable[[], None], pause: float) -> None:
        while not self._is_over.wait(pause):
            try:
                work()
            except Exception as trouble:
                self.troubles.append(repr(trouble))

    def _open(self) -> None:
        for name in (DATABASE, "contents.json", self._relation):
            (self.published / name).open("rb").close()

    def read(self) -> None:
        """Read every published value, and keep a sentence for each version that is not whole."""
        self.rounds += 1
        before = self._contents()
        version = read_version(self.published)
        if version not in self.versions:
            self.versions.append(version)
        rows = {
            relation: pq.ParquetFile(self.published / f"{relation.replace('.', '/')}.parquet").read().num_rows
            for relation in before
        }
        # the folder may have been exchanged meanwhile: each file is then of the one version or of the other
        allowed = [before, self._contents()]
        if {name: count for name, (count, _) in version.items()} not in allowed:
            self.troubles.append(f"the database is not as contents.json says: {version}")
        self.troubles += [
            f"{relation}.parquet has {count} rows"
            for relation, count in rows.items()
            if count not in [contents[relation] for contents in allowed]
        ]

    def _contents(self) -> dict[str, int]:
        return json.loads((self.published / "contents.json").read_text())["relations"]


def wait_until(process: subprocess.Popen, is_reached: Callable[[], bool]) -> None:
    """Look until something is so; fail where the process ends first."""
    while not is_reached():
        try:
            process.wait(0.005)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the build ended by itself: {process.communicate()}")


def kill_after(process: subprocess.Popen, seconds: float) -> int:
    """Kill without a chance to clean up; return the exit code, which is another where the process was faster."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode


@contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen]:
    """Start a process, and leave none behind."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def publishing(built: Built, published: Path) -> list[str]:
    """Return the command that publishes a finished build, and does nothing else."""
    manifest = built.work_folder / "target" / "manifest.json"
    return [sys.executable, "-c", PUBLISHING, *map(str, (built.warehouse, manifest, published, pay_folder(published)))]


def found(folder: Path, pattern: str) -> int:
    """Return how many files there are; none while a folder goes away that is being looked at."""
    try:
        return len(list(folder.glob(pattern)))
    except FileNotFoundError:
        return 0


def moments(folder: Path, dice: Random) -> dict[str, Callable[[], bool]]:
    """How far a build has come when it is to be killed, each within another phase."""
    work = folder / "warehouse.work"
    models, files = dice.randint(1, 60), dice.randint(1, 6)
    return {
        "dbt": lambda: found(work, "target/run/**/*.sql") >= models,
        "expectations": (work / "data_docs").exists,
        "publishing": lambda: found(folder, f"{CANDIDATES}/*/*.parquet") >= files,
    }


def test_killed_in_every_phase_and_built_again(csv_world, csv_build, oddities_build, tmp_path):
    """The published folder holds another company at first, so that the two versions cannot be mistaken."""
    dice, published = Random(SEED), tmp_path / "published"
    copy_published(oddities_build, tmp_path)
    without_closes(published)
    (pay_folder(published) / BUILDS).unlink()  # the other company's history
    before, after = read_version(published), read_version(csv_build.published)
    paid_before, paid_after = read_version(pay_folder(published)), read_version(csv_build.pay)
    assert before != after and paid_before != paid_after
    with (
        Watcher(published, 0.3) as watcher,
        Watcher(pay_folder(published), 0.3) as watcher_of_pay,
        duckdb.connect() as reader,
    ):
        reader.execute(f"attach '{published / DATABASE}' as held (read_only)")
        for phase, is_reached in moments(tmp_path, dice).items():
            with started(command(tmp_path, csv_world, WORLD_AS_OF, None, THREADS)) as process:
                wait_until(process, is_reached)
                code = kill_after(process, dice.uniform(0, 0.02 if phase == "publishing" else 2))
            assert code == -9, f"the build was through before it could be killed in {phase}"
            assert (read_version(published), read_version(pay_folder(published))) == (before, paid_before)
        again = good_build(tmp_path, csv_world)
        assert version_of(reader, "held") == before  # a reader who has the file open keeps the former version
    assert watcher.troubles == watcher_of_pay.troubles == []
    assert watcher.rounds > 20 and watcher_of_pay.rounds > 20
    assert all(version in (before, after) for version in watcher.versions)
    assert all(version in (paid_before, paid_after) for version in watcher_of_pay.versions)
    assert (read_version(again.published), read_version(again.pay)) == (after, paid_after)
    assert differences(again.warehouse, csv_build.warehouse, ["marts", "metrics", "audit"]) == []
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("phase", "number"), [("dbt", signal.SIGTERM), ("expectations", signal.SIGINT), ("publishing", signal.SIGTERM)]
)
def test_stopped_in_a_phase(csv_world, csv_build, tmp_path, phase, number):
    """One sentence, one exit code, and the last good version; the next build removes the rest."""
    published = copy_published(csv_build, tmp_path)
    before = read_version(published), read_version(pay_folder(published))
    with started([*command(tmp_path, csv_world, WORLD_AS_OF, None, THREADS), "--json"]) as process:
        wait_until(process, moments(tmp_path, Random(SEED))[phase])
        process.send_signal(number)
        written, said = process.communicate(timeout=30)
    stay = f"{published} and {published}_pay stay as the last good build left them."
    sentences = [f"Stopped by {number.name}.", stay]
    assert said.splitlines() == sentences
    found = json.loads(written)
    assert (found["status"], found["exit_code"], found["sentences"]) == ("stopped", 128 + number, sentences)
    assert (
        list(found["durations"])
        == ["check", "dbt", "expectations"][: ("dbt", "expectations", "publishing").index(phase) + 1]
    )
    assert (found["figures"] is None) == (phase == "dbt")
    assert process.returncode == 128 + number
    assert (read_version(published), read_version(pay_folder(published))) == before
    held = hold_warehouse(tmp_path / "warehouse.duckdb", tmp_path / "warehouse.work")
    with held, hold(published), hold(pay_folder(published)):
        pass
    names = ["published", "published_pay", "warehouse.duckdb", "warehouse.work"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert not (tmp_path / "warehouse.work" / "tmp").exists()


def test_killed_at_random_moments_of_publishing(csv_build, oddities_build, tmp_path):
    """Two companies take turns; how long publishing takes undisturbed says within which time to kill it.

    Each folder is whole at any moment, also where they are of different builds.
    """
    dice, published = Random(SEED), tmp_path / "published"

    def is_begun() -> bool:
        return any(tmp_path.glob(f"{CANDIDATES}/{DATABASE}"))

    builds = (csv_build, oddities_build)
    versions = [read_version(built.published) for built in builds]
    versions_of_pay = [read_version(built.pay) for built in builds]
    copy_published(oddities_build, tmp_path)
    with Watcher(published, 0.01) as watcher, Watcher(pay_folder(published), 0.01) as watcher_of_pay:
        with started(publishing(csv_build, published)) as process:
            wait_until(process, is_begun)
            begun = time.perf_counter()
            process.communicate()
            seconds = time.perf_counter() - begun
        assert read_version(published) == versions[0]
        codes = []
        for number in range(12):
            with started(publishing(builds[number % 2], published)) as process:
                wait_until(process, is_begun)
                codes.append(kill_after(process, dice.uniform(0, seconds)))
            watcher.read()
            assert read_version(published) in versions
            assert read_version(pay_folder(published)) in versions_of_pay
            for candidate in tmp_path.glob(CANDIDATES):
                shutil.rmtree(candidate)  # so that the next one's can be seen
        subprocess.run(publishing(csv_build, published), check=True)
        watcher.read()
    assert set(codes) <= {0, -9}
    assert -9 in codes
    assert watcher.troubles == watcher_of_pay.troubles == []
    assert all(version in versions for version in watcher.versions)
    assert all(version in versions_of_pay for version in watcher_of_pay.versions)
    assert (read_version(published), read_version(pay_folder(published))) == (versions[0], versions_of_pay[0])
