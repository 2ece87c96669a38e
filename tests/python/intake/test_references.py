"""Every optional reference that leads to no accepted record is counted and named, and costs no row."""

import json
from datetime import datetime

import pytest

from helpers.builds import Built, good_build, query, records
from helpers.small_companies import write

pytestmark = pytest.mark.whole_builds(1)

DAY = "2026-01-01"


def sale(number: int, **more: str) -> dict:
    given = {"account_id": "A", "transaction_type": "charge", "amount": "10", "currency_code": "EUR"}
    return given | {"transaction_id": f"T{number}", "transacted_at": "2026-03-01", "product_id": ""} | more


def lead(name: str, **more: str) -> dict:
    return {"lead_id": name, "created_at": DAY, "campaign_id": ""} | more


def event(name: str, kind: str, value: str) -> dict:
    given = {"ticket_id": "H", "occurred_at": "2026-01-02", "actor_type": "system"}
    return given | {"event_id": name, "event_type": kind, "new_value": value}


COMPANY = {
    "crm.accounts": [
        {"account_id": "A", "created_at": DAY, "parent_account_id": "nobody"},
        {"account_id": "B", "created_at": DAY, "parent_account_id": "gone", "merged_into_account_id": "A"},
        {"account_id": "C", "created_at": DAY, "parent_account_id": "B"},
        {"account_id": "gone", "created_at": DAY, "account_type": "test"},
    ],
    "crm.users": [{"user_id": "Ann", "team": "sales"}],
    "crm.opportunities": [
        {"opportunity_id": "O", "account_id": "A", "owner_user_id": "Ann ", "created_at": DAY},
        # orphaned, so that its owner is not counted
        {"opportunity_id": "P", "account_id": "nobody", "owner_user_id": "nobody", "created_at": DAY},
    ],
    "crm.products": [
        {"product_id": "GTX Pro", "product_family": "GTX", "is_deleted": ""},
        {"product_id": "MG", "product_family": "MG", "is_deleted": "true"},
    ],
    "crm.transactions": [
        sale(1, product_id="GTX Pro", _loaded_at="2026-03-02"),
        sale(1, product_id="an earlier version", _loaded_at="2026-03-01"),
        sale(2, product_id="GTXPro"),
        sale(3, product_id="GTXPro"),
        sale(4, product_id="MG"),
        sale(5, product_id=" "),
        sale(6, product_id="of a guest", account_id=""),
    ],
    # of campaigns nothing is delivered
    "crm.leads": [
        *(lead(f"L{place}", campaign_id=name) for place, name in enumerate(["f", "e", "e", "d", "c", "b", "a@b"])),
        lead("L9", campaign_id="of a deleted lead", is_deleted="1"),
    ],
    "support.tickets": [{"ticket_id": "H", "created_at": DAY}],
    "support.ticket_events": [
        event("1", "assignment", "Ann"),
        event("2", "assignment", "nobody"),
        event("3", "schedule", "night"),
        event("4", "comment", "nobody"),
        event("5", "assignment", ""),
    ],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    folder = tmp_path_factory.mktemp("references")
    write(folder / "input", COMPANY)
    return good_build(folder, folder / "input", as_of=datetime(2026, 7, 1))


def test_each_column_with_what_it_lost(built: Built):
    columns = ("rows", "distinct_values", "examples", "filled", "to_gone", "to_absent")
    found = {
        f"{row['input_table']}.{row['column_name']}": tuple(row[name] for name in columns)
        for row in records(built.database, "audit.broken_references")
    }
    expected = {
        "crm.accounts.parent_account_id": (2, 2, ["gone", "nobody"], 3, 1, 0),
        "crm.transactions.product_id": (3, 2, ["GTXPro", "MG"], 4, 1, 0),
        "crm.leads.campaign_id": (7, 6, ["e", "hidden", "b", "c", "d"], 7, 0, 7),
        "support.ticket_events.new_value": (2, 2, ["night", "nobody"], 3, 0, 1),
    }
    assert {name: (*row[:2], json.loads(row[2]), *row[3:]) for name, row in found.items()} == expected


def test_the_rows_stay_and_read_as_empty(built: Built):
    found = query(built.database, "select transaction_id, product_id from marts.fct_transactions order by all")
    assert found == [("T1", "GTX Pro"), ("T2", None), ("T3", None), ("T4", None), ("T5", None)]


def test_the_summary_names_them(built: Built):
    said = " ".join(built.said.split())
    assert "crm.transactions: product_id of 3 rows with values such as 'GTXPro' lead to no accepted record" in said
    assert "crm.campaigns was not delivered, so that references to it read as empty: crm.leads.campaign_id (7)." in said
    assert "owner_user_id" not in said
