"""Personal data stays where the contract allows it: each personal value holds a marker, and the tests search for it.

The world has faulty rows of each kind, in which markers also stand in columns that are none of the contract's personal
ones, and e-mail addresses in place of keys.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.errors import without_addresses
from customer_outcomes.intake.quarantine import Fault
from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import OUTCOMES, Built, good_build, query, records, run_build
from helpers.markers import MARKER, PERSONAL, marked_columns, marked_files, marker, rewrite
from helpers.oddities import ODDITIES_INPUT, unreadable_lines

pytestmark = pytest.mark.whole_builds(2)

AS_OF = datetime(2026, 7, 1)
DAY = "2026-01-05T09:00:00Z"
# <marker> stands for a new marker, <address> for an e-mail address with one. Personal columns of all rows get a marker.
FAULTY = {
    "crm.accounts": [
        {"account_id": "p_type", "account_type": "business", "segment": "<marker>", "created_at": "<marker>"},
        {"account_id": "p_mask", "account_type": "Business", "created_at": "12/31/2024"},
        {"account_id": "p_list", "account_type": "<marker>", "industry": "<marker>", "created_at": DAY},
        {"account_id": "<address>", "account_type": "person", "created_at": "12/31/2024", "country_code": "<marker>"},
        {"account_id": "p_circle", "merged_into_account_id": "p_circle_2", "created_at": DAY},
        {"account_id": "p_circle_2", "merged_into_account_id": "p_circle", "created_at": DAY},
        {"account_id": "p_lost", "merged_into_account_id": "<address>", "created_at": DAY},
    ],
    "crm.contacts": [
        {"contact_id": "p_orphan", "account_id": "<address>", "created_at": DAY},
        {"contact_id": "p_type", "account_id": "acct_0001", "created_at": "<marker>"},
        {"contact_id": "<address>", "account_id": "acct_0001", "created_at": "soon"},
        {"contact_id": "p_gone", "account_id": "acct_0001", "created_at": DAY, "is_deleted": "<marker>"},
        {"contact_id": "p_self", "account_id": "acct_0001", "merged_into_contact_id": "p_self", "created_at": DAY},
    ],
    "crm.users": [
        {"user_id": "p_team", "team": "<marker>"},
        {"user_id": "<address>", "team": "sales", "is_bot": "<marker>"},
        {"user_id": "p_empty", "team": ""},
        {"user_id": "p_lost", "team": "sales", "merged_into_user_id": "<address>"},
    ],
    "survey.responses": [
        {"response_id": "p_score", "survey_id": "survey_csat", "score": "<marker>", "responded_at": DAY},
        {"response_id": "p_beyond", "survey_id": "survey_csat", "account_id": "acct_0001", "score": "11",
         "responded_at": DAY, "about_id": "<marker>"},
        {"response_id": "p_orphan", "survey_id": "survey_csat", "account_id": "<address>", "score": "5",
         "responded_at": DAY},
        {"response_id": "p_about", "survey_id": "survey_csat", "about_type": "<marker>", "score": "5",
         "responded_at": DAY},
        {"response_id": "<address>", "survey_id": "survey_csat", "account_id": "acct_0001", "score": "",
         "responded_at": DAY},
    ],
    "crm.transactions": [
        {"transaction_id": f"p_{number}", "account_id": "<address>", "transaction_type": "charge", "amount": "10",
         "currency_code": "EUR", "transacted_at": DAY} for number in range(3)
    ],
}  # fmt: skip
# Sound rows: their keys and references may be e-mail addresses, and only the names of some accounts are public.
SOUND = {
    "crm.accounts": [
        {"account_id": "p_firm", "account_type": " BUSINESS", "created_at": DAY},
        {"account_id": "p_merged", "account_type": "business", "merged_into_account_id": "p_firm", "created_at": DAY},
        {"account_id": "p_person", "account_type": "person", "created_at": DAY},
        {"account_id": "p_unsaid", "account_type": "", "created_at": DAY},
        *({"account_id": f"p_under_{number}", "account_type": "business", "parent_account_id": "<address>",
           "created_at": DAY} for number in range(3)),
    ],
    "crm.transactions": [
        {"transaction_id": f"s_{number}", "account_id": "p_firm", "transaction_type": "charge", "amount": "10",
         "currency_code": "EUR", "transacted_at": DAY, "product_id": "<address>"} for number in range(3)
    ],
    "crm.products": [
        {"product_id": "<the same address>", "product_name": name, "product_family": "core", "tier": "1"}
        for name in ("one", "other")
    ],
}  # fmt: skip


class Marked:
    """A copy of the company of examples/oddities, and the delivered versions of each row of a table by key."""

    def __init__(self, folder: Path):
        self.folder, self.count = folder, 0
        self.versions: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
        shutil.copytree(ODDITIES_INPUT, folder)
        for table in {*PERSONAL, *FAULTY, *SOUND}:
            self.mark(table)

    def new(self) -> str:
        self.count += 1
        return marker(self.count)

    def value(self, text: str) -> str:
        text = text.replace("<the same address>", f"{marker(0)}@mail.example")
        return text.replace("<marker>", self.new()).replace("<address>", f"{self.new()}@mail.example")

    def mark(self, table: str) -> None:
        """Put markers into a file, and lines at its end that cannot be read and hold a marker."""
        path = self.folder.joinpath(*table.split(".")).with_suffix(".csv")
        path.write_bytes(path.read_bytes().replace(unreadable_lines().get(table, b"") + b"\n", b"\n"))
        key = load_contract()[table]["primary_key"][0]

        def marked(rows: list[dict]) -> list[dict]:
            if table == "survey.responses":
                del rows[:200]  # so that the share of faulty answers raises an alarm
            added = [*FAULTY.get(table, []), *SOUND.get(table, [])]
            rows += [{name: self.value(value) for name, value in row.items()} for row in added]
            for row in rows:
                row |= {column: self.new() for column in PERSONAL.get(table, [])}
                self.versions[table][row[key].strip()].append(row)
            return rows

        line = self.new() if table in PERSONAL else f"{self.new()}@mail.example"
        rewrite(path, marked, f'"{line}" never read\n')


@pytest.fixture(scope="module")
def marked(tmp_path_factory) -> Marked:
    return Marked(tmp_path_factory.mktemp("personal_data") / "input")


@pytest.fixture(scope="module")
def built(marked) -> Built:
    """The company with a marker in every personal value."""
    return good_build(marked.folder.parent, marked.folder, as_of=AS_OF)


@pytest.fixture(scope="module")
def stopped(marked, built) -> Built:
    """The same company, which the guard does not let pass."""
    folder = marked.folder.parent / "stopped"
    return run_build(folder, marked.folder, as_of=AS_OF, variables={"max_quarantined_share": 0, "max_broken_share": 0})


@pytest.fixture(scope="module")
def public(marked, built) -> set[str]:
    """The markers that may be published: names of employees, and of accounts whose own row says business."""
    employees = query(built.database, "select user_id from marts.dim_employees")
    accounts = query(built.database, "select account_id from marts.dim_customers")
    users = (row for (user,) in employees for row in marked.versions["crm.users"][user])
    rows = (row for (account,) in accounts for row in marked.versions["crm.accounts"][account])
    names = {row["user_name"] for row in users}
    return names | {row["account_name"] for row in rows if row["account_type"].strip().lower() == "business"}


@pytest.fixture(scope="module")
def quarantined(built) -> list[dict]:
    return records(built.warehouse, "audit.quarantined_rows")


def test_the_contract_calls_something_personal():
    assert PERSONAL.keys() == {"crm.accounts", "crm.contacts", "crm.users", "survey.responses"}


def test_published_are_only_names_of_employees_and_of_businesses(built, public):
    found = marked_columns(built.database)
    assert found.keys() == {
        "marts.dim_employees.user_name",
        "marts.dim_customers.account_name",
        "metrics.metric_values.subject_name",
    }
    assert set().union(*found.values()) <= public


def test_names_of_accounts_are_published_where_their_own_row_says_business(marked, built):
    names = dict(query(built.database, "select account_id, account_name from marts.dim_customers"))
    for account in ("p_firm", "p_under_1", "acct_0001"):
        (row,) = marked.versions["crm.accounts"][account]
        assert names[account] == row["account_name"]
    assert (names["p_person"], names["p_unsaid"]) == (None, None)
    assert "p_merged" not in names
    types = dict(query(built.database, "select account_id, account_type from marts.dim_customers"))
    assert types["p_unsaid"] == "business"


def test_published_files_say_no_more_than_these_names(built, public):
    folders = sorted(built.published.parent.glob("published*"))
    assert folders
    for folder in folders:
        found = marked_files(folder)
        assert set().union(set(), *found.values()) <= public, found
    assert "marts/dim_customers.parquet" in marked_files(built.published)


@pytest.mark.parametrize("build", ["built", "stopped"])
def test_checks_logs_and_the_terminal_tell_no_personal_data(request, build, public):
    found: Built = request.getfixturevalue(build)
    assert not MARKER.findall(found.said), found.said
    files = marked_files(found.work_folder)
    assert all(name.startswith("readable/") for name in files), files
    assert files
    assert (found.work_folder / "target" / "run_results.json").exists()
    assert (found.work_folder / "data_docs" / "index.html").exists() == (build == "built")


def test_an_alarm_names_the_rule_and_the_row_and_no_value(stopped):
    assert stopped.exit_code == 1
    said = " ".join(stopped.said.split())
    for table in PERSONAL:
        assert f"quarantine:{table}: " in said
    assert "references:crm.accounts.parent_account_id: " in said
    assert "The most frequent is (hidden)." in said


@pytest.mark.parametrize(
    ("column", "reason", "value", "expected"),
    [
        ("team", "bad_value", "hidden", "such as a hidden value in crm/users.csv, row 3 (allowed: marketing, "),
        (
            "hired_at",
            "bad_type",
            "99/99/9999",
            "such as '99/99/9999' (masked) in crm/users.csv, row 3 (expected type: ",
        ),
        ("manager_user_id", "orphan", "user_07", "such as 'user_07' in crm/users.csv, row 3"),
        ("user_id", "missing_required", None, "as in crm/users.csv, row 3"),
    ],
)
def test_a_sentence_says_what_was_done_to_its_example(column, reason, value, expected):
    fault = Fault("crm.users", 1, reason, column, value, "crm/users.csv", 3)
    assert fault.sentence.startswith(f"{reason} of {column}, {expected}")


def test_a_sentence_of_a_table_without_personal_data_masks_nothing():
    fault = Fault("crm.transactions", 1, "bad_type", "amount", "ten", "crm/transactions.csv", 3)
    assert fault.sentence == "bad_type of amount, such as 'ten' in crm/transactions.csv, row 3 (expected type: decimal)"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("comp_participants.csv: ann@mail.example is quarantined.", "comp_participants.csv: (hidden) is quarantined."),
        ('Duplicate key "user_id: ann@mail.example"', 'Duplicate key "user_id: (hidden)"'),
        ("'ann@mail.example', (ann@mail.example)", "'(hidden)', ((hidden))"),
        ("user_07 is quarantined.", "user_07 is quarantined."),
    ],
)
def test_a_sentence_of_dbt_shows_no_address(sentence, shown):
    assert without_addresses(sentence) == shown


def test_a_check_shows_no_personal_data(marked, tmp_path):
    for more in ((), ("--json",)):
        checked = subprocess.run(
            [OUTCOMES, "check", "--input", marked.folder, "--warehouse", tmp_path / "warehouse.duckdb", *more],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert "crm.accounts" in checked.stdout
        assert not MARKER.findall(checked.stdout + checked.stderr)


def test_the_page_names_every_personal_column():
    page = (PROJECT_ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+\.\w+)` \| `(\w+)` \|", page, re.MULTILINE)
    assert named == [(table, column) for table, columns in PERSONAL.items() for column in columns]


def test_the_summary_hides_keys_that_are_addresses(built):
    said = " ".join(built.said.split())
    assert "product_id of 4 rows with values such as (hidden) lead to no accepted record" in said
    assert (
        "crm.products: 1 key has rows that differ, and neither _loaded_at nor updated_at says which is the newest;"
        in said
    )


def test_no_relation_of_quarantine_or_above_holds_more(built):
    layers = ("raw_", "landing.", "records.", "intermediate.")
    columns = {column for column in marked_columns(built.warehouse) if not column.startswith(layers)}
    assert columns == {
        "marts.dim_employees.user_name",
        "marts.dim_customers.account_name",
        "metrics.metric_values.subject_name",
    }
    assert "landing.land_contacts.email" in marked_columns(built.warehouse)
    assert not any(column.startswith("raw_") for column in marked_columns(built.warehouse))


@pytest.mark.parametrize(
    ("table", "row_key", "reason", "value"),
    [
        ("crm.accounts", "p_type", "bad_type", r"XXX9+X"),
        ("crm.accounts", "p_mask", "bad_type", "99/99/9999"),
        ("crm.accounts", "p_list", "bad_value", "hidden"),
        ("crm.accounts", "hidden", "bad_type", "99/99/9999"),
        ("crm.accounts", "p_circle", "bad_merge", "p_circle_2"),
        ("crm.accounts", "p_lost", "bad_merge", "hidden"),
        ("crm.contacts", "p_orphan", "orphan", "hidden"),
        ("crm.contacts", "hidden", "bad_type", "XXXX"),
        ("crm.contacts", "p_self", "bad_merge", "p_self"),
        ("crm.users", "p_team", "bad_value", "hidden"),
        ("crm.users", "p_empty", "missing_required", None),
        ("crm.users", "p_lost", "bad_merge", "hidden"),
        ("survey.responses", "p_beyond", "out_of_range", "99"),
        ("survey.responses", "p_orphan", "orphan", "hidden"),
        ("survey.responses", "p_about", "bad_value", "hidden"),
        ("survey.responses", "hidden", "missing_required", None),
        ("crm.transactions", "p_0", "orphan", "hidden"),
    ],
)
def test_a_faulty_value_shows_its_form_and_no_text(quarantined, table, row_key, reason, value):
    found = [row for row in quarantined if (row["input_table"], row["row_key"]) == (table, row_key)]
    assert [row["reason"] for row in found] == [reason]
    shown = found[0]["value"]
    assert shown is None if value is None else re.fullmatch(value, shown)


def test_a_faulty_row_shows_listed_values_keys_and_masks(quarantined):
    rows = {(row["input_table"], row["row_key"]): json.loads(row["row_json"]) for row in quarantined}
    account = rows["crm.accounts", "p_mask"]
    assert (account["account_name"], account["account_type"]) == ("hidden", "Business")
    assert (account["segment"], account["created_at"]) == (None, "99/99/9999")
    answer = rows["survey.responses", "p_beyond"]
    assert (answer["survey_id"], answer["account_id"], answer["about_id"]) == ("survey_csat", "acct_0001", "hidden")
    assert (answer["score"], answer["responded_at"], answer["comment"]) == ("99", "9999-99-99X99:99:99X", "hidden")
    transaction = rows["crm.transactions", "p_0"]
    assert (transaction["account_id"], transaction["amount"], transaction["transacted_at"]) == ("hidden", "10", DAY)
    assert rows["crm.users", "p_empty"]["team"] is None


def test_a_row_has_the_sha256_of_what_is_shown(built):
    same = "select count(*), count(*) filter (where row_sha256 = sha256(row_json)) from audit.quarantined_rows"
    ((rows, equal),) = query(built.warehouse, same)
    assert rows == equal > 0


def test_a_line_that_cannot_be_read_is_hidden_where_it_may_hold_personal_data(quarantined):
    lines = {row["input_table"]: row for row in quarantined if row["reason"] == "unreadable_line"}
    assert lines.keys() == {*PERSONAL, *SOUND, *(unreadable_lines().keys() - {"crm.contacts"})}
    for table in (*PERSONAL, *SOUND):
        assert json.loads(lines[table]["row_json"]) == {"line": "hidden", "line_sha256": "hidden"}


def test_a_line_without_personal_data_is_kept_as_it_is(quarantined):
    tables = unreadable_lines().keys() - PERSONAL.keys()
    assert tables
    for table in tables:
        (row,) = (row for row in quarantined if (row["input_table"], row["reason"]) == (table, "unreadable_line"))
        assert json.loads(row["row_json"])["line"] == unreadable_lines()[table].decode("utf-8", "backslashreplace")


def test_a_rule_about_an_address_is_refused_without_it(marked, built, tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "comp_participants.csv").write_text(
        (marked.folder / "rules" / "comp_participants.csv").read_text().replace("user_0", f"{marker(1)}@mail.example_")
    )
    refused = run_build(tmp_path, marked.folder, as_of=AS_OF, more=("--rules", str(rules)))
    assert refused.exit_code == 2
    assert "has no user (hidden)." in refused.said
    assert not MARKER.findall(refused.said)


def test_the_search_finds_what_it_is_for(tmp_path):
    """Text that DuckDB and Parquet compress is found, too."""
    with duckdb.connect(tmp_path / "one.duckdb") as connection:
        connection.execute(f"create table hay as select repeat('{marker(1)}', 3) as needle from range(100000)")
        connection.execute(f"copy hay to '{tmp_path}/hay.parquet' (compression zstd)")
    assert marked_columns(tmp_path / "one.duckdb") == {"main.hay.needle": {marker(1)}}
    assert marked_files(tmp_path).keys() == {"one.duckdb", "hay.parquet"}
