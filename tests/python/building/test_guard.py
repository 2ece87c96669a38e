"""The guard: a build that lost rows, customers or value is published only if a person agrees, from the exact bound on."""

import json
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from customer_outcomes.contract import load_contract
from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.guard import (
    HINT,
    Bounds,
    Delivered,
    Guard,
    alarms,
    check_accepted,
    check_frame,
    judge,
)
from customer_outcomes.intake.references import BrokenReference
from customer_outcomes.memory import (
    Table,
    Version,
    figures_contents,
    last_published,
    pay_contents,
    remarks_on_folders,
)
from customer_outcomes.places.paths import pay_folder
from helpers.builds import DATABASE, Built, copy_published, files_of, run_build, without_closes

pytestmark = pytest.mark.whole_builds(2)

BOUNDS = Bounds(max_shrink=0.10, max_quarantined_share=0.20, max_broken_share=0.50, max_adjustment_share=0.10)
SALES = "crm.transactions"
EXAMPLES = Delivered({SALES: "bad_type of transacted_at, such as '1/18/2017' in crm/transactions.csv, row 2"})
NONE = Table(0, 0, 0)


def version(table: Table = NONE, **others) -> Version:
    """A version in which one table alone has rows."""
    known = {"customers": 100, "cltv": Decimal("1000.00"), "as_of": datetime(2026, 4, 1)}
    known |= {"reporting_currency": "EUR", "reporting_timezone": "UTC"} | others
    return Version({name: table if name == SALES else NONE for name in load_contract()}, **known)


def raised(now: Version, last: Version | None) -> list[str]:
    return [alarm.name for alarm in alarms(now, last, BOUNDS, EXAMPLES)]


@pytest.mark.parametrize(
    ("before", "table", "is_alarm"),
    [
        (Table(1000, 1000, 0), Table(900, 900, 0), False),  # a tenth
        (Table(1000, 1000, 0), Table(899, 899, 0), True),
        (Table(100, 100, 0), Table(80, 80, 0), False),  # twenty rows
        (Table(100, 100, 0), Table(79, 79, 0), True),
        (Table(10, 10, 0), Table(1, 1, 0), False),
        (Table(10, 10, 0), Table(5, 0, 0), True),  # none accepted
        (Table(1, 1, 0), NONE, True),  # vanished
        (Table(1, 0, 0), NONE, True),
        (NONE, NONE, False),
        (NONE, Table(5, 5, 0), False),
        (Table(1000, 1000, 0), Table(2000, 2000, 0), False),
    ],
)
def test_a_table_that_shrinks(before, table, is_alarm):
    assert raised(version(table), version(before)) == ([f"shrink:{SALES}"] if is_alarm else [])


@pytest.mark.parametrize(
    ("before", "table", "is_alarm"),
    [
        (None, Table(10, 8, 2), False),
        (None, Table(100, 80, 20), False),  # a fifth
        (None, Table(100, 79, 21), True),
        (None, Table(3, 1, 2), False),  # fewer than three
        (None, Table(3, 0, 3), True),
        (Table(100, 70, 30), Table(100, 70, 30), False),  # published so before
        (Table(100, 70, 30), Table(100, 65, 35), False),  # five points more
        (Table(100, 70, 30), Table(100, 64, 36), True),
        (Table(100, 100, 0), Table(100, 79, 21), True),
    ],
)
def test_a_table_that_is_quarantined(before, table, is_alarm):
    last = version(before) if before else None
    assert (f"quarantine:{SALES}" in raised(version(table), last)) is is_alarm


@pytest.mark.parametrize(
    ("now", "names"),
    [
        ({"customers": 90}, []),
        ({"customers": 89}, ["customers"]),
        ({"customers": 0, "cltv": Decimal(0)}, ["customers", "cltv"]),
        ({"cltv": Decimal("900.00")}, []),
        ({"cltv": Decimal("899.99")}, ["cltv"]),
        ({"cltv": Decimal("-1")}, ["cltv"]),
        ({"customers": 1000, "cltv": Decimal(10**9)}, []),
        ({"adjustments_share": 0.10}, []),
        ({"adjustments_share": 0.11}, ["adjustments"]),
        # of another currency nothing else is compared
        ({"reporting_currency": "USD", "customers": 0, "cltv": Decimal(1)}, ["currency"]),
        ({"reporting_timezone": "Asia/Tokyo"}, ["currency"]),
    ],
)
def test_figures_that_fall_and_money_that_moves(now, names):
    assert raised(version(**now), version()) == names
    assert raised(version(**now), None) == []


