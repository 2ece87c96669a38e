"""The second pass over a Parquet file that DuckDB's reader refuses: separates the faulty rows from the readable ones.

The meaning of a value is left to DuckDB (readers.py). This module reads the file with Arrow, one column of one row
group at a time. A value that cannot be read makes its row faulty; a page that cannot be read makes all rows of its row
group faulty. The other rows are copied into a new file, which DuckDB reads. If DuckDB still refuses a column, the
faulty values are found by bisection. All this runs in a separate process, because a damaged file can crash a reader:

    python -m customer_outcomes.intake.damage SOURCE TARGET COLUMN...

The process writes three files. TARGET.parquet holds the readable rows, and TARGET.rows.parquet their row numbers in
SOURCE, from 1. TARGET.faults.parquet holds the faulty rows: row number, column, SHA-256, and their readable text.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from customer_outcomes.intake.parquet import reading
from customer_outcomes.warehouse import EngineError, connect

LONGEST_TEXT = 1_000_000  # the number of characters of a faulty row that are kept; its SHA-256 covers all of them
MOST_PROBES = 1_000  # the number of attempts in the bisection of one column of one row group
Fault = tuple[int, str, str, str]  # row number, column, SHA-256, text
ERRORS = (EngineError, pa.ArrowException, OSError, ValueError, MemoryError, RuntimeError, UnicodeError, OverflowError)


@dataclass
class Salvaged:
    """The result for one file: a copy of the readable rows, their row numbers in the file, and the faulty rows."""

    copy: Path
    rows: pa.ChunkedArray
    faults: pa.Table


def salvage(source: Path, columns: list[str], target: Path) -> Salvaged:
    """Copy the readable rows of a file in a separate process; raise ValueError with the cause if that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", __name__, str(source), str(target), *columns]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode < 0:
        raise ValueError(f"its reader ended by signal {-done.returncode}")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ValueError(lines[-1] if lines else "its reader gave no reason")
    return _salvaged(target)


def _salvaged(target: Path) -> Salvaged:
    rows = pq.read_table(_with(target, "rows")).column("row")
    return Salvaged(_with(target), rows, pq.read_table(_with(target, "faults")))


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message without its full stop, or the error's type if it has no message."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removesuffix(".")


def _with(target: Path, kind: str = "") -> Path:
    return target.with_name(f"{target.name}{'.' if kind else ''}{kind}.parquet")


def _salvage(source: Path, columns: list[str], target: Path) -> None:
    file = pq.ParquetFile(source)
    schema = pa.schema([file.schema_arrow.field(column) for column in columns])
    rows: list[pa.Array] = []
    faults: list[Fault] = []
    first = 1
    with pq.ParquetWriter(_with(target), schema, use_dictionary=False) as copy:
        for group in range(file.num_row_groups):
            length = file.metadata.row_group(group).num_rows
            readable = _good_rows(file, group, length, columns, first, target, faults)
            if readable is not None and len(readable[0]):
                copy.write_table(readable[1].cast(schema))
                rows.append(readable[0])
            first += length
    pq.write_table(pa.table({"row": pa.chunked_array(rows, pa.int64())}), _with(target, "rows"))
    shape = {"row": pa.int64(), "column": pa.string(), "sha256": pa.string(), "text": pa.string()}
    found = [pa.array([fault[place] for fault in faults], kind) for place, kind in enumerate(shape.values())]
    pq.write_table(pa.table(found, names=list(shape)), _with(target, "faults"))


def _good_rows(
    file: pq.ParquetFile, group: int, length: int, columns: list[str], first: int, target: Path, faults: list[Fault]
) -> tuple[pa.Array, pa.Table] | None:
    """Return the row numbers and the values of the readable rows of a row group; None if a column is unreadable.

    The row group has `length` rows, the first of which is row `first` of the file. Its faulty rows are appended to
    `faults`.
    """
    data: dict[str, pa.Array] = {}
    bad: dict[int, str] = {}
    for column in columns:
        try:
            values = file.read_row_group(group, columns=[column], use_threads=False).column(column)
            if len(values) != length:
                raise ValueError(f"{len(values)} values for {length} rows")
            data[column] = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
        except ERRORS as error:
            text = json.dumps({column: f"cannot be read: {first_line(error)}"}, ensure_ascii=False)
            sha256 = hashlib.sha256(text.encode(errors="replace")).hexdigest()
            faults += [(row, column, sha256, text) for row in range(first, first + length)]
            return None
    for column in columns:
        for place in _bad_places(data[column], column, target):
            bad.setdefault(place, column)
    for place in sorted(bad):
        whole = {column: _shown(data[column], place) for column in columns}
        text = json.dumps({column: value for column, value in whole.items() if value is not None}, ensure_ascii=False)
        sha256 = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        faults.append((first + place, bad[place], sha256, text[:LONGEST_TEXT]))
    good = pa.array([place not in bad for place in range(length)]) if bad else None
    kept = pa.table(data).filter(good) if bad else pa.table(data)
    places = pa.array(range(first, first + length), pa.int64())
    return (places.filter(good) if bad else places), kept


