"""Reads a rule file as text: its rows by column, or sentences that say why it cannot be read.

A row has the number that a spreadsheet shows beside it: the header is row 1, and a text of several lines is in one row.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from customer_outcomes.contract import HIDDEN, shown_text
from customer_outcomes.rules.forms import fold_name

Cells = dict[str, str]
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
OTHER_SEPARATORS = {";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass
class RuleFile:
    """The readable rows of a file with their numbers, and the faults: the number of a row, or 0, and a sentence."""

    name: str
    rows: list[tuple[int, Cells]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, sentence: str, row: int = 0) -> RuleFile:
        """Add a fault of a row, or of the whole file if the row is 0; return the file."""
        where = f"{self.name}, row {row}:" if row else self.name
        self.faults.append((row, f"{where} {sentence}"))
        return self


def read_rule_file(path: Path, columns: Sequence[str]) -> RuleFile:
    """Read a file that must have these columns; blanks around their names and upper case do not matter."""
    file = RuleFile(path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        return file.refuse(f"cannot be read: {error.strerror}.")
    if content.startswith(UTF_16) or b"\0" in content[:2]:
        return file.refuse("is not UTF-8 but looks like UTF-16; save it as CSV in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return file.refuse(f"is not UTF-8, in its line {line}; save it as CSV in UTF-8.")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return file.refuse(f"holds a NUL character in its line {line}; save it as CSV in UTF-8.")
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(records, start=1):
            if number == 1:
                names = [fold_name(cell) for cell in cells]
                _check_header(file, cells, names, columns)
                if file.faults:
                    return file
            else:
                _read_row(file, number, cells, names)
    except csv.Error as error:
        return file.refuse(f"it cannot be read: {error}.", number + 1)
    if number == 0:
        return file.refuse("is empty; its first row names its columns.")
    return file


def _check_header(file: RuleFile, cells: list[str], names: list[str], columns: Sequence[str]) -> None:
    if not set(names) & set(columns):
        shown = ",".join(cells)
        separators = [words for mark, words in OTHER_SEPARATORS.items() if mark in shown]
        reason = f" It looks as if {separators[0]} separates them; a comma does." if separators else ""
        file.refuse(f"has none of its columns ({', '.join(columns)}); its first row is: {shown_value(shown)}.{reason}")
        return
    for column in columns:
        written = [shown_value(cell) for cell, name in zip(cells, names, strict=True) if name == column]
        if not written:
            file.refuse(f"has no column {column}.")
        elif len(written) > 1:
            file.refuse(f"has the column {column} more than once: {', '.join(written)}.")
    for cell, name in zip(cells, names, strict=True):
        if name and name not in columns:
            file.refuse(f"has the column {shown_value(cell)}, which is none of its columns.")


def _read_row(file: RuleFile, number: int, cells: list[str], names: list[str]) -> None:
    """Add a row to the file, or its fault; a row of blanks only, which spreadsheets leave behind, is skipped."""
    filled = [bool(fold_name(cell)) for cell in cells]
    if not any(filled):
        return
    if len(cells) != len(names):
        hint = " Put text with a comma in quotes, and write numbers without commas." if len(cells) > len(names) else ""
        file.refuse(f"it has {len(cells)} fields, and the header has {len(names)}.{hint}", number)
        return
    stray = [cell for cell, name, is_filled in zip(cells, names, filled, strict=True) if is_filled and not name]
    if stray:
        file.refuse(f"{shown_value(stray[0])} is in a column without a name.", number)
        return
    file.rows.append((number, dict(zip(names, cells, strict=True))))


def shown_value(value: str | None, longest: int = 60) -> str:
    """Return a value as a sentence shows it: on one line, and of at most `longest` characters.

    A value with an @ is hidden, because the user_id of a payee may be an e-mail address.
    """
    if value is None:
        return "null"
    if shown_text(value) == HIDDEN:
        return f"({HIDDEN})"
    shown = " ".join(value.split())
    return shown if len(shown) <= longest else f"{shown[:longest]}..."
