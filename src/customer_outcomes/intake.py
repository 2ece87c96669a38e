"""The folder of input: what is in it, whether it can be used, and its files as raw relations of the warehouse.

Nothing is copied: a raw relation is a view over its files, `raw_<domain>.<table>`, with the contract's columns as they
stand in the files, and with `_file` and `_row` (from 1). A CSV file that DuckDB's reader refuses is read line by line
instead, and what cannot be read of it becomes a row of raw_intake.unreadable_lines.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from customer_outcomes import UnusableInput
from customer_outcomes.contract import DELIVERY_COLUMNS, load_contract
from customer_outcomes.lines import rewrite_readable_rows

READERS = (".csv", ".parquet")
# the folder beside the domains' that holds a company's own rules
RULES = "rules"


@dataclass(frozen=True)
class InputFile:
    """One file of one input table: `name` is its path within the folder, `columns` its header as it stands."""

    table: str
    path: Path
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()


@dataclass
class InputFolder:
    """A folder that can be used: its files by input table, and what a reader of the load report should know."""

    path: Path
    files: dict[str, list[InputFile]]
    remarks: list[str] = field(default_factory=list)


def check_folder(folder: Path) -> InputFolder:
    """Read every file's name and header; raise UnusableInput, with a sentence for each fault, or return the folder."""
    if not folder.is_dir():
        raise UnusableInput(f"{folder} is not a folder.")
    folder = folder.absolute()
    contract = load_contract()
    files: dict[str, list[InputFile]] = defaultdict(list)
    faults, remarks = (
        [],
        [
            f"{path.name} is in no domain's folder and is passed over."
            for path in sorted(folder.iterdir())
            if path.is_file() and path.suffix in READERS
        ],
    )
    for path, table in _table_files(folder):
        name = path.relative_to(folder).as_posix()
        if any(mark in name for mark in "*?"):
            faults.append(f"{name} has a * or a ? in its name, which the reader takes for a pattern.")
        elif path.suffix not in READERS:
            faults.append(f"{name} is neither a .csv nor a .parquet file.")
        elif table not in contract:
            faults.append(f"{name} belongs to the table {table}, which the input contract does not have.")
        else:
            try:
                file = _read_header(table, path, name)
            except (OSError, ValueError, csv.Error, duckdb.Error) as error:
                faults.append(f"{name} cannot be read: {str(error).splitlines()[0]}.")
                continue
            files[table].append(file)
            faults += _column_faults(file, contract[table])
            remarks += [
                f"{name}: the column {column} is not in the input contract and is passed over."
                for column in file.columns
                if column not in contract[table]["columns"] and column not in DELIVERY_COLUMNS
            ]
    if not files and not faults:
        faults.append(f"{folder} holds no input: no <domain>/<table>.csv or .parquet.")
    elif not faults and "crm.accounts" not in files:
        faults.append(f"{folder} has no crm/accounts.csv or .parquet, the one table that is required.")
    if faults:
        raise UnusableInput(*faults)
    return InputFolder(folder, dict(files), remarks)


def connect_folder(
    connection: duckdb.DuckDBPyConnection,
    folder: InputFolder,
    work_folder: Path,
    progress: Callable[[str], None] = lambda name: None,
) -> None:
    """Make the raw relations of all input tables, typed and empty where there is no file.

    CSV files that DuckDB cannot parse are rewritten into `work_folder` without their unreadable lines.
    `progress` is called with each file's name once it is read.
    """
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema if not exists raw_intake")
    connection.execute(
        "create or replace table raw_intake.unreadable_lines"
        " (input_table varchar, file_name varchar, line_number bigint, line_sha256 varchar, line_text varchar)"
    )
    for table, definition in load_contract().items():
        columns = [*DELIVERY_COLUMNS, *definition["columns"]]
        branches = []
        csv_files = [file for file in folder.files.get(table, []) if file.path.suffix == ".csv"]
        for file in csv_files:
            branches.append(_select_csv(connection, file, columns, work_folder))
            progress(file.name)
        groups = _by_schema(file for file in folder.files.get(table, []) if file.path.suffix == ".parquet")
        as_text = len(groups) + len(csv_files) > 1
        for group in groups:
            branches.append(_select_parquet(folder.path, group, columns, as_text))
            for file in group:
                progress(file.name)
        domain, name = table.split(".")
        connection.execute(f"create schema if not exists raw_{domain}")
        connection.execute(
            f"create or replace view raw_{domain}.{name} as "
            + (" union all ".join(branches) or _select_nothing(columns))
        )
    connection.execute(
        "create or replace view raw_intake.deliveries as " + " union all ".join(map(_select_delivery, load_contract()))
    )


