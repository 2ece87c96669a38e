"""The history of builds: the input, vars and rules of each published version, and who accepted its alarms.

The schema `history` of the warehouse holds a row per build that was published. builds.jsonl in the folder of pay holds
the same rows, so that a new warehouse knows them, too. Neither lies in the folder that BI tools read, because both name
the persons who accepted alarms. dbt builds audit.builds, audit.build_info and audit.deliveries from these relations:

- history.builds: the earlier builds. The row of a build is added when it has published.
- raw_intake.this_build: the build that is running, or the last one.
- raw_intake.delivered_files: the files that it reads.

The id of a build is the SHA-256 of its input, as_of, vars, rules, version, and of the alarms that its command line
accepts. So it is known before dbt runs, and is the same on every machine. The commit of the company's rules is
published beside it and decides nothing, because the rules themselves are in the id.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import InputFolder
from customer_outcomes.intake.sources import InputFile
from customer_outcomes.last_build import folder_sha256
from customer_outcomes.places.destination import BUILDS
from customer_outcomes.project import PROJECT_ROOT, SAMPLE_INPUT
from customer_outcomes.settings import project_version
from customer_outcomes.warehouse import Connection, EngineError, common_columns, connect

BUILD_COLUMNS = {
    "build_id": "varchar",
    "as_of": "timestamp",
    "version": "varchar",
    "vars_sha256": "varchar",
    "rules_sha256": "varchar",
    "alarms_accepted": "varchar",
    "accepted_by": "varchar",
}
FRAME_COLUMNS = dict.fromkeys(("reporting_currency", "reporting_timezone", "rules_commit"), "varchar")
TABLES = {
    "history.builds": BUILD_COLUMNS,
    "raw_intake.this_build": BUILD_COLUMNS | FRAME_COLUMNS,
    "raw_intake.delivered_files": {"input_table": "varchar", "path": "varchar", "size": "bigint", "sha256": "varchar"},
}
Row = dict[str, str | None]
GIT_SECONDS = 20  # longest wait for git


@dataclass(frozen=True)
class Delivery:
    """One file of the input; `path` is its path within the input folder."""

    input_table: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """One build, as its history keeps it; `alarms_accepted` holds the alarms that its command line accepts."""

    deliveries: tuple[Delivery, ...]
    as_of: str
    reporting_currency: str
    reporting_timezone: str
    version: str
    vars_sha256: str
    rules_sha256: str
    alarms_accepted: tuple[str, ...] = ()
    accepted_by: str | None = None
    rules_commit: str | None = None

    @property
    def build_id(self) -> str:
        """The SHA-256 of everything that decides what the build publishes."""
        deciding = asdict(self)
        del deciding["accepted_by"], deciding["rules_commit"]
        return _sha256(deciding)

    @property
    def row(self) -> Row:
        """The row of history.builds."""
        return {
            "build_id": self.build_id,
            "as_of": self.as_of,
            "version": self.version,
            "vars_sha256": self.vars_sha256,
            "rules_sha256": self.rules_sha256,
            "alarms_accepted": ", ".join(self.alarms_accepted),
            "accepted_by": self.accepted_by,
        }


def describe(
    folder: InputFolder,
    settings: Mapping[str, object],
    rules: Path,
    threads: int,
    accepted: Sequence[str] = (),
    by: str | None = None,
    own_rules: Path | None = None,
) -> Record:
    """Return the record of a build; `rules` is the folder of the rule files that dbt loads.

    They were made from the company's folder `own_rules`, if it has one. `accepted` are the alarms that the command line
    accepts, `by` the person who does so. This reads every file of the input once.
    """
    files = sorted((file for files in folder.files.values() for file in files), key=lambda file: file.name)
    with ThreadPoolExecutor(threads) as readers:
        deliveries = tuple(readers.map(_delivery, files))
    return Record(
        deliveries,
        str(settings["as_of"]),
        str(settings["reporting_currency"]),
        str(settings["reporting_timezone"]),
        project_version(),
        _sha256({name: value for name, value in settings.items() if name != "as_of"}),
        folder_sha256(rules),
        tuple(sorted(set(accepted))),
        by if accepted else None,
        commit_of(own_rules) if own_rules else None,
    )


def commit_of(folder: Path) -> str | None:
    """Return the last commit that changed a folder, followed by a remark if files of it are not committed.

    None if git does not know the folder, cannot be run, or does not trust its owner; and for a folder of the project's
    own seeds or of the sample company, which its version names.
    """
    if any(folder.resolve().is_relative_to(own) for own in (PROJECT_ROOT / "seeds", SAMPLE_INPUT)):
        return None
    commit = _git(folder, "log", "-1", "--format=%H", "--", ".")
    if not commit:
        return None
    return f"{commit} with uncommitted changes" if _git(folder, "status", "--porcelain", "--", ".") else commit


def _git(folder: Path, *arguments: str) -> str | None:
    """Return the answer of git about a folder; None if it has none. git writes nothing, and reads no variable GIT_*."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=GIT_SECONDS,
            env=environment | {"LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def prepare_history(connection: Connection) -> None:
    """Create the relations and columns of the history that are missing."""
    for table, columns in TABLES.items():
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        definition = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
        connection.execute(f"create table if not exists {table} ({definition})")
        for name, data_type in columns.items():  # an older version of the project may have made the table without it
            connection.execute(f"alter table {table} add column if not exists {name} {data_type}")


def begin(connection: Connection, record: Record, pay: Path, work_folder: Path, former: str | None = None) -> None:
    """Write a build into its warehouse, and add the builds that only a copy of the history knows.

    If the warehouse is a new file, `former` is the name of the attached warehouse whose history it takes over. An older
    project kept the copy in the work folder. Raise UnusableInput if builds.jsonl cannot be read.
    """
    prepare_history(connection)
    if former:
        columns = ", ".join(common_columns(connection, f"{former}.history.builds", BUILD_COLUMNS))
        if columns:
            connection.execute(f"insert into history.builds by name select {columns} from {former}.history.builds")
    for folder in (pay, work_folder):
        for row in copied_builds(folder / BUILDS):
            _add(connection, "history.builds", row)
    connection.execute("delete from raw_intake.this_build")
    frame: Row = {name: getattr(record, name) for name in FRAME_COLUMNS}
    _add(connection, "raw_intake.this_build", record.row | frame)
    connection.register("delivered", pa.Table.from_pylist([asdict(delivery) for delivery in record.deliveries]))
    connection.execute("create or replace table raw_intake.delivered_files as from delivered")
    connection.unregister("delivered")


def copy_of_builds(warehouse: Path, record: Record) -> str:
    """Return the text of builds.jsonl, a JSON object per build, with the build that is about to be published."""
    with connect(warehouse, read_only=True) as connection:
        rows = {row["build_id"]: row for row in [record.row, *_builds(connection)]}
    ordered = sorted(rows.values(), key=lambda row: (str(row["as_of"]), str(row["build_id"])))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ordered)


