"""Traces a payout to the metric inputs, the customers and the rows of facts from which it is computed."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table

from customer_outcomes.errors import UnusableInput
from customer_outcomes.warehouse import Connection, MissingName, connect

Row = dict[str, Any]  # a row of a query, or a part of the trace, by the names that docs/trace.md describes
LINE = ("plan_id", "plan_version", "metric_name")  # the columns that identify a line of a statement
STEPS = ("statement", "input", "customers")
MOST_NAMES = 20  # the number of payees that a message lists


def trace(warehouse: Path, period: str, user_id: str, metric_name: str | None = None) -> Row:
    """Return the statement of a payee for a month and the figures behind it, as docs/trace.md describes them.

    Amounts are Decimal. The rows of facts are included only for `metric_name`. Raise UnusableInput if the month, the
    payee, the statement, the metric or the warehouse does not exist.
    """
    month = _month(period)
    if not warehouse.is_file():
        raise UnusableInput(f"{warehouse} does not exist; `outcomes build` makes it.")
    try:
        # The product of two decimals of the warehouse has up to 27 decimal places.
        with connect(warehouse, read_only=True) as connection, localcontext(prec=60):
            return _Trace(connection, month, user_id, metric_name).follow()
    except MissingName:
        raise UnusableInput(f"{warehouse} holds no statements to trace; `outcomes build` makes them.") from None


def _month(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}(-01)?", text, re.ASCII):
        try:
            return date.fromisoformat(f"{text[:7]}-01")
        except ValueError:
            pass
    raise UnusableInput(f"{text} is not a month; write it as 2026-03 or as its first day, 2026-03-01.")


class _Trace:
    """The queries of one trace, and the checks of each step against the step above it."""

    def __init__(self, connection: Connection, month: date, user_id: str, metric_name: str | None):
        self.connection, self.month, self.user_id, self.metric_name = connection, month, user_id, metric_name

    def follow(self) -> Row:
        employee = self._employee()
        adjustments = self._rows(
            "select adjustment_id, period, original_period, plan_id, plan_version, metric_name, dispute_id, amount,"
            " reason from compensation.comp_adjustments where user_id = ? and ? in (period, original_period)"
            " order by adjustment_id",
            self.user_id,
            self.month,
        )
        settings = self._rows("select as_of, reporting_currency from compensation.comp_settings")[0]
        closes = self._rows(
            "select closed_at, closed_by, as_of, content_sha256 from compensation.comp_period_closes where period = ?",
            self.month,
        )
        lines = self._lines(adjustments)
        if not lines and not adjustments:
            raise UnusableInput(self._periods())
        metrics = sorted({line["metric_name"] for line in lines})
        if self.metric_name is not None:
            if self.metric_name not in metrics:
                found = f"the metrics are {', '.join(metrics)}" if metrics else "no metric has a line"
                raise UnusableInput(f"No plan of {self.user_id} in {self._name} has {self.metric_name}; {found}.")
            metrics = [self.metric_name]
        posted = [adjustment["amount"] for adjustment in adjustments if adjustment["period"] == self.month]
        payout = sum((line["payout"] for line in lines), Decimal(0))
        teams = {line["metric_name"]: line["team"] for line in lines}  # those of the month, which may be former ones
        return {
            "period": self.month,
            **employee | ({"team": lines[0]["team"]} if lines else {}),
            **settings,
            "close": closes[0] if closes else None,
            "lines": lines,
            "adjustments": adjustments,
            "totals": {
                "payout": payout,
                "adjustments_posted": sum(posted, Decimal(0)),
                "paid": payout + sum(posted),
                "adjustments_of_lines": sum((line["adjustments"] for line in lines), Decimal(0)),
                "latest_payout": sum((line["latest_payout"] for line in lines), Decimal(0)),
            },
            "metrics": [self._metric(name, str(teams.get(name, employee["team"]))) for name in metrics],
            "checks": self._checks(metrics),
        }

    @property
    def _name(self) -> str:
        return f"{self.month:%Y-%m}"

    def _rows(self, statement: str, *parameters: object) -> list[Row]:
        """Return the rows of a query by the names of its columns."""
        answer = self.connection.execute(statement, parameters)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def _checks(self, metrics: list[str]) -> list[Row]:
        """Return the sums that the warehouse compared with the step above, for the lines of some metrics."""
        checks = self._rows(
            "select step, metric_name, what, expected, found, is_equal from compensation.comp_line_checks"
            " where period = ? and user_id = ? order by metric_name, what",
            self.month,
            self.user_id,
        )
        shown = [check for check in checks if check["step"] == "statement" or check["metric_name"] in metrics]
        return sorted(shown, key=lambda check: STEPS.index(check["step"]))

    def _employee(self) -> Row:
        found = self._rows("select user_id, user_name, team from marts.dim_employees where user_id = ?", self.user_id)
        if not found:
            raise UnusableInput(f"{self.user_id} is not an employee; {self._payees()}.")
        return found[0]

    def _payees(self) -> str:
        """Return a clause that names the payees of the month."""
        paid = self._rows(
            "select distinct user_id from compensation.comp_statement_lines where period = ? order by user_id",
            self.month,
        )
        if not paid:
            return f"nobody is paid for {self._name}"
        names = [row["user_id"] for row in paid]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        return f"the payees of {self._name} are {', '.join(names[:MOST_NAMES])}{more}"

    def _periods(self) -> str:
        """Return the sentence about a payee without a statement of the month."""
        found = self._rows(
            "select min(period) as first, max(period) as last from compensation.comp_statement_lines where user_id = ?",
            self.user_id,
        )[0]
        first, last = found["first"], found["last"]
        known = f"the statements are of {first:%Y-%m} to {last:%Y-%m}" if first else self._payees()
        return f"{self.user_id} has no statement of {self._name}; {known}."

    def _lines(self, adjustments: list[Row]) -> list[Row]:
        """Return the lines of the statement, each with the latest computed figures and the sum of its adjustments."""
        terms = "team, weight, threshold, target, cap, accelerated_rate, proration, target_pay"
        columns = f"plan_id, plan_version, metric_name, {terms}, payable_value, attainment, payout"
        stated, latest = (
            {tuple(row[name] for name in LINE): row for row in self._rows(statement, self.month, self.user_id)}
            for statement in (
                f"select {columns} from compensation.comp_statement_lines where period = ? and user_id = ?",
                f"select {columns} from compensation.comp_computed_lines"
                " where period = ? and user_id = ? and scenario = 'actual'",
            )
        )
        adjusted: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for adjustment in adjustments:
            if adjustment["dispute_id"] is None and adjustment["original_period"] == self.month:
                adjusted[tuple(adjustment[name] for name in LINE)] += adjustment["amount"]
        lines = []
        for key in sorted(stated.keys() | latest.keys()):
            none = {"payable_value": None, "attainment": Decimal(0), "payout": Decimal(0)}
            now = latest.get(key, none)
            line = (stated[key] if key in stated else now | none) | {
                "adjustments": adjusted[key],
                **{f"latest_{name}": now[name] for name in none},
            }
            lines.append(line)
        return lines

    def _metric(self, metric_name: str, team: str) -> Row:
        """Return the input and the customers of a metric; with their rows if it is the requested metric."""
        keys = [self.month, self.user_id, metric_name]
        found = self._rows(
            "select numerator, denominator, n_customers, raw_value, credibility, payable_value, coverage, is_payable"
            " from compensation.shared_comp_inputs where period = ? and user_id = ? and metric_name = ?",
            *keys,
        )
        metric: Row = {"metric_name": metric_name, "input": found[0] if found else None, "peers": None}
        customers = self._customers(metric_name, team)
        if metric["input"] is None:  # it was paid when the period closed, but no current plan has it
            return metric | {"customers": customers}
        if metric_name == "satisfaction":
            metric["peers"] = self._peers(team)
        return metric | {"customers": customers}

    def _peers(self, team: str) -> Row:
        """Return the number of customers of all payees of a team who answered, and the mean of their mean scores."""
        return self._rows(
            "select distinct peers_customers as n_customers, peers_mean as mean from compensation.comp_inputs"
            " where scenario = 'actual' and period = ? and team = ? and metric_name = 'satisfaction'",
            self.month,
            team,
        )[0]

    def _customers(self, metric_name: str, team: str) -> list[Row]:
        """Return the customers behind a metric, each with figures, credits and weight; with rows if requested."""
        keys = [self.month, self.user_id, metric_name]
        customers = self._rows(
            "select account_id, numerator, denominator from metrics.metric_evidence_customers"
            " where month = ? and user_id = ? and metric_name = ? order by account_id",
            *keys,
        )
        rows = self._rows(
            "select account_id, source_table, source_id, occurred_at, rule, credit_table, credit_id, weight, amount,"
            " base from metrics.metric_evidence where month = ? and user_id = ? and metric_name = ?"
            " order by account_id, occurred_at, source_id, credit_table, credit_id",
            *keys,
        )
        month_credits = self._rows(
            "select account_id, rule, source_table as credit_table, source_id as credit_id, weight"
            " from credit.credit_accounts where from_month <= $1 and coalesce(to_month > $1, true)"
            " and weight > 0 and user_id = $2 and side = $3 order by account_id, candidate_rank",
            _month_before(self.month) if metric_name == "customer_retention" else self.month,
            self.user_id,
            "marketing" if team == "marketing" else "sales",
        )
        its_rows, its_credits = _grouped(rows), _grouped(month_credits)
        for customer in customers:
            account_id = customer["account_id"]
            below = its_rows[account_id]
            is_of_rows = below[0]["rule"] is not None
            customer["credits"] = _credits(below if is_of_rows else its_credits[account_id])
            weights: set[Any] = (
                _weights_by_row(below) if is_of_rows else {sum(row["weight"] for row in customer["credits"])}
            )
            customer["weight"] = weights.pop() if len(weights) == 1 else None
            if metric_name == self.metric_name:
                customer["rows"] = below
        return customers


def _month_before(month: date) -> date:
    """Return the first day of the previous month: retention is credited by the customers at the start of a month."""
    return (month - timedelta(days=1)).replace(day=1)


def _grouped(rows: list[Row]) -> dict[str, list[Row]]:
    """Return the rows of each account, without the column account_id."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.pop("account_id")].append(row)
    return groups


