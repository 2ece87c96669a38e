"""The warehouse's file, and the folder beside it that holds the working files of builds."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customer_outcomes.errors import UnusableInput, open_elsewhere, sentence
from customer_outcomes.places.locks import lock
from customer_outcomes.places.paths import refuse_pattern
from customer_outcomes.warehouse import DEFAULT_WAREHOUSE, EngineError, connect

# DuckDB names a database by its file. A name in SCHEMAS would hide a schema of the warehouse, and a name in RESERVED
# would be hidden by a database or schema that DuckDB always has.
SCHEMAS = ("landing", "records", "intermediate", "marts", "credit", "metrics", "compensation", "audit", "rules")
RESERVED = ("main", "temp", "system", "information_schema", "pg_catalog")
OURS = (".work", ".lock", ".wal", ".tmp")  # the suffixes of files and folders beside a warehouse


def check_warehouse(warehouse: Path) -> None:
    """Raise UnusableInput if a warehouse cannot be built at this path; nothing is written."""
    refuse_pattern(warehouse, "the warehouse otherwise")
    if warehouse.exists() and not warehouse.is_file():
        raise UnusableInput(f"{warehouse} is not a file; name a file for the warehouse.")
    stem = warehouse.stem.lower()
    if stem in RESERVED:
        raise UnusableInput(f"{warehouse.name} has a name that the engine keeps for itself; choose another.")
    if stem in SCHEMAS or stem.startswith("raw_"):
        raise UnusableInput(f"{warehouse.name} has the name of a schema in it; name the warehouse otherwise.")
    if warehouse.suffix in OURS:
        raise UnusableInput(f"{warehouse} is not a name for a warehouse; choose one such as {DEFAULT_WAREHOUSE.name}.")
    existing = next(folder for folder in warehouse.parents if folder.exists())
    if not existing.is_dir():
        raise UnusableInput(f"{warehouse} cannot be made: {existing} is a file.")
    if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
        raise UnusableInput(
            f"{warehouse} cannot be written: {existing} is read-only, or its permissions do not let you."
        )


@contextmanager
def hold_warehouse(warehouse: Path, work_folder: Path) -> Iterator[None]:
    """Lock the warehouse against other builds, and put temporary files into its work folder.

    Files that a killed build left there are removed first. Raise UnusableInput if another build or program has the
    warehouse open.
    """
    with lock(warehouse.with_suffix(".lock"), f"Another build of {warehouse} is running."):
        work_folder.mkdir(exist_ok=True)
        work_folder.chmod(0o700)
        if warehouse.exists():
            _try(warehouse)
            warehouse.chmod(0o600)
        shutil.rmtree(work_folder / "readable", ignore_errors=True)
        with temporary_files(work_folder / "tmp"):
            yield


@contextmanager
def temporary_files(folder: Path) -> Iterator[None]:
    """Put the temporary files of this process into a new folder, which is removed at the end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = variable
        shutil.rmtree(folder, ignore_errors=True)


def check_readable(warehouse: Path) -> None:
    """Raise UnusableInput if a file exists in the warehouse's place and is not a database, or is open for writing."""
    if warehouse.exists():
        _try(warehouse, read_only=True)


def _try(warehouse: Path, read_only: bool = False) -> None:
    """Open the warehouse once, so that an obstacle is reported before any input is read."""
    try:
        connect(warehouse, read_only=read_only).close()
    except EngineError as error:
        told = open_elsewhere(error, warehouse) or sentence(error, f"{warehouse} cannot be written")
        raise UnusableInput(told) from None


def remove_spill_files(warehouse: Path) -> None:
    """Remove the data that a killed build moved from memory to disk; the caller has the warehouse open for writing."""
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)
