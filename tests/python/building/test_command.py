"""An argument or an input that cannot be used is refused with a sentence and exit code 2, before anything is built."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import filelock
import pytest
from typer.testing import CliRunner, Result

from customer_outcomes.cli import app
from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.folder import check_folder
from customer_outcomes.places.paths import MARKS
from customer_outcomes.settings import check_vars
from helpers.builds import OUTCOMES

ACCOUNTS = "account_id,created_at\nA,2024-01-01\n"
LEADS = "lead_id,created_at\nL,2024-01-01\n"


@pytest.fixture(autouse=True)
def _no_dbt(monkeypatch):
    """Whatever goes on to dbt was not refused."""

    def refuse(*arguments):
        pytest.fail("it was not refused, and dbt would run")

    monkeypatch.setattr("dbt.cli.main.dbtRunner.invoke", refuse)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder whose subfolder `input` can be used as it is."""
    write(tmp_path / "input" / "crm" / "accounts.csv", ACCOUNTS)
    return tmp_path


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def build(folder: Path, *more: str) -> Result:
    places = ("--input", "input", "--warehouse", "warehouse.duckdb", "--publish", "published")
    arguments = [str(folder / part) if not part.startswith("--") else part for part in places]
    return CliRunner().invoke(app, ["build", *arguments, *more])


def sentences(result: Result) -> list[str]:
    """Return what the command said, without the progress of its phases."""
    return [line for line in result.stderr.splitlines() if line.strip() and "━" not in line]


