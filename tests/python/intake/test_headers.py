"""A header in which columns are missing is shown, with a guess at the reason, and no row is ever shown."""

import gzip

import pyarrow as pa
import pytest

from helpers.input_folders import ACCOUNTS, TRANSACTIONS, company, refused

HEADER = TRANSACTIONS.split("\n")[0]
SEMICOLONS = TRANSACTIONS.replace(",", ";")
NONE = "crm/transactions.csv has none of the columns of crm.transactions."
SAVE = "save it as CSV in UTF-8."
COMMA = "a comma must separate the columns."


def said_of(folder, content: str | bytes, name: str = "crm/transactions.csv") -> str:
    (sentence,) = refused(company(folder, {name: content}))
    return sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SEMICOLONS, f"{NONE} The separator looks like `;`; {COMMA} Its first line is: {HEADER.replace(',', ';')}."),
        (
            TRANSACTIONS.replace(",", "\t"),
            f"{NONE} The separator looks like a tab; {COMMA} Its first line is: {HEADER.replace(',', ' ')}.",
        ),
        (TRANSACTIONS.replace(",", "|"), f"{NONE} The separator looks like `|`; {COMMA} Its first line is: "),
        (
            "Export of 5 charges\n\n" + TRANSACTIONS,
            f"{NONE} The header seems to be on line 3; remove the lines above it. Its first line is: Export of 5 charges.",
        ),
        ("\n" + TRANSACTIONS, f"{NONE} The header seems to be on line 2; remove the lines above it."),
        (
            "sep=;\r\n" + SEMICOLONS,
            f"{NONE} The header seems to be on line 2, and the separator looks like `;`; {COMMA[:-1]};",
        ),
        (
            "".join(f'"{line}"\n' for line in TRANSACTIONS.splitlines()),
            f"{NONE} Each line seems to be in quotes as a whole; only single values may be. Its first line is: ",
        ),
        (
            "T1,A,charge,5,EUR,2026-01-01\n",
            f"{NONE} Its first line looks like a row; the first line must name the columns.",
        ),
        ("a;b;c\n1;2;3\n", f"{NONE} The separator looks like `;`; {COMMA} Its first line is: a;b;c."),
        ("x,y,z\n", f"{NONE} Its first line is: x,y,z."),
        ("", "crm/transactions.csv is empty; its first line must name the columns of crm.transactions."),
        ("\ufeff\n\n", "crm/transactions.csv is empty; its first line must name the columns of crm.transactions."),
        ("<!DOCTYPE html><p>", f"crm/transactions.csv cannot be read: it is not CSV but HTML; {SAVE}"),
        ('<?xml version="1.0"?>', f"crm/transactions.csv cannot be read: it is not CSV but XML; {SAVE}"),
        ('[{"transaction_id": 1}]', f"crm/transactions.csv cannot be read: it is not CSV but JSON; {SAVE}"),
        (
            b"PK\x03\x04..",
            f"crm/transactions.csv cannot be read: it is not CSV but a spreadsheet (XLSX) or another ZIP archive; {SAVE}",
        ),
        (
            gzip.compress(b"a", mtime=0),
            "crm/transactions.csv cannot be read: it is compressed by gzip; end its name with .csv.gz.",
        ),
        (b"PAR1....", "crm/transactions.csv cannot be read: it is not CSV but Parquet; end its name with .parquet."),
        (TRANSACTIONS.encode("utf-16"), f"crm/transactions.csv cannot be read: it is not UTF-8 but UTF-16; {SAVE}"),
        (
            TRANSACTIONS.encode("utf-16-le"),
            f"crm/transactions.csv cannot be read: it is not UTF-8 but looks like UTF-16; {SAVE}",
        ),
        (
            (HEADER + ",Währung\n").encode("latin-1"),
            "crm/transactions.csv cannot be read: its header is not UTF-8 but looks like Latin-1 (Windows-1252);",
        ),
    ],
)
def test_a_header_in_which_nothing_is_found(tmp_path, content, said):
    assert said_of(tmp_path, content).startswith(said)


def test_a_header_in_which_some_columns_are_missing(tmp_path):
    header = "transaction_id,account_id,transaction_type,amout,transacted_at\n"
    assert said_of(tmp_path, header + "T1,A,charge,5,2026-01-01\n") == (
        "crm/transactions.csv has no columns amount, currency_code, which crm.transactions requires. Is amout meant to"
        f" be amount? Its first line is: {header.strip()}."
    )


def test_a_header_of_parquet_is_shown(tmp_path):
    pieces = pa.table({"id": ["1"], "when": ["2026-01-01"]})
    assert said_of(tmp_path, pieces, "crm/transactions.parquet") == (
        "crm/transactions.parquet has none of the columns of crm.transactions. Its columns are: id, when."
    )


def test_a_long_header_is_shortened(tmp_path):
    said = said_of(tmp_path, ",".join(f"column_{'x' * number}" for number in range(60)) + "\n")
    assert said.endswith("...") or said.endswith("....")
    assert len(said) < 300


@pytest.mark.parametrize(
    "first",
    [
        "Ann Smith,business,Germany",
        "ann@example.com",
        "A17;Ann Smith;2024-01-01",
        "Customers of Ann Smith",
        '"Ann;Smith',
    ],
)
def test_no_row_of_a_table_with_personal_data_is_shown(tmp_path, first):
    for content in (f"{first}\n{ACCOUNTS}", f"{first}\n", f"{first}\n{ACCOUNTS.replace(',', ';')}"):
        (said,) = refused(company(tmp_path, {"crm/accounts.csv": content}))
        assert "nn" not in said.replace("cannot", "")


def test_a_header_of_a_table_with_personal_data_is_shown(tmp_path):
    (said,) = refused(company(tmp_path, {"crm/accounts.csv": ACCOUNTS.replace(",", ";")}))
    assert said.endswith(
        "The separator looks like `;`; a comma must separate the columns. Its first line is: account_id;created_at."
    )


def test_a_compressed_file_has_the_same_causes(tmp_path):
    said = said_of(tmp_path, gzip.compress(SEMICOLONS.encode()), "crm/transactions.csv.gz")
    assert "The separator looks like `;`" in said
