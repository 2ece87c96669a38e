"""The input folder: finds its files, checks their headers, and connects them as raw relations of the warehouse.

A raw relation `raw_<domain>.<table>` is a view over its files; no row is copied. It has the contract's columns with the
unchanged values of the files, and the columns `_file` and `_row`. If the CSV reader refuses a file, its readable
records are copied unchanged, and each of the others becomes a row of raw_intake.unreadable_lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from customer_outcomes.contract import DELIVERY_COLUMNS, column_types, load_contract
from customer_outcomes.errors import FailedCheck, ReportedError, UnusableInput, first_sentences
from customer_outcomes.intake.archives import read_head
from customer_outcomes.intake.damage import ERRORS, first_line
from customer_outcomes.intake.finding import RULES, find_files
from customer_outcomes.intake.headers import folded_header, header_faults, repeated, unreadable_header
from customer_outcomes.intake.lines import LONGEST_HEADER, names_in
from customer_outcomes.intake.names import kind_of, nearest, question
from customer_outcomes.intake.parquet import parquet_header
from customer_outcomes.intake.readers import InputFile, Readers
from customer_outcomes.places.paths import plain_path
from customer_outcomes.rules.forms import fold_name
from customer_outcomes.warehouse import Connection

__all__ = ["RULES", "InputFolder", "check_folder", "connect_folder"]
Stamp = tuple[int, int, int]  # the size, the modification time and the inode of a file
Header = tuple[tuple[str, ...], ...]  # the folded names of a Parquet file's columns, their types and written names
Faults = list[tuple[str, str]]  # names, each with a sentence about its fault


@dataclass
class InputFolder:
    """A checked folder: its files by input table, remarks for the summary of the build, and the stamps of the files.

    `delivered` holds the number of files of each table, whether they can be read or not. A folder that cannot be used
    has `faults`, a sentence each. `faulty` holds the tables of the files at fault, and `is_known` is False if something
    in the folder may belong to any table.
    """

    path: Path
    files: dict[str, list[InputFile]]
    remarks: list[str] = field(default_factory=list)
    stamps: dict[Path, Stamp | None] = field(default_factory=dict)
    delivered: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)
    is_known: bool = True

    def has_all(self, table: str) -> bool:
        """Return whether the files of a table are certain to be all of them, and can be read."""
        return self.is_known and table not in self.faulty

    def sound_part(self) -> InputFolder:
        """Return the folder without the tables of the files at fault."""
        files = {table: files for table, files in self.files.items() if table not in self.faulty}
        return InputFolder(self.path, files, stamps=self.stamps)

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
    checked = look_into(folder)
    if checked.faults:
        raise UnusableInput(*checked.faults)
    return checked


def look_into(folder: Path) -> InputFolder:
    """Return the folder with everything that is at fault in the names and headers of its files.

    Raise UnusableInput if it is not a folder.
    """
    if not folder.is_dir():
        raise UnusableInput(f"{folder} is not a folder.")
    folder = folder.absolute()
    found = find_files(folder)
    checked = _Checked()
    for path, table in found.files:
        checked.add(path, table, found.name(path))
    faults = [sentence for _, sentence in sorted(found.faults + checked.faults, key=lambda fault: fault[0])]
    if not checked.files and not faults:
        faults.append(f"{folder} holds no input: no <domain>/<table>.csv or .parquet.")
    elif not faults and "crm.accounts" not in checked.files:
        faults.append(f"{folder} has no crm/accounts.csv or .parquet, the one table that is required.")
    return InputFolder(
        folder,
        dict(checked.files),
        found.remarks + checked.remarks,
        checked.stamps,
        Counter(table for _, table in found.files),
        first_sentences(faults),
        checked.faulty,
        is_known=not found.faults,
    )


def connect_folder(
    connection: Connection,
    folder: InputFolder,
    work_folder: Path,
    progress: Callable[[str], None] = lambda name: None,
) -> list[str]:
    """Make the raw relations of all input tables; the relation of a table without files is empty.

    Return remarks on columns that were read in another sense than their type says. `work_folder` keeps links to files
    whose paths the reader would take for patterns, unpacked copies, and copies of the readable records of files with
    faulty ones. `progress` is called with each file's name after the file is read. Raise UnusableInput if files of some
    tables cannot be read at all, with a sentence for each table, FailedCheck if they were not read with all their rows.
    In both cases all other tables have their relations.
    """
    connection.execute("set TimeZone = 'UTC'")
    readers = Readers(connection, work_folder)
    refused: list[ReportedError] = []
    for table, definition in load_contract().items():
        columns = [*DELIVERY_COLUMNS, *definition["columns"]]
        files = folder.files.get(table, [])
        try:
            branches = readers.select(files, columns)
        except ReportedError as error:
            folder.faulty.add(table)
            refused.append(error)
            branches = []
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
    for kind in (UnusableInput, FailedCheck):
        if sentences := [sentence for error in refused if isinstance(error, kind) for sentence in error.sentences]:
            raise kind(*first_sentences(sentences))
    return [
        f"{_where(table, names)}: all timestamps of the column {column} are at 00:00 and without a time zone, so it is"
        " read as a column of dates."
        for (table, column), names in readers.dates.items()
    ]


def _stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, which differs if the file changed; None if the file does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


@dataclass
class _Checked:
    """The files whose headers were checked, by table, with their faults and the columns that are not read.

    `faulty` holds the tables of the files at fault. `headers` keeps the headers of Parquet files by schema.
    `passed_over` and `in_folders` hold the files with a column that is not read, by table and column.
    """

    files: dict[str, list[InputFile]] = field(default_factory=lambda: defaultdict(list))
    stamps: dict[Path, Stamp | None] = field(default_factory=dict)
    faults: Faults = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)
    headers: dict[str, Header] = field(default_factory=dict)
    passed_over: dict[tuple[str, str], list[InputFile]] = field(default_factory=lambda: defaultdict(list))
    in_folders: dict[tuple[str, str], list[InputFile]] = field(default_factory=lambda: defaultdict(list))

    def add(self, path: Path, table: str, name: str) -> None:
        """Check the header of a file, and add the file, with its faults if there are any."""
        before = len(self.faults)
        self._add(path, table, name)
        if len(self.faults) > before:
            self.faulty.add(table)

    def _add(self, path: Path, table: str, name: str) -> None:
        self.stamps[path] = _stamp(path)
        try:
            read = self._parquet if kind_of(path) == ".parquet" else self._csv
            file = read(path, table, name)
        except ERRORS as error:
            self.faults.append((name, f"{name} cannot be read: {first_line(error)}."))
            return
        if file is None:
            return
        self.files[table].append(file)
        known = column_types(table)
        for column in file.columns:
            if column not in known:
                self.passed_over[table, column].append(file)
        for column in _columns_of_folders(file):
            if column in known:
                self.in_folders[table, column].append(file)

    @property
    def remarks(self) -> list[str]:
        """A sentence for each column of a table that is not read, with the one that was probably meant."""
        return [
            f"{_where(table, [file.name for file in files])}: the column {column or '(no name)'} is not in the input"
            f" contract and is passed over{question(nearest(column, _absent(table, files)))}"
            for (table, column), files in self.passed_over.items()
        ] + [
            f"{_where(table, [file.name for file in files])}: the column {column} is only in the folder's name and is"
            " not read; write it into the files."
            for (table, column), files in self.in_folders.items()
        ]

    def _csv(self, path: Path, table: str, name: str) -> InputFile | None:
        """Return a CSV file with its header, and add its faults; None if its first line is no header."""
        head = read_head(path, LONGEST_HEADER)
        try:
            written, columns = names_in(head), folded_header(head)
        except ValueError as error:
            self.faults.append((name, unreadable_header(name, table, head, str(error))))
            return None
        file = InputFile(table, path, name, columns)
        self._refuse(file, written, head or b"\n")
        return file

    def _parquet(self, path: Path, table: str, name: str) -> InputFile:
        """Return a Parquet file with its header, and add its faults."""
        # Files of one schema have the same header, and a comparison of schemas is cheaper than a query of the engine.
        schema = str(pq.read_metadata(path).schema).partition("\n")[2]
        if schema not in self.headers:
            with plain_path(path) as readable:
                self.headers[schema] = parquet_header(readable)
        file = InputFile(table, path, name, *self.headers[schema])
        self._refuse(file, file.written, b"")
        for column in file.written:
            if column.lower() in ("filename", "file_row_number"):
                self.faults.append((name, f"{name} has a column {column}, a name that the Parquet reader reserves."))
        return file

    def _refuse(self, file: InputFile, written: Iterable[str], head: bytes) -> None:
        """Add faults for required columns that are missing or only in a folder's name, and for repeated columns."""
        in_folders = _columns_of_folders(file)
        said = header_faults(file.name, file.table, file.columns, in_folders, head)
        said += [
            f"{file.name}: the column {column}, which {file.table} requires, is only in the folder's name; write it"
            " into the files."
            for column, rules in load_contract()[file.table]["columns"].items()
            if rules.get("required") and column in in_folders
        ]
        said += repeated(file.name, file.columns, written)
        self.faults += [(file.name, sentence) for sentence in said]


def _absent(table: str, files: list[InputFile]) -> list[str]:
    """Return the columns of the contract that none of some files of a table has."""
    present = {column for file in files for column in file.columns}
    return [column for column in column_types(table) if column not in present]


def _where(table: str, names: list[str]) -> str:
    """Return the beginning of a sentence about files of a table: the name of one file, or the number of several."""
    return names[0] if len(names) == 1 else f"{table}, {len(names)} files"


def _columns_of_folders(file: InputFile) -> list[str]:
    """Return the columns that a file lacks but the names of its folders hold, as <column>=<value>."""
    names = [fold_name(part.partition("=")[0]) for part in file.name.split("/")[:-1] if "=" in part]
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
