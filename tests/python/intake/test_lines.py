"""Each row of a CSV file is read exactly once, whatever is wrong beside it, and each unreadable record is reported.

OUTCOMES_TEST_FILES says how many mutated files are tried.
"""

import csv
import hashlib
import io
import os
import re
import time

import duckdb
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from customer_outcomes.errors import FailedCheck
from customer_outcomes.intake.counting import Count
from customer_outcomes.intake.lines import LONGEST_RECORD, read_header, rewrite_readable_records
from customer_outcomes.intake.readers import InputFile, Readers
from helpers.csv_files import COLUMNS, HEADER, TABLE, Reading, mutated_files, read
from oracle import csv as csv_oracle

FILES = int(os.environ.get("OUTCOMES_TEST_FILES", "100"))
WIDTH = len(COLUMNS)
BROKEN = b'"broken"x,,,,,'


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def told(line: int, record: bytes) -> tuple[int, str, str]:
    return line, sha256(record), record.decode("utf-8", "backslashreplace")


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
        (b"   ", "   "),
        (b"\x00", "\x00"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_line_that_cannot_be_read_costs_no_other_row(tmp_path, line, text, end):
    lines = [b"id,name,note", b"1,a,x", line, b"3,c,z"]
    (reading,) = read(tmp_path, end.join(lines) + end)
    assert reading.rows == [(2, ("1", "a", "x")), (4, ("3", "c", "z"))]
    assert reading.unreadable == [(3, sha256(line), text)]


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (b' "T1",a,x', ("T1", "a", "x")),
        (b'  "T1",a,x', ('  "T1"', "a", "x")),
        (b'"T1" ,"a"  ,x', ("T1", "a", "x")),
        (b'\t"T1",a,x', ('\t"T1"', "a", "x")),
        (b'27" screen,a "so-called" b,x', ('27" screen', 'a "so-called" b', "x")),
        (b'"27"" screen","","a,b"', ('27" screen', None, "a,b")),
        (b'1,"a" "b",x', ("1", "a b", "x")),
        (b" 1 ,  ,\t", (" 1 ", "  ", "\t")),
        (b"1,a\x00b,x", ("1", "a\x00b", "x")),
        (b"1,a\\,x", ("1", "a\\", "x")),
        (b'1,a,x,,"" ,', ("1", "a", "x")),
        (b",,", (None, None, None)),
        (b'1,"two\nlines",x', ("1", "two\nlines", "x")),
        (b'1,"one\r\r\nother\r",x', ("1", "one\r\r\nother\r", "x")),
        (b'1,"2,b,y\n3,c,z\n",x', ("1", "2,b,y\n3,c,z\n", "x")),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_a_good_row_means_the_same_beside_a_bad_one(tmp_path, row, values, end, last):
    lines = [b"id,name,note", b"0,,", row]
    after = end if last else b""
    alone, beside, first = read(
        tmp_path, end.join(lines) + after, end.join([*lines, BROKEN]) + after, end.join([lines[0], BROKEN, row]) + after
    )
    assert alone == Reading([(2, ("0", None, None)), (3, values)])
    line = 4 + row.count(b"\n") + row.count(b"\r") - row.count(b"\r\n")
    assert beside == Reading(alone.rows, [told(line, BROKEN)], is_copied=True)
    assert first == Reading([(3, values)], [told(2, BROKEN)], is_copied=True)


def test_a_last_line_without_an_end_is_read(tmp_path):
    sound, open_quote = read(tmp_path, HEADER + b"1,a,x", HEADER + b'1,a,"x')
    assert sound.rows == [(2, ("1", "a", "x"))]
    assert open_quote.unreadable_lines == [2]


@pytest.mark.parametrize("record", [b'1,"a\n', b'1,"', b'"', b'1,a,"x\n'])
def test_a_quote_that_is_open_at_the_end_is_told_also_where_duckdb_would_not(tmp_path, record):
    (reading,) = read(tmp_path, HEADER + b"0,,\n" + record)
    assert reading == Reading([(2, ("0", None, None))], [told(3, record.rstrip(b"\n"))], is_copied=True)


def test_line_ends_may_be_mixed(tmp_path):
    records = [b"1,a,x\r", b" 2,b,y\r\n", b"3,c,z\n", b"\r\n", b"4,d\rd,w\r\n", b'5,"\r",v']
    (reading,) = read(tmp_path, HEADER + b"".join(records))
    rows = [(2, ("1", "a", "x")), (3, (" 2", "b", "y")), (4, ("3", "c", "z")), (8, ("5", "\r", "v"))]
    assert reading == Reading(rows, [told(6, b"4,d"), told(7, b"d,w")], is_copied=True)


def test_a_row_has_the_line_on_which_it_starts(tmp_path):
    rows = b'\n1,"two\nlines",x\n\n2,"three\r\nli\rnes",y\n3,c,z\n\n'
    direct, copied = read(tmp_path, HEADER + rows, HEADER + rows + BROKEN)
    lines = [(3, ("1", "two\nlines", "x")), (6, ("2", "three\r\nli\rnes", "y")), (9, ("3", "c", "z"))]
    assert direct == Reading(lines)
    assert copied == Reading(lines, [told(11, BROKEN)], is_copied=True)


def test_a_row_of_several_lines_with_a_field_too_many_is_one_row_for_all_its_lines(tmp_path):
    record = b'1,"two\nlines",x,surplus'
    (reading,) = read(tmp_path, HEADER + record + b"\n2,b,y\n")
    assert reading == Reading([(4, ("2", "b", "y"))], [told(2, record)], is_copied=True)


def test_an_unclosed_quote_does_not_swallow_the_rows_of_several_lines_after_it(tmp_path):
    (reading,) = read(tmp_path, HEADER + b'1,"never closed,x\n2,"two\nlines",y\n3,"also never,z\n4,d,w\n')
    assert reading.rows == [(3, ("2", "two\nlines", "y")), (6, ("4", "d", "w"))]
    assert reading.unreadable_lines == [2, 5]


def test_text_in_a_closed_quote_is_no_row_where_a_later_quote_of_its_record_never_closes(tmp_path):
    record = b'1,"he wrote\n2,b,y\nthen","never closed'
    (reading,) = read(tmp_path, HEADER + record + b"\n3,c,z\n")
    assert reading == Reading([(5, ("3", "c", "z"))], [told(2, record)], is_copied=True)


@pytest.mark.parametrize("more", [b"", b"broken\n"])
def test_a_long_text_that_looks_like_rows_is_one_field(tmp_path, more):
    text = b"9,made,up\n" * 300_000
    (reading,) = read(tmp_path, HEADER + b'1,"' + text + b'",x\n2,b,y\n' + more)
    assert reading.values == [("1", text.decode(), "x"), ("2", "b", "y")]
    assert [line for line, _ in reading.rows] == [2, 300_003]
    assert len(reading.unreadable) == bool(more)


def test_rows_of_several_lines_are_told_from_their_lines_wherever_a_thread_begins(tmp_path):
    text = "\n".join(f"f{number},g,h" for number in range(30))
    rows = [(f"{number}", "b", text[number % 200 :]) for number in range(60_000)]
    content = HEADER + "".join(f'{one},{two},"{three}"\n' for one, two, three in rows).encode()
    (reading,) = read(tmp_path, content)
    assert reading.values == rows
    assert not reading.is_copied


def test_a_record_of_100_mb_is_a_row_and_a_longer_one_is_told(tmp_path):
    text = b"9,made,up\n" * (LONGEST_RECORD // 10)
    row = b'1,"' + text[: LONGEST_RECORD - 6] + b'",x'
    too_long = b'2,"' + text[: LONGEST_RECORD - 5] + b'",x'
    assert (len(row), len(too_long)) == (LONGEST_RECORD, LONGEST_RECORD + 1)
    alone, both = read(tmp_path, HEADER + row + b"\n3,c,z\n", HEADER + row + b"\n" + too_long + b"\n3,c,z\n")
    assert [len(values[1]) for values in alone.values] == [LONGEST_RECORD - 6, 1]
    assert both.values == alone.values
    assert [(sha, len(text)) for _, sha, text in both.unreadable] == [(sha256(too_long), 1_000_000)]


def test_empty_fields_are_null_and_empty_lines_are_no_rows(tmp_path):
    (reading,) = read(tmp_path, HEADER + b'\n1,,""\n\n\n,b,\n')
    assert reading.rows == [(3, ("1", None, None)), (6, (None, "b", None))]
    assert reading.unreadable_lines == []


def test_an_empty_line_is_a_row_where_a_row_is_one_column(tmp_path):
    direct, copied = read(tmp_path, b'id\n\n1\n\n""\n', b'id\n\n1\n\n""\nx,y\n', columns=["id"])
    assert direct.rows == copied.rows == [(2, (None,)), (3, ("1",)), (4, (None,)), (5, (None,))]
    assert copied.unreadable_lines == [6]


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    with_mark, without = read(tmp_path, b"\xef\xbb\xbf" + HEADER + b"1,a,x\nbroken\n", HEADER + b"1,a,x\nbroken\n")
    assert with_mark == without


def test_a_file_of_its_header_alone(tmp_path):
    for reading in read(tmp_path, HEADER, HEADER.rstrip(b"\n"), b"id,name,note\r\n"):
        assert reading == Reading()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"", ()),
        (b"\n", ()),
        (b"a,b", ("a", "b")),
        (b'\xef\xbb\xbf"a", "b,""c""" ,d\r\n1,2,3\n', ("a", 'b,"c"', "d")),
        (b'a,,""\n', ("a", "", "")),
    ],
)
def test_names_of_a_header(tmp_path, content, names):
    (tmp_path / "a.csv").write_bytes(content)
    assert read_header(tmp_path / "a.csv") == names


