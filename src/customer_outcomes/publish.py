"""Publishing: the public relations as Parquet files and as one read-only DuckDB file, and finance's workbook."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from customer_outcomes.errors import FailedCheck
from customer_outcomes.finance.workbook import WORKBOOK, write_workbook
from customer_outcomes.places.destination import CONTENTS, new_candidate, swap_in
from customer_outcomes.places.locks import open_to_readers
from customer_outcomes.places.paths import is_pattern, plain_path
from customer_outcomes.progress import Progress
from customer_outcomes.signals import set_stop_note, uninterrupted
from customer_outcomes.warehouse import DATABASE, STORAGE_VERSION, connect, quoted


def public_relations(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Return the key columns of every public model in dbt's manifest, by its name '<schema>.<name>'."""
    return {
        f"{node['schema']}.{node['alias']}": _grain(node)
        for node in sorted(manifest["nodes"].values(), key=lambda node: node["unique_id"])
        if node["resource_type"] == "model" and node["access"] == "public"
    }


def _grain(node: dict[str, Any]) -> list[str]:
    """Return the columns of a model's primary key or, if it has none because they may be null, of its `meta.key`."""
    keys = [constraint["columns"] for constraint in node["constraints"] if constraint["type"] == "primary_key"]
    return keys[0] if keys else node["config"]["meta"]["key"]


def publish(
    warehouse: Path,
    manifest: dict[str, Any],
    destination: Path,
    contents: Callable[[dict[str, int]], str],
    progress: Progress,
    before_swap: Callable[[], None] = lambda: None,
) -> None:
    """Write the public relations beside `destination`, then put the finished folder in its place.

    A reader sees either the last good version or this one, never a mixture; files that are open keep their content.
    `contents` returns the text of contents.json, given the number of rows of each relation. `before_swap` is called
    when everything is written; if it raises an error, the last good version stays. The caller must have locked the
    destination with `hold`. Raise FailedCheck if a published relation lacks rows.
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
            set_stop_note(f"{destination} holds the new version.")
    except BaseException:
        shutil.rmtree(candidate, ignore_errors=True)
        raise


def _write(warehouse: Path, manifest: dict[str, Any], candidate: Path, progress: Progress) -> dict[str, int]:
    """Write everything except contents.json, and return the number of rows of each relation."""
    relations = public_relations(manifest)
    rows: dict[str, int] = {}
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
                raise FailedCheck(f"{relation} has {received} rows, but {rows[relation]} were published.")
            progress(number, len(relations))
        connection.execute("checkpoint published")  # a full disk raises its error here, with the file's name
        connection.execute("detach published")
        write_workbook(connection, candidate / WORKBOOK)
    return rows


@contextmanager
def _database(candidate: Path) -> Iterator[Path]:
    """Yield the path to which the database is written; afterwards it is in the candidate folder.

    If a path holds a ?, DuckDB puts its write-ahead log into another folder, even if the path is a link. A database
    with a path like that is written into the folder for temporary files first, and then moved.
    """
    if not is_pattern(candidate):
        yield candidate / DATABASE
        return
    with tempfile.TemporaryDirectory(prefix="customer_outcomes_") as folder:
        yield Path(folder) / DATABASE
        shutil.move(Path(folder) / DATABASE, candidate / DATABASE)
