"""CSV files written, broken and read as a build reads them, for tests that look at nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from hypothesis import strategies as st

from customer_outcomes.intake.readers import InputFile, Readers

TABLE = "crm.transactions"  # holds no personal data, so that the text of a faulty record is kept
COLUMNS = ("id", "name", "note")
HEADER = b"id,name,note\n"


@dataclass
class Reading:
    """The result of reading a file: (line, values) of each row, (line, SHA-256, text) of each unreadable record."""

    rows: list[tuple[int, tuple[str | None, ...]]] = field(default_factory=list)
    unreadable: list[tuple[int, str, str]] = field(default_factory=list)
    is_copied: bool = False

    @property
    def values(self) -> list[tuple[str | None, ...]]:
        return [values for _, values in self.rows]

    @property
    def unreadable_lines(self) -> list[int]:
        return [line for line, _, _ in self.unreadable]


def read(folder: Path, *contents: bytes, columns: Sequence[str] = COLUMNS) -> list[Reading]:
    """Write files of one table and read them together, in memory."""
    files = []
    for number, content in enumerate(contents):
        (folder / f"{number}.csv").write_bytes(content)
        files.append(InputFile(TABLE, folder / f"{number}.csv", str(number), tuple(columns)))
    readings = [Reading() for _ in contents]
    with duckdb.connect(config={"threads": 2}) as connection:
        queries = Readers(connection, folder / "work").select(files, list(columns))
        for name, row, *values in connection.execute(f"from ({' union all '.join(queries)}) order by _row").fetchall():
            readings[int(name)].rows.append((row + 1, tuple(values)))
        for name, *line in connection.execute(
            "select file_name, line_number, line_sha256, line_text from raw_intake.unreadable_lines order by all"
        ).fetchall():
            readings[int(name)].unreadable.append(tuple(line))
        copied = "select file_name from raw_intake.files where path like '%.readable.csv'"
        for (name,) in connection.execute(copied).fetchall():
            readings[int(name)].is_copied = True
    return readings


pieces = [b'"', b'"', b",", b"\n", b"\r", b"\r\n", b"\r ", b" ", b"  ", b'""', b'" "', b'",', b',"', b'"\n', b"\t"]
pieces += [b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", "é".encode(), b"\\", b"'", b"#", b"L" * 3000]
fields = st.sampled_from(
    'x|| y|"q"|""|"a,b"|"l1\nl2"|"say ""hi"""| "q"|"q" |5" wide|漢|"x,y,z\r\nu,v,w\n"|"a" "b"|  "two blanks"'.encode().split(
        b"|"
    )
)


@st.composite
def mutated_files(draw) -> tuple[bytes, int]:
    """Draw a CSV file in which some bytes were put in, taken out or repeated, or the end was lost, and its width."""
    width = draw(st.integers(1, 4))
    end = draw(st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]))
    rows = draw(st.lists(st.lists(fields, min_size=width, max_size=width).map(b",".join), max_size=8))
    body = end.join(rows) + draw(st.sampled_from([end, b""]))
    for kind in draw(st.lists(st.sampled_from(["put", "put", "put", "take", "repeat", "cut"]), max_size=4)):
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(body))] * 2)))
        if kind == "put":
            body = body[:first] + draw(st.sampled_from(pieces)) + body[first:]
        elif kind == "take":
            body = body[:first] + body[min(last, first + 3) :]
        elif kind == "repeat":
            body = body[:last] + body[first:last] + body[last:]
        else:
            body = body[:last]
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + b",".join(b"c%d" % place for place in range(width)) + end + body, width
