"""A build of the sample company shows its story in the published figures, and gives every row its planned state."""

from collections import Counter, defaultdict

import pytest
import yaml

from customer_outcomes.contract import load_contract
from customer_outcomes.project import PROJECT_ROOT, SAMPLE_INPUT
from customer_outcomes.sample import write_sample
from customer_outcomes.sample.oddities import BROKEN_LINES, ODDITIES
from helpers.builds import files_of, query, records

STATES = ("accepted", "superseded", "deleted", "excluded", "future")


@pytest.fixture(scope="module")
def lifetimes(sample_build) -> dict[str, dict]:
    return {row["account_id"]: row for row in records(sample_build.database, "marts.customer_lifetime")}


@pytest.fixture(scope="module")
def movements(sample_build) -> dict[str, Counter]:
    """How many transactions of each movement an account has."""
    counts = defaultdict(Counter)
    for row in records(sample_build.database, "marts.fct_transactions"):
        counts[row["account_id"]][row["movement"]] += 1
    return counts


@pytest.fixture(scope="module")
def last_month(sample_build) -> dict[str, dict]:
    months = records(sample_build.database, "marts.customer_months")
    latest = max(row["month"] for row in months)
    return {row["account_id"]: row for row in months if row["month"] == latest}


def row_key(table: str, row: dict) -> str:
    return "|".join(row.get(column) or "" for column in load_contract()[table]["primary_key"])


def test_the_input_is_what_the_sample_command_writes(tmp_path):
    write_sample(tmp_path)
    assert files_of(tmp_path) == {
        name: content for name, content in files_of(SAMPLE_INPUT).items() if name.count("/") == 1
    }


def test_granite_harbor_spends_much_and_is_unhappy(lifetimes):
    account = lifetimes["acct_0001"]
    assert account["cltv"] == max(row["cltv"] for row in lifetimes.values())
    assert account["cltv"] > 400_000
    assert account["csat_1_10"] < 4
    assert account["ppp"] == account["csat_1_10"] * account["cltv"]


def test_quillwood_never_reported(lifetimes):
    account = lifetimes["acct_0002"]
    assert account["cltv"] > 90_000
    assert (account["csat_1_10"], account["is_csat_reported"], account["ppp"]) == (None, False, 0)


def test_bluefern_was_happiest_and_left(lifetimes, last_month):
    account = lifetimes["acct_0003"]
    assert account["csat_1_10"] == 10
    assert account["last_charge_at"].isoformat() < "2026-02"
    assert last_month["acct_0003"]["cltv"] == account["cltv"]


def test_tiny_lantern_was_cross_sold_and_up_sold_and_is_delighted(lifetimes, movements):
    assert lifetimes["acct_0004"]["csat_1_10"] > 9
    assert movements["acct_0004"].keys() >= {"new", "cross_sell", "up_sell", "repeat"}
    assert movements["acct_0004"]["new"] == 1


def test_brasswick_had_most_of_it_given_back(sample_build, lifetimes):
    transactions = records(sample_build.database, "marts.fct_transactions")
    amounts = Counter()
    for row in transactions:
        if row["account_id"] == "acct_0005":
            amounts[row["transaction_type"]] += row["reporting_amount"]
    account = lifetimes["acct_0005"]
    assert amounts.keys() == {"charge", "refund", "chargeback"}
    assert account["cltv"] == amounts.total()
    assert 0 < account["cltv"] < amounts["charge"] / 10
    assert account["csat_1_10"] < 4


def test_the_worked_example_of_the_docs_is_what_the_sample_says(sample_build):
    docs = (PROJECT_ROOT / "docs" / "metrics.md").read_text()
    example = docs[docs.index("### Worked example") : docs.index("## M5")]
    ratings = {
        row["user_id"]: row
        for row in records(sample_build.database, "metrics.employee_ratings")
        if (row["team"], row["survey_type"]) == ("support", "csat")
    }
    for user_id, row in ratings.items():
        assert f"| {user_id} | {row['n_customers']} | {row['raw_mean']:.6f} | {row['sample_variance']:.6f} |" in example
    row = ratings["user_15"]
    steps = ["team_mean", "expected_process_variance", "variance_of_hypothetical_means", "credibility"]
    for column in [*steps, "credible_score", "ci_low", "ci_high"]:
        assert f"{row[column]:.6f}" in example, column
    assert row["is_payable"]
    assert f"paid at {ratings['user_14']['payable_score']:.6f}" in example


def test_the_sample_shows_due_requests_and_doubtful_ratings(sample_build):
    requests = records(sample_build.database, "metrics.rating_requests_due")
    assert {row["touch_id"] for row in requests} >= {"touch_story_2_3", "touch_story_4_3"}
    flags = {row["flag_type"]: row for row in records(sample_build.database, "metrics.rating_integrity_flags")}
    assert "4.0 seconds" in flags["quick_answer"]["evidence"]
    assert flags["reassigned_before_bad_rating"]["user_id"] == "user_15"


def test_what_became_of_every_row_is_what_the_oddities_say(sample_build, tmp_path):
    written = write_sample(tmp_path)
    fates = Counter((oddity.table, oddity.fate) for oddity in ODDITIES)
    expected = {}
    for table, rows in written.items():
        states = {state: fates[table, state] for state in STATES if state != "accepted"}
        faulty = sum(oddity.table == table and oddity.fate not in STATES for oddity in ODDITIES)
        states["accepted"] = rows - sum(states.values()) - faulty
        unreadable = int(table in BROKEN_LINES)
        expected[table] = states | {"received": rows + unreadable, "quarantined": faulty + unreadable}
    found = {row.pop("input_table"): row for row in records(sample_build.database, "audit.input_reconciliation")}
    assert found == expected


def test_quarantine_holds_the_faulty_oddities_each_for_its_reason(sample_build):
    expected = Counter(
        (oddity.table, row_key(oddity.table, oddity.row), oddity.fate)
        for oddity in ODDITIES
        if oddity.fate not in STATES
    )
    expected.update((table, None, "unreadable_line") for table in BROKEN_LINES)
    found = query(sample_build.warehouse, "select input_table, row_key, reason from audit.quarantined_rows")
    assert Counter(found) == expected


def test_every_reason_of_the_contract_occurs(sample_build):
    models = yaml.safe_load((PROJECT_ROOT / "models" / "audit" / "_audit__models.yml").read_text())["models"]
    columns = next(model["columns"] for model in models if model["name"] == "quarantined_rows")
    (test,) = next(column["data_tests"] for column in columns if column["name"] == "reason")
    found = query(sample_build.warehouse, "select distinct reason from audit.quarantined_rows")
    assert {reason for (reason,) in found} == set(test["accepted_values"]["arguments"]["values"])
