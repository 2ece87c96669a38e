"""A damaged Parquet file loses only the values that cannot be read, and each loss is reported by row and column.

OUTCOMES_TEST_FILES says how many mutated files are tried.
"""

import json
import os
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.rules.forms import _macros
from helpers import parquet_files
from helpers.parquet_files import read

FILES = int(os.environ.get("OUTCOMES_TEST_FILES", "60"))
ACCOUNTS = "account_id,created_at\nA,2024-01-01\n"


def as_text(values: list[bytes | None]) -> pa.Array:
    """Return an array that says that it is text, whatever its bytes are."""
    plain = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(plain), plain.buffers(), plain.null_count)


def moments(unit: str, *numbers: int | None, zone: str | None = None) -> pa.Array:
    return pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, zone))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (as_text([b"a", b"\xff\xfe", b"c"]), "\\xff\\xfe"),
        (as_text([b"a", b"caf\xe9", b"c"]).dictionary_encode(), "caf\\xe9"),
        (pa.array([b"a", b"caf\xe9", b"c"], pa.binary()), "caf\\xe9"),
        (moments("ms", 0, 9_400_000_000_000_000, 0), "9400000000000000"),
        (moments("ms", 0, 9_400_000_000_000_000, 0, zone="UTC"), "9400000000000000"),
        (pa.ExtensionArray.from_storage(pa.json_(), pa.array(["1", "{bad", "3"])), "{bad"),
    ],
)
@pytest.mark.parametrize("rows", [3, 1])
def test_a_value_that_cannot_be_had_costs_its_row(tmp_path, values, text, rows):
    table = pa.table({"id": ["1", "2", "3"], "x": values, "unknown": as_text([b"\xff"] * 3)})
    damaged, sound = read(tmp_path, table, table.take([0, 2]), columns=["id", "x"], row_group_size=rows)
    assert [row[:2] for row in damaged.rows] == [(1, "1"), (3, "3")]
    assert [row[1:] for row in damaged.rows] == [row[1:] for row in sound.rows]
    ((row, column, shown),) = damaged.unreadable
    assert (row, column, json.loads(shown)) == (2, "x", {"id": "2", "x": text})
    assert sound.unreadable == []


def test_a_page_that_is_gone_costs_its_row_group(tmp_path):
    table = pa.table({"id": [f"{number}" for number in range(6)], "x": [f"value {number}" for number in range(6)]})
    path = tmp_path / "sound.parquet"
    pq.write_table(table, path, row_group_size=2, compression="snappy", use_dictionary=False, write_statistics=False)
    content = bytearray(path.read_bytes())
    begin = pq.read_metadata(path).row_group(1).column(1).data_page_offset
    content[begin : begin + 12] = b"\xff" * 12
    (reading,) = read(tmp_path, bytes(content), columns=["id", "x"])
    assert reading.rows == [(row, f"{row - 1}", f"value {row - 1}") for row in (1, 2, 5, 6)]
    assert [(row, column) for row, column, _ in reading.unreadable] == [(3, "x"), (4, "x")]
    assert all("cannot be read" in text for _, _, text in reading.unreadable)


def test_a_damaged_column_that_the_contract_does_not_have_costs_nothing(tmp_path):
    table = pa.table({"id": ["1"], "unknown": as_text([b"\xff"])})
    (reading,) = read(tmp_path, table, columns=["id"])
    assert (reading.rows, reading.unreadable) == ([(1, "1")], [])


