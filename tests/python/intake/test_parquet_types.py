"""Parquet columns of any type read as text or as a plain type; floats in a text column, and columns of dates."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_outcomes.contract import column_types
from customer_outcomes.intake.parquet import PLAIN, parquet_header
from customer_outcomes.intake.readers import InputFile, Readers
from helpers.input_folders import company, read

NUL = "\0"
# a column of each type of the contract, with a table that has it
COLUMNS = {
    "text": "crm.transactions.product_id",
    "integer": "crm.products.tier",
    "decimal": "crm.transactions.amount",
    "ratio": "crm.opportunity_splits.share",
    "boolean": "crm.users.is_bot",
    "timestamp": "crm.transactions.transacted_at",
    "date": "crm.campaign_costs.cost_on",
}


def moments(unit: str, *numbers: int | None, zone: str | None = None) -> pa.Array:
    return pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, zone))


def accounts(**columns: pa.Array) -> pa.Table:
    """Return a table of accounts, with the other columns of its contract that are given."""
    rows = len(next(iter(columns.values())))
    given = {"account_id": pa.array([f"A{row}" for row in range(rows)]), "created_at": pa.array(["2024-01-01"] * rows)}
    return pa.table(given | columns)


def read_accounts(folder: Path, tables: dict[str, pa.Table], column: str) -> tuple[list, list[str]]:
    files = {f"crm/accounts/{name}.parquet": table for name, table in tables.items()}
    sql = f"select {column} from raw_crm.accounts order by _file, _row"
    rows, remarks = read(company(folder / "in", files), folder / "work", sql)
    return [value for (value,) in rows], remarks


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
@pytest.mark.parametrize("files", [1, 2])
def test_a_float_in_a_text_column_is_the_number_that_was_widened(tmp_path, kind, files):
    numbers = [
        7.0,
        -0.0,
        -12.0,
        7.5,
        0.1,
        1e-7,
        None,
        2.0**53 - 1,
        2.0**53,
        -(2.0**53),
        1e300,
        float("nan"),
        float("-inf"),
    ]
    kept = [number for number in numbers if kind == pa.float64() or number not in (2.0**53 - 1, 1e300)]
    texts = ["7", "0", "-12", "7.5", "0.1", "1e-07", None, "9007199254740991"]
    beyond = [f"9007199254740992.0{NUL}", f"-9007199254740992.0{NUL}", f"1e+300{NUL}", f"nan{NUL}", f"-inf{NUL}"]
    table = accounts(segment=pa.array(kept, kind))
    found, _ = read_accounts(tmp_path, dict.fromkeys(["a", "b"][:files], table), "segment")
    if kind == pa.float32():  # a float of 32 bits shows fewer digits
        assert found[:7] == texts[:7]
        assert [text.endswith(NUL) for text in found[7 : len(kept)]] == [True] * 4
    else:
        assert found == (texts + beyond) * files


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_a_float_in_a_text_column_is_read_back_as_itself(tmp_path, numbers):
    """As its shortest text: no other text of fewer digits is the same number."""
    found, _ = read_accounts(tmp_path, {"a": accounts(segment=pa.array(numbers))}, "segment")
    for number, text in zip(numbers, found):
        is_bad = number != number or (
            (number == round(number, 0) if abs(number) < 1e308 else True) and abs(number) >= 2**53
        )
        assert text.endswith(NUL) == is_bad
        if not is_bad:
            assert float(text) == number
            assert len(text.replace(".0", "")) <= len(repr(number))
            assert not text.endswith(".0")


def test_other_numbers_in_a_text_column_are_their_digits(tmp_path):
    values = pa.array([7, None, 2**63 - 1])
    assert read_accounts(tmp_path, {"a": accounts(segment=values)}, "segment")[0] == ["7", None, str(2**63 - 1)]
    exact = pa.array([Decimal("7.50"), Decimal("1")], pa.decimal128(10, 2))
    assert read_accounts(tmp_path, {"a": accounts(segment=exact)}, "segment")[0][:2] == ["7.50", "1.00"]


MIDNIGHTS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
DATES = "all timestamps of the column {} are at 00:00 and without a time zone, so it is read as a column of dates."


@pytest.mark.parametrize("unit", MIDNIGHTS)
@pytest.mark.parametrize("column", ["created_at", "_loaded_at", "updated_at"])
def test_a_column_of_midnights_is_a_column_of_dates(tmp_path, unit, column):
    day = MIDNIGHTS[unit]
    table = accounts(**{column: moments(unit, day, None, -day)})
    found, remarks = read_accounts(tmp_path, {"a": table}, column)
    assert found == [date(1970, 1, 2), None, date(1969, 12, 31)]
    assert remarks == [f"crm/accounts/a.parquet: {DATES.format(column)}"]


@pytest.mark.parametrize(
    "values",
    [
        moments("us", 86_400_000_000, 1),
        moments("ns", 86_400_000_000_000, 1),
        moments("us", 86_400_000_000, 0, zone="UTC"),
        moments("us", 2**63 - 1, 0),
        moments("us", None, None),
    ],
)
def test_a_column_with_another_moment_or_a_zone_or_no_value_is_none_of_dates(tmp_path, values):
    found, remarks = read_accounts(tmp_path, {"a": accounts(created_at=values)}, "created_at")
    assert not any(type(value) is date for value in found)
    assert remarks == []


def test_a_column_that_the_contract_calls_a_date_is_read_as_it_was(tmp_path):
    day = [datetime(2026, 1, 1)]
    table = pa.table({"from_currency": ["USD"], "to_currency": ["EUR"], "valid_on": day, "rate": ["1"]})
    folder = company(tmp_path / "in", {"crm/exchange_rates.parquet": table})
    rows, remarks = read(folder, tmp_path / "work", "select valid_on from raw_crm.exchange_rates")
    assert rows == [(datetime(2026, 1, 1),)]
    assert not any("dates" in remark for remark in remarks)


def test_files_of_one_form_are_judged_each_by_itself(tmp_path):
    """One remark for the column, and a date reads as one wherever other files make all values texts."""
    tables = {
        "a": accounts(created_at=pa.array([datetime(2026, 1, 31)])),
        "b": accounts(created_at=pa.array([datetime(2026, 1, 31, 12)])),
        "c": accounts(created_at=pa.array([datetime(2026, 2, 1), None])),
        "d": accounts(created_at=pa.array([None], pa.timestamp("us"))),
    }
    found, remarks = read_accounts(tmp_path, tables, "created_at")
    assert found == ["2026-01-31", "2026-01-31 12:00:00", "2026-02-01", None, None]
    assert remarks == [f"crm.accounts, 2 files: {DATES.format('created_at')}"]


def test_dates_beside_a_damaged_value_are_dates(tmp_path):
    texts = pa.array([b"a", b"\xff", b"c"], pa.binary())
    segment = pa.Array.from_buffers(pa.string(), 3, texts.buffers())
    table = accounts(
        created_at=pa.array([datetime(2026, 1, 1), datetime(2026, 1, 1, 5), None]), **{" Segment": segment}
    )
    rows, _ = read(
        company(tmp_path / "in", {"crm/accounts.parquet": table}), tmp_path / "work",
        "select account_id, created_at, segment from raw_crm.accounts order by 1",
    )  # fmt: skip
    assert rows == [("A0", date(2026, 1, 1), "a"), ("A2", None, "c")]


def days(*numbers: int | None) -> pa.Array:
    return pa.array(numbers, pa.int32()).cast(pa.date32())


# values of every type that Arrow writes to Parquet, and the texts that they read as in a column of text
KINDS: dict[str, tuple[pa.Array, list[str | None]]] = {
    "null": (pa.nulls(2), [None, None]),
    "bool": (pa.array([True, None]), ["true", None]),
    **{
        name: (pa.array([7, None], getattr(pa, name)()), ["7", None])
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64")
    },
    "uint64": (pa.array([2**64 - 1, None], pa.uint64()), [str(2**64 - 1), None]),
    "float16": (pa.array([1.5, None], pa.float16()), ["1.5", None]),
    "decimal128": (pa.array([Decimal("1.50"), None], pa.decimal128(38, 2)), ["1.50", None]),
    "decimal256": (pa.array([Decimal("1.50"), None], pa.decimal256(60, 2)), ["1.5", None]),
    "string": (pa.array(["a", ""]), ["a", None]),
    "large_string": (pa.array(["a", None], pa.large_string()), ["a", None]),
    "string_view": (pa.array(["a", None], pa.string_view()), ["a", None]),
    "binary": (pa.array(["é".encode(), b""]), ["é", None]),
    "large_binary": (pa.array([b"a", None], pa.large_binary()), ["a", None]),
    "binary_view": (pa.array([b"a", None], pa.binary_view()), ["a", None]),
    "fixed_binary": (pa.array([b"ab", None], pa.binary(2)), ["ab", None]),
    "dictionary": (pa.array(["a", None]).dictionary_encode(), ["a", None]),
    "date32": (days(0, None), ["1970-01-01", None]),
    "date64": (pa.array([date(2024, 1, 1), None], pa.date64()), ["2024-01-01", None]),
    "far_date": (days(2**31 - 2, None), ["5881580-07-10", None]),
    **{
        f"timestamp_{unit}_{zone}": (
            moments(unit, MIDNIGHTS[unit] // 2, None, zone=zone),
            ["1970-01-01 12:00:00", None],
        )
        for unit in MIDNIGHTS
        for zone in (None, "UTC", "America/New_York")
    },
    "time32": (pa.array([time(1, 2), None], pa.time32("ms")), ["01:02:00", None]),
    "time64": (pa.array([time(1, 2), None], pa.time64("us")), ["01:02:00", None]),
    "time64_ns": (pa.array([5, None], pa.int64()).cast(pa.time64("ns")), ["00:00:00.000000005", None]),
    "duration": (pa.array([timedelta(seconds=1), None]), ["1000000", None]),
    "list": (pa.array([[1, 2], None]), ["[1, 2]", None]),
    "large_list": (pa.array([[1], None], pa.large_list(pa.int64())), ["[1]", None]),
    "fixed_list": (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), ["[1, 2]", None]),
    "list_of_moments": (pa.array([[datetime(2024, 1, 1)], None]), ["['2024-01-01 00:00:00']", None]),
    "struct": (pa.array([{"a": 1, "b": b"\xff"}, None]), ["{'a': 1, 'b': '\\\\xFF'}", None]),
    "map": (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), ["{a=1}", None]),
    "uuid": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"1234567890123456", None], pa.binary(16))),
        ["31323334-3536-3738-3930-313233343536", None],
    ),
    "json": (pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None])), ['{"a": 1}', None]),
}


def read_column(folder: Path, values: pa.Array, kind: str, files: int) -> list[tuple]:
    """Return (value, engine's type, text) of each row of a column of a contract's type."""
    domain, table, column = COLUMNS[kind].split(".")
    with duckdb.connect() as connection:
        paths = [folder / f"{number}.parquet" for number in range(files)]
        for path in paths:
            pq.write_table(pa.table({column.upper(): values}), path)
        inputs = [InputFile(f"{domain}.{table}", path, path.name, *parquet_header(path)) for path in paths]
        csv = folder / "text.csv"
        if files > 1:
            csv.write_text(f"{column}\n")
            inputs.append(InputFile(f"{domain}.{table}", csv, csv.name, (column,)))
        queries = Readers(connection, folder / "work").select(inputs, [column])
        assert connection.execute("select count(*) from raw_intake.unreadable_lines").fetchall() == [(0,)]
        return connection.execute(
            f"select {column}, typeof({column}), cast({column} as varchar) from ({' union all '.join(queries)})"
            " order by _file, _row"
        ).fetchall()


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("written", KINDS)
def test_a_value_of_any_type_in_a_column_of_any_type_is_plain_or_text(tmp_path, written, kind):
    """Alone as a plain type or text, and beside a CSV file as text; both are the same text."""
    values, texts = KINDS[written]
    alone, beside = read_column(tmp_path, values, kind, 1), read_column(tmp_path, values, kind, 2)
    for _, engine_type, _ in alone:
        assert engine_type in PLAIN or engine_type == "VARCHAR" or engine_type.startswith("DECIMAL("), engine_type
        assert kind != "text" or engine_type == "VARCHAR"
    assert {engine_type for _, engine_type, _ in beside} == {"VARCHAR"}
    assert [text for *_, text in alone] * 2 == [text for *_, text in beside]
    if kind == "text":
        assert [text for *_, text in alone] == texts


def test_the_columns_of_this_test_are_of_the_types_of_the_contract():
    for kind, name in COLUMNS.items():
        domain, table, column = name.split(".")
        assert column_types(f"{domain}.{table}")[column] == kind


@pytest.mark.parametrize(
    "nest",
    [
        lambda texts: pa.ListArray.from_arrays([0, 1, 2, 3], texts),
        lambda texts: pa.StructArray.from_arrays([texts], ["a"]),
    ],
)
def test_a_bad_text_inside_a_list_or_a_record_costs_its_row(tmp_path, nest):
    plain = pa.array([b"a", b"\xff", b"c"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 3, plain.buffers())
    rows, _ = read_accounts(tmp_path, {"a": accounts(segment=nest(texts))}, "account_id")
    assert rows == ["A0", "A2"]
