"""Each rule is read by itself, its copy reads back equal, and rules have the same forms of values as the input."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.rules import forms
from customer_outcomes.rules.reading import RULES_FOLDER, Rules, load_rules, read_rule
from helpers.builds import SEED
from oracle.files import parse

PEOPLE = ["user_id", "plan_id", "target_pay", "valid_from", "valid_to"]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DATES = st.sampled_from(
    ["2026-04-01", "01/04/2026", "02/13/2026", "2026-04-01 00:00", "13.2.26", "", "46113", "1.4.2026"]
)
NUMBERS = st.sampled_from(["1000", "1e3", "1,5", "5 %", "1.000,5", ".5", "-7", "", "yes", "007", "1e-3"])
TEXTS = st.one_of(
    st.sampled_from(["Ann", "Ann ", "'", '"', "a,b", "a\nb", ";", "\\N", "NULL", "true", "1"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, NUMBERS, DATES, DATES), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def read_people(connection: duckdb.DuckDBPyConnection, folder: Path, rows: list[tuple]) -> Rules:
    path, rules = folder / "comp_participants.csv", Rules()
    with path.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([PEOPLE, *rows])
    read_rule(connection, "comp_participants", path, rules)
    return rules


def values_and_faults(rules: Rules, number: int) -> tuple:
    """Return a row as it was read, and its own faults, without the faults that concern other rows."""
    columns = {column for _, row, column in rules.faulty if row == number}
    return rules.rows["comp_participants"].get(number), columns


@hypothesis_seed(SEED)
@SETTINGS
@given(rows=ROWS)
def test_one_row_never_changes_what_another_means(connection, tmp_path, rows):
    together = read_people(connection, tmp_path, rows)
    together.faulty -= {(fault[0], fault[1], "valid_from") for fault in together.faults if " still holds." in fault[-1]}
    for number, row in enumerate(rows, start=2):
        alone = read_people(connection, tmp_path, [row])
        assert values_and_faults(together, number) == values_and_faults(alone, 2)


@hypothesis_seed(SEED)
@SETTINGS
@given(rows=ROWS)
def test_a_copy_reads_back_equal(connection, tmp_path, rows):
    """By the rules' own reader, and as dbt loads it."""
    read = read_people(connection, tmp_path, rows)
    sound = {number: row for number, row in read.rows["comp_participants"].items()
             if not any((fault[0], fault[1]) == ("comp_participants", number) for fault in read.faults)}  # fmt: skip
    rules = Rules(rows={name: {} for name in load_rules()} | {"comp_participants": sound})
    copy = rules.write(tmp_path / "copies") / "comp_participants.csv"
    again = Rules()
    read_rule(connection, "comp_participants", copy, again)
    assert (list(again.rows["comp_participants"].values()), again.faults) == (list(sound.values()), [])
    types = {column.name: column.data_type for column in load_rules()["comp_participants"].columns}
    connection.execute("create or replace table loaded (" + ", ".join(f"{n} {t}" for n, t in types.items()) + ")")
    macro = (PROJECT_ROOT / "macros" / "dialect" / "load_csv_rows.sql").read_text()
    options = re.search(r"\(format csv.*\)", macro)[0]
    connection.execute(f"copy loaded from '{copy}' {options}")
    loaded = connection.execute(
        f"select {', '.join(f'cast({name} as varchar)' for name in types)} from loaded"
    ).fetchall()
    assert loaded == [tuple(row.values()) for row in sound.values()]


def test_the_contract_of_rules_is_whole():
    for name, rule in load_rules().items():
        columns = {column.name: column for column in rule.columns}
        header = (RULES_FOLDER / f"{name}.csv").read_text().splitlines()[0]
        assert header.split(",") == list(columns), name
        assert all(columns[part].required for part in rule.key)
        for column in rule.columns:
            words = column.values + column.known
            assert [forms.fold_name(word) for word in words] == list(words)
            assert column.references in {None, "crm.users", *load_rules()}
    assert {path.stem for path in RULES_FOLDER.glob("*.csv")} == load_rules().keys()


def test_every_seed_has_the_type_of_every_column():
    for seed in yaml.safe_load((RULES_FOLDER / "_rules__seeds.yml").read_text())["seeds"]:
        assert list(seed["config"]["column_types"]) == [column["name"] for column in seed["columns"]], seed["name"]


def test_what_can_be_paid_is_what_plans_may_name():
    with (PROJECT_ROOT / "seeds" / "catalog" / "metric_catalog.csv").open(newline="", encoding="utf-8") as text:
        payable = {row["metric_name"] for row in csv.DictReader(text) if row["is_paid"] == "true"}
    for rule in ("comp_plans", "disputes"):
        (column,) = (column for column in load_rules()[rule].columns if column.name == "metric_name")
        assert set(column.values) == payable


FORMS = {
    "boolean": ("boolean", ["true", "FALSE", "1", "0", "yes", "t", "01", ""]),
    "bigint": ("integer", ["7", "+7", "-0", "1.0", "1.5", "1e3", "9007199254740993", " 7", "7,0"]),
    "decimal(26, 6)": ("decimal", ["1", ".5", "5.", "1e3", "-1E-2", "0.0000005", "1,5", "nan", "inf", "٣"]),
    "timestamp": (
        "timestamp",
        ["2026-04-01", "2026-04-01 09:30", "2026-04-01T09:30:00.25+02:00", "2026-04-01T25:00:00", "01/04/2026", "noon"],
    ),
    "date": ("date", ["2026-04-01", "2026-04-01T00:00:00", "2026-04-01 00:01", "2026-4-1", "1 April 2026", "2026-02-29"]),
}  # fmt: skip


@pytest.mark.parametrize("data_type", FORMS)
def test_the_forms_are_those_of_the_input_contract(connection, data_type):
    """Rendered outside dbt, the macros take what the independent parser of the tests takes."""
    kind, values = FORMS[data_type]
    for value in values:
        try:
            expected = parse(kind, value)
        except (ValueError, ArithmeticError):
            expected = None
        found = connection.execute(f"select {forms.parsed('c', data_type)} from (select ? as c)", [value]).fetchall()
        assert found == [(expected,)], value


@hypothesis_seed(SEED)
@SETTINGS
@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, min_value=Decimal(-2_000_000), max_value=Decimal(2_000_000)
    ),
)
def test_a_ratio_has_twelve_decimals_and_is_below_a_million(connection, number):
    """Further decimals are rounded half away from zero, as a decimal's are."""
    rounded = number.quantize(Decimal("1e-12"), rounding="ROUND_HALF_UP")
    expected = rounded if abs(rounded) < 10**6 else None
    sql = f"select {forms.parsed('c', 'decimal(18, 12)')} from (select ? as c)"
    assert connection.execute(sql, [str(number)]).fetchall() == [(expected,)]


@hypothesis_seed(SEED)
@SETTINGS
@given(text=st.text(st.sampled_from("aZ_ \t\u00a0\u2003\u3000\u200b\u200d\u2060\ufeff"), max_size=8))
def test_names_are_folded_as_values_are(connection, text):
    (value,) = connection.execute(f"select {forms.folded('c')} from (select ? as c)", [text]).fetchall()[0]
    assert forms.fold_name(text) == (value or "").translate(forms.ZERO_WIDTH)
