"""How many rows a file holds, counted apart from the reader: the two must agree before anything is built.

A CSV file is bytes, of which three matter: line ends, quotes, and what stands before a quote. A line end (LF, CRLF or
CR) ends a record unless it is quoted. A quote opens a quoted text where it begins a field, one blank before it allowed,
or stands behind a quoted text and blanks; within a quoted text it ends it, and at once behind its end begins it again.
All other quotes are characters like any other. An empty line is no row, unless a row is one column.

The bytes are taken as arrays, some megabytes at a time, so that ten million rows cost seconds. Nothing here is shared
with lines.py or DuckDB, and nothing should be: a fault in one of them must not count for the other.
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
# what may stand before a quote that opens a field; of blanks only one
OPENS_AFTER = np.isin(np.arange(256), [LF, CR, ord(",")])


@dataclass(frozen=True)
class Count:
    """What a CSV file holds below its header: rows, and the bytes of the longest of its records, header included.

    `one_line_each` tells that row n stands on line n + 1 alone, for every n; `is_regular`, that records end in one way,
    all with LF or all with CRLF or all with CR, and the last not within a quoted text.
    """

    rows: int
    longest: int
    one_line_each: bool
    is_regular: bool = True


@dataclass
class _State:
    """Where a chunk begins: the line, whether it is quoted, the ends of records that were seen before, and of the
    record that is open its line and its bytes so far."""

    line: int = 1
    is_quoted: bool = False
    ends: set[str] = field(default_factory=set)
    record_line: int = 1
    record_bytes: int = 0


def count_csv(path: Path, width: int) -> Count:
    """Count a CSV file of `width` columns."""
    rows, longest, one_line_each, state = 0, 0, True, _State()
    for first_lines, last_lines, lengths in _records(path, state):
        last_lines = last_lines[_is_row(first_lines, lengths, width)]
        one_line_each &= bool((last_lines == np.arange(rows + 1, rows + 1 + len(last_lines))).all())
        rows += len(last_lines)
        longest = max(longest, int(lengths.max()))
    return Count(max(rows - 1, 0), longest, one_line_each, len(state.ends) < 2 and not state.is_quoted)


def lines_of_rows(path: Path, width: int) -> np.ndarray:
    """Return for each row of a CSV file the line on which it starts; the header is line 1."""
    starts = [lines[_is_row(lines, lengths, width)] for lines, _, lengths in _records(path, _State())]
    return np.concatenate(starts)[1:] if starts else np.empty(0, np.int64)


def count_parquet(path: Path) -> int:
    """Return the rows of a Parquet file by its footer."""
    return pq.read_metadata(path).num_rows


def _is_row(first_lines: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    """Whether each record is a row, or the header, which is what the first line holds."""
    return (lengths > 0) | (width == 1) | (first_lines == 1)


def _records(path: Path, state: _State) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield, some records at a time, the first and the last line of each and its bytes without the line end."""
    for chunk in _chunks(path):
        found = _of_chunk(chunk, state)
        if len(found[0]):
            yield found
    if state.record_bytes:
        yield np.array([state.record_line]), np.array([state.line]), np.array([state.record_bytes])


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces that end where a line ends, the last perhaps without."""
    with path.open("rb") as file:
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        rest = []
        while piece := file.read(CHUNK_BYTES):
            # a CR at the very end may be half of a CRLF
            cut = piece.rfind(b"\n") + 1 or piece.rfind(b"\r", 0, -1) + 1
            if not cut:
                rest.append(piece)
                continue
            yield b"".join((*rest, piece[:cut]))
            rest = [piece[cut:]]
        if last := b"".join(rest):
            yield last


def _of_chunk(chunk: bytes, state: _State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lines and lengths of the records that end within a chunk, and move the state to its end."""
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
    """Return the last byte of each line end, and whether a CR stands before it as part of it."""
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
    """Return the quotes that begin or end a quoted text; a chunk begins where a line does."""
    opening = quotes[1 if is_quoted else 0 :: 2]
    before = np.where(opening > 0, data[opening - 1], LF)
    further = np.where(opening > 1, data[np.maximum(opening - 2, 0)], LF)
    # behind an even number of quotes that all do so, a quote before this one has just ended a text
    are_all = OPENS_AFTER[before] | (before == QUOTE) | ((before == BLANK) & OPENS_AFTER[further])
    return quotes if are_all.all() else _flips_one_by_one(data.tobytes(), quotes.tolist(), is_quoted)


def _flips_one_by_one(chunk: bytes, quotes: list[int], is_quoted: bool) -> np.ndarray:
    """Return the same where a quote stands within an unquoted field, or reopens a text behind blanks."""
    flips, end_of_text = [], None
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