def test_adjustments_that_were_published_are_an_alarm_again_five_points_later():
    last = version(adjustments_share=0.30)
    assert raised(version(adjustments_share=0.35), last) == []
    assert raised(version(adjustments_share=0.36), last) == ["adjustments"]


@pytest.mark.parametrize(
    ("before", "broken", "is_alarm"),
    [
        (None, {"rows": 50, "filled": 100}, False),  # a half
        (None, {"rows": 51, "filled": 100}, True),
        (None, {"rows": 2, "filled": 2}, False),  # fewer than three
        (None, {"rows": 3, "filled": 3}, True),
        (None, {"rows": 60, "filled": 100, "to_gone": 10}, False),  # ten of them to records that are deleted
        (None, {"rows": 61, "filled": 100, "to_gone": 10}, True),
        (None, {"rows": 100, "filled": 100, "to_absent": 100}, False),
        (0.6, {"rows": 65, "filled": 100}, False),  # five points more than the published share
        (0.6, {"rows": 66, "filled": 100}, True),
    ],
)
def test_references_that_lead_nowhere(before, broken, is_alarm):
    name = f"{SALES}.product_id"
    given = {"distinct_values": 1, "examples": ["GTXPro"], "to_gone": 0, "to_absent": 0} | broken
    delivered = Delivered(broken=[BrokenReference(SALES, "product_id", **given)])
    last = version(broken_shares={name: before}) if before else None
    assert [alarm.name for alarm in alarms(version(), last, BOUNDS, delivered)] == (
        [f"references:{name}"] if is_alarm else []
    )


def test_a_reference_in_words():
    delivered = Delivered(broken=[BrokenReference(SALES, "product_id", 6, 2, ["GTXPro", "MG"], 8, 0, 0)])
    (alarm,) = alarms(version(), version(), BOUNDS, delivered)
    assert alarm.sentence == (
        "references:crm.transactions.product_id: 6 of 8 filled values lead nowhere, 75 %, after 0 % in the last published"
        " version; max_broken_share lets 50 % pass. The most frequent is 'GTXPro'."
    )


@pytest.mark.parametrize(
    ("accounts", "known", "is_alarm"),
    [(20, 10, False), (20, 9, True), (19, 0, False), (1000, 499, True), (1000, 1000, False), (0, 0, False)],
)
def test_another_company(accounts, known, is_alarm):
    delivered = Delivered(accounts=accounts, known_accounts=known)
    found = [alarm.name for alarm in alarms(version(), version(), BOUNDS, delivered)]
    assert found == (["company"] if is_alarm else [])


def test_nothing_can_be_taken_from_a_loss_or_from_nobody():
    last = version(customers=0, cltv=Decimal("-10.00"))
    assert raised(version(customers=0, cltv=Decimal("-1000.00")), last) == []


def test_a_sentence_has_both_figures_and_an_example():
    now, last = version(Table(100, 0, 100), customers=0, cltv=Decimal(0)), version(Table(120, 115, 5))
    with pytest.raises(FailedCheck) as failed:
        judge(now, last, BOUNDS, EXAMPLES, [])
    assert failed.value.sentences == [
        "shrink:crm.transactions: none of 100 rows received is accepted; the last published version had 115 accepted rows.",
        "quarantine:crm.transactions: 100 of 100 rows received are quarantined, 100 %, after 4.2 % in the last published"
        " version; max_quarantined_share lets 20 % pass. Most are bad_type of transacted_at, such as '1/18/2017' in"
        " crm/transactions.csv, row 2.",
        "customers: 0, after 100 in the last published version, 100 % less; max_shrink lets 10 % pass.",
        "cltv: 0.00 EUR, after 1,000.00 in the last published version, 100 % less; max_shrink lets 10 % pass.",
        HINT,
    ]


