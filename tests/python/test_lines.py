"""A CSV file with lines that cannot be read: they are told with their numbers and hashes, and no other row is lost."""

import csv
import hashlib
import io
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customer_outcomes.lines import rewrite_readable_rows

HEADER = b"id,name,note\n"
WIDTH = 3


@dataclass
class Reading:
    """What was made of a file: (line number, values) of each row, and its unreadable lines."""

    rows: list[tuple[int, tuple[str | None, ...]]]
    unreadable: list[tuple[int, str, str]]

    @property
    def values(self) -> list[tuple[str | None, ...]]:
        return [values for _, values in self.rows]

    @property
    def unreadable_numbers(self) -> list[int]:
        return [number for number, _, _ in self.unreadable]


def read(folder: Path, content: bytes, width: int = WIDTH) -> Reading:
    (folder / "source.csv").write_bytes(content)
    unreadable = rewrite_readable_rows(folder / "source.csv", width, folder / "made" / "target.parquet")
    table = pq.read_table(folder / "made" / "target.parquet")
    assert table.column_names == ["line_number", *(f"c{position}" for position in range(width))]
    rows = [(row.pop("line_number"), tuple(row.values())) for row in table.to_pylist()]
    return Reading(rows, unreadable)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'2,"an "inner" quote",x', '2,"an "inner" quote",x'),
        (b'2,"never closed,x', '2,"never closed,x'),
        (b'"2"2,a,x', '"2"2,a,x'),
        (b"2,too few", "2,too few"),
        (b"2,one,field,too many", "2,one,field,too many"),
        (b"2,not UTF-8: caf\xe9,x", "2,not UTF-8: caf\\xe9,x"),
        (b"2", "2"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_that_cannot_be_read_costs_no_other_row(tmp_path, line, text, end):
    lines = [b"id,name,note", b"1,a,x", line, b"3,c,z"]
    reading = read(tmp_path, end.join(lines) + end)
    assert reading.rows == [(2, ("1", "a", "x")), (4, ("3", "c", "z"))]
    assert reading.unreadable == [(3, sha256(line), text)]


def test_a_last_line_without_an_end_is_read(tmp_path):
    assert read(tmp_path, HEADER + b"1,a,x").rows == [(2, ("1", "a", "x"))]
    assert read(tmp_path, HEADER + b'1,a,"x').unreadable_numbers == [2]


def test_a_quoted_field_may_run_over_several_lines(tmp_path):
    reading = read(tmp_path, HEADER + b'1,"two\nlines, ""quoted""\r\n\nmore",x\n2,b,y\n')
    assert reading.rows == [(2, ("1", 'two\nlines, "quoted"\r\n\nmore', "x")), (6, ("2", "b", "y"))]
    assert reading.unreadable == []


def test_a_row_of_several_lines_with_a_field_too_many_is_one_row_for_all_its_lines(tmp_path):
    reading = read(tmp_path, HEADER + b'1,"two\nlines",x,surplus\n2,b,y\n')
    assert reading.rows == [(4, ("2", "b", "y"))]
    assert reading.unreadable_numbers == [2]


def test_an_unclosed_quote_does_not_swallow_the_rows_of_several_lines_after_it(tmp_path):
    reading = read(tmp_path, HEADER + b'1,"never closed,x\n2,"two\nlines",y\n3,"also never,z\n4,d,w\n')
    assert reading.rows == [(3, ("2", "two\nlines", "y")), (6, ("4", "d", "w"))]
    assert reading.unreadable_numbers == [2, 5]


def test_empty_fields_are_null_and_empty_lines_are_no_rows(tmp_path):
    reading = read(tmp_path, HEADER + b'\n1,,""\n\r\n\n,b,\n')
    assert reading.rows == [(3, ("1", None, None)), (6, (None, "b", None))]
    assert reading.unreadable == []


def test_spaces_stay(tmp_path):
    assert read(tmp_path, HEADER + b" 1 ,  ,\t\n").values == [(" 1 ", "  ", "\t")]


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf" + HEADER + b"1,a,x\nbroken\n") == read(tmp_path, HEADER + b"1,a,x\nbroken\n")


def test_a_file_of_its_header_alone(tmp_path):
    for content in (b"", HEADER, HEADER.rstrip(b"\n")):
        assert read(tmp_path, content) == Reading([], [])


def test_more_rows_than_a_batch(tmp_path, monkeypatch):
    monkeypatch.setattr("customer_outcomes.lines.BATCH_ROWS", 3)
    lines = [f"{number},a,x\n".encode() for number in range(10)]
    reading = read(tmp_path, HEADER + b"broken\n".join(lines))
    assert [int(values[0]) for values in reading.values] == list(range(10))
    assert reading.unreadable_numbers == list(range(3, 21, 2))


def test_a_quote_that_stays_open_over_many_lines_takes_no_time_to_speak_of(tmp_path):
    """Reading a line again for each line that follows would take hours for a file of usual size."""
    count = 30_000
    rows = [f'{number},"",""\n'.encode() for number in range(count)]
    begun = time.process_time()
    reading = read(tmp_path, HEADER + b'"never closed,a,x\n' + b"".join(rows))
    assert time.process_time() - begun < 10  # a second is plenty
    assert reading.unreadable_numbers == [2]
    assert len(reading.rows) == count


# a value that begins with a letter cannot make of an unclosed quote before it a field that is well closed
pieces = st.lists(
    st.sampled_from(["b", " ", ",", '"', "\n", "\r\n", "\t", "\\", "é", "\x00", "|", "'", ";"]), max_size=6
)
words = st.builds(str.__add__, st.sampled_from("aÄ漢🙂"), pieces.map("".join))
values = st.lists(st.one_of(words, st.just("")), min_size=WIDTH - 1, max_size=WIDTH - 1)
broken_lines = st.sampled_from(
    [
        b'"never closed,x,x',
        b'x,"never closed',
        b'x,"an "inner" quote",x',
        b"too few",
        b"one,field,too,many",
        b"not UTF-8: \xff\xfe,x,x",
        b"not UTF-8: caf\xe9,x,x",
    ]
)


def record(fields: list[str], end: str, quoting: int) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerow(fields)
    return text.getvalue().encode()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(st.one_of(values, broken_lines), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
@example(items=[["a\n", 'a"'], b'"never closed,x,x', ["a,\n\n", ""]], end="\r\n", quoting=csv.QUOTE_ALL, mark=b"")
def test_whatever_is_broken_wherever_every_other_row_is_read(tmp_path, items, end, quoting, mark):
    content, number = mark + record(["id", "name", "note"], end, quoting), 2
    rows, unreadable = [], []
    for item in items:
        if isinstance(item, bytes):
            unreadable.append((number, sha256(item), item.decode("utf-8", "backslashreplace")))
            piece = item + end.encode()
        else:
            fields = [f"i{number}", *item]
            rows.append((number, tuple(field or None for field in fields)))
            piece = record(fields, end, quoting)
        content += piece
        number += piece.count(b"\n")
    assert read(tmp_path, content) == Reading(rows, unreadable)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(st.sampled_from('ab,"\n\r é'), max_size=40).map(str.encode))
def test_of_any_file_whatever_every_line_is_accounted_for(tmp_path, content):
    reading = read(tmp_path, HEADER + content)
    numbers = [number for number, _ in reading.rows] + reading.unreadable_numbers
    assert len(numbers) == len(set(numbers))
    lines = (HEADER + content).decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(1 < number <= len(lines) and lines[number - 1] for number in numbers)
    assert bool(numbers) == any(lines[1:])
    assert all(len(values) == WIDTH for values in reading.values)


def test_blanks_behind_a_quoted_field_are_forgiven_as_duckdb_does(tmp_path):
    source = tmp_path / "blanks.csv"
    source.write_text('a,b,c\n1,"x, ",3\n2,"z" ,3\n3,"he said, ""so"" , then",3\nbroken,1,2,3,4\n')
    unreadable = rewrite_readable_rows(source, 3, tmp_path / "readable.parquet")
    assert [line for line, _, _ in unreadable] == [5]
    rows = pq.read_table(tmp_path / "readable.parquet").to_pylist()
    assert [row["c1"] for row in rows] == ["x, ", "z", 'he said, "so" , then']
