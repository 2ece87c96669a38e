"""Rule files are read strictly, whatever a spreadsheet made of them, and dbt loads copies with unambiguous values."""

from pathlib import Path

import pytest

from customer_outcomes.errors import MOST_SENTENCES, UnusableInput
from customer_outcomes.intake.folder import check_folder
from customer_outcomes.rules.reading import Rules, read_rules

PLANS = (
    "plan_id,plan_version,scenario,valid_from,valid_to,team,metric_name,weight,threshold,target,cap,accelerated_rate\n"
)
PEOPLE = "user_id,plan_id,target_pay,valid_from,valid_to\n"
CLOSES = "period,closed_at,closed_by\n"
DISPUTES = "dispute_id,period,user_id,metric_name,raised_on,raised_by,claim,decision,decided_on,decided_by,amount\n"
SOUND = {
    "comp_plans": f"{PLANS}p,1,actual,2026-01-01,,sales,cltv_growth,1,0,1000,2,1\n"
    "p,1,actual,2026-01-01,,marketing,cltv_growth,1,0,1000,2,1\n",
    "comp_participants": f"{PEOPLE}Ann,p,1000.00,2026-01-01,\n",
}
DAYS = "is not a date; dates are written as 2026-04-01."


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write rule files beside sound ones of pay."""
    folder.mkdir(exist_ok=True)
    for name, content in (SOUND | files).items():
        file = folder / (name if "." in name else f"{name}.csv")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def said(folder: Path, users: str | None = None) -> list[str]:
    """Return what a build would say about rules; without `users`, without looking for them."""
    rules = read_rules(folder)
    if users is not None:
        (folder / "input" / "crm").mkdir(parents=True)
        (folder / "input" / "crm" / "accounts.csv").write_text("account_id,created_at\nA,2024-01-01\n")
        (folder / "input" / "crm" / "users.csv").write_text(users)
        rules.check_users(check_folder(folder / "input"), lambda: {"paid"})
    try:
        rules.raise_if_faulty()
    except UnusableInput as trouble:
        return trouble.sentences
    return []


def test_sound_rules_have_no_fault(tmp_path):
    assert said(written(tmp_path / "rules", {})) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("comp_participants", f"{PEOPLE}Ann,p,1,01/04/2026,\n", [f"row 2, column valid_from: 01/04/2026 {DAYS}"]),
        (
            "comp_participants",
            f"{PEOPLE}Ann,p,1,01/04/2026,02/13/2026\nBob,p,1,2026-04-01,46113\n",
            [
                f"row 2, column valid_from: 01/04/2026 {DAYS}",
                f"row 2, column valid_to: 02/13/2026 {DAYS}",
                f"row 3, column valid_to: 46113 {DAYS}",
            ],
        ),
        ("comp_participants", f"{PEOPLE}Ann,p,1,2026-02-30,\n", [f"row 2, column valid_from: 2026-02-30 {DAYS}"]),
        ("comp_participants", f"{PEOPLE}Ann,p,1,0000-01-01,\n", [f"row 2, column valid_from: 0000-01-01 {DAYS}"]),
        (
            "comp_participants",
            f'{PEOPLE}Ann,p,"1,000",2026-01-01,\nBob,p,"1.000,50",2026-01-01,\nCem,p,"950,5",2026-01-01,\n',
            [
                "row 2, column target_pay: 1,000 is not a number; write 1000, or 1.000 if the comma stands before decimals.",
                "row 3, column target_pay: 1.000,50 is not a number; thousands are not separated: write 1000.50.",
                "row 4, column target_pay: 950,5 is not a number; decimals follow a point: write 950.5.",
            ],
        ),
        (
            "comp_participants",
            f"{PEOPLE}Ann,p,1 000,2026-01-01,\nBob,p,1\u202f000.50,2026-01-01,\nCem,p,€ 5,2026-01-01,\n",
            [
                "row 2, column target_pay: 1 000 is not a number; thousands are not separated: write 1000.",
                "row 3, column target_pay: 1 000.50 is not a number; thousands are not separated: write 1000.50.",
                "row 4, column target_pay: € 5 is not a number; numbers are written as 1234.56.",
            ],
        ),
        (
            "comp_participants",
            f"{PEOPLE}Ann,p,10.005,2026-01-01,\nBob,p,1e12,2026-01-01,\nCem,p,nan,2026-01-01,\n",
            [
                "row 2, column target_pay: 10.005 is more exact than the column, which takes 2 decimals.",
                "row 3, column target_pay: 1e12 is too large; the column takes numbers below 1000000000000.",
                "row 4, column target_pay: nan is not a number; numbers are written as 1234.56.",
            ],
        ),
        (
            "success_weights",
            'axis,weight,valid_from,valid_to\noutcome,70%,2026-01-01,\nexperience,"30,5 %",2026-01-01,\nx,1,2026-01-01,\n',
            [
                "row 2, column weight: 70% is not a number; write 0.7 for 70 %.",
                "row 3, column weight: 30,5 % is not a number; write 0.305 for 30,5 %.",
                "row 4, column axis: x is not one of outcome, experience.",
            ],
        ),
        (
            "quadrant_thresholds",
            "axis,threshold,valid_from,valid_to\noutcome,1e6,2026-01-01,\noutcome,0.1234567890123,2026-01-01,\n",
            [
                "row 2, column threshold: 1e6 is too large; the column takes numbers below 1000000.",
                "row 3, column threshold: 0.1234567890123 is more exact than the column, which takes 12 decimals.",
                "row 3, column valid_from: axis outcome holds from 2026-01-01, when row 2 still holds.",
            ],
        ),
        (
            "pressure_bands",
            "pressure_band,from_count,to_count\nfew,0,1.5\n,2,\nfew,x,\n",
            [
                "row 2, column to_count: 1.5 is not a whole number; whole numbers are written as 7.",
                "row 3, column pressure_band: it is empty; every row needs a value.",
                "row 4, column pressure_band: pressure_band few is already in row 2.",
                "row 4, column from_count: x is not a whole number; whole numbers are written as 7.",
            ],
        ),
        (
            "closed_periods",
            f"{CLOSES}2026-03-01,08.04.2026 10:00,Ada\n2026-03-01,2026-04-08,Ada\n",
            [
                "row 2, column closed_at: 08.04.2026 10:00 is not a timestamp; timestamps are written as 2026-04-01T09:30:00Z.",
                "row 3, column period: period 2026-03-01 is already in row 2.",
            ],
        ),
        (
            "comp_plans",
            SOUND["comp_plans"] + "p,1,What-If,2027-01-01,,Sales,cltv_growth,0.5,0,1000,2,1\n"
            "q,1,actual,2026-01-01,,support,charm,0.5,,,,\n",
            [
                "row 4, columns plan_id, plan_version, team, metric_name: plan_id p, plan_version 1, team sales,"
                " metric_name cltv_growth is already in row 2.",
                "row 5, column team: support is not one of marketing, sales.",
                "row 5, column metric_name: charm is not one of cltv_growth, cross_sell, up_sell, referrals_realised,"
                " bookings, satisfaction, customer_retention, outcomes_on_time, ppp_yield.",
                "row 5, column target: it is empty; every row needs a value.",
                "row 5, column accelerated_rate: it is empty; every row needs a value.",
            ],
        ),
        (
            "comp_participants",
            f"{PEOPLE}Ann,P,1,2026-01-01,\n",
            ["row 2, column plan_id: comp_plans.csv has no plan_id P."],
        ),
        (
            "comp_participants",
            f"{PEOPLE}Ann,p,1,2026-04-01,\nAnn,p,1,2026-01-01,2026-04-02\nAnn,p,2,2025-01-01,2026-01-01\n",
            ["row 2, column valid_from: user_id Ann, plan_id p holds from 2026-04-01, when row 3 still holds."],
        ),
        (
            "comp_participants",
            f"{PEOPLE}Ann,p,1,2026-01-01,01/04/2026\nAnn,p,1,2026-04-01,\n",  # what it holds until nobody knows
            [f"row 2, column valid_to: 01/04/2026 {DAYS}"],
        ),
        (
            "disputes",
            f"{DISPUTES}d1,2026-03-01,Ann,,2026-04-01,Ann,Why?,perhaps,,,\nd2,2026-03-01,Ann,up_sell,,Ann,,Open,,,\n",
            [
                "row 2, column decision: perhaps is not one of open, accepted, rejected.",
                "row 3, column raised_on: it is empty; every row needs a value.",
                "row 3, column claim: it is empty; every row needs a value.",
            ],
        ),
    ],
)
def test_a_faulty_value_is_named(tmp_path, name, content, expected):
    assert said(written(tmp_path / "rules", {name: content})) == [f"{name}.csv, {sentence}" for sentence in expected]


def test_metrics_under_former_names_are_read_and_remarked(tmp_path):
    """A plan and a dispute of an older version: `Retention` is customer_retention, and no two of a plan's metrics are alike."""
    plans = f"{PLANS}p,1,actual,2026-01-01,,sales,Retention ,0.5,0,1,2,1\np,1,actual,2026-01-01,,sales,closed_deals,0.5,0,9,2,1\n"
    disputes = f"{DISPUTES}d1,2026-03-01,Ann,recommendations,2026-04-01,Ann,Why?,open,,,\n"
    rules = read_rules(written(tmp_path / "rules", {"comp_plans": plans, "disputes": disputes}))
    rules.raise_if_faulty()
    assert [row["metric_name"] for row in rules.rows["comp_plans"].values()] == ["customer_retention", "bookings"]
    assert [row["metric_name"] for row in rules.rows["disputes"].values()] == ["referrals_realised"]
    assert sorted(rules.remarks) == [
        "comp_plans.csv, row 2, column metric_name: retention is named customer_retention now, and is read as that.",
        "comp_plans.csv, row 3, column metric_name: closed_deals is named bookings now, and is read as that.",
        "disputes.csv, row 2, column metric_name: recommendations is named referrals_realised now, and is read as that.",
    ]


