"""The vars and the rules of the last build of a warehouse, which plain dbt commands take over.

They are kept inside the warehouse, in the schema raw_intake, so they stay with its file if it is moved. `outcomes
build` writes them together with the relations of the input, before dbt runs. So they always belong to the input that
the warehouse holds, even if the build failed later.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from customer_outcomes.errors import UnusableInput, raised_as
from customer_outcomes.rules.reading import RULES_FILE, RULES_FOLDER
from customer_outcomes.warehouse import AlreadyOpen, Connection, EngineError, MissingRelation, connect, dbt_connection


@dataclass(frozen=True)
class LastBuild:
    """The vars and rules that a warehouse's last build used."""

    warehouse: Path
    variables: dict[str, object]
    defaults: set[str]  # the vars that had their default
    rules: dict[str, str]  # the text of each rule file that dbt loads, by file name
    sources: dict[Path, str]  # the SHA-256 of each folder from which the rule files were made

    def check_variables(self, given: Mapping[str, object], defaults: Mapping[str, object]) -> None:
        """Raise UnusableInput if a given var, or a default that was edited since, differs from the build's value."""
        edited = {name: defaults[name] for name in self.defaults if name in defaults}
        others = {
            name: value
            for name, value in (edited | dict(given)).items()
            if name in self.variables and _plain(name, value) != _plain(name, self.variables[name])
        }
        if others:
            found = ", ".join(
                f"{name} {_shown(self.variables[name])}, not {_shown(value)}" for name, value in others.items()
            )
            wanted = json.dumps(others, default=str, ensure_ascii=False)
            raise UnusableInput(
                f"Plain dbt takes the vars of the last build of {self.warehouse}, which had {found}:"
                f" run `outcomes build --vars '{wanted}'` to build with others."
            )

    def check_rules(self, given: Path | None) -> None:
        """Raise UnusableInput if the given rules, or the rules that are in the build's folders now, differ."""
        changed = [
            folder for folder, sha256 in self.sources.items() if folder.is_dir() and folder_sha256(folder) != sha256
        ]
        if given is not None and _copies(given) != self.rules:
            changed = [given]
        if changed:
            raise UnusableInput(
                f"Plain dbt takes the rules of the last build of {self.warehouse}, but the rules in {changed[0]}"
                " differ: run `outcomes build` to build with them."
            )

    def write_rules(self, folder: Path) -> Path:
        """Write the rule files that dbt loads, and their contract, into a folder that lacks them; return the folder.

        Raise UnusableInput if they cannot be written.
        """
        contract = folder / RULES_FILE.name
        try:
            if _copies(folder) != self.rules:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                for name, content in self.rules.items():
                    (folder / name).write_bytes(content.encode())
            if not contract.exists() or contract.read_bytes() != RULES_FILE.read_bytes():
                shutil.copyfile(RULES_FILE, contract)
        except OSError as error:
            raise UnusableInput(
                f"The rules of the last build cannot be written to {folder}: {error.strerror}."
            ) from None
        return folder


def record_build(
    connection: Connection,
    variables: Mapping[str, object],
    defaults: Mapping[str, object],
    copies: Path,
    own_rules: Path | None,
) -> None:
    """Write the vars and the rules of a build into its warehouse.

    `variables` are the given vars, `defaults` all vars with their defaults. `copies` is the folder of the rule files
    that dbt loads, `own_rules` the company's folder from which they were made.
    """
    values = {**defaults, **variables}
    sources = [RULES_FOLDER, *([own_rules.resolve()] if own_rules else [])]
    tables: dict[str, list[Any]] = {
        "build_vars (name varchar, value varchar, is_default boolean)": [
            [name, json.dumps(value), value == defaults.get(name)] for name, value in values.items()
        ],
        "build_rules (file_name varchar, content varchar)": list(_copies(copies).items()),
        "build_run (run_id varchar)": [[uuid.uuid4().hex]],  # tells a copy of this warehouse from one of another run
        # The project's own folder is recorded as null, because its path differs from machine to machine.
        "build_rule_sources (folder varchar, sha256 varchar)": [
            [None if folder == RULES_FOLDER else str(folder), folder_sha256(folder)] for folder in sources
        ],
    }
    connection.begin()
    for table, rows in tables.items():
        connection.execute(f"create or replace table raw_intake.{table}")
        name, places = table.split()[0], ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into raw_intake.{name} values ({places})", rows)
    connection.commit()


