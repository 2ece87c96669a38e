"""Small companies made by hand, for the tests that compare the oracle with figures worked out by hand."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from customer_outcomes.contract import load_contract
from oracle.compute import compute

CONTRACT = load_contract()
ACCOUNT = {"account_id": "A", "created_at": "2020-01-01"}


def write(folder: Path, tables: dict[str, list[dict]]) -> None:
    for name, rows in tables.items():
        path = folder.joinpath(*name.split(".")).with_suffix(".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        header = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows)


def run(folder: Path, tables: dict | None = None, as_of: str = "2024-12-31T12:00:00", **options) -> dict:
    write(folder, tables or {})
    return compute(folder, CONTRACT, as_of=datetime.fromisoformat(as_of), reporting_currency="EUR", **options)


def money(transaction_id: str, moment: str, amount: str, kind: str = "charge", **more) -> dict:
    return {
        "transaction_id": transaction_id, "account_id": "A", "transaction_type": kind, "amount": amount,
        "currency_code": "EUR", "transacted_at": moment, **more,
    }  # fmt: skip


def answer(response_id: str, moment: str, score: str, **more) -> dict:
    return {
        "response_id": response_id, "survey_id": "S", "account_id": "A", "contact_id": "K", "score": score,
        "responded_at": moment, **more,
    }  # fmt: skip


def by(rows: list[dict], *columns: str) -> dict:
    return {tuple(row[column] for column in columns) if columns[1:] else row[columns[0]]: row for row in rows}
