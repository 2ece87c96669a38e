"""Reads and checks the rule files of a company, with the parser of the input contract.

The contract of the files is seeds/rules/_rules__seeds.yml. Each fault becomes a sentence with file, row, column and
value, and all faults are reported together before anything is built. dbt loads normalized copies of the files, so it
never has to guess the type of a value.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from customer_outcomes.errors import UnusableInput, first_sentences, raised_as
from customer_outcomes.intake.folder import InputFolder, connect_folder
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.rules.files import RuleFile, read_rule_file, shown_value
from customer_outcomes.rules.forms import fold_name, folded, parsed, without_blanks
from customer_outcomes.rules.sentences import LIMIT, why_refused
from customer_outcomes.warehouse import Connection, connect

RULES_FOLDER = PROJECT_ROOT / "seeds" / "rules"
RULES_FILE = RULES_FOLDER / "_rules__seeds.yml"
CATALOG_FOLDER = PROJECT_ROOT / "seeds" / "catalog"
USERS = "crm.users"
FOREVER = "9999-12-31"
Row = dict[str, str | None]  # the normalized values of a row by column; None is an empty or a faulty value


@dataclass(frozen=True)
class Column:
    """One column of a rule file, as its contract describes it.

    `values` are the only allowed values. `known` are values that are written in one form, beside which others are
    allowed. `references` is the rule file or input table that must hold the value. `former` is the catalogue file that
    maps former values to present ones.
    """

    name: str
    data_type: str
    required: bool = False
    values: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    references: str | None = None
    former: str | None = None

    @property
    def renamed(self) -> dict[str, str]:
        """The present values by their former names."""
        return _former_names(self.former) if self.former else {}


@dataclass(frozen=True)
class Rule:
    """One rule file: its columns, and its key, which no two rows may share."""

    key: tuple[str, ...]
    columns: tuple[Column, ...]


@cache
def load_rules() -> dict[str, Rule]:
    """Return the contract of every rule file by its name without .csv."""
    rules: dict[str, Rule] = {}
    for seed in yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["seeds"]:
        types = seed["config"]["column_types"]
        metas = {column["name"]: column.get("config", {}).get("meta", {}) for column in seed["columns"]}
        columns = [_column(name, types[name], meta) for name, meta in metas.items()]
        rules[seed["name"]] = Rule(tuple(seed["config"]["meta"]["key"]), tuple(columns))
    return rules


def _column(name: str, data_type: str, meta: dict[str, Any]) -> Column:
    """Return a column from the `config.meta` of its entry in the contract, whose lists become tuples."""
    values: dict[str, Any] = {key: tuple(value) if type(value) is list else value for key, value in meta.items()}
    return Column(name, data_type, **values)


@cache
def _former_names(name: str) -> dict[str, str]:
    """Return the present names in a catalogue file by the former names, which are in its first column."""
    with (CATALOG_FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as text:
        return dict(list(csv.reader(text))[1:])


@dataclass
class Rules:
    """The rules of one build: the normalized rows of each rule file by their numbers, and all faults."""

    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    faults: list[tuple[str, int, int, str]] = field(default_factory=list)  # file, row, position of the column, sentence
    faulty: set[tuple[str, int, str]] = field(default_factory=set)  # rule, row, column
    remarks: list[str] = field(default_factory=list)

    def refuse(self, name: str, number: int, columns: tuple[str, ...], sentence: str) -> None:
        """Add a fault of one or several columns of a row."""
        order = [column.name for column in load_rules()[name].columns].index(columns[0])
        where = f"{name}.csv, row {number}, column{'s' * (len(columns) > 1)} {', '.join(columns)}"
        self.faults.append((name, number, order, f"{where}: {sentence}"))
        self.faulty |= {(name, number, column) for column in columns}

    def check_users(self, folder: InputFolder, paid_disputes: Callable[[], set[str]]) -> None:
        """Add a fault for each user that a rule names and crm.users lacks; a paid dispute may name a missing user."""
        named = [
            (name, number, column.name, row[column.name])
            for name, rule in load_rules().items()
            for column in rule.columns
            if column.references == USERS
            for number, row in self.rows[name].items()
            if row[column.name] is not None
        ]
        known = _delivered_users(folder) if named else set()
        unknown = [found for found in named if found[-1] not in known]
        paid = paid_disputes() if any(name == "disputes" for name, *_ in unknown) else set()
        for name, number, column, user in unknown:
            if self.rows[name][number].get("dispute_id") not in paid:
                self.refuse(name, number, (column,), f"{USERS} has no user {shown_value(user)}.")

    def check_credit_model(self, model: str) -> None:
        """Add a fault if the var credit_attribution_model names a model that attribution_models.csv lacks."""
        name = "attribution_models"
        known = {row["attribution_model"] for row in self.rows[name].values()}
        if model not in known and name not in self.unreadable:
            self.faults.append((name, 0, 0, f"credit_attribution_model is {model}, which {name}.csv does not have."))

    def raise_if_faulty(self) -> None:
        """Raise UnusableInput with the sentences of all faults, if there are any."""
        if self.faults:
            raise UnusableInput(*first_sentences([fault[-1] for fault in sorted(self.faults)]))

    def write(self, folder: Path) -> Path:
        """Write the normalized copies that dbt loads, and their contract, into a new folder; return the folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(RULES_FILE, folder)
        for name, rule in load_rules().items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as text:
                writer = csv.DictWriter(text, [column.name for column in rule.columns], lineterminator="\n")
                writer.writeheader()
                writer.writerows(self.rows[name].values())
        return folder