def test_what_is_accepted_passes_and_what_met_nothing_is_remarked():
    now, last = version(Table(100, 50, 50)), version(Table(100, 100, 0))
    names = [f"shrink:{SALES}", f"quarantine:{SALES}"]
    assert judge(now, last, BOUNDS, EXAMPLES, [*names, "cltv"]) == (sorted(names), ["--accept cltv met no alarm."])
    with pytest.raises(FailedCheck, match=r"^quarantine:crm.transactions: 50 of 100") as failed:
        judge(now, last, BOUNDS, EXAMPLES, names[:1])
    assert len(failed.value.sentences) == 2  # and how to accept it


@pytest.mark.parametrize(
    ("accepted", "by", "sentence"),
    [
        (
            ["shrink"],
            "ada",
            "--accept names shrink, which is not an alarm; the alarms are shrink:TABLE, quarantine:TABLE, refer",
        ),
        (["shrink:crm.nothing"], "ada", "--accept names shrink:crm.nothing, which is not an alarm"),
        (["references:crm.accounts"], "ada", "--accept names references:crm.accounts, which is not an alarm"),
        (
            ["references:crm.accounts.nothing"],
            "ada",
            "--accept names references:crm.accounts.nothing, which is not an alarm",
        ),
        (
            ["references:crm.accounts.segment"],
            "ada",
            "--accept names references:crm.accounts.segment, which is not an alarm",
        ),
        (["cltv:crm.accounts"], "ada", "--accept names cltv:crm.accounts, which is not an alarm"),
        (["cltv"], None, "--accept needs --by with the name of the person who accepts the alarm."),
        (["cltv"], " ", "--accept needs --by with the name of the person who accepts the alarm."),
        ([], "ada", "--by names who accepts an alarm, but no --accept is given."),
    ],
)
def test_a_word_that_means_nothing_is_refused(accepted, by, sentence):
    with pytest.raises(UnusableInput) as refused:
        check_accepted(accepted, by)
    assert refused.value.sentences[0].startswith(sentence)


def test_closed_months_keep_their_currency_and_time_goes_on():
    last = version(has_closes=True)
    check_frame(None, "2020-01-01", "USD", "UTC")
    check_frame(last, "2026-04-01 00:00:00", "EUR", "UTC")
    check_frame(last, None, "EUR", "UTC")
    check_frame(replace(last, has_closes=False), None, "USD", "Asia/Tokyo")
    with pytest.raises(UnusableInput) as refused:
        check_frame(last, "2026-03-31 23:59:59", "USD", "UTC")
    assert refused.value.sentences == [
        "--as-of 2026-03-31 23:59:59 is before 2026-04-01 00:00:00, as of which the last version was published; name"
        " another --publish and --warehouse.",
        "Months are closed in EUR and UTC, and this build is in USD and UTC: amounts paid cannot change their currency or"
        " their time zone; name another --publish and --warehouse.",
    ]


def test_contents_are_read_back_and_keep_who_accepted_what(tmp_path: Path):
    now, closes = version(Table(100, 50, 50), adjustments_share=0.2), {"compensation.comp_period_closes": 2}
    remember(tmp_path / "published", figures_contents(now, "a", {}))
    remember(tmp_path / "pay", pay_contents(now, None, ["cltv"], "ada", "a", closes))
    last = last_published(tmp_path / "published", tmp_path / "pay")
    alarm = {"as_of": "2026-04-01 00:00:00", "alarm": "cltv", "by": "ada"}
    assert last == replace(now, has_closes=True, accepted_alarms=[alarm])
    again = json.loads(pay_contents(now, last, ["cltv"], "ada", "a", closes))
    assert again["build"]["accepted_alarms"] == [alarm]
    later = json.loads(pay_contents(replace(now, as_of=datetime(2026, 5, 1)), last, ["customers"], "bob", "b", closes))
    assert [one["by"] for one in later["build"]["accepted_alarms"]] == ["ada", "bob"]
    assert last_published(tmp_path / "nowhere", tmp_path / "nowhere") is None


