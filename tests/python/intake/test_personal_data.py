"""Personal data stays where the contract allows it: each personal value holds a marker, and the tests search for it."""

import csv
import hashlib
import io
import json
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.sample import write_sample
from customer_outcomes.sample.oddities import BROKEN_LINES
from helpers.builds import Built, files_of, good_build, query, records

pytestmark = pytest.mark.whole_builds(1)

PERSONAL = {
    table: columns
    for table, definition in load_contract().items()
    if (columns := [name for name, rules in definition["columns"].items() if rules.get("pii")])
}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mark(path: Path, table: str) -> list[str]:
    """Put a marker into each personal value of a file, and a line at its end that holds one and cannot be read."""
    content = path.read_bytes().replace(BROKEN_LINES.get(table, b"") + b"\n", b"\n")
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    markers = []
    for row in rows:
        for column in PERSONAL[table]:
            markers.append(f"marker{len(markers)}of{table.replace('.', '_')}_{column}")
            row[column] = markers[-1]
    markers.append(f"marker{len(markers)}of{table.replace('.', '_')}_line")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        file.write(f'"{markers[-1]}" never read\n')
    return markers


@pytest.fixture(scope="module")
def markers() -> dict[str, list[str]]:
    return {}


@pytest.fixture(scope="module")
def built(tmp_path_factory, markers) -> Built:
    """The sample company with a marker in every personal value."""
    folder = tmp_path_factory.mktemp("personal_data")
    write_sample(folder / "input", accounts=12)
    for table in PERSONAL:
        markers[table] = mark((folder / "input").joinpath(*table.split(".")).with_suffix(".csv"), table)
    return good_build(folder, folder / "input", as_of=datetime(2026, 7, 1))


@pytest.fixture(scope="module")
def quarantined(built) -> list[dict]:
    return [row for row in records(built.warehouse, "audit.quarantined_rows") if row["input_table"] in PERSONAL]


def personal_columns(database: Path) -> set[tuple[str, str]]:
    """Return the columns of a database that hold a marker anywhere in a value, whatever their type."""
    with duckdb.connect(database, read_only=True) as connection:
        columns = connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns()"
            " where not internal and schema_name in ('marts', 'metrics', 'audit')"
        ).fetchall()
        return {
            (relation, column)
            for relation, column in columns
            if connection.execute(
                f"select count(*) from {relation} where contains(cast({column} as varchar), 'marker')"
            ).fetchone()[0]
        }


def test_the_contract_calls_something_personal():
    assert PERSONAL.keys() == {"crm.accounts", "crm.contacts", "crm.users", "survey.responses"}


def test_published_is_only_the_name_of_an_employee(built, markers):
    assert personal_columns(built.database) == {("marts.dim_employees", "user_name")}
    names = {name for (name,) in query(built.database, "select user_name from marts.dim_employees")}
    assert names <= set(markers["crm.users"])


def test_parquet_says_no_more_than_the_database(built):
    told = {
        path.name for path in built.published.rglob("*.parquet") if "marker" in str(pq.read_table(path).to_pylist())
    }
    assert told == {"dim_employees.parquet"}
    for folder in (built.published, built.pay):
        assert "marker" not in (folder / "contents.json").read_text()


def test_checks_tell_no_personal_data(built):
    docs = files_of(built.work_folder / "data_docs")
    assert docs
    assert not any(b"marker" in content for content in docs.values())
    assert "marker" not in built.said


def test_quarantine_holds_only_hashes(built, markers, quarantined):
    assert personal_columns(built.warehouse) == {("marts.dim_employees", "user_name")}
    hashes = {sha256(marker) for table in PERSONAL for marker in markers[table]}
    rows = [row for row in quarantined if row["reason"] != "unreadable_line"]
    assert {row["input_table"] for row in rows} == PERSONAL.keys()
    for row in rows:
        content = json.loads(row["row_json"])
        assert {content[column] for column in PERSONAL[row["input_table"]]} <= hashes


def test_a_line_that_cannot_be_read_is_kept_as_its_hash_where_its_table_has_personal_data(markers, quarantined):
    lines = {row["input_table"]: row for row in quarantined if row["reason"] == "unreadable_line"}
    assert lines.keys() == PERSONAL.keys()
    for table, row in lines.items():
        hashed = sha256(f'"{markers[table][-1]}" never read')
        assert json.loads(row["row_json"]) == {"line": None, "line_sha256": hashed}
        assert row["row_sha256"] == sha256(row["row_json"])


def test_a_line_of_a_table_without_personal_data_is_kept_as_it_is(built):
    tables = BROKEN_LINES.keys() - PERSONAL.keys()
    assert tables
    for table in tables:
        ((content,),) = query(
            built.warehouse,
            "select row_json from audit.quarantined_rows where reason = 'unreadable_line' and input_table = ?",
            table,
        )
        assert json.loads(content)["line"] == BROKEN_LINES[table].decode("utf-8", "backslashreplace")