def _table_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the files below the domain folders with the table that each belongs to, in order of name."""
    found = []
    for domain in sorted(folder.iterdir()):
        if not domain.is_dir() or domain.name.startswith((".", "_")) or domain.name == RULES:
            continue
        for entry in sorted(domain.iterdir()):
            paths = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
            for path in paths:
                parts = path.relative_to(domain).parts
                if path.is_file() and not any(part.startswith((".", "_")) for part in parts):
                    found.append((path, f"{domain.name}.{entry.name if entry.is_dir() else entry.stem}"))
    return found


def _read_header(table: str, path: Path, name: str) -> InputFile:
    if path.suffix == ".parquet":
        schema = duckdb.execute(f"describe select * from read_parquet({_quoted(path)})").fetchall()
        return InputFile(table, path, name, tuple(row[0] for row in schema), tuple(row[1] for row in schema))
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        header = next(csv.reader(text, strict=True), [])
    "".join(header).encode("utf-8")
    if any("\n" in column for column in header):
        raise ValueError("its header is not one line")
    return InputFile(table, path, name, tuple(header))


def _column_faults(file: InputFile, definition: dict) -> list[str]:
    missing = [
        column
        for column, rules in definition["columns"].items()
        if rules.get("required") and column not in file.columns
    ]
    repeated = sorted({column for column in file.columns if file.columns.count(column) > 1})
    reserved = [column for column in file.columns if file.types and column.lower() in ("filename", "file_row_number")]
    return [
        *(f"{file.name} has no column {column}, which {file.table} requires." for column in missing),
        *(f"{file.name} has the column {column or '(no name)'} more than once." for column in repeated),
        *(f"{file.name} has a column {column}, a name that the reader of Parquet needs." for column in reserved),
    ]


def _by_schema(files) -> list[list[InputFile]]:
    groups = defaultdict(list)
    for file in files:
        groups[file.columns, file.types].append(file)
    return list(groups.values())


def _select_parquet(folder: Path, files: list[InputFile], columns: list[str], as_text: bool) -> str:
    types = dict(zip(files[0].columns, files[0].types, strict=True))

    def expression(column: str) -> str:
        kind = types.get(column)
        if kind is None:
            return f"cast(null as varchar) as {column}"
        value = {
            "VARCHAR": f"nullif({column}, '')",
            "BLOB": f"nullif(decode({column}), '')",
            "TIMESTAMP WITH TIME ZONE": f"timezone('UTC', {column})",
            "TIMESTAMP_NS": f"cast({column} as timestamp)",
            "TIMESTAMP_MS": f"cast({column} as timestamp)",
            "TIMESTAMP_S": f"cast({column} as timestamp)",
        }.get(kind, column)
        return f"cast({value} as varchar) as {column}" if as_text else f"{value} as {column}"

    paths = ", ".join(_quoted(file.path) for file in files)
    return (
        f"select substr(filename, {len(str(folder)) + 2}) as _file, file_row_number + 1 as _row,"
        f" {', '.join(map(expression, columns))}"
        f" from read_parquet([{paths}], filename = true, file_row_number = true,"
        " hive_partitioning = false)"
    )


def _select_csv(connection: duckdb.DuckDBPyConnection, file: InputFile, columns: list[str], work_folder: Path) -> str:
    """Return the query that reads a CSV file as text, once it is known that DuckDB can read all of it."""
    header = ", ".join(f"'c{position}': 'varchar'" for position in range(len(file.columns)))
    source = (
        f"read_csv({_quoted(file.path)}, auto_detect = false, header = true, delim = ',', quote = '\"',"
        f" escape = '\"', nullstr = '', columns = {{{header}}})"
    )
    row = "row_number() over ()"
    try:
        counts = ", ".join(f"count(c{position})" for position in range(len(file.columns)))
        connection.execute(f"select {counts} from {source}").fetchall()
    except duckdb.InvalidInputException:
        readable = work_folder / f"{file.name.replace('/', '.')}.readable.parquet"
        _quarantine_lines(connection, file, rewrite_readable_rows(file.path, len(file.columns), readable))
        source, row = f"read_parquet({_quoted(readable.resolve())})", "line_number - 1"
    selected = ", ".join(
        f"c{file.columns.index(column)} as {column}" if column in file.columns else f"cast(null as varchar) as {column}"
        for column in columns
    )
    return f"select {_quoted(file.name)} as _file, {row} as _row, {selected} from {source}"


def _quarantine_lines(
    connection: duckdb.DuckDBPyConnection, file: InputFile, lines: list[tuple[int, str, str]]
) -> None:
    """Keep the unreadable lines of a file; their text only where the table holds no personal data."""
    has_pii = any(rules.get("pii") for rules in load_contract()[file.table]["columns"].values())
    if lines:
        connection.executemany(
            "insert into raw_intake.unreadable_lines values (?, ?, ?, ?, ?)",
            [(file.table, file.name, number, sha256, None if has_pii else text) for number, sha256, text in lines],
        )


def _select_nothing(columns: list[str]) -> str:
    empty = ", ".join(f"cast(null as varchar) as {column}" for column in ("_file", *columns))
    return f"select {empty}, cast(null as bigint) as _row where false"


def _select_delivery(table: str) -> str:
    """Return the query that sums up what arrived of a table, for the expectations at this boundary."""
    required = [column for column, rules in load_contract()[table]["columns"].items() if rules.get("required")]
    incomplete = " or ".join(f"{column} is null" for column in required)
    return (
        f"select '{table}' as input_table, count(*) as row_count,"
        f" count(case when {incomplete} then 1 end) as incomplete_count,"
        f" (select count(*) from raw_intake.unreadable_lines where input_table = '{table}') as unreadable_count"
        f" from raw_{table}"
    )


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
