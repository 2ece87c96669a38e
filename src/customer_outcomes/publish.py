"""The published folder: public relations as Parquet, all as one read-only DuckDB file, and finance's workbook."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from customer_outcomes.errors import FailedCheck
from customer_outcomes.finance.workbook import WORKBOOK, write_workbook
from customer_outcomes.places.destination import CONTENTS, new_candidate, swap_in
from customer_outcomes.places.locks import open_to_readers
from customer_outcomes.places.paths import is_pattern, plain_path
from customer_outcomes.signals import console_by, uninterrupted
from customer_outcomes.warehouse import DATABASE, STORAGE_VERSION, connect, quoted


def public_relations(manifest: dict) -> dict[str, list[str]]:
    """Return '<schema>.<name>' -> grain, of every model that dbt's manifest calls public."""
    return {
        f"{node['schema']}.{node['alias']}": _grain(node)
        for node in sorted(manifest["nodes"].values(), key=lambda node: node["unique_id"])
        if node["resource_type"] == "model" and node["access"] == "public"
    }


def _grain(node: dict) -> list[str]:
    """Return the columns of a model's primary key; of one that may hold nulls, those that its meta names as its key."""
    keys = [constraint["columns"] for constraint in node["constraints"] if constraint["type"] == "primary_key"]
    return keys[0] if keys else node["config"]["meta"]["key"]


def publish(
    warehouse: Path,
    manifest: dict,
    destination: Path,
    contents: Callable[[dict[str, int]], str],
    progress: Callable[[int, int], None],
    before_swap: Callable[[], None] = lambda: None,
) -> None:
    """Write the public relations beside `destination` and swap the finished folder in.

    A reader sees the last good version or this one, each whole: open files stay what they were. `contents` returns the
    text of contents.json, given the number of rows of each relation. `before_swap` is called when all is written; what
    it raises leaves the last good version. Who publishes holds the destination (`hold`).
    """
    candidate = new_candidate(destination)
    try:
        rows = _write(warehouse, manifest, candidate, progress)
        (candidate / CONTENTS).write_text(contents(rows), encoding="utf-8")
        open_to_readers(candidate)
        (candidate / DATABASE).chmod(0o444)
        before_swap()
        with uninterrupted():
            swap_in(candidate, destination, last=(DATABASE, CONTENTS))
            console_by(f"{destination} holds the new version.")
    except BaseException:
        shutil.rmtree(candidate, ignore_errors=True)
        raise


def _write(warehouse: Path, manifest: dict, candidate: Path, progress: Callable[[int, int], None]) -> dict[str, int]:
    """Write all but contents.json and return the number of rows of each relation."""
    relations = public_relations(manifest)
    rows = {}
    with (
        connect(temporary_files=tempfile.gettempdir()) as connection,
        plain_path(candidate) as place,
        _database(candidate) as database,
    ):
        connection.execute(f"attach '{quoted(warehouse)}' as warehouse (read_only)")
        connection.execute(f"attach '{quoted(database)}' as published (storage_version '{STORAGE_VERSION}')")
        for number, (relation, grain) in enumerate(relations.items(), start=1):
            schema, name = relation.split(".")
            (candidate / schema).mkdir(exist_ok=True)
            connection.execute(f"create schema if not exists published.{schema}")
            connection.execute(
                f"create table published.{relation} as select * from warehouse.{relation} order by {', '.join(grain)}"
            )
            connection.execute(
                f"copy published.{relation} to '{quoted(place / schema / name)}.parquet' (compression zstd)"
            )
            rows[relation], received = (
                connection.execute(f"select count(*) from {place_of_rows}.{relation}").fetchall()[0][0]
                for place_of_rows in ("published", "warehouse")
            )
            if rows[relation] != received:
                raise FailedCheck(f"{relation} has {received} rows and {rows[relation]} of them were published.")
            progress(number, len(relations))
        connection.execute("checkpoint published")  # a full disk is said here, by its name
        connection.execute("detach published")
        write_workbook(connection, candidate / WORKBOOK)
    return rows


@contextmanager
def _database(candidate: Path) -> Iterator[Path]:
    """Lend a path to write the database to, which is the candidate's own when done.

    Of a path with a ? DuckDB puts the log of its writing into another folder, also where a link leads there; such a
    database is written into the folder for temporary files first.
    """
    if not is_pattern(candidate):
        yield candidate / DATABASE
        return
    with tempfile.TemporaryDirectory(prefix="customer_outcomes_") as folder:
        yield Path(folder) / DATABASE
        shutil.move(Path(folder) / DATABASE, candidate / DATABASE)