def test_a_metric_under_its_former_and_its_present_name_stands_twice(tmp_path):
    plans = f"{PLANS}p,1,actual,2026-01-01,,sales,retention,0.5,0,1,2,1\np,1,actual,2026-01-01,,sales,customer_retention,0.5,0,1,2,1\n"
    assert said(written(tmp_path / "rules", {"comp_plans": plans})) == [
        "comp_plans.csv, row 3, columns plan_id, plan_version, team, metric_name: plan_id p, plan_version 1, team sales,"
        " metric_name customer_retention is already in row 2."
    ]


COLUMNS_OF_CLOSES = "closed_periods.csv has none of its columns (period, closed_at, closed_by); its first row is: "


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "closed_periods",
            CLOSES.replace(",", ";") + "2026-03-01;2026-04-08;Ada\n",
            [f"{COLUMNS_OF_CLOSES}period;closed_at;closed_by. It looks as if a semicolon separates them; a comma does."],
        ),
        ("closed_periods", f"Our closes\n{CLOSES}", [f"{COLUMNS_OF_CLOSES}Our closes."]),
        ("closed_periods", "", ["closed_periods.csv is empty; its first row names its columns."]),
        (
            "closed_periods",
            CLOSES.encode("utf-16"),
            ["closed_periods.csv is not UTF-8 but looks like UTF-16; save it as CSV in UTF-8."],
        ),
        (
            "closed_periods",
            CLOSES.encode("utf-16-le"),
            ["closed_periods.csv is not UTF-8 but looks like UTF-16; save it as CSV in UTF-8."],
        ),
        (
            "closed_periods",
            f"{CLOSES}2026-03-01,2026-04-08,Jürgen\n".encode("cp1252"),
            ["closed_periods.csv is not UTF-8, in its line 2; save it as CSV in UTF-8."],
        ),
        (
            "closed_periods",
            f"{CLOSES}2026-03-01,2026-04-08,A\0a\n",
            ["closed_periods.csv holds a NUL character in its line 2; save it as CSV in UTF-8."],
        ),
        (
            "closed_periods",
            'period,Period ,closed_at,reason\n2026-03-01,,2026-04-08,"x"\n',
            [
                "closed_periods.csv has no column closed_by.",
                "closed_periods.csv has the column period more than once: period, Period.",
                "closed_periods.csv has the column reason, which is none of its columns.",
            ],
        ),
        (
            "closed_periods",
            f'{CLOSES}2026-03-01,2026-04-08\n2026-04-01,2026-05-08,Ada,1,5\n2026-05-01,"2026-06-08"x,Ada\n',
            [
                "closed_periods.csv, row 2: it has 2 fields, and the header has 3.",
                "closed_periods.csv, row 3: it has 5 fields, and the header has 3."
                " Put text with a comma in quotes, and write numbers without commas.",
                "closed_periods.csv, row 4: it cannot be read: ',' expected after '\"'.",
            ],
        ),
        (
            "closed_periods",
            f'{CLOSES}2026-03-01,2026-04-08,"Ada\nof, finance"\n2026-04-01,2026-05-08,"Ada\n2026-05-01,2026-06-08,Ada\n',
            ["closed_periods.csv, row 3: it cannot be read: unexpected end of data."],
        ),
        (
            "closed_periods",
            "period,closed_at,closed_by,\n2026-03-01,2026-04-08,Ada,\n2026-04-01,2026-05-08,Ada,see mail\n",
            ["closed_periods.csv, row 3: see mail is in a column without a name."],
        ),
        ("closes.csv", CLOSES, ["closes.csv is not a rule file; the rule files are "]),
        ("comp_plans.xlsx", "PK", ["comp_plans.xlsx is not a rule file; the rule files are "]),
        (
            "Comp_Plans.CSV",
            SOUND["comp_plans"],
            ["Comp_Plans.CSV and comp_plans.csv are files of the same rule; remove one of them."],
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content, expected):
    sentences = said(written(tmp_path / "rules", {name: content}))
    assert [found[: len(start)] for found, start in zip(sentences, expected)] == expected
    assert len(sentences) == len(expected)