def read_rules(own: Path | None) -> Rules:
    """Read a company's own rule files, and the project's default for each missing file.

    Faults are added to the `faults` of the result. Raise UnusableInput if `own` is not a folder.
    """
    rules = Rules()
    files = {name: RULES_FOLDER / f"{name}.csv" for name in load_rules()} | _own_files(own, rules)
    with connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name in load_rules():
            read_rule(connection, name, files[name], rules)
    _check_references(rules)
    return rules


def read_rule(connection: Connection, name: str, path: Path, rules: Rules) -> None:
    """Read one rule file into the rules; the SQL of a connection parses its values."""
    file = read_rule_file(path, [column.name for column in load_rules()[name].columns])
    rules.faults += [(name, row, -1, sentence) for row, sentence in file.faults]
    if file.faults:
        rules.unreadable.add(name)
    rules.rows[name] = _read_values(connection, name, file, rules)
    _check_key(name, rules)


def _own_files(own: Path | None, rules: Rules) -> dict[str, Path]:
    """Return the rule files of a company's folder by name; add a fault for every other file."""
    if own is None:
        return {}
    if not own.is_dir():
        raise UnusableInput(f"{own} is not a folder.")
    files: dict[str, Path] = {}
    for path in sorted(own.iterdir()):
        name, is_csv = fold_name(path.stem), fold_name(path.suffix) == ".csv"
        if path.name.startswith("."):
            continue
        if not is_csv or name not in load_rules():
            known = ", ".join(f"{rule}.csv" for rule in sorted(load_rules()))
            fault = f"{path.name} is not a rule file; the rule files are {known}."
        elif not path.is_file():
            fault = f"{path.name} is not a file."
        elif name in files:
            fault = f"{files[name].name} and {path.name} are files of the same rule; remove one of them."
        else:
            files[name] = path
            continue
        rules.faults.append((path.name, 0, -1, fault))
    return files


def _read_values(connection: Connection, name: str, file: RuleFile, rules: Rules) -> dict[int, Row]:
    """Return the rows of a file with normalized values; a faulty value becomes None and a fault of the rules."""
    columns = load_rules()[name].columns
    cells = {column.name: pa.array([row[column.name] for _, row in file.rows], pa.string()) for column in columns}
    connection.register("cells", pa.table({"_row": [number for number, _ in file.rows], **cells}))
    texts = ", ".join(f"{_renamed(column)} as {column.name}" for column in columns)
    values = ", ".join(f"{_normalized(column)}, {column.name}" for column in columns)
    answer = connection.execute(f"select _row, {values} from (select _row, {texts} from cells) order by _row")
    found: dict[int, Row] = {}
    for number, *pairs in answer.fetchall():
        row = found[number] = {}
        for column, value, text in zip(columns, pairs[::2], pairs[1::2], strict=True):
            row[column.name] = value
            if text is None and column.required:
                rules.refuse(name, number, (column.name,), "it is empty; every row needs a value.")
            elif text is not None and value is None:
                sentence = why_refused(shown_value(text), column.data_type, column.values)
                rules.refuse(name, number, (column.name,), sentence)
    _remark_on_former_names(name, file, found, rules)
    return found


