"""The oracle computes credit, shared inputs, statements, closes and disputes as worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from helpers.small_companies import ACCOUNT, by, money, run
from oracle.compensation import Ledger, attainment, close, in_cents, in_places, typed

USERS = [{"user_id": key, "team": team} for key, team in
         (("m1", "marketing"), ("m2", "marketing"), ("s1", "sales"), ("s2", "sales"), ("o1", "success"))]  # fmt: skip
USERS += [{"user_id": "bot", "team": "sales", "is_bot": "1"}, {"user_id": "mbot", "team": "marketing", "is_bot": "1"}]
LEAD = {"lead_id": "L1", "account_id": "A", "created_at": "2020-01-01", "owner_user_id": "m1"}
CSAT = {"survey_id": "S", "survey_type": "csat", "scale_min": "0", "scale_max": "10"}
MARCH, APRIL, MAY, JUNE = (date(2024, month, 1) for month in (3, 4, 5, 6))
NOTHING_CLOSED = Ledger()


def account(key: str = "A") -> dict:
    return ACCOUNT | {"account_id": key}


def deal(key: str, closed_at: str = "", owner: str = "", **more) -> dict:
    return {"opportunity_id": key, "account_id": "A", "created_at": "2020-01-01", "closed_at": closed_at,
            "is_won": "1" if closed_at else "", "owner_user_id": owner, **more}  # fmt: skip


def split(deal_id: str, **shares: str) -> list[dict]:
    return [{"opportunity_id": deal_id, "user_id": key, "share": share} for key, share in shares.items()]


def assigned(key: str, user_id: str, at: str, **more) -> dict:
    return {"assignment_id": key, "account_id": "A", "user_id": user_id, "assigned_at": at, **more}


def plan(metric: str, target: str, *, plan_id="P", version="1", scenario="actual", since="2024-01-01", until="",
         teams=("marketing", "sales"), weight="1", threshold="", cap="", rate="1") -> list[dict]:  # fmt: skip
    return [{"plan_id": plan_id, "plan_version": version, "scenario": scenario, "valid_from": since, "valid_to": until,
             "team": team, "metric_name": metric, "weight": weight, "threshold": threshold, "target": target, "cap": cap,
             "accelerated_rate": rate} for team in teams]  # fmt: skip


def member(user_id: str, pay: str = "1000", since: str = "2024-01-01", until: str = "", plan_id: str = "P") -> dict:
    return {
        "user_id": user_id,
        "plan_id": plan_id,
        "target_pay": pay,
        "valid_from": since,
        "valid_to": until,
    }


def closed(*months: int) -> list[dict]:
    """Months of 2024, each closed on the third of the next."""
    return [{"period": f"2024-{month:02}-01", "closed_at": f"2024-{month + 1:02}-03T00:00:00", "closed_by": "f"}
            for month in months]  # fmt: skip


def dispute(key: str, amount: str, decision: str = "accepted", decided_on: str = "2024-04-15", **more) -> dict:
    return {"dispute_id": key, "period": "2024-03-01", "user_id": "s1", "metric_name": "cltv_growth",
            "decision": decision, "decided_on": decided_on, "decided_by": "f", "amount": amount, **more}  # fmt: skip


def read(rules: dict[str, list[dict]]) -> dict[str, list[dict]]:
    return {name: [{key: typed(key, cell) for key, cell in row.items()} for row in rows]
            for name, rows in rules.items()}  # fmt: skip


def company(
    folder, tables: dict, as_of: str = "2024-06-10T00:00:00", *, ledger=NOTHING_CLOSED, options=(), **rules
) -> dict:
    known = {"crm.accounts": [account()], "crm.users": USERS, "crm.transactions": [money("T0", "2024-03-05", "100")]}
    return run(folder, known | tables, as_of, rules=read(rules), ledger=ledger, **dict(options))


def candidates(rows: list[dict], side: str, **wanted: str) -> list[tuple]:
    rows = [row for row in rows if row["side"] == side and all(row[key] == value for key, value in wanted.items())]
    assert sum(row["weight"] for row in rows) == 1
    return [(row["candidate_rank"], row["rule"], row["user_id"], row["weight"], row["source_id"]) for row in rows]


# --------------------------------------------------------------------------------------------------------------- credit


def test_every_rule_of_sales_and_its_moment(tmp_path):
    deals = [
        deal("D1", "2024-04-01T00:00:00", "s1"), deal("D2", owner="o1"), deal("D3", owner="bot"),
        deal("D4", "2024-05-01T00:00:00", "m1"), deal("D5", "2024-05-01T00:00:00"), deal("D6"), deal("D7", owner="s1"),
    ]  # fmt: skip
    lost = {"opportunity_id": "D0", "account_id": "A", "created_at": "2020-01-01", "closed_at": "2024-05-30"}
    result = company(tmp_path, {
        "crm.opportunities": [*deals, lost | {"is_won": "0", "owner_user_id": "s2"}],
        "crm.opportunity_splits": [*split("D1", s2="0.25", s1="0.75", m1="1"), *split("D6", bot="0.4", s1="0.6"),
                                   *split("D7", bot="1")],
        "crm.account_assignments": [
            assigned("1", "s1", "2024-03-01"), assigned("2", "s2", "2024-03-10", rejected_at="2024-03-11"),
            assigned("3", "o1", "2024-03-12"), assigned("4", "bot", "2024-03-12"),
            assigned("5", "s2", "2024-05-31", unassigned_at="2024-06-02"), assigned("6", "s1", "2024-05-31"),
        ],
        "crm.transactions": [
            money("T0", "2024-02-29T23:59:59", "100"), money("T1", "2024-03-10T12:00:00", "1"),
            money("T2", "2024-03-11", "1"), money("T3", "2024-03-31T23:59:59.999999", "1"),
            money("T4", "2024-04-01T00:00:00", "1"), money("T5", "2024-06-01", "1"),
            money("T6", "2024-06-02", "1", opportunity_id="D2"), money("T7", "2024-06-02", "1", opportunity_id="D3"),
            money("T8", "2024-06-02", "1", opportunity_id="D6"), money("T9", "2024-06-02", "1", opportunity_id="D7"),
        ],
    })  # fmt: skip

    def sales(key: str) -> list[tuple]:
        return candidates(result["credit_transactions"], "sales", transaction_id=key)

    assert sales("T0") == [(1, "uncredited", None, 1, None)]  # before anybody had it
    assert sales("T1") == [(1, "assigned_sales", "s2", 1, "2")]
    assert sales("T2") == [(1, "assigned_sales", "s1", 1, "1")]  # rejected at that very moment
    assert sales("T3") == [(1, "assigned_sales", "s1", 1, "1")]
    split_one = [
        (1, "latest_won_deal", "s1", Decimal("0.75"), "D1:s1"),
        (2, "latest_won_deal", "s2", Decimal("0.25"), "D1:s2"),
    ]
    assert sales("T4") == [*split_one, (3, "latest_won_deal", "s1", 0, "D1"), (4, "assigned_sales", "s1", 0, "1")]
    # The latest of two at one moment is D5, which belongs to nobody; of two assignments at one moment the greater id counts.
    assert sales("T5") == [(1, "assigned_sales", "s1", 1, "6")]
    assert sales("T6") == [(1, "deal_owner", "o1", 1, "D2"), (2, "assigned_sales", "s1", 0, "6")]
    assert sales("T7") == [(1, "assigned_sales", "s1", 1, "6")]  # a bot's deal
    assert sales("T8") == [(1, "deal_split", "s1", Decimal("0.6"), "D6:s1"), (2, "assigned_sales", "s1", 0, "6"),
                           (3, "uncredited", None, Decimal("0.4"), None)]  # fmt: skip
    # The share of a bot alone belongs to nobody, and so does the deal: neither its owner nor the account's gets anything.
    assert sales("T9") == [(1, "deal_owner", "s1", 0, "D7"), (2, "assigned_sales", "s1", 0, "6"),
                           (3, "uncredited", None, 1, None)]  # fmt: skip
    assert candidates(result["comp_credits"], "sales") == [(1, "assigned_sales", "s1", 1, "6")]
    months = {(row["month"].month, row["user_id"]): row["weight"]
              for row in result["customer_month_credits"] if row["side"] == "sales"}  # fmt: skip
    # At February's and March's ends nothing was won; a deal of 1 May 00:00 does not count for April.
    assert months == {(2, None): 1, (3, "s1"): 1, (4, "s1"): Decimal("0.75"), (4, "s2"): Decimal("0.25"),
                      (5, "s1"): 1, (6, "s1"): 1}  # fmt: skip


def test_a_deal_is_whose_it_was_when_it_closed(tmp_path):
    """Its owner at close; else of its versions the earliest that is closed; else who has it now."""

    def known(key: str, owner: str, loaded_on: str, closed_at: str = "2024-04-01", **more: str) -> dict:
        return deal(key, closed_at, owner, _loaded_at=loaded_on, currency_code="EUR", **{"amount": "10"} | more)

    versions = [
        known("D1", "s1", "2024-04-02"), known("D1", "s2", "2024-04-20"),  # moved after the close
        known("D2", "s1", "2024-03-02", ""), known("D2", "s2", "2024-04-20"),  # moved before it
        known("D3", "s1", "", owner_at_close_user_id="s2"),
        known("D4", "s1", "2024-04-02", is_deleted="1"), known("D4", "s1", "2024-04-03", amount="x"),
        known("D4", "s1", "2024-04-03", "2024-06-11"), known("D4", "s2", "2024-04-20"),  # deleted, faulty, still to come
        known("D5", "gone", "2024-04-02"), known("D5", "s2", "2024-04-20"),
        known("D6", "s1", "", updated_at="2024-04-20"), known("D6", "s2", "2024-04-02", updated_at="2024-04-03"),
        known("D7", "bot", "2024-04-02"), known("D7", "s2", "2024-04-20"),
        known("D8", "s1", "2024-04-02"), known("D8", "s2", "2024-04-20", ""),  # reopened
        known("D9", "s2", "2024-04-20", owner_at_close_user_id="gone"), known("D9", "s1", "2024-04-02"),
    ]  # fmt: skip
    keys = [f"D{number}" for number in range(1, 10)]
    about = {
        "survey_id": "S",
        "account_id": "A",
        "score": "5",
        "responded_at": "2024-05-01",
        "about_type": "opportunity",
    }
    result = company(
        tmp_path,
        {"crm.opportunities": versions, "survey.surveys": [CSAT],
         "survey.responses": [about | {"response_id": key, "about_id": key} for key in keys],
         "crm.transactions": [money(key, "2024-03-01", "1", opportunity_id=key) for key in keys]},
        comp_plans=plan("cltv_growth", "100"), comp_participants=[member("s1"), member("s2")],
    )  # fmt: skip
    owners = dict(zip(keys, ("s1", "s2", "s2", "s2", "s2", "s1", None, "s1", "s1")))
    credited = {key: candidates(result["credit_transactions"], "sales", transaction_id=key)[0][2] for key in keys}
    assert credited == owners
    assert {row["response_id"]: row["about_user_id"] for row in result["fct_survey_responses"]} == owners
    # Won in April: D1, D6 and D9 of s1, D2 to D5 of s2. D8 is open again, and counts only as a deal of a transaction.
    assert figures(result, "bookings", APRIL, "s1")["raw_value"] == 30
    assert figures(result, "bookings", APRIL, "s2")["raw_value"] == 40


def test_a_deal_that_only_a_bot_shares_is_nobodys(tmp_path):
    won = [deal(key, "2024-03-01", "s1", account_id=key, amount="10", currency_code="EUR") for key in "ABC"]
    result = company(
        tmp_path,
        {"crm.accounts": [account(key) for key in "ABC"], "crm.opportunities": won,
         "crm.opportunity_splits": [*split("A", bot="1"), *split("B", bot="0.75", s2="0.25"), *split("C", m1="1")],
         "crm.transactions": [money(key, "2024-03-05", "100", account_id=key) for key in "ABC"]},
        comp_plans=plan("cltv_growth", "100"), comp_participants=[member("s1"), member("s2")],
    )  # fmt: skip

    def value(metric: str, user_id: str) -> Fraction:
        return figures(result, metric, MARCH, user_id)["raw_value"]

    # C is shared on the side of marketing alone, so that it is its owner's on that of sales.
    assert (value("cltv_growth", "s1"), value("cltv_growth", "s2")) == (100, 25)
    assert (value("bookings", "s1"), value("bookings", "s2")) == (10, Fraction(5, 2))
    assert {row["user_id"]: row["weight"] for row in result["customer_month_credits"]
            if row["side"] == "sales" and row["account_id"] == "A"} == {None: 1}  # fmt: skip


def test_marketing_owners_of_campaigns_then_of_the_earliest_lead(tmp_path):
    def touch(key: str, day: str, campaign: str) -> dict:
        return {"touch_id": key, "occurred_at": f"2024-03-{day}", "channel": "mail", "direction": "outbound",
                "account_id": "A", "campaign_id": campaign}  # fmt: skip

    campaigns = [{"campaign_id": key, "campaign_name": "c", "channel": "mail", "owner_user_id": owner}
                 for key, owner in (("C1", "m1"), ("C2", "mbot"), ("C3", ""), ("C4", "m2"))]  # fmt: skip
    touches = [touch("1", "01", "C4"), touch("2", "02", "C1"), touch("3", "03", "C2"), touch("4", "04", "C3"),
               touch("5", "05", "C1")]  # fmt: skip
    tables = {"crm.campaigns": campaigns, "crm.touches": touches, "crm.accounts": [account(), account("B")],
              "crm.leads": [LEAD | {"lead_id": "L2"}, LEAD | {"lead_id": "L0", "owner_user_id": "m2"},
                            LEAD | {"lead_id": "LB", "account_id": "B", "owner_user_id": "mbot"}],
              "crm.transactions": [money("T0", "2024-03-06", "100"), money("TB", "2024-03-06", "9", account_id="B")]}  # fmt: skip
    result = company(tmp_path, tables)
    third = Decimal("0.066666666667")  # a third of the middle 20 %
    # 40 % to the first, C4; the last, C1, has the remainder of rounding, and its middle third of 20 %.
    assert candidates(result["comp_credits"], "marketing", account_id="A") == [
        (1, "campaign_owner", "m1", third + 1 - Decimal("0.4") - 3 * third, "C1"),
        (2, "campaign_owner", "m2", Decimal("0.4"), "C4"), (3, "lead_owner", "m2", 2 * third, "L0"),
    ]  # fmt: skip
    assert candidates(result["comp_credits"], "marketing", account_id="B") == [(1, "uncredited", None, 1, None)]
    first = company(tmp_path, tables, options={"credit_attribution_model": "first"})
    assert candidates(first["comp_credits"], "marketing", account_id="A") == [
        (1, "campaign_owner", "m1", 0, "C1"), (2, "campaign_owner", "m2", 1, "C4"), (3, "lead_owner", "m2", 0, "L0"),
    ]  # fmt: skip
    assert [row["side"] for row in first["customer_month_credits"] if row["user_id"] == "m2"] == ["marketing"] * 4


# -------------------------------------------------------------------------------------------------------- shared metrics


def figures(result: dict, metric: str, period: date, user_id: str) -> dict:
    return by(result["shared_comp_inputs"], "metric_name", "period", "user_id")[metric, period, user_id]


def test_sums_of_a_period(tmp_path):
    products = [{"product_id": key, "product_family": key} for key in "FG"]
    result = company(
        tmp_path,
        {
            "crm.products": products, "crm.leads": [LEAD],
            "crm.opportunities": [
                deal("D1", "2024-03-31T23:30:00", "s1", amount="1000", currency_code="EUR"),
                deal("D2", "2024-04-02", amount="60", currency_code="EUR"), deal("D3", "2024-04-03", "s2"),
                deal("D4", "2024-04-04", amount="70", currency_code="EUR", account_id="B"),
            ],
            "crm.accounts": [account(), account("B")],
            "crm.opportunity_splits": split("D1", s1="0.4", s2="0.6"),
            "crm.transactions": [
                money("T1", "2024-03-05", "100", product_id="F"), money("T2", "2024-04-01", "50", product_id="G"),
                money("T3", "2024-04-20", "10", "refund", original_transaction_id="T2"),
            ],
            "crm.referrals": [{"referral_id": "R", "referrer_account_id": "A", "referred_lead_id": "N",
                               "referred_at": "2024-02-01"}],
        }
        | {"crm.leads": [LEAD, {"lead_id": "N", "created_at": "2024-02-01", "qualified_at": "2024-04-09"}]},
        comp_plans=plan("cltv_growth", "100"), comp_participants=[member("s1"), member("s2"), member("m1"), member("o1")],
    )  # fmt: skip

    def value(metric: str, period: date, user_id: str) -> tuple:
        row = figures(result, metric, period, user_id)
        assert row["payable_value"] == row["raw_value"] == row["numerator"]
        assert (row["denominator"], row["credibility"], row["coverage"], row["is_payable"]) == (None, None, None, True)
        return row["payable_value"], row["n_customers"]

    assert {row["user_id"] for row in result["shared_comp_inputs"]} == {"s1", "s2", "m1"}  # no rows for success
    assert {row["period"] for row in result["shared_comp_inputs"]} == {MARCH, APRIL, MAY, JUNE}
    assert value("cltv_growth", MARCH, "s1") == (0, 0)  # nothing was won yet
    # 40 % of the sale at the very moment after D1's month; the refund is s2's, who has the account by then.
    assert value("cltv_growth", APRIL, "s1") == (20, 1) and value("cltv_growth", APRIL, "s2") == (20, 1)
    assert value("cross_sell", APRIL, "s1") == (20, 1) and value("cross_sell", APRIL, "m1") == (40, 1)
    assert value("up_sell", APRIL, "m1") == (0, 0) and value("cltv_growth", APRIL, "m1") == (40, 1)
    assert value("bookings", MARCH, "s1") == (400, 1) and value("bookings", MARCH, "m1") == (1000, 1)
    # B has no lead; D2 belongs to nobody, but to the marketer of the account; D3 has no amount.
    assert value("bookings", APRIL, "m1") == (60, 1) and value("bookings", APRIL, "s2") == (0, 1)
    # Until 1 April it is D1's split that is latest; at April's end D3, of s2 alone.
    assert value("referrals_realised", APRIL, "s2") == (1, 1) and value("referrals_realised", APRIL, "s1") == (0, 0)


def test_a_transaction_is_whose_the_customer_was_at_its_moment(tmp_path):
    deals = [deal("D1", "2024-03-31", "s1"), deal("D3", "2024-04-03", "s2")]
    lines = [money("T1", "2024-04-02", "7"), money("T2", "2024-04-03", "5"), money("T3", "2024-04-05", "3")]
    rules = {"comp_plans": plan("cltv_growth", "1"), "comp_participants": [member("s1"), member("s2")]}
    result = company(tmp_path, {"crm.opportunities": deals, "crm.transactions": lines}, **rules)
    assert figures(result, "cltv_growth", APRIL, "s1")["raw_value"] == 7
    assert figures(result, "cltv_growth", APRIL, "s2")["raw_value"] == 8


def test_rates_of_a_period(tmp_path):
    accounts = [account(key) for key in "ABCDEF"]
    lines = [money("TF", "2024-03-04T23:59:59.999999", "1", account_id="F")]
    lines += [money(f"T{key}", "2024-03-05", amount, account_id=key)
             for key, amount in (("A", "100"), ("B", "50"), ("C", "30"), ("D", "20"))]  # fmt: skip
    lines += [money("TE", "2024-05-05", "5", account_id="E"), money("RB", "2024-05-06", "60", "refund", account_id="B")]
    owned = [deal(f"D{key}", "2024-03-01", "s2" if key == "F" else "s1", account_id=key) for key in "ABCDEF"]
    ended = {"subscription_id": "1", "account_id": "B", "product_id": "F", "quantity": "1", "monthly_amount": "1",
             "currency_code": "EUR", "started_on": "2024-01-01", "ended_on": "2024-04-30"}  # fmt: skip
    later = ended | {"subscription_id": "2", "account_id": "C", "ended_on": "2024-05-01"}
    again = ended | {"subscription_id": "3", "account_id": "D", "started_on": "2024-06-01", "ended_on": ""}

    def outcome(key: str, due_at: str, verified_at: str, weight: str = "1", who: str = "A", **more: str) -> dict:
        return {"outcome_id": key, "account_id": who, "outcome_name": "o", "defined_at": "2024-01-01", "due_at": due_at,
                "weight": weight, "verified_at": verified_at, "verified_by": "customer", **more}  # fmt: skip

    result = company(
        tmp_path,
        {
            "crm.accounts": accounts, "crm.transactions": lines, "crm.products": [{"product_id": "F", "product_family": "F"}],
            "crm.opportunities": owned, "crm.opportunity_splits": split("DA", s1="0.5", s2="0.5"),
            "crm.subscriptions": [ended, later, again],
            "crm.outcomes": [
                outcome("1", "2024-05-31T23:59:59", "2024-05-31T23:59:59"), outcome("2", "2024-05-02", "2024-05-03"),
                outcome("3", "2024-05-02", "2024-05-01", "3", "B"), outcome("4", "2024-05-02", "", abandoned_at="2024-05-01"),
                outcome("5", "2024-06-01", "2024-05-01"), outcome("6", "2024-05-09", "2024-05-01", verified_by="vendor"),
            ],
            "survey.surveys": [CSAT],
            "survey.responses": [{"response_id": key, "survey_id": "S", "account_id": who, "score": score, "responded_at": at}
                                 for key, who, score, at in (("1", "A", "10", "2024-04-02"), ("2", "B", "5", "2024-05-02"))],
        },
        comp_plans=plan("customer_retention", "1"), comp_participants=[member("s1"), member("s2")],
        options={"inactive_after_days": 57},
    )  # fmt: skip
    # Customers at the start of April: A to D, all with s1, A half. B's line has no day of 30 April; C's is active on it.
    # A, without lines, and D, whose line starts later, leave 57 days after 5 March, on 1 May 00:00, just past the end.
    april = figures(result, "customer_retention", APRIL, "s1")
    assert (april["numerator"], april["denominator"], april["n_customers"]) == (Fraction(5, 2), Fraction(7, 2), 4)
    # F, of s2, leaves at April's last moment itself.
    april = figures(result, "customer_retention", APRIL, "s2")
    assert (april["numerator"], april["denominator"]) == (Fraction(1, 2), Fraction(3, 2))
    # So May starts with A, C and D, and none of them is left at its end. E was no customer yet.
    may = figures(result, "customer_retention", MAY, "s1")
    assert (may["numerator"], may["denominator"], may["raw_value"], may["n_customers"]) == (0, Fraction(5, 2), 0, 3)
    assert figures(result, "customer_retention", MARCH, "s1")["payable_value"] is None
    assert not figures(result, "customer_retention", MARCH, "s1")["is_payable"]
    # Due in May: 1 on time, 2 late, 3 on time with weight 3 and whole, 6 verified by the vendor.
    due = figures(result, "outcomes_on_time", MAY, "s1")
    assert (due["numerator"], due["denominator"], due["n_customers"]) == (Fraction(7, 2), Fraction(9, 2), 2)
    # A: 10 of 10, so csat 10, ppp 1000; B: 5 of 10, so csat 5.5, at cltv -10.
    yields = figures(result, "ppp_yield", MAY, "s1")
    assert yields["numerator"] == 500 - 55 and yields["denominator"] == 10 * (50 - 10 + 30 + 20 + 5)
    assert (yields["coverage"], yields["n_customers"]) == (Fraction(40, 95), 5)
    assert figures(result, "ppp_yield", MAY, "s2")["raw_value"] == Fraction(500, 510)


def test_handing_a_customer_on_does_not_hide_that_it_left(tmp_path):
    lines = [{"subscription_id": key, "account_id": key, "product_id": "F", "quantity": "1", "monthly_amount": "1",
              "currency_code": "EUR", "started_on": "2024-03-01", "ended_on": end} for key, end in
             (("A", "2024-05-20"), ("B", ""))]  # fmt: skip
    result = company(
        tmp_path,
        {"crm.accounts": [account("A"), account("B")], "crm.products": [{"product_id": "F", "product_family": "F"}],
         "crm.transactions": [money(key, "2024-03-01", "1", account_id=key) for key in "AB"], "crm.subscriptions": lines,
         "crm.account_assignments": [
             *(assigned(key, "s1", "2024-03-01", account_id=key) for key in "AB"),
             assigned("3", "s2", "2024-05-01"), assigned("4", "m1", "2024-05-02", account_id="B"),  # by the end of the month
         ]},
        comp_plans=plan("customer_retention", "1"), comp_participants=[member("s1"), member("s2")],
    )  # fmt: skip
    # Both were s1's as April ended, though A was handed on at the very start of May, and was gone 19 days later.
    row = figures(result, "customer_retention", MAY, "s1")
    assert (row["numerator"], row["denominator"], row["n_customers"]) == (1, 2, 2)
    assert figures(result, "customer_retention", MAY, "s2")["denominator"] is None
    assert figures(result, "customer_retention", MARCH, "s1")["denominator"] is None  # nobody was there before it


def test_the_running_month_ends_on_the_local_day(tmp_path):
    """Where the last day of a subscription is over in one zone, and not yet in another."""
    tables = {
        "crm.products": [{"product_id": "F", "product_family": "F"}],
        "crm.account_assignments": [assigned("1", "s1", "2024-03-02")],
        "crm.subscriptions": [{"subscription_id": "1", "account_id": "A", "product_id": "F", "quantity": "1", "currency_code": "EUR",
                               "monthly_amount": "10", "started_on": "2024-03-01", "ended_on": "2024-06-01"}],
    }  # fmt: skip
    for zone, as_of, periods, kept in (("Asia/Tokyo", "2024-05-31T18:00:00", JUNE, 0), ("UTC", "2024-05-31T18:00:00", MAY, 1),
                                       ("America/Los_Angeles", "2024-06-01T04:00:00", MAY, 1)):  # fmt: skip
        result = company(
            tmp_path, tables, as_of, options={"reporting_timezone": zone},
            comp_plans=plan("customer_retention", "1"), comp_participants=[member("s1")],
        )  # fmt: skip
        assert max(row["period"] for row in result["shared_comp_inputs"]) == periods
        assert figures(result, "customer_retention", periods, "s1")["numerator"] == kept
        assert result["customer_lifetime"][0]["is_churned"] == (not kept)
        assert max(row["month"] for row in result["subscription_months"]) == periods
        assert [row["movement"] for row in result["fct_subscription_movements"]] == ["new", "churn"][: 2 - kept]


def test_what_is_paid_is_floored_at_zero(tmp_path):
    lines = [
        money("1", "2024-03-05", "10"),
        money("2", "2024-03-06", "30", "refund"),
        money("3", "2024-03-07", "90", account_id="B"),
    ]
    answers = [{"response_id": "1", "survey_id": "S", "account_id": "A", "score": "10", "responded_at": "2024-03-20"}]
    tables = {"crm.accounts": [account(), account("B")], "crm.transactions": lines, "survey.surveys": [CSAT],
              "survey.responses": answers, "crm.opportunities": [deal("1", "2024-03-01", "s1"),
                                                                 deal("2", "2024-03-01", "s1", account_id="B")]}  # fmt: skip
    rules = {"comp_plans": plan("ppp_yield", "1"), "comp_participants": [member("s1")]}
    row = figures(company(tmp_path, tables, **rules), "ppp_yield", MARCH, "s1")
    assert (row["raw_value"], row["payable_value"], row["coverage"]) == (Fraction(-2, 7), 0, Fraction(-2, 7))


def test_satisfaction_is_credible_and_below_the_minimum_the_mean_of_the_team(tmp_path):
    whose = {"s1": "ABC", "s2": "DE", "m1": ""}
    deals = [deal(key, "2024-03-01", user, account_id=key) for user, keys in whose.items() for key in keys]
    given = [("A", "10"), ("A", "8"), ("B", "7"), ("C", "8"), ("D", "2"), ("E", "4")]
    result = company(tmp_path, {
        "crm.accounts": [account(key) for key in "ABCDE"], "crm.opportunities": deals, "survey.surveys": [CSAT],
        "crm.transactions": [money(key, "2024-03-05", "1", account_id=key) for key in "ABCDE"],
        "survey.responses": [{"response_id": str(n), "survey_id": "S", "account_id": who, "score": score, "contact_id": "",
                              "responded_at": f"2024-04-{n + 1:02}"} for n, (who, score) in enumerate(given)],
    }, comp_plans=plan("satisfaction", "1"), comp_participants=[member(key) for key in ("s1", "s2", "m1")],
        options={"rating_min_customers": 3})  # fmt: skip
    # Customers' means: .9 .7 .8 of s1 (mean .8, variance .01), .2 .4 of s2 (.3, .02); m = .6.
    # EPV = (2 x .01 + .02) / 3 = .04 / 3; VHM = (3 x .04 + 2 x .09 - .04 / 3) / (5 - 13 / 5) = .86 / 7.2.
    epv, vhm = Fraction(4, 300), Fraction(86, 720)
    first, second, third = (figures(result, "satisfaction", APRIL, key) for key in ("s1", "s2", "m1"))
    z = 3 / (3 + epv / vhm)
    assert (first["credibility"], first["payable_value"]) == (z, z * Fraction(4, 5) + (1 - z) * Fraction(3, 5))
    assert (first["numerator"], first["denominator"], first["coverage"], first["is_payable"]) == (
        Fraction(12, 5),
        3,
        1,
        True,
    )
    assert (second["raw_value"], second["payable_value"], second["is_payable"]) == (
        Fraction(3, 10),
        Fraction(3, 5),
        False,
    )
    assert second["credibility"] == 2 / (2 + epv / vhm)
    assert (third["raw_value"], third["payable_value"], third["credibility"]) == (None, None, None)  # of another team


# ------------------------------------------------------------------------------------------------------------ statements


@pytest.mark.parametrize(("value", "threshold", "cap", "reached"), [
    (None, "", "", "0"), ("-5", "", "", "0"), ("49.99", "50", "", "0"), ("50", "50", "", "0.5"), ("50", "", "", "0.5"),
    ("100", "", "", "1"), ("110", "", "", "1.2"), ("200", "", "1.5", "1.5"), ("200", "", "", "3"), ("200", "", "1", "1"),
    ("0", "0", "", "0"), ("-1", "-2", "", "0"), ("119", "120", "", "0"),
])  # fmt: skip
def test_attainment(value, threshold, cap, reached):
    (row,) = read({"comp_plans": plan("cltv_growth", "100", teams=["sales"], threshold=threshold, cap=cap, rate="2")})[
        "comp_plans"
    ]
    assert attainment(None if value is None else Fraction(value), row) == Decimal(reached)


def test_attainment_is_shown_in_twelve_places():
    (row,) = read({"comp_plans": plan("cltv_growth", "3", teams=["sales"])})["comp_plans"]
    assert attainment(Fraction(2), row) == Fraction(2, 3)
    assert in_places(12, Fraction(2, 3)) == Decimal("0.666666666667")
    assert in_places(12, Fraction(1, 2 * 10**12)) == Decimal("0.000000000001")  # a half is rounded away from zero
    assert in_places(1, Fraction(-1, 20)) == Decimal("-0.1")


def test_a_line_is_rounded_once(tmp_path):
    """579.50 of 6,000 of 300 is 28.975; of the attainment as shown, 0.096583333333, it would be a cent less."""
    result = company(
        tmp_path,
        {"crm.account_assignments": [assigned("1", "s1", "2024-03-02")], "crm.transactions": [money("T", "2024-03-11", "579.5")]},
        comp_plans=plan("cltv_growth", "6000"), comp_participants=[member("s1", "300")],
    )  # fmt: skip
    (line,) = (line for line in result["comp_statement_lines"] if line["period"] == MARCH)
    assert (line["payout"], line["attainment"]) == (Decimal("28.98"), Decimal("0.096583333333"))


def test_halves_of_a_cent_are_of_the_sum_of_lines(tmp_path):
    """Two lines of 0.0025 are half a cent together, and nothing each."""
    plans = [*plan("cltv_growth", "200", weight="0.5"), *plan("bookings", "200", weight="0.5")]
    sold = {"crm.opportunities": [deal("D", "2024-03-01", "s1", amount="100", currency_code="EUR")]}
    result = company(tmp_path, sold, comp_plans=plans, comp_participants=[member("s1", "0.01")])
    paid = {line["metric_name"]: line["payout"] for line in result["comp_statement_lines"] if line["period"] == MARCH}
    assert paid == {"cltv_growth": 0, "bookings": Decimal("0.01")}


def test_lines_sum_to_the_total_by_largest_remainder():
    def paid(**exact: str) -> dict:
        lines = in_cents([{"metric_name": name, "_exact": Fraction(amount)} for name, amount in exact.items()])
        return {line["metric_name"]: str(line["payout"]) for line in lines}

    assert paid(c="1/300", a="1/300", b="1/300") == {"c": "0.00", "a": "0.01", "b": "0.00"}
    assert paid(a="0.004", b="0.009", c="0.009") == {"a": "0.00", "b": "0.01", "c": "0.01"}
    assert paid(a="0.005", b="0") == {"a": "0.01", "b": "0.00"}


def lines_of(result: dict, period: date, user_id: str) -> list[tuple]:
    rows = [row for row in result["comp_statement_lines"] if (row["period"], row["user_id"]) == (period, user_id)]
    return [(row["plan_id"], row["plan_version"], row["proration"], row["payout"]) for row in rows]


def test_versions_joiners_leavers_raises_and_several_plans(tmp_path):
    result = company(
        tmp_path,
        {"crm.opportunities": [deal("D", "2024-03-01", "s1")]},
        comp_plans=[
            *plan("cltv_growth", "100", until="2024-03-11"),
            *plan("cltv_growth", "50", version="2", since="2024-03-11", cap="1"),
            *plan("cltv_growth", "200", plan_id="Q", since="2024-03-01", until="2024-04-01"),
        ],
        comp_participants=[
            member("s1", "310", until="2024-03-21"), member("s1", "620", since="2024-03-21", until="2024-03-31"),
            member("s1", "1000", plan_id="Q", since="2024-03-31"), member("s2", since="2024-04-30", until="2024-05-02"),
            member("o1"), member("m1", since="2024-05-05", until="2024-05-05"),
        ],
    )  # fmt: skip
    # 100 of 100, 50 and 200: 10 days at 310; 10 at 310 and 10 at 620; a day at 1000, half of it.
    days = Fraction(1, 31)
    assert lines_of(result, MARCH, "s1") == [("P", "1", 10 * days, 100), ("P", "2", 20 * days, 300),
                                             ("Q", "1", days, Decimal("16.13"))]  # fmt: skip
    assert [(row["period"], row["user_id"], row["proration"]) for row in result["comp_statement_lines"]
            if row["user_id"] != "s1"] == [(APRIL, "s2", Fraction(1, 30)), (MAY, "s2", Fraction(1, 31))]  # fmt: skip
    (two,) = (row for row in result["comp_statement_lines"] if row["plan_version"] == "2" and row["period"] == MARCH)
    assert two["target_pay"] == 465


def test_each_metric_has_its_weight_within_the_team(tmp_path):
    rows = [
        *plan("cltv_growth", "200", teams=["sales"], weight="0.7"),
        *plan("cross_sell", "1", teams=["sales"], weight="0.3"),
    ]
    rows += [*plan("cltv_growth", "200", teams=["marketing"], weight="0.25")]
    rows += [*plan("cross_sell", "1", teams=["marketing"], weight="0.75", threshold="0")]
    tables = {"crm.opportunities": [deal("D", "2024-03-01", "s1")], "crm.leads": [LEAD]}
    result = company(tmp_path, tables, comp_plans=rows, comp_participants=[member("s1"), member("m1")])
    paid = {(row["user_id"], row["metric_name"]): row["payout"]
            for row in result["comp_statement_lines"] if row["period"] == MARCH}  # fmt: skip
    assert paid == {
        ("s1", "cltv_growth"): 350,
        ("s1", "cross_sell"): 0,
        ("m1", "cltv_growth"): 125,
        ("m1", "cross_sell"): 0,
    }


# --------------------------------------------------------------------------------- closes, adjustments, disputes, what-if


SOLD = {"crm.opportunities": [deal("D", "2024-03-01", "s1")]}
PLAN = {"comp_plans": plan("cltv_growth", "100"), "comp_participants": [member("s1", "100")]}


def sold(march: str, *more: dict) -> dict:
    return SOLD | {"crm.transactions": [money("T0", "2024-03-05", march), *more]}


def adjustments(result: dict) -> list[tuple]:
    return sorted((row["period"].month, row["original_period"].month, row["dispute_id"] or "", row["amount"], row["is_closed"])
                  for row in result["comp_adjustments"])  # fmt: skip


def pay_of(result: dict, month: date) -> list[tuple]:
    return [(row["payout"], row["is_closed"]) for row in result["comp_statement_lines"] if row["period"] == month]


def test_late_knowledge_moves_money_through_adjustments_alone(tmp_path):
    one = company(tmp_path, sold("100"), "2024-04-02T12:00:00", **PLAN, closed_periods=closed(3))
    assert (pay_of(one, MARCH), one["comp_period_closes"]) == ([(100, False)], [])  # the close is still to come
    two = company(tmp_path, sold("100"), "2024-04-10T00:00:00", **PLAN, closed_periods=closed(3), ledger=close(one))
    assert pay_of(two, MARCH) == [(100, True)] and adjustments(two) == []
    (row,) = two["comp_period_closes"]
    assert (row["period"], row["as_of"], row["line_count"], row["payout_total"]) == (
        MARCH,
        datetime(2024, 4, 10),
        1,
        100,
    )
    # 30 of March were too much: closed lines stay, and the difference is April's, then May's once April is closed too.
    late = sold("70")
    three = company(tmp_path, late, "2024-04-20T00:00:00", **PLAN, closed_periods=closed(3), ledger=close(two))
    assert pay_of(three, MARCH) == [(100, True)] and adjustments(three) == [(4, 3, "", -30, False)]
    assert three["comp_period_closes"][0]["as_of"] == datetime(2024, 4, 10)
    four = company(tmp_path, late, "2024-05-10T00:00:00", **PLAN, closed_periods=closed(3, 4), ledger=close(three))
    assert adjustments(four) == [(4, 3, "", -30, True)]  # closed by this build, so posted in April still
    five = company(tmp_path, sold("85"), "2024-05-20T00:00:00", **PLAN, closed_periods=closed(3, 4), ledger=close(four))
    assert adjustments(five) == [(4, 3, "", -30, True), (5, 3, "", 15, False)]
    six = company(tmp_path, late, "2024-05-21T00:00:00", **PLAN, closed_periods=closed(3, 4), ledger=close(five))
    assert adjustments(six) == [(4, 3, "", -30, True)]  # a period that was not closed follows the latest knowledge
    paid = sum(amount for amount, _ in pay_of(six, MARCH)) + sum(row[3] for row in adjustments(six))
    assert paid == 70


def test_two_months_closed_at_once_and_adjustments_by_the_clawback_window(tmp_path):
    one = company(tmp_path, sold("100"), "2024-04-10T00:00:00", **PLAN, closed_periods=closed(3))
    two = company(
        tmp_path, sold("70"), "2024-06-10T00:00:00", **PLAN, closed_periods=closed(3, 4, 5), ledger=close(one)
    )
    assert adjustments(two) == [(4, 3, "", -30, True)]
    for months, expected in ((3, [(6, 3, "", 20, False)]), (2, [])):  # posted in June: three months after March
        options = {"clawback_months": months}
        three = company(
            tmp_path, sold("90"), **PLAN, closed_periods=closed(3, 4, 5), ledger=close(two), options=options
        )
        assert adjustments(three) == [(4, 3, "", -30, True), *expected]


def test_payees_who_come_or_go_after_the_close(tmp_path):
    one = company(tmp_path, sold("100"), "2024-04-10T00:00:00", **PLAN, closed_periods=closed(3))
    others = PLAN | {
        "comp_plans": plan("cltv_growth", "100", plan_id="Q"),
        "comp_participants": [member("s1", "40", plan_id="Q")],
    }
    two = company(tmp_path, sold("100"), "2024-04-11T00:00:00", **others, closed_periods=closed(3), ledger=close(one))
    assert [(row["plan_id"], row["amount"]) for row in two["comp_adjustments"]] in (
        [("Q", 40), ("P", -100)],
        [("P", -100), ("Q", 40)],
    )


def test_a_dispute_moves_its_amount_once(tmp_path):
    def build(as_of: str, disputes: list[dict], months=(), before=None) -> dict:
        return company(tmp_path, sold("100"), as_of, **PLAN, closed_periods=closed(*months), disputes=disputes,
                       ledger=close(before) if before else NOTHING_CLOSED)  # fmt: skip

    silent = [
        dispute("d2", "5", "rejected"),
        dispute("d3", "", "open", ""),
        dispute("d4", "7", decided_on="2024-07-01"),
    ]
    one = build("2024-04-14T00:00:00", [dispute("d1", "12.5"), *silent])
    assert adjustments(one) == []  # decided tomorrow
    two = build("2024-04-15T00:00:00", [dispute("d1", "12.5"), *silent])
    assert adjustments(two) == [(3, 3, "d1", Decimal("12.5"), False)]  # nothing is closed: in its own period
    three = build("2024-04-15T00:00:00", [dispute("d1", "12.5"), *silent], [3], two)
    assert adjustments(three) == [(3, 3, "d1", Decimal("12.5"), True)]
    four = build("2024-04-16T00:00:00", [dispute("d1", "20"), *silent], [3], three)
    assert adjustments(four) == [(3, 3, "d1", Decimal("12.5"), True), (4, 3, "d1", Decimal("7.5"), False)]
    five = build("2024-05-16T00:00:00", [dispute("d1", "20", "rejected"), *silent], [3, 4], three)
    assert adjustments(five)[1] == (4, 3, "d1", Decimal("-12.5"), True)
    six = build("2024-05-17T00:00:00", [dispute("d1", "20", "rejected")], [3, 4], five)
    assert adjustments(six) == adjustments(five)
    assert [row["plan_id"] for row in six["comp_adjustments"]] == [None, None]


def test_what_if_pays_the_same_people_by_other_plans(tmp_path):
    plans = [*plan("cltv_growth", "100"), *plan("cltv_growth", "50", plan_id="R", since="2024-04-01"),
             *plan("bookings", "1000", plan_id="quota", scenario="deal_quota", cap="2"),
             *plan("cltv_growth", "100", plan_id="bold", scenario="bold", until="2024-04-01")]  # fmt: skip
    people = [
        member("s1", "100"),
        member("s2", "100"),
        member("s2", "60", plan_id="R"),
        member("s1", "62", plan_id="bold", since="2024-03-17"),
        member("m1", "500", plan_id="bold"),
    ]  # no actual plan pays this user
    tables = SOLD | {
        "crm.opportunities": [deal("D", "2024-03-01", "s1", amount="500", currency_code="EUR"),
                              deal("E", "2024-04-01", "s2", amount="1000", currency_code="EUR")],
        "crm.transactions": [money("T0", "2024-03-05", "100"), money("T1", "2024-04-05", "50")], "crm.leads": [LEAD],
    }  # fmt: skip
    result = company(tmp_path, tables, "2024-04-10T00:00:00", comp_plans=plans, comp_participants=people)
    rows = {key: tuple(row[name] for name in ("actual_payout", "scenario_payout", "change", "actual_rank", "scenario_rank"))
            for key, row in by(result["comp_what_if"], "scenario", "period", "user_id").items()}  # fmt: skip
    assert rows == {
        ("bold", MARCH, "s1"): (100, 30, -70, 1, 1), ("bold", MARCH, "s2"): (0, 0, 0, 2, 2),
        ("deal_quota", MARCH, "s1"): (100, 50, -50, 1, 1), ("deal_quota", MARCH, "s2"): (0, 0, 0, 2, 2),
        ("deal_quota", APRIL, "s1"): (0, 0, 0, 2, 2), ("deal_quota", APRIL, "s2"): (110, 160, 50, 1, 1),
    }  # fmt: skip


def test_what_if_asks_those_whom_an_actual_plan_pays_on_the_days_on_which_it_does(tmp_path):
    """A bonus that is over is no target pay of a scenario, nor are the days before somebody was paid at all."""
    plans = [*plan("cltv_growth", "100"), *plan("cltv_growth", "100", plan_id="bonus", until="2024-03-11"),
             *plan("cltv_growth", "100", plan_id="bonus", version="2", since="2024-04-11", until="2024-04-21"),
             *plan("bookings", "80", plan_id="quota", scenario="deal_quota"),
             *plan("bookings", "80", plan_id="own", scenario="own")]  # fmt: skip
    people = [member("s1", "1000"), member("s1", "310", plan_id="bonus"), member("s2", "600", since="2024-04-16"),
              member("s1", "62", plan_id="own"), member("s2", "300", plan_id="own"), member("m1", "9", plan_id="own")]  # fmt: skip
    closed_on = {"s1": ("2024-03-02", "2024-04-02", "2024-05-02"), "s2": ("2024-04-03",)}
    deals = [
        deal(day, day, owner, amount="80", currency_code="EUR") for owner, days in closed_on.items() for day in days
    ]
    result = company(tmp_path, {"crm.opportunities": deals}, comp_plans=plans, comp_participants=people)
    paid = {
        (row["scenario"], row["period"].month, row["user_id"]): row["scenario_payout"] for row in result["comp_what_if"]
    }
    assert {key: amount for key, amount in paid.items() if amount} == {
        # 10 of March's days and of April's with the bonus, all of them with the other plan; s2 for half of April
        ("deal_quota", 3, "s1"): 1100, ("deal_quota", 4, "s1"): Decimal("1103.33"), ("deal_quota", 5, "s1"): 1000,
        ("deal_quota", 4, "s2"): 300,
        # who has a target pay of the scenario's keeps it, on all days on which some actual plan pays
        ("own", 3, "s1"): 62, ("own", 4, "s1"): 62, ("own", 5, "s1"): 62, ("own", 4, "s2"): 150,
    }  # fmt: skip