def test_an_unreadable_plan_leaves_nobody_without_a_plan(tmp_path):
    """What follows from one fault alone is not said beside it."""
    assert said(written(tmp_path / "rules", {"comp_plans": "a\n"})) == [
        f"comp_plans.csv has none of its columns ({PLANS.strip().replace(',', ', ')}); its first row is: a."
    ]


def test_who_is_paid_was_delivered(tmp_path):
    """Blanks at either end do not count, case does; a bot or a deleted user is for dbt to judge, and so is a paid dispute."""
    users = "user_id,team,is_bot,is_deleted\n Ann\u00a0,sales,,\nBob,sales,true,\nCem,,,true\n"
    people = "".join(f"{user},p,1,2026-01-01,\n" for user in ("Ann ", "Bob", "Cem", "ann", "Dee"))
    disputes = "".join(f"{name},2026-03-01,Eve,,2026-04-01,Eve,Why?,open,,,\n" for name in ("paid", "d1"))
    folder = written(tmp_path / "rules", {"comp_participants": PEOPLE + people, "disputes": DISPUTES + disputes})
    assert said(folder, users) == [
        "comp_participants.csv, row 5, column user_id: crm.users has no user ann.",
        "comp_participants.csv, row 6, column user_id: crm.users has no user Dee.",
        "disputes.csv, row 3, column user_id: crm.users has no user Eve.",
    ]


