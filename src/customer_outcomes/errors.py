"""What the file system, DuckDB and dbt say when something goes wrong, in one sentence that names the place."""

from __future__ import annotations

import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from customer_outcomes import FailedCheck, UnusableInput

LONGEST = 600  # characters of a message of somebody else's that are repeated
# after one of these no further statement succeeds, so that what other nodes say is an echo of the first
LASTING = re.compile(r"no space left|disk quota|database has been invalidated|out of memory error", re.IGNORECASE)
ECHO = re.compile(r"database has been invalidated", re.IGNORECASE)


def one_line(message: object) -> str:
    """Return a message of many lines as one, without the end that would make it none of ours."""
    text = " ".join(str(message).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def open_elsewhere(trouble: BaseException, database: Path) -> str | None:
    """Return the sentence about a database that another process has open, if that is what went wrong."""
    holder = re.search(r"Conflicting lock is held in (.*?)(?: by user [^.]*)?\.(?: |$)", one_line(trouble))
    return f"{database} is open in another program, {holder[1]}; close it there and build again." if holder else None


def sentence(trouble: BaseException, where: object) -> str:
    """Return the one sentence that says what went wrong; `where` is the place that was worked on."""
    if isinstance(trouble, duckdb.Error):
        message = str(trouble)
        if told := open_elsewhere(trouble, where):
            return told
        # what follows the first line is a stack, or the statement
        return f"{where}: {one_line(message.splitlines()[0] if message else type(trouble).__name__).rstrip('.!')}."
    if isinstance(trouble, OSError):
        path = trouble.filename2 or trouble.filename or where
        reason = trouble.strerror or str(trouble) or type(trouble).__name__
        return f"{os.fsdecode(path) if isinstance(path, bytes) else path}: {one_line(reason).rstrip('.')}."
    if isinstance(trouble, MemoryError):
        return f"{where}: the memory is used up."
    return f"{where}: {type(trouble).__name__}: {one_line(trouble).rstrip('.')}."


FORESEEN = (OSError, duckdb.Error, MemoryError)


@contextmanager
def told_as(kind: type[UnusableInput] | type[FailedCheck], where: object) -> Iterator[None]:
    """Turn an error of the file system, of DuckDB or of memory into a sentence of our own."""
    try:
        yield
    except FORESEEN as trouble:
        raise kind(sentence(trouble, where)) from trouble


def keep_traceback(trouble: BaseException) -> str | None:
    """Write what a developer needs of a fault that nobody foresaw; return the file, or none where it cannot be."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="outcomes_traceback_", delete=False, encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(trouble)))
    except OSError:
        return None
    return file.name