def _bad_places(values: pa.Array, column: str, target: Path) -> list[int]:
    """Return the positions of the values of a column that cannot be read."""
    bad = {*_not_utf8(values), *_beyond_moments(values)}
    left = [place for place in range(len(values)) if place not in bad] if bad else range(len(values))
    sound = values.take(pa.array(left, pa.int64())) if bad else values
    probe, probes = _with(target, "probe"), 0
    waiting = [(0, len(sound))]
    while waiting:
        begin, end = waiting.pop()
        if begin == end or (probes < MOST_PROBES and _is_read(sound.slice(begin, end - begin), column, probe)):
            probes += 1
        elif end - begin == 1 or probes >= MOST_PROBES:
            bad.update(left[place] for place in range(begin, end))
        else:
            probes += 1
            middle = (begin + end) // 2
            waiting += [(begin, middle), (middle, end)]
    return sorted(bad)


def _not_utf8(values: pa.Array) -> Iterator[int]:
    """Yield the positions of an array's texts that are not UTF-8."""
    if isinstance(values, pa.DictionaryArray):
        faulty = set(_not_utf8(values.dictionary))
        yield from (place for place, index in enumerate(values.indices.to_pylist()) if index in faulty)
        return
    binary = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}.get(values.type)
    if binary is None and values.type not in (pa.binary(), pa.large_binary()):
        return
    plain = values.cast(binary) if binary else values
    try:
        plain.cast(pa.large_string())
    except pa.ArrowInvalid:
        for place, value in enumerate(plain.to_pylist()):
            try:
                (value or b"").decode()
            except UnicodeDecodeError:
                yield place


def _beyond_moments(values: pa.Array) -> list[int]:
    """Return the positions of an array's timestamps that do not fit into 64 bits of microseconds."""
    if not pa.types.is_timestamp(values.type) or values.type.unit not in ("s", "ms"):
        return []
    most = (2**63 - 1) // (1_000_000 if values.type.unit == "s" else 1_000)
    numbers = values.cast(pa.int64())
    is_beyond = pc.or_(pc.greater(numbers, most), pc.less(numbers, -most))
    return pc.indices_nonzero(is_beyond.fill_null(False)).to_pylist()


def _is_read(values: pa.Array, column: str, probe: Path) -> bool:
    """Return whether DuckDB can read all values of an array from a file, which is written to `probe`."""
    try:
        pq.write_table(pa.table({column: values}), probe, use_dictionary=False, compression="none")
        with connect(threads=1) as connection:
            connection.execute("set TimeZone = 'UTC'")
            relation = connection.read_parquet(str(probe))
            relation.aggregate(reading({column: str(relation.types[0])})).fetchall()
    except ERRORS:
        return False
    return True


def _shown(values: pa.Array, place: int) -> str | None:
    """Return a value as text, even if it is faulty; None for null."""
    value = values[place]
    if not value.is_valid:
        return None
    try:
        found = value.as_py()
        return found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else str(found)
    except ERRORS:
        pass
    try:
        storage = pc.cast(
            values.slice(place, 1), pa.large_binary() if _is_text(values.type) else pa.int64(), safe=False
        )
        found = storage[0].as_py()
        return found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else str(found)
    except ERRORS:
        return "(cannot be shown)"


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def main() -> int:
    """Run the module's command; on failure, the last line on standard error is the cause."""
    source, target, *columns = sys.argv[1:]
    try:
        _salvage(Path(source), columns, Path(target))
    except ERRORS as error:
        print(first_line(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
