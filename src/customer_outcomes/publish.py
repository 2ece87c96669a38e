"""The published folder: public relations as Parquet, all as one read-only DuckDB file, and finance's workbook."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from customer_outcomes import FailedCheck, UnusableInput
from customer_outcomes.guard import CONTENTS, DATABASE
from customer_outcomes.paths import is_pattern, plain_path
from customer_outcomes.workbook import WORKBOOK, write_workbook

# a file of this version is read by DuckDB 1.2 and later
STORAGE_VERSION = "v1.2.0"


def check_destination(destination: Path, others: list[Path]) -> None:
    """Raise UnusableInput where publishing cannot work, or would replace something that no build published.

    `others` are the files and folders of the build that it must not touch.
    """
    for other in others:
        if destination == other or destination in other.parents or other in destination.parents:
            raise UnusableInput(f"{destination} and {other} lie in one another; publish into a folder of its own.")
    existing = next(folder for folder in destination.parents if folder.exists())
    if not existing.is_dir():
        raise UnusableInput(f"{destination} cannot be made: {existing} is a file.")
    if destination.exists() and (
        not destination.is_dir() or (any(destination.iterdir()) and not (destination / CONTENTS).exists())
    ):
        raise UnusableInput(f"{destination} holds files that no build published; name an empty or a new folder.")


def public_relations(manifest: dict) -> dict[str, list[str]]:
    """Return '<schema>.<name>' -> grain, of every model that dbt's manifest calls public."""
    return {
        f"{node['schema']}.{node['alias']}": next(
            constraint["columns"] for constraint in node["constraints"] if constraint["type"] == "primary_key"
        )
        for node in sorted(manifest["nodes"].values(), key=lambda node: node["unique_id"])
        if node["resource_type"] == "model" and node["access"] == "public"
    }


def publish(
    warehouse: Path,
    manifest: dict,
    destination: Path,
    contents: Callable[[dict[str, int]], str],
    progress: Callable[[int, int], None],
) -> None:
    """Write the public relations beside `destination` and swap the finished folder in.

    `contents` returns the text of contents.json, given the number of rows of each relation.

    A reader sees the last good version or this one, each whole: open files stay what they were.
    """
    candidate = destination.with_name(f".{destination.name}.next")
    shutil.rmtree(candidate, ignore_errors=True)
    candidate.mkdir(parents=True)
    relations = public_relations(manifest)
    rows = {}
    with (
        duckdb.connect() as connection,
        plain_path(candidate) as place,
        _database(candidate, warehouse.parent) as database,
    ):
        connection.execute(f"attach '{_quoted(warehouse)}' as warehouse (read_only)")
        connection.execute(f"attach '{_quoted(database)}' as published (storage_version '{STORAGE_VERSION}')")
        for number, (relation, grain) in enumerate(relations.items(), start=1):
            schema, name = relation.split(".")
            (candidate / schema).mkdir(exist_ok=True)
            connection.execute(f"create schema if not exists published.{schema}")
            connection.execute(
                f"create table published.{relation} as select * from warehouse.{relation} order by {', '.join(grain)}"
            )
            connection.execute(
                f"copy published.{relation} to '{_quoted(place / schema / name)}.parquet' (compression zstd)"
            )
            rows[relation], received = (
                connection.execute(f"select count(*) from {place_of_rows}.{relation}").fetchall()[0][0]
                for place_of_rows in ("published", "warehouse")
            )
            if rows[relation] != received:
                raise FailedCheck(f"{relation} has {received} rows and {rows[relation]} of them were published.")
            progress(number, len(relations))
        connection.execute("detach published")
        write_workbook(connection, candidate / WORKBOOK)
    (candidate / DATABASE).chmod(0o444)
    (candidate / CONTENTS).write_text(contents(rows))
    _swap_in(candidate, destination)


@contextmanager
def _database(candidate: Path, spare: Path) -> Iterator[Path]:
    """Lend a path to write the database to, which is the candidate's own when done.

    Of a path with a ? DuckDB puts the log of its writing into another folder, also where a link leads there; such a
    database is written into a folder within `spare` first.
    """
    if not is_pattern(candidate):
        yield candidate / DATABASE
        return
    with tempfile.TemporaryDirectory(prefix=".customer_outcomes_", dir=spare) as folder:
        yield Path(folder) / DATABASE
        shutil.move(Path(folder) / DATABASE, candidate / DATABASE)


def _swap_in(candidate: Path, destination: Path) -> None:
    """Put one folder in the place of another in one step, and drop the other."""
    if not destination.exists():
        candidate.rename(destination)
        return
    try:
        _exchange(candidate, destination)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
        # a file system that cannot exchange: two steps, with an instant between them
        last = destination.with_name(f".{destination.name}.last")
        shutil.rmtree(last, ignore_errors=True)
        destination.rename(last)
        candidate.rename(destination)
        candidate = last
    shutil.rmtree(candidate)


def _exchange(first: Path, second: Path) -> None:
    """Exchange two names in one step: renameat2 with RENAME_EXCHANGE, which Python's os does not offer."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    at_current_folder, exchange = -100, 2
    if renameat2(at_current_folder, os.fsencode(first), at_current_folder, os.fsencode(second), exchange):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(second))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
