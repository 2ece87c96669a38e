"""Credit: the share of each employee in a customer, a transaction or a deal, at a moment (M10)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from oracle.basics import TICK, cents, grouped, midnight
from oracle.clock import last_moment
from oracle.customers import only_charges
from oracle.local_time import first_moment
from oracle.people import human, owner_at_close
from oracle.received import Row
from oracle.statistics import mean
from oracle.subscriptions import is_running, subscription_lines
from oracle.world import World

SIDES = ("marketing", "sales")
Weights = dict[str, dict[str | None, Decimal]]  # by side and user


def is_active(row: Row, moment: datetime) -> bool:
    """'assigned_at <= moment and (unassigned_at null or > moment) and (rejected_at null or > moment)'."""
    ends = (row["unassigned_at"], row["rejected_at"])
    return row["assigned_at"] <= moment and all(end is None or end > moment for end in ends)


class Company:
    """Who had which credit when, and the facts that pay is measured by, by month."""

    def __init__(self, world: World, results: dict, model: str, csat_types, inactive_after: timedelta):
        self.world, self.results, self.inactive_after = world, results, inactive_after
        self.deals = {row["opportunity_id"]: row for row in world.unmerged("crm.opportunities")}
        self.splits = grouped(world.unmerged("crm.opportunity_splits"), lambda row: row["opportunity_id"])
        self.won = grouped((row for row in self.deals.values() if row["is_won"] and row["closed_at"] is not None),
                           lambda row: row["account_id"])  # fmt: skip
        self.assignments = grouped((row for row in world.accepted("crm.account_assignments")
                                    if human(world, row["user_id"])), lambda row: row["account_id"])  # fmt: skip
        self.leads = grouped(world.unmerged("crm.leads"), lambda row: row["account_id"])
        self.attribution = grouped((row for row in results["customer_attribution"]
                                    if row["attribution_model"] == model), lambda row: row["account_id"])  # fmt: skip
        self.subscriptions = subscription_lines(world)
        self.lines = results["fct_transactions"]
        self.answers = [row for row in results["fct_survey_responses"] if row["survey_type"] in csat_types]
        self.customers = grouped(results["customer_months"], lambda row: row["month"])
        self.first_charges = {row["account_id"]: row["first_charge_at"] for row in results["customer_lifetime"]}
        self.charges = grouped(only_charges(self.lines), lambda row: row["account_id"])
        # months of pay are those of the metrics: before the first charge 'lines of 0', before the first fact no lines
        self.periods: list[date] = results["_months"]

    # ------------------------------------------------------------------------------------------------------ time

    def starts_at(self, month: date) -> datetime:
        return first_moment(self.world.zone, midnight(month))

    def before(self, month: date) -> datetime:
        """'the last moment before the month'."""
        return self.starts_at(month) - TICK

    def last_moment(self, month: date) -> datetime:
        return last_moment(self.world, month)

    def team_in(self, user_id: str, month: date) -> str | None:
        """'A user's team in a month, on the scoreboard and in pay, is that of its last local day'; None of a bot or of
        nobody. READING: a rule about a user who merged into another is about nobody, as the survivor has rules of its own.
        """
        user = self.world.find("crm.users", user_id)
        if user is None or user["is_bot"] or user["user_id"] != user_id:
            return None
        return self.world.team_at(user_id, self.last_moment(month))

    # -------------------------------------------------------------------------------------------- rules of credit

    def splits_of(self, deal: Row) -> list[tuple]:
        """The deal's accepted splits whose user's team is sales at closed_at, else as_of, weight = share; order user_id. 'A
        share held by a bot stays uncredited': it counts as a share, and belongs to nobody. 'Splits of merged users of one
        deal are added', as one candidate of the survivor; splits of a merged deal count nowhere.
        """
        at, shares = self.world.closing_of(deal), defaultdict(Decimal)
        for row in self.splits.get(deal["opportunity_id"], ()):
            if self.world.team_at(row["user_id"], at) == "sales":
                shares[row["user_id"]] += row["share"]
        return [(human(self.world, user_id), shares[user_id], "crm.opportunity_splits",
                 f"{deal['opportunity_id']}:{user_id}") for user_id in sorted(shares)]  # fmt: skip

    def owner_of(self, deal: Row) -> list[tuple]:
        owner = human(self.world, owner_at_close(self.world, deal))
        return [(owner, Decimal(1), "crm.opportunities", deal["opportunity_id"])] if owner else []

    def deal_rules(self, deal: Row | None) -> list[tuple[str, list[tuple]]]:
        """'1 deal_split (its deal's splits), 2 deal_owner (its deal's owner at close)'."""
        return [("deal_split", self.splits_of(deal)), ("deal_owner", self.owner_of(deal))] if deal else []

    def account_rules(self, account_id: str, moment: datetime) -> list[tuple[str, list[tuple]]]:
        """'3 latest_won_deal (splits, else owner, of the account's latest deal won at or before it), 4 assigned_sales
        (the sales user assigned to the account at that moment)'; moments are inclusive; M0 teams: 'assigned_sales: the moment of
        credit'. READING: if splits beat an
        owner, the owner is a candidate, as under 2.
        """
        won = [row for row in self.won.get(account_id, ()) if row["closed_at"] <= moment]
        latest = max(won, key=lambda row: (row["closed_at"], row["opportunity_id"]), default=None)
        mine = [row for row in self.assignments.get(account_id, ())
                if is_active(row, moment) and self.world.team_at(row["user_id"], moment) == "sales"]  # fmt: skip
        held = sorted(mine, key=lambda row: (row["assigned_at"], row["assignment_id"]))[-1:]
        assigned = [(row["user_id"], Decimal(1), "crm.account_assignments", row["assignment_id"]) for row in held]
        of_won = [("latest_won_deal", found) for _, found in self.deal_rules(latest)]
        return [*of_won, ("assigned_sales", assigned)]

    def sales(self, rules: list[tuple[str, list[tuple]]]) -> list[dict]:
        """Candidates of the first rule that has any have their weights, those of later rules 0. READING: a bot's share wins
        like any other, and is no candidate.
        """
        winner = next((found for _, found in rules if found), None)
        return ranked("sales", [(rule, user, weight if found is winner else Decimal(0), *source)
                                for rule, found in rules for user, weight, *source in found if user])  # fmt: skip

    def marketing(self, account_id: str) -> list[dict]:
        """'1 campaign_owner, 2 lead_owner (the owner of the earliest lead that became the account), 3 uncredited. The
        part of rule 1 that is unattributed passes to rule 2.' So does that of campaigns whose owner is nobody or a bot.
        """
        weights: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.attribution.get(account_id, ()):
            campaign = self.world.find("crm.campaigns", row["campaign_id"])
            if campaign and human(self.world, campaign["owner_user_id"]):
                weights[row["campaign_id"]] += row["weight"]
        found = [("campaign_owner", self.world.find("crm.campaigns", key)["owner_user_id"], weights[key],
                  "crm.campaigns", key) for key in sorted(weights)]  # fmt: skip
        leads = sorted(self.leads.get(account_id, ()), key=lambda row: (row["created_at"], row["lead_id"]))[:1]
        for lead in leads:
            if owner := human(self.world, lead["owner_user_id"]):
                left = 1 - sum(weights.values(), Decimal(0))
                found.append(("lead_owner", owner, left, "crm.leads", lead["lead_id"]))
        return ranked("marketing", found)

    def of_customer(self, account_id: str, moment: datetime) -> list[dict]:
        return [*self.marketing(account_id), *self.sales(self.account_rules(account_id, moment))]

    def of_transaction(self, line: dict) -> list[dict]:
        rules = self.deal_rules(self.deals.get(line["opportunity_id"]))
        rules += self.account_rules(line["account_id"], line["transacted_at"])
        return [*self.marketing(line["account_id"]), *self.sales(rules)]

    def of_deal(self, deal: Row) -> list[dict]:
        """'the deal's splits, else its owner, else uncredited; marketing: the account's'."""
        return [*self.marketing(deal["account_id"]), *self.sales(self.deal_rules(deal))]

    # --------------------------------------------------------------------------------------------------- relations

    def customer_credits(self) -> list[dict]:
        return [{"credit_id": f"{account_id}:{row['side']}:{row['candidate_rank']}", "account_id": account_id, **row}
                for account_id in self.first_charges for row in self.of_customer(account_id, self.world.as_of)]  # fmt: skip

    def transaction_credits(self) -> list[dict]:
        return [{"transaction_id": line["transaction_id"], "account_id": line["account_id"], **row}
                for line in self.lines for row in self.of_transaction(line)]  # fmt: skip

    @cached_property
    def month_weights(self) -> dict[tuple[str, date], Weights]:
        return {(row["account_id"], month): weights_of(self.of_customer(row["account_id"], self.last_moment(month)))
                for month, rows in self.customers.items() for row in rows}  # fmt: skip

    @cached_property
    def weights_before(self) -> dict[date, list[tuple[dict, Weights]]]:
        """Of the customers that a month started with, 'w as of the last moment before the month'."""
        return {month: [({"account_id": key}, weights_of(self.of_customer(key, self.before(month)))) for key in stayed]
                for month, stayed in self.stayed_in.items()}  # fmt: skip

    def month_credits(self) -> list[dict]:
        return [{"account_id": account_id, "month": month, "side": side, "user_id": user_id, "weight": weight}
                for (account_id, month), weights in self.month_weights.items()
                for side in SIDES for user_id, weight in weights[side].items()]  # fmt: skip

    # ------------------------------------------------------------------------------------ facts of a period, with credit

    @cached_property
    def lines_of(self) -> dict[date, list[tuple[dict, Weights]]]:
        return grouped(((line, weights_of(self.of_transaction(line))) for line in self.lines),
                       lambda pair: self.world.month(pair[0]["transacted_at"]))  # fmt: skip

    @cached_property
    def deals_of(self) -> dict[date, list[tuple[dict, Weights]]]:
        deals = [deal for rows in self.won.values() for deal in rows]
        return grouped(((self.worth(deal), weights_of(self.of_deal(deal))) for deal in deals),
                       lambda pair: self.world.month(pair[0]["closed_at"]))  # fmt: skip

    @staticmethod
    def worth(deal: Row) -> dict:
        """A deal in the reporting currency, as all money in cents; READING: nothing where it has no amount."""
        has_amount = deal["amount"] is not None and deal["currency_code"] is not None
        amount = cents(Fraction(deal["amount"]) * deal["exchange_rate"]) if has_amount else Decimal(0)
        return {"account_id": deal["account_id"], "closed_at": deal["closed_at"], "reporting_amount": amount}

    @cached_property
    def rated_in(self) -> dict[date, dict[str, Fraction]]:
        """By month and customer: its mean u of the answers of that local month."""
        answers = grouped(self.answers, lambda row: (self.world.month(row["responded_at"]), row["account_id"]))
        months: dict[date, dict[str, Fraction]] = defaultdict(dict)
        for (month, account_id), group in answers.items():
            months[month][account_id] = mean(row["score_unit"] for row in group)
        return months

    @cached_property
    def due_in(self) -> dict[date, list[dict]]:
        return grouped((row for row in self.results["fct_outcomes"] if row["is_due"]),
                       lambda row: self.world.month(row["due_at"]))  # fmt: skip

    @cached_property
    def realised_in(self) -> dict[date, list[dict]]:
        return grouped((row for row in self.results["fct_referrals"] if row["realised_at"] is not None),
                       lambda row: self.world.month(row["realised_at"]))  # fmt: skip

    @cached_property
    def stayed_in(self) -> dict[date, dict[str, bool]]:
        """Of the customers that were there and had not left at a month's start, whether they had not at its end."""
        months = {}
        for month in self.periods:
            before, end = self.before(month), self.last_moment(month)
            months[month] = {account_id: not self.is_churned(account_id, end)
                             for account_id, first in self.first_charges.items()
                             if first <= before and not self.is_churned(account_id, before)}  # fmt: skip
        return months

    def is_churned(self, account_id: str, moment: datetime) -> bool:
        """M7 as it was at a moment: 'one with subscriptions and no active line; one without, inactive_after_days after
        the last charge'. READING: the subscriptions that had started; the day of a moment is the local one.
        """
        day = self.world.local_day(moment)
        started = [line for line in self.subscriptions.get(account_id, ()) if line["started_on"] <= day]
        if started:
            return not any(is_running(line, day) for line in started)
        charged = [row["transacted_at"] for row in self.charges[account_id] if row["transacted_at"] <= moment]
        return max(charged) + self.inactive_after <= moment


def ranked(side: str, found: list[tuple]) -> list[dict]:
    """'candidate_rank 1.. over all candidates of the account and side'; 'uncredited is a row only where its weight is
    above 0, and the last candidate'.
    """
    left = 1 - sum((candidate[2] for candidate in found), Decimal(0))
    found = [*found, *([("uncredited", None, left, None, None)] if left > 0 else [])]
    return [{"side": side, "user_id": user_id, "rule": rule, "candidate_rank": rank, "weight": weight,
             "source_table": table, "source_id": source}
            for rank, (rule, user_id, weight, table, source) in enumerate(found, start=1)]  # fmt: skip


def weights_of(candidates: list[dict]) -> Weights:
    """Weights above 0, summed over candidates."""
    weights: Weights = {side: defaultdict(Decimal) for side in SIDES}
    for row in candidates:
        if row["weight"] > 0:
            weights[row["side"]][row["user_id"]] += row["weight"]
    return weights
