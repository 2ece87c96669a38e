"""Every formula of the workbook, computed a second time here and by LibreOffice, gives the value of the file and the warehouse."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import duckdb
import openpyxl
import pytest
from openpyxl.utils import column_index_from_string

from customer_outcomes.finance.workbook import HEADER_ROW, STATEMENT, WORKBOOK, write_workbook
from helpers.builds import query

REFERENCE = re.compile(
    r"""("[^"]*") | (?:(?:'([^']+)'|([A-Za-z]\w*))!)? \$?([A-Z]{1,2})\$?(\d+) (?::\$?([A-Z]{1,2})\$?(\d+))?""",
    re.VERBOSE,
)
AMOUNT = [name for name, _, _ in STATEMENT].index("amount") + 1
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://customer-outcomes.example")')
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def write(warehouse: Path, path: Path) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        write_workbook(connection, path)
    return path


@pytest.fixture(scope="module")
def workbook(oddities_build) -> Path:
    return oddities_build.pay / WORKBOOK


@pytest.fixture(scope="module")
def formulas(workbook) -> openpyxl.Workbook:
    return openpyxl.load_workbook(workbook)


@pytest.fixture(scope="module")
def shown(workbook) -> openpyxl.Workbook:
    """The values that a viewer shows which does not calculate."""
    return openpyxl.load_workbook(workbook, data_only=True)


@pytest.fixture
def changed(oddities_build, tmp_path) -> Path:
    """A copy of the warehouse for a test to change."""
    return Path(shutil.copy(oddities_build.warehouse, tmp_path / oddities_build.warehouse.name))


class Calculator:
    """Computes the formulas of a workbook from its numbers, and not from what the file says that they give."""

    def __init__(self, workbook: openpyxl.Workbook):
        self.workbook = workbook
        self.known: dict[tuple, object] = {}

    def value(self, sheet: str, row: int, column: int) -> object:
        key = (sheet, row, column)
        if key not in self.known:
            content = self.workbook[sheet].cell(row, column).value
            is_formula = isinstance(content, str) and content.startswith("=")
            self.known[key] = self._compute(sheet, content[1:]) if is_formula else content
        return self.known[key]

    def _compute(self, sheet: str, formula: str) -> object:
        def refer(match: re.Match) -> str:
            text, quoted, plain, *bounds = match.groups()
            return text or f"cells({(quoted or plain or sheet)!r}, {bounds})"

        expression = REFERENCE.sub(refer, formula).replace("=0", "==0")
        return eval(expression, {"__builtins__": {}}, {"cells": self._cells, **FUNCTIONS})

    def _cells(self, sheet: str, bounds: list[str | None]) -> object:
        left, top, right, bottom = bounds
        if right is None:
            return self.value(sheet, int(top), column_index_from_string(left))
        columns = range(column_index_from_string(left), column_index_from_string(right) + 1)
        return [self.value(sheet, row, column) for row, column in product(range(int(top), int(bottom) + 1), columns)]


def as_list(values: object) -> list:
    return values if isinstance(values, list) else [values]


def sum_ifs(amounts: object, *conditions: object) -> float:
    kept = as_list(amounts)
    asked = [True] * len(kept)
    for cells, wanted in zip(conditions[::2], conditions[1::2]):
        asked = [is_asked and cell == wanted for is_asked, cell in zip(asked, as_list(cells))]
    return sum(amount for amount, is_asked in zip(kept, asked) if is_asked)


FUNCTIONS = {
    "SUM": lambda amounts: sum(amount or 0 for amount in as_list(amounts)),
    "SUMIF": lambda cells, wanted, amounts: sum_ifs(amounts, cells, wanted),
    "SUMIFS": sum_ifs,
    "COUNTIF": lambda cells, wanted: as_list(cells).count(wanted),
    "ROUND": round,
    "DATE": datetime,
    "IF": lambda condition, yes, no: yes if condition else no,
}


def formula_cells(workbook: openpyxl.Workbook) -> Iterator[tuple[str, int, int]]:
    for sheet in workbook:
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell.row, cell.column) for cell in row if cell.data_type == "f")


def period_sheets(workbook: openpyxl.Workbook) -> list[str]:
    return [name for name in workbook.sheetnames if name[0].isdigit()]