def test_credit_goes_by_a_model_that_there_is():
    rules = read_rules(None)
    rules.check_credit_model("position")
    assert not rules.faults
    rules.check_credit_model("middle")
    with pytest.raises(UnusableInput, match=r"^credit_attribution_model is middle, which .* does not have\.$"):
        rules.raise_if_faulty()


def test_all_faults_are_said_but_no_more_than_a_screen(tmp_path):
    people = "".join(f"Ann,p,1,{day:02}/04/2026,\n" for day in range(1, 26))
    sentences = said(written(tmp_path / "rules", {"closed_periods": "", "comp_participants": PEOPLE + people}))
    assert len(sentences) == MOST_SENTENCES + 1
    assert sentences[0].startswith("closed_periods.csv")
    assert sentences[-2].startswith("comp_participants.csv, row 20, ")
    assert sentences[-1] == "There are 6 more of this kind."


def copies(rules: Rules, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in rules.write(folder).glob("*.csv")}


def test_what_a_spreadsheet_does_to_a_file_changes_nothing(tmp_path):
    """A byte-order mark, CRLF, blank columns and rows, names and values of a list in another case, blanks of all widths."""
    exported = (
        "\ufeff User_ID,PLAN_ID\u00a0,\u200btarget_pay,Valid_From,valid_to ,,\r\n"
        ",,,,,,\r\n\r\n"
        "\u00a0Ann , p\u200b,1e3,2026-01-01T00:00:00Z, ,,\r\n"
        ",,,,,,\r\n"
    )
    plans = SOUND["comp_plans"].replace("sales", " Sales").replace("actual", "ACTUAL\u2003").replace(",cl", ",Cl")
    plain = read_rules(written(tmp_path / "plain", {}))
    other = read_rules(written(tmp_path / "other", {"comp_participants": exported, "comp_plans": plans}))
    assert plain.faults == other.faults == []
    assert copies(plain, tmp_path / "one") == copies(other, tmp_path / "two")
    assert list(other.rows["comp_participants"]) == [4]  # as a spreadsheet numbers it


def test_other_names_keep_their_case(tmp_path):
    plans = SOUND["comp_plans"].replace("actual", "Bold")
    rows = read_rules(written(tmp_path / "rules", {"comp_plans": plans})).rows["comp_plans"]
    assert {row["scenario"] for row in rows.values()} == {"Bold"}
