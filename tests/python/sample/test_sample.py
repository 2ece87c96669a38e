"""The sample company is deterministic, has the shape of the contract, and every row of it is sound."""

import csv
import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import sample_company
from customer_outcomes.contract import DELIVERY_COLUMNS, column_types, load_contract
from customer_outcomes.project import SAMPLE_INPUT
from helpers.builds import files_of
from sample_company import write_sample
from sample_company.tables import PLACES, arrow_types

CONTRACT = load_contract()
TABLES = list(CONTRACT)
AS_OF = "2026-07-01"
# The companies whose rows are looked at: (accounts, seed)
COMPANIES = [(400, 1), (10, 1), (60, 1), (60, 2), (1300, 3)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample(folder)


@pytest.fixture(scope="module")
def rows(sample) -> dict[str, list[dict[str, str]]]:
    """The rows of the sample."""
    return {table: read_csv(sample[0], table) for table in TABLES}


@pytest.fixture(scope="module", params=COMPANIES, ids=str)
def company(request, tmp_path_factory) -> dict[str, list[dict[str, str]]]:
    """The rows of companies of several sizes and seeds."""
    accounts, seed = request.param
    folder = tmp_path_factory.mktemp("company")
    write_sample(folder, accounts=accounts, seed=seed)
    return {table: read_csv(folder, table) for table in TABLES}


def path_of(folder: Path, table: str) -> Path:
    return folder.joinpath(*table.split("."))


def read_csv(folder: Path, table: str) -> list[dict[str, str]]:
    with path_of(folder, table).with_suffix(".csv").open(newline="") as file:
        return list(csv.DictReader(file, strict=True))


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.*"))
    }


def test_the_committed_input_is_what_the_command_writes(sample):
    assert files_of(sample[0]) == files_of(SAMPLE_INPUT)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_arguments_write_the_same_bytes(tmp_path, file_format):
    for name in ("first", "second"):
        write_sample(tmp_path / name, accounts=30, seed=4, file_format=file_format)
    assert fingerprint(tmp_path / "first") == fingerprint(tmp_path / "second")


def test_another_seed_writes_another_company(sample, tmp_path):
    write_sample(tmp_path, seed=2)
    first, second = fingerprint(sample[0]), fingerprint(tmp_path)
    changed = {name for name in first if first[name] != second[name]}
    assert changed >= {"crm/transactions.csv", "crm/accounts.csv", "survey/responses.csv", "crm/campaign_costs.csv"}


def test_the_sample_is_small(sample):
    assert sum(sample[1].values()) < 30_000
    assert sum(path.stat().st_size for path in sample[0].rglob("*.csv")) < 3_000_000


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_types_are_those_of_the_contract(sample, table):
    with path_of(sample[0], table).with_suffix(".csv").open() as file:
        header = file.readline().rstrip("\n").split(",")
    assert header == [*CONTRACT[table]["columns"], *DELIVERY_COLUMNS] == list(arrow_types(table))


def test_decimals_have_places_for_columns_of_the_contract():
    assert set(PLACES) <= {name for table in TABLES for name in column_types(table)}


def test_rows_are_counted_as_written(sample, rows):
    assert {table: len(table_rows) for table, table_rows in rows.items()} == sample[1]


def test_parquet_has_the_rows_of_csv(sample, rows, tmp_path):
    assert write_sample(tmp_path, file_format="parquet") == sample[1]
    for table in TABLES:
        (part,) = path_of(tmp_path, table).glob("part-*.parquet")
        found = pq.read_table(part)
        assert dict(zip(found.column_names, found.schema.types)) == arrow_types(table)
        for name, type_ in column_types(table).items():
            values = [value_of(row[name], type_) for row in rows[table]]
            assert [value_of(as_written(value), type_) for value in found[name].to_pylist()] == values, (table, name)


