"""Builds that several tests look at, each made once a session. OUTCOMES_TEST_SEED chooses other random worlds."""

import atexit
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import filelock
import pytest

from customer_outcomes.project import SAMPLE_INPUT
from helpers.builds import SEED, WORLD_AS_OF, Built, good_build
from helpers.compiled_models import CompiledModels, compile_models
from helpers.later_facts import add_late_charge, copy_of, reassign, use_former_names
from helpers.oddities import ODDITIES_INPUT
from helpers.random_builds import EVENING, EVENING_AS_OF, PARQUET_VARIABLES, write_world_rules
from worlds.files import write_world

STATISTICS = (
    "contrib_waits",
    "time_to_value_curve",
    "time_to_value_summary",
    "ticket_times",
    "touch_pressure",
    "conversion_saturation",
    "saturation_verdict",
)


@atexit.register
def hear_no_more() -> None:
    """DuckDB's bindings report leaks of their own as Python ends."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the files that build the most companies first, so that no process is left alone with them at the end."""

    def builds(item: pytest.Item) -> int:
        marker = item.get_closest_marker("whole_builds")
        return marker.args[0] if marker else 0

    items.sort(key=builds, reverse=True)


def pytest_report_header() -> str:
    return f"worlds of OUTCOMES_TEST_SEED={SEED}"


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable:
    """Make a thing in a folder of its own once for all processes that run tests: the first makes it, the others wait."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def make_once(name: str, make: Callable[[Path], object]) -> object:
        made = shared / f"{name}.pickle"
        with filelock.FileLock(shared / f"{name}.lock"):
            if not made.exists():
                folder = shared / name
                folder.mkdir()
                made.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(made.read_bytes())

    return make_once


@pytest.fixture(scope="session")
def csv_world(once) -> Path:
    """A random company with every kind of fault, as CSV."""

    def make(folder: Path) -> Path:
        write_world(folder, SEED, as_of=WORLD_AS_OF)
        write_world_rules(folder, SEED)
        return folder

    return once("csv_world", make)


@pytest.fixture(scope="session")
def csv_build(csv_world, once) -> Built:
    """The CSV world with the default vars, by four threads."""
    return once("csv_build", lambda folder: good_build(folder, csv_world, threads=4))


@pytest.fixture(scope="session")
def parquet_build(once) -> Built:
    """Another random company, as Parquet, with vars that differ from the defaults."""

    def make(folder: Path) -> Built:
        write_world(folder / "world", SEED + 1, file_format="parquet", as_of=WORLD_AS_OF)
        write_world_rules(folder / "world", SEED + 1)
        return good_build(folder, folder / "world", variables=PARQUET_VARIABLES)

    return once("parquet_build", make)


@pytest.fixture(scope="session")
def evening_build(once) -> Built:
    """A smaller company late in the evening, in files of all formats: of Tokyo's month for odd seeds, of Los Angeles' for
    even ones.
    """

    def make(folder: Path) -> Built:
        write_world(folder / "world", SEED + 2, size=40, file_format="mixed", whole=True, as_of=EVENING_AS_OF)
        write_world_rules(folder / "world", SEED + 2)
        return good_build(folder, folder / "world", as_of=EVENING_AS_OF, variables=EVENING)

    return once("evening_build", make)


@pytest.fixture(scope="session")
def sample_build(once) -> Built:
    """The sample company at the end of its story."""
    return once("sample_build", lambda folder: good_build(folder, SAMPLE_INPUT, as_of=datetime(2026, 7, 1)))


@pytest.fixture(scope="session")
def oddities_build(once) -> Built:
    """The company in which each case that the contract names occurs once."""
    return once("oddities_build", lambda folder: good_build(folder, ODDITIES_INPUT, as_of=datetime(2026, 7, 1)))


@pytest.fixture(scope="session")
def later_build(once, oddities_build) -> tuple[Built, Path, set[str]]:
    """The company of examples/oddities a little later, built over a ledger with the former names of metrics.

    A charge of a closed month came late, and rated tickets and deals were reassigned. Return the build, the published
    folder as it was before, and the reassigned deals.
    """

    def make(folder: Path) -> tuple[Built, Path, set[str]]:
        copy_of(oddities_build, folder)
        use_former_names(folder)
        former = Path(shutil.copytree(folder / "published", folder / "former"))
        source = Path(shutil.copytree(oddities_build.input, folder / "input"))
        add_late_charge(oddities_build, source)
        reassigned = reassign(oddities_build, source)
        return good_build(folder, source, as_of=datetime(2026, 7, 1)), former, reassigned

    return once("later_build", make)


@pytest.fixture(scope="session")
def compiled(once) -> CompiledModels:
    """The models of statistics with the default vars, over tables that a test fills."""
    manifest = once("compiled", lambda folder: compile_models(folder, STATISTICS, as_of=WORLD_AS_OF))
    return CompiledModels(manifest, STATISTICS)