def assert_refused(folder: Path, result: Result, *expected: str) -> None:
    """Check that each sentence names its fault, that there is no other, and that nothing was made."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    said = sentences(result)
    assert len(said) == len(expected), said
    for sentence, part in zip(said, expected, strict=True):
        assert part in sentence
        assert sentence.endswith((".", "?"))
    assert not (folder / "warehouse.duckdb").exists()
    assert not (folder / "published" / "contents.json").exists()
    assert not (folder / "published_pay").exists()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("crm/leads.csv", "lead_id\nL\n", ["crm/leads.csv has no column created_at, which crm.leads requires."]),
        ("crm/leads.csv", "", ["crm/leads.csv is empty; its first line must name the columns of crm.leads."]),
        ("crm/leads.csv", "lead_id;created_at\n", ["The separator looks like `;`; a comma must separate the columns."]),
        ("crm/leads.csv", "lead_id,created_at,lead_id\n", ["leads.csv has the column lead_id more than once."]),
        ("crm/leads.csv", b"lead_id,created_at,caf\xe9\n", ["crm/leads.csv cannot be read"]),
        ("crm/leads.csv", LEADS.encode("utf-16"), ["crm/leads.csv cannot be read"]),
        ("crm/leads.parquet", "no Parquet at all", ["crm/leads.parquet cannot be read"]),
        ("crm/leads.parquet", "", ["crm/leads.parquet cannot be read"]),
        ("crm/leads/part_1.parquet", b"PAR1" + bytes(100), ["crm/leads/part_1.parquet cannot be read"]),
        ("crm/leads.txt", LEADS, ["crm/leads.txt is neither a .csv nor a .parquet file."]),
        ("crm/leads.csv.gz", LEADS, ["crm/leads.csv.gz cannot be read: the archive is damaged or cut short"]),
        ("crm/leeds.csv", LEADS, ["crm/leeds.csv belongs to the table crm.leeds, which the input contract does not"]),
        ("sales/leads.csv", LEADS, ["sales/leads.csv belongs to the table sales.leads, which the input contract"]),
    ],
)
def test_a_file_that_cannot_be_used(folder, name, content, expected):
    write(folder / "input" / name, content)
    assert_refused(folder, build(folder), *expected)


def test_every_file_that_cannot_be_used_is_named_at_once(folder):
    write(folder / "input" / "crm" / "leads.csv", "lead_id\n")
    write(folder / "input" / "crm" / "users.txt", "")
    write(folder / "input" / "survey" / "moods.csv", "")
    assert_refused(
        folder, build(folder), "crm/leads.csv has no", "crm/users.txt is neither", "survey/moods.csv belongs"
    )


def test_a_folder_without_accounts(folder):
    (folder / "input" / "crm" / "accounts.csv").rename(folder / "accounts.csv")
    write(folder / "input" / "crm" / "leads.csv", LEADS)
    assert_refused(folder, build(folder), "has no crm/accounts.csv or .parquet, the one table that is required.")


@pytest.mark.parametrize("rest", ["crm", "other.csv", ".hidden/accounts.csv"])
def test_a_folder_without_input(tmp_path, rest):
    path = tmp_path / "input" / rest
    write(path, ACCOUNTS) if path.suffix else path.mkdir(parents=True)
    assert_refused(tmp_path, build(tmp_path), f"{tmp_path / 'input'} holds no input")


@pytest.mark.parametrize("content", [None, ACCOUNTS])
def test_a_folder_that_is_none(tmp_path, content):
    if content:
        write(tmp_path / "input", content)
    assert_refused(tmp_path, build(tmp_path), f"{tmp_path / 'input'} is not a folder.")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{reporting_currency: EUR", "--vars is not YAML"),
        ("a: b: c", "--vars is not YAML"),
        ("!!python/object:os.system {}", "--vars is not YAML"),
        ("[reporting_currency]", "--vars is not a mapping"),
        ("EUR", "--vars is not a mapping"),
        ("{currency: EUR}", "--vars names currency, which is not a var; the vars are as_of"),
        ("{reporting_timezone: Mars/Olympus}", "reporting_timezone is 'Mars/Olympus'"),
        ("{reporting_timezone: ../UTC}", "reporting_timezone is '../UTC'"),
        ("{reporting_timezone: 1}", "reporting_timezone is 1"),
        ("{reporting_currency: euro}", "reporting_currency is 'euro'"),
        ("{reporting_currency: eur}", "reporting_currency is 'eur'"),
        ("{reporting_currency: 978}", "reporting_currency is 978"),
        ("{inactive_after_days: 0}", "inactive_after_days is 0"),
        ("{inactive_after_days: 1.5}", "inactive_after_days is 1.5"),
        ("{csat_survey_types: csat}", "csat_survey_types is 'csat'"),
        ("{csat_survey_types: [nps]}", "csat_survey_types is ['nps']"),
        ("{csat_survey_types: []}", "csat_survey_types is []"),
        ("{connectors: [files, crm]}", "connectors is ['files', 'crm']"),
        ("{as_of: tomorrow}", "as_of is 'tomorrow'"),
        ("{as_of: 2026-02-30}", "2026"),
    ],
)
def test_vars_that_cannot_be_used(folder, given, expected):
    assert_refused(folder, build(folder, "--vars", given), expected)


@pytest.mark.parametrize(
    "given",
    ["", "yesterday", "2026-13-01", "2026-07-01T25:00", "01.07.2026", "12:00", "9999-12-31T23:59:59-01:00"],
)
def test_an_as_of_that_is_no_moment(folder, given):
    assert_refused(folder, build(folder, "--as-of", given), f"as_of is {given!r}, which is not an ISO 8601 timestamp.")


IN_AN_HOUR = datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--as-of", "9999-12-31"],
        ["--as-of", IN_AN_HOUR.isoformat()],
        ["--as-of", IN_AN_HOUR.astimezone(timezone(timedelta(hours=-11))).isoformat()],
        ["--as-of", IN_AN_HOUR.replace(tzinfo=None).isoformat()],  # without an offset it is UTC
        ["--vars", f"{{as_of: {IN_AN_HOUR.isoformat()}}}"],
        ["--vars", f"{{as_of: '{IN_AN_HOUR.isoformat(sep=' ')}'}}"],
    ],
)
def test_an_as_of_after_now(folder, arguments):
    assert_refused(folder, build(folder, *arguments), " (UTC), which is after now, ")


@pytest.mark.parametrize("hours", [-11, 0, 14])
def test_an_as_of_is_compared_with_now_as_a_moment(hours):
    """At an offset, the clock may show a later hour than UTC."""
    now = datetime.now(timezone(timedelta(hours=hours)))
    assert check_vars(None, now.isoformat())["as_of"] == str(now.astimezone(UTC).replace(tzinfo=None))
    with pytest.raises(UnusableInput, match="which is after now"):
        check_vars(None, (now + timedelta(minutes=5)).isoformat())


@pytest.mark.parametrize("mark", MARKS)
def test_a_warehouse_whose_path_could_be_a_pattern(folder, mark):
    warehouse = folder / f"a{mark}b" / "warehouse.duckdb"
    result = build(folder, "--warehouse", str(warehouse))
    assert_refused(folder, result, f"{warehouse} holds one of * ? [ ] {{ }}, which readers take for a pattern")
    assert not warehouse.parent.exists()


def test_a_column_of_many_files_that_the_contract_does_not_have_is_remarked_once(folder):
    for name in ("crm/leads/1.csv", "crm/leads/2.csv", "crm/users.csv"):
        header = LEADS if "leads" in name else "user_id,user_name,email,team\nU,Ann,ann@example.com,sales\n"
        write(folder / "input" / name, "colour," + header.replace("\n", "\nred,", 1))
    passed_over = "the column colour is not in the input contract and is passed over."
    assert check_folder(folder / "input").remarks == [
        f"crm.leads, 2 files: {passed_over}",
        f"crm/users.csv: {passed_over}",
    ]


@pytest.mark.parametrize("name", ["published/thesis.docx", "published"])
def test_a_destination_that_is_not_ours(folder, name):
    write(folder / name, "ten years of work")
    assert_refused(folder, build(folder), f"{folder / 'published'} holds files that no build published")
    assert (folder / name).read_text() == "ten years of work"


def test_a_rule_file_that_is_none(folder):
    write(folder / "rules" / "nonsense.csv", "a\n")
    result = build(folder, "--rules", str(folder / "rules"))
    assert_refused(folder, result, "nonsense.csv is not a rule file; the rule files are")


def test_dates_as_a_spreadsheet_in_the_us_writes_them(folder):
    """Each is refused for itself, and so is who is no user: a third row cannot turn the others' days into months."""
    people = (
        "user_id,plan_id,target_pay,valid_from,valid_to\nr1,shared,1000.00,01/04/2026,\nr2,shared,1000.00,2026-01-04,\n"
    )
    write(folder / "input" / "crm" / "users.csv", "user_id,team\nr1,sales\n")
    write(folder / "input" / "rules" / "comp_participants.csv", people)
    dates = (
        "comp_participants.csv, row 2, column valid_from: 01/04/2026 is not a date; dates are written as 2026-04-01."
    )
    user = "comp_participants.csv, row 3, column user_id: crm.users has no user r2."
    assert_refused(folder, build(folder), dates, user)
    write(folder / "input" / "rules" / "comp_participants.csv", f"{people}r1,deal_quota,1000.00,02/13/2026,\n")
    assert_refused(folder, build(folder), dates, user, "row 4, column valid_from: 02/13/2026 is not a date;")