@pytest.mark.parametrize("content", [b'a,"b\nc",d\n', b'a,"b"c,d\n', b"a,caf\xe9\n"])
def test_a_header_that_is_none(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match="its header is not"):
        read_header(tmp_path / "a.csv")


@pytest.mark.parametrize("line", [b'"never closed,a,x\n', b'a","b\n'])
def test_quotes_that_stay_open_take_no_time_to_speak_of(tmp_path, line):
    """Reading a line again for each line that follows would take hours for a file of usual size."""
    count = 30_000
    rows = b"".join(f'{number},"",""\n'.encode() for number in range(count))
    begun = time.process_time()
    (reading,) = read(tmp_path, HEADER + line + rows, columns=COLUMNS)
    assert time.process_time() - begun < 10  # a second is plenty
    assert reading.unreadable_lines == [2]
    assert [row for row, _ in reading.rows] == list(range(3, count + 3))
    (tmp_path / "all.csv").write_bytes(HEADER + line * count)
    rewrite_readable_records(tmp_path / "all.csv", WIDTH, tmp_path / "copy.csv")
    assert time.process_time() - begun < 20


def test_a_file_that_is_not_read_as_it_was_counted_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr("customer_outcomes.intake.readers.count_csv", lambda path, width: Count(3, 9, True))
    with pytest.raises(FailedCheck, match=r"^1 was read as 2 rows and counted as 3; nothing is built from it\.$"):
        read(tmp_path, HEADER + b"1,a,x\n2,b,y\n3,c,z\n", HEADER + b"1,a,x\n2,b,y\n")


