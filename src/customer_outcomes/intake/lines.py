"""The second pass over a CSV file that DuckDB's reader refuses: separates the faulty records from the readable ones.

The meaning of a row is left to DuckDB (readers.py). The grammar here only says which records DuckDB can read. They are
copied into a new file, which DuckDB reads as if the faulty records had never been there:

    record  = as many fields as the header has, then any number of empty fields; UTF-8, at most LONGEST_RECORD bytes
    field   = text that does not begin with a quote, in which a quote is an ordinary character
            | at most one blank, a quoted text, any number of blanks each with a further quoted text, then blanks
    quoted  = any text between two quotes, also with line ends; a quote inside it is doubled

A line ends with LF, CRLF or CR. A record with another number of fields is one faulty record, even over several lines.
A quoted text must be followed by a comma, a line end or the end of the file. If no quote closes it like that, its
record is faulty up to the end of the line that opens it, and reading goes on with the next line.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from customer_outcomes.intake.archives import read_head

LONGEST_RECORD = 100_000_000  # bytes
LONGEST_TEXT = 1_000_000  # the number of characters of a faulty record that are kept; its SHA-256 covers all of them
LONGEST_HEADER = 1_000_000  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# None of these patterns backtracks, so the time to match a text grows only with its length. A group that can fail
# midway is not possessive, because Python before 3.11.5 matches those wrongly (CPython issue 106052).
TEXT = rb'"[^"]*+(?:""[^"]*+)*+"'
QUOTED = rb" ?%b(?: ++%b)* *+" % (TEXT, TEXT)
UNQUOTED = rb'(?! ?")[^,\r\n]*+'
EMPTY = rb'(?: ?"" *+)?'
END = rb"(?:\r\n|\n|\r|\Z)"
FIELD = re.compile(rb"(?:%b(?=[,\r\n]|\Z)|%b)" % (QUOTED, UNQUOTED))
LINE = re.compile(rb"[^\r\n]*+" + END)
LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass
class Unreadable:
    """A faulty record: the line on which it starts (the header is line 1), its SHA-256, and its text."""

    line: int
    sha256: str
    text: str


@dataclass
class Rewritten:
    """The result for one file: its faulty records, and the line in the file on which each row of the copy starts."""

    unreadable: list[Unreadable] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))


def read_header(path: Path) -> tuple[str, ...]:
    """Return the names in the first line of a CSV file, compressed or not; an empty file has none.

    Raise ValueError if the line is not a record or not UTF-8, or if the file cannot be unpacked.
    """
    return names_in(read_head(path, LONGEST_HEADER))


def names_in(head: bytes) -> tuple[str, ...]:
    """Return the names in the first line of the first bytes of a CSV file; raise ValueError as read_header does."""
    head = head.removeprefix(BYTE_ORDER_MARK)
    line = LINE_END.sub(b"", head[: _end_of_line(head, 0)])
    names: list[bytes] = []
    position = 0
    while line:
        found = FIELD.match(line, position)
        if not found:
            raise ValueError("its header is not one line of columns, each quoted as a whole or not at all")
        names.append(_unquoted(found.group()))
        position = found.end() + 1
        if position > len(line):
            break
    if not all(map(_is_utf8, names)):
        raise ValueError("its header is not UTF-8")
    return tuple(name.decode() for name in names)


def rewrite_readable_records(source: Path, width: int, target: Path) -> Rewritten:
    """Copy the records of a CSV file of `width` columns that DuckDB can read, and return the others.

    The bytes of a record stay unchanged. Its line end becomes LF, because the reader refuses a file with different
    line ends. Empty lines are left out, unless a row has only one column.
    """
    made = Rewritten()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, target.open("wb") as copy:
        if not source.stat().st_size:
            return made
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            end_of_header = _end_of_line(data, 0)
            copy.write(data[:end_of_header].rstrip(b"\r\n") + b"\n")
            for line, record, is_readable in _records(data, end_of_header, width):
                if is_readable:
                    made.lines.append(line)
                    copy.write(record + b"\n")
                else:
                    text = record[: 4 * LONGEST_TEXT].decode("utf-8", "backslashreplace")[:LONGEST_TEXT]
                    made.unreadable.append(Unreadable(line, hashlib.sha256(record).hexdigest(), text))
    return made


def _records(data: mmap.mmap, position: int, width: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the first line of each record, its bytes without the line end, and whether DuckDB can read it."""
    one = rb"(?:%b|%b)" % (QUOTED, UNQUOTED)
    readable = re.compile(rb"(%b(?:,%b){%d}(?:,%b)*)%b" % (one, one, width - 1, EMPTY, END))
    line = 2
    while position < len(data):
        found = readable.match(data, position)
        end = found.end() if found else _end_of_record(data, position)
        record = found.group(1) if found else _without_end(data[position:end])
        if record or width == 1:
            yield line, record, bool(found) and len(record) <= LONGEST_RECORD and _is_utf8(record)
        # Most records are on one line, so their line ends need not be searched for.
        line += 1 + (len(LINE_END.findall(record)) if b"\n" in record or b"\r" in record else 0)
        position = end


def _end_of_record(data: mmap.mmap, position: int) -> int:
    """Return the position behind a record that is not readable."""
    while True:
        found = FIELD.match(data, position)
        if not found:
            return _end_of_line(data, position)
        position = found.end()
        if data[position : position + 1] != b",":
            return _end_of_line(data, position)
        position += 1


def _end_of_line(data: bytes | mmap.mmap, position: int) -> int:
    """Return the position behind the line end that follows a position; behind the data if there is none."""
    found = LINE.match(data, position)
    assert found is not None, "the pattern matches the empty text, too"
    return found.end()


def _without_end(record: bytes) -> bytes:
    return record.removesuffix(b"\n").removesuffix(b"\r") if record.endswith(b"\n") else record.removesuffix(b"\r")


def _unquoted(field: bytes) -> bytes:
    if not re.match(rb' ?"', field):
        return field
    parts = re.findall(rb"%b| +" % TEXT, field.strip(b" "))
    return b"".join(part[1:-1].replace(b'""', b'"') if part.startswith(b'"') else part for part in parts)


def _is_utf8(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True
