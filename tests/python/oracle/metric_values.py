"""The shared metrics by month and subject, in plain loops over subjects, months and facts (M0, M10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from oracle.basics import DAY, grouped, minutes, next_month, ratio
from oracle.clock import last_moment
from oracle.customers import segment_of
from oracle.metric_formulas import (
    COMPANY,
    ONE,
    Fact,
    Share,
    answered,
    average,
    kept,
    nps,
    outcome_share,
    ppp,
    ppp_yield,
    proportion,
    reversal_rate,
    total,
    total_of_facts,
    waiting,
    weighted_share,
)
from oracle.outcomes import SUCCESS_WEIGHTS, clock_moments, ended, leavers, scores, value_moments
from oracle.ppp_summary import ppp_summaries
from oracle.usage import person
from oracle.world import World

PAID = ("cltv_growth", "cross_sell", "up_sell", "satisfaction", "customer_retention", "outcomes_on_time",
        "referrals_realised", "ppp_yield", "bookings")  # fmt: skip


def compute(
    world: World,
    results: dict[str, list[dict]],
    *,
    success_weights: Sequence[dict] = SUCCESS_WEIGHTS,
    csat_survey_types: Sequence[str] = ("csat", "post_purchase"),
    credit_attribution_model: str = "position",
    inactive_after_days: int = 400,
    ttv_clock: str = "first_charge",
    ttv_event: str = "verified",
    min_tenure_days: int = 90,
    rating_request_window_days: int = 7,
    rules: dict[str, Sequence[dict]] | None = None,
) -> dict[str, list[dict]]:
    """metric_values and ppp_summary; `results` are those of the other parts.

    READING: the company has a row for every metric and month; others have one where there is something to count.
    """
    subjects = Subjects(world, results, credit_attribution_model)
    facts = Facts(world, results, subjects, csat_survey_types, success_weights, min_tenure_days * DAY)
    by_metric: dict[str, tuple[list[Fact], Callable]] = {
        **facts.money(),
        "bookings": (facts.bookings(), total),
        "customer_retention": (facts.customers_who_stayed(), weighted_share),
        "referrals_realised": (facts.referrals(), total_of_facts),
        **facts.retention(),
        **facts.customers(),
        **facts.waits(),
        "outcomes_on_time": (facts.outcomes(), outcome_share),
        "time_to_value_90": (
            facts.values_reached(ttv_clock, ttv_event, timedelta(days=inactive_after_days)),
            proportion,
        ),
        "handoff_drop_rate": (facts.handoffs(), proportion),
        "rating_compliance": (facts.due_touches(rating_request_window_days * DAY), proportion),
        "daily_active_users": (facts.usage(), facts.daily_active_users),
        "stickiness": (facts.usage(), facts.stickiness),
    }
    # metric_months names the first facts by themselves, so that pay can have them before there are metrics
    first = min((fact.month for own, _ in by_metric.values() for fact in own), default=None)
    assert subjects.months[:1] == ([] if first is None else [first]), (first, subjects.months[:1])
    rows = []
    for metric_name, (own, formula) in by_metric.items():
        groups = defaultdict(list)
        for fact in own:
            weights = subjects.of(fact.account_id, fact.month) if fact.weights is None else fact.weights
            for subject, weight in weights.items():
                groups[subject, fact.month].append(Share(weight, fact))
        for month in subjects.months:
            groups.setdefault((COMPANY, month), [])
            for user_id in participants_in(month, rules, subjects) if metric_name in PAID else ():
                groups.setdefault((("employee", user_id), month), [])
        for (subject, month), shares in groups.items():
            row = {"numerator": None, "denominator": None, "n": 0, "value": None, "ci_low": None, "ci_high": None,
                   "coverage": None, **(formula(shares, month) if shares else {})}  # fmt: skip
            if not shares and formula in (total, total_of_facts, ppp):
                row |= {"numerator": Fraction(0), "value": Fraction(0)}  # a sum of nothing is 0
            if shares and row.pop("_is_absent", False) and subject != COMPANY:
                continue
            row.pop("_is_absent", None)
            # 'is_complete once its last local day is over'
            rows.append({"metric_name": metric_name, "month": month, "is_complete": next_month(month) <= world.today,
                         "subject_type": subject[0], "subject_id": subject[1],
                         "subject_name": name_of(world, *subject), **row})  # fmt: skip
    return {"metric_values": rows, "ppp_summary": ppp_summaries(world, results, subjects.of)}


def participants_in(month: date, rules: dict | None, subjects: Subjects) -> set[str]:
    """'Each stands in metric_values for every employee': READING: without facts, for each one who takes part."""
    return {
        row["user_id"]
        for row in (rules or {}).get("comp_participants", ())
        if subjects.company.team_in(row["user_id"], month) is not None
        and row["valid_from"] < next_month(month)
        and (row["valid_to"] is None or row["valid_to"] > month)
    }


def name_of(world: World, subject_type: str, subject_id: str) -> str:
    """'the name of company, team, employee, campaign, channel, segment; without a name the ID'."""
    table, column = {"employee": ("crm.users", "user_name"), "campaign": ("crm.campaigns", "campaign_name")}.get(
        subject_type, (None, None)
    )
    found = world.find(table, subject_id) if table else None
    return "whole company" if subject_type == "company" else (found and found[column]) or subject_id


class Subjects:
    """The accounts that count for each subject, and with which weight."""

    def __init__(self, world: World, results: dict[str, list[dict]], model: str):
        self.world, self.results = world, results
        self.months: list[date] = results["_months"]
        self.company = results["_company"]
        self.fixed: dict[str, dict] = {}
        for row in results["dim_customers"]:
            channel = row["acquisition_channel"] or "(none)"
            self.fixed[row["account_id"]] = {
                COMPANY: ONE, ("segment", segment_of(world, row["account_id"])): ONE, ("channel", channel): ONE,
            }  # fmt: skip
        attributed = set()
        for row in results["customer_attribution"]:
            if row["attribution_model"] == model:
                add(self.fixed[row["account_id"]], ("campaign", row["campaign_id"]), row["weight"])
                attributed.add(row["account_id"])
        # READING: what no campaign can have won yet is unattributed, too, so that campaigns sum to the company
        for account_id in self.fixed.keys() - attributed:
            self.fixed[account_id]["campaign", "unattributed"] = ONE
        self.credited = grouped(results["customer_month_credits"], lambda row: (row["account_id"], row["month"]))
        self.of_transactions = grouped(results["credit_transactions"], lambda row: row["transaction_id"])

    def of_credits(self, credits: Iterable[dict], month: date) -> dict:
        """'team: all credited (not uncredited) weight of its side'; 'rows of the other side are not his', by the user's
        team in the month that the figure is of.
        """
        weights: dict = {}
        for row in credits:
            user_id, side = row["user_id"], row["side"]
            if user_id is None or row["weight"] == 0:
                continue
            add(weights, ("team", side), row["weight"])
            if (self.company.team_in(user_id, month) == "marketing") == (side == "marketing"):
                add(weights, ("employee", user_id), row["weight"])
        return weights

    def credited_by(self, weights: dict, month: date) -> dict:
        """The teams and employees of a thing's credit by side and user."""
        return self.of_credits(({"side": side, "user_id": user_id, "weight": weight}
                                for side, users in weights.items() for user_id, weight in users.items()), month)  # fmt: skip

    def of(self, account_id: str | None, month: date, shown_in: date | None = None) -> dict:
        """By the credit of `month`, for a figure of the month `shown_in`. READING: a fact of no account is the company's
        alone.
        """
        if account_id is None:
            return {COMPANY: ONE}
        return self.fixed[account_id] | self.of_credits(self.credited.get((account_id, month), ()), shown_in or month)

    def of_transaction(self, line: dict) -> dict:
        credits = self.of_transactions.get(line["transaction_id"], ())
        return self.fixed[line["account_id"]] | self.of_credits(credits, self.world.month(line["transacted_at"]))


