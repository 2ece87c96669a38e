"""The input folder: finds its files, checks their headers, and connects them as raw relations of the warehouse.

A raw relation `raw_<domain>.<table>` is a view over its files; no row is copied. It has the contract's columns with the
unchanged values of the files, and the columns `_file` and `_row`. If the CSV reader refuses a file, its readable
records are copied unchanged, and each of the others becomes a row of raw_intake.unreadable_lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from customer_outcomes.contract import DELIVERY_COLUMNS, TableContract, load_contract
from customer_outcomes.errors import FailedCheck, UnusableInput, first_sentences
from customer_outcomes.intake.damage import ERRORS, first_line, parquet_header
from customer_outcomes.intake.lines import read_header
from customer_outcomes.intake.readers import InputFile, Readers
from customer_outcomes.places.paths import plain_path
from customer_outcomes.warehouse import Connection

READERS = (".csv", ".parquet")
RULES = "rules"  # the folder of a company's own rules, beside the folders of the domains
Stamp = tuple[int, int, int]  # the size, the modification time and the inode of a file
Header = tuple[tuple[str, ...], ...]  # the names of a Parquet file's columns, and their types


@dataclass
class InputFolder:
    """A checked folder: its files by input table, remarks for the summary of the build, and the stamps of the files."""

    path: Path
    files: dict[str, list[InputFile]]
    remarks: list[str] = field(default_factory=list)
    stamps: dict[Path, Stamp | None] = field(default_factory=dict)

    def raise_if_changed(self) -> None:
        """Raise FailedCheck if a file changed, or went away, since the folder was checked."""
        changed = [
            file.name
            for files in self.files.values()
            for file in files
            if file.path in self.stamps and self.stamps[file.path] != _stamp(file.path)
        ]
        if changed:
            sentences = [f"{name} changed while it was read; deliver it whole and build again." for name in changed]
            raise FailedCheck(*first_sentences(sentences))


def check_folder(folder: Path) -> InputFolder:
    """Return the folder after a check of every file's name and header.

    Raise UnusableInput, with a sentence for each fault, if the folder cannot be used.
    """
    if not folder.is_dir():
        raise UnusableInput(f"{folder} is not a folder.")
    folder = folder.absolute()
    contract = load_contract()
    files: dict[str, list[InputFile]] = defaultdict(list)
    passed_over: dict[tuple[str, str], list[str]] = defaultdict(list)
    in_names: dict[tuple[str, str], list[str]] = defaultdict(list)
    headers: dict[str, Header] = {}
    stamps: dict[Path, Stamp | None] = {}
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
        if path.suffix not in READERS:
            faults.append(f"{name} is neither a .csv nor a .parquet file.")
        elif table not in contract:
            faults.append(f"{name} belongs to the table {table}, which the input contract does not have.")
        else:
            stamps[path] = _stamp(path)
            try:
                file = _read_header(table, path, name, headers)
            except ERRORS as error:
                faults.append(f"{name} cannot be read: {first_line(error)}.")
                continue
            files[table].append(file)
            faults += _column_faults(file, contract[table])
            for column in _columns_of_folders(file):
                if column in contract[table]["columns"] or column in DELIVERY_COLUMNS:
                    in_names[table, column].append(name)
            for column in file.columns:
                if column not in contract[table]["columns"] and column not in DELIVERY_COLUMNS:
                    passed_over[table, column].append(name)
    remarks += [
        f"{names[0] if len(names) == 1 else f'{table}, {len(names)} files'}:"
        f" the column {column} is not in the input contract and is passed over."
        for (table, column), names in passed_over.items()
    ] + [
        f"{names[0] if len(names) == 1 else f'{table}, {len(names)} files'}:"
        f" the column {column} is only in the folder's name and is not read; write it into the files."
        for (table, column), names in in_names.items()
    ]
    if not files and not faults:
        faults.append(f"{folder} holds no input: no <domain>/<table>.csv or .parquet.")
    elif not faults and "crm.accounts" not in files:
        faults.append(f"{folder} has no crm/accounts.csv or .parquet, the one table that is required.")
    if faults:
        raise UnusableInput(*faults)
    return InputFolder(folder, dict(files), remarks, stamps)


def connect_folder(
    connection: Connection,
    folder: InputFolder,
    work_folder: Path,
    progress: Callable[[str], None] = lambda name: None,
) -> None:
    """Make the raw relations of all input tables; the relation of a table without files is empty.

    `work_folder` keeps links to files whose paths the reader would take for patterns, and copies of the readable
    records of files with faulty ones. `progress` is called with each file's name after the file is read. Raise
    FailedCheck if a file was not read with all its rows, UnusableInput if a file cannot be read at all.
    """
    connection.execute("set TimeZone = 'UTC'")
    readers = Readers(connection, work_folder)
    for table, definition in load_contract().items():
        columns = [*DELIVERY_COLUMNS, *definition["columns"]]
        files = folder.files.get(table, [])
        branches = readers.select(files, columns)
        for file in files:
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


def _stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, which differs if the file changed; None if the file does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _table_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the files below the domain folders, each with the name of its table, sorted by path."""
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


def _read_header(table: str, path: Path, name: str, headers: dict[str, Header]) -> InputFile:
    """Return a file with its header; `headers` keeps the headers of Parquet files by schema."""
    if path.suffix == ".csv":
        return InputFile(table, path, name, read_header(path))
    # Files of one schema have the same header, and a comparison of schemas is cheaper than a query of the engine.
    schema = str(pq.read_metadata(path).schema).partition("\n")[2]
    if schema not in headers:
        with plain_path(path) as readable:
            headers[schema] = parquet_header(readable)
    return InputFile(table, path, name, *headers[schema])


def _column_faults(file: InputFile, definition: TableContract) -> list[str]:
    """Return a sentence for each column of a file that is missing, repeated or reserved."""
    in_name = _columns_of_folders(file)
    required = [column for column, rules in definition["columns"].items() if rules.get("required")]
    missing = [column for column in required if column not in file.columns and column not in in_name]
    repeated = sorted({column for column in file.columns if file.columns.count(column) > 1})
    reserved = [column for column in file.columns if file.types and column.lower() in ("filename", "file_row_number")]
    return [
        *(f"{file.name} has no column {column}, which {file.table} requires." for column in missing),
        *(
            f"{file.name}: the column {column}, which {file.table} requires, is only in the folder's name; write it"
            " into the files."
            for column in required
            if column in in_name
        ),
        *(f"{file.name} has the column {column or '(no name)'} more than once." for column in repeated),
        *(f"{file.name} has a column {column}, a name that the Parquet reader reserves." for column in reserved),
    ]


def _columns_of_folders(file: InputFile) -> list[str]:
    """Return the columns that a file lacks but the names of its folders hold, as <column>=<value>."""
    names = [part.partition("=")[0] for part in file.name.split("/")[:-1] if "=" in part]
    return [name for name in names if name not in file.columns]


def _select_nothing(columns: list[str]) -> str:
    empty = ", ".join(f"cast(null as varchar) as {column}" for column in ("_file", *columns))
    return f"select {empty}, cast(null as bigint) as _row where false"


def _select_delivery(table: str) -> str:
    """Return the query that counts the received rows of a table, for the expectations at this boundary."""
    return (
        f"select '{table}' as input_table, count(*) as row_count,"
        f" (select count(*) from raw_intake.unreadable_lines where input_table = '{table}') as unreadable_count"
        f" from raw_{table}"
    )