def _credits(rows: list[Row]) -> list[Row]:
    """Return the distinct combinations of rule, credit row and weight by which a payee is credited."""
    names = ("rule", "credit_table", "credit_id", "weight")
    different = {tuple(row[name] for name in names) for row in rows}
    return [dict(zip(names, values, strict=True)) for values in sorted(different)]


def _weights_by_row(rows: list[Row]) -> set[Decimal]:
    """Return the distinct weights of the rows of facts, where a row's weight is the sum over its credits."""
    weights: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        weights[row["source_id"]] += row["weight"]
    return set(weights.values())


def print_trace(found: Row, console: Console) -> None:
    """Print a trace for a person; figures are rounded to four places, but sums are computed from all places."""
    _print_statement(found, console)
    for metric in found["metrics"]:
        _print_metric(metric, found["checks"], console)
    unequal = [check for check in found["checks"] if not check["is_equal"]]
    compared = f"\n{len(found['checks'])} sums were compared with the step above: {len(unequal) or 'none'} differ."
    console.print(compared, style="bold")
    for check in unequal:
        about = f"{check['metric_name']}: " if check["metric_name"] else ""
        figures = f"{_shown(check['expected'])} above, {_shown(check['found'])} here"
        console.print(f"{about}{check['what']}: {figures}", markup=False)


