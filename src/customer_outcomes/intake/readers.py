"""Turns the files of one input table into queries over their rows, and checks that every row is read.

Files with the same header and format are read together. The rows that DuckDB finds in each file are compared with the
count of counting.py, and nothing is built if the two differ. A query has the column _file, the file's name within the
input folder, and the column _row. In CSV files, _row is the line on which the row starts minus 1 for the header; in
Parquet files it is the number of the row, from 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from customer_outcomes.contract import HIDDEN, column_types, has_personal_data, shown_text
from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.intake.archives import DamagedArchive, is_packed, unpack
from customer_outcomes.intake.counting import Count, count_csv, count_parquet, lines_of_rows
from customer_outcomes.intake.damage import ERRORS, first_line, salvage
from customer_outcomes.intake.lines import LONGEST_RECORD, rewrite_readable_records
from customer_outcomes.intake.names import kind_of
from customer_outcomes.intake.parquet import (
    WITHOUT_ZONE,
    all_midnights,
    identifier,
    parquet_header,
    reading,
    typed_value,
)
from customer_outcomes.intake.sources import InputFile, Source
from customer_outcomes.places.paths import link, refuse_pattern
from customer_outcomes.warehouse import Connection, RefusedFile, connect

CSV_OPTIONS = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '',"
    " filename = true, hive_partitioning = false"
)
LONGEST_USUAL_RECORD = 1_900_000  # bytes; the reader's default bound is 2,000,000 with the line end
# The buffer has twice a record's length, so that a record fits into it wherever it begins.
LONG_RECORDS = f", max_line_size = {LONGEST_RECORD + 2}, buffer_size = {2 * LONGEST_RECORD + 4}"


class Readers:
    """Reads the input files of one warehouse, and records them in the schema raw_intake.

    raw_intake.files holds every file that is read, raw_intake.row_lines the places of the rows of files in which they
    do not follow from the row's number, raw_intake.unreadable_lines the records and rows that cannot be read. Links to
    files and copies of them are kept in `work_folder`. `dates` holds the names of the Parquet files in which a table's
    timestamp column is a column of dates.
    """

    def __init__(self, connection: Connection, work_folder: Path):
        work_folder = work_folder.resolve()
        refuse_pattern(work_folder, "another warehouse")
        self.connection, self.work_folder = connection, work_folder
        self.files = 0
        self.dates: dict[tuple[str, str], list[str]] = defaultdict(list)
        connection.execute("create schema if not exists raw_intake")
        connection.execute(
            "create or replace table raw_intake.unreadable_lines"
            " (input_table varchar, file_name varchar, line_number bigint, row_number bigint, column_name varchar,"
            " line_sha256 varchar, line_text varchar)"
        )
        connection.execute(
            "create or replace table raw_intake.files"
            " (path varchar, file_number bigint, input_table varchar, file_name varchar, rows_before bigint)"
        )
        connection.execute(
            "create or replace table raw_intake.row_lines (file_number bigint, row_number bigint, line_number bigint)"
        )

    def select(self, files: list[InputFile], columns: list[str]) -> list[str]:
        """Return queries that together give all rows of a table's files, with _file, _row and `columns`.

        Raise FailedCheck if a file was not read with all its rows, UnusableInput if a file cannot be read at all.
        """
        csv_files = [file for file in files if not file.is_parquet]
        queries = self._select_csv([self._csv_source(file) for file in csv_files], columns)
        parquet = [self._parquet_source(file) for file in files if file.is_parquet]
        groups = self._read_parquet(parquet, columns)
        for source in (source for group in groups for source in group):
            for column in sorted(source.dates):
                self.dates[source.file.table, column].append(source.file.name)
        as_text = len(groups) + len(csv_files) > 1
        return queries + [_select_parquet(group, columns, as_text) for group in groups]

    def _select_csv(self, sources: list[Source], columns: list[str]) -> list[str]:
        queries: list[str] = []
        changed: list[Source] = []
        for group in _grouped(sources, _form):
            try:
                found = self._rows_found(_numbered_csv(group), [f"c{place}" for place in range(len(_header(group)))])
            except RefusedFile:
                for source in self._refused(group) or group:
                    self._rewrite(source)
                changed += group
                continue
            self._agree(group, found)
            queries.append(_select_group(group, columns))
        return queries + (self._select_csv(changed, columns) if changed else [])

    def _parquet_source(self, file: InputFile) -> Source:
        number, path = self._place(file)
        try:
            return Source(file, number, path, Count(count_parquet(path), 0, True))
        except (OSError, pa.ArrowException) as error:
            raise FailedCheck(f"{file.name} cannot be counted: {first_line(error)}.") from None

    def _read_parquet(self, sources: list[Source], columns: list[str]) -> list[list[Source]]:
        """Read every value of the contract's columns; return the sources in groups of one form.

        A damaged file is replaced by the copy of its readable rows.
        """
        groups: list[list[Source]] = []
        changed: list[Source] = []
        for group in _grouped(sources, _parquet_form):
            try:
                found = self._parquet_rows(group, columns)
            except ERRORS as error:
                for source in self._refused_parquet(group, columns) or group:
                    self._salvage(source, columns, error)
                changed += group
                continue
            self._agree(group, found, 1)
            groups += _grouped(group, lambda source: source.dates)
        return groups + (self._read_parquet(changed, columns) if changed else [])

    def _parquet_rows(self, sources: list[Source], columns: list[str]) -> dict[str, tuple[int, int, int]]:
        """Return the number of rows of each file, by path, and its first and last row; note its columns of dates.

        This needs a separate connection, because a damaged file can make a database unusable.
        """
        file = sources[0].file
        known = {
            written: kind
            for column, kind, written in zip(file.columns, file.types, file.written, strict=True)
            if column in columns
        }
        moments = _moments(file)
        midnights = "".join(f", {all_midnights(identifier(written), kind)}" for _, written, kind in moments)
        threads = self.connection.execute("select current_setting('threads')").fetchall()[0][0]
        with connect(threads=threads) as connection:
            found = connection.execute(
                "select filename, count(*), min(file_row_number) + 1, max(file_row_number) + 1,"
                f" {reading(known)}{midnights} from {_parquet(sources)} group by filename"
            ).fetchall()
        dates = {
            path: frozenset(column for (column, *_), is_date in zip(moments, flags, strict=True) if is_date)
            for path, _, _, _, _, *flags in found
        }
        for source in sources:
            source.dates = dates.get(str(source.path), frozenset())
        return {path: (count, first, last) for path, count, first, last, *_ in found}

    def _refused_parquet(self, sources: list[Source], columns: list[str]) -> list[Source]:
        """Return the files in which the reader refuses a value, found by bisection."""
        try:
            self._parquet_rows(sources, columns)
        except ERRORS:
            if len(sources) == 1:
                return sources
            half = len(sources) // 2
            return self._refused_parquet(sources[:half], columns) + self._refused_parquet(sources[half:], columns)
        return []

    def _salvage(self, source: Source, columns: list[str], error: Exception) -> None:
        """Make a source read a copy of a damaged Parquet file's readable rows, and record the others as unreadable."""
        file = source.file
        if source.lines is not None:
            raise UnusableInput(f"{file.name} cannot be read, nor can its readable rows: {first_line(error)}.")
        try:
            saved = salvage(
                source.path,
                [written for column, written in zip(file.columns, file.written, strict=True) if column in columns],
                self.work_folder / f"{source.number}.readable",
            )
            header = parquet_header(saved.copy)
        except (*ERRORS, ValueError) as fault:
            raise UnusableInput(f"{file.name} cannot be read: {first_line(fault)}.") from None
        if len(saved.rows) + len(saved.faults) != source.count.rows:
            raise FailedCheck(
                f"{file.name} was read as {len(saved.rows) + len(saved.faults)} rows and counted as"
                f" {source.count.rows}; nothing is built from it."
            )
        source.path, source.lines = saved.copy, saved.rows.to_numpy()
        source.file = InputFile(file.table, file.path, file.name, *header)
        source.count = Count(len(saved.rows), 0, True)
        faults, folded = saved.faults, dict(zip(file.written, file.columns, strict=True))
        self._keep(
            "unreadable_lines",
            input_table=[file.table] * len(faults),
            file_name=[file.name] * len(faults),
            row_number=faults["row"],
            column_name=[folded[column] for column in faults["column"].to_pylist()],
            **_shown_lines(file.table, zip(faults["sha256"].to_pylist(), faults["text"].to_pylist(), strict=True)),
        )

    def _place(self, file: InputFile) -> tuple[int, Path]:
        """Return a new number for a file, and a path to its unpacked bytes that is not a pattern."""
        self.files += 1
        if not is_packed(file.path):
            return self.files, link(file.path, self.work_folder / f"{self.files}{kind_of(file.path)}")
        copy = self.work_folder / f"{self.files}.unpacked.csv"
        try:
            unpack(file.path, copy)
        except DamagedArchive as error:
            raise UnusableInput(f"{file.name} cannot be read: {error}.") from None
        except OSError as error:
            raise UnusableInput(f"{file.name} cannot be unpacked into {copy}: {error.strerror or error}.") from None
        return self.files, copy

    def _csv_source(self, file: InputFile) -> Source:
        number, path = self._place(file)
        source = Source(file, number, path, count_csv(path, len(file.columns)))
        # In files like these the reader may drop a record or a blank without an error.
        if source.count.longest > LONGEST_RECORD or not source.count.is_regular:
            self._rewrite(source)
        return source

    def _rows_found(self, relation: str, columns: list[str]) -> dict[str, tuple[int, int, int]]:
        """Read all of a relation; return the number of rows of each file, by path, and its first and last position."""
        # A count of a column's values makes the engine read each of them.
        values = "".join(f", count({column})" for column in columns)
        found = self.connection.execute(
            f"select filename, count(*), min(position), max(position){values} from {relation} group by filename"
        ).fetchall()
        return {path: (count, first, last) for path, count, first, last, *_ in found}

    def _refused(self, sources: list[Source]) -> list[Source]:
        """Return the files that the reader refuses, found by bisection."""
        values = ", ".join(f"count(c{place})" for place in range(len(_header(sources))))
        try:
            self.connection.execute(f"select {values} from {_csv(sources)}").fetchall()
        except RefusedFile:
            if len(sources) == 1:
                return sources
            half = len(sources) // 2
            return self._refused(sources[:half]) + self._refused(sources[half:])
        return []

    def _rewrite(self, source: Source) -> None:
        """Make a source read a copy of a CSV file's readable records, and record the other records as unreadable."""
        file = source.file
        if source.lines is not None:
            raise FailedCheck(f"{file.name} cannot be read, not even without the lines that seem faulty.")
        whole, source.path = source.path, self.work_folder / f"{source.number}.readable.csv"
        made = rewrite_readable_records(whole, len(file.columns), source.path)
        source.count, source.lines = count_csv(source.path, len(file.columns)), np.frombuffer(made.lines, np.int64)
        self._keep(
            "unreadable_lines",
            input_table=[file.table] * len(made.unreadable),
            file_name=[file.name] * len(made.unreadable),
            line_number=[line.line for line in made.unreadable],
            **_shown_lines(file.table, ((line.sha256, line.text) for line in made.unreadable)),
        )

    def _agree(self, sources: list[Source], found: dict[str, tuple[int, int, int]], first: int | None = None) -> None:
        """Raise FailedCheck if the rows found in a file are not the counted ones; else record the files and row places.

        `found` holds the number of rows, the first and the last position by path. Positions go on from file to file,
        unless the positions of every file begin at `first`.
        """
        before = list(accumulate((source.count.rows for source in sources), initial=0))
        for source, rows_before in zip(sources, before, strict=False):
            rows, begin = source.count.rows, first or rows_before + 1
            count, *positions = found.pop(str(source.path), (0, begin, begin - 1))
            if count != rows or positions != [begin, begin + rows - 1]:
                raise FailedCheck(
                    f"{source.file.name} was read as {count} rows and counted as {rows}; nothing is built from it."
                )
            if source.lines is not None and len(source.lines) != rows:
                raise FailedCheck(f"{source.file.name} has {len(source.lines)} readable rows, and {rows} were counted.")
        if found:
            raise FailedCheck(f"{sources[0].file.name} should be read, but the reader read {min(found)}.")
        self._keep(
            "files",
            path=[str(source.path) for source in sources],
            file_number=[source.number for source in sources],
            input_table=[source.file.table for source in sources],
            file_name=[source.file.name for source in sources],
            rows_before=before[:-1],
        )
        for source in sources:
            if source.has_own_lines:
                lines = lines_of_rows(source.path, len(source.file.columns)) if source.lines is None else source.lines
                self._keep(
                    "row_lines",
                    file_number=np.full(len(lines), source.number),
                    row_number=np.arange(1, len(lines) + 1),
                    line_number=lines,
                )

    def _keep(self, table: str, **columns: Iterable[Any]) -> None:
        """Append rows, given as columns, to a table of raw_intake."""
        kept = pa.table(columns)
        if len(kept):
            self.connection.register("kept", kept)
            self.connection.execute(f"insert into raw_intake.{table} by name from kept")
            self.connection.unregister("kept")


