"""A CSV file of which DuckDB cannot read every line, read so that a faulty line costs no other row."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LONGEST_FIELD = 2_000_000  # characters, as DuckDB's own reader has it for a line
MOST_LINES = 1_000  # of one record: a quote that is still open then was never meant to run on
BATCH_ROWS = 50_000

csv.field_size_limit(LONGEST_FIELD)


def rewrite_readable_rows(source: Path, width: int, target: Path) -> list[tuple[int, str, str]]:
    """Write the readable rows of a CSV file as Parquet and return its unreadable lines.

    The Parquet file has the columns c0 .. c<width - 1> as text, null where a field is empty, and line_number, the line
    on which the row starts (the header is line 1). An unreadable line is (line number, SHA-256, text).
    """
    schema = pa.schema([("line_number", pa.int64()), *((f"c{position}", pa.string()) for position in range(width))])
    unreadable = []
    target.parent.mkdir(parents=True, exist_ok=True)
    # bytes that are not UTF-8 survive as surrogates, so that their line can be told and hashed
    with (
        source.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines,
        pq.ParquetWriter(target, schema, compression="zstd") as writer,
    ):
        batch = []
        for number, line, fields in _records(lines, width):
            if fields is None:
                raw = line.rstrip("\r\n").encode("utf-8", "surrogateescape")
                text = raw.decode("utf-8", "backslashreplace")
                unreadable.append((number, hashlib.sha256(raw).hexdigest(), text))
                continue
            batch.append((number, *(value or None for value in fields)))
            if len(batch) == BATCH_ROWS:
                writer.write_table(_table(batch, schema))
                batch = []
        if batch:
            writer.write_table(_table(batch, schema))
    return unreadable


def _table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    return pa.table(dict(zip(schema.names, map(list, zip(*rows, strict=True)), strict=True)), schema=schema)


def _records(lines: Iterator[str], width: int) -> Iterator[tuple[int, str, list[str] | None]]:
    """Yield line number, text and fields of each record; fields are None where the text is no readable row.

    A quoted field may run over several lines. Where its quote is never closed properly, only the line that opened it is
    unreadable, and reading goes on with the next line.
    """
    number = 1
    next(lines, "")  # the header
    waiting = deque()
    while line := (waiting.popleft() if waiting else next(lines, "")):
        number += 1
        if not line.strip("\r\n"):
            continue
        taken, quotes = [line], line.count('"')
        fields, is_open = _parse(line)
        while is_open and len(taken) < MOST_LINES:
            following = waiting.popleft() if waiting else next(lines, "")
            if not following:
                break
            taken.append(following)
            quotes += following.count('"')
            if '"' in following and quotes % 2 == 0:  # an odd number of quotes closes nothing
                fields, is_open = _parse("".join(taken))
        if fields is None:
            waiting.extendleft(reversed(taken[1:]))
            yield number, line, None
        else:
            record = "".join(taken)
            yield number, record, fields if len(fields) == width and _is_utf8(record) else None
            number += len(taken) - 1


def _parse(record: str) -> tuple[list[str] | None, bool]:
    """Return the record's fields, or None where its quotes are broken, and whether it ends within a quoted field."""
    try:
        rows = list(csv.reader([record], strict=True))
    except csv.Error as error:
        # DuckDB forgives blanks behind a quoted field
        closer = re.sub(r'(?<!")" +(?=,|[\r\n]|$)', '"', record)
        if closer != record:
            return _parse(closer)
        return None, "unexpected end of data" in str(error)
    return (rows[0], False) if len(rows) == 1 else (None, False)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
