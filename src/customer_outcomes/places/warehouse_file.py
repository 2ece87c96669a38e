"""The warehouse's file, and the folder beside it that holds the working files of builds."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from customer_outcomes.errors import FailedCheck, UnusableInput, open_elsewhere, sentence
from customer_outcomes.places.locks import lock
from customer_outcomes.places.paths import refuse_pattern
from customer_outcomes.warehouse import DEFAULT_WAREHOUSE, EngineError, connect

# DuckDB names a database by its file. A name in SCHEMAS would hide a schema of the warehouse, and a name in RESERVED
# would be hidden by a database or schema that DuckDB always has.
SCHEMAS = ("landing", "records", "intermediate", "marts", "credit", "metrics", "compensation", "audit", "rules")
RESERVED = ("main", "temp", "system", "information_schema", "pg_catalog")
KEPT = ("builds.jsonl", "tmp")  # what a full refresh leaves in the work folder: the history, and its temporary files
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
def hold_warehouse(warehouse: Path, work_folder: Path, is_replaced: bool = False) -> Iterator[None]:
    """Lock the warehouse against other builds, and put temporary files into its work folder.

    Files that a killed build left there are removed first. Raise UnusableInput if another build or program has the
    warehouse open; a program that only reads it may have it open if the build writes a new file (`is_replaced`).
    """
    with lock(warehouse.with_suffix(".lock"), f"Another build of {warehouse} is running."):
        work_folder.mkdir(exist_ok=True)
        work_folder.chmod(0o700)
        if warehouse.exists():
            _try(warehouse, is_replaced=is_replaced)
            warehouse.chmod(0o600)
        else:
            remove_spill_files(warehouse)
        shutil.rmtree(work_folder / "readable", ignore_errors=True)
        shutil.rmtree(_new_folder(warehouse), ignore_errors=True)
        with temporary_files(work_folder / "tmp"):
            try:
                yield
            finally:
                shutil.rmtree(_new_folder(warehouse), ignore_errors=True)


def begin_new_file(warehouse: Path, work_folder: Path) -> Path:
    """Return the path of a new file for a warehouse, and remove what earlier builds left in the work folder.

    Only the history of builds stays there. The new file has the name of the warehouse, because its views hold this
    name, and lies in a folder beside it, which is on the same disk. The caller holds the warehouse.
    """
    for path in work_folder.iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    _new_folder(warehouse).mkdir(mode=0o700)
    return _new_folder(warehouse) / warehouse.name


def put_in_place(new: Path, warehouse: Path) -> None:
    """Put a new file in the place of the warehouse in one step, so that the old one is gone.

    A program that reads the old file keeps it until it closes the file. Raise FailedCheck if a log of the engine lies
    beside one of the files: it would be lost, or be taken for the log of the new file.
    """
    logs = [log for log in (_log_of(new), _log_of(warehouse)) if log.exists()]
    if logs:
        raise FailedCheck(f"{logs[0]} holds changes that the engine has not yet written; build again.")
    new.replace(warehouse)


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


def _new_folder(warehouse: Path) -> Path:
    """Return the folder beside a warehouse in which a full refresh builds."""
    return warehouse.with_name(f".{warehouse.stem}.new")


def _log_of(warehouse: Path) -> Path:
    """Return the path of the engine's write-ahead log, which exists while a warehouse is written."""
    return warehouse.with_name(f"{warehouse.name}.wal")


def check_readable(warehouse: Path) -> None:
    """Raise UnusableInput if a file exists in the warehouse's place and is not a database, or is open for writing."""
    if warehouse.exists():
        _try(warehouse, read_only=True)


def _try(warehouse: Path, read_only: bool = False, is_replaced: bool = False) -> None:
    """Open the warehouse once, so that an obstacle is reported before any input is read.

    A warehouse that is replaced need only be readable, unless changes wait in its log.
    """
    try:
        with connect(warehouse, read_only=read_only):
            if not read_only:
                remove_spill_files(warehouse)
    except EngineError as error:
        if is_replaced and not _log_of(warehouse).exists():
            with suppress(EngineError):
                connect(warehouse, read_only=True).close()
                return
        told = open_elsewhere(error, warehouse) or sentence(error, f"{warehouse} cannot be written")
        raise UnusableInput(told) from None


def remove_spill_files(warehouse: Path) -> None:
    """Remove the data that a killed build moved from memory to disk; nobody else has the warehouse open."""
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)
