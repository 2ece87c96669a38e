"""Different rows of one key that no time orders are reported, once per table and without an e-mail address."""

from pathlib import Path

import duckdb
import pytest

from customer_outcomes.contract import DELIVERY_COLUMNS, load_contract
from customer_outcomes.intake.unordered import unordered_rows

TYPES = {"text": "varchar", "integer": "bigint", "decimal": "decimal(26, 6)", "ratio": "decimal(18, 12)"}
STAMPS = {"_loaded_at": "timestamp", "updated_at": "timestamp", "is_deleted": "boolean"}
SAYS = "that differ, and neither _loaded_at nor updated_at says which is the newest"


@pytest.fixture
def warehouse(tmp_path):
    """All landing relations, empty."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema landing")
        connection.execute("create schema records")
        for table, definition in load_contract().items():
            columns = {name: TYPES.get(rules["type"], rules["type"]) for name, rules in definition["columns"].items()}
            columns = STAMPS | columns | {"_row_id": "bigint", "_row_text": "varchar"}
            assert set(DELIVERY_COLUMNS) == set(STAMPS)
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            name = table.split(".")[1]
            connection.execute(f"create table landing.land_{name} ({listed})")
            connection.execute(
                f"create table records.rec_{name} (_row_id bigint, row_state varchar, version_rank bigint)"
            )
    return path


def stage(path: Path, table: str, *rows: dict) -> None:
    """Stage rows; the first of each key is its newest version."""
    with duckdb.connect(path) as connection:
        ranks: dict = {}
        known = connection.execute(f"select count(*) from records.rec_{table}").fetchall()[0][0]
        for number, row in enumerate(rows, start=known + 1):
            key = next(iter(row.values()))
            ranks[key] = ranks.get(key, 0) + 1
            state = "accepted" if ranks[key] == 1 else "superseded"
            connection.execute(f"insert into records.rec_{table} values (?, ?, ?)", [number, state, ranks[key]])
            values = {**row, "_row_id": number, "_row_text": "repeated"}
            connection.execute(
                f"insert into landing.land_{table} ({', '.join(values)}) values ({', '.join('?' * len(values))})",
                list(values.values()),
            )


def test_only_rows_that_differ_and_that_no_time_orders_are_told(warehouse):
    stage(
        warehouse,
        "transactions",
        {"transaction_id": "same", "amount": 1},
        {"transaction_id": "same", "amount": 1},
        {"transaction_id": "loaded", "amount": 1, "_loaded_at": "2025-01-02"},
        {"transaction_id": "loaded", "amount": 2, "_loaded_at": "2025-01-01"},
        {"transaction_id": "updated", "amount": 1, "updated_at": "2025-01-02"},
        {"transaction_id": "updated", "amount": 2},
        {"transaction_id": "once", "amount": 2},
    )
    assert unordered_rows(warehouse) == []
    rows = [{"transaction_id": "1.23457E+15", "amount": amount, "_loaded_at": "2025-01-01"} for amount in (1, 2, 3)]
    stage(warehouse, "transactions", *rows)
    text = "the row that is largest as text is used."
    assert unordered_rows(warehouse) == [f"crm.transactions: 1 key has rows {SAYS} (1.23457E+15); {text}"]
    stage(warehouse, "transactions", {"transaction_id": "x", "is_deleted": True}, {"transaction_id": "x"})
    assert unordered_rows(warehouse) == [f"crm.transactions: 2 keys have rows {SAYS}, such as 1.23457E+15; {text}"]


def test_a_key_that_may_be_an_address_is_not_shown_of_a_table_with_personal_data(warehouse):
    for key in ("ann@example.com", "bob@example.com"):
        stage(warehouse, "contacts", {"contact_id": key, "email": "a"}, {"contact_id": key, "email": "b"})
    assert unordered_rows(warehouse) == [
        f"crm.contacts: 2 keys have rows {SAYS}; the row that is largest as text is used."
    ]
    stage(warehouse, "contacts", {"contact_id": "c1", "email": "a"}, {"contact_id": "c1", "email": "b"})
    assert "3 keys" in unordered_rows(warehouse)[0]
    assert ", such as c1;" in unordered_rows(warehouse)[0]
