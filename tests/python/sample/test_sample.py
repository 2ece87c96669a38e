"""The sample company is deterministic, has the shape of the contract, and holds every case that the contract names."""

import csv
import hashlib
import io
import re
from collections import Counter
from datetime import datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.sample import write_sample
from customer_outcomes.sample.oddities import BROKEN_LINES, ODDITIES
from customer_outcomes.sample.shapes import BOOKKEEPING, UNLISTED, arrow_type, type_of

CONTRACT = load_contract()
TABLES = list(CONTRACT)
ARROW_KINDS = {
    "text": pa.types.is_string,
    "integer": pa.types.is_int64,
    "decimal": pa.types.is_decimal,
    "ratio": pa.types.is_decimal,
    "boolean": pa.types.is_boolean,
    "timestamp": pa.types.is_timestamp,
    "date": pa.types.is_date,
}
AS_OF = "2026-07-01"
STATES = ("accepted", "superseded", "deleted", "excluded", "future")


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample(folder)


@pytest.fixture(scope="module")
def rows(sample) -> dict[str, list[dict[str, str]]]:
    """The readable rows of the 60-account sample."""
    return {table: _read_csv(sample[0], table) for table in TABLES}


@pytest.fixture(scope="module")
def sound_rows(rows) -> dict[str, list[dict[str, str]]]:
    """The rows of the regular company and of the story: all but the odd ones."""
    odd = Counter(_content(oddity.table, oddity.row) for oddity in ODDITIES)
    return {table: [row for row in table_rows if _content(table, row) not in odd] for table, table_rows in rows.items()}


def _path(folder: Path, table: str) -> Path:
    return folder.joinpath(*table.split("."))


def _read_csv(folder: Path, table: str) -> list[dict[str, str]]:
    content = _path(folder, table).with_suffix(".csv").read_bytes()
    if table in BROKEN_LINES:
        content = content.replace(BROKEN_LINES[table] + b"\n", b"")
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def _is_readable(type_: str, value: str) -> bool:
    """Whether a value has one of the forms that the contract allows for its type."""
    if type_ in ("timestamp", "date"):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return False
        return type_ == "timestamp" or moment.time() == time()
    forms = {
        "text": r"(?s).*",
        "boolean": r"(?i)true|false|1|0",
        "integer": r"-?\d+(\.0+)?",
        "decimal": r"-?\d+(\.\d+)?([eE]-?\d+)?",
    }
    forms["ratio"] = forms["decimal"]
    return bool(re.fullmatch(forms[type_], value))


def _is_foreign(rule: dict, row: dict[str, str | None], value: str | None) -> bool:
    """Whether a value is none of its list, in any letters and between blanks."""
    kind = rule.get("kinds", {}).get(row.get(rule.get("kind_column", "")), {})
    listed = rule.get("values") or kind.get("values")
    return bool(value) and listed is not None and value.strip().lower() not in listed


def _is_backwards(row: dict[str, str | None]) -> bool:
    """Whether something ends before it starts, as it starts, or has more conversions than exposures."""
    starts, ends = (row.get(f"{bound}_minute") for bound in ("starts", "ends"))
    pairs = [("started_on", "ended_on"), ("assigned_at", "unassigned_at")]
    counts = [(row.get(f"{side}_conversions"), row.get(f"{side}_exposures")) for side in ("control", "variant")]
    return (
        (starts is not None and starts == ends)
        or any(row.get(start) and row.get(end) and row[end] < row[start] for start, end in pairs)
        or any(conversions and 0 < float(exposures) < float(conversions) for conversions, exposures in counts)
    )


def _content(table: str, row: dict[str, str]) -> tuple:
    return table, tuple(sorted((name, value) for name, value in row.items() if value))


def _fingerprint(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.*"))
    }


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_arguments_write_the_same_bytes(tmp_path, file_format):
    for name in ("first", "second"):
        write_sample(tmp_path / name, accounts=30, seed=4, file_format=file_format)
    assert _fingerprint(tmp_path / "first") == _fingerprint(tmp_path / "second")


