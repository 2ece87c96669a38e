"""Writing tables in batches, as CSV or as Parquet, within little memory."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from .shapes import COLUMNS, columns_of

ROWS_PER_PART = 1_000_000


def clear(directory: Path) -> None:
    """Remove an earlier sample: a smaller one must not keep the parts of a larger one."""
    for table in COLUMNS:
        folder = directory.joinpath(*table.split("."))
        folder.with_suffix(".csv").unlink(missing_ok=True)
        for part in sorted(folder.glob("part-*.parquet")):
            part.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


class CsvFile:
    """One CSV file of one table, to which batches are appended."""

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

    def write_text(self, rows: list[dict[str, str]]) -> None:
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
        if self.writer is None or self.rows_in_part >= ROWS_PER_PART:
            self._next_part(batch.schema)
        self.writer.write_table(batch)
        self.rows_in_part += batch.num_rows

    def write_text(self, rows: list[dict[str, str]]) -> None:
        """Rows that are not of their types go into a part of their own, in which all is text."""
        texts = {name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in self.columns}
        self.close()
        self.write(pa.table(texts))
        self.close()

    def write_broken_line(self, line: bytes) -> None:
        """Parquet has no lines that could break."""

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    def _next_part(self, schema: pa.Schema) -> None:
        self.close()
        path = self.folder / f"part-{self.parts:05d}.parquet"
        low_cardinality = [name for name in schema.names if not name.endswith("_id")]
        self.writer = parquet.ParquetWriter(path, schema, compression="zstd", use_dictionary=low_cardinality)
        self.parts += 1
        self.rows_in_part = 0


class _Lines(list):
    """What csv.writer writes to."""

    write = list.append


def _spelled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps as ISO 8601 with Z; the other types are spelled well by themselves."""
    if pa.types.is_timestamp(column.type):
        spaced = column.cast(pa.timestamp("s")).cast(pa.string())
        return pc.binary_join_element_wise(pc.utf8_replace_slice(spaced, 10, 11, "T"), "Z", "")
    return column