def test_a_folder_of_rules_that_is_none(folder):
    assert_refused(folder, build(folder, "--rules", str(folder / "rules")), f"{folder / 'rules'} is not a folder.")


def test_a_warehouse_that_another_build_holds(folder):
    with filelock.FileLock(folder / "warehouse.lock"):
        assert_refused(folder, build(folder), f"Another build of {folder / 'warehouse.duckdb'} is running.")


def test_a_warehouse_that_is_no_database(folder):
    write(folder / "warehouse.duckdb", "ten years of work" * 1000)
    result = build(folder)
    assert result.exit_code == 2
    assert [sentence.split(":")[0] for sentence in sentences(result)] == [
        f"{folder / 'warehouse.duckdb'} cannot be written"
    ]
    assert (folder / "warehouse.duckdb").read_text() == "ten years of work" * 1000


def test_the_command_itself_says_so_on_standard_error(tmp_path):
    """As a shell sees it: no traceback, nothing on standard output."""
    finished = subprocess.run([OUTCOMES, "build", "--input", tmp_path], capture_output=True, text=True, cwd=tmp_path)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert "holds no input" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], ["build", "sample", "Exit codes"]),
        (
            ["build", "--help"],
            ["--input", "--warehouse", "--publish", "--publish-pay", "--as-of", "--vars", "--rules", "--threads"],
        ),
        (["sample", "--help"], ["--accounts", "--seed", "--format"]),
    ],
)
def test_help(arguments, expected):
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert result.exit_code == 0
    assert all(part in result.stdout for part in expected)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--warehouse", "", "is not a file; name a file for the warehouse."),
        ("--warehouse", "/", "/ is not a file; name a file for the warehouse."),
        ("--warehouse", "{}/input/crm/accounts.csv/w.duckdb", "accounts.csv is a file."),
        ("--warehouse", "{}/" + "w" * 300, "File name too long."),
        ("--warehouse", "{}/w.lock", "is not a name for a warehouse"),
        ("--warehouse", "{}/raw_crm.duckdb", "has the name of a schema in it"),
        ("--warehouse", "{}/temp.duckdb", "has a name that the engine keeps for itself"),
        ("--warehouse", "{}/circle", "Too many levels of symbolic links."),
        ("--publish", "{}", "overlap; publish into a separate folder"),
        ("--publish", "{}/others/contents.json/published", "contents.json is a file."),
        ("--publish", "{}/" + "p" * 250, "File name too long."),
        ("--publish", "{}/circle", "is a link that leads in a circle"),
        ("--publish", "/dev/null", "/dev/null holds files that no build published"),
        ("--publish", "{}/others", "holds mine.xlsx, which no build published"),
        ("--publish-pay", "{}", "overlap; publish into a separate folder"),
        ("--publish-pay", "{}/published", "published overlap; publish into a separate folder"),
        ("--publish-pay", "{}/published/pay", "published overlap; publish into a separate folder"),
        ("--publish-pay", "{}/warehouse.duckdb", "warehouse.duckdb overlap; publish into a separate folder"),
        ("--publish-pay", "{}/warehouse.work/pay", "warehouse.work overlap; publish into a separate folder"),
        ("--publish-pay", "{}/input/pay", "input overlap; publish into a separate folder"),
        ("--publish-pay", "{}/circle", "is a link that leads in a circle"),
        ("--publish-pay", "{}/others", "others holds mine.xlsx, which no build published"),
        ("--publish-pay", "{}/input/../old", "old holds published figures; name another --publish-pay."),
        ("--publish-pay", "/dev/null", "/dev/null holds files that no build published"),
        ("--publish", "{}/paid", "paid holds published pay; name another --publish."),
        ("--publish", "{}/broken", "broken/contents.json, the list of published relations, cannot be read: IO Error"),
        ("--input", "{}/circle", "is not a folder."),
        ("--input", "{}/" + "i" * 300, "File name too long."),
        ("--rules", "{}/" + "r" * 300, "File name too long."),
        ("--vars", "[" * 3000, "--vars is not YAML"),
        ("--vars", "{saturation_knot: .nan}", "saturation_knot is nan"),
    ],
)
def test_a_place_or_value_that_cannot_be(folder, option, value, expected):
    (folder / "circle").symlink_to("circle")
    for name in ("others", "broken"):
        write(folder / name / "contents.json", "{}")
    write(folder / "others" / "mine.xlsx", "")
    write(folder / "old" / "contents.json", '{"relations": {"marts.dim_customers": 1}}')
    write(folder / "paid" / "contents.json", '{"holds": "pay", "relations": {}}')
    write(folder / "broken" / "customer_outcomes.duckdb", "ten years of work" * 1000)
    assert_refused(folder, build(folder, option, value.format(folder) if option != "--vars" else value), expected)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["build", "--threads", "99999999999999999999"], 2),
        (["sample", "{}/file/sample"], 2),
        (["sample", "{}/" + "s" * 300], 2),
        (["sample", "{}/sample", "--seed", "-1"], 2),
        (["sample", "{}/sample", "--accounts", "10", "--transactions", "0"], 2),
        (["trace", "2026-03", "u", "--warehouse", "{}/file"], 2),
        (["trace", "2026-03", "u", "--warehouse", "{}/" + "w" * 300], 2),
        (["trace", "2026-13", "u"], 2),
    ],
)
def test_a_wrong_way_to_run_it_ends_in_a_sentence(tmp_path, arguments, code):
    (tmp_path / "file").write_text("ten years of work" * 1000)
    result = CliRunner().invoke(app, [argument.format(tmp_path) for argument in arguments])
    assert (result.exit_code, result.exception and type(result.exception)) == (code, SystemExit)
    assert "Traceback" not in result.output
    assert "was not foreseen" not in result.output