def test_a_copy_that_is_refused_too_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr("customer_outcomes.intake.lines._is_utf8", lambda record: True)
    with pytest.raises(FailedCheck, match=r"^0 cannot be read, not even without"):
        read(tmp_path, HEADER + b"1,\xff,x\n")


def test_files_of_names_that_are_alike_have_copies_of_their_own(tmp_path):
    names = ["2026.01.csv", "2026/01.csv", "2026_01.csv"]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(HEADER + b"%d,a,x\nbroken\n" % number)
    with duckdb.connect() as connection:
        files = [InputFile(TABLE, tmp_path / name, name, COLUMNS) for name in names]
        queries = Readers(connection, tmp_path / "work").select(files, ["id"])
        assert connection.execute(f"from ({' union all '.join(queries)}) order by id").fetchall() == [
            (name, 1, str(number)) for number, name in enumerate(names)
        ]
        lines = connection.execute("select file_name, line_number from raw_intake.unreadable_lines").fetchall()
        assert sorted(lines) == sorted((name, 3) for name in names)


# a value that begins with a letter cannot make of an unclosed quote before it a field that is well closed
text = st.lists(st.sampled_from(["b", " ", ",", '"', "\n", "\r\n", "\t", "\\", "é", "\x00", "|", "'", ";"]), max_size=6)
words = st.builds(str.__add__, st.sampled_from("aÄ漢🙂"), text.map("".join))
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


def written(values: list[str], end: str, quoting: int) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerow(values)
    return text.getvalue().encode()


some = settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))


@some
@given(
    items=st.lists(st.one_of(values, broken_lines), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
@example(items=[["a\n", 'a"'], b'"never closed,x,x', ["a,\n\n", ""]], end="\r\n", quoting=csv.QUOTE_ALL, mark=b"")
def test_what_a_writer_wrote_is_read_whatever_is_broken_beside_it(tmp_path, items, end, quoting, mark):
    content, line = mark + written(list(COLUMNS), end, quoting), 2
    rows, unreadable = [], []
    for item in items:
        if isinstance(item, bytes):
            unreadable.append(told(line, item))
            piece = item + end.encode()
        else:
            fields = [f"i{line}", *item]
            rows.append((line, tuple(field or None for field in fields)))
            piece = written(fields, end, quoting)
        content += piece
        line += piece.count(b"\n")
    (reading,) = read(tmp_path, content)
    assert (reading.rows, reading.unreadable) == (rows, unreadable)


@some
@given(file=mutated_files())
def test_of_a_mutated_file_no_row_is_lost_doubled_or_invented(tmp_path, file):
    """As the grammar has it; the same beside a bad record; and the same from the file itself and from a copy."""
    content, width = file
    # three quoted pieces of which the middle one is empty: the reader takes its two quotes for one, the grammar for none
    assume(not re.search(rb'" +"" +"', content))
    copy = tmp_path / "copy.csv"
    (tmp_path / "file.csv").write_bytes(content)
    rewrite_readable_records(tmp_path / "file.csv", width, copy)
    more = content + b"\n" + BROKEN
    columns = [f"c{place}" for place in range(width)]
    alone, beside, copied = read(tmp_path, content, more, copy.read_bytes(), columns=columns)
    for reading, data in ((alone, content), (beside, more)):
        expected = csv_oracle.read(data, width)
        assert reading.rows == expected.rows
        assert reading.unreadable == [told(line, record) for line, record in expected.unreadable]
    assert (copied.values, copied.unreadable) == (alone.values, [])
