"""The files of a random world, and the same rows as another delivery may hold them."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from worlds.company import random_company
from worlds.contract import COLUMNS, DOMAINS, EXTRA, FRAGILE, NEEDED, STAMPS, Column, Fields
from worlds.delivery import BAD_TYPES, deliver
from worlds.kinds import SHOP

FORMATS = ("csv", "csv.gz", "csv.zst", "parquet")
WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")


def write_world(
    folder: Path,
    seed: int,
    size: int = 60,
    *,
    file_format: str = "csv",
    faults: bool = True,
    whole: bool = False,
    as_of: datetime = datetime(2025, 7, 1),
    kind: str = SHOP,
) -> None:
    """Write a random company of about `size` accounts in the contract's shape, of one of `kinds.KINDS`.

    `file_format` is csv, csv.gz, csv.zst, parquet, or mixed: another of them for each table, in which files and columns
    also have their names in other letters. `as_of` is UTC, with or without saying so; the build is to be run with the
    same one. A `whole` company has every table of its kind; of other companies one table may be absent or empty.
    """
    as_of = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    world = random_company(seed, size, faults, as_of, kind)
    idle = [name for name in COLUMNS if name not in ("accounts", "exchange_rates")]
    idle = [name for name in idle if faults or name not in NEEDED]
    fate = Random(f"{seed} missing")
    left_out, empty = (fate.choice(idle) if fate.random() < odds else None for odds in (0.3, 0.1))
    if whole:
        left_out = empty = None
    for table, columns in COLUMNS.items():
        if table in world.absent:
            continue
        versions = [cells for row in world.rows[table] for cells in deliver(world, table, row)]
        world.random.shuffle(versions)
        dice = Random(f"{seed} {table}")
        names = [c.name for c in columns + STAMPS]
        if dice.random() < 0.1:
            optional = [c.name for c in columns + STAMPS if not c.is_required]
            names.remove(dice.choice([name for name in optional if name not in FRAGILE]))
        names += [name for name in EXTRA if dice.random() < 0.15]
        rows = [[cells[name] for name in names] for cells in versions if table != empty]
        if faults and dice.random() < 0.15:
            _without_clocks(names, rows, dice)
        kind = dice.choice(FORMATS) if file_format == "mixed" else file_format
        stem = dice.choice([table, table.upper(), table.title()]) if file_format == "mixed" else table
        path = folder / DOMAINS[table] / f"{stem}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        is_odd = faults and dice.random() < (0.6 if file_format == "mixed" else 0.15)
        header = [_other_letters(name, dice) for name in names] if is_odd else names
        if table == left_out:
            path.unlink(missing_ok=True)
        elif kind == "parquet":
            pq.write_table(_arrow_table(names, rows, dice, faults).rename_columns(header), path)
        else:
            _write(path, _csv_file(header, rows, dice, faults))


def _without_clocks(names: list[str], rows: list[Fields], dice: Random) -> None:
    """Make one or two columns of moments columns of days, as an export of dates has them."""
    moments = [number for number, name in enumerate(names) if Column(name).kind == "timestamp"]
    for number in dice.sample(moments, min(len(moments), dice.choice([1, 1, 2]))):
        for row in rows:
            is_sound = row[number] and row[number] not in BAD_TYPES["timestamp"]
            row[number] = row[number][:10] if is_sound else None


def _other_letters(name: str, dice: Random) -> str:
    """The name of a column in other letters, or between characters that do not count."""
    forms = [name, name.upper(), name.title(), f" {name}", f"{name}\u00a0", f"\u200b{name}", f"\ufeff{name.upper()} "]
    return dice.choice(forms)


def _write(path: Path, content: bytes) -> None:
    """Write a file, compressed where its name says so; the same content gives the same bytes."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content, mtime=0))
    elif path.suffix == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(content)
    else:
        path.write_bytes(content)


def _read(path: Path) -> bytes:
    """The content of a file, unpacked."""
    if path.suffix not in (".gz", ".zst"):
        return path.read_bytes()
    with pa.input_stream(str(path), compression="gzip" if path.suffix == ".gz" else "zstd") as stream:
        return stream.read()


def _arrow_table(names: list[str], rows: list[Fields], dice: Random, faults: bool) -> pa.Table:
    """All columns as text, or each in its own type where every value allows it.

    Keys that are whole numbers are integers or floating-point numbers, as a data frame with gaps in a column has them.
    Moments that are all days are days, or moments of which each is at midnight.
    """
    types = {"boolean": pa.bool_(), "integer": pa.int64(), "decimal": pa.decimal128(38, 10)}
    types |= {"ratio": pa.decimal128(38, 14)}
    types |= {"date": pa.date32(), "timestamp": pa.timestamp("us", dice.choice(["UTC", None]))}
    is_typed, arrays = dice.random() < 0.5, []
    for position, name in enumerate(names):
        values, kind = [row[position] for row in rows], Column(name).kind
        filled = [value for value in values if value is not None]
        if kind == "timestamp" and filled and max(map(len, filled)) == 10 and not set(filled) & set(BAD_TYPES[kind]):
            days = pa.array([value and datetime.fromisoformat(value) for value in values], pa.timestamp("us"))
            arrays.append(days.cast(dice.choice([pa.date32(), pa.timestamp("ns"), pa.timestamp("us"), pa.string()])))
            if pa.types.is_string(arrays[-1].type):
                arrays[-1] = pa.array(values, pa.string())
        elif is_typed and kind in types and not set(values) & set(BAD_TYPES[kind]) and not _has_days(kind, filled):
            values = [None if value is None else _parse(kind, value) for value in values]
            arrays.append(pa.array(values, types[kind]))
        elif kind == "text" and filled and all(WHOLE.fullmatch(value) for value in filled) and dice.random() < 0.6:
            arrays.append(_numbers(values, dice, faults))
        else:
            arrays.append(pa.array(values, pa.string()))
    return pa.table(arrays, names)


