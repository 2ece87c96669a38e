"""The company of examples/oddities holds every case that the contract names, and a build gives each row its fate."""

import csv
import re
from collections import Counter, defaultdict
from datetime import datetime, time

import pytest
import yaml

from customer_outcomes.contract import DELIVERY_COLUMNS, load_contract
from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import query, records
from helpers.oddities import ODDITIES_INPUT, STATES, UNREADABLE, cases, path_of, rows_by_line, unreadable_lines

CONTRACT = load_contract()
TABLES = list(CONTRACT)
AS_OF = "2026-07-01"
ODD_ROWS = [(case, rows_by_line(case.input_table)[case.line]) for case in cases() if case.fate != UNREADABLE]


@pytest.fixture(scope="module")
def sound_rows() -> dict[str, list[dict[str, str]]]:
    """The rows of the regular company: all but the odd ones."""
    odd = {(case.input_table, case.line) for case in cases()}
    return {table: [row for line, row in rows_by_line(table).items() if (table, line) not in odd] for table in TABLES}


@pytest.fixture(scope="module")
def lifetimes(oddities_build) -> dict[str, dict]:
    return {row["account_id"]: row for row in records(oddities_build.database, "marts.customer_lifetime")}


@pytest.fixture(scope="module")
def movements(oddities_build) -> dict[str, Counter]:
    """How many transactions of each movement an account has."""
    counts = defaultdict(Counter)
    for row in records(oddities_build.database, "marts.fct_transactions"):
        counts[row["account_id"]][row["movement"]] += 1
    return counts


@pytest.fixture(scope="module")
def last_month(oddities_build) -> dict[str, dict]:
    months = records(oddities_build.database, "marts.customer_months")
    latest = max(row["month"] for row in months)
    return {row["account_id"]: row for row in months if row["month"] == latest}


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


def _is_foreign(rule: dict, row: dict[str, str], value: str) -> bool:
    """Whether a value is none of its list, in any letters and between blanks."""
    kind = rule.get("kinds", {}).get(row.get(rule.get("kind_column", "")), {})
    listed = rule.get("values") or kind.get("values")
    return bool(value) and listed is not None and value.strip().lower() not in listed


def _is_backwards(row: dict[str, str]) -> bool:
    """Whether something ends before it starts, as it starts, or has more conversions than exposures."""
    starts, ends = (row.get(f"{bound}_minute") for bound in ("starts", "ends"))
    pairs = [("started_on", "ended_on"), ("assigned_at", "unassigned_at")]
    counts = [(row.get(f"{side}_conversions"), row.get(f"{side}_exposures")) for side in ("control", "variant")]
    return (
        (starts is not None and starts == ends)
        or any(row.get(start) and row.get(end) and row[end] < row[start] for start, end in pairs)
        or any(conversions and 0 < float(exposures) < float(conversions) for conversions, exposures in counts)
    )


def test_every_fate_of_the_contract_occurs():
    assert {case.fate for case, _ in ODD_ROWS} == {
        "accepted", "superseded", "deleted", "future", "excluded",
        "missing_required", "bad_type", "bad_value", "out_of_range", "orphan", "bad_merge",
        "missing_exchange_rate", "bad_split", "orphan_of_quarantined", "bad_schedule",
    }  # fmt: skip