def keep(warehouse: Path, record: Record, work_folder: Path) -> None:
    """Add a build that has published to the history of its warehouse.

    The build does not fail if the warehouse cannot be written: the next build takes the row from builds.jsonl in the
    folder of pay.
    """
    with suppress(OSError):  # the copy of an older project is in the folder of pay now
        (work_folder / BUILDS).unlink(missing_ok=True)
    with suppress(EngineError):  # another program may have the warehouse open
        with connect(warehouse, read_only=True) as connection:
            known = "select count(*) from history.builds join audit.builds using (build_id) where build_id = ?"
            if connection.execute(known, [record.build_id]).fetchall() == [(1,)]:
                return
        with connect(warehouse) as connection:
            connection.begin()
            _add(connection, "history.builds", record.row)
            _add(connection, "audit.builds", record.row)
            connection.commit()


def _add(connection: Connection, table: str, row: Row) -> None:
    """Add a row to a table with a row per build; a build that it holds already stays as it is."""
    values = ", ".join(f"cast(${name} as {'timestamp' if name == 'as_of' else 'varchar'}) as {name}" for name in row)
    connection.execute(
        f"insert into {table} by name select {values}"
        f" where not exists (select 1 from {table} where build_id = $build_id)",
        dict(row),
    )


def _builds(connection: Connection) -> list[Row]:
    """Return the rows of the history."""
    found = connection.execute(f"select {', '.join(BUILD_COLUMNS)} from history.builds").fetchall()
    return [dict(zip(BUILD_COLUMNS, row, strict=True)) | {"as_of": str(row[1])} for row in found]


def copied_builds(path: Path) -> list[Row]:
    """Return the rows of builds.jsonl; none if no build has written it yet."""
    if not path.exists():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [{name: row[name] for name in BUILD_COLUMNS} for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UnusableInput(f"{path}, the history of builds, cannot be read: {reason}.") from None


def _delivery(file: InputFile) -> Delivery:
    with file.path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return Delivery(file.table, file.name, content.tell(), sha256)


def _sha256(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