def remember(folder: Path, contents: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "contents.json").write_text(contents)


def test_the_folder_without_pay_remembers_neither_pay_nor_persons():
    now = version(adjustments_share=0.2, accepted_alarms=[{"by": "ada"}], has_closes=True)
    contents = json.loads(figures_contents(now, "a", {"marts.dim_customers": 1}))
    frame = {"as_of", "reporting_currency", "reporting_timezone"}
    assert contents["build"].keys() == {"tables", "customers", "cltv", "broken_shares"} | frame
    assert contents.keys() == {"holds", "build_id", "build", "relations"}


def test_one_folder_alone_is_remembered_too(tmp_path: Path):
    """A build may be killed between the two folders, and either may be lost."""
    now = version(Table(100, 50, 50), adjustments_share=0.2)
    remember(tmp_path / "published", figures_contents(now, "a", {}))
    remember(tmp_path / "pay", pay_contents(now, None, [], None, "a", {"compensation.comp_period_closes": 2}))
    assert last_published(tmp_path / "published", tmp_path / "nowhere") == replace(now, adjustments_share=0.0)
    former = json.loads(figures_contents(now, "a", {"compensation.comp_period_closes": 2}))
    former["build"] |= {"adjustments_share": 0.3, "accepted_alarms": []}
    remember(tmp_path / "former", json.dumps(former | {"holds": None, "build_id": None}))
    former_version = last_published(tmp_path / "former", tmp_path / "nowhere")
    assert former_version == replace(now, adjustments_share=0.3, has_closes=True)
    remember(tmp_path / "open", pay_contents(now, None, [], None, "a", {}))
    assert last_published(tmp_path / "former", tmp_path / "open") == replace(now, has_closes=True)
    alone = last_published(tmp_path / "nowhere", tmp_path / "pay")
    assert alone == Version({}, 0, Decimal("0.00"), 0.2, now.as_of, "EUR", "UTC", has_closes=True)
    assert raised(version(), alone) == []


def test_what_is_about_pay_is_as_the_folder_of_pay_says(tmp_path: Path):
    """The folders are of different builds, because the last build was killed between them."""
    before, after = version(), version(as_of=datetime(2026, 5, 1), adjustments_share=0.2, reporting_currency="USD")
    remember(tmp_path / "published", figures_contents(before, "a", {}))
    closes = {"compensation.comp_period_closes": 2}
    for first, second in ((before, after), (after, before)):
        remember(tmp_path / "published", figures_contents(first, "a", {}))
        remember(tmp_path / "pay", pay_contents(second, None, [], None, "b", closes))
        last = last_published(tmp_path / "published", tmp_path / "pay")
        assert last.as_of == after.as_of
        assert (last.adjustments_share, last.reporting_currency) == (
            second.adjustments_share,
            second.reporting_currency,
        )


def test_folders_of_different_builds_are_remarked(tmp_path: Path):
    published, pay = tmp_path / "published", tmp_path / "pay"
    assert remarks_on_folders(published, pay) == []
    remember(published, figures_contents(version(), "abcdefghi", {}))
    (said,) = remarks_on_folders(published, pay)
    assert said.startswith(f"{published} is of build abcdefgh, and {pay} of no build, because")
    remember(pay, pay_contents(version(), None, [], None, "abcdefghi", {}))
    assert remarks_on_folders(published, pay) == []
    remember(pay, pay_contents(version(), None, [], None, "bcdefghij", {}))
    (said,) = remarks_on_folders(published, pay)
    assert said.startswith(f"{published} is of build abcdefgh, and {pay} of build bcdefghi, because")
    for older in ({"compensation.comp_credits": 3}, {"build": {}, "relations": {"compensation.comp_credits": 3}}):
        remember(published, json.dumps(older))
        (said,) = remarks_on_folders(published, pay)
        assert said.startswith(f"Pay leaves {published}: ")


