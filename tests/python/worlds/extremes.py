"""A sound company, and in every column of every table the extremes of its type, in CSV and in Parquet."""

from __future__ import annotations

import csv
import math
from collections import Counter
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from worlds.contract import CODES, COLUMNS, DOMAINS, STAMPS, Column
from worlds.delivery import BLANKS
from worlds.files import write_world

NUL = ("a\0b", "\0")
NOTHING = ("", " ", "\u00a0", "\u200b\ufeff", "".join(BLANKS))
# by type: texts that are values, and texts that are none or beyond the bounds
SOUND_TEXTS = {
    "timestamp": (
        *("0001-01-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59.999999Z", "2024-01-01T00:00:00+15:59"),
        *("2024-01-01T00:00:00-15:59", "2024-02-29", "9999-12-31"),
    ),
    "date": ("0001-01-01", "9999-12-31", "2024-01-01T00:00-15:59", "9999-12-31T00:00:00.000+15:59"),
    "boolean": ("TRUE", "0"),
    "decimal": ("1", "1e0", "1.0000001"),
    "integer": ("1", "1.0"),
    "ratio": ("1", "0.9999999999995"),
    "text": (),
}
FAULTY_TEXTS = {
    "timestamp": (
        *("0000-12-31T23:59:59Z", "10000-01-01", "2024-01-01T00:00:00+16:00", "2024-01-01T00:00:00-99:99", "infinity"),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "-0001-01-01", "2023-02-29", "\0"),
    ),
    "date": ("0000-12-31", "10000-01-01", "2024-01-01T00:00+16:00", "2024-01-01T00:00:00.000001", "infinity", "\0"),
    "boolean": ("yes", "2", "\0"),
    "decimal": ("NaN", "1e400", "-1e12", "inf", "\0"),
    "integer": ("NaN", "1" + "0" * 60, "9223372036854775808", "\0"),
    "ratio": ("NaN", "1e400", "-1e6", "1000000", "\0"),
    "text": NUL,
}
TIMES = pa.timestamp("ms")
# by type: of Parquet, arrays of values, and arrays of values that are none or beyond the bounds
SOUND_ARRAYS = {
    "timestamp": (pa.array([-62135596800000, 253402300799999]).cast(TIMES),),
    "date": (pa.array([-719162, 2932896], pa.int32()).cast(pa.date32()),),
    "text": (pa.array([2.0**53 - 1, 7.5]),),
}
# The reader refuses a file with these moments, and the second pass takes seconds; so one column of one table has them.
UNREADABLE = pa.array([2**62, -(2**62)]).cast(TIMES)
PARQUET_EVERY = 6
FLOATS = pa.array([math.nan, math.inf, -math.inf, 1e308, -1e12])
FAULTY_ARRAYS = {
    "timestamp": (pa.array([-62135596800001, 253402300800001]).cast(TIMES),),
    "date": (pa.array([-719163, 2932897, 2**31 - 1, -(2**31)], pa.int32()).cast(pa.date32()),),
    "decimal": (FLOATS, pa.array([2**64 - 1], pa.uint64())),
    "integer": (FLOATS, pa.array([2**64 - 1], pa.uint64())),
    "ratio": (FLOATS, pa.array([-(2**63)])),
    "boolean": (pa.array([2]),),
    "text": (pa.array([math.nan, math.inf, -math.inf, 2.0**53, -(2.0**53), 1e300]),),
}


def write_extremes(folder: Path, seed: int, as_of: datetime) -> Counter[tuple[str, str]]:
    """Write the company; return for each (table, column) how many rows its values make faulty by themselves.

    A faulty row is the table's first sound row under a key of its own, with one value replaced.
    """
    write_world(folder, seed, size=20, faults=False, whole=True, as_of=as_of)
    faulty: Counter[tuple[str, str]] = Counter()
    for table, columns in COLUMNS.items():
        home = folder / DOMAINS[table] / table
        with home.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            first = {name: text.strip("".join(BLANKS)) for name, text in next(csv.DictReader(file)).items()}
        home.mkdir()
        all_columns = [*columns, *STAMPS]
        sound = {column.name: first.get(column.name) or None for column in all_columns}
        rows = []
        for position, column in enumerate(all_columns):
            is_unreadable = (table, column.name) == ("transactions", "transacted_at")
            faulty_arrays = (*FAULTY_ARRAYS[column.kind], *([UNREADABLE] if is_unreadable else ()))
            # Each file has a query of its own, so a seed has Parquet files of every PARQUET_EVERYth column.
            is_in_parquet = is_unreadable or (position + seed) % PARQUET_EVERY == 0
            arrays = (*faulty_arrays, *SOUND_ARRAYS.get(column.kind, ())) if is_in_parquet else ()
            wrong = [*FAULTY_TEXTS[column.kind], *(NOTHING if column.is_required else ())]
            # a score has a scale besides, and blanks are text
            sound_texts = () if column.name == "score" else SOUND_TEXTS[column.kind]
            nothing = () if column.is_required else NOTHING if column.kind == "text" else NOTHING[:1]
            values = [*wrong, *sound_texts, *nothing]
            rows += [_own(columns, sound, column, place) | {column.name: value} for place, value in enumerate(values)]
            faulty[f"{DOMAINS[table]}.{table}", column.name] += len(wrong)
            for number, array in enumerate(arrays):
                copies = [_own(columns, sound, column, 100 * (number + 1) + place) for place in range(len(array))]
                texts = {name: pa.array([copy[name] for copy in copies], pa.string()) for name in sound}
                pq.write_table(pa.table(texts | {column.name: array}), home / f"of_{column.name}_{number}.parquet")
            faulty[f"{DOMAINS[table]}.{table}", column.name] += sum(map(len, faulty_arrays)) if is_in_parquet else 0
        with (home / "extremes.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(sound))
            writer.writeheader()
            writer.writerows(rows)
    return faulty


def _own(columns: list[Column], sound: dict[str, str | None], column: Column, place: int) -> dict[str, str | None]:
    """The sound row under a key of its own, where a key is a text and refers to nothing."""
    own = f"{column.name} {place}"
    names = [c.name for c in columns if c.is_key and c.kind == "text" and not c.refers_to]
    return sound | {name: own.upper() if name in CODES else own for name in names}