def _renamed(column: Column) -> str:
    """Return the SQL of a cell as text, in which a former name is replaced by the present one."""
    text = without_blanks(column.name)
    names = "".join(f" when '{former}' then '{present}'" for former, present in column.renamed.items())
    return f"case {folded(text)}{names} else {text} end" if names else text


def _remark_on_former_names(name: str, file: RuleFile, found: dict[int, Row], rules: Rules) -> None:
    """Add a remark for each former name that was read as its present one."""
    for column in load_rules()[name].columns:
        for number, cells in file.rows if column.renamed else ():
            former, present = fold_name(cells[column.name]), found[number][column.name]
            if column.renamed.get(former, former) == present != former:
                where = f"{name}.csv, row {number}, column {column.name}"
                rules.remarks.append(f"{where}: {former} is named {present} now, and is read as that.")


def _normalized(column: Column) -> str:
    """Return the SQL of a value as normalized text; null if the value is not of its type or not in its list."""
    name, data_type = column.name, column.data_type
    value = parsed(name, data_type)
    if column.values or column.known:
        listed = ", ".join(f"'{word}'" for word in column.values or column.known)
        other = "null" if column.values else name
        return f"case when {folded(name)} in ({listed}) then {folded(name)} else {other} end"
    if data_type == "varchar":
        return value
    sound = "true"
    if data_type in ("date", "timestamp"):
        sound = f"year({value}) between 1 and 9999"
    elif data_type.startswith("decimal"):
        # A number with more places than its column is refused, because rounding it would silently change pay.
        sound = f"abs({value}) < {LIMIT} and {value} = {parsed(name, 'decimal(38, 18)')}"
    return f"case when {sound} then cast({value} as varchar) end"


def _check_key(name: str, rules: Rules) -> None:
    """Add a fault for each row with the key of an earlier row, or valid while another row with its key is valid."""
    key, rows = load_rules()[name].key, rules.rows[name]
    alike: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    parts = tuple(column for column in key if column != "valid_from")
    for number, row in rows.items():
        if not any((name, number, column) in rules.faulty for column in (*key, "valid_to")):
            alike[tuple(row[column] for column in parts)].append(number)
    for values, numbers in alike.items():
        shown = ", ".join(f"{column} {shown_value(value)}" for column, value in zip(parts, values, strict=True))
        if parts == key:
            for number in numbers[1:]:
                rules.refuse(name, number, key, f"{shown} is already in row {numbers[0]}.")
            continue
        for number, other in _overlaps(rows, numbers):
            since = rows[number]["valid_from"]
            rules.refuse(name, number, ("valid_from",), f"{shown} holds from {since}, when row {other} still holds.")


def _overlaps(rows: dict[int, Row], numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each row that becomes valid while an earlier row is still valid, with that earlier row."""
    last, until = 0, ""
    # Rows with a faulty key have been left out, and valid_from is part of the key; so every row here has it.
    starts = {number: rows[number]["valid_from"] or "" for number in numbers}
    for number in sorted(numbers, key=lambda number: (starts[number], number)):
        start, end = starts[number], rows[number]["valid_to"] or FOREVER
        if start < until:
            yield number, last
        if end > max(start, until):
            last, until = number, end


def _check_references(rules: Rules) -> None:
    """Add a fault for each value that should be a key of another rule file and is not."""
    for name, rule in load_rules().items():
        for column in rule.columns:
            target = column.references
            if target in load_rules() and target not in rules.unreadable:
                referred = load_rules()[target].key[0]
                known = {row[referred] for row in rules.rows[target].values()}
                for number, row in rules.rows[name].items():
                    value = row[column.name]
                    if value is not None and value not in known:
                        sentence = f"{target}.csv has no {referred} {shown_value(value)}."
                        rules.refuse(name, number, (column.name,), sentence)


def _delivered_users(folder: InputFolder) -> set[str]:
    """Return every user_id in the input; dbt decides later whether the user is faulty, deleted or a bot."""
    users = InputFolder(folder.path, {USERS: folder.files.get(USERS, [])})
    with (
        raised_as(UnusableInput, f"{USERS} cannot be read"),
        tempfile.TemporaryDirectory(prefix="customer_outcomes_") as work,
        connect() as connection,
    ):
        connect_folder(connection, users, Path(work))
        rows = connection.execute(
            f"select distinct {without_blanks('cast(user_id as varchar)')} from raw_{USERS}"
        ).fetchall()
    return {user for (user,) in rows}
