"""What stops a build, in sentences: the errors of this project, and those of the system as one sentence each.

`UnusableInput` is raised before anything is built (exit code 2), `FailedCheck` afterwards (exit code 1). An error of
the file system, of the engine or of memory becomes one of them through `told_as`; `handled` is the one place where an
error turns into words on standard error and an exit code.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import traceback
from collections.abc import Iterator

from customer_outcomes.warehouse import EngineError

MOST_SENTENCES = 20  # of one kind of fault
LONGEST = 600  # characters repeated from a message of another program
# after one of these errors every further statement fails, so that only the first message tells the cause
LASTING = re.compile(r"no space left|disk quota|database has been invalidated|out of memory error", re.IGNORECASE)
ECHO = re.compile(r"database has been invalidated", re.IGNORECASE)
FORESEEN = (OSError, EngineError, MemoryError)


class ToldError(Exception):
    """An error with its sentences, one for each fault."""

    def __init__(self, *sentences: str):
        super().__init__("\n".join(sentences))
        self.sentences = list(sentences)


class UnusableInput(ToldError):
    """The input or the arguments cannot be used; `sentences` says why, one sentence each."""


class FailedCheck(ToldError):
    """A check of the data failed; `sentences` says which check and where."""


def first_sentences(sentences: list[str]) -> list[str]:
    """Return the first sentences of many about one kind of fault, and how many more there are."""
    more = len(sentences) - MOST_SENTENCES
    return sentences[:MOST_SENTENCES] + ([f"There are {more} more of this kind."] if more > 0 else [])


def one_line(message: object) -> str:
    """Return a message of several lines as one line of at most LONGEST characters."""
    text = " ".join(str(message).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def open_elsewhere(trouble: BaseException, database: object) -> str | None:
    """Return the sentence about a database that another process has open; None for any other error."""
    holder = re.search(r"Conflicting lock is held in (.*?)(?: by user [^.]*)?\.(?: |$)", one_line(trouble))
    return f"{database} is open in another program, {holder[1]}; close it there and build again." if holder else None


def sentence(trouble: BaseException, where: object) -> str:
    """Return one sentence about an error; `where` is the file or folder that was worked on."""
    if isinstance(trouble, EngineError):
        message = str(trouble)
        if told := open_elsewhere(trouble, where):
            return told
        # the lines after the first are a stack, or the statement
        return f"{where}: {one_line(message.splitlines()[0] if message else type(trouble).__name__).rstrip('.!')}."
    if isinstance(trouble, OSError):
        path = trouble.filename2 or trouble.filename or where
        reason = trouble.strerror or str(trouble) or type(trouble).__name__
        return f"{os.fsdecode(path) if isinstance(path, bytes) else path}: {one_line(reason).rstrip('.')}."
    if isinstance(trouble, MemoryError):
        return f"{where}: the memory is used up."
    return f"{where}: {type(trouble).__name__}: {one_line(trouble).rstrip('.')}."


@contextlib.contextmanager
def told_as(kind: type[ToldError], where: object) -> Iterator[None]:
    """Turn an error of the file system, of the engine or of memory into a sentence of our own."""
    try:
        yield
    except FORESEEN as trouble:
        raise kind(sentence(trouble, where)) from trouble


def sentences_of(trouble: Exception, where: object, consolation: str | None) -> list[str]:
    """Return everything that a person is told of an error.

    `consolation` says which results the failure left untouched; unusable input touched nothing, and needs none.
    """
    if isinstance(trouble, ToldError):
        sentences = list(trouble.sentences)
    else:
        sentences = [sentence(trouble, where)]
        if not isinstance(trouble, FORESEEN) and (file := _keep_traceback(trouble)):
            sentences.append(f"This error was not foreseen; {file} holds the traceback for a developer.")
    return sentences + ([consolation] if consolation and not isinstance(trouble, UnusableInput) else [])


def exit_code(trouble: Exception) -> int:
    """Return the exit code that an error ends the command with."""
    return 2 if isinstance(trouble, UnusableInput) else 1


def _keep_traceback(trouble: BaseException) -> str | None:
    """Write the traceback of an unforeseen error to a file; return its name, or None where it cannot be written."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="outcomes_traceback_", delete=False, encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(trouble)))
    except OSError:
        return None
    return file.name