def test_another_seed_writes_another_company_with_the_same_story(sample, tmp_path):
    write_sample(tmp_path, seed=2)
    changed = [name for name, digest in _fingerprint(tmp_path).items() if digest != _fingerprint(sample[0])[name]]
    assert "crm/transactions.csv" in changed
    assert "survey/responses.csv" in changed

    def story(folder: Path) -> list[dict[str, str]]:
        return [row for row in _read_csv(folder, "crm.transactions") if row["account_id"] <= "acct_0005"]

    assert story(tmp_path) == story(sample[0]) != []


def test_the_committed_sample_is_small(sample):
    assert sum(path.stat().st_size for path in sample[0].rglob("*.csv")) < 1_500_000


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_those_of_the_contract(sample, table):
    with _path(sample[0], table).with_suffix(".csv").open("rb") as file:
        header = file.readline().decode().rstrip("\n").split(",")
    allowed_besides = {*BOOKKEEPING, *UNLISTED.get(table, [])}
    assert [name for name in header if name not in allowed_besides] == list(CONTRACT[table]["columns"])


@pytest.mark.parametrize("table", TABLES)
def test_types_are_those_of_the_contract(table):
    for name, column in CONTRACT[table]["columns"].items():
        assert type_of(name) == column["type"]
        assert ARROW_KINDS[column["type"]](arrow_type(name))


def test_rows_are_counted_as_written(sample, rows):
    assert {table: len(table_rows) for table, table_rows in rows.items()} == sample[1]


def test_parquet_has_the_rows_of_csv(sample, tmp_path):
    counted = write_sample(tmp_path, file_format="parquet")
    assert counted == sample[1]
    for table in TABLES:
        parts = sorted(_path(tmp_path, table).glob("part-*.parquet"))
        assert sum(pq.ParquetFile(part).metadata.num_rows for part in parts) == counted[table]
        typed = pq.read_schema(parts[0])
        for name, column in CONTRACT[table]["columns"].items():
            assert ARROW_KINDS[column["type"]](typed.field(name).type), (table, name)


def test_transactions_are_as_many_as_asked_for(tmp_path):
    odd = sum(oddity.table == "crm.transactions" for oddity in ODDITIES)
    assert write_sample(tmp_path, accounts=12)["crm.transactions"] == 12 * 20 + odd
    assert write_sample(tmp_path, accounts=12, transactions=3000)["crm.transactions"] == 3000 + odd


def test_a_smaller_sample_leaves_nothing_of_a_larger_one(tmp_path):
    write_sample(tmp_path, accounts=40, file_format="parquet")
    counted = write_sample(tmp_path, accounts=12, file_format="csv")
    assert not list(tmp_path.rglob("*.parquet"))
    assert len(_read_csv(tmp_path, "crm.accounts")) == counted["crm.accounts"]


def test_batches_make_one_company(tmp_path, monkeypatch):
    monkeypatch.setattr("customer_outcomes.sample.ACCOUNTS_PER_BATCH", 7)
    calls = []
    write_sample(tmp_path, accounts=40, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(12, 40), (19, 40), (26, 40), (33, 40), (40, 40)]
    ids = [row["transaction_id"] for row in _read_csv(tmp_path, "crm.transactions") if row["transaction_id"] > "tx"]
    assert len(ids) == len(set(ids)) == 40 * 20


@pytest.mark.parametrize("arguments", [{"accounts": 9}, {"transactions": 5}, {"file_format": "xlsx"}])
def test_what_cannot_be_written_is_refused(tmp_path, arguments):
    with pytest.raises(ValueError):
        write_sample(tmp_path, **arguments)