def read_last_build(warehouse: Path) -> LastBuild | None:
    """Return the vars and rules of the last build of a warehouse; None if no build recorded any.

    Raise UnusableInput if the warehouse cannot be read.
    """
    if not warehouse.is_file():
        return None
    with _reading(warehouse) as connection:
        tables = connection.execute(
            "select count(*) from information_schema.tables"
            " where table_schema = 'raw_intake' and table_name = 'build_vars'"
        ).fetchall()
        if tables == [(0,)]:
            return None
        variables = connection.execute("select name, value, is_default from raw_intake.build_vars").fetchall()
        rules = connection.execute("select file_name, content from raw_intake.build_rules").fetchall()
        sources = connection.execute("select folder, sha256 from raw_intake.build_rule_sources").fetchall()
    return LastBuild(
        warehouse,
        {name: json.loads(value) for name, value, _ in variables},
        {name for name, _, is_default in variables if is_default},
        dict(rules),
        {Path(folder) if folder else RULES_FOLDER: sha256 for folder, sha256 in sources},
    )


def renew_copy(warehouse: Path, copy: Path) -> bool:
    """Copy a warehouse, unless the copy that exists was made after the last build; return whether it was copied.

    Raise UnusableInput if no build has made the warehouse, or it cannot be copied.
    """
    run_id = _run_id(warehouse)
    if run_id is None:
        raise UnusableInput(f"{copy} is a copy of {warehouse}, which no build has made: run `outcomes build` first.")
    if _run_id(copy) == run_id:
        return False
    if (log := warehouse.with_name(f"{warehouse.name}.wal")).exists():
        raise UnusableInput(f"{log} holds changes that the engine has not yet written; run `outcomes build` again.")
    with raised_as(UnusableInput, copy):
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        copy.with_name(f"{copy.name}.wal").unlink(missing_ok=True)
        new = copy.with_suffix(".new")
        shutil.copyfile(warehouse, new)
        new.replace(copy)
    return True


def _run_id(warehouse: Path) -> str | None:
    """Return the id of the run of the last build of a warehouse; None if no build recorded it."""
    if not warehouse.is_file():
        return None
    with _reading(warehouse) as connection:
        try:
            return connection.execute("select run_id from raw_intake.build_run").fetchall()[0][0]
        except MissingRelation:
            return None


def as_utc(moment: object) -> str:
    """Return a moment in UTC without an offset, the form of dbt's var as_of.

    The moment is ISO 8601 text or a date or datetime that YAML has read; without an offset it is UTC. Raise ValueError
    for anything else.
    """
    parsed = datetime.fromisoformat(str(moment))
    if parsed.tzinfo:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.isoformat(sep=" ")


def check_as_of(as_of: object) -> None:
    """Raise UnusableInput if as_of is no moment that as_utc takes, or one after now."""
    try:
        moment, now = as_utc(as_of), as_utc(datetime.now(UTC))
    except (ValueError, OverflowError):
        raise UnusableInput(f"as_of is {as_of!r}, which is not an ISO 8601 timestamp.") from None
    if datetime.fromisoformat(moment) > datetime.fromisoformat(now):
        raise UnusableInput(f"as_of is {moment} (UTC), which is after now, {now[:19]}; name an earlier moment.")


@contextmanager
def _reading(warehouse: Path) -> Iterator[Connection]:
    try:
        connection = connect(warehouse, read_only=True)
    except AlreadyOpen:  # an earlier dbt command of this process has the warehouse open for writing
        connection = dbt_connection()
    except EngineError as error:
        said = str(error).splitlines()[0]
        raise UnusableInput(f"The vars and rules of the last build cannot be read from {warehouse}: {said}") from None
    try:
        yield connection
    finally:
        connection.close()


def _copies(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*.csv"))}


def folder_sha256(folder: Path) -> str:
    """Return the SHA-256 of the names and the contents of a folder's CSV files."""
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" and path.is_file():
            content = path.read_bytes()
            found.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def _plain(name: str, value: object) -> object:
    """Return a var's value in a form in which equal values are equal: moments in UTC, other values as JSON."""
    if name == "as_of":
        try:
            return as_utc(value)
        except ValueError:
            return value
    return json.dumps(value, default=str)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False).strip('"')
