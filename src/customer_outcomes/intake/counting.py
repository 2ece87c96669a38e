"""Counts the rows of a file independently of its reader; both counts must agree before anything is built.

To count the records of a CSV file, only line ends, quotes and the bytes before a quote matter:

- A line end (LF, CRLF or CR) ends a record unless it is inside a quoted text.
- A quote opens a quoted text at the beginning of a field, where one blank may precede it, or after another quoted text
  of the same field and any number of blanks.
- Inside a quoted text, a quote ends the text. A quote directly behind that end continues the text.
- All other quotes are ordinary characters.
- An empty line is not a row, unless a row has only one column.

The bytes are processed as arrays of some megabytes, so that ten million rows take seconds. This module shares no code
with lines.py or DuckDB, and must not: a common fault would make wrong counts agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

CHUNK_BYTES = 1 << 24
LF, CR, BLANK, QUOTE = (ord(character) for character in '\n\r "')
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The bytes after which a quote opens a quoted text; one blank may stand between them.
OPENS_AFTER = np.isin(np.arange(256), [LF, CR, ord(",")])


@dataclass(frozen=True)
class Count:
    """The counts of one file.

    `rows` is the number of rows below the header, `longest` the number of bytes of the longest record, header included.
    `one_line_each` is true if every row n is on line n + 1, alone. `is_regular` is true if all records end with the
    same line end, and the file does not end inside a quoted text.
    """

    rows: int
    longest: int
    one_line_each: bool
    is_regular: bool = True


@dataclass
class _State:
    """The state at the beginning of a chunk of bytes.

    `line` is the number of the chunk's first line, and `is_quoted` says whether the chunk begins inside a quoted text.
    `ends` holds the kinds of line ends seen before. `record_line` and `record_bytes` are the first line of the open
    record and the number of its bytes before the chunk.
    """

    line: int = 1
    is_quoted: bool = False
    ends: set[str] = field(default_factory=set)
    record_line: int = 1
    record_bytes: int = 0


def count_csv(path: Path, width: int) -> Count:
    """Return the counts of a CSV file of `width` columns."""
    rows, longest, one_line_each, state = 0, 0, True, _State()
    for first_lines, last_lines, lengths in _records(path, state):
        last_lines = last_lines[_is_row(first_lines, lengths, width)]
        one_line_each &= bool((last_lines == np.arange(rows + 1, rows + 1 + len(last_lines))).all())
        rows += len(last_lines)
        longest = max(longest, int(lengths.max()))
    return Count(max(rows - 1, 0), longest, one_line_each, len(state.ends) < 2 and not state.is_quoted)


def lines_of_rows(path: Path, width: int) -> np.ndarray:
    """Return the number of the line on which each row of a CSV file starts; the header is line 1."""
    starts = [lines[_is_row(lines, lengths, width)] for lines, _, lengths in _records(path, _State())]
    return np.concatenate(starts)[1:] if starts else np.empty(0, np.int64)


def count_parquet(path: Path) -> int:
    """Return the number of rows that the footer of a Parquet file states."""
    return pq.read_metadata(path).num_rows


def _is_row(first_lines: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    """Return an array of booleans: whether each record is a row or the header; the header is on the first line."""
    return (lengths > 0) | (width == 1) | (first_lines == 1)


def _records(path: Path, state: _State) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield arrays with an entry per record: its first line, its last line, and its bytes without the line end."""
    for chunk in _chunks(path):
        found = _of_chunk(chunk, state)
        if len(found[0]):
            yield found
    if state.record_bytes:
        yield np.array([state.record_line]), np.array([state.line]), np.array([state.record_bytes])


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces that end with a line end; the last piece may lack one."""
    with path.open("rb") as file:
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        rest: list[bytes] = []
        while piece := file.read(CHUNK_BYTES):
            # A CR at the very end may be half of a CRLF.
            cut = piece.rfind(b"\n") + 1 or piece.rfind(b"\r", 0, -1) + 1
            if not cut:
                rest.append(piece)
                continue
            yield b"".join((*rest, piece[:cut]))
            rest = [piece[cut:]]
        if last := b"".join(rest):
            yield last


def _of_chunk(chunk: bytes, state: _State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first lines, last lines and lengths of the records that end in a chunk, and move the state to its end."""
    data = np.frombuffer(chunk, np.uint8)
    ends, is_pair = _line_ends(chunk, data)
    quotes = np.flatnonzero(data == QUOTE) if b'"' in chunk else np.empty(0, np.int64)
    flips = _flips(data, quotes, state.is_quoted)
    is_outside = (np.searchsorted(flips, ends) + state.is_quoted) % 2 == 0
    closing = np.flatnonzero(is_outside)
    ends_of_records = ends[closing]
    starts = np.concatenate(([0], ends_of_records[:-1] + 1))[: len(closing)]
    is_pair = is_pair[closing]
    lengths = ends_of_records - is_pair - starts
    is_return = data[ends_of_records] == CR
    kinds = {"CRLF": is_pair.any(), "CR": is_return.any(), "LF": (~is_return & (is_pair == 0)).any()}
    state.ends.update(kind for kind, is_there in kinds.items() if is_there)
    last_lines = closing + state.line
    first_lines = np.concatenate(([state.record_line], last_lines[:-1] + 1))[: len(closing)]
    if len(closing):
        lengths[0] += state.record_bytes
        state.record_line = int(last_lines[-1]) + 1
        state.record_bytes = len(chunk) - int(ends_of_records[-1]) - 1
    else:
        state.record_bytes += len(chunk)
    state.line += len(ends)
    state.is_quoted = (len(flips) + state.is_quoted) % 2 == 1
    return first_lines, last_lines, lengths