def rows_of(workbook: openpyxl.Workbook, sheet: str) -> list[dict]:
    header, *rows = workbook[sheet].iter_rows(min_row=HEADER_ROW + 1, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_every_formula_gives_what_the_file_shows(formulas, shown):
    calculator, seen = Calculator(formulas), set()
    for sheet, row, column in formula_cells(formulas):
        expected, found = shown[sheet].cell(row, column).value, calculator.value(sheet, row, column)
        assert found == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-6)), (
            sheet,
            row,
            column,
        )
        seen |= set(re.findall(r"[A-Z]+(?=\()", formulas[sheet].cell(row, column).value))
    assert seen == FUNCTIONS.keys()


def test_every_period_is_the_warehouse_s(shown, oddities_build):
    lines = query(oddities_build.warehouse, "select * from compensation.comp_statement_lines")
    periods = {f"{row[0]:%Y-%m}" for row in lines}
    assert period_sheets(shown) == sorted(periods, reverse=True)
    totals = dict(
        query(
            oddities_build.warehouse,
            "select period, sum(payout) from compensation.comp_statement_lines group by period",
        )
    )
    for period, total in totals.items():
        sheet = shown[f"{period:%Y-%m}"]
        assert [sheet.cell(row, AMOUNT - 1).value for row in (3, 4, 5)] == ["lines", "adjustments", "paid"]
        assert sheet.cell(3, AMOUNT).value == float(total)
        rows = rows_of(shown, f"{period:%Y-%m}")
        paid = sum(Decimal(str(row["amount"])) for row in rows if row["kind"] == "total")
        assert paid == Decimal(str(sheet.cell(5, AMOUNT).value))
    columns = ", ".join(name for name, _, _ in STATEMENT[4 : AMOUNT - 1])
    statement = (
        f"select user_id, {columns}, payout from compensation.comp_statement_lines"
        " order by period desc, user_id, plan_id, plan_version, metric_name"
    )
    expected = [[as_shown(value) for value in row] for row in query(oddities_build.warehouse, statement)]
    found = [
        [row["user_id"], *(row[name] for name, _, _ in STATEMENT[4:AMOUNT])]
        for period in period_sheets(shown)
        for row in rows_of(shown, period)
        if row["kind"] == "line"
    ]
    assert found == expected


def test_inputs_and_adjustments_are_the_warehouse_s(shown, oddities_build):
    for sheet, relation, key in (
        ("Inputs", "shared_comp_inputs", "period desc, user_id, metric_name"),
        ("Adjustments", "comp_adjustments", "period desc, adjustment_id"),
    ):
        rows = rows_of(shown, sheet)
        names = [name for name in rows[0] if name != "kind"]
        expected = query(
            oddities_build.warehouse, f"select {', '.join(names)} from compensation.{relation} order by {key}"
        )
        assert len(rows) == len(expected)
        for row, values in zip(rows, expected):
            assert [row[name] for name in names] == [as_shown(value) for value in values]


def as_shown(value: object) -> object:
    """A file has 16 digits of a number, and a day as its midnight."""
    if isinstance(value, Decimal | float):
        return pytest.approx(float(value), rel=1e-15)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value


def test_every_check_is_ok(shown):
    checks = rows_of(shown, "Checks")
    assert {row["is_ok"] for row in checks} == {"ok"}
    assert shown["Checks"].cell(3, 5).value == 0
    for part in (
        "Adjustments of all periods",
        "2026-05: lines when it closed",
        "2026-05: closed lines and adjustments for later knowledge, against the latest knowledge",
        "2026-07: lines",
        "Customers, and their credit in marketing",
        "Customers, and their credit in sales",
        "Payees paid for a month that began after they left",
    ):
        assert part in [row["what"] for row in checks]


def test_a_sum_that_does_not_tie_out_is_shown(changed, tmp_path):
    with duckdb.connect(changed) as connection:
        connection.execute(
            "update compensation.comp_period_closes set payout_total = payout_total + 1 where period = date '2026-03-01'"
        )
        connection.execute("update marts.dim_employees set left_at = timestamp '2026-02-10' where user_id = 'user_02'")
    path = write(changed, tmp_path / WORKBOOK)
    checks = rows_of(openpyxl.load_workbook(path, data_only=True), "Checks")
    assert [(row["what"], row["difference"]) for row in checks if row["is_ok"] == "look"] == [
        ("2026-03: lines when it closed", -1),
        ("Payees paid for a month that began after they left", 1),
    ]
    calculator = Calculator(openpyxl.load_workbook(path))
    assert calculator.value("Checks", 3, 5) == 2


