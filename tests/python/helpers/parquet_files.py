"""Parquet files written, damaged and read as a build reads them, for tests that look at nothing else."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from customer_outcomes.contract import DELIVERY_COLUMNS, load_contract
from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.intake import damage, readers
from customer_outcomes.intake.folder import check_folder
from customer_outcomes.intake.parquet import parquet_header
from customer_outcomes.intake.readers import InputFile, Readers

TABLE = "crm.transactions"  # holds no personal data, so that the text of a faulty row is kept


@dataclass
class Reading:
    """The result of reading a file: (row, values) of each row, (row, column, text) of each unreadable value."""

    rows: list[tuple] = field(default_factory=list)
    unreadable: list[tuple[int, str, str]] = field(default_factory=list)


def read(folder: Path, *tables: pa.Table | bytes, columns: Sequence[str], **options) -> list[Reading]:
    """Write files of one table and read them together, in memory."""
    files = []
    for number, table in enumerate(tables):
        path = folder / f"{number}.parquet"
        if isinstance(table, bytes):
            path.write_bytes(table)
        else:
            pq.write_table(table, path, **options)
        files.append(InputFile(TABLE, path, str(number), *parquet_header(path)))
    readings = [Reading() for _ in tables]
    with duckdb.connect(config={"threads": 1}) as connection:
        queries = Readers(connection, folder / "work").select(files, list(columns))
        for name, row, *values in connection.execute(f"from ({' union all '.join(queries)}) order by _row").fetchall():
            readings[int(name)].rows.append((row, *values))
        for name, *row in connection.execute(
            "select file_name, row_number, column_name, line_text from raw_intake.unreadable_lines order by all"
        ).fetchall():
            readings[int(name)].unreadable.append(tuple(row))
    return readings


def _values(dice: Random, rows: int) -> dict[str, pa.Array]:
    """Draw arrays of every kind that a Parquet file can hold."""
    whole = [dice.choice([None, dice.randrange(-(2**31), 2**31)]) for _ in range(rows)]
    text = [dice.choice([None, "", "é漢", "x" * dice.randrange(40), str(number)]) for number in whole]
    floats = [dice.choice([None, 1.5, float("nan"), float("inf"), -1e300, 1e20]) for _ in whole]
    ids = [f"i{number}" for number in range(rows)]
    far = pa.array([dice.choice([None, 0, 9_400_000_000_000_000, 10**12]) for _ in whole], pa.int64())
    return {
        "text": pa.array(text),
        "few": pa.array([dice.choice(["a", "b", None]) for _ in whole], pa.string()).dictionary_encode(),
        "ids": pa.array(ids),
        "whole": pa.array(whole, pa.int64()),
        "float": pa.array(floats, pa.float64()),
        "unsigned": pa.array([2**64 - 1 if number else None for number in whole], pa.uint64()),
        "decimal": pa.array([Decimal(number or 0) for number in whole], pa.decimal128(dice.choice([12, 18, 38]), 0)),
        "wide": pa.array([Decimal(number or 0) for number in whole], pa.decimal256(60, 2)),
        "ms": far.cast(pa.timestamp("ms")),
        "ns": pa.array(whole, pa.int64()).cast(pa.timestamp("ns", "UTC")),
        "days": pa.array([date(2024, 1, 1)] * rows),
        "clock": pa.array([time(1, 2)] * rows),
        "span": pa.array([timedelta(1)] * rows),
        "bytes": pa.array([dice.choice([None, b"a", b"\xff\xfe", b"\xc3\xa9"]) for _ in whole], pa.binary()),
        "list": pa.array([[number, number] for number in whole]),
        "struct": pa.array([{"a": number, "b": "x"} for number in whole]),
        "map": pa.array([[("k", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
        "yes": pa.array([dice.choice([True, False, None]) for _ in whole]),
        "nothing": pa.nulls(rows),
        "moment": pa.array([datetime(2024, 1, 1)] * rows),
    }


COLUMNS = [*DELIVERY_COLUMNS, *load_contract()[TABLE]["columns"]]
NAMES = ["transaction_id", "account_id", "transaction_type", "amount", "currency_code", "transacted_at", "quantity"]


def mutated(seed: int) -> tuple[bytes, int]:
    """Return a Parquet file of random types of which some bytes were changed, and the rows that it had."""
    dice = Random(seed)
    rows = dice.choice([1, 7, 50, 3000])
    values = _values(dice, rows)
    kinds = dice.choices(list(values), k=len(NAMES))
    table = pa.table(dict(zip(NAMES, (values[kind] for kind in kinds), strict=True)))
    written = io.BytesIO()
    pq.write_table(
        table,
        written,
        row_group_size=dice.choice([rows, max(1, rows // 3)]),
        compression=dice.choice(["none", "snappy", "zstd", "gzip"]),
        use_dictionary=dice.choice([True, False]),
        data_page_size=dice.choice([64, 2**20]),
        data_page_version=dice.choice(["1.0", "2.0"]),
        write_page_checksum=dice.choice([True, False]),
        store_schema=dice.choice([True, False]),
    )
    data = bytearray(written.getvalue())
    for _ in range(dice.choice([0, 1, 1, 2, 8])):
        # mostly in the pages: a damaged footer is no file
        most = dice.choice([len(data), *[max(len(data) - 8 - int.from_bytes(data[-8:-4], "little"), 4)] * 3])
        first, last = sorted(dice.randrange(min(most, len(data)) + 1) for _ in range(2))
        kind = dice.choice(["flip", "flip", "flip", "cut", "swap", "zero", "take"])
        if not data:
            break
        if kind == "flip":
            data[min(first, len(data) - 1)] ^= 1 << dice.randrange(8)
        elif kind == "cut":
            del data[dice.choice([first, len(data) - dice.randrange(min(12, len(data)))]) :]
        elif kind == "swap":
            size = min(last - first, 64)
            data[first : first + size], data[last - size : last] = data[last - size : last], data[first : first + size]
        elif kind == "zero":
            data[first : first + min(16, last - first)] = bytes(min(16, last - first))
        else:
            del data[first : min(last, first + 3)]
    return bytes(data), rows


def try_mutated(folder: Path, seed: int) -> dict:
    """Read a mutated file as a build does; return the sentence that refuses it, or the counts of its rows."""
    data, rows = mutated(seed)
    crm = folder / "input" / "crm"
    crm.mkdir(parents=True, exist_ok=True)
    (crm / "accounts.csv").write_text("account_id,created_at\nA,2024-01-01\n")
    path = crm / "transactions.parquet"
    path.write_bytes(data)
    try:
        found = check_folder(folder / "input")
        with duckdb.connect(config={"threads": 1}) as connection:
            queries = Readers(connection, folder / "work").select(found.files["crm.transactions"], COLUMNS)
            read_rows = connection.execute(" union all ".join(queries)).fetchall()
            lost = connection.execute("select count(*) from raw_intake.unreadable_lines").fetchall()[0][0]
    except (UnusableInput, FailedCheck) as error:
        return {"seed": seed, "said": list(error.sentences)}
    try:
        footer = pq.read_metadata(path).num_rows
    except Exception:
        footer = None
    return {"seed": seed, "rows": len(read_rows), "lost": lost, "footer": footer, "written": rows}


def salvage_here(source: Path, columns: list[str], target: Path) -> damage.Salvaged:
    """Salvage without a process of its own, where this one is already that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    damage._salvage(source, columns, target)
    return damage._salvaged(target)


if __name__ == "__main__":
    readers.salvage = salvage_here
    place, begin, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for seed in range(begin, end):
        print(json.dumps({"begun": seed}), flush=True)
        print(json.dumps(try_mutated(place, seed)), flush=True)
