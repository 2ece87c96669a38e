"""The files of a delivery as rows of text, and each text as a value of its type (input contract: files, types and forms)."""

from __future__ import annotations

import gzip
import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from oracle.basics import DAY, EXACT, TICK, midnight
from oracle.local_time import first_moment

# 'every decimal and integer below 1e12', 'ratios below 1e6', after rounding
BOUNDS = {"integer": Decimal("1e12"), "decimal": Decimal("1e12"), "ratio": Decimal("1e6")}
PLACES = {"decimal": 6, "ratio": 12}
SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".parquet")
SYSTEM_COLUMNS = {"_loaded_at": "timestamp", "updated_at": "timestamp", "is_deleted": "boolean"}
# 'blanks at either end do not count (no-break and zero-width ones included)': White_Space of Unicode, and four more
BLANKS = (
    "".join(map(chr, (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
    + "\u2028\u2029\u202f\u205f\u3000"
    + "\u200b\u200c\u200d\u2060\ufeff"
)
UTC = ZoneInfo("UTC")
EPOCH = datetime(1970, 1, 1)
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}  # microseconds
WIDEST = 2**53  # from here on a float no longer tells whole numbers apart


class Untyped(str):
    """The text of a Parquet value that is of no type of the contract: every reading of it is bad_type."""


def folded(text: str | None) -> str | None:
    """'blanks at either end do not count'; 'empty is null'."""
    if isinstance(text, Untyped):
        return text
    return (text.strip(BLANKS) or None) if text is not None else None


def name_of(text: str) -> str:
    """'names of tables and columns are found without regard to case, blanks at either end, byte-order marks and
    zero-width characters'. READING: the last two at either end as well.
    """
    return text.strip(BLANKS).lower()


# ------------------------------------------------------------------------------------------------ reading the files


def read_table(folder: Path, name: str, types: dict[str, str]) -> list[dict | None]:
    """All rows of a table as raw text by column; None stands for a line that cannot be read.

    The page: 'CSV or Parquet, one or many per table'; '.csv.gz and .csv.zst are read'; an absent table is an empty one.
    `types` are those of the contract's columns, which matter for Parquet.
    """
    rows: list[dict | None] = []
    for path in files_of(folder, name):
        kind = suffix_of(path)
        if kind == ".parquet":
            rows += read_parquet(path, types | SYSTEM_COLUMNS)
        else:
            rows += read_csv(unpacked(path, kind))
    return rows


def files_of(folder: Path, name: str) -> list[Path]:
    """The files of a table: <domain>/<table>.csv and the like, and all of these kinds in the folder <domain>/<table>.

    READING: names of kinds fold as names of tables do. A file or folder whose name begins with a dot or `_` is passed over.
    """
    domain, table = name.split(".")
    found = []
    for entry in sorted(entry for place in children(folder) if name_of(place.name) == domain
                        for entry in children(place)):  # fmt: skip
        kind = suffix_of(entry)
        if entry.is_file() and kind and name_of(entry.name[: -len(kind)]) == table:
            found.append(entry)
        elif entry.is_dir() and name_of(entry.name) == table:
            found += sorted(within(entry))
    return found


def children(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name[0] not in "._"] if folder.is_dir() else []


def within(folder: Path) -> list[Path]:
    """The files below a folder, at any depth."""
    return [path for child in children(folder) for path in (within(child) if child.is_dir() else [child])
            if child.is_dir() or suffix_of(path)]  # fmt: skip


def suffix_of(path: Path) -> str | None:
    """The kind of a file, as its name has it; of the longest ending that fits."""
    return max((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), key=len, default=None)


def unpacked(path: Path, kind: str) -> bytes:
    if kind == ".csv.gz":
        return gzip.decompress(path.read_bytes())
    if kind == ".csv.zst":
        with pa.input_stream(str(path), compression="zstd") as stream:
            return stream.read()
    return path.read_bytes()


def read_csv(data: bytes) -> list[dict | None]:
    """RFC 4180. 'A line that cannot be parsed is one row for its line and loses no other row.'"""
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = parse_csv_record(data, 0)
    if not data or head is None:
        return []
    header, position = [name_of(name.decode("utf-8")) for name in head[0]], head[1]
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


def read_parquet(path: Path, types: dict[str, str]) -> list[dict | None]:
    """Rows of a Parquet file with every value as plain text."""
    table = pq.ParquetFile(path).read()
    names = [name_of(name) for name in table.column_names]
    columns = [texts(column, types.get(name)) for name, column in zip(names, table.columns)]
    return [dict(zip(names, values)) for values in zip(*columns)] if columns else []


def texts(column: pa.ChunkedArray, kind: str | None) -> list[str | None]:
    """A column of a file as text, by its own type and the contract's."""
    if pa.types.is_timestamp(column.type):
        return moments(column, kind)
    if pa.types.is_date(column.type):  # 'Parquet DATE'
        days = column.cast(pa.date32()).cast(pa.int32()).to_pylist()
        return [None if day is None else stated(lambda day=day: (EPOCH + day * DAY).date(), day) for day in days]
    if pa.types.is_floating(column.type) and kind == "text":
        narrow = np.float32 if column.type == pa.float32() else float
        return [key_of(value, narrow) for value in column.to_pylist()]
    return [plain_text(value) for value in column.to_pylist()]


def moments(column: pa.ChunkedArray, kind: str | None) -> list[str | None]:
    """Timestamps, stored in UTC where they have a zone, which is a label only; digits beyond microseconds are cut off.

    'a Parquet timestamp column wholly at 00:00 is a column of dates': by file, where it has no zone and any value.
    """
    counts = column.cast(pa.int64()).to_pylist()
    unit = column.type.unit
    ticks = [None if count is None else count // 1000 if unit == "ns" else count * UNITS[unit] for count in counts]
    is_of_days = (kind == "timestamp" and column.type.tz is None and any(tick is not None for tick in ticks)
                  and all(tick is None or tick % (DAY // TICK) == 0 for tick in ticks))  # fmt: skip
    return [None if tick is None else
            stated(lambda tick=tick: (EPOCH + tick * TICK).date() if is_of_days else EPOCH + tick * TICK, tick)
            for tick in ticks]  # fmt: skip


def stated(value, number: int) -> str:
    """A day or moment in ISO form; 'Years run from 0001 to 9999: else bad_type'."""
    try:
        return value().isoformat()
    except OverflowError:
        return Untyped(number)


def key_of(value: float | None, narrow: type) -> str | None:
    """'A floating-point Parquet column of text takes whole numbers without their point (7.0 is 7); from 2^53 on it is
    bad_type', as infinities and NaN are; any other number is its shortest text, by the width of the column.
    """
    if value is None:
        return None
    if not math.isfinite(value) or abs(value) >= WIDEST:
        return Untyped(value)
    return str(int(value)) if value == int(value) else str(narrow(value))


def plain_text(value: object) -> str | None:
    """A Parquet value as text: booleans true/false, floats by their shortest form."""
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


def parse(kind: str, text: str, zone: ZoneInfo = UTC) -> object:
    """The value of a text by its type; ValueError is bad_type. `zone` is that of dates alone, reporting_timezone."""
    if isinstance(text, Untyped):
        raise ValueError(text)
    text = text.strip(BLANKS)
    if kind == "timestamp":
        return parse_timestamp(text, zone)
    if kind in PLACES:
        return parse_decimal(text, kind)
    return {"text": parse_text, "integer": parse_integer, "boolean": parse_boolean, "date": parse_date}[kind](text)


def parse_text(text: str) -> str:
    """'text holds no NUL: else bad_type'."""
    if "\0" in text:
        raise ValueError(text)
    return text


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


def parse_decimal(text: str, kind: str = "decimal") -> Decimal:
    """'exact, 6 decimals, further ones rounded half away from zero; never NaN'; 'also 1e3'; of a ratio 12 decimals."""
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(text)
    bound = BOUNDS[kind]
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than Python reads
        return Decimal(0) if "e-" in text.lower() else bound
    return value if value.copy_abs() >= bound else value.quantize(Decimal(1).scaleb(-PLACES[kind]), context=EXACT)


TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:(Z)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)
WIDEST_OFFSET = timedelta(hours=15, minutes=59)


def written(text: str) -> tuple[datetime, timedelta, bool]:
    """The clock as written, its offset from UTC, and whether it is a date alone.

    'offsets to 15:59'. READING: the extended format, T or one space; digits beyond microseconds are cut off.
    """
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    value = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
                     int((fraction or "0")[:6].ljust(6, "0")))  # fmt: skip
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if int(minutes or 0) > 59 or offset > WIDEST_OFFSET:
        raise ValueError(text)
    return value, -offset if sign == "-" else offset, hour is None


def parse_timestamp(text: str, zone: ZoneInfo = UTC) -> datetime:
    """'ISO 8601, with Z or an offset brought to UTC, without one UTC; a date alone is midnight of that day in
    reporting_timezone (a midnight that the clock skips: the first instant after it)', of two midnights the earlier one.
    """
    value, offset, is_day = written(text)
    try:
        return first_moment(zone, value) if is_day else value - offset
    except OverflowError:  # 'Years run from 0001 to 9999', READING: of the moment in UTC, too
        raise ValueError(text) from None


def parse_date(text: str) -> date:
    """'date: a timestamp whose clock as written is 00:00 is one too'. READING: whatever its offset, the day as written."""
    value, _, _ = written(text)
    if value != midnight(value.date()):
        raise ValueError(text)
    return value.date()