def test_numbers_are_numbers_and_dates_are_dates(shown):
    for name in [*period_sheets(shown), "Inputs", "Adjustments"]:
        for row in shown[name].iter_rows(min_row=HEADER_ROW + 2):
            for cell, header in zip(row, shown[name][HEADER_ROW + 1]):
                if cell.value is None:
                    continue
                if header.value in ("period", "original_period"):
                    assert cell.is_date, cell
                elif header.value == "is_payable":
                    assert cell.data_type == "b"
                elif header.value in ("amount", "payable_value", "weight", "target", "numerator", "n_customers"):
                    assert cell.data_type == "n", cell
                    assert cell.number_format != "General"
                elif header.value in ("user_id", "plan_version", "metric_name", "kind", "reason"):
                    assert cell.data_type == "s"


def test_sheets_can_be_read_and_printed(formulas):
    assert len({name.lower() for name in formulas.sheetnames}) == len(formulas.sheetnames)
    for sheet in formulas:
        assert len(sheet.title) <= 31
        assert sheet.freeze_panes == f"A{HEADER_ROW + 2}"
        assert sheet.print_title_rows == f"${HEADER_ROW + 1}:${HEADER_ROW + 1}"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToHeight == 0
        assert all(sheet.column_dimensions[letter].width >= 8 for letter in "ABCDE")


def test_text_that_looks_like_a_formula_is_text(changed, tmp_path):
    with duckdb.connect(changed) as connection:
        for number, text in enumerate(HOSTILE, 1):
            connection.execute(
                "update marts.dim_employees set user_name = ? where user_id = ?", [text, f"user_{number:02}"]
            )
        connection.execute("update compensation.comp_adjustments set reason = '=1+1'")
    book = openpyxl.load_workbook(write(changed, tmp_path / WORKBOOK))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value in HOSTILE]
    assert {cell.value for cell in cells} == set(HOSTILE)
    for cell in cells:
        assert cell.data_type == "s" and cell.quotePrefix, cell


def test_the_same_warehouse_gives_the_same_bytes(oddities_build, workbook, tmp_path):
    path = write(oddities_build.warehouse, tmp_path / WORKBOOK)
    assert path.read_bytes() == workbook.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    properties = openpyxl.load_workbook(path).properties
    assert properties.created == properties.modified == datetime(2026, 7, 1)


def test_a_company_without_plans_has_a_workbook_that_says_so(changed, tmp_path):
    with duckdb.connect(changed) as connection:
        for relation in (
            "comp_statement_lines",
            "comp_computed_lines",
            "comp_adjustments",
            "comp_period_closes",
            "shared_comp_inputs",
        ):
            connection.execute(f"delete from compensation.{relation}")
    book = openpyxl.load_workbook(write(changed, tmp_path / WORKBOOK), data_only=True)
    assert book.sheetnames == ["Checks", "Adjustments", "Inputs"]
    assert "No payee takes part in a plan" in book["Checks"].cell(2, 1).value
    assert rows_of(book, "Inputs") == rows_of(book, "Adjustments") == []
    assert {row["is_ok"] for row in rows_of(book, "Checks")} == {"ok"}


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("has_values", [True, False])
def test_libreoffice_computes_the_same(workbook, formulas, shown, tmp_path, has_values):
    """LibreOffice opens the file and saves it again; where it has no values of formulas, it must compute them."""
    source = tmp_path / "source" / WORKBOOK
    source.parent.mkdir()
    if has_values:
        shutil.copy(workbook, source)
    else:
        openpyxl.load_workbook(workbook).save(source)
    # a profile of its own keeps it from one that is running
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    target = tmp_path / "computed"
    arguments = ["--headless", "--norestore", "--convert-to", "xlsx", "--outdir", str(target), str(source)]
    subprocess.run([OFFICE, profile, *arguments], check=True, capture_output=True, timeout=300)
    computed = openpyxl.load_workbook(target / WORKBOOK, data_only=True)
    assert computed.sheetnames == shown.sheetnames
    for sheet, row, column in formula_cells(formulas):
        expected, found = shown[sheet].cell(row, column).value, computed[sheet].cell(row, column).value
        assert found == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-6)), (
            sheet,
            row,
            column,
        )
