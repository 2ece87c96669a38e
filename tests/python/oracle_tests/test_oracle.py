"""The oracle computes money, ratings, merges and the state of every row as worked out by hand from the definitions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.small_companies import ACCOUNT, answer, by, money, run
from oracle.files import parse
from oracle.world import STATUSES


def counts(result: dict, name: str) -> dict:
    row = by(result["input_reconciliation"], "input_table")[name]
    assert row["received"] == sum(row[status] for status in STATUSES)
    return {key: value for key, value in row.items() if value and key != "input_table"}


def faults(result: dict) -> set:
    return {(row["input_table"], row["row_key"], row["reason"], row["column_name"]) for row in result["quarantined"]}


PRODUCTS = [
    {"product_id": "P1", "product_family": "F", "tier": "1"},
    {"product_id": "P2", "product_family": "G", "tier": "1"},
    {"product_id": "P3", "product_family": "F", "tier": "2"},
    {"product_id": "P4", "product_family": "F"},
]


def test_refund_gives_expansion_back_never_more_than_there_was(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.products": PRODUCTS,
        "crm.transactions": [
            money("C1", "2024-01-01", "100", product_id="P1"),
            money("C2", "2024-02-01", "80", product_id="P2"),
            money("R2", "2024-03-02", "60", "chargeback", original_transaction_id="C2"),
            money("R1", "2024-03-01", "30", "refund", original_transaction_id="C2"),
            money("R3", "2024-03-03", "5", "credit"),
            money("R4", "2024-03-04", "1", "refund", original_transaction_id="R3"),
            money("T1", "2024-03-05", "9", "transfer"),
            money("C3", "2024-03-06", "9", status="pending"),
        ],
    }, as_of="2024-04-10T00:00:00")  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    assert {key: (row["movement"], str(row["expansion_amount"])) for key, row in lines.items()} == {
        "C1": ("new", "0.00"), "C2": ("cross_sell", "80.00"), "R1": ("cross_sell", "-30.00"),
        "R2": ("cross_sell", "-50.00"), "R3": ("reversal", "0.00"), "R4": ("reversal", "0.00"),
    }  # fmt: skip
    customer = result["customer_lifetime"][0]
    assert (customer["cltv"], customer["gross_amount"], customer["reversed_amount"]) == (84, 180, -96)
    assert (customer["cross_sell_expansion"], customer["transaction_count"], customer["purchase_days"]) == (0, 2, 2)
    months = by(result["customer_months"], "month")
    assert [row["cltv"] for row in months.values()] == [100, 180, 84, 84]
    february, march = months[date(2024, 2, 1)], months[date(2024, 3, 1)]
    assert (february["cross_sell_amount"], february["expansion_amount"]) == (80, 80)
    assert (march["cross_sell_amount"], march["reversed_amount"], march["expansion_amount"]) == (0, -96, -80)
    for row in months.values():
        parts = [value for name, value in row.items() if name.endswith("_amount") and name[:3] not in ("rep", "exp")]
        assert sum(parts) + row["repeat_amount"] == row["reporting_amount"]


def test_up_sell_cents_by_largest_remainder(tmp_path):
    more = {"product_id": "P4", "product_family": "F"}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT], "crm.products": [*PRODUCTS, {**more, "product_id": "P5"}],
        "crm.transactions": [
            money("a1", "2024-01-01", "5", product_id="P1"), money("a2", "2024-01-01", "4", product_id="P4"),
            money("a3", "2024-01-01", "1", product_id="P5"),
            # Growth 30 - 10 = 20.00 over three equal lines: 6.666.. each, the two cents left to the first two.
            money("b1", "2024-02-01", "10", product_id="P1", quantity="2"),
            money("b3", "2024-02-01", "10", product_id="P4", quantity="2"),
            money("b2", "2024-02-01", "10", product_id="P5", quantity="1.5"),
            # Growth 102 - 30 = 72.00, at most the up-sell line's own 3.00; the other line is no more than before.
            money("c1", "2024-03-01", "99", product_id="P1", quantity="2"),
            money("c2", "2024-03-01", "3", product_id="P3"),
            # No growth: an up-sell by quantity with nothing to share.
            money("d1", "2024-04-01", "50", product_id="P3", quantity="7"),
        ],
    })  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    assert {key: (row["movement"], str(row["expansion_amount"])) for key, row in lines.items() if key[0] != "a"} == {
        "b1": ("up_sell", "6.67"), "b2": ("up_sell", "6.67"), "b3": ("up_sell", "6.66"),
        "c1": ("repeat", "0.00"), "c2": ("up_sell", "3.00"), "d1": ("up_sell", "0.00"),
    }  # fmt: skip
    assert result["customer_lifetime"][0]["up_sell_expansion"] == 23


def test_largest_remainder_goes_by_the_remainder_first(tmp_path):
    # 10.00 to share over 1 : 2 : 4 of 70: 1.428.., 2.857.., 5.714..; floors 1.42 + 2.85 + 5.71 = 9.98;
    # the remainders are .857, .714, .428 of a cent, so z1 and y1 get one each.
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT],
        "crm.products": [{"product_id": name, "product_family": "F"} for name in "XYZ"],
        "crm.transactions": [
            *(money(f"{name}0".lower(), "2024-01-01", "20", product_id=name) for name in "XYZ"),
            money("x1", "2024-02-01", "40", product_id="X", quantity="2"),
            money("y1", "2024-02-01", "20", product_id="Y", quantity="2"),
            money("z1", "2024-02-01", "10", product_id="Z", quantity="2"),
        ],
    })  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    assert [str(lines[key]["expansion_amount"]) for key in ("x1", "y1", "z1")] == ["5.71", "2.86", "1.43"]


def test_movements_without_product_and_reactivation_bound(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT, {**ACCOUNT, "account_id": "B"}], "crm.products": PRODUCTS,
        "crm.transactions": [
            money("a1", "2023-01-01T00:00:00", "1"),
            money("a2", "2024-02-05T00:00:00", "1", product_id="P1"),  # 400 days to the second: reactivation
            money("a3", "2024-02-06T00:00:00", "1"),
            money("a4", "2024-02-07T00:00:00", "7", product_id="P2"),
            money("a5", "2024-02-07T00:00:00", "3", product_id="unknown"),
            money("b1", "2023-01-01T00:00:01", "1", account_id="B"),
            money("b2", "2024-02-05T00:00:00", "1", account_id="B", product_id="P1"),  # one second short
        ],
    })  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    assert [row["movement"] for _, row in sorted(lines.items())] == [
        "new", "reactivation", "repeat", "cross_sell", "repeat", "new", "cross_sell"]  # fmt: skip
    assert lines["a5"]["product_id"] is None


def test_merge_chains_and_circles(tmp_path):
    def account(key: str, into: str = "", **more) -> dict:
        return {**ACCOUNT, "account_id": key, "merged_into_account_id": into, **more}

    result = run(tmp_path, {
        "crm.accounts": [
            account("A", "B", is_deleted="true"), account("B", "C", account_type="test"), account("C"),
            account("D", "E"), account("E", "D"), account("D2", "D"), account("F", "nowhere"), account("S", "S"),
            account("G", "H"), account("H", account_type="internal"), account("I", "J"), account("J", is_deleted="1"),
        ],
        "crm.contacts": [
            {"contact_id": "k1", "account_id": "A", "merged_into_contact_id": "k2", "created_at": "2024-01-01"},
            {"contact_id": "k2", "account_id": "C", "created_at": "2024-01-01"},
            {"contact_id": "k3", "account_id": "H", "created_at": "2024-01-01"},
            {"contact_id": "k4", "account_id": "C", "merged_into_contact_id": "k3", "created_at": "2024-01-01"},
            {"contact_id": "k5", "account_id": "C", "merged_into_contact_id": "k9", "created_at": "2024-01-01"},
        ],
        "crm.transactions": [money(f"t{key}", "2024-02-01", "10", account_id=key) for key in "ABCDFGHIJX"],
        "survey.surveys": [{"survey_id": "S", "survey_type": "csat", "scale_min": "1", "scale_max": "5"}],
        "survey.responses": [
            answer("r1", "2024-02-01", "1", contact_id="k1", account_id="B", about_type="touch", about_id="x"),
            answer("r2", "2024-02-02", "5", contact_id="k2", account_id="C", about_type="touch", about_id="x"),
        ],
    })  # fmt: skip
    assert counts(result, "crm.accounts") == {
        "received": 12, "accepted": 3, "quarantined": 5, "excluded": 3, "deleted": 1}  # fmt: skip
    assert counts(result, "crm.contacts") == {"received": 5, "accepted": 2, "excluded": 2, "quarantined": 1}
    assert counts(result, "crm.transactions") == {"received": 10, "accepted": 3, "quarantined": 3, "excluded": 4}
    assert faults(result) == {
        *(("crm.accounts", key, "bad_merge", "merged_into_account_id") for key in ("D", "E", "D2", "F", "S")),
        ("crm.contacts", "k5", "bad_merge", "merged_into_contact_id"),
        *(("crm.transactions", f"t{key}", "orphan_of_quarantined", "account_id") for key in "DF"),
        ("crm.transactions", "tX", "orphan", "account_id"),
    }
    assert [(row["account_id"], row["cltv"]) for row in result["customer_lifetime"]] == [("C", 30)]
    assert [row["account_id"] for row in result["dim_customers"]] == ["C"]
    assert [(row["response_id"], row["contact_id"]) for row in result["fct_survey_responses"]] == [("r2", "k2")]


def test_inverse_rate_rounds_half_away_from_zero(tmp_path):
    rates = [("EUR", "USD", "2024-01-01", "8"), ("USD", "EUR", "2024-03-01", "0.5"), ("EUR", "GBP", "2024-06-01", "2")]
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT],
        "crm.exchange_rates": [dict(zip(("from_currency", "to_currency", "valid_on", "rate"), rate)) for rate in rates],
        "crm.transactions": [
            money("c1", "2024-02-01", "1", currency_code="USD"),  # 1 / 8 = 0.125
            money("r1", "2024-02-02", "1", "refund", currency_code="USD"),
            money("c2", "2024-03-01", "1.01", currency_code="USD"),  # 0.505
            money("c3", "2024-02-01", "1", currency_code="GBP"),
            money("c4", "2024-02-01", "1", currency_code="CHF", status="failed"),
        ],
    })  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    assert {key: str(row["reporting_amount"]) for key, row in lines.items()} == {
        "c1": "0.13", "r1": "-0.13", "c2": "0.51"}  # fmt: skip
    assert lines["c1"]["exchange_rate"] == Fraction(1, 8)
    assert faults(result) == {
        ("crm.transactions", key, "missing_exchange_rate", "currency_code") for key in ("c3", "c4")
    }


def test_reversal_takes_the_rate_of_the_originals_day(tmp_path):
    rates = [
        ("USD", "EUR", "2024-01-01", "0.5"),
        ("USD", "EUR", "2024-02-01", "0.9"),
        ("GBP", "EUR", "2024-02-01", "3"),
    ]
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT, {**ACCOUNT, "account_id": "T", "account_type": "test"}],
        "crm.exchange_rates": [dict(zip(("from_currency", "to_currency", "valid_on", "rate"), rate)) for rate in rates],
        "crm.transactions": [
            money("c1", "2024-01-10", "10", currency_code="USD"),
            money("c2", "2024-01-10", "10", currency_code="USD", account_id="T"),
            money("r1", "2024-02-10", "10", "refund", currency_code="USD", original_transaction_id="c1"),
            money("r2", "2024-02-10", "10", "refund", currency_code="USD", original_transaction_id="c2"),
            money("r3", "2024-02-10", "1", "refund", currency_code="GBP", original_transaction_id="c1"),
            money("r4", "2024-02-11", "1", "refund", currency_code="USD", original_transaction_id="r1"),
        ],
    })  # fmt: skip
    lines = by(result["fct_transactions"], "transaction_id")
    # r2's original is excluded, so it keeps its own day; there is no rate for pounds on c1's day;
    # r4's original is r1, whose own day is in February.
    assert {key: str(row["reporting_amount"]) for key, row in lines.items()} == {
        "c1": "5.00", "r1": "-5.00", "r2": "-9.00", "r4": "-0.90"}  # fmt: skip
    assert faults(result) == {("crm.transactions", "r3", "missing_exchange_rate", "currency_code")}


def test_version_ties(tmp_path):
    def version(segment: str, loaded: str = "", updated: str = "", **more) -> dict:
        return {**ACCOUNT, "segment": segment, "_loaded_at": loaded, "updated_at": updated, **more}

    versions = {
        "A": [version("old", "2024-01-01", "2024-09-01"), version("new", "2024-01-01T01:00:00+00:00")],
        "B": [
            version("a", "2024-01-01", "2024-01-02"),
            version("b", "2024-01-01", "2024-01-01"),
            version("c", "2024-01-01"),
        ],
        "C": [version("a", "2024-01-01"), version("b", "2024-01-01"), version("b", "2024-01-01"), version("z")],
        "D": [version("a", "2024-01-01"), version("z", "2024-01-09", created_at="never")],
    }
    rows = [{**row, "account_id": key} for key, group in versions.items() for row in group]
    for number, order in enumerate((rows, rows[::-1])):
        result = run(tmp_path / str(number), {"crm.accounts": order})
        assert {key: row["segment"] for key, row in by(result["dim_customers"], "account_id").items()} == {
            "A": "new", "B": "a", "C": "b", "D": "a"}  # fmt: skip
        assert counts(result, "crm.accounts") == {"received": 11, "accepted": 4, "superseded": 6, "quarantined": 1}


def test_bad_split_and_other_faults_between_rows(tmp_path):
    user = {"u1": "sales", "u2": "sales", "u3": "marketing"}
    splits = [("O1", "u1", ".5"), ("O1", "u2", ".4"), ("O1", "u3", "1"), ("O2", "u1", "0.6"), ("O2", "u2", "4e-1"),
              ("O2", "gone", "1"), ("O3", "u1", "1.5")]  # fmt: skip
    schedule = {"schedule_id": "s", "weekday": "1", "starts_minute": "60", "ends_minute": "120", "timezone": "UTC"}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT],
        "crm.users": [{"user_id": key, "team": team} for key, team in user.items()],
        "crm.opportunities": [{"opportunity_id": f"O{i}", "account_id": "A", "created_at": "2024-01-01"} for i in (1, 2, 3)],
        "crm.opportunity_splits": [dict(zip(("opportunity_id", "user_id", "share"), split)) for split in splits],
        "support.schedules": [
            schedule, {**schedule, "weekday": "2", "ends_minute": "60.0"},
            {**schedule, "schedule_id": "t"}, {**schedule, "schedule_id": "t", "weekday": "3", "timezone": "Asia/Tokyo"},
        ],
        "survey.surveys": [{"survey_id": "S", "survey_type": "ces", "scale_min": "5", "scale_max": "5"}],
        "survey.responses": [answer("r1", "2024-01-01", "5")],
    })  # fmt: skip
    assert faults(result) == {
        ("crm.opportunity_splits", "O1|u1", "bad_split", "share"),
        ("crm.opportunity_splits", "O1|u2", "bad_split", "share"),
        ("crm.opportunity_splits", "O2|gone", "orphan", "user_id"),
        ("crm.opportunity_splits", "O3|u1", "out_of_range", "share"),
        ("support.schedules", "s|2|60", "bad_value", "ends_minute"),
        ("support.schedules", "s|1|60", "bad_schedule", "schedule_id"),
        ("support.schedules", "t|1|60", "bad_schedule", "timezone"),
        ("support.schedules", "t|3|60", "bad_schedule", "timezone"),
        ("survey.surveys", "S", "bad_value", "scale_min"),
        ("survey.responses", "r1", "orphan_of_quarantined", "survey_id"),
    }
    assert counts(result, "crm.opportunities") == {"received": 3, "accepted": 3}


SURVEYS = [
    {"survey_id": "S", "survey_type": "csat", "scale_min": "1", "scale_max": "5"},
    {"survey_id": "N", "survey_type": "nps", "scale_min": "0", "scale_max": "10"},
    {"survey_id": "M", "survey_type": "nps", "scale_min": "1", "scale_max": "10"},
]


def test_edited_answers_and_relationship_responses(tmp_path):
    about = {"about_type": "ticket", "about_id": "X"}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT],
        "crm.contacts": [{"contact_id": key, "account_id": "A", "created_at": "2024-01-01"} for key in "KL"],
        "crm.transactions": [money("c1", "2024-01-05", "200")],
        "survey.surveys": SURVEYS,
        "survey.invitations": [
            {"invitation_id": key, "survey_id": "S", "about_type": "relationship", "sent_at": sent}
            for key, sent in (("i1", "2024-02-01"), ("i2", "2025-02-01"))
        ],
        "survey.responses": [
            answer("r1", "2024-02-10", "1", **about), answer("r2", "2024-03-10", "5", **about),  # an edit
            answer("r3", "2024-01-10", "2"), answer("r4", "2024-01-11", "2"),  # no invitation: each by itself
            answer("r6", "2024-01-12", "2", invitation_id="i1"), answer("r5", "2024-01-12", "2", invitation_id="i1"),
            answer("r7", "2024-01-12", "2", invitation_id="i2"),  # i2 is not sent yet: null, so by itself
            answer("r8", "2024-02-12", "3", contact_id=""), answer("r9", "2024-02-13", "2", contact_id="unknown"),
            answer("n1", "2024-02-01", "9", survey_id="N", contact_id="L"),
            answer("n2", "2024-02-02", "6.5", survey_id="N"),
            answer("n3", "2024-02-03", "10", survey_id="M"),
            answer("n4", "2024-02-03", "10.1", survey_id="N"),
        ],
    }, as_of="2024-03-31T00:00:00")  # fmt: skip
    found = by(result["fct_survey_responses"], "response_id")
    # r8 and r9 are one person (no contact) about two things; r1 was edited, r5 and r6 tie.
    assert set(found) == {"r2", "r3", "r4", "r6", "r7", "r8", "r9", "n1", "n2", "n3"}
    assert {key: (found[key]["survey_type"], found[key]["nps_class"]) for key in ("n1", "n2", "n3", "r2")} == {
        "n1": ("nps", "promoter"), "n2": ("nps", "passive"), "n3": ("nps_like", None), "r2": ("csat", None)}  # fmt: skip
    assert faults(result) == {("survey.responses", "n4", "out_of_range", "score")}
    customer = result["customer_lifetime"][0]
    # K says 5 of 1..5: 10; nobody says 2: u = 1/4, 3.25; the mean of the two is 6.625.
    assert customer["csat_1_10"] == Fraction(53, 8) and customer["ppp"] == 1325
    assert customer["nps_latest"] == Fraction(13, 2) and customer["is_recommend_stated"] is True
    months = by(result["customer_months"], "month")
    # January: K's 2 is 3.25. February, before the edit: K's 1 is 1, nobody's 3.25: 2.125.
    assert [row["csat_1_10"] for row in months.values()] == [Fraction(13, 4), Fraction(17, 8), Fraction(53, 8)]
    assert months[date(2024, 2, 1)]["ppp"] == 425


def test_whom_a_rating_is_about(tmp_path):
    def event(key: str, moment: str, actor: str, user: str = "", **more) -> dict:
        return {"event_id": key, "ticket_id": more.pop("ticket_id", "T1"), "occurred_at": f"2024-01-01T{moment}",
                "event_type": "comment", "actor_type": actor, "actor_user_id": user, **more}  # fmt: skip

    def about(response_id: str, kind: str = "ticket", key: str = "T1", **more) -> dict:
        return answer(response_id, "2024-02-01", "3", about_type=kind, about_id=key, **more)

    ticket = {"account_id": "A", "created_at": "2024-01-01T08:00:00"}
    result = run(tmp_path, {
        "crm.accounts": [ACCOUNT],
        "crm.users": [{"user_id": "bot", "team": "support", "is_bot": "TRUE"}, *(
            {"user_id": key, "team": "support", "is_deleted": "1" if key == "left" else ""}
            for key in ("u1", "u2", "u3", "left"))],
        "support.tickets": [{"ticket_id": "T1", **ticket}, {"ticket_id": "T2", **ticket}, {"ticket_id": "T3", **ticket},
                            {"ticket_id": "T4", "is_spam": "1", **ticket},
                            {"ticket_id": "T5", "merged_into_ticket_id": "T1", **ticket}],
        "support.ticket_events": [
            event("e1", "08:10", "agent", "u1"),  # the agent wrote first
            event("e2", "08:20", "agent", "u2"), event("e3", "08:20", "customer"),
            event("e4", "08:30", "agent", "u3", is_public="0"), event("e5", "08:40", "agent", "bot"),
            event("e6", "08:50", "agent", "u3"), event("e7", "08:55", "agent", "u1"),
            event("f1", "07:59", "agent", "u1", ticket_id="T2"), event("f2", "08:00", "agent", "u2", ticket_id="T2"),
            event("g1", "08:00", "bot", "bot", ticket_id="T3"),
            event("h1", "09:00", "agent", "u1", ticket_id="T4"), event("h2", "09:00", "agent", "u1", ticket_id="T5"),
        ],
        "crm.touches": [{"touch_id": key, "occurred_at": "2024-01-01", "channel": "mail", "direction": "outbound",
                         "user_id": user} for key, user in (("t1", "u2"), ("t2", "bot"))],
        "crm.opportunities": [
            {"opportunity_id": "O1", "account_id": "A", "created_at": "2024-01-01", "owner_user_id": "u1",
             "owner_at_close_user_id": "u2"},
            {"opportunity_id": "O2", "account_id": "A", "created_at": "2024-01-01", "owner_user_id": "u1",
             "owner_at_close_user_id": "left"}],
        "survey.surveys": SURVEYS,
        "survey.invitations": [{"invitation_id": key, "survey_id": "S", "about_type": "ticket", "about_id": "T1",
                                "about_user_id": user, "sent_at": "2024-01-02"}
                               for key, user in (("i1", "u1"), ("i2", "bot"), ("i3", "left"))],
        "survey.responses": [
            about("r1", "ticket", "T1"), about("r2", "ticket", "T2"), about("r3", "ticket", "T3"),
            about("r4", "ticket", "T4"), about("r5", "ticket", "T5"), about("r6", "touch", "t1"),
            about("r7", "touch", "t2"), about("r8", "opportunity", "O1"), about("r9", "opportunity", "O2"),
            about("s1", "transaction", "x", about_user_id="u3"),
            about("s2", "touch", "y1", invitation_id="i1", about_user_id="u2"),
            about("s3", "touch", "y2", invitation_id="i2", about_user_id="u2"),
            about("s4", "touch", "y3", invitation_id="i3", about_user_id="u2"),
        ],
    })  # fmt: skip
    assert {row["response_id"]: row["about_user_id"] for row in result["fct_survey_responses"]} == {
        "r1": "u3", "r2": "u2", "r3": None, "r4": None, "r5": None, "r6": "u2", "r7": None, "r8": "u2", "r9": "u1",
        "s1": "u3", "s2": "u1", "s3": None, "s4": "u2"}  # fmt: skip


def test_lines_that_cannot_be_read_lose_no_other(tmp_path):
    (tmp_path / "crm" / "accounts").mkdir(parents=True)
    (tmp_path / "crm" / "accounts" / "one.csv").write_bytes(
        b"\xef\xbb\xbfaccount_id,account_name,created_at\r\n"
        b'a1,"two\r\nlines, ""quoted""",2024-01-01\r\n'
        b'a2,"broken,2024-01-01\r\n'
        b'a3,"fine",2024-01-01\r\n'
        b"a4,2024-01-01\r\n"
        b'a5,"two\r\na0,x,2024-01-01",2024-01-01,more\r\n'
        b"a6,\xff,2024-01-01\r\n"
        b'a7,"x"y,2024-01-01\r\n'
        b"\r\n"
        b'a8,5" pipe,2024-01-01'
    )
    (tmp_path / "crm" / "accounts" / "two.csv").write_text(
        'created_at,unheard_of,account_id\n2024-01-01,1,a9\n,,b1\n01.02.2024,,b2\n2024-01-01,,""\n'
    )
    pq.write_table(
        pa.table({
            "account_id": pa.array([1, 2], pa.int64()), "segment": ["", "s"],
            "created_at": pa.array([datetime(2024, 1, 1), datetime(2025, 1, 1)], pa.timestamp("ns", "Europe/Berlin")),
            "is_deleted": [None, False],
        }), tmp_path / "crm" / "accounts" / "three.parquet")  # fmt: skip
    result = run(tmp_path)
    assert counts(result, "crm.accounts") == {"received": 14, "accepted": 6, "quarantined": 7, "future": 1}
    assert {row["account_id"] for row in result["dim_customers"]} == {"a1", "a3", "a8", "a9", "1", "b1"}
    reasons = sorted((row["reason"], row["row_key"]) for row in result["quarantined"] if row["row_key"] is not None)
    assert reasons == [("bad_type", "b2"), ("missing_required", "")]
    assert sum(row["reason"] == "unreadable_line" for row in result["quarantined"]) == 5


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        ("boolean", {"TRUE": True, "0": False, "False": False, " true\u200b": True}, ["yes", "1.0", "t rue"]),
        ("integer", {"1": 1, "1.0": 1, "-3": -3}, ["1.5", "1e3", "", "1_000"]),
        ("decimal", {"1e3": 1000, "0.0000005": Decimal("0.000001"), "-0.0000005": Decimal("-0.000001"), ".5": Decimal("0.5"),
                     "999999999999.999999": Decimal("999999999999.999999")},
         ["nan", "inf", "1,5", "1 0", "0x1"]),
        ("timestamp", {"2024-01-01": datetime(2024, 1, 1), "2024-01-01T02:00:00+02:00": datetime(2024, 1, 1),
                       "2024-01-01 00:00:00.5Z": datetime(2024, 1, 1, 0, 0, 0, 500000),
                       "2024-01-01T00:00-15:59": datetime(2024, 1, 1, 15, 59), "0001-01-01": datetime(1, 1, 1)},
         ["2024-01-01T00:00+16:00", "0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00", "0000-12-31", "2024-02-30", "2024-01-01T25:00", "1704067200", "01/02/2024", "2024-01-01T00:00:00 UTC"]),
        ("date", {"2024-01-01": date(2024, 1, 1), "2024-01-01T00:00:00Z": date(2024, 1, 1),
                  "2024-01-01T00:00+02:00": date(2024, 1, 1), "2024-01-01 00:00:00.000-15:59": date(2024, 1, 1)},
         ["2024-01-01T00:00:01", "2024-1-1", "2024-01-01T02:00+02:00", "2024-01-01T00:00+16:00", "0000-01-01"]),
        ("text", {"\u2003\ufeffA\u00a0b\u2060\r\n": "A\u00a0b", "\x1fA": "\x1fA"}, ["A\0b"]),
        ("ratio", {"0.1234567890125": Decimal("0.123456789013"), "1000000": 1000000}, ["1 %"]),
    ],
)  # fmt: skip
def test_forms_of_the_types(kind, good, bad):
    assert {text: parse(kind, text) for text in good} == good
    for text in bad:
        with pytest.raises(ValueError):
            parse(kind, text)


