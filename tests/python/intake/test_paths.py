"""A path with marks such as * or [ names one file: that file is read, and no other file that the marks would match."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.intake.readers import Readers
from customer_outcomes.places.paths import MARKS, is_pattern, plain_path

ACCOUNTS = 'account_id,created_at\n"{}",2024-01-01\n'
# each name matches the other one as a pattern
PAIRS = [("in?put", "input"), ("in[pq]ut", "input"), ("in*", "input"), ("{input,output}", "input"), ("in**", "input")]


def company(folder: Path, account: str) -> Path:
    """Write a company of one account, which arrives as CSV twice, once beside a broken line, and as Parquet."""
    accounts = folder / "crm" / "accounts"
    accounts.mkdir(parents=True)
    (accounts / "day.csv").write_text(ACCOUNTS.format(account))
    (accounts / "day[1].csv").write_text(ACCOUNTS.format(account) + "broken\n")
    rows = {"account_id": [account], "created_at": ["2024-01-01"]}
    pq.write_table(pa.table(rows), accounts / "d*y.parquet")
    return folder


def rows_of(warehouse: Path) -> list[tuple]:
    with duckdb.connect(warehouse, read_only=True) as connection:
        return connection.execute("select _file, _row, account_id from raw_crm.accounts order by all").fetchall()


@pytest.mark.parametrize(("name", "lookalike"), PAIRS)
def test_an_input_folder_is_a_name(tmp_path, name, lookalike):
    for number, folder in enumerate((name, lookalike)):
        company(tmp_path / folder, folder)
        with duckdb.connect(tmp_path / f"{number}.duckdb") as connection:
            connect_folder(connection, check_folder(tmp_path / folder), tmp_path / f"{number}.work")
    for number, folder in enumerate((name, lookalike)):  # as later: the links last
        assert rows_of(tmp_path / f"{number}.duckdb") == [
            ("crm/accounts/d*y.parquet", 1, folder),
            ("crm/accounts/day.csv", 1, folder),
            ("crm/accounts/day[1].csv", 1, folder),
        ]


def test_connecting_again_makes_the_links_anew(tmp_path):
    for account in ("A", "B"):
        folder = company(tmp_path / f"in[{account}]", account)
        with duckdb.connect(tmp_path / "a.duckdb") as connection:
            connect_folder(connection, check_folder(folder), tmp_path / "a.work")
        assert {account for *_, account in rows_of(tmp_path / "a.duckdb")} == {account}


@pytest.mark.parametrize("mark", MARKS)
def test_a_work_folder_must_be_free_of_marks(tmp_path, mark):
    with pytest.raises(UnusableInput, match="readers take for a pattern"):
        Readers(duckdb.connect(), tmp_path / f"a{mark}.work")


def test_what_is_read_is_what_was_asked_for(tmp_path, monkeypatch):
    """As if a mark were not known: DuckDB finds another file, and the build stops."""
    for name in ("day1.csv", "day[1].csv"):
        path = tmp_path / "in" / "crm" / "accounts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ACCOUNTS.format(name))
    monkeypatch.setattr("customer_outcomes.intake.readers.link", lambda path, place: path)
    with pytest.raises(FailedCheck, match=r"crm/accounts/day"):
        connect_folder(duckdb.connect(), check_folder(tmp_path / "in"), tmp_path / "work")


def test_a_plain_path_is_lent_and_gone(tmp_path):
    (tmp_path / "a?").mkdir()
    (tmp_path / "a?" / "file").write_text("here")
    with plain_path(tmp_path / "a?") as lent:
        assert not is_pattern(lent)
        assert (lent / "file").read_text() == "here"
    assert not lent.exists()
    assert (tmp_path / "a?" / "file").read_text() == "here"
    with plain_path(tmp_path) as lent:
        assert lent == tmp_path


def test_many_files_of_a_table_are_read_together(tmp_path):
    folder = tmp_path / "in" / "crm" / "accounts"
    folder.mkdir(parents=True)
    for number in range(300):
        end = ("\n", "\r\n", "\r")[number % 3]
        rows = [f'{number}-{row},"2024-01-01"' for row in range(number % 7)]
        text = '"two\nlines"' if number % 5 == 0 else ""
        lines = ["account_id,created_at,account_name", *(f"{row},{text}" for row in rows)]
        broken = ["broken"] if number % 11 == 0 else []
        (folder / f"{number:03}.csv").write_bytes(end.join([*lines, *broken, ""]).encode())
    with duckdb.connect() as connection:
        connect_folder(connection, check_folder(tmp_path / "in"), tmp_path / "work")
        rows = connection.execute("select _file, _row, account_id from raw_crm.accounts order by all").fetchall()
        views = connection.execute("select sql from duckdb_views() where view_name = 'accounts'").fetchall()
        unreadable = connection.execute("select count(*) from raw_intake.unreadable_lines").fetchall()
    expected = [
        (f"crm/accounts/{number:03}.csv", (2 if number % 5 == 0 else 1) * row + 1, f"{number}-{row}")
        for number in range(300)
        for row in range(number % 7)
    ]
    assert rows == sorted(expected)
    assert unreadable == [(len(range(0, 300, 11)),)]
    assert len(views) == 1 and views[0][0].count("read_csv") <= 4
