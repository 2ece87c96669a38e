"""Checks the headers of input files, and guesses why a header has no columns of its table.

A sentence shows a header only if it is one: a first line that looks like a row is never shown, and of a table with
personal data a header is shown only if at least one of its names is known.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache

from customer_outcomes.contract import column_types, has_personal_data, load_contract
from customer_outcomes.intake.lines import BYTE_ORDER_MARK, names_in
from customer_outcomes.intake.names import nearest
from customer_outcomes.rules.forms import fold_name

LONGEST_SHOWN = 200  # the number of characters of a header that a sentence shows
MOST_TITLE_LINES = 20  # the number of lines above which a header is searched for
SEPARATORS = {",": "`,`", ";": "`;`", "\t": "a tab", "|": "`|`"}
SAVE = "save it as CSV in UTF-8"
# The first bytes of files of other kinds, with the end of the sentence about them. The longer marks come first.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, f"is not UTF-8 but UTF-32; {SAVE}"),
    (codecs.BOM_UTF32_BE, f"is not UTF-8 but UTF-32; {SAVE}"),
    (codecs.BOM_UTF16_LE, f"is not UTF-8 but UTF-16; {SAVE}"),
    (codecs.BOM_UTF16_BE, f"is not UTF-8 but UTF-16; {SAVE}"),
    (b"PK\x03\x04", f"is not CSV but a spreadsheet (XLSX) or another ZIP archive; {SAVE}"),
    (b"\xd0\xcf\x11\xe0", f"is not CSV but a spreadsheet (XLS); {SAVE}"),
    (b"\x1f\x8b", "is compressed by gzip; end its name with .csv.gz"),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd; end its name with .csv.zst"),
    (b"PAR1", "is not CSV but Parquet; end its name with .parquet"),
    (b"%PDF", "is not CSV but PDF"),
    (b"version https://git-lfs", "is only the pointer to a file in Git LFS; fetch the file itself"),
)
MARKUP = re.compile(
    rb"\s*(?:(<!doctype html|<html|<head|<body|<table)|(<\?xml|<[a-z][\w:.-]*[\s>/])|(\{|\[\s*[\[{]))", re.I
)
VALUE = re.compile(r"[+-]?\d[\d.,' ]*|\d{4}-\d\d-\d\d.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*")


def header_faults(name: str, table: str, columns: tuple[str, ...], in_folders: Iterable[str], head: bytes) -> list[str]:
    """Return a sentence for the required columns that a header lacks; nothing if it has them all.

    `columns` are the folded names of the header, `in_folders` the columns that the names of folders hold. `head` holds
    the first bytes of a CSV file, for the guess at the reason; it is empty for a Parquet file.
    """
    required = [column for column, rules in load_contract()[table]["columns"].items() if rules.get("required")]
    missing = [column for column in required if column not in columns and column not in in_folders]
    if not missing:
        return []
    shown = _shown(_lines(head)[0], table) if head else _shown(", ".join(columns), table, "Its columns are")
    if any(column in column_types(table) for column in columns):
        word = "columns" if len(missing) > 1 else "column"
        said = f"{name} has no {word} {', '.join(missing)}, which {table} requires."
        return [f"{said}{_slips(table, columns, missing)}{shown}"]
    if head and (cause := other_content(head)):
        return [f"{name} cannot be read: it {cause}."]
    if not head.removeprefix(BYTE_ORDER_MARK).strip() and not columns:
        return [f"{name} is empty; its first line must name the columns of {table}."]
    known = [line for line in (_cause(head, table), shown.strip()) if line]
    return [" ".join([f"{name} has none of the columns of {table}.", *known])]


def unreadable_header(name: str, table: str, head: bytes, reason: str) -> str:
    """Return the sentence about a CSV file whose first line is no header, with a guess at the reason."""
    if found := other_content(head):
        return f"{name} cannot be read: it {found}."
    guess = _cause(head, table)
    if not guess and "UTF-8" in reason:
        return f"{name} cannot be read: {reason} but looks like Latin-1 (Windows-1252); {SAVE}."
    return f"{name} cannot be read: {reason}.{' ' + guess if guess else ''}"


def other_content(head: bytes) -> str:
    """Return the end of a sentence about a file that is not CSV by its first bytes; empty for a text in UTF-8."""
    for mark, said in MARKS:
        if head.startswith(mark):
            return said
    start = head[:4096].removeprefix(BYTE_ORDER_MARK)
    if start.count(0) > len(start) // 4:
        return f"is not UTF-8 but looks like UTF-16; {SAVE}"
    found = MARKUP.match(start)
    kinds = ("HTML", "XML", "JSON")
    return f"is not CSV but {kinds[found.lastindex - 1]}; {SAVE}" if found and found.lastindex else ""


def looks_like_a_row(line: str) -> bool:
    """Return whether a line holds values, not names: an e-mail address, a number, a date, or digits mostly."""
    fields = [part.strip(' "') for part in re.split(r"[,;\t|]", line)]
    letters, digits = sum(map(str.isalpha, line)), sum(map(str.isdigit, line))
    return "@" in line or any(VALUE.fullmatch(part) for part in fields) or digits > letters


def _cause(head: bytes, table: str) -> str:
    """Return a sentence with the probable reason for which no column was found; empty if there is no guess."""
    known = set(column_types(table))
    lines = _lines(head)
    for number, line in enumerate(lines[:MOST_TITLE_LINES], start=1):
        for mark, words in SEPARATORS.items():
            found = {fold_name(part.strip().strip('"')) for part in line.split(mark)} & known
            if len(found) < min(2, len(known)):
                continue
            separator = f"the separator looks like {words}"
            if number > 1:
                more = f", and {separator}; a comma must separate the columns" if mark != "," else ""
                return f"The header seems to be on line {number}{more}; remove the lines above it."
            if mark != ",":
                return f"{separator[0].upper()}{separator[1:]}; a comma must separate the columns."
            return "Each line seems to be in quotes as a whole; only single values may be." if '"' in line else ""
    first = lines[0] if lines else ""
    if looks_like_a_row(first):
        return "Its first line looks like a row; the first line must name the columns."
    counts = {mark: first.count(mark) for mark in SEPARATORS}
    most = max(counts, key=lambda mark: counts[mark])
    if counts[most] and most != ",":
        return f"The separator looks like {SEPARATORS[most]}; a comma must separate the columns."
    return ""


def _slips(table: str, columns: Iterable[str], missing: list[str]) -> str:
    """Return a question for each missing column that another name of the header resembles."""
    others = [column for column in columns if column not in column_types(table)]
    found = ((column, nearest(column, others)) for column in missing)
    return "".join(f" Is {other} meant to be {column}?" for column, other in found if other)


def _shown(header: str, table: str, words: str = "Its first line is") -> str:
    """Return a sentence with a header, shortened; empty if it could be a row or a line with personal data."""
    names = {fold_name(part.strip().strip('"')) for part in re.split(r"[,;\t|]", header)}
    if looks_like_a_row(header) or (has_personal_data(table) and not names & _all_columns()):
        return ""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in header).split())
    return f" {words}: {text if len(text) <= LONGEST_SHOWN else f'{text[:LONGEST_SHOWN]}...'}."


@cache
def _all_columns() -> frozenset[str]:
    return frozenset(column for table in load_contract() for column in column_types(table))


def _lines(head: bytes) -> list[str]:
    """Return the first lines of a file as text, whatever its encoding; at least one."""
    text = head[:100_000].removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")
    return re.split(r"\r\n|\n|\r", text)[: MOST_TITLE_LINES + 1]


def folded_header(head: bytes) -> tuple[str, ...]:
    """Return the folded names in the first line of a CSV file; raise ValueError if it is no header."""
    return tuple(fold_name(name) for name in names_in(head))


def repeated(name: str, columns: tuple[str, ...], written: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each column that a header has more than once, perhaps in several spellings."""
    spellings: dict[str, list[str]] = {}
    for column, spelling in zip(columns, written, strict=True):
        spellings.setdefault(column, []).append(spelling)
    for column, found in sorted(spellings.items()):
        if len(found) > 1 and len(set(found)) == 1:
            yield f"{name} has the column {found[0] or '(no name)'} more than once."
        elif len(found) > 1:
            listed = ", ".join(repr(spelling) for spelling in found)
            yield f"{name} has the column {column or '(no name)'} more than once, as {listed}."