def test_what_nobody_foresaw_is_a_sentence_too(folder, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("customer_outcomes.preflight.look_into", fail)
    result = build(folder)
    said = sentences(result)
    assert result.exit_code == 1
    assert "ZeroDivisionError: by nothing." in said[0]
    assert "holds the traceback for a developer." in said[1]
    file = Path(said[1].split("; ")[1].split(" holds ")[0])
    assert "by nothing" in file.read_text()
    file.unlink()


def test_a_word_that_is_no_command():
    assert CliRunner().invoke(app, ["biuld"]).exit_code == 2


@pytest.mark.parametrize("arguments", [["--accounts", "0"], ["--format", "xlsx"], ["--seed", "one"]])
def test_a_sample_that_cannot_be_written(tmp_path, arguments):
    assert CliRunner().invoke(app, ["sample", str(tmp_path / "sample"), *arguments]).exit_code == 2
    assert not (tmp_path / "sample").exists()


def test_a_sample_does_not_go_where_something_is(tmp_path):
    write(tmp_path / "thesis.docx", "ten years of work")
    result = CliRunner().invoke(app, ["sample", str(tmp_path)])
    assert (result.exit_code, sentences(result)) == (2, [f"{tmp_path} is not an empty folder."])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_sample_says_what_it_wrote(tmp_path):
    result = CliRunner().invoke(app, ["sample", str(tmp_path / "sample"), "--accounts", "12", "--format", "parquet"])
    assert result.exit_code == 0
    assert "rows in 26 tables." in result.stdout
    assert (tmp_path / "sample" / "crm" / "accounts").is_dir()