def _print_statement(found: Row, console: Console) -> None:
    name = f" ({found['user_name']})" if found["user_name"] else ""
    console.print(f"{found['period']:%Y-%m} of {found['user_id']}{name}, {found['team']}", style="bold", markup=False)
    close = found["close"]
    if close:
        state = f"closed {close['closed_at']} by {close['closed_by']}, as known at {close['as_of']} UTC"
    else:
        state = f"open, as known at {found['as_of']} UTC"
    console.print(f"{state}; amounts in {found['reporting_currency']}", markup=False)
    if close:
        console.print(f"SHA-256 {close['content_sha256']}")
    headers = ("value", "target", "attained", "weight", "days", "pay", "payout")
    figures = ("payable_value", "target", "attainment", "weight", "proration")
    table = _table("plan", "metric", *(f">{header}" for header in headers))
    for line in found["lines"]:
        table.add_row(
            f"{line['plan_id']} {line['plan_version']}",
            line["metric_name"],
            *(_shown(line[figure]) for figure in figures),
            _money(line["target_pay"]),
            _money(line["payout"]),
        )
    console.print(table)
    totals = found["totals"]
    console.print(
        f"sum of lines {_money(totals['payout'])} + adjustments posted {_money(totals['adjustments_posted'])}"
        f" = paid {_money(totals['paid'])}"
    )
    if found["adjustments"]:
        table = _table("posted in", "for", "plan", "metric", "reason", ">amount")
        for row in found["adjustments"]:
            plan = f"{row['plan_id']} {row['plan_version']}" if row["plan_id"] else ""
            periods = (f"{row[name]:%Y-%m}" for name in ("period", "original_period"))
            table.add_row(*periods, plan, row["metric_name"] or "", row["reason"], _money(row["amount"]))
        console.print(table)
    learned = [line for line in found["lines"] if line["payout"] != line["latest_payout"] or line["adjustments"]]
    if close and not learned:
        console.print("No knowledge since the month closed changes a line.")
    elif learned:
        console.print("\nKnowledge since the month closed changes lines; the steps below show it.", style="bold")
        table = _table("plan", "metric", ">value then", ">value now", ">payout then", ">adjustments", ">payout now")
        for line in learned:
            table.add_row(
                f"{line['plan_id']} {line['plan_version']}",
                line["metric_name"],
                *(_shown(line[name]) for name in ("payable_value", "latest_payable_value")),
                *(_money(line[name]) for name in ("payout", "adjustments", "latest_payout")),
            )
        console.print(table)


