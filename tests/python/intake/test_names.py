"""Names of tables and columns are found however they are spelled, and two that are one name are refused."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_outcomes.contract import load_contract
from customer_outcomes.intake.names import KINDS, nearest_table, split_name
from helpers.input_folders import ACCOUNTS, TRANSACTIONS, company, read, refused

BLANKS = ["", " ", "\u00a0", "\u200b", "\ufeff", "\u2060", "\t"]
AMOUNTS = "select transaction_id, amount from raw_crm.transactions"


def spelled(name: str) -> st.SearchStrategy[str]:
    """Draw spellings of a name: letters in either case, and blanks and characters without width around it."""
    cases = st.lists(st.booleans(), min_size=len(name), max_size=len(name))
    blanks = st.sampled_from(BLANKS)
    return st.builds(
        lambda before, upper, after: (
            before + "".join(letter.upper() if up else letter for letter, up in zip(name, upper)) + after
        ),
        blanks,
        cases,
        blanks,
    )


@given(st.data())
def test_every_spelling_of_a_table_is_found(data):
    table = data.draw(st.sampled_from(sorted(load_contract()))).split(".")[1]
    kind = data.draw(st.sampled_from(KINDS))
    written = data.draw(spelled(table)) + data.draw(spelled(kind))
    assert split_name(written) == (table, kind)


@pytest.mark.parametrize(
    "name",
    ["CRM/Transactions.CSV", "crm / transactions .csv", "crm/Transactions/Day 1.CSV", "Crm/TRANSACTIONS/x/y.csv"],
)
def test_a_table_is_found_however_its_file_is_spelled(tmp_path, name):
    domain = name.split("/")[0]
    folder = company(tmp_path / "in", {f"{domain}/accounts.csv": ACCOUNTS, name: TRANSACTIONS})
    assert read(folder, tmp_path / "work", AMOUNTS) == ([("T1", "100.00")], [])


def test_columns_of_csv_and_parquet_are_found_however_they_are_spelled(tmp_path):
    names = [
        "Transaction_ID",
        " account_id",
        "TRANSACTION_TYPE\u00a0",
        "\ufeffamount",
        "currency\u200b_code",
        "Transacted_At",
    ]
    row = ["T2", "A", "charge", "5", "EUR", "2026-01-01"]
    files = {
        "crm/transactions/a.csv": ",".join(names) + "\n" + ",".join(row) + "\n",
        "crm/transactions/b.parquet": pa.table(
            {name: [value] for name, value in zip([*names, "Status "], [*row, "open"])}
        ),
    }
    sql = "select transaction_id, amount, currency_code, status from raw_crm.transactions order by all"
    rows, remarks = read(company(tmp_path / "in", files), tmp_path / "work", sql)
    assert rows == [("T2", "5", "EUR", "open"), ("T2", "5", "EUR", None)]
    assert remarks == []


def test_two_columns_of_one_name_are_refused(tmp_path):
    files = {
        "crm/accounts.csv": "account_id,created_at,Segment,segment \nA,2024-01-01,x,y\n",
        "crm/leads.parquet": pa.table(
            [["L"], ["2024-01-01"], ["a"], ["b"]], names=["lead_id", "created_at", "note", "NOTE"]
        ),
    }
    assert refused(company(tmp_path, files)) == [
        "crm/accounts.csv has the column segment more than once, as 'Segment', 'segment '.",
        "crm/leads.parquet has the column note more than once, as 'note', 'NOTE_1'.",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["crm/accounts.csv", "CRM/leads.csv"], "CRM and crm are one domain; keep one folder."),
        (
            ["crm/accounts.csv", "crm/Accounts.csv"],
            "crm/Accounts.csv and crm/accounts.csv are names of one table, crm.accounts; keep one spelling.",
        ),
        (
            ["crm/accounts.csv", "crm/accounts.CSV"],
            "crm/accounts.CSV and crm/accounts.csv are names of one table, crm.accounts; keep one spelling.",
        ),
        (
            ["crm/accounts/1.csv", "crm/Accounts/1.csv"],
            "crm/Accounts and crm/accounts are names of one table, crm.accounts; keep one spelling.",
        ),
        (
            ["crm/accounts/1.csv", "crm/Accounts.parquet"],
            "crm/Accounts.parquet and crm/accounts are names of one table, crm.accounts; keep one spelling.",
        ),
    ],
)
def test_two_names_of_one_table_are_refused(tmp_path, files, said):
    assert refused(company(tmp_path, dict.fromkeys(files, ACCOUNTS))) == [said]


def test_a_table_may_be_files_of_every_kind_and_a_folder(tmp_path):
    rows = pa.table({"account_id": ["B"], "created_at": ["2024-01-01"]})
    files = {"crm/accounts.csv": ACCOUNTS, "crm/accounts.parquet": rows, "crm/accounts/1.csv": ACCOUNTS}
    found, _ = read(
        company(tmp_path / "in", files), tmp_path / "work", "select account_id from raw_crm.accounts order by 1"
    )
    assert found == [("A",), ("A",), ("B",)]


@pytest.mark.parametrize(
    ("domain", "name", "meant"),
    [
        ("crm", "transaction", "crm/transactions"),
        ("support", "transactions", "crm/transactions"),
        ("support", "ticket", "support/tickets"),
        ("crm", "surveys", "survey/surveys"),
        ("crm", "weather", None),
    ],
)
def test_the_table_that_was_probably_meant(domain, name, meant):
    assert nearest_table(domain, name) == meant