def _has_days(kind: str, texts: list[str]) -> bool:
    """Whether some of the moments are days, which are no moments in UTC."""
    return kind == "timestamp" and any(len(text) == 10 for text in texts)


def _numbers(texts: Fields, dice: Random, faults: bool) -> pa.Array:
    """Keys as numbers, of which a few are none that a key can be, or no whole ones."""
    numbers = [text and int(text) for text in texts]
    if dice.random() < 0.3:
        return pa.array(numbers, pa.int64())
    odd = (7.5, math.nan, math.inf, 2.0**53, 2.0**53 - 1)
    floats = [dice.choice(odd) if faults and number and dice.random() < 0.01 else number for number in numbers]
    return pa.array([None if number is None else float(number) for number in floats], pa.float64())


def _parse(kind: str, text: str) -> object:
    """The value of a sound text."""
    if kind == "boolean":
        return text.lower() in ("true", "1")
    if kind in ("integer", "decimal", "ratio"):
        return int(Decimal(text)) if kind == "integer" else Decimal(text)
    moment = datetime.fromisoformat(text)
    if kind == "date":  # as written, whatever the offset
        return moment.date()
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment


def _record(fields: Fields, end: str, quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """One record of a CSV file."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=end, quoting=quoting).writerow(fields)
    return line.getvalue().encode()


def _csv_file(names: list[str], rows: list[Fields], dice: Random, faults: bool) -> bytes:
    """The file, with lines between its records that cannot be read, where there are faults."""
    end = dice.choice(["\n", "\n", "\r\n"])
    quoting = dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    records = [_record(row, end, quoting) for row in rows]
    rest = b",x" * (len(names) - 1) + end.encode()
    for broken in (b"too,many,fields", b'"broken" quote', b"not UTF-8: caf\xe9"):
        if faults and dice.random() < 0.3:
            records.insert(dice.randint(0, len(records)), broken + rest)
    if faults and dice.random() < 0.1:  # the last line, as it would swallow the lines after it
        records.append(b'"never closed' + rest)
    return _record(names, end, quoting) + b"".join(records)


def _split_records(content: bytes) -> Iterator[bytes]:
    """The records of a CSV file, each with its line's end; a quoted field may span lines."""
    record = b""
    for line in io.BytesIO(content):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _fields(record: bytes, width: int) -> Fields | None:
    """The fields of a record, or None of one that cannot be read."""
    try:
        (fields,) = csv.reader(io.StringIO(record.decode(), newline=""), strict=True)
    except (csv.Error, ValueError):
        return None
    return fields if len(fields) == width else None


def shuffle_world(source: Path, target: Path, seed: int) -> None:
    """Write a world that `write_world` wrote as it may be delivered another time.

    Rows come in another order and some twice, columns in another order, and each file is cut into
    several, `<domain>/<table>/part_<n>.<format>`. Lines that cannot be read are passed on once. Moments in Parquet get
    their time zone, UTC, unless all of them are days: a part of them might be at midnight alone, and be read as days.
    """
    for path in sorted(source.glob("*/*.*")):
        if path.parent.name == "rules":  # they are no deliveries
            (target / "rules").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "rules")
            continue
        stem, _, suffix = path.name.partition(".")
        dice, folder = Random(f"{seed} {path.name}"), target / path.parent.name / stem
        folder.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            table = _in_utc(pq.ParquetFile(path).read())
            for number, rows in enumerate(_deal(dice, range(table.num_rows))):
                names = dice.sample(table.column_names, table.num_columns)
                part = table.take(pa.array(rows, pa.int64())).select(names)
                pq.write_table(part, folder / f"part_{number}.parquet")
            continue
        head, *records = _split_records(_read(path))
        end, names = "\r\n" if head.endswith(b"\r\n") else "\n", next(csv.reader([head.decode()]))
        rows = [_fields(record, len(names)) for record in records]
        broken = [record for record, row in zip(records, rows, strict=True) if not row]
        for number, part in enumerate(_deal(dice, [row for row in rows if row])):
            order = dice.sample(range(len(names)), len(names))
            lines = [_record([row[position] for position in order], end) for row in [names, *part]]
            for line in broken if number == 0 else ():  # the one that is never closed comes last
                is_closed = line.count(b'"') % 2 == 0
                lines.insert(dice.randint(1, len(lines)) if is_closed else len(lines), line)
            _write(folder / f"part_{number}.{suffix}", b"".join(lines))


def _in_utc(table: pa.Table) -> pa.Table:
    """The table with the time zone of moments without one that are not all at midnight."""
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            clocks = {moment.time() for moment in table.column(number).to_pylist() if moment}
            if clocks != {time()}:
                column = table.column(number).cast(pa.timestamp("us", "UTC"))
                table = table.set_column(number, field.name, column)
    return table


def _deal(dice: Random, items: Sequence[object]) -> list[list[object]]:
    """The items in random order, some twice, dealt to two to four hands."""
    items = [*items, *(item for item in items if dice.random() < 0.05)]
    dice.shuffle(items)
    hands = dice.randint(2, 4)
    return [items[hand::hands] for hand in range(hands)]