def test_a_reader_that_is_brought_down_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("customer_outcomes.intake.damage.sys.executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text("#!/bin/sh\nkill -SEGV $$\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(UnusableInput, match=r"^0 cannot be read: its reader ended by signal 11\.$"):
        read(tmp_path, pa.table({"id": as_text([b"\xff"])}), columns=["id"])


KINDS = {
    "list": pa.array([[1, 2], None]),
    "struct": pa.array([{"a": 1}, None]),
    "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
    "float": pa.array([float("nan"), float("inf")]),
    "wide": pa.array([Decimal("1" * 38), None], pa.decimal128(38, 0)),
    "wider": pa.array([Decimal("1" * 60), None], pa.decimal256(76, 0)),
    "time": pa.array([time(1, 2), None]),
    "nanoseconds": moments("ns", 1_704_067_200_000_000_001, None),
    "span": pa.array([timedelta(1), None]),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"1234567890123456", None], pa.binary(16))),
    "dictionary": pa.array(["a", None]).dictionary_encode(),
    "day": pa.array([2**31 - 1, None], pa.int32()).cast(pa.date32()),
    "moment": moments("us", 2**63 - 1, 2**62),
    "nothing": pa.nulls(2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_any_type_is_tried_as_any_type_of_the_contract(tmp_path, kind):
    """None of it is an error; what it is not, it reads as null."""
    (reading,) = read(tmp_path, pa.table({"x": KINDS[kind]}), columns=["x"])
    assert (len(reading.rows), reading.unreadable) == (2, [])
    macros = _macros()
    with duckdb.connect() as connection:
        relation = f"read_parquet('{tmp_path}/0.parquet')"
        for parser in ("boolean", "integer", "decimal", "timestamp", "date"):
            parsed = getattr(macros, f"duckdb__parse_{parser}")("x")
            connection.execute(f"select {parsed} from {relation}").fetchall()


@pytest.mark.parametrize(
    ("parser", "written", "parsed"),
    [
        ("timestamp", "timestamp '9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("timestamp", "timestamp '10000-01-01'", None),
        ("timestamp", "timestamp '0001-01-01 (BC)'", None),
        ("timestamp", "timestamp 'infinity'", None),
        ("timestamp", "date '20000-01-01'", None),
        ("date", "date '0001-01-01'", date(1, 1, 1)),
        ("date", "date '5000000-01-01'", None),
        ("date", "date '-infinity'", None),
        ("date", "timestamp '200000-01-01'", None),
    ],
)
def test_years_run_from_0001_to_9999_in_parquet_as_in_csv(parser, written, parsed):
    with duckdb.connect() as connection:
        sql = getattr(_macros(), f"duckdb__parse_{parser}")("x")
        assert connection.execute(f"select {sql} from (select {written} as x)").fetchall() == [(parsed,)]


def folder_of(path: Path, content: pa.Table) -> Path:
    (path / "crm" / "transactions" / "currency_code=EUR" / "year=2025").mkdir(parents=True)
    (path / "crm" / "accounts.csv").write_text(ACCOUNTS)
    pq.write_table(content, path / "crm" / "transactions" / "currency_code=EUR" / "year=2025" / "part-0.parquet")
    return path


COLUMNS = ("transaction_id", "account_id", "transaction_type", "amount", "transacted_at")


def test_a_required_column_that_a_folder_names_is_no_column(tmp_path):
    folder = folder_of(tmp_path / "input", pa.table({name: ["1"] for name in COLUMNS}))
    with pytest.raises(UnusableInput) as refused:
        check_folder(folder)
    assert refused.value.sentences == [
        "crm/transactions/currency_code=EUR/year=2025/part-0.parquet: the column currency_code, which crm.transactions"
        " requires, is only in the folder's name; write it into the files."
    ]


def test_a_column_of_the_files_counts_whatever_a_folder_names(tmp_path):
    folder = folder_of(tmp_path / "input", pa.table({name: ["1"] for name in (*COLUMNS, "currency_code")}))
    found = check_folder(folder)
    assert found.remarks == []
    with duckdb.connect() as connection:
        connect_folder(connection, found, tmp_path / "work")
        assert connection.execute("select currency_code from raw_crm.transactions").fetchall() == [("1",)]


def test_an_optional_column_that_a_folder_names_is_remarked_once(tmp_path):
    (tmp_path / "crm" / "accounts" / "segment=retail").mkdir(parents=True)
    for name in ("a.csv", "b.csv"):
        (tmp_path / "crm" / "accounts" / "segment=retail" / name).write_text(ACCOUNTS)
    assert check_folder(tmp_path).remarks == [
        "crm.accounts, 2 files: the column segment is only in the folder's name and is not read; write it into the"
        " files."
    ]


def test_a_mutated_file_is_a_sentence_or_all_its_rows(tmp_path):
    """In a process of its own, because damage can bring down a reader; that would be a failure, too."""
    done = subprocess.run(
        [sys.executable, parquet_files.__file__, tmp_path, "0", str(FILES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    results = [result for result in results if "begun" not in result]
    assert len(results) == FILES
    assert [
        result for result in results if "said" not in result and result["rows"] + result["lost"] != result["footer"]
    ] == []
    assert any(result.get("rows") for result in results)
