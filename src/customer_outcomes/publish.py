"""Publishing: the public relations as Parquet files and as one read-only DuckDB file, in two folders.

People and BI tools read one folder, with the schemas of FIGURE_SCHEMAS and the page of figures. The other one is pay's,
which its owner alone may read: it holds every other public relation, finance's workbook, and the files that the caller
gives, such as the history of builds. Each folder is a whole by itself. No file of one leads to the other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from customer_outcomes.comments import Description, comments_on, describe
from customer_outcomes.errors import FailedCheck, raised_as
from customer_outcomes.finance.workbook import WORKBOOK, write_workbook
from customer_outcomes.places.destination import CONTENTS, PAGE, new_candidate, swap_in
from customer_outcomes.places.locks import keep_private, open_to_readers
from customer_outcomes.places.paths import is_pattern, plain_path
from customer_outcomes.progress import Progress
from customer_outcomes.signals import set_stop_note, uninterrupted
from customer_outcomes.warehouse import DATABASE, STORAGE_VERSION, Connection, connect, quoted

FIGURE_SCHEMAS = ("marts", "metrics", "audit")  # a public relation of any other schema is published with pay
Relations = dict[str, list[str]]  # the key columns of relations, by name '<schema>.<name>'


@dataclass(frozen=True)
class Folder:
    """One published folder.

    `texts` gives its text files by name, given the number of rows of each relation in it. `page` gives its page, if it
    has one, from a connection that sees the relations in it.
    """

    place: Path
    texts: Callable[[dict[str, int]], dict[str, str]]
    page: Callable[[Connection], str] | None = None


def public_nodes(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every public model of dbt's manifest, and every seed that says in its meta that it is public."""
    return [
        node
        for node in sorted(manifest["nodes"].values(), key=lambda node: node["unique_id"])
        if (node["resource_type"] == "model" and node["access"] == "public")
        or (node["resource_type"] == "seed" and node["config"]["meta"].get("is_public"))
    ]


def public_relations(manifest: dict[str, Any]) -> Relations:
    """Return the key columns of every public relation in dbt's manifest, by its name '<schema>.<name>'."""
    return {f"{node['schema']}.{node['alias']}": _grain(node) for node in public_nodes(manifest)}


def _grain(node: dict[str, Any]) -> list[str]:
    """Return the columns of a node's primary key or, if it has none, of its `meta.key`."""
    keys = [constraint["columns"] for constraint in node.get("constraints", []) if constraint["type"] == "primary_key"]
    return keys[0] if keys else node["config"]["meta"]["key"]


def publish(
    warehouse: Path,
    manifest: dict[str, Any],
    figures: Folder,
    pay: Folder,
    progress: Progress,
    before_swap: Callable[[], None] = lambda: None,
) -> None:
    """Write both folders beside their places, then put the finished ones there: first pay, then the figures.

    A reader of a folder sees either the last good version or this one, never a mixture; files that are open keep their
    content. `before_swap` is called when everything is written; if it raises an error, the last good version stays. The
    caller must have locked both places with `hold`. Raise FailedCheck, which names the folder at fault, if something
    cannot be written or a published relation lacks rows.
    """
    relations = public_relations(manifest)
    descriptions = {found.relation: found for found in map(describe, public_nodes(manifest))}
    of_figures = {name: grain for name, grain in relations.items() if name.split(".")[0] in FIGURE_SCHEMAS}
    of_pay = {name: grain for name, grain in relations.items() if name not in of_figures}
    done = count(1)

    def step() -> None:
        progress(next(done), len(relations) + bool(figures.page))

    with _candidate(pay) as next_pay, _candidate(figures) as next_figures:
        with raised_as(FailedCheck, pay.place):
            _write(warehouse, of_pay, descriptions, next_pay, pay, step)
            _write_workbook(warehouse, next_pay)
            keep_private(next_pay)
            (next_pay / DATABASE).chmod(0o400)
        with raised_as(FailedCheck, figures.place):
            _write(warehouse, of_figures, descriptions, next_figures, figures, step)
            open_to_readers(next_figures)
            (next_figures / DATABASE).chmod(0o444)
        before_swap()
        with uninterrupted():
            with raised_as(FailedCheck, pay.place):
                swap_in(next_pay, pay.place, last=(DATABASE, CONTENTS))
            set_stop_note(f"{pay.place} holds the new version, {figures.place} the last one; build again.")
            with raised_as(FailedCheck, figures.place):
                swap_in(next_figures, figures.place, last=(DATABASE, CONTENTS))
            set_stop_note(f"{figures.place} and {pay.place} hold the new version.")


@contextmanager
def _candidate(folder: Folder) -> Iterator[Path]:
    """Yield a new folder to write in, which is removed if an error is raised."""
    with raised_as(FailedCheck, folder.place):
        candidate = new_candidate(folder.place)
    try:
        yield candidate
    except BaseException:
        shutil.rmtree(candidate, ignore_errors=True)
        raise


def _write(
    warehouse: Path,
    relations: Relations,
    descriptions: dict[str, Description],
    candidate: Path,
    folder: Folder,
    step: Callable[[], None],
) -> None:
    """Write relations, page and text files of a folder into its candidate; call `step` after each relation and page."""
    rows: dict[str, int] = {}
    with (
        connect(temporary_files=tempfile.gettempdir()) as connection,
        plain_path(candidate) as place,
        _database(candidate) as database,
    ):
        connection.execute(f"attach '{quoted(warehouse)}' as warehouse (read_only)")
        connection.execute(f"attach '{quoted(database)}' as published (storage_version '{STORAGE_VERSION}')")
        for relation, grain in relations.items():
            schema, name = relation.split(".")
            (candidate / schema).mkdir(exist_ok=True)
            connection.execute(f"create schema if not exists published.{schema}")
            connection.execute(
                f"create table published.{relation} as select * from warehouse.{relation} order by {', '.join(grain)}"
            )
            connection.execute(
                f"copy published.{relation} to '{quoted(place / schema / name)}.parquet'"
                f" (compression zstd, kv_metadata {descriptions[relation].metadata})"
            )
            rows[relation], received = (
                connection.execute(f"select count(*) from {place_of_rows}.{relation}").fetchall()[0][0]
                for place_of_rows in ("published", "warehouse")
            )
            if rows[relation] != received:
                raise FailedCheck(f"{relation} has {received} rows, but {rows[relation]} were published.")
            step()
        connection.execute(comments_on((descriptions[relation] for relation in relations), "published"))
        if folder.page is not None:
            connection.execute("use published")
            (candidate / PAGE).write_text(folder.page(connection), encoding="utf-8")
            connection.execute("use memory")
            step()
        connection.execute("checkpoint published")  # a full disk raises its error here, with the file's name
        connection.execute("detach published")
    for name, text in folder.texts(rows).items():
        (candidate / name).write_text(text, encoding="utf-8")


def _write_workbook(warehouse: Path, candidate: Path) -> None:
    with connect(temporary_files=tempfile.gettempdir()) as connection:
        connection.execute(f"attach '{quoted(warehouse)}' as warehouse (read_only)")
        write_workbook(connection, candidate / WORKBOOK)


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
