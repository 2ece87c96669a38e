"""The files of a random world, and the same rows as another delivery may hold them."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from worlds.company import random_company
from worlds.contract import COLUMNS, DOMAINS, EXTRA, FRAGILE, NEEDED, STAMPS, Column, Fields
from worlds.delivery import BAD_TYPES, deliver


def write_world(
    folder: Path,
    seed: int,
    size: int = 60,
    *,
    file_format: str = "csv",
    faults: bool = True,
    whole: bool = False,
    as_of: datetime = datetime(2025, 7, 1),
) -> None:
    """Write a random company of about `size` accounts in the contract's shape.

    `as_of` is UTC, with or without saying so; the build is to be run with the same one. A `whole` company has every
    table; of other companies one table may be absent or empty.
    """
    as_of = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    world = random_company(seed, size, faults, as_of)
    idle = [name for name in COLUMNS if name not in ("accounts", "exchange_rates")]
    idle = [name for name in idle if faults or name not in NEEDED]
    fate = Random(f"{seed} missing")
    left_out, empty = (fate.choice(idle) if fate.random() < odds else None for odds in (0.3, 0.1))
    if whole:
        left_out = empty = None
    for table, columns in COLUMNS.items():
        versions = [cells for row in world.rows[table] for cells in deliver(world, table, row)]
        world.random.shuffle(versions)
        dice = Random(f"{seed} {table}")
        names = [c.name for c in columns + STAMPS]
        if dice.random() < 0.1:
            optional = [c.name for c in columns + STAMPS if not c.is_required]
            names.remove(dice.choice([name for name in optional if name not in FRAGILE]))
        names += [name for name in EXTRA if dice.random() < 0.15]
        rows = [[cells[name] for name in names] for cells in versions if table != empty]
        path = folder / DOMAINS[table] / f"{table}.{file_format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if table == left_out:
            path.unlink(missing_ok=True)
        elif file_format == "parquet":
            pq.write_table(_arrow_table(names, rows, dice), path)
        else:
            path.write_bytes(_csv_file(names, rows, dice, faults))


def _arrow_table(names: list[str], rows: list[Fields], dice: Random) -> pa.Table:
    """All columns as text, or each in its own type where every value allows it."""
    types = {"boolean": pa.bool_(), "integer": pa.int64(), "decimal": pa.decimal128(38, 10)}
    types |= {"date": pa.date32(), "timestamp": pa.timestamp("us", dice.choice(["UTC", None]))}
    is_typed, arrays = dice.random() < 0.4, []
    for position, name in enumerate(names):
        values, kind = [row[position] for row in rows], Column(name).kind
        if is_typed and kind in types and not set(values) & set(BAD_TYPES[kind]):
            values = [None if value is None else _parse(kind, value) for value in values]
            arrays.append(pa.array(values, types[kind]))
        else:
            arrays.append(pa.array(values, pa.string()))
    return pa.table(arrays, names)


def _parse(kind: str, text: str) -> object:
    """The value of a sound text."""
    if kind == "boolean":
        return text.lower() in ("true", "1")
    if kind in ("integer", "decimal"):
        return int(Decimal(text)) if kind == "integer" else Decimal(text)
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.date() if kind == "date" else moment


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
    several, `<domain>/<table>/part_<n>.<format>`. Lines that cannot be read are passed on once.
    """
    for path in sorted(source.glob("*/*.*")):
        if path.parent.name == "rules":  # they are no deliveries
            (target / "rules").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "rules")
            continue
        dice, folder = Random(f"{seed} {path.name}"), target / path.parent.name / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for number, rows in enumerate(_deal(dice, range(table.num_rows))):
                names = dice.sample(table.column_names, table.num_columns)
                part = table.take(pa.array(rows, pa.int64())).select(names)
                pq.write_table(part, folder / f"part_{number}.parquet")
            continue
        head, *records = _split_records(path.read_bytes())
        end, names = "\r\n" if head.endswith(b"\r\n") else "\n", next(csv.reader([head.decode()]))
        rows = [_fields(record, len(names)) for record in records]
        broken = [record for record, row in zip(records, rows, strict=True) if not row]
        for number, part in enumerate(_deal(dice, [row for row in rows if row])):
            order = dice.sample(range(len(names)), len(names))
            lines = [_record([row[position] for position in order], end) for row in [names, *part]]
            for line in broken if number == 0 else ():  # the one that is never closed comes last
                is_closed = line.count(b'"') % 2 == 0
                lines.insert(dice.randint(1, len(lines)) if is_closed else len(lines), line)
            (folder / f"part_{number}.csv").write_bytes(b"".join(lines))


def _deal(dice: Random, items: Sequence[object]) -> list[list[object]]:
    """The items in random order, some twice, dealt to two to four hands."""
    items = [*items, *(item for item in items if dice.random() < 0.05)]
    dice.shuffle(items)
    hands = dice.randint(2, 4)
    return [items[hand::hands] for hand in range(hands)]
