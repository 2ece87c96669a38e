"""Input folders written, checked and connected, for tests of the intake that look at nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import check_folder, connect_folder

ACCOUNTS = "account_id,created_at\nA,2024-01-01\n"
TRANSACTIONS = (
    "transaction_id,account_id,transaction_type,amount,currency_code,transacted_at\n"
    "T1,A,charge,100.00,EUR,2026-01-05T10:00:00Z\n"
)


def company(folder: Path, files: dict[str, str | bytes | pa.Table]) -> Path:
    """Write files into a folder, and crm/accounts.csv if none of them is a table of accounts."""
    if not any("account" in name.lower() for name in files):
        files = {"crm/accounts.csv": ACCOUNTS} | files
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def refused(folder: Path) -> list[str]:
    """Return the sentences that refuse a folder."""
    try:
        check_folder(folder)
    except UnusableInput as error:
        return error.sentences
    return []


def read(folder: Path, work: Path, sql: str) -> tuple[list[tuple], list[str]]:
    """Return the rows of a query over the raw relations of a folder, and all remarks."""
    found = check_folder(folder)
    with duckdb.connect(config={"threads": 1}) as connection:
        remarks = connect_folder(connection, found, work)
        return connection.execute(sql).fetchall(), found.remarks + remarks
