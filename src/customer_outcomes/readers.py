"""The files of one input table as queries over their rows, each file read by one reader and its rows counted.

Files of the same header and format are read together. Which rows were found is compared, file by file, with what
counting.py says; nothing is built where the two differ. A query has _file, the file's name within the input folder, and
_row: the line on which the row starts, less 1 for the header; of Parquet the row, from 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from customer_outcomes import FailedCheck
from customer_outcomes.contract import load_contract
from customer_outcomes.counting import Count, count_csv, count_parquet, lines_of_rows
from customer_outcomes.lines import LONGEST_RECORD, rewrite_readable_records
from customer_outcomes.paths import link, refuse_pattern

CSV_OPTIONS = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '',"
    " filename = true, hive_partitioning = false"
)
LONGEST_USUAL_RECORD = 1_900_000  # bytes; DuckDB's own bound is 2,000,000 with the line end
# two buffers of a record's length, so that it fits into one wherever it begins; less is used of a small file
LONG_RECORDS = f", max_line_size = {LONGEST_RECORD + 2}, buffer_size = {2 * LONGEST_RECORD + 4}"
REFUSALS = (duckdb.InvalidInputException, duckdb.NotImplementedException)


@dataclass(frozen=True)
class InputFile:
    """One file of one input table: `name` is its path within the folder, `columns` its header as it stands."""

    table: str
    path: Path
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()


@dataclass
class Source:
    """An input file as its reader gets it: where, and what was counted there.

    `path` is the file, a link to it, or a copy of its readable records; of a copy `lines` says where each row starts.
    """

    file: InputFile
    number: int
    path: Path
    count: Count
    lines: np.ndarray | None = None

    @property
    def has_own_lines(self) -> bool:
        """Whether row n does not stand on line n + 1 of the input file."""
        return self.lines is not None or not self.count.one_line_each


class Readers:
    """Reads the files of one warehouse; what it needs later lies in `work_folder`, and in raw_intake.

    raw_intake.files has each file that is read, raw_intake.row_lines where rows start if not each on the next line,
    raw_intake.unreadable_lines the records that no reader can read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, work_folder: Path):
        work_folder = work_folder.resolve()
        refuse_pattern(work_folder, "another warehouse")
        self.connection, self.work_folder = connection, work_folder
        self.files = 0
        connection.execute("create schema if not exists raw_intake")
        connection.execute(
            "create or replace table raw_intake.unreadable_lines"
            " (input_table varchar, file_name varchar, line_number bigint, line_sha256 varchar, line_text varchar)"
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

        Raise FailedCheck where a file cannot be read, or not with all its rows.
        """
        csv_files = [file for file in files if file.path.suffix == ".csv"]
        groups = _grouped((file for file in files if file.path.suffix == ".parquet"), _schema)
        as_text = len(groups) + len(csv_files) > 1
        queries = self._select_csv([self._csv_source(file) for file in csv_files], columns)
        return queries + [self._select_parquet(group, columns, as_text) for group in groups]

    def _select_csv(self, sources: list[Source], columns: list[str]) -> list[str]:
        queries, changed = [], []
        for group in _grouped(sources, _form):
            try:
                found = self._rows_found(_numbered_csv(group), [f"c{place}" for place in range(len(_header(group)))])
            except REFUSALS:
                for source in self._refused(group) or group:
                    self._rewrite(source)
                changed += group
                continue
            self._agree(group, found)
            queries.append(_select_group(group, columns))
        return queries + (self._select_csv(changed, columns) if changed else [])

    def _select_parquet(self, files: list[InputFile], columns: list[str], as_text: bool) -> str:
        sources = []
        for file in files:
            number, path = self._place(file)
            try:
                count = Count(count_parquet(path), 0, True)
            except (OSError, pa.ArrowException) as error:
                raise FailedCheck(f"{file.name} cannot be counted: {str(error).splitlines()[0]}") from None
            sources.append(Source(file, number, path, count))
        relation = (
            f"read_parquet([{_paths(sources)}], filename = true, file_row_number = true, hive_partitioning = false)"
        )
        self._agree(sources, self._rows_found(f"(select *, file_row_number + 1 as position from {relation})", []), 1)
        types = dict(zip(files[0].columns, files[0].types, strict=True))
        selected = ", ".join(_parquet_value(column, types.get(column), as_text) for column in columns)
        return (
            f"select files.file_name as _file, received.file_row_number + 1 as _row, {selected}"
            f" from {relation} as received left join raw_intake.files as files on files.path = received.filename"
        )

    def _place(self, file: InputFile) -> tuple[int, Path]:
        """Return the number of a file and a path to it that is no pattern."""
        self.files += 1
        return self.files, link(file.path, self.work_folder / f"{self.files}{file.path.suffix}")

    def _csv_source(self, file: InputFile) -> Source:
        number, path = self._place(file)
        source = Source(file, number, path, count_csv(path, len(file.columns)))
        # of these the reader may leave out a record or a blank without a word
        if source.count.longest > LONGEST_RECORD or not source.count.is_regular:
            self._rewrite(source)
        return source

    def _rows_found(self, relation: str, columns: list[str]) -> dict[str, tuple[int, int, int]]:
        """Read all of a relation and return how many rows each file has in it, and its first and last position."""
        # to count a column's values, each must be read
        values = "".join(f", count({column})" for column in columns)
        found = self.connection.execute(
            f"select filename, count(*), min(position), max(position){values} from {relation} group by filename"
        ).fetchall()
        return {path: (count, first, last) for path, count, first, last, *_ in found}

    def _refused(self, sources: list[Source]) -> list[Source]:
        """Return those of some files that the reader refuses, found by halves."""
        values = ", ".join(f"count(c{place})" for place in range(len(_header(sources))))
        try:
            self.connection.execute(f"select {values} from {_csv(sources)}").fetchall()
        except REFUSALS:
            if len(sources) == 1:
                return sources
            half = len(sources) // 2
            return self._refused(sources[:half]) + self._refused(sources[half:])
        return []

    def _rewrite(self, source: Source) -> None:
        """Let a file be read from a copy of its readable records, and keep the others as unreadable."""
        file = source.file
        if source.lines is not None:
            raise FailedCheck(f"{file.name} cannot be read, not even without the lines that seem to be at fault.")
        source.path = self.work_folder / f"{source.number}.readable.csv"
        made = rewrite_readable_records(file.path, len(file.columns), source.path)
        source.count, source.lines = count_csv(source.path, len(file.columns)), np.frombuffer(made.lines, np.int64)
        has_pii = any(rules.get("pii") for rules in load_contract()[file.table]["columns"].values())
        self._keep(
            "unreadable_lines",
            input_table=[file.table] * len(made.unreadable),
            file_name=[file.name] * len(made.unreadable),
            line_number=[line.line for line in made.unreadable],
            line_sha256=[line.sha256 for line in made.unreadable],
            # of a table that holds personal data no text is kept
            line_text=pa.array([None if has_pii else line.text for line in made.unreadable], pa.string()),
        )

    def _agree(self, sources: list[Source], found: dict[str, tuple[int, int, int]], first: int | None = None) -> None:
        """Raise FailedCheck where a file's rows are not those counted; else keep where its rows are.

        Positions go on from file to file, unless each file's begin at `first`.
        """
        before = list(accumulate((source.count.rows for source in sources), initial=0))
        for source, rows_before in zip(sources, before, strict=False):
            rows, begin = source.count.rows, first or rows_before + 1
            count, *positions = found.pop(str(source.path), (0, begin, begin - 1))
            if count != rows or positions != [begin, begin + rows - 1]:
                raise FailedCheck(
                    f"{source.file.name} was read as {count} rows and counted as {rows}; nothing is built of it."
                )
            if source.lines is not None and len(source.lines) != rows:
                raise FailedCheck(f"{source.file.name} has {len(source.lines)} readable rows, and {rows} were counted.")
        if found:
            raise FailedCheck(f"{sources[0].file.name} was asked for, and {min(found)} was read.")
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

    def _keep(self, table: str, **columns: Iterable) -> None:
        kept = pa.table(columns)
        if len(kept):
            self.connection.register("kept", kept)
            self.connection.execute(f"insert into raw_intake.{table} by name from kept")
            self.connection.unregister("kept")


def _grouped(items: Iterable, kind) -> list[list]:
    groups = defaultdict(list)
    for item in items:
        groups[kind(item)].append(item)
    return list(groups.values())


def _schema(file: InputFile) -> tuple:
    return file.columns, file.types


def _form(source: Source) -> tuple:
    return source.file.columns, _options(source), source.has_own_lines


def _options(source: Source) -> str:
    """Return what a CSV file needs beside CSV_OPTIONS: what takes time or memory only where it must be."""
    # the parallel reader cannot tell a row from a line that is shaped like one in a text of several lines
    parallel = "" if source.count.one_line_each else ", parallel = false"
    return parallel + (LONG_RECORDS if source.count.longest > LONGEST_USUAL_RECORD else "")


def _header(sources: list[Source]) -> tuple[str, ...]:
    return sources[0].file.columns


def _csv(sources: list[Source]) -> str:
    """Return the relation of all rows of CSV files of one form, in order: c0, c1 and so on, as text, and filename."""
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


def _parquet_value(column: str, kind: str | None, as_text: bool) -> str:
    if kind is None:
        return f"cast(null as varchar) as {column}"
    value = {
        "VARCHAR": f"nullif(received.{column}, '')",
        "BLOB": f"nullif(decode(received.{column}), '')",
        "TIMESTAMP WITH TIME ZONE": f"timezone('UTC', received.{column})",
        "TIMESTAMP_NS": f"cast(received.{column} as timestamp)",
        "TIMESTAMP_MS": f"cast(received.{column} as timestamp)",
        "TIMESTAMP_S": f"cast(received.{column} as timestamp)",
    }.get(kind, f"received.{column}")
    return f"cast({value} as varchar) as {column}" if as_text else f"{value} as {column}"


def _paths(sources: list[Source]) -> str:
    return ", ".join(quoted(source.path) for source in sources)


def quoted(value: object) -> str:
    """Return a value as a text of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
