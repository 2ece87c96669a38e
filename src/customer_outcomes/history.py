"""The history of builds: the input, vars and rules of each published version, and who accepted its alarms.

The schema `history` of the warehouse holds a row per build that was published. builds.jsonl in the published folder
holds the same rows, so that a new warehouse knows them, too. dbt builds audit.builds, audit.build_info and
audit.deliveries from these relations:

- history.builds: the earlier builds. The row of a build is added when it has published.
- raw_intake.this_build: the build that is running, without the name of the person who accepts alarms.
- raw_intake.delivered_files: the files that it reads.

The id of a build is the SHA-256 of its input, as_of, vars, rules, version and accepted alarms. Alarms are raised only
after dbt; if some are accepted, these relations get the final id then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa

from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import InputFolder
from customer_outcomes.intake.sources import InputFile
from customer_outcomes.last_build import folder_sha256
from customer_outcomes.places.destination import BUILDS
from customer_outcomes.settings import project_version
from customer_outcomes.warehouse import Connection, EngineError, connect

TABLES = {
    "history.builds": "build_id varchar, as_of timestamp, version varchar, vars_sha256 varchar, rules_sha256 varchar,"
    " alarms_accepted varchar, accepted_by varchar",
    "raw_intake.this_build": "build_id varchar, as_of timestamp, reporting_currency varchar,"
    " reporting_timezone varchar, version varchar, alarms_accepted varchar",
    "raw_intake.delivered_files": "input_table varchar, path varchar, size bigint, sha256 varchar",
}
BUILD_COLUMNS = [column.split()[0] for column in TABLES["history.builds"].split(", ")]


@dataclass(frozen=True)
class Delivery:
    """One file of the input; `path` is its path within the input folder."""

    input_table: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """One build, as its history keeps it; `alarms_accepted` holds the alarms that were raised and accepted."""

    deliveries: tuple[Delivery, ...]
    as_of: str
    reporting_currency: str
    reporting_timezone: str
    version: str
    vars_sha256: str
    rules_sha256: str
    alarms_accepted: tuple[str, ...] = ()
    accepted_by: str | None = None

    @property
    def build_id(self) -> str:
        """The SHA-256 of everything that decides what the build publishes."""
        deciding = asdict(self)
        del deciding["accepted_by"]
        return _sha256(deciding)

    @property
    def row(self) -> dict[str, str | None]:
        """The row of history.builds."""
        return {
            "build_id": self.build_id,
            "as_of": self.as_of,
            "version": self.version,
            "vars_sha256": self.vars_sha256,
            "rules_sha256": self.rules_sha256,
            "alarms_accepted": json.dumps(self.alarms_accepted),
            "accepted_by": self.accepted_by,
        }

    def accepted(self, alarms: list[str], by: str | None) -> Record:
        """Return the record with the alarms that a person accepted."""
        return replace(self, alarms_accepted=tuple(alarms), accepted_by=by if alarms else None)


def describe(folder: InputFolder, settings: Mapping[str, object], rules: Path, threads: int) -> Record:
    """Return the record of a build that has accepted no alarm; `rules` is the folder of the rule files that dbt loads.

    This reads every file of the input once.
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
    )


def prepare_history(connection: Connection) -> None:
    """Create the relations of the history that are missing."""
    for table, columns in TABLES.items():
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        connection.execute(f"create table if not exists {table} ({columns})")


def begin(connection: Connection, record: Record, published: Path) -> None:
    """Write a build into its warehouse, and the builds that only builds.jsonl in the published folder holds.

    Raise UnusableInput if builds.jsonl cannot be read.
    """
    prepare_history(connection)
    for row in _published_builds(published):
        _add(connection, "history.builds", row)
    _write_this_build(connection, record)
    connection.register("delivered", pa.Table.from_pylist([asdict(delivery) for delivery in record.deliveries]))
    connection.execute("create or replace table raw_intake.delivered_files as from delivered")
    connection.unregister("delivered")


def rename(warehouse: Path, record: Record) -> None:
    """Give a build that accepted alarms its final id, in all relations that dbt has built from the former one."""
    with connect(warehouse) as connection:
        connection.begin()
        _write_this_build(connection, record)
        connection.execute("delete from audit.build_info")
        connection.execute("insert into audit.build_info by name from raw_intake.this_build")
        connection.execute("update audit.deliveries set build_id = ?", [record.build_id])
        connection.commit()


def lines_of(warehouse: Path, record: Record) -> str:
    """Return the text of builds.jsonl: the builds that the warehouse knows and this one, a JSON object per line."""
    with connect(warehouse, read_only=True) as connection:
        known = connection.execute(f"select {', '.join(BUILD_COLUMNS)} from history.builds").fetchall()
    rows = {row[0]: dict(zip(BUILD_COLUMNS, row, strict=True)) | {"as_of": str(row[1])} for row in known}
    rows.setdefault(record.build_id, record.row)
    ordered = sorted(rows.values(), key=lambda row: (row["as_of"], row["build_id"]))
    return "".join(
        json.dumps(row | {"alarms_accepted": json.loads(row["alarms_accepted"])}, ensure_ascii=False) + "\n"
        for row in ordered
    )


def keep(warehouse: Path, record: Record) -> None:
    """Add a build that has published to the history of its warehouse.

    If another program has the warehouse open, the next build takes the row from builds.jsonl.
    """
    with suppress(EngineError):
        with connect(warehouse, read_only=True) as connection:
            known = "select count(*) from history.builds join audit.builds using (build_id) where build_id = ?"
            if connection.execute(known, [record.build_id]).fetchall() == [(1,)]:
                return
        with connect(warehouse) as connection:
            connection.begin()
            _add(connection, "history.builds", record.row)
            _add(connection, "audit.builds", record.row)
            connection.commit()


def _write_this_build(connection: Connection, record: Record) -> None:
    connection.execute("delete from raw_intake.this_build")
    connection.execute(
        "insert into raw_intake.this_build values (?, cast(? as timestamp), ?, ?, ?, ?)",
        [
            record.build_id,
            record.as_of,
            record.reporting_currency,
            record.reporting_timezone,
            record.version,
            record.row["alarms_accepted"],
        ],
    )


def _add(connection: Connection, table: str, row: Mapping[str, str | None]) -> None:
    """Add a row to a table with a row per build; a build that it holds already stays as it is."""
    values = ", ".join(f"cast(${name} as {'timestamp' if name == 'as_of' else 'varchar'}) as {name}" for name in row)
    connection.execute(
        f"insert into {table} by name select {values}"
        f" where not exists (select 1 from {table} where build_id = $build_id)",
        dict(row),
    )


def _published_builds(published: Path) -> list[dict[str, str | None]]:
    """Return the rows of builds.jsonl in a published folder, which lacks the file until a build has published."""
    path = published / BUILDS
    if not path.exists():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [
            {name: row[name] for name in BUILD_COLUMNS} | {"alarms_accepted": json.dumps(row["alarms_accepted"])}
            for row in rows
        ]
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UnusableInput(f"{path}, the history of builds, cannot be read: {reason}.") from None


def _delivery(file: InputFile) -> Delivery:
    with file.path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return Delivery(file.table, file.name, content.tell(), sha256)


def _sha256(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