def test_every_case_is_found_by_its_key_and_its_line():
    for case, row in ODD_ROWS:
        assert "|".join(row[column] for column in CONTRACT[case.input_table]["primary_key"]) == case.row_key
        assert case.case
    places = [(case.input_table, case.line) for case in cases()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("table", TABLES)
def test_cases_of_a_single_row_are_what_they_are_called(table):
    """Those fates that the row alone decides, read with the contract's rules."""
    columns = CONTRACT[table]["columns"]
    types = {name: rule["type"] for name, rule in columns.items()} | {"is_deleted": "boolean"}
    for case, row in ODD_ROWS:
        if case.input_table != table:
            continue
        is_missing = any(rule.get("required") and not row.get(name) for name, rule in columns.items())
        assert is_missing == (case.fate == "missing_required"), case
        is_foreign = any(_is_foreign(rule, row, row.get(name)) for name, rule in columns.items())
        is_foreign |= _is_backwards(row)
        is_odd_as_a_whole = table == "survey.surveys"
        assert is_foreign == (case.fate == "bad_value") or (is_odd_as_a_whole and not is_foreign), case
        is_unreadable = any(row.get(name) and not _is_readable(type_, row[name]) for name, type_ in types.items())
        assert is_unreadable == (case.fate == "bad_type"), case
        is_outside = not is_unreadable and any(
            abs(float(row[name])) >= (1e6 if rule["type"] == "ratio" else 1e12)
            or not rule.get("min", -1e12) <= float(row[name]) <= rule.get("max", 1e12)
            or float(row[name]) <= rule.get("min_exclusive", -1e12)
            for name, rule in columns.items()
            if rule["type"] in ("integer", "decimal", "ratio") and row.get(name)
        )
        is_outside_its_scale = table == "survey.responses"
        assert is_outside == (case.fate == "out_of_range") or is_outside_its_scale, case
        event_time = row.get(CONTRACT[table].get("event_time") or "") or ""
        assert event_time.startswith("2099") == (case.fate == "future"), case


def test_the_oddities_alone_raise_no_alarm_of_the_guard():
    """At its default, the guard lets a fifth of a table, or two of its rows, be quarantined."""
    quarantined = Counter(case.input_table for case, _ in ODD_ROWS if case.fate not in STATES)
    for table, count in quarantined.items():
        assert count < 3 or count / len(rows_by_line(table)) <= 0.2, table


def test_one_employee_changed_teams_and_came_to_the_present_one(sound_rows):
    team = {row["user_id"]: row["team"] for row in sound_rows["crm.users"]}
    stretches = sorted(sound_rows["crm.user_teams"], key=lambda row: (row["user_id"], row["valid_from"]))
    assert {row["user_id"]: row["team"] for row in stretches} == team
    assert Counter(row["user_id"] for row in stretches).most_common(2) == [("user_13", 2), ("user_01", 1)]


def test_odd_keys_stay_in_their_own_space(sound_rows):
    for table, table_rows in sound_rows.items():
        for row in table_rows:
            assert not any(row[key].startswith(("odd_", "XTS")) for key in CONTRACT[table]["primary_key"])


def test_broken_lines_end_three_files():
    broken = unreadable_lines()
    assert broken.keys() == {"crm.contacts", "crm.touches", "crm.campaigns"}
    for table, line in broken.items():
        assert path_of(ODDITIES_INPUT, table).read_bytes().endswith(b"\n" + line + b"\n")
    with pytest.raises(UnicodeDecodeError):
        broken["crm.campaigns"].decode()
    with pytest.raises(csv.Error):
        list(csv.reader([broken["crm.contacts"].decode()], strict=True))
    columns = len(CONTRACT["crm.touches"]["columns"]) + len(DELIVERY_COLUMNS)
    assert len(broken["crm.touches"].split(b",")) > columns


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


def test_brasswick_had_most_of_it_given_back(oddities_build, lifetimes):
    transactions = records(oddities_build.database, "marts.fct_transactions")
    amounts = Counter()
    for row in transactions:
        if row["account_id"] == "acct_0005":
            amounts[row["transaction_type"]] += row["reporting_amount"]
    account = lifetimes["acct_0005"]
    assert amounts.keys() == {"charge", "refund", "chargeback"}
    assert account["cltv"] == amounts.total()
    assert 0 < account["cltv"] < amounts["charge"] / 10
    assert account["csat_1_10"] < 4


def test_the_company_shows_due_requests_and_doubtful_ratings(oddities_build):
    requests = records(oddities_build.database, "metrics.rating_requests_due")
    assert {row["touch_id"] for row in requests} >= {"touch_story_2_3", "touch_story_4_3"}
    flags = {row["flag_type"]: row for row in records(oddities_build.database, "metrics.rating_integrity_flags")}
    assert "4.0 seconds" in flags["quick_answer"]["evidence"]
    assert flags["reassigned_before_bad_rating"]["user_id"] == "user_15"


def test_what_became_of_every_row_is_what_the_cases_say(oddities_build):
    fates = Counter((case.input_table, case.fate) for case in cases())
    expected = {}
    for table in TABLES:
        states = {state: fates[table, state] for state in STATES if state != "accepted"}
        received = len(rows_by_line(table)) + fates[table, UNREADABLE]
        quarantined = sum(case.input_table == table and case.fate not in STATES for case in cases())
        states["accepted"] = received - sum(states.values()) - quarantined
        expected[table] = states | {"received": received, "quarantined": quarantined}
    found = {row.pop("input_table"): row for row in records(oddities_build.database, "audit.input_reconciliation")}
    assert found == expected


def test_quarantine_holds_the_faulty_cases_each_for_its_reason(oddities_build):
    expected = Counter(
        (case.input_table, None if case.fate == UNREADABLE else case.row_key, case.fate)
        for case in cases()
        if case.fate not in STATES
    )
    found = query(oddities_build.warehouse, "select input_table, row_key, reason from audit.quarantined_rows")
    assert Counter(found) == expected
    lines = "select input_table, line_number from audit.quarantined_rows where reason = 'unreadable_line'"
    expected_lines = {(case.input_table, case.line) for case in cases() if case.fate == UNREADABLE}
    assert set(query(oddities_build.warehouse, lines)) == expected_lines


def test_every_reason_of_the_contract_occurs(oddities_build):
    models = yaml.safe_load((PROJECT_ROOT / "models" / "audit" / "_audit__models.yml").read_text())["models"]
    columns = next(model["columns"] for model in models if model["name"] == "quarantined_rows")
    (test,) = next(column["data_tests"] for column in columns if column["name"] == "reason")
    found = query(oddities_build.warehouse, "select distinct reason from audit.quarantined_rows")
    assert {reason for (reason,) in found} == set(test["accepted_values"]["arguments"]["values"])
