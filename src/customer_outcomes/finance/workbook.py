"""The workbook of the finance team: statements, inputs and adjustments, with checks against the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import quote_sheetname, xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from customer_outcomes.warehouse import Connection

WORKBOOK = "shared_comp_inputs.xlsx"
TOTALS_ROW = 2  # rows and columns count from 0; the title and a remark are above the totals
HEADER_ROW = 6
ADJUSTMENTS_SHEET = "Adjustments"
LATE = "late knowledge"
MOST_ROWS = 1_000_000  # the number of rows of inputs on one sheet; a sheet ends at row 1,048,576
LONGEST_TEXT = 32_767  # the number of characters that a cell can hold
FORMULA_SIGNS = ("=", "+", "-", "@")

Columns = tuple[tuple[str, int, str], ...]  # header, width in characters, and name of the format
Amount = Decimal | int

FORMATS: dict[str, dict[str, Any]] = {
    "text": {},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00"},
    "count": {"num_format": "#,##0"},
    "figure": {"num_format": "#,##0.00####"},
    "share": {"num_format": "0.00####"},
    "month": {"num_format": "yyyy-mm", "align": "left"},
    "title": {"bold": True, "font_size": 14},
    "header": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EEF4"},
    "total": {"bold": True, "top": 1, "num_format": "#,##0.00;[Red]-#,##0.00"},
    "total_count": {"bold": True, "top": 1, "num_format": "#,##0"},
    "total_text": {"bold": True, "top": 1},
    # With this prefix, text that begins like a formula stays text even if somebody edits its cell.
    "quoted": {"quote_prefix": True},
}

STATEMENT: Columns = (
    ("kind", 11, "text"),
    ("user_id", 14, "text"),
    ("user_name", 20, "text"),
    ("team", 11, "text"),
    ("plan_id", 14, "text"),
    ("plan_version", 9, "text"),
    ("metric_name", 18, "text"),
    ("payable_value", 14, "figure"),
    ("weight", 8, "share"),
    ("threshold", 10, "figure"),
    ("target", 12, "figure"),
    ("cap", 8, "figure"),
    ("accelerated_rate", 11, "figure"),
    ("attainment", 11, "share"),
    ("proration", 10, "share"),
    ("target_pay", 12, "money"),
    ("amount", 13, "money"),
    ("original_period", 10, "month"),
    ("reason", 30, "text"),
)
INPUTS: Columns = (
    ("period", 10, "month"),
    ("user_id", 14, "text"),
    ("team", 11, "text"),
    ("metric_name", 18, "text"),
    ("numerator", 16, "figure"),
    ("denominator", 16, "figure"),
    ("n_customers", 11, "count"),
    ("raw_value", 14, "figure"),
    ("credibility", 11, "share"),
    ("payable_value", 14, "figure"),
    ("coverage", 11, "share"),
    ("is_payable", 10, "text"),
)
ADJUSTMENTS: Columns = (
    ("kind", 15, "text"),
    ("period", 10, "month"),
    ("original_period", 10, "month"),
    ("user_id", 14, "text"),
    ("plan_id", 14, "text"),
    ("plan_version", 9, "text"),
    ("metric_name", 18, "text"),
    ("dispute_id", 14, "text"),
    ("amount", 13, "money"),
    ("reason", 30, "text"),
    ("adjustment_id", 44, "text"),
)
CHECKS: Columns = (
    ("what", 58, "text"),
    ("expected", 18, "money"),
    ("found", 18, "money"),
    ("difference", 14, "money"),
    ("is_ok", 9, "text"),
)
STATEMENT_AMOUNT, ADJUSTED_AMOUNT = (
    [name for name, _, _ in columns].index("amount") for columns in (STATEMENT, ADJUSTMENTS)
)


@dataclass
class _Check:
    """One comparison of a figure of the warehouse, `expected`, with the same figure in the workbook.

    `formula` computes that figure in the workbook, and `found` is its result; without a formula, `found` is a second
    figure of the warehouse.
    """

    what: str
    expected: Amount
    formula: str | None
    found: Amount


def write_workbook(connection: Connection, path: Path) -> None:
    """Write the workbook of the database that is attached as `warehouse`; the same database gives the same bytes."""
    _Book(connection, path).write()


class _Book:
    """The workbook while it is written, with its formats and the checks that its sheets collect."""

    def __init__(self, connection: Connection, path: Path):
        self.connection = connection
        # The temporary files of the sheets contain pay, so they are put beside the workbook, in a private folder.
        self.workbook = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)})
        self.formats = {name: self.workbook.add_format(properties) for name, properties in FORMATS.items()}
        self.checks: list[_Check] = []
        self.as_of, self.currency = self._query("select as_of, reporting_currency from {c}.comp_settings")[0]
        self.workbook.set_properties({"title": "Shared compensation", "created": self.as_of})

    def write(self) -> None:
        periods = self._query(
            "select period from {c}.comp_statement_lines union select period from {c}.comp_adjustments order by 1 desc"
        )
        inputs = self._query("select count(*) from {c}.shared_comp_inputs")[0][0]
        pages = range(0, max(inputs, 1), MOST_ROWS)
        checks, adjustments = (self.workbook.add_worksheet(name) for name in ("Checks", "Adjustments"))
        input_sheets = [
            self.workbook.add_worksheet(f"Inputs {page}" if page > 1 else "Inputs") for page, _ in enumerate(pages, 1)
        ]
        statements = [self.workbook.add_worksheet(f"{period:%Y-%m}") for (period,) in periods]
        adjusted = self._write_adjustments(adjustments)
        for sheet, first in zip(input_sheets, pages, strict=True):
            self._write_inputs(sheet, first)
        for sheet, (period,) in zip(statements, periods, strict=True):
            self._write_statements(sheet, period, adjusted)
        self._write_checks(checks, is_anybody_paid=bool(periods))
        self.workbook.close()

    def _query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in which {c} is the schema compensation."""
        return self.connection.execute(statement.format(c="warehouse.compensation"), parameters).fetchall()

    def _begin(self, sheet: Worksheet, title: str, remark: str, columns: Columns) -> None:
        """Set up the layout of a sheet, and write its title and a remark."""
        for position, (_, width, kind) in enumerate(columns):
            sheet.set_column(position, position, width, self.formats[kind])
        sheet.freeze_panes(HEADER_ROW + 1, 0)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")
        sheet.write_string(0, 0, title, self.formats["title"])
        self._write_text(sheet, 1, 0, remark)

    def _write_header(self, sheet: Worksheet, columns: Columns) -> None:
        for position, (name, _, _) in enumerate(columns):
            sheet.write_string(HEADER_ROW, position, name, self.formats["header"])

    def _write_text(self, sheet: Worksheet, row: int, column: int, text: str) -> None:
        quoted = self.formats["quoted"] if text.startswith(FORMULA_SIGNS) else None
        sheet.write_string(row, column, text[:LONGEST_TEXT], quoted)

    def _write_row(self, sheet: Worksheet, row: int, values: Iterable[Any]) -> None:
        for column, value in enumerate(values):
            if isinstance(value, str):
                self._write_text(sheet, row, column, value)
            elif isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif isinstance(value, date):
                sheet.write_datetime(row, column, value)
            elif value is not None:
                sheet.write_number(row, column, float(value))

    def _write_total(self, sheet: Worksheet, row: int, column: int, name: str, formula: str, value: Decimal) -> None:
        """Write a total with its name on the left; programs that do not calculate formulas show the value."""
        sheet.write_string(row, column - 1, name, self.formats["total_text"])
        sheet.write_formula(row, column, formula, self.formats["total"], float(value))

    def _write_inputs(self, sheet: Worksheet, first: int) -> None:
        remark = f"What payees are paid for, as known at {self.as_of} UTC; money in {self.currency}."
        self._begin(sheet, "Inputs", remark, INPUTS)
        self._write_header(sheet, INPUTS)
        rows = self._query(
            f"select {_names(INPUTS)} from {{c}}.shared_comp_inputs"
            f" order by period desc, user_id, metric_name limit {MOST_ROWS} offset {first}"
        )
        for row, values in enumerate(rows, HEADER_ROW + 1):
            self._write_row(sheet, row, values)
        sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(rows), len(INPUTS) - 1)

    def _write_adjustments(self, sheet: Worksheet) -> list[tuple[Any, ...]]:
        """Write the adjustments of all periods, and return their rows."""
        rows = self._query(
            "select case when dispute_id is null then 'late knowledge' else 'dispute' end as kind,"
            f" {_names(ADJUSTMENTS[1:])} from {{c}}.comp_adjustments order by period desc, adjustment_id"
        )
        remark = f"Late knowledge of closed periods, and decisions on disputes; money in {self.currency}."
        self._begin(sheet, ADJUSTMENTS_SHEET, remark, ADJUSTMENTS)
        total = _sum(row[ADJUSTED_AMOUNT] for row in rows)
        amounts = xl_range_abs(HEADER_ROW + 1, ADJUSTED_AMOUNT, HEADER_ROW + max(len(rows), 1), ADJUSTED_AMOUNT)
        self._write_total(sheet, TOTALS_ROW, ADJUSTED_AMOUNT, "total", f"=SUM({amounts})", total)
        self._write_header(sheet, ADJUSTMENTS)
        for row, values in enumerate(rows, HEADER_ROW + 1):
            self._write_row(sheet, row, values)
        expected = self._query("select coalesce(sum(amount), 0) from {c}.comp_adjustments")[0][0]
        found = f"={ADJUSTMENTS_SHEET}!{xl_rowcol_to_cell(TOTALS_ROW, ADJUSTED_AMOUNT)}"
        self.checks.append(_Check("Adjustments of all periods", expected, found, total))
        return rows

    def _write_statements(self, sheet: Worksheet, period: date, adjusted: list[tuple[Any, ...]]) -> None:
        """Write the sheet of a period: the lines of each payee, the adjustments posted in the period, and the sums."""
        closes = self._query(
            "select closed_at, closed_by, as_of, line_count, payout_total, content_sha256"
            " from {c}.comp_period_closes where period = ?",
            period,
        )
        remark = f"Open, as known at {self.as_of} UTC"
        if closes:
            closed_at, closed_by, as_of, *_, content_sha256 = closes[0]
            remark = f"Closed {closed_at} UTC by {closed_by}, as known at {as_of} UTC, SHA-256 {content_sha256}"
        self._begin(sheet, f"Statements of {sheet.name}", f"{remark}; money in {self.currency}.", STATEMENT)
        entries = self._query(
            f"""
            with entries as (
                select 'line' as kind, payout as amount, * from {{c}}.comp_statement_lines where period = $1
                union all by name
                select 'adjustment' as kind, coalesce(teams.team, employees.team) as team, adjustments.*
                from {{c}}.comp_adjustments as adjustments
                left join (select distinct period, user_id, team from {{c}}.comp_statement_lines) as teams
                    on teams.period = adjustments.original_period and teams.user_id = adjustments.user_id
                left join warehouse.marts.dim_employees as employees on employees.user_id = adjustments.user_id
                where adjustments.period = $1
            ),
            names as (
                select user_id, user_name from warehouse.marts.dim_employees
            )
            select {_names(STATEMENT)}
            from entries left join names using (user_id)
            order by user_id, kind desc, plan_id, plan_version, metric_name, adjustment_id
            """,
            period,
        )
        payees = [list(its_entries) for _, its_entries in groupby(entries, key=lambda entry: entry[1])]
        last = HEADER_ROW + len(entries) + len(payees)
        kinds, amounts = (xl_range_abs(HEADER_ROW + 1, column, last, column) for column in (0, STATEMENT_AMOUNT))
        totals = {
            kind: _sum(entry[STATEMENT_AMOUNT] for entry in entries if entry[0] == kind)
            for kind in ("line", "adjustment")
        }
        for row, (kind, total) in enumerate(totals.items(), TOTALS_ROW):
            formula = f'=SUMIF({kinds},"{kind}",{amounts})'
            self._write_total(sheet, row, STATEMENT_AMOUNT, f"{kind}s", formula, total)
        both = xl_range_abs(TOTALS_ROW, STATEMENT_AMOUNT, TOTALS_ROW + 1, STATEMENT_AMOUNT)
        self._write_total(sheet, TOTALS_ROW + 2, STATEMENT_AMOUNT, "paid", f"=SUM({both})", _sum(totals.values()))
        self._write_header(sheet, STATEMENT)
        row = HEADER_ROW + 1
        for its_entries in payees:
            first = row
            for row, values in enumerate(its_entries, first):
                self._write_row(sheet, row, values)
            cells = f"{xl_rowcol_to_cell(first, STATEMENT_AMOUNT)}:{xl_rowcol_to_cell(row, STATEMENT_AMOUNT)}"
            row += 1
            sheet.set_row(row, None, self.formats["total_text"])
            self._write_row(sheet, row, ("total", *its_entries[0][1:4]))
            total = _sum(entry[STATEMENT_AMOUNT] for entry in its_entries)
            self._write_total(sheet, row, STATEMENT_AMOUNT, "total", f"=SUM({cells})", total)
            row += 1
        self._check_period(sheet, period, totals)
        if closes:
            line_count, payout_total = closes[0][3:5]
            counted = sum(entry[0] == "line" for entry in entries)
            formula = f'=COUNTIF({quote_sheetname(sheet.name)}!{kinds},"line")'
            self.checks.append(_Check(f"{sheet.name}: number of lines when it closed", line_count, formula, counted))
            self._check_close(sheet, period, payout_total, totals["line"], adjusted)

    def _check_period(self, sheet: Worksheet, period: date, totals: dict[str, Decimal]) -> None:
        """Check the totals of a period's sheet."""
        lines, adjustments = self._query(
            "select (select coalesce(sum(payout), 0) from {c}.comp_statement_lines where period = $1),"
            " (select coalesce(sum(amount), 0) from {c}.comp_adjustments where period = $1)",
            period,
        )[0]
        for row, what, expected, found in (
            (TOTALS_ROW, "lines", lines, totals["line"]),
            (TOTALS_ROW + 1, "adjustments posted", adjustments, totals["adjustment"]),
        ):
            self.checks.append(_Check(f"{sheet.name}: {what}", expected, f"={_amount(sheet, row)}", found))

    def _check_close(
        self, sheet: Worksheet, period: date, payout_total: Decimal, lines: Decimal, adjusted: list[tuple[Any, ...]]
    ) -> None:
        """Check the lines of a closed period against its close, and against the latest knowledge."""
        lines_cell = _amount(sheet, TOTALS_ROW)
        self.checks.append(_Check(f"{sheet.name}: lines when it closed", payout_total, f"={lines_cell}", lines))
        # There is no sum if the month is too old, or was closed by older definitions: late knowledge of it is ignored.
        latest = self._query(
            "select cast(sum(expected) as decimal(38, 2)) from {c}.comp_line_checks"
            " where period = ? and step = 'statement' and metric_name is not null having count(*) > 0",
            period,
        )
        if latest:
            late = _sum(row[ADJUSTED_AMOUNT] for row in adjusted if row[0] == LATE and row[2] == period)
            last = HEADER_ROW + max(len(adjusted), 1)
            kinds, originals, amounts = (
                f"{ADJUSTMENTS_SHEET}!{xl_range_abs(HEADER_ROW + 1, column, last, column)}"
                for column in (0, 2, ADJUSTED_AMOUNT)
            )
            day = f"DATE({period.year},{period.month},1)"
            formula = f'={lines_cell}+SUMIFS({amounts},{kinds},"{LATE}",{originals},{day})'
            what = f"{sheet.name}: closed lines and adjustments for later knowledge, against the latest knowledge"
            self.checks.append(_Check(what, latest[0][0], formula, lines + late))

    def _check_customers(self) -> None:
        """Add the checks that no formula of the workbook can compute."""
        customers, marketing, sales, uneven, leavers, unequal = self._query(
            """
            with sums as (
                select account_id, side, sum(weight) as weight from {c}.comp_credits group by account_id, side
            )
            select
                (select count(*) from warehouse.marts.customer_lifetime),
                (select coalesce(sum(weight), 0) from sums where side = 'marketing'),
                (select coalesce(sum(weight), 0) from sums where side = 'sales'),
                (select count(*) from sums where weight <> 1),
                (
                    select count(distinct user_id)
                    from {c}.comp_statement_lines inner join warehouse.marts.dim_employees using (user_id)
                    where payout <> 0 and period > left_at
                ),
                (select count(*) from {c}.comp_line_checks where not is_equal)
            """
        )[0]
        self.checks += [
            _Check("Customers, and their credit in marketing", customers, None, marketing),
            _Check("Customers, and their credit in sales", customers, None, sales),
            _Check("Customers whose credit of a side is not 1", 0, None, uneven),
            _Check("Payees paid for a month that began after they left", 0, None, leavers),
            _Check("Sums behind lines that do not add up (comp_line_checks)", 0, None, unequal),
        ]

    def _write_checks(self, sheet: Worksheet, is_anybody_paid: bool) -> None:
        """Write all checks, and the number of failed ones."""
        self._check_customers()
        remark = f"The warehouse against this workbook, as known at {self.as_of} UTC; money in {self.currency}."
        if not is_anybody_paid:
            remark += " No payee takes part in a plan, so there are no statements."
        self._begin(sheet, "Checks", remark, CHECKS)
        last = HEADER_ROW + len(self.checks)
        verdicts = [check.expected == check.found for check in self.checks]
        cells = xl_range_abs(HEADER_ROW + 1, 4, last, 4)
        sheet.write_string(TOTALS_ROW, 3, "to look at", self.formats["total_text"])
        formula = f'=COUNTIF({cells},"look")'
        sheet.write_formula(TOTALS_ROW, 4, formula, self.formats["total_count"], verdicts.count(False))
        self._write_header(sheet, CHECKS)
        for row, check in enumerate(self.checks, HEADER_ROW + 1):
            self._write_row(sheet, row, (check.what, check.expected))
            if check.formula:
                sheet.write_formula(row, 2, check.formula, None, float(check.found))
            else:
                self._write_row(sheet, row, (check.what, check.expected, check.found))
            wanted_cell, found_cell, difference = (xl_rowcol_to_cell(row, column) for column in (1, 2, 3))
            difference_formula = f"=ROUND({found_cell}-{wanted_cell},6)"
            sheet.write_formula(row, 3, difference_formula, None, float(check.found - check.expected))
            verdict = "ok" if check.found == check.expected else "look"
            sheet.write_formula(row, 4, f'=IF({difference}=0,"ok","look")', None, verdict)


def _names(columns: Columns) -> str:
    return ", ".join(name for name, _, _ in columns)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _amount(sheet: Worksheet, row: int) -> str:
    """Return the reference to the cell of a total on a period's sheet."""
    return f"{quote_sheetname(sheet.name)}!{xl_rowcol_to_cell(row, STATEMENT_AMOUNT)}"