def _print_metric(metric: Row, checks: list[Row], console: Console) -> None:
    figures, customers = metric["input"], metric["customers"]
    console.print(f"\n{metric['metric_name']}", style="bold")
    if figures is None:
        console.print("No current plan pays it.")
        return
    console.print(f"payable value {_shown(figures['payable_value'])}{_origin(metric)}")
    if not customers:
        console.print("No customer counts.")
        return
    parts = ["numerator", *(["denominator"] if figures["denominator"] is not None else [])]
    adds = "mean" if metric["metric_name"] == "satisfaction" else "adds"
    table = _table("customer", ">credit", "by", *(f">{name}" for name in (adds, "of")[: len(parts)]))
    for customer in customers:
        by = ", ".join(sorted({f"{credit['rule']} {credit['credit_id']}" for credit in customer["credits"]}))
        weight = "varies" if customer["weight"] is None else _shown(customer["weight"])
        table.add_row(customer["account_id"], weight, by, *(_shown(customer[part]) for part in parts))
    table.add_section()
    sums = (sum(customer[part] for customer in customers) for part in parts)
    table.add_row("sum", "", f"of {len(customers)}", *map(_shown, sums))
    console.print(table)
    its_checks = [check for check in checks if check["metric_name"] == metric["metric_name"]]
    _print_verdict([check for check in its_checks if check["step"] == "customers"], "input", console)
    for customer in customers:
        if "rows" in customer:
            _print_rows(metric["metric_name"], customer, parts, console)


def _print_verdict(checks: list[Row], above: str, console: Console) -> None:
    """Print whether the sum of a table equals the figure in the step above, if the warehouse compared them."""
    if checks:
        verb = "equals" if all(check["is_equal"] for check in checks) else "does not equal"
        console.print(f"The sum {verb} the {above} above.")


def _print_rows(metric_name: str, customer: Row, parts: list[str], console: Console) -> None:
    rows = customer["rows"]
    has_moments, has_credits = rows[0]["occurred_at"] is not None, rows[0]["rule"] is not None
    console.print(f"\n{customer['account_id']}, {rows[0]['source_table']}", markup=False)
    names = ["row", *(["at"] if has_moments else []), *(["by"] if has_credits else [])]
    table = _table(*names, *(f">{name}" for name in ("weight", "amount", "adds", "of")[: 2 + len(parts)]))
    for row in rows:
        cells = [row["source_id"]]
        cells += [f"{row['occurred_at']:%Y-%m-%d %H:%M}"] if has_moments else []
        cells += [f"{row['rule']} {row['credit_id']}"] if has_credits else []
        adds = [row["weight"] * row[figure] for figure in ("amount", "base")[: len(parts)]]
        table.add_row(*cells, *map(_shown, [row["weight"], row["amount"], *adds]))
    table.add_section()
    total = "mean" if metric_name == "satisfaction" else "sum"
    table.add_row(total, *([""] * (len(names) + 1)), *(_shown(customer[part]) for part in parts))
    console.print(table)


def _origin(metric: Row) -> str:
    """Return the computation of a payable value, in words."""
    figures, peers = metric["input"], metric["peers"]
    if peers is None:
        if figures["numerator"] is None:
            return ": there is nothing to divide by"
        if figures["denominator"] is None:
            return " = the sum of the customers' amounts"
        quotient = f"{_shown(figures['numerator'])} / {_shown(figures['denominator'])}"
        return f" = {quotient}" + (", 0 where one is negative" if metric["metric_name"] == "ppp_yield" else "")
    team = f"the mean {_shown(peers['mean'])} of the {peers['n_customers']} customers of all payees of the team"
    if not figures["is_payable"]:
        return f" = {team}: too few answered for the own mean, {_shown(figures['raw_value'])}"
    credibility = Decimal(figures["credibility"])
    return f" = {_shown(credibility)} x own mean {_shown(figures['raw_value'])} + {_shown(1 - credibility)} x {team}"


def _table(*columns: str) -> Table:
    """Return an empty table with these headers; a column whose header begins with > is aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        is_figure = column.startswith(">")
        side: Literal["left", "right"] = "right" if is_figure else "left"
        table.add_column(column.lstrip(">"), justify=side, no_wrap=is_figure, overflow="fold")
    return table


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _shown(value: Decimal | int | None) -> str:
    """Return a figure rounded to four decimal places; one with a fraction has at least two places."""
    if value is None:
        return "none"
    whole, _, fraction = f"{value:,.4f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction:0<2}" if fraction else whole