def test_a_version_of_an_older_project_is_known_by_its_relations(oddities_build: Built, tmp_path: Path):
    (tmp_path / DATABASE).symlink_to(oddities_build.published / DATABASE)
    (tmp_path / "contents.json").write_text('{"marts.customer_lifetime": 53}')
    last = last_published(tmp_path, tmp_path / "nowhere")
    newer = last_published(oddities_build.published, oddities_build.pay)
    assert (last.tables, last.customers, last.cltv) == (newer.tables, newer.customers, newer.cltv)
    assert last.as_of is None and newer.as_of == datetime(2026, 7, 1)
    assert newer.reporting_currency == "EUR" and newer.has_closes


@pytest.mark.parametrize("text", ["{", "[]", '{"build": {}}', '{"build": 3}'])
def test_contents_that_cannot_be_read_are_a_sentence(tmp_path: Path, text: str):
    (tmp_path / "contents.json").write_text(text)
    (tmp_path / "pay").mkdir()
    with pytest.raises(UnusableInput, match="cannot be read"):
        Guard(tmp_path, tmp_path / "pay", [], None)
    (tmp_path / "contents.json").rename(tmp_path / "pay" / "contents.json")
    with pytest.raises(UnusableInput, match=r"pay/contents.json, the list of published relations, cannot be read"):
        Guard(tmp_path, tmp_path / "pay", [], None)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """One account and 150 of its charges, of which 100 lack their amount, as if their file were of another shape."""
    crm = tmp_path / "input" / "crm"
    crm.mkdir(parents=True)
    (crm / "accounts.csv").write_text("account_id,created_at\nA,2026-01-01\n")
    header = "transaction_id,account_id,transaction_type,amount,currency_code,transacted_at\n"
    charges = [f"T{number},A,charge,{1 if number < 50 else ''},EUR,2026-03-01\n" for number in range(150)]
    (crm / "transactions.csv").write_text(header + "".join(charges))
    return tmp_path / "input"


def test_an_extract_delivered_alone_is_published_only_by_a_persons_word(oddities_build, extract: Path, tmp_path: Path):
    """A failed check leaves every published byte, until a person accepts the alarms."""
    published = copy_published(oddities_build, tmp_path)
    without_closes(published, is_remembered=True)
    pay = pay_folder(published)
    before, inodes = (files_of(published), files_of(pay)), (published.stat().st_ino, pay.stat().st_ino)
    last = last_published(published, pay)
    arguments = {"as_of": datetime(2026, 7, 1), "variables": {name: getattr(BOUNDS, name) for name in vars(BOUNDS)}}
    refused = run_build(tmp_path, extract, **arguments)
    said = " ".join(refused.said.split())
    assert refused.exit_code == 1, said
    accepted_before = last.tables[SALES].accepted
    assert (
        f"shrink:crm.transactions: 50 accepted rows, after {accepted_before:,} in the last published version," in said
    )
    assert f"cltv: 50.00 EUR, after {last.cltv:,.2f} in the last published version, 100 % less;" in said
    assert f"customers: 1, after {last.customers} in the last published version," in said
    assert "quarantine:crm.transactions: 100 of 150 rows received are quarantined, 66.7 %" in said
    assert "missing_required of amount" in said
    assert "company: the input holds 0 of the " in said
    assert f"{published} and {published}_pay stay as the last good build left them." in said
    assert (files_of(published), files_of(pay)) == before
    assert (published.stat().st_ino, pay.stat().st_ino) == inodes
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    alarms_raised = sorted(
        set(re.findall(r"(?:shrink:[a-z_.]+|quarantine:[a-z_.]+|customers|cltv|company)(?=: )", said))
    )
    accept = [word for name in (*alarms_raised, "adjustments") for word in ("--accept", name)]
    accepted = run_build(tmp_path, extract, more=(*accept, "--by", "ada"), **arguments)
    assert accepted.exit_code == 0, accepted.said
    assert "--accept adjustments met no alarm." in accepted.said
    contents = json.loads((pay / "contents.json").read_text())["build"]
    assert "ada" not in (published / "contents.json").read_text()
    assert [(one["alarm"], one["by"]) for one in contents["accepted_alarms"]] == [
        (name, "ada") for name in alarms_raised
    ]