def add(weights: dict, subject: tuple[str, str], weight: object) -> None:
    weights[subject] = weights.get(subject, Fraction(0)) + Fraction(weight)


class Facts:
    """The facts of each metric, and the formulas that go with them."""

    def __init__(self, world, results, subjects: Subjects, csat_types, success_weights, min_tenure: timedelta):
        self.world, self.results, self.subjects = world, results, subjects
        self.csat_types, self.success_weights, self.min_tenure = csat_types, success_weights, min_tenure

    # --------------------------------------------------------------------------------------------------------- money

    def money(self) -> dict:
        """Of transactions, by the credit that each has."""
        every = [(line, self.world.month(line["transacted_at"]), self.subjects.of_transaction(line))
                 for line in self.results["fct_transactions"]]  # fmt: skip

        def of(amount: str, movement: str | None = None) -> list[Fact]:
            return [Fact(line["account_id"], month, Fraction(line[amount]), weights) for line, month, weights in every
                    if movement in (None, line["movement"])]  # fmt: skip

        return {
            "cltv_growth": (of("reporting_amount"), total),
            "new_revenue": (of("reporting_amount", "new"), total),
            "repeat_revenue": (of("reporting_amount", "repeat"), total),
            "cross_sell": (of("expansion_amount", "cross_sell"), total),
            "up_sell": (of("expansion_amount", "up_sell"), total),
            "reversal_rate": (
                [Fact(line["account_id"], month, line, weights) for line, month, weights in every],
                reversal_rate,
            ),
        }

    def bookings(self) -> list[Fact]:
        """'sum of share x the won deal's reporting_amount', by the credit that each deal has."""
        return [Fact(deal["account_id"], month, Fraction(deal["reporting_amount"]),
                     self.subjects.fixed[deal["account_id"]] | self.subjects.credited_by(weights, month))
                for month, deals in self.results["_company"].deals_of.items() for deal, weights in deals]  # fmt: skip

    def customers_who_stayed(self) -> list[Fact]:
        """'w as of the last moment before the month'; the team is that of the month itself, as in pay."""
        return [Fact(account_id, month, stayed, self.subjects.of(account_id, (month - DAY).replace(day=1), month))
                for month, accounts in self.results["_company"].stayed_in.items()
                for account_id, stayed in accounts.items()]  # fmt: skip

    def referrals(self) -> list[Fact]:
        return [Fact(row["referrer_account_id"], month, 1)
                for month, rows in self.results["_company"].realised_in.items() for row in rows
                if row["realised_at"] <= self.world.as_of]  # fmt: skip

    def retention(self) -> dict:
        """'GRR = sum of min(start, end) / sum of start, NRR = sum of end / sum of start'; READING: customers without
        recurring revenue are of the population, and not seen.
        """
        revenue: dict = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for row in self.results["subscription_months"]:
            sums = revenue[row["account_id"], row["month"]]
            sums[0] += Fraction(row["starting_mrr"])
            sums[1] += Fraction(row["mrr"])
        customers = {(row["account_id"], row["month"]) for row in self.results["customer_months"]}
        facts = []
        for key in customers | revenue.keys():
            start, end = revenue.get(key, (0, 0))
            if start > 0 or key in customers:
                facts.append(Fact(*key, (start, end, key in customers)))
        return {"gross_retention": (facts, lambda shares, month: kept(shares, min)),
                "net_retention": (facts, lambda shares, month: kept(shares, lambda start, end: end))}  # fmt: skip

    # ----------------------------------------------------------------------------------------------------- customers

    def customers(self) -> dict:
        """Of customers at a month's end, and of what they said in it; a customer counts once."""
        answers = grouped(self.results["fct_survey_responses"],
                          lambda row: (row["account_id"], self.world.month(row["responded_at"])))  # fmt: skip
        due = grouped(self.results["fct_outcomes"], lambda row: row["account_id"])
        first = {row["account_id"]: row["first_charge_at"] for row in self.results["customer_lifetime"]}
        realised = grouped((row for row in self.results["fct_referrals"] if row["realised_at"] is not None),
                           lambda row: row["referrer_account_id"])  # fmt: skip
        facts = defaultdict(list)
        for row in self.results["customer_months"]:
            account_id, month = row["account_id"], row["month"]
            known_at, said = last_moment(self.world, month), answers.get((account_id, month), [])

            def keep(name: str, what: object, account_id: str = account_id, month: date = month) -> None:
                facts[name].append(Fact(account_id, month, what))

            keep("ppp", row)
            keep("csat", [answer["score_1_10"] for answer in said if answer["survey_type"] in self.csat_types])
            keep("satisfaction", [answer["score_unit"] for answer in said if answer["survey_type"] in self.csat_types])
            keep("touch_rating", [answer["score_1_10"] for answer in said if answer["survey_type"] == "touch_rating"])
            keep("nps", [answer for answer in said if answer["nps_class"] is not None])
            outcomes = [outcome for outcome in due.get(account_id, ()) if outcome["is_due"]
                        and outcome["due_at"] <= known_at]  # fmt: skip
            success = scores(row, outcomes, self.weights_on(self.world.local_day(known_at)))["success_score"]
            keep("success_score", [] if success is None else [success])
            if first[account_id] + self.min_tenure <= known_at:
                keep("recommend_stated", (row["is_recommend_stated"], row["is_recommend_stated"] is not None))
                found = any(referral["realised_at"] <= known_at for referral in realised.get(account_id, ()))
                keep("recommend_realised", (found, True))
        return {
            "ppp": (facts["ppp"], ppp),
            "ppp_yield": (facts["ppp"], ppp_yield),
            "csat": (facts["csat"], answered),
            "satisfaction": (facts["satisfaction"], answered),
            "touch_rating": (facts["touch_rating"], answered),
            "success_score": (facts["success_score"], answered),
            "nps": (facts["nps"], nps),
            "recommend_stated": (facts["recommend_stated"], proportion),
            "recommend_realised": (facts["recommend_realised"], proportion),
        }

    def weights_on(self, day: date) -> dict[str, Fraction]:
        return {row["axis"]: Fraction(row["weight"]) for row in self.success_weights
                if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])}  # fmt: skip

    # ------------------------------------------------------------------------------------------- what ends, or is due

    def waits(self) -> dict:
        """Who still waits is censored at as_of; READING: of the month in which the clock started, as ticket_times."""
        as_of, facts = self.world.as_of, defaultdict(list)
        for row in self.results["fct_tickets"]:
            stop = row["first_response_at"]
            waited = minutes((as_of if stop is None else stop) - row["clock_started_at"])
            month = self.world.month(row["clock_started_at"])
            facts["first_response"].append(Fact(row["account_id"], month, (waited, stop is not None)))
            stop = row["resolved_at"]
            waited = minutes(max((as_of if stop is None else stop) - row["created_at"], timedelta(0)))
            month = self.world.month(row["created_at"])
            facts["resolution"].append(Fact(row["account_id"], month, (waited, stop is not None)))
        for row in self.results["fct_handoffs"]:
            stop = row["first_sign_at"]
            waited = minutes((as_of if stop is None else stop) - row["handed_at"])
            month = self.world.month(row["handed_at"])
            facts["handoff"].append(Fact(row["account_id"], month, (waited, stop is not None)))
        return {
            "first_response_median": (facts["first_response"], waiting(0.5)),
            "first_response_p90": (facts["first_response"], waiting(0.9)),
            "resolution_median": (facts["resolution"], waiting(0.5)),
            "handoff_latency_median": (facts["handoff"], waiting(0.5)),
        }

    def outcomes(self) -> list[Fact]:
        return [Fact(row["account_id"], self.world.month(row["due_at"]), row)
                for row in self.results["fct_outcomes"] if row["is_due"]]  # fmt: skip

    def values_reached(self, ttv_clock: str, ttv_event: str, inactive_after: timedelta) -> list[Fact]:
        """'time_to_value_90 (incidence)': accounts whose 90 days are over are decided."""
        lifetimes = self.results["customer_lifetime"]
        left = leavers(self.world, lifetimes, inactive_after)
        values = value_moments(self.world, self.results["fct_outcomes"], ttv_event)
        facts = []
        for account_id, clock in clock_moments(self.world, lifetimes, ttv_clock).items():
            days, kind = ended(self.world, clock, values.get(account_id), left.get(account_id, (None,))[0])
            is_decided = clock + 90 * DAY <= self.world.as_of
            facts.append(Fact(account_id, self.world.month(clock), (kind == "value" and days <= 90, is_decided)))
        return facts

    def handoffs(self) -> list[Fact]:
        return [Fact(row["account_id"], self.world.month(row["handed_at"]), (row["is_dropped"], row["is_matured"]))
                for row in self.results["fct_handoffs"]]  # fmt: skip

    def due_touches(self, window: timedelta) -> list[Fact]:
        return [Fact(row["account_id"], self.world.month(row["occurred_at"]),
                     (row["is_rating_invited_in_time"], row["occurred_at"] + window <= self.world.as_of))
                for row in self.results["fct_touches"] if row["is_rating_due"]]  # fmt: skip

    # --------------------------------------------------------------------------------------------------------- usage

    def usage(self) -> list[Fact]:
        return [Fact(row["account_id"], row["used_on"].replace(day=1), row)
                for row in self.world.accepted("product.usage_days")]  # fmt: skip

    def days_of(self, month: date) -> int:
        return (min(next_month(month), self.world.today + DAY) - month).days

    def persons_by_day(self, shares: list[Share]) -> dict[date, set[str]]:
        """'distinct persons with value_events >= 1 on a local day'."""
        days = defaultdict(set)
        for share in shares:
            if share.fact.what["value_events"] >= 1:
                days[share.fact.what["used_on"]].add(person(self.world, share.fact.what))
        return days

    def daily_active_users(self, shares: list[Share], month: date) -> dict:
        found = [len(persons) for persons in self.persons_by_day(shares).values()]
        return average([Fraction(users) for users in found + [0] * (self.days_of(month) - len(found))]) | {
            "coverage": ONE
        }

    def stickiness(self, shares: list[Share], month: date) -> dict:
        days = self.persons_by_day(shares)
        users = len(set().union(*days.values()))
        daily = Fraction(sum(map(len, days.values())), self.days_of(month))
        return {"numerator": daily, "denominator": users, "n": users, "value": ratio(daily, users), "coverage": ONE,
                "_is_absent": not users} if users else {"_is_absent": True}  # fmt: skip
