"""Writes tables in batches, as CSV or as Parquet, so that a large sample needs little memory."""

import csv
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from .shapes import COLUMNS, Row, columns_of

ROWS_PER_PART = 1_000_000


def clear(directory: Path) -> None:
    """Remove an earlier sample, because a smaller sample must not keep the part files of a larger one."""
    for table in COLUMNS:
        folder = directory.joinpath(*table.split("."))
        folder.with_suffix(".csv").unlink(missing_ok=True)
        for part in sorted(folder.glob("part-*.parquet")):
            part.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


class TableFile(Protocol):
    """The files of one table, to which rows are appended."""

    def write(self, batch: pa.Table) -> None:
        """Append rows that have the types of the table's columns."""

    def write_text(self, rows: list[Row]) -> None:
        """Append rows of text, whose values need not be of their columns' types."""

    def write_broken_line(self, line: bytes) -> None:
        """Append a line that no reader can parse, if the format has lines."""

    def close(self) -> None:
        """Finish the files."""


class CsvFile:
    """The CSV file of one table, to which rows are appended."""

    def __init__(self, directory: Path, table: str) -> None:
        path = directory.joinpath(*table.split(".")).with_suffix(".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.columns = columns_of(table)
        self.file = path.open("wb")
        self.file.write((",".join(self.columns) + "\n").encode())

    def write(self, batch: pa.Table) -> None:
        options = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
        as_text = pa.table({name: _spelled(batch[name]) for name in self.columns})
        arrow_csv.write_csv(as_text, self.file, options)

    def write_text(self, rows: list[Row]) -> None:
        lines = _Lines()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerows([[row.get(name) for name in self.columns] for row in rows])
        self.file.write("".join(lines).encode())

    def write_broken_line(self, line: bytes) -> None:
        self.file.write(line + b"\n")

    def close(self) -> None:
        self.file.close()


class ParquetFolder:
    """The part files of one table, each of about a million rows."""

    def __init__(self, directory: Path, table: str) -> None:
        self.folder = directory.joinpath(*table.split("."))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.columns = columns_of(table)
        self.parts = 0
        self.rows_in_part = 0
        self.writer: parquet.ParquetWriter | None = None

    def write(self, batch: pa.Table) -> None:
        writer = self.writer
        if writer is None or self.rows_in_part >= ROWS_PER_PART:
            writer = self._next_part(batch.schema)
        writer.write_table(batch)
        self.rows_in_part += batch.num_rows

    def write_text(self, rows: list[Row]) -> None:
        """Write the rows into a separate part, in which every column is text."""
        texts = {name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in self.columns}
        self.close()
        self.write(pa.table(texts))
        self.close()

    def write_broken_line(self, line: bytes) -> None:
        """Do nothing, because Parquet has no lines."""

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    def _next_part(self, schema: pa.Schema) -> parquet.ParquetWriter:
        """Begin the next part file, and return its writer."""
        self.close()
        path = self.folder / f"part-{self.parts:05d}.parquet"
        low_cardinality = [name for name in schema.names if not name.endswith("_id")]
        self.writer = parquet.ParquetWriter(path, schema, compression="zstd", use_dictionary=low_cardinality)
        self.parts += 1
        self.rows_in_part = 0
        return self.writer


class _Lines(list[str]):
    """A list that csv.writer can write lines to."""

    write = list.append


def _spelled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return timestamps as ISO 8601 text with Z; Arrow writes the other types in the contract's form."""
    if pa.types.is_timestamp(column.type):
        spaced = column.cast(pa.timestamp("s")).cast(pa.string())
        return pc.binary_join_element_wise(pc.utf8_replace_slice(spaced, 10, 11, "T"), "Z", "")
    return column