def _line_ends(chunk: bytes, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of the last byte of each line end, and 1 if that byte is the LF of a CRLF, else 0."""
    is_end = data == LF
    if b"\r" not in chunk:
        ends = np.flatnonzero(is_end)
        return ends, np.zeros(len(ends), np.int64)
    is_return = data == CR
    is_pair = np.zeros(len(data), bool)
    is_pair[1:] = is_end[1:] & is_return[:-1]
    is_end |= is_return
    is_end[:-1] &= ~is_pair[1:]
    ends = np.flatnonzero(is_end)
    return ends, is_pair[ends].astype(np.int64)


def _flips(data: np.ndarray, quotes: np.ndarray, is_quoted: bool) -> np.ndarray:
    """Return the positions of the quotes that begin or end a quoted text; the chunk begins at the start of a line."""
    opening = quotes[1 if is_quoted else 0 :: 2]
    before = np.where(opening > 0, data[opening - 1], LF)
    further = np.where(opening > 1, data[np.maximum(opening - 2, 0)], LF)
    # If all quotes begin or end a text, every second one opens a text, and a quote right before it has ended another.
    are_all = OPENS_AFTER[before] | (before == QUOTE) | ((before == BLANK) & OPENS_AFTER[further])
    return quotes if are_all.all() else _flips_one_by_one(data.tobytes(), quotes.tolist(), is_quoted)


def _flips_one_by_one(chunk: bytes, quotes: list[int], is_quoted: bool) -> np.ndarray:
    """Return the same as `_flips`, also if a quote is inside an unquoted field or reopens a text behind blanks."""
    flips: list[int] = []
    end_of_text: int | None = None
    for quote in quotes:
        if is_quoted:
            end_of_text = quote
        else:
            is_reopened = end_of_text is not None and not chunk[end_of_text + 1 : quote].strip(b" ")
            end_of_text = None
            before = chunk[max(quote - 2, 0) : quote].removesuffix(b" ")[-1:]
            if not is_reopened and before not in (b"", b",", b"\n", b"\r"):
                continue
        flips.append(quote)
        is_quoted = not is_quoted
    return np.array(flips, np.int64)