Item = TypeVar("Item")


def _grouped(items: Iterable[Item], kind: Callable[[Item], Hashable]) -> list[list[Item]]:
    """Return the items in groups of the same kind, in the order of each group's first item."""
    groups: dict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        groups[kind(item)].append(item)
    return list(groups.values())


def _shown_lines(table: str, lines: Iterable[tuple[str, str]]) -> dict[str, pa.Array]:
    """Return the SHA-256 and the text of unreadable records, given as pairs, as columns that may be kept.

    Both are hidden if the record may hold personal data: by its SHA-256, a line could be guessed whose other values are
    known.
    """
    shown = [
        (HIDDEN, HIDDEN) if has_personal_data(table) or shown_text(text) == HIDDEN else (sha256, text)
        for sha256, text in lines
    ]
    names = ("line_sha256", "line_text")
    return {name: pa.array([line[place] for line in shown], pa.string()) for place, name in enumerate(names)}


def _parquet_form(source: Source) -> Hashable:
    return source.file.columns, source.file.types, source.file.written, source.has_own_lines


def _moments(file: InputFile) -> list[tuple[str, str, str]]:
    """Return the columns of a Parquet file that the contract calls timestamps and that have no time zone.

    Each has its name in the contract, its name in the file, and the engine's type.
    """
    types = column_types(file.table)
    return [
        (column, written, kind)
        for column, kind, written in zip(file.columns, file.types, file.written, strict=True)
        if kind in WITHOUT_ZONE and types.get(column) == "timestamp"
    ]


