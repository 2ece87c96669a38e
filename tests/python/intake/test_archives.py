"""A compressed CSV file reads as the file that it holds, and a damaged one is a sentence, never fewer rows."""

import gzip
import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.intake import archives, readers
from customer_outcomes.intake.archives import read_head
from customer_outcomes.intake.folder import check_folder, connect_folder
from customer_outcomes.intake.readers import InputFile, Readers
from helpers.csv_files import TABLE, mutated_files
from helpers.input_folders import ACCOUNTS, TRANSACTIONS, company, read, refused

ROW = "T{},A,charge,1.00,EUR,2026-01-05T10:00:00Z\n"


PACK = {".csv.gz": gzip.compress, ".csv.zst": lambda content: bytes(pa.compress(content, "zstd", asbytes=True))}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("name", ["transactions{}", "transactions/day 1{}", "transactions/day[1]{}"])
def test_a_compressed_file_reads_as_the_plain_one(tmp_path, kind, name):
    """With a faulty line, whose number is that of the unpacked file."""
    text = TRANSACTIONS + "broken\n" + ROW.format(2)
    folder = company(tmp_path / "in", {"crm/" + name.format(kind.upper()): PACK[kind](text.encode())})
    rows, remarks = read(folder, tmp_path / "work", "select _row, transaction_id from raw_crm.transactions order by 1")
    assert (rows, remarks) == ([(1, "T1"), (3, "T2")], [])
    rows, _ = read(folder, tmp_path / "work", "select line_number, line_text from raw_intake.unreadable_lines")
    assert rows == [(3, "broken")]


@pytest.mark.parametrize("kind", PACK)
def test_all_members_of_an_archive_are_read(tmp_path, kind):
    content = PACK[kind](TRANSACTIONS.encode()) + b"".join(PACK[kind](ROW.format(n).encode()) for n in (2, 3))
    folder = company(tmp_path / "in", {f"crm/transactions{kind}": content})
    assert read(folder, tmp_path / "work", "select count(*) from raw_crm.transactions")[0] == [(3,)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=mutated_files())
def test_a_mutated_file_means_the_same_compressed(tmp_path, file):
    content, width = file
    columns = [f"c{place}" for place in range(width)]
    found = []
    for kind, pack in {".csv": bytes, **PACK}.items():
        path = tmp_path / f"file{kind}"
        path.write_bytes(pack(content))
        with duckdb.connect(config={"threads": 1}) as connection:
            queries = Readers(connection, tmp_path / "work").select(
                [InputFile(TABLE, path, "file", tuple(columns))], columns
            )
            rows = connection.execute(f"from ({' union all '.join(queries)}) order by _row").fetchall()
            lines = connection.execute("from raw_intake.unreadable_lines order by all").fetchall()
        found.append((rows, lines))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", PACK)
def test_an_archive_that_was_cut_short_is_a_sentence(tmp_path, kind):
    """Wherever it was cut: at its header's check, or later where the header is whole."""
    dice = random.Random(7)
    text = TRANSACTIONS + "".join(ROW.format(dice.random()) for _ in range(60_000))
    whole = PACK[kind](text.encode())
    for end in (1, 5, len(whole) // 2, len(whole) - 5, len(whole) - 1):
        folder = company(tmp_path / f"in{end}", {f"crm/transactions{kind}": whole[:end]})
        with pytest.raises(UnusableInput) as error, duckdb.connect() as connection:
            connect_folder(connection, check_folder(folder), tmp_path / "work")
        (said,) = error.value.sentences
        assert said.startswith(f"crm/transactions{kind} cannot be read: the archive is damaged or cut short (")
    assert not list((tmp_path / "work").glob("*"))


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("content", [TRANSACTIONS.encode(), b"\x1f\x8bno archive", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_a_sentence(tmp_path, kind, content):
    (said,) = refused(company(tmp_path, {f"crm/transactions{kind}": content}))
    assert said.startswith(f"crm/transactions{kind} cannot be read: the archive is damaged or cut short (")


def test_bytes_behind_an_archive_are_damage(tmp_path):
    for kind, pack in PACK.items():
        folder = company(tmp_path / kind, {f"crm/transactions{kind}": pack(TRANSACTIONS.encode()) + b"more"})
        assert "damaged" in refused(folder)[0]


@pytest.mark.parametrize("kind", PACK)
def test_only_the_head_is_unpacked_for_the_check(tmp_path, kind):
    path = tmp_path / f"a{kind}"
    path.write_bytes(PACK[kind](b"a" * 50_000_000)[:-1])  # reading all of it would find the end missing
    assert read_head(path, 5) == b"aaaaa"


def test_a_disk_that_is_full_is_a_sentence_and_leaves_no_copy(tmp_path, monkeypatch):
    folder = company(tmp_path / "in", {"crm/transactions.csv.gz": gzip.compress(TRANSACTIONS.encode())})
    real = Path.open

    def full(path, mode="r", *more, **options):
        if mode == "wb":
            real(path, mode).close()
            raise OSError(28, "No space left on device")
        return real(path, mode, *more, **options)

    monkeypatch.setattr(archives.Path, "open", full)
    with pytest.raises(
        UnusableInput, match=r"transactions.csv.gz cannot be unpacked into .*: No space left on device\.$"
    ):
        connect_folder(duckdb.connect(), check_folder(folder), tmp_path / "work")
    assert not list((tmp_path / "work").glob("*"))


def test_a_copy_never_overwrites_an_input_file_through_a_link_of_an_earlier_build(tmp_path):
    packed = gzip.compress(ACCOUNTS.replace("A,", "B,").encode())
    folder = company(tmp_path / "in", {"crm/accounts[1].csv": "", "crm/accounts.csv.gz": packed})
    (folder / "crm" / "accounts[1].csv").rename(tmp_path / "kept.csv")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "1.unpacked.csv").symlink_to(tmp_path / "kept.csv")
    assert read(folder, tmp_path / "work", "select account_id from raw_crm.accounts")[0] == [("B",)]
    assert (tmp_path / "kept.csv").read_text() == ""


def test_a_compressed_file_that_changes_is_told(tmp_path):
    folder = company(tmp_path / "in", {"crm/transactions.csv.gz": gzip.compress(TRANSACTIONS.encode())})
    found = check_folder(folder)
    (folder / "crm" / "transactions.csv.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(FailedCheck, match=r"^crm/transactions\.csv\.gz changed while it was read"):
        found.raise_if_changed()


def test_a_compressed_file_is_counted_by_itself(tmp_path, monkeypatch):
    folder = company(tmp_path / "in", {"crm/transactions.csv.gz": gzip.compress(TRANSACTIONS.encode())})
    wrong = readers.Count(9, 9, True)
    monkeypatch.setattr(readers, "count_csv", lambda path, width: wrong)
    with pytest.raises(FailedCheck, match="counted as 9"):
        connect_folder(duckdb.connect(), check_folder(folder), tmp_path / "work")
