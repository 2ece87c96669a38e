"""The counter of rows agrees with the grammar of CSV, wherever its chunks of a file end, and is quick."""

import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_outcomes.intake.counting import Count, count_csv, count_parquet, lines_of_rows
from customer_outcomes.intake.lines import rewrite_readable_records
from helpers.csv_files import mutated_files
from oracle import csv as csv_oracle


def count(path, content: bytes, width: int = 2) -> Count:
    path.write_bytes(content)
    return count_csv(path, width)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", Count(0, 3, True)),
        (b"1,2", Count(1, 3, True)),
        (b"1,2\n3,4444\n", Count(2, 6, True)),
        (b"\n1,2\n\n", Count(1, 3, False)),
        (b'1,"a\nb"\n', Count(1, 7, False)),
        (b'1,"a\nb"', Count(1, 7, False)),
        (b'1,5" wide\n2,6" wide\n', Count(2, 9, True)),
        (b'1, "a\n"\n2,"b" "\n"\n', Count(2, 9, False)),
        (b'1,  "a\n2,b\n', Count(2, 6, True)),
        (b'1,"never\n2,closed\n', Count(1, 18, False, False)),
        (b"1,2\r\n3,4\n", Count(2, 3, True, False)),
        (b"1,2\r3,4\n", Count(2, 3, True, False)),
        (b'1,"\r\n\r"\n', Count(1, 7, False)),
    ],
)
def test_counts(tmp_path, body, expected):
    assert count(tmp_path / "a.csv", b"a,b\n" + body) == expected


def test_line_ends_of_other_kinds(tmp_path):
    for end in (b"\r\n", b"\r"):
        assert count(tmp_path / "a.csv", end.join([b"a,b", b"1,2", b"3,4", b""])) == Count(2, 3, True)


def test_an_empty_line_is_a_row_of_one_column(tmp_path):
    assert count(tmp_path / "a.csv", b'a\n\n1\n""\n\n', 1) == Count(4, 2, True)


def test_an_empty_file(tmp_path):
    assert count(tmp_path / "a.csv", b"") == Count(0, 0, True)
    assert list(lines_of_rows(tmp_path / "a.csv", 2)) == []


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=mutated_files(), chunk=st.integers(1, 30))
def test_every_record_is_counted_wherever_a_chunk_ends(tmp_path, monkeypatch, file, chunk):
    """Of what can be read: all other records are taken out first."""
    content, width = file
    (tmp_path / "file.csv").write_bytes(content)
    rewrite_readable_records(tmp_path / "file.csv", width, tmp_path / "copy.csv")
    expected = csv_oracle.read((tmp_path / "copy.csv").read_bytes(), width)
    assert expected.unreadable == []
    lines = [line for line, _ in expected.rows]
    monkeypatch.setattr("customer_outcomes.intake.counting.CHUNK_BYTES", chunk)
    assert list(lines_of_rows(tmp_path / "copy.csv", width)) == lines
    counted = count_csv(tmp_path / "copy.csv", width)
    assert (counted.rows, counted.is_regular) == (len(lines), True)
    text_lines = any(
        line_end in (value or "") for _, values in expected.rows for value in values for line_end in "\r\n"
    )
    if not text_lines:
        assert counted.one_line_each


@pytest.mark.parametrize(
    "row", [b'%d,"text, of some length",5.25\n', b'%d,5" wide,"5.25"\n', b'%d,"two\nlines",5.25\n']
)
def test_a_million_rows_take_no_time_to_speak_of(tmp_path, row):
    content = b"a,b,c\n" + b"".join(row % number for number in range(1_000_000))
    begun = time.process_time()
    assert count(tmp_path / "a.csv", content, 3).rows == 1_000_000
    assert time.process_time() - begun < 5  # a second is plenty


def test_a_parquet_file_is_counted_by_its_footer(tmp_path):
    pq.write_table(pa.table({"a": range(7)}), tmp_path / "a.parquet", row_group_size=2)
    assert count_parquet(tmp_path / "a.parquet") == 7
