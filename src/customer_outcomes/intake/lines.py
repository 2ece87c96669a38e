"""The second pass over a CSV file that its reader refuses: it finds the records at fault, and leaves the others as are.

What a row means is for the reader alone to say, which is DuckDB's (readers.py). The grammar here says only what it can
read, so that the others, in a file of their own, are read by it as if nothing had been beside them:

    record  = fields, as many as the header has; further ones if they are empty; as UTF-8, LONGEST_RECORD bytes at most
    field   = text without quotes around it, in which a quote is a character like any other
            | at most one blank, quoted text, and again quoted text behind blanks, then blanks
    quoted  = any text between two quotes, line ends too, a quote in it twice

A line ends with LF, CRLF or CR. A record of another width is one faulty record, also over several lines. A quote that
is never closed properly, so that a comma, a line end or the end of the file follows, gives up its record to the end of
the line that opens it, and reading goes on with the next line.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_RECORD = 100_000_000  # bytes
LONGEST_TEXT = 1_000_000  # characters of a faulty record that are kept; its SHA-256 is of all of it
LONGEST_HEADER = 1_000_000  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# none of these tries a text in more than one way, so a long text costs its length and no more. A group that can fail
# midway is not possessive: Python before 3.11.5 goes on from there (CPython issue 106052).
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
    """A record at fault: the line on which it starts (the header is line 1), its SHA-256, and its text."""

    line: int
    sha256: str
    text: str


@dataclass
class Rewritten:
    """What was made of a file: its faulty records, and for each row of the copy the line on which it starts."""

    unreadable: list[Unreadable] = field(default_factory=list)
    lines: array = field(default_factory=lambda: array("q"))


def read_header(path: Path) -> tuple[str, ...]:
    """Return the names in the first line of a CSV file, none of an empty one; raise ValueError if it is no record."""
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER).removeprefix(BYTE_ORDER_MARK)
    line = LINE_END.sub(b"", LINE.match(head).group())
    names, position = [], 0
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
    """Copy the records of a CSV file that its reader can read, and tell the others.

    The bytes of a record stay what they are. Its line end becomes LF, because the reader refuses a file that mixes
    them. Empty lines are left out, unless a row is one column.
    """
    made = Rewritten()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, target.open("wb") as copy:
        if not source.stat().st_size:
            return made
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            header = LINE.match(data)
            copy.write(header.group().rstrip(b"\r\n") + b"\n")
            for line, record, is_readable in _records(data, header.end(), width):
                if is_readable:
                    made.lines.append(line)
                    copy.write(record + b"\n")
                else:
                    text = record[: 4 * LONGEST_TEXT].decode("utf-8", "backslashreplace")[:LONGEST_TEXT]
                    made.unreadable.append(Unreadable(line, hashlib.sha256(record).hexdigest(), text))
    return made


def _records(data: mmap.mmap, position: int, width: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the line of each record, its bytes without the line end, and whether the reader can read it."""
    one = rb"(?:%b|%b)" % (QUOTED, UNQUOTED)
    readable = re.compile(rb"(%b(?:,%b){%d}(?:,%b)*)%b" % (one, one, width - 1, EMPTY, END))
    line = 2
    while position < len(data):
        found = readable.match(data, position)
        end = found.end() if found else _end_of_record(data, position)
        record = found.group(1) if found else _without_end(data[position:end])
        if record or width == 1:
            yield line, record, bool(found) and len(record) <= LONGEST_RECORD and _is_utf8(record)
        # most records are a line
        line += 1 + (len(LINE_END.findall(record)) if b"\n" in record or b"\r" in record else 0)
        position = end


def _end_of_record(data: mmap.mmap, position: int) -> int:
    """Return where a record ends that is not readable."""
    while True:
        found = FIELD.match(data, position)
        if not found:
            return LINE.match(data, position).end()
        position = found.end()
        if data[position : position + 1] != b",":
            return LINE.match(data, position).end()
        position += 1


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