def _parquet(sources: list[Source]) -> str:
    """Return the SQL of all rows of Parquet files of the same form, with filename and file_row_number from 0."""
    return f"read_parquet([{_paths(sources)}], filename = true, file_row_number = true, hive_partitioning = false)"


def _select_parquet(sources: list[Source], columns: list[str], as_text: bool) -> str:
    selected = ", ".join(f"{_parquet_column(column, sources[0], as_text)} as {column}" for column in columns)
    row, lines = "received.file_row_number + 1", ""
    if sources[0].has_own_lines:
        lines = (
            " left join raw_intake.row_lines as lines"
            f" on lines.file_number = files.file_number and lines.row_number = {row}"
        )
        row = "lines.line_number"
    return (
        f"select files.file_name as _file, {row} as _row, {selected} from {_parquet(sources)} as received"
        f" left join raw_intake.files as files on files.path = received.filename{lines}"
    )


def _form(source: Source) -> Hashable:
    return source.file.columns, _options(source), source.has_own_lines


def _options(source: Source) -> str:
    """Return the options that a CSV file needs beside CSV_OPTIONS, which cost time or memory."""
    # The parallel reader may take a line inside a text of several lines for a row.
    parallel = "" if source.count.one_line_each else ", parallel = false"
    return parallel + (LONG_RECORDS if source.count.longest > LONGEST_USUAL_RECORD else "")


