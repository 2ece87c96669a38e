"""What the last build of a warehouse was of: as_of and every other var, and its rules. Plain dbt takes them.

They stand in the warehouse, in raw_intake beside the relations of the input, and go where it goes. `outcomes build`
writes them with those, before dbt runs, so that they are of the build whose relations are there, also where its checks
failed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from customer_outcomes.errors import UnusableInput
from customer_outcomes.rules.reading import RULES_FILE, RULES_FOLDER
from customer_outcomes.warehouse import AlreadyOpen, Connection, EngineError, connect, dbt_connection


@dataclass(frozen=True)
class LastBuild:
    """What a warehouse holds of its last build."""

    warehouse: Path
    variables: dict[str, object]
    defaults: set[str]  # the vars whose default the build took
    rules: dict[str, str]  # the text of each copy that dbt loads, by the name of its file
    sources: dict[Path, str]  # the hash of each folder of which the copies were made

    def check_variables(self, given: Mapping[str, object], defaults: Mapping[str, object]) -> None:
        """Raise UnusableInput where a var that was given, or whose default was edited since, is not the build's."""
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
        """Raise UnusableInput where the rules that were given, or those in the build's folders, are not the build's."""
        changed = [folder for folder, sha256 in self.sources.items() if folder.is_dir() and _sha256(folder) != sha256]
        if given is not None and _copies(given) != self.rules:
            changed = [given]
        if changed:
            raise UnusableInput(
                f"Plain dbt takes the rules of the last build of {self.warehouse}, and those in {changed[0]} differ:"
                " run `outcomes build` to build with them."
            )

    def write_rules(self, folder: Path) -> Path:
        """Write the copies that dbt loads, and beside them their contract, where they are not there already."""
        contract = folder / RULES_FILE.name
        try:
            if _copies(folder) != self.rules:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                for name, content in self.rules.items():
                    (folder / name).write_bytes(content.encode())
            if not contract.exists() or contract.read_bytes() != RULES_FILE.read_bytes():
                shutil.copy(RULES_FILE, contract)
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
    """Write what this build is of: the vars that it was given, the defaults, and the copies of its rules."""
    values = {**defaults, **variables}
    sources = [RULES_FOLDER, *([own_rules.resolve()] if own_rules else [])]
    tables = {
        "build_vars (name varchar, value varchar, is_default boolean)": [
            [name, json.dumps(value), value == defaults.get(name)] for name, value in values.items()
        ],
        "build_rules (file_name varchar, content varchar)": list(_copies(copies).items()),
        # the project's own folder has no name, because it is there wherever the warehouse goes
        "build_rule_sources (folder varchar, sha256 varchar)": [
            [None if folder == RULES_FOLDER else str(folder), _sha256(folder)] for folder in sources
        ],
    }
    connection.begin()
    for table, rows in tables.items():
        connection.execute(f"create or replace table raw_intake.{table}")
        name, places = table.split()[0], ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into raw_intake.{name} values ({places})", rows)
    connection.commit()


def read_last_build(warehouse: Path) -> LastBuild | None:
    """Return what the last build of a warehouse was of; None where no build got as far as dbt."""
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


def as_utc(moment: object) -> str:
    """Return a moment, ISO 8601 or as YAML reads it, as dbt's var takes it: in UTC, without an offset."""
    parsed = datetime.fromisoformat(str(moment))
    if parsed.tzinfo:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.isoformat(sep=" ")


@contextmanager
def _reading(warehouse: Path) -> Iterator[Connection]:
    try:
        connection = connect(warehouse, read_only=True)
    except AlreadyOpen:  # an earlier dbt command of this process has it open to write
        connection = dbt_connection()
    except EngineError as error:
        said = str(error).splitlines()[0]
        raise UnusableInput(f"{warehouse} does not say what its last build was of: {said}") from None
    try:
        yield connection
    finally:
        connection.close()


def _copies(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*.csv"))}


def _sha256(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" and path.is_file():
            content = path.read_bytes()
            found.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def _plain(name: str, value: object) -> object:
    """Return a var's value for comparison: moments in one form, lists of YAML and of JSON alike."""
    if name == "as_of":
        try:
            return as_utc(value)
        except ValueError:
            return value
    return json.dumps(value, default=str)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False).strip('"')