def test_every_fate_of_the_contract_occurs():
    assert {oddity.fate for oddity in ODDITIES} == {
        "accepted", "superseded", "deleted", "future", "excluded",
        "missing_required", "bad_type", "bad_value", "out_of_range", "orphan", "bad_merge",
        "missing_exchange_rate", "bad_split", "orphan_of_quarantined", "bad_schedule",
    }  # fmt: skip


def test_every_case_has_its_own_place_in_the_files(rows):
    written = Counter(_content(table, row) for table, table_rows in rows.items() for row in table_rows)
    for content, count in Counter(_content(oddity.table, oddity.row) for oddity in ODDITIES).items():
        assert written[content] == count, content


@pytest.mark.parametrize("table", TABLES)
def test_cases_of_a_single_row_are_what_they_are_called(table):
    """Those fates that the row alone decides, read with the contract's rules."""
    columns = CONTRACT[table]["columns"]
    types = {name: rule["type"] for name, rule in columns.items()} | {"is_deleted": "boolean"}
    for oddity in ODDITIES:
        if oddity.table != table:
            continue
        is_missing = any(rule.get("required") and not oddity.row.get(name) for name, rule in columns.items())
        assert is_missing == (oddity.fate == "missing_required"), oddity
        is_foreign = any(_is_foreign(rule, oddity.row, oddity.row.get(name)) for name, rule in columns.items())
        is_foreign |= _is_backwards(oddity.row)
        is_odd_as_a_whole = table == "survey.surveys"
        assert is_foreign == (oddity.fate == "bad_value") or (is_odd_as_a_whole and not is_foreign), oddity
        is_unreadable = any(
            oddity.row.get(name) and not _is_readable(type_, oddity.row[name]) for name, type_ in types.items()
        )
        assert is_unreadable == (oddity.fate == "bad_type"), oddity
        is_outside = not is_unreadable and any(
            abs(float(oddity.row[name])) >= (1e6 if rule["type"] == "ratio" else 1e12)
            or not rule.get("min", -1e12) <= float(oddity.row[name]) <= rule.get("max", 1e12)
            or float(oddity.row[name]) <= rule.get("min_exclusive", -1e12)
            for name, rule in columns.items()
            if rule["type"] in ("integer", "decimal", "ratio") and oddity.row.get(name)
        )
        is_outside_its_scale = table == "survey.responses"
        assert is_outside == (oddity.fate == "out_of_range") or is_outside_its_scale, oddity
        event_time = oddity.row.get(CONTRACT[table].get("event_time") or "") or ""
        assert event_time.startswith("2099") == (oddity.fate == "future"), oddity


def test_the_oddities_alone_raise_no_alarm_of_the_guard(rows):
    """At its default, the guard lets a fifth of a table, or two of its rows, be quarantined."""
    quarantined = Counter(oddity.table for oddity in ODDITIES if oddity.fate not in STATES)
    for table, count in quarantined.items():
        assert count < 3 or count / len(rows[table]) <= 0.2, table


def test_one_employee_changed_teams_and_came_to_the_present_one(sound_rows):
    team = {row["user_id"]: row["team"] for row in sound_rows["crm.users"]}
    stretches = sorted(sound_rows["crm.user_teams"], key=lambda row: (row["user_id"], row["valid_from"]))
    assert {row["user_id"]: row["team"] for row in stretches} == team
    assert Counter(row["user_id"] for row in stretches).most_common(2) == [("user_13", 2), ("user_01", 1)]


def test_odd_keys_stay_in_their_own_space(sound_rows):
    for table, table_rows in sound_rows.items():
        for row in table_rows:
            assert not any(row[key].startswith(("odd_", "XTS")) for key in CONTRACT[table]["primary_key"])


def test_broken_lines_end_three_files(sample):
    assert len(BROKEN_LINES) == 3
    for table, line in BROKEN_LINES.items():
        assert _path(sample[0], table).with_suffix(".csv").read_bytes().endswith(b"\n" + line + b"\n")
    with pytest.raises(UnicodeDecodeError):
        BROKEN_LINES["crm.campaigns"].decode()
    with pytest.raises(csv.Error):
        list(csv.reader([BROKEN_LINES["crm.contacts"].decode()], strict=True))
    assert len(BROKEN_LINES["crm.touches"].split(b",")) > len(CONTRACT["crm.touches"]["columns"]) + len(BOOKKEEPING)


