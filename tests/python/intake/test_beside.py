"""Everything in the input folder that is not read is said exactly once; data meant to be delivered is a fault."""

import os

import pyarrow as pa
import pytest

from customer_outcomes.intake.folder import check_folder
from helpers.input_folders import ACCOUNTS, TRANSACTIONS, company, refused

LEADS = "lead_id,created_at\nL,2024-01-01\n"


def remarks(folder) -> list[str]:
    return check_folder(folder).remarks


def test_what_is_passed_over_is_said_once_and_in_groups(tmp_path):
    folder = company(
        tmp_path,
        {
            "accounts.csv": ACCOUNTS,
            "README.txt": "",
            "crm/notes.docx": "",
            "crm/transactions/read me.txt": "",
            "crm/transactions/a.csv": TRANSACTIONS,
            "crm/transactions/_SUCCESS": "",
            "crm/.DS_Store": "",
            ".git/config": "",
            "crm/_old/accounts.csv": ACCOUNTS,
            "archive/2025/crm/accounts.csv": ACCOUNTS,
            "crm/pictures/a.png": "",
            "rules/comp_plans.csv": "",
        },
    )
    (folder / "crm" / "accounts.csv").write_text(ACCOUNTS)
    for empty in ("survey", "crm/leads", "crm/transactions/day", "crm/leads.parquet"):
        (folder / empty).mkdir()
    os.mkfifo(folder / "crm" / "pipe")
    (folder / "crm" / "notes").symlink_to("nowhere")
    (folder / "crm" / "transactions" / "again").symlink_to(folder / "crm")
    assert remarks(folder) == [
        "accounts.csv is in no domain's folder and is passed over; did you mean crm/accounts.csv?",
        "crm/notes is a link that leads nowhere and is passed over.",
        "crm/transactions/again is a link to a folder that holds it and is passed over.",
        "crm/pipe is neither a file nor a folder and is passed over.",
        "crm/leads.parquet is a folder where a file should be and is passed over.",
        "crm/notes.docx and crm/transactions/read me.txt are neither .csv nor .parquet files and are passed over.",
        "crm/pictures is the folder of no table and is passed over.",
        "README.txt is in no domain's folder and is passed over.",
        "archive is the folder of no domain and is passed over.",
        ".git, crm/.DS_Store, crm/_old and 1 more begin with a dot or an underscore and are passed over.",
        "crm/leads, crm/transactions/day and survey are empty folders and are passed over.",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crm/transactions.xlsx", "crm/transactions.xlsx is neither a .csv nor a .parquet file."),
        ("crm/Transactions.csv.bak", "crm/Transactions.csv.bak is neither a .csv nor a .parquet file."),
        (
            "crm/transaction.csv",
            "crm/transaction.csv belongs to the table crm.transaction, which the input contract does not have; did you"
            " mean crm/transactions.csv?",
        ),
        (
            "support/Transactions.csv.gz",
            "support/Transactions.csv.gz belongs to the table support.transactions, which the input contract does not"
            " have; did you mean crm/transactions.csv.gz?",
        ),
        (
            "crm/lead/2026/a.csv",
            "crm/lead belongs to the table crm.lead, which the input contract does not have; did you mean crm/leads?",
        ),
        (
            "crm/weather.csv",
            "crm/weather.csv belongs to the table crm.weather, which the input contract does not have.",
        ),
        (
            "sales/leads.csv",
            "sales/leads.csv belongs to the table sales.leads, which the input contract does not have; did you mean"
            " crm/leads.csv?",
        ),
        (
            "crm/leads.csv/part-0.csv",
            "crm/leads.csv is a folder where a file should be; the folder of the table is crm/leads.",
        ),
        ("surveys/surveys.csv", "surveys is the folder of no domain; did you mean survey?"),
        ("Rules/comp_plans.csv", "Rules is not read as the folder of the rules; rename it to rules."),
    ],
)
def test_data_that_somebody_meant_to_deliver_is_a_fault(tmp_path, name, said):
    assert refused(company(tmp_path, {name: LEADS})) == [said]


def test_a_table_whose_name_leads_nowhere_is_a_fault(tmp_path):
    folder = company(tmp_path, {})
    (folder / "crm" / "leads").mkdir()
    (folder / "crm" / "leads" / "day.csv").symlink_to("nowhere")
    (folder / "crm" / "transactions.csv").symlink_to("transactions.csv")
    os.mkfifo(folder / "crm" / "users.csv")
    assert refused(folder) == [
        "crm/leads/day.csv is a link that leads nowhere.",
        "crm/transactions.csv is a link that leads nowhere.",
        "crm/users.csv is neither a file nor a folder.",
    ]


def test_a_link_that_leads_outside_is_read(tmp_path):
    folder = company(tmp_path / "in", {})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "day.csv").write_text(LEADS)
    (folder / "crm" / "leads").mkdir()
    (folder / "crm" / "leads" / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "crm" / "leads" / "one.csv").symlink_to(tmp_path / "elsewhere" / "day.csv")
    found = check_folder(folder)
    assert [file.name for file in found.files["crm.leads"]] == ["crm/leads/linked/day.csv", "crm/leads/one.csv"]
    assert found.remarks == []


def test_links_that_lead_to_each_other_end(tmp_path):
    folder = company(tmp_path / "in", {"crm/leads/a.csv": LEADS})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "back").symlink_to(folder / "crm" / "leads")
    (folder / "crm" / "leads" / "there").symlink_to(tmp_path / "elsewhere")
    (folder / "crm" / "leads" / "all").symlink_to("/")
    assert remarks(folder) == [
        "crm/leads/all and crm/leads/there/back are links to folders that hold them and are passed over."
    ]


def test_a_column_that_is_not_read_is_said_once_with_the_one_that_was_meant(tmp_path):
    header = "account_id,created_at,Loaded_At,segmnt,colour\nA,2024-01-01,,,\n"
    files = {
        "crm/accounts/1.csv": header,
        "crm/accounts/2.csv": header,
        "crm/leads.parquet": pa.table({"lead_id": ["L"], "created_at": ["2024-01-01"], "campain_id": ["C"]}),
        "crm/users.csv": "user_id,team,is_bot,is_bott\nU,sales,0,1\n",
    }
    said = "is not in the input contract and is passed over"
    assert remarks(company(tmp_path, files)) == [
        f"crm.accounts, 2 files: the column loaded_at {said}; did you mean _loaded_at?",
        f"crm.accounts, 2 files: the column segmnt {said}; did you mean segment?",
        f"crm.accounts, 2 files: the column colour {said}.",
        f"crm/leads.parquet: the column campain_id {said}; did you mean campaign_id?",
        f"crm/users.csv: the column is_bott {said}.",
    ]
