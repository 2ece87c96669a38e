"""Pay: plans, shared inputs, statements, what-if, closes, adjustments and disputes (M10).

All figures are exact (Fraction, Decimal). `compute` is one build; `close` hands the frozen rows on to the next build.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

from oracle.basics import cents, grouped, next_month, ratio, total
from oracle.credit import Company, Weights
from oracle.ratings import credibility
from oracle.statistics import mean
from oracle.world import World

# a new name of a metric moves no cent that was paid under the former name
FORMER_NAMES = {"customer_retention": "retention", "referrals_realised": "recommendations", "bookings": "closed_deals"}
METRICS = ("cltv_growth", "cross_sell", "up_sell", "satisfaction", "customer_retention", "outcomes_on_time", "referrals_realised",
           "ppp_yield", "bookings")  # fmt: skip
PAY_RULES = ("comp_plans", "comp_participants", "closed_periods", "disputes")
LINE_KEY = ("period", "user_id", "plan_id", "plan_version", "metric_name")


@dataclass(frozen=True)
class Ledger:
    """What earlier builds have frozen."""

    closes: tuple[dict, ...] = ()
    lines: tuple[dict, ...] = ()
    adjustments: tuple[dict, ...] = ()


def close(result: dict[str, list[dict]]) -> Ledger:
    """The rows that a publication freezes: its closes, their lines, and 'the adjustments posted' in them."""
    return Ledger(
        tuple(result["comp_period_closes"]),
        tuple(result["comp_closed_lines"]),
        tuple(row for row in result["comp_adjustments"] if row["is_closed"]),
    )


def read_rules(folder: Path) -> dict[str, list[dict]]:
    """The rules of pay, typed by the names of their columns; an absent file has no rows."""
    rules = {}
    for name in PAY_RULES:
        path = folder / f"{name}.csv"
        rules[name] = []
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as text:
                rules[name] = [{key: typed(key, cell) for key, cell in row.items()} for row in csv.DictReader(text)]
    return rules


def typed(column: str, text: str) -> object:
    if not text:
        return None
    if column == "period" or column.startswith("valid_") or column.endswith("_on"):
        return date.fromisoformat(text)
    if column.endswith("_at"):
        return datetime.fromisoformat(text)
    is_number = column in ("weight", "threshold", "target", "cap", "accelerated_rate", "target_pay", "amount")
    return Decimal(text) if is_number else text


def compute(
    world: World,
    results: dict[str, list[dict]],
    *,
    rules: dict[str, list[dict]] | None = None,
    ledger: Ledger = Ledger(),
    inactive_after_days: int = 400,
    csat_survey_types: Sequence[str] = ("csat", "post_purchase"),
    rating_min_customers: int = 10,
    credit_attribution_model: str = "position",
    clawback_months: int = 12,
) -> dict[str, list[dict]]:
    """The relations of one build; `results` are those of the other parts, `rules` as `read_rules` has them."""
    rules = dict.fromkeys(PAY_RULES, ()) | (rules or {})
    company = Company(world, results, credit_attribution_model, csat_survey_types, timedelta(days=inactive_after_days))
    plans = Plans(company, rules["comp_plans"], rules["comp_participants"])
    inputs = shared_inputs(company, plans.payees("actual"), rating_min_customers)
    lines = statement_lines(company, plans, "actual", inputs)
    what_if = []
    for scenario in sorted(plans.scenarios - {"actual"}):
        own_inputs = shared_inputs(company, plans.payees(scenario), rating_min_customers)
        other = statement_lines(company, plans, scenario, own_inputs)
        what_if += compare(company, scenario, lines, other)
    return {
        "comp_credits": company.customer_credits(),
        "credit_transactions": company.transaction_credits(),
        "customer_month_credits": company.month_credits(),
        "_company": company,
        "shared_comp_inputs": list(inputs.values()),
        "comp_what_if": what_if,
        **closing(world, lines, rules["closed_periods"], rules["disputes"], ledger, clawback_months),
    }


# ------------------------------------------------------------------------------------------------- plans and who is paid


def holds_on(row: dict, day: date) -> bool:
    """valid_from inclusive and valid_to exclusive."""
    return row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])


def days_in(month: date) -> list[date]:
    return [month + timedelta(days=number) for number in range((next_month(month) - month).days)]


class Plans:
    """Versions of plans by scenario, and the stretches in which people take part in them."""

    def __init__(self, company: Company, rows: Sequence[dict], participants: Sequence[dict]):
        self.company, self.participants = company, participants
        self.versions = grouped(rows, lambda row: (row["plan_id"], row["plan_version"]))
        self.scenarios = {row["scenario"] for row in rows}
        for version in self.versions.values():  # READING: a version is one scenario's and has one validity
            assert len({(row["scenario"], row["valid_from"], row["valid_to"]) for row in version}) == 1
            for team in {row["team"] for row in version}:
                assert sum(row["weight"] for row in version if row["team"] == team) == 1

    def taking_part(self, scenario: str) -> list[tuple[dict, str, set[date]]]:
        """Participations, the plan of each, and the days on which it is asked: what-if is asked of the users that an
        actual plan pays, on the days on which it pays. A scenario in whose plans nobody takes part is asked of each actual
        participation, with its target pay, on the days that this one is paid; one with participants of its own keeps
        them and theirs, on the days on which any is.
        """
        plans = sorted({row["plan_id"] for rows in self.versions.values() for row in rows
                        if row["scenario"] == scenario})  # fmt: skip
        own = [row for row in self.participants if row["plan_id"] in plans]
        if scenario == "actual":
            return [(row, row["plan_id"], self.paid_days(row)) for row in own]
        actual = [(row, self.paid_days(row)) for row in self.participants]
        if own:
            paid = grouped(actual, lambda pair: pair[0]["user_id"])
            return [(row, row["plan_id"], set().union(*(days for _, days in paid[row["user_id"]]))) for row in own]
        return [(row, plan_id, days) for row, days in actual for plan_id in plans]

    def paid_days(self, person: dict) -> set[date]:
        """The days on which a participation and an actual plan of its name hold, by its rows of the user's team in the
        month.
        """
        found = set()
        for month in self.company.periods:
            team = self.company.team_in(person["user_id"], month)
            rows = [row for (plan_id, _), version in self.versions.items() for row in version
                    if plan_id == person["plan_id"] and row["scenario"] == "actual" and row["team"] == team]  # fmt: skip
            found |= {day for day in days_in(month)
                      if holds_on(person, day) and any(holds_on(row, day) for row in rows)}  # fmt: skip
        return found

    def parts(self, scenario: str) -> Iterator[tuple[date, str, tuple[str, str], list[dict], dict, int]]:
        """(period, user, plan and version, the version's rows of the user's team then, participation, days above 0)."""
        for person, plan_id, asked_on in self.taking_part(scenario):
            for key, rows in self.versions.items():
                for period in self.company.periods if key[0] == plan_id else ():
                    team = self.company.team_in(person["user_id"], period)
                    own = [row for row in rows if row["team"] == team and row["scenario"] == scenario]
                    days = sum(day in asked_on and holds_on(person, day) and holds_on(own[0], day)
                               for day in days_in(period)) if own else 0  # fmt: skip
                    if days > 0:
                        yield period, person["user_id"], key, own, person, days

    def payees(self, scenario: str) -> dict[date, set[str]]:
        found = defaultdict(set)
        for period, user_id, *_ in self.parts(scenario):
            found[period].add(user_id)
        return found


# -------------------------------------------------------------------------------------------------------- shared metrics


def shared_inputs(company: Company, payees: dict[date, set[str]], min_customers: int) -> dict[tuple, dict]:
    """Rows of shared_comp_inputs by (period, user, metric): 'the same rows and formulas for both teams'."""
    inputs = {}
    for period, users in payees.items():
        rows = {(user_id, name): figure(company, period, user_id, name) for user_id in users for name in METRICS}
        teams = {user_id: company.team_in(user_id, period) for user_id in users}
        for team in set(teams.values()):
            pay_ratings([rows[user_id, "satisfaction"] for user_id in sorted(users) if teams[user_id] == team],
                        min_customers)  # fmt: skip
        for row in rows.values():
            row.pop("_means", None)
            inputs[row["period"], row["user_id"], row["metric_name"]] = row
    return inputs


def figure(company: Company, period: date, user_id: str, name: str) -> dict:
    """One figure of one payee. READING: a sum over nothing is 0, a rate of nothing has neither numerator nor
    denominator; a sum's customers are the accounts with a credited row of its kind.
    """
    team = company.team_in(user_id, period)
    side = "marketing" if team == "marketing" else "sales"

    def credited(pairs: Iterable[tuple[dict, Weights]]) -> list[tuple[dict, Fraction]]:
        return [(row, Fraction(weights[side][user_id])) for row, weights in pairs if weights[side].get(user_id, 0) > 0]

    def with_month(rows: Iterable[dict], account: str = "account_id") -> list[tuple[dict, Fraction]]:
        return credited((row, company.month_weights[row[account], period]) for row in rows
                        if (row[account], period) in company.month_weights)  # fmt: skip

    customers = with_month(company.customers.get(period, ()))
    coverage, denominator, account, means = None, None, "account_id", None
    if name in ("cltv_growth", "cross_sell", "up_sell"):
        column = "reporting_amount" if name == "cltv_growth" else "expansion_amount"
        seen = [(row, w) for row, w in credited(company.lines_of.get(period, ()))
                if name in ("cltv_growth", row["movement"])]  # fmt: skip
        numerator = sum(w * Fraction(row[column]) for row, w in seen)
    elif name == "bookings":
        seen = credited(company.deals_of.get(period, ()))
        numerator = sum(w * Fraction(row["reporting_amount"]) for row, w in seen)
    elif name == "satisfaction":
        rated = company.rated_in.get(period, {})
        seen = [(row, w) for row, w in customers if row["account_id"] in rated]
        means = [rated[row["account_id"]] for row, _ in seen]
        numerator, denominator = sum(means), len(means)
        coverage = ratio(len(seen), len(customers))
    elif name == "customer_retention":
        stayed = company.stayed_in[period]
        seen = credited(company.weights_before[period])
        numerator, denominator = sum(w for row, w in seen if stayed[row["account_id"]]), sum(w for _, w in seen)
    elif name == "outcomes_on_time":
        seen = with_month(company.due_in.get(period, ()))
        numerator = sum(w * Fraction(row["weight"]) for row, w in seen if row["is_verified_on_time"])
        denominator = sum(w * Fraction(row["weight"]) for row, w in seen)
    elif name == "referrals_realised":
        account = "referrer_account_id"
        seen = with_month(company.realised_in.get(period, ()), account)
        numerator = sum(w for _, w in seen)
    else:
        seen = customers
        worth = sum(w * Fraction(row["cltv"]) for row, w in seen)
        numerator, denominator = sum(w * row["ppp"] for row, w in seen), 10 * worth
        coverage = ratio(sum(w * Fraction(row["cltv"]) for row, w in seen if row["csat_1_10"] is not None), worth)
    is_sum = name in ("cltv_growth", "cross_sell", "up_sell", "referrals_realised", "bookings")
    value = Fraction(numerator) if is_sum else ratio(numerator, denominator)
    # M3: pay is floored at 0: neither a loss in satisfaction nor one in value is paid for
    is_floored = name == "ppp_yield" and value is not None and min(numerator, denominator) < 0
    return {"period": period, "user_id": user_id, "team": team, "metric_name": name,
            "numerator": Fraction(numerator) if seen or is_sum else None,
            "denominator": Fraction(denominator) if seen and not is_sum else None,
            "n_customers": len({row[account] for row, _ in seen}), "raw_value": value, "credibility": None,
            "payable_value": Fraction(0) if is_floored else value, "coverage": coverage,
            "is_payable": value is not None, "_means": means}  # fmt: skip


def pay_ratings(rows: list[dict], min_customers: int) -> None:
    """M4 over the payees of one team: 'below rating_min_customers the user is paid at m, never at zero'.

    READING: also who has no rated customer at all; null where nobody of the team has any.
    """
    rated = [row for row in rows if row["_means"]]
    fair = credibility([{"n_customers": len(row["_means"]), "raw_mean": row["raw_value"],
                         "sample_variance": variance(row["_means"])} for row in rated]) if rated else []  # fmt: skip
    for row in rows:
        row["is_payable"] = row["n_customers"] >= min_customers
        row["payable_value"] = fair[0]["team_mean"] if fair else None
    for row, score in zip(rated, fair, strict=True):
        row["credibility"] = score["credibility"]
        if row["is_payable"]:
            row["payable_value"] = score["credible_score"]


def variance(values: list[Fraction]) -> Fraction | None:
    middle = mean(values)
    return sum((value - middle) ** 2 for value in values) / (len(values) - 1) if len(values) > 1 else None


# ------------------------------------------------------------------------------------------------------------ statements


def attainment(value: Fraction | None, row: dict) -> Fraction:
    """'0 where v < threshold; v / target up to the target; above it 1 + rate x (v / target - 1), at most the cap'; of
    no value 0, never below 0.
    """
    if value is None or (row["threshold"] is not None and value < row["threshold"]):
        return Fraction(0)
    part = value / Fraction(row["target"])
    if part > 1:
        part = 1 + Fraction(row["accelerated_rate"]) * (part - 1)
        part = part if row["cap"] is None else min(part, Fraction(row["cap"]))
    return max(part, Fraction(0))


def in_places(places: int, amount: Fraction) -> Decimal:
    """Half away from zero."""
    size = Decimal(floor(abs(amount) * 10**places + Fraction(1, 2))).scaleb(-places)
    return -size if amount < 0 else size


def statement_lines(company: Company, plans: Plans, scenario: str, inputs: dict[tuple, dict]) -> list[dict]:
    """'Rounding happens once: a line is all products first, one division, at 12 places; the sum of a payee's lines is
    rounded to cents, half away from zero, and the cents go to the lines by largest remainder.' READING: where the target
    pay changes within a month each has its days; target_pay is then their mean by days, which is shown in cents and not
    paid by; attainment is 'of the published value', which has 15 places, is shown in 12, and not paid by either.
    """
    lines = []
    parts = grouped(plans.parts(scenario), lambda part: part[:3])
    for (period, user_id, (plan_id, version)), group in parts.items():
        days = sum(part[-1] for part in group)
        pay_days = sum(Fraction(person["target_pay"]) * part for *_, person, part in group)
        month_days = (next_month(period) - period).days
        own = []
        for row in group[0][3]:
            value = inputs[period, user_id, row["metric_name"]]["payable_value"]
            reached = attainment(None if value is None else Fraction(in_places(15, value)), row)
            own.append({
                "period": period, "user_id": user_id, "team": row["team"], "plan_id": plan_id, "plan_version": version,
                **{name: row[name] for name in ("metric_name", "weight", "threshold", "target", "cap", "accelerated_rate")},
                "payable_value": value, "attainment": in_places(12, reached), "proration": Fraction(days, month_days),
                "target_pay": cents(pay_days / days),
                "_exact": Fraction(in_places(12, pay_days * Fraction(row["weight"]) * reached / month_days)),
            })  # fmt: skip
        lines += in_cents(own)
    return lines


def in_cents(lines: list[dict]) -> list[dict]:
    """'lines by largest remainder of cents (ties: metric_name)'; READING: the name that it had first."""
    whole = cents(sum(line["_exact"] for line in lines))
    parts = {line["metric_name"]: floor(line["_exact"] * 100) for line in lines}
    left = int(whole * 100) - sum(parts.values())
    rest = sorted(lines, key=lambda line: (parts[line["metric_name"]] - line["_exact"] * 100,
                                          FORMER_NAMES.get(line["metric_name"], line["metric_name"])))  # fmt: skip
    for line in rest[:left]:
        parts[line["metric_name"]] += 1
    return [{name: value for name, value in line.items() if name != "_exact"}
            | {"payout": Decimal(parts[line["metric_name"]]).scaleb(-2)} for line in lines]  # fmt: skip


def payouts(lines: Iterable[dict]) -> dict[tuple[date, str], Decimal]:
    found: dict[tuple[date, str], Decimal] = defaultdict(lambda: Decimal("0.00"))
    for line in lines:
        found[line["period"], line["user_id"]] += line["payout"]
    return found


def compare(company: Company, scenario: str, actual: list[dict], other: list[dict]) -> list[dict]:
    """'payee by payee: pay, rank and change', of those with lines in either; equals have one rank.

    READING: of the periods in which the scenario pays anybody.
    """
    pays = {"actual": payouts(actual), "scenario": payouts(other)}
    periods = {line["period"] for line in other}
    keys = sorted(key for key in pays["actual"].keys() | pays["scenario"].keys() if key[0] in periods)
    rows = []
    for period, user_id in keys:
        peers = [key for key in keys if key[0] == period]
        row = {"scenario": scenario, "period": period, "user_id": user_id, "team": company.team_in(user_id, period)}
        for name, pay in pays.items():
            own = pay.get((period, user_id), Decimal("0.00"))
            row[f"{name}_payout"] = own
            row[f"{name}_rank"] = 1 + sum(pay.get(key, Decimal("0.00")) > own for key in peers)
        rows.append(row | {"change": row["scenario_payout"] - row["actual_payout"]})
    return rows


# ------------------------------------------------------------------------------------- closes, adjustments, and disputes


def closing(world: World, lines: list[dict], closed_periods, disputes, ledger: Ledger, clawback_months: int) -> dict:
    """The statement with its frozen lines, the periods that this build closes, and the adjustments for later knowledge.

    'A close takes effect with the publication of the build that first sees it', so that adjustments are due for what
    earlier builds closed alone.
    """
    frozen = {row["period"] for row in ledger.closes}
    new = {row["period"]: row for row in closed_periods
           if row["closed_at"] <= world.as_of and row["period"] not in frozen}  # fmt: skip
    open_lines = [line for line in lines if line["period"] not in frozen]
    closed_lines = [*ledger.lines, *(line for line in open_lines if line["period"] in new)]
    adjustments = [*ledger.adjustments,
                   *late_knowledge(lines, ledger, clawback_months), *decided(world, disputes, ledger)]  # fmt: skip
    adjustments = [row | {"is_closed": row["period"] in frozen or row["period"] in new} for row in adjustments]
    closes = [{
        **{name: row[name] for name in ("period", "closed_at", "closed_by")}, "as_of": world.as_of,
        "line_count": sum(line["period"] == period for line in open_lines),
        "payout_total": total(line["payout"] for line in open_lines if line["period"] == period),
    } for period, row in new.items()]  # fmt: skip
    return {
        "comp_statement_lines": [*(line | {"is_closed": True} for line in closed_lines),
                                 *(line | {"is_closed": False} for line in open_lines if line["period"] not in new)],
        "comp_period_closes": [*ledger.closes, *closes],
        "comp_closed_lines": closed_lines,
        "comp_adjustments": adjustments,
    }  # fmt: skip


def next_open(ledger: Ledger) -> date | None:
    """'the month after the last period that was closed by an earlier build'."""
    return next_month(max(row["period"] for row in ledger.closes)) if ledger.closes else None


def months_before(month: date, months: int) -> date:
    year, place = divmod(month.year * 12 + month.month - 1 - months, 12)
    return date(year, place + 1, 1)


def late_knowledge(lines: list[dict], ledger: Ledger, clawback_months: int) -> list[dict]:
    """'amount = latest payout - closed payout - frozen adjustments of that original line, where not 0, original_period
    >= posted period - clawback_months'; a line that was or is not there is 0.
    """
    posted = next_open(ledger)
    if posted is None:
        return []
    frozen = {row["period"] for row in ledger.closes}
    owed: dict[tuple, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for line in lines:
        owed[tuple(line[name] for name in LINE_KEY)] += line["payout"]
    for line in ledger.lines:
        owed[tuple(line[name] for name in LINE_KEY)] -= line["payout"]
    for row in ledger.adjustments:
        if row["dispute_id"] is None:
            owed[row["original_period"], *(row[name] for name in LINE_KEY[1:])] -= row["amount"]
    return [dict(zip(("original_period", *LINE_KEY[1:]), key)) | {
                "period": posted, "amount": amount, "dispute_id": None}
            for key, amount in owed.items()
            if amount and key[0] in frozen and key[0] >= months_before(posted, clawback_months)]  # fmt: skip


def decided(world: World, disputes: Sequence[dict], ledger: Ledger) -> list[dict]:
    """'accepted with decided_on <= as_of's local day: amount is posted once in the next open period (nothing closed
    yet: in the dispute's own period); a later change of the amount or decision posts the difference.' READING: of a
    dispute that is gone, too.
    """
    keys = {row["dispute_id"]: {"original_period": row["period"], "user_id": row["user_id"],
                                "metric_name": row["metric_name"]} for row in disputes}  # fmt: skip
    owed: dict[str, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for row in disputes:
        if row["decision"] == "accepted" and row["decided_on"] <= world.today:
            owed[row["dispute_id"]] += row["amount"]
    for row in ledger.adjustments:
        if row["dispute_id"] is not None:
            owed[row["dispute_id"]] -= row["amount"]
            keys.setdefault(row["dispute_id"],
                            {name: row[name] for name in ("original_period", "user_id", "metric_name")})  # fmt: skip
    return [keys[dispute_id] | {"plan_id": None, "plan_version": None, "dispute_id": dispute_id, "amount": amount,
                                "period": next_open(ledger) or keys[dispute_id]["original_period"]}
            for dispute_id, amount in owed.items() if amount]  # fmt: skip