def as_written(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def value_of(text: str, type_: str) -> object:
    """Return what a text of a CSV file means, so that different spellings of a value are equal."""
    if type_ in ("integer", "decimal", "ratio"):
        return text and float(text)
    return text.replace("T", " ").removesuffix("Z") if type_ == "timestamp" else text


def test_transactions_are_as_many_as_asked_for(tmp_path):
    assert write_sample(tmp_path, accounts=12)["crm.transactions"] == 12 * 15
    assert write_sample(tmp_path, accounts=12, transactions=3000)["crm.transactions"] == 3000


def test_a_smaller_sample_leaves_nothing_of_a_larger_one(tmp_path):
    write_sample(tmp_path, accounts=40, file_format="parquet")
    counted = write_sample(tmp_path, accounts=12, file_format="csv")
    assert not list(tmp_path.rglob("*.parquet"))
    assert len(read_csv(tmp_path, "crm.accounts")) == counted["crm.accounts"]


def test_a_sample_removes_no_file_that_is_not_its_own(tmp_path):
    own = tmp_path / "crm" / "accounts" / "of_the_user.csv"
    own.parent.mkdir(parents=True)
    own.write_text("account_id\n")
    (tmp_path / "crm" / "notes.txt").write_text("keep")
    write_sample(tmp_path, accounts=10)
    assert own.exists() and (tmp_path / "crm" / "notes.txt").exists()


def test_batches_make_one_company(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_company, "ACCOUNTS_PER_BATCH", 7)
    calls = []
    write_sample(tmp_path, accounts=40, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(7, 40), (14, 40), (21, 40), (28, 40), (35, 40), (40, 40)]
    ids = [row["transaction_id"] for row in read_csv(tmp_path, "crm.transactions")]
    assert len(ids) == len(set(ids)) == 40 * 15


@pytest.mark.parametrize("arguments", [{"accounts": 9}, {"transactions": 5}, {"file_format": "xlsx"}])
def test_what_cannot_be_written_is_refused(tmp_path, arguments):
    with pytest.raises(ValueError):
        write_sample(tmp_path, **arguments)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_sound(company, table):
    """It has its required values, known values, references that lead somewhere, and no moment after the story."""
    meta, table_rows = CONTRACT[table], company[table]
    keys = [tuple(row[key] for key in meta["primary_key"]) for row in table_rows]
    assert len(set(keys)) == len(keys)
    if meta.get("event_time"):
        assert all(row[meta["event_time"]] < AS_OF for row in table_rows)
    for name, rule in meta["columns"].items():
        present = [row[name] for row in table_rows if row[name]]
        assert not rule.get("required") or len(present) == len(keys), name
        assert "values" not in rule or set(present) <= set(rule["values"]), name
        assert "min" not in rule or all(float(value) >= rule["min"] for value in present), name
        if rule["type"] == "timestamp" and name != "due_at":
            assert all(value < AS_OF for value in present), name
        if "references" in rule:
            key = CONTRACT[rule["references"]]["primary_key"][0]
            assert set(present) <= {row[key] for row in company[rule["references"]]}, name


@pytest.mark.parametrize(
    "table, start, end",
    [
        ("crm.leads", "created_at", "qualified_at"),
        ("crm.leads", "qualified_at", "accepted_at"),
        ("crm.account_assignments", "assigned_at", "unassigned_at"),
        ("crm.opportunities", "created_at", "closed_at"),
        ("crm.subscriptions", "started_on", "ended_on"),
        ("crm.outcomes", "defined_at", "achieved_at"),
        ("crm.outcomes", "achieved_at", "verified_at"),
    ],
)
def test_what_ends_began_before(company, table, start, end):
    assert all(row[start] <= row[end] for row in company[table] if row[end])


def test_no_reversal_takes_back_more_than_its_charge(company):
    amounts = {row["transaction_id"]: float(row["amount"]) for row in company["crm.transactions"]}
    for row in company["crm.transactions"]:
        is_reversal = row["transaction_type"] in ("refund", "credit", "chargeback")
        assert bool(row["original_transaction_id"]) == is_reversal
        assert not is_reversal or float(row["amount"]) <= amounts[row["original_transaction_id"]]


def test_scores_lie_on_their_scales(company):
    scales = {row["survey_id"]: row for row in company["survey.surveys"]}
    for row in company["survey.responses"]:
        scale = scales[row["survey_id"]]
        assert float(scale["scale_min"]) <= float(row["score"]) <= float(scale["scale_max"])


def test_names_of_accounts_are_distinct(company):
    names = [row["account_name"] for row in company["crm.accounts"]]
    assert len(set(names)) == len(names)


def test_the_sample_has_all_that_the_contract_offers(rows):
    assert all(rows.values())
    kinds = {row["transaction_type"] for row in rows["crm.transactions"]}
    assert kinds == {"charge", "refund", "credit", "chargeback"}
    assert {row["status"] for row in rows["crm.transactions"]} == {"completed", "pending", "failed"}
    assert {row["currency_code"] for row in rows["crm.transactions"]} == {"EUR", "USD", "GBP"}
    assert len({row["country_code"] for row in rows["crm.accounts"]}) == 8
    assert len({row["segment"] for row in rows["crm.accounts"]}) == 4
