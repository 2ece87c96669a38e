"""What a CSV file holds, written from the grammar and byte by byte: slow, and not like the code that it is compared to.

A line ends with LF, CRLF or CR; the first is the header. A field is quoted where a quote begins it, perhaps behind one
blank, and in a quoted field commas and line ends are text and two quotes are one; blanks behind it do not count, and a
further quote behind blanks goes on with it. Elsewhere a quote is a character like any other. A record has as many fields
as the header, and behind them only empty ones; it is UTF-8. Any other is unreadable, and so is a record in which a quoted
field never ends before a comma, a line end or the end of the file: that one goes to the end of the line that opens the
field. An empty line is nothing, unless records have one field.
"""

from dataclasses import dataclass, field

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Content:
    """(line, values) of each row and (line, bytes) of each unreadable record; the header is line 1."""

    rows: list[tuple[int, tuple[str | None, ...]]] = field(default_factory=list)
    unreadable: list[tuple[int, bytes]] = field(default_factory=list)


def read(data: bytes, width: int) -> Content:
    """Return what a file of `width` columns holds."""
    data = data.removeprefix(BYTE_ORDER_MARK)
    content, line = Content(), 2
    position = after_line_end(data, end_of_line(data, 0))
    while position < len(data):
        fields, end = record(data, position)
        text = data[position:end]
        if text or width == 1:
            values = row(fields, width)
            if values is None:
                content.unreadable.append((line, text))
            else:
                content.rows.append((line, values))
        following = after_line_end(data, end)
        while position < following:  # count the lines that it took
            position = after_line_end(data, end_of_line(data, position))
            line += 1
    return content


def row(fields: list[tuple[bytes, bool]] | None, width: int) -> tuple[str | None, ...] | None:
    """Return the values of a row, or None where the fields are none."""
    if fields is None or len(fields) < width or any(value for value, _ in fields[width:]):
        return None
    try:
        return tuple(value.decode() or None for value, _ in fields[:width])
    except UnicodeDecodeError:
        return None


def record(data: bytes, position: int) -> tuple[list[tuple[bytes, bool]] | None, int]:
    """Return the fields of the record that starts here, None where one never ends, and where its text ends."""
    fields = []
    while True:
        begun = position
        found = quoted(data, position)
        if found is None:
            while position < len(data) and data[position] not in b",\r\n":
                position += 1
            fields.append((data[begun:position], False))
        else:
            value, position = found
            if (position < len(data) and data[position] not in b",\r\n") or value is None:
                return None, end_of_line(data, begun)
            fields.append((value, True))
        if position == len(data) or data[position] != ord(","):
            return fields, position
        position += 1


def quoted(data: bytes, position: int) -> tuple[bytes | None, int] | None:
    """Return the value of the quoted field that starts here and where it ends; None where the field is not quoted."""
    opening = position + 1 if data[position : position + 1] == b" " else position
    if data[opening : opening + 1] != b'"':
        return None
    value, position = b"", opening
    while True:
        position += 1
        while data[position : position + 1] != b'"' or data[position : position + 2] == b'""':
            if position >= len(data):
                return None, position
            value += data[position : position + 1]
            position += 2 if data[position : position + 2] == b'""' else 1
        position += 1
        blanks = 0
        while data[position + blanks : position + blanks + 1] == b" ":
            blanks += 1
        position += blanks
        if not blanks or data[position : position + 1] != b'"':
            return value, position
        value += b" " * blanks


def end_of_line(data: bytes, position: int) -> int:
    while position < len(data) and data[position] not in b"\r\n":
        position += 1
    return position


def after_line_end(data: bytes, position: int) -> int:
    return position + (2 if data[position : position + 2] == b"\r\n" else 1)