@pytest.mark.parametrize("table", TABLES)
def test_the_company_itself_is_sound(sound_rows, table):
    """Every row that is not odd has its required values, known values, and references that lead somewhere."""
    meta = CONTRACT[table]
    keys = [tuple(row[key] for key in meta["primary_key"]) for row in sound_rows[table]]
    assert keys
    assert len(set(keys)) == len(keys)
    if meta.get("event_time"):
        assert all(row[meta["event_time"]] < AS_OF for row in sound_rows[table])
    for name, rule in meta["columns"].items():
        present = [row[name] for row in sound_rows[table] if row[name]]
        assert not rule.get("required") or len(present) == len(keys), name
        assert "values" not in rule or set(present) <= set(rule["values"]), name
        assert "min" not in rule or all(float(value) >= rule["min"] for value in present), name
        if "references" in rule:
            target = rule["references"]
            key = CONTRACT[target]["primary_key"][0]
            assert set(present) <= {row[key] for row in sound_rows[target]}, name


def test_every_kind_of_transaction_occurs_in_the_company(sound_rows):
    transactions = sound_rows["crm.transactions"]
    columns = CONTRACT["crm.transactions"]["columns"]
    assert {row["transaction_type"] for row in transactions} == set(columns["transaction_type"]["values"])
    assert {row["status"] for row in transactions} == set(columns["status"]["values"])
    assert {row["currency_code"] for row in transactions} == {"EUR", "USD", "GBP"}
    amounts = {row["transaction_id"]: float(row["amount"]) for row in transactions}
    for row in transactions:
        if row["original_transaction_id"]:
            assert float(row["amount"]) <= amounts[row["original_transaction_id"]]


def test_scores_lie_on_their_scales(sound_rows):
    scales = {row["survey_id"]: row for row in sound_rows["survey.surveys"]}
    for row in sound_rows["survey.responses"]:
        scale = scales[row["survey_id"]]
        assert float(scale["scale_min"]) <= float(row["score"]) <= float(scale["scale_max"])


def test_the_five_accounts_are_as_told(sound_rows):
    def spent(account: str, *kinds: str) -> float:
        return sum(
            float(row["amount"])
            for row in sound_rows["crm.transactions"]
            if row["account_id"] == account and row["transaction_type"] in kinds
        )

    def scores(account: str) -> set[str]:
        return {row["score"] for row in sound_rows["survey.responses"] if row["account_id"] == account}

    def active_lines(account: str) -> int:
        return sum(row["account_id"] == account and not row["ended_on"] for row in sound_rows["crm.subscriptions"])

    def of(account: str, table: str) -> list[dict[str, str]]:
        return [row for row in sound_rows[table] if row["account_id"] == account]

    assert spent("acct_0001", "charge") > 400_000
    assert scores("acct_0001") == {"1", "2"}
    assert spent("acct_0002", "charge") > 90_000
    assert of("acct_0002", "survey.invitations")
    assert not scores("acct_0002")
    assert scores("acct_0003") == {"5", "9", "10"}
    assert of("acct_0003", "crm.subscriptions")
    assert active_lines("acct_0003") == 0
    first, *_, last = sorted(of("acct_0004", "crm.transactions"), key=lambda row: row["transacted_at"])
    assert (first["product_id"], first["quantity"]) == ("core_starter", "1")
    assert float(last["amount"]) > 30 * float(first["amount"])
    assert scores("acct_0004") == {"4", "5", "10"}
    given_back = spent("acct_0005", "refund", "chargeback")
    assert given_back > 0.9 * spent("acct_0005", "charge")
    assert spent("acct_0005", "chargeback") > 0