def test_future_local_months_and_cohorts(tmp_path):
    result = run(tmp_path, {
        "crm.accounts": [{**ACCOUNT, "segment": "big"}, {**ACCOUNT, "account_id": "B"},
                         {**ACCOUNT, "account_id": "C", "created_at": "2024-03-01T00:00:01"}],
        "crm.campaigns": [{"campaign_id": "M", "campaign_name": "m", "channel": "mail"}],
        "crm.leads": [
            {"lead_id": "l2", "created_at": "2024-01-02", "account_id": "A", "channel": "web", "campaign_id": "M"},
            {"lead_id": "l3", "created_at": "2024-01-03", "account_id": "A", "channel": "late"},
            {"lead_id": "l4", "created_at": "2024-01-01", "account_id": "C", "channel": "late"},
            {"lead_id": "l5", "created_at": "2024-01-01", "account_id": "nowhere", "channel": "late"}],
        "crm.transactions": [
            money("a1", "2024-01-31T23:30:00Z", "100"),  # the first of February in Berlin
            money("a2", "2024-03-01T00:00:00Z", "10"), money("a3", "2024-03-01T00:00:00.000001Z", "1"),
            money("b1", "2024-02-10", "40", account_id="B"), money("c1", "2024-02-10", "40", account_id="C"),
        ],
        "survey.surveys": SURVEYS, "survey.responses": [answer("r1", "2024-02-20", "5", contact_id="")],
    }, as_of="2024-03-01T00:00:00", reporting_timezone="Europe/Berlin")  # fmt: skip
    assert counts(result, "crm.transactions") == {"received": 5, "accepted": 3, "future": 1, "excluded": 1}
    assert counts(result, "crm.leads") == {"received": 4, "accepted": 3, "excluded": 1}
    february = date(2024, 2, 1)
    cells = by(result["customer_cohorts"], "cohort_month", "months_since", "segment")
    assert {key: (row["customers"], row["active_customers"], row["reporting_amount"], row["cltv"])
            for key, row in cells.items()} == {
        (february, 0, "all"): (2, 2, 140, 140), (february, 0, "big"): (1, 1, 100, 100),
        (february, 0, "(none)"): (1, 1, 40, 40), (february, 1, "all"): (2, 1, 10, 150),
        (february, 1, "big"): (1, 1, 10, 110), (february, 1, "(none)"): (1, 0, 0, 40)}  # fmt: skip
    dimension = by(result["dim_customers"], "account_id")
    assert {key: (row["is_customer"], row["acquisition_campaign_id"], row["acquisition_channel"])
            for key, row in dimension.items()} == {"A": (True, "M", "web"), "B": (True, None, None)}  # fmt: skip
    subjects = by(result["ppp_summary"], "subject_type", "subject_id")
    company = subjects["company", "all"]
    # A says 10 of 10 on 110 of 150.
    assert (company["customers"], company["cltv"], company["ppp"]) == (2, 150, 1100)
    assert company["csat_revenue_coverage"] == Fraction(11, 15) == company["ppp_yield"]
    assert company["responders_csat"] == 10
    assert subjects["segment", "(none)"]["ppp_yield"] == 0 and subjects["segment", "(none)"]["responders_csat"] is None


def test_an_empty_folder_is_26_tables_of_nothing(tmp_path):
    result = run(tmp_path)
    assert len(result["input_reconciliation"]) == 26
    assert all(row[key] == 0 for row in result["input_reconciliation"] for key in ("received", *STATUSES))
    assert [row["ppp_yield"] for row in result["ppp_summary"]] == [None]
