"""The files of a delivery as rows of text, and each text as a value of its type (input contract: files, types and forms)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from oracle.basics import EXACT

BOUND = Decimal("1e12")  # 'every decimal and integer below 1e12, after rounding'


# ------------------------------------------------------------------------------------------------ reading the files


def read_table(folder: Path, name: str) -> list[dict | None]:
    """All rows of a table as raw text by column; None stands for a line that cannot be read.

    The page: 'CSV or Parquet, one or many per table'; an absent table is an empty one.
    """
    base = folder.joinpath(*name.split("."))
    candidates = [base.with_name(base.name + suffix) for suffix in (".csv", ".parquet")]
    if base.is_dir():
        candidates += sorted(path for path in base.rglob("*") if path.suffix in (".csv", ".parquet"))
    rows: list[dict | None] = []
    for path in candidates:
        if path.is_file():
            rows += read_csv(path.read_bytes()) if path.suffix == ".csv" else read_parquet(path)
    return rows


def read_csv(data: bytes) -> list[dict | None]:
    """RFC 4180. 'A line that cannot be parsed is one row for its line and loses no other row.'"""
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = parse_csv_record(data, 0)
    if not data or head is None:
        return []
    header, position = [name.decode("utf-8") for name in head[0]], head[1]
    rows: list[dict | None] = []
    while position < len(data):
        newline = data.find(b"\n", position)
        next_line = len(data) if newline < 0 else newline + 1
        if not data[position:next_line].strip(b"\r\n"):  # READING: an empty line is no row
            position = next_line
            continue
        record = parse_csv_record(data, position)
        if record is None:  # a broken quote: only this physical line is given up
            rows.append(None)
            position = next_line
            continue
        fields, position = record
        try:
            if len(fields) != len(header):  # READING: well quoted, so one line even where it spans several
                raise ValueError("too many or too few fields")
            rows.append({name: text.decode("utf-8") or None for name, text in zip(header, fields)})
        except ValueError:  # UnicodeDecodeError is one
            rows.append(None)
    return rows


def parse_csv_record(data: bytes, position: int) -> tuple[list[bytes], int] | None:
    """The fields of the record that starts here and where the next one starts; None where a quote is broken.

    READING: a quote inside a field that does not start with one is an ordinary character.
    """
    fields = []
    while True:
        if data[position : position + 1] == b'"':
            value, position = bytearray(), position + 1
            while True:
                quote = data.find(b'"', position)
                if quote < 0:
                    return None
                value += data[position:quote]
                if data[quote + 1 : quote + 2] != b'"':
                    position = quote + 1
                    break
                value += b'"'
                position = quote + 2
            fields.append(bytes(value))
        else:
            found = re.compile(rb"[^,\n]*").match(data, position)
            position = found.end()
            text = found.group()
            fields.append(text if data[position : position + 1] == b"," else text.removesuffix(b"\r"))
        if data[position : position + 1] == b",":
            position += 1
        elif data[position : position + 1] == b"":
            return fields, position
        elif data[position : position + 1] == b"\n":
            return fields, position + 1
        elif data[position : position + 2] in (b"\r\n", b"\r"):
            return fields, position + 2
        else:
            return None


def read_parquet(path: Path) -> list[dict | None]:
    """Rows of a Parquet file with every value as plain text."""
    table = pq.ParquetFile(path).read()
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type):  # stored in UTC; the zone is a label only
            column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.timestamp("us"))
        columns.append([plain_text(value) for value in column.to_pylist()])
    return [dict(zip(table.column_names, values)) for values in zip(*columns)] if columns else []


def plain_text(value: object) -> str | None:
    """A Parquet value as text: timestamps ISO, booleans true/false, floats by their shortest form."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


# -------------------------------------------------------------------------------------- types (input contract)


def parse(kind: str, text: str) -> object:
    """The value of a text by its type; ValueError is bad_type. 'Anything else is bad_type': no trimming, no guessing."""
    return {"text": str, "integer": parse_integer, "decimal": parse_decimal, "boolean": parse_boolean,
            "timestamp": parse_timestamp, "date": parse_date}[kind](text)  # fmt: skip


def parse_boolean(text: str) -> bool:
    """'boolean: true, false, 1, 0 in any case'."""
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def parse_integer(text: str) -> int:
    """'integer: 1 or 1.0'. READING: 1e3 is none (it is named for decimals only)."""
    if not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", text):
        raise ValueError(text)
    return int(text.partition(".")[0])


def parse_decimal(text: str) -> Decimal:
    """'exact, 6 decimals, further ones rounded half away from zero; never NaN'; 'also 1e3'."""
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(text)
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than Python reads
        return Decimal(0) if "e-" in text.lower() else BOUND
    return value if value.copy_abs() >= BOUND else value.quantize(Decimal("0.000001"), context=EXACT)


TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:(Z)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)


def parse_timestamp(text: str) -> datetime:
    """'ISO 8601, with Z or an offset brought to UTC, a date alone is midnight'.

    READING: the extended format, T or one space; digits beyond microseconds are cut off.
    """
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    value = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
                     int((fraction or "0")[:6].ljust(6, "0")))  # fmt: skip
    if sign is not None:
        if int(hours) > 23 or int(minutes or 0) > 59:
            raise ValueError(text)
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        try:
            value = value - offset if sign == "+" else value + offset
        except OverflowError:
            raise ValueError(text) from None
    return value


def parse_date(text: str) -> date:
    """'date: a timestamp at midnight is one too'. READING: midnight after it was brought to UTC."""
    value = parse_timestamp(text)
    if (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
        raise ValueError(text)
    return value.date()