def _header(sources: list[Source]) -> tuple[str, ...]:
    return sources[0].file.columns


def _csv(sources: list[Source]) -> str:
    """Return the SQL of all rows of CSV files of the same form, in order: filename, and c0, c1 and so on as text."""
    columns = ", ".join(f"'c{place}': 'varchar'" for place in range(len(_header(sources))))
    return f"read_csv([{_paths(sources)}], {CSV_OPTIONS}, columns = {{{columns}}}{_options(sources[0])})"


def _numbered_csv(sources: list[Source]) -> str:
    return f"(select *, row_number() over () as position from {_csv(sources)})"


def _select_group(sources: list[Source], columns: list[str]) -> str:
    header = _header(sources)
    selected = ", ".join(
        f"received.c{header.index(column)} as {column}" if column in header else f"cast(null as varchar) as {column}"
        for column in columns
    )
    row, lines = "received.position - files.rows_before", ""
    if sources[0].has_own_lines:
        lines = (
            " left join raw_intake.row_lines as lines"
            f" on lines.file_number = files.file_number and lines.row_number = {row}"
        )
        row = "lines.line_number - 1"
    return (
        f"select files.file_name as _file, {row} as _row, {selected} from {_numbered_csv(sources)} as received"
        f" left join raw_intake.files as files on files.path = received.filename{lines}"
    )


def _parquet_column(column: str, source: Source, as_text: bool) -> str:
    """Return the SQL of a column of the contract from Parquet files of the form of a source."""
    file = source.file
    if column not in file.columns:
        return "cast(null as varchar)"
    place = file.columns.index(column)
    name = f"received.{identifier(file.written[place])}"
    contract_type = column_types(file.table).get(column)
    return typed_value(name, file.types[place], contract_type, column in source.dates, as_text)


def _paths(sources: list[Source]) -> str:
    return ", ".join(quoted(source.path) for source in sources)


def quoted(value: object) -> str:
    """Return a value as a SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
