"""The errors that stop a build, and the sentences that a person reads about them.

`UnusableInput` is raised before anything is built (exit code 2), `FailedCheck` afterwards (exit code 1). `raised_as`
turns an error of the file system, of the engine or of memory into one of the two. The command (cli.py) prints the
sentences of `sentences_of` on standard error and ends with `exit_code`.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from customer_outcomes.warehouse import EngineError

MOST_SENTENCES = 20  # the number of sentences about one kind of fault
LONGEST = 600  # the number of characters that are repeated from another program's message
# After one of these errors every further statement fails, so only the first message tells the cause.
LASTING = re.compile(r"no space left|disk quota|database has been invalidated|out of memory error", re.IGNORECASE)
ECHO = re.compile(r"database has been invalidated", re.IGNORECASE)
# A word with an @ may be an e-mail address. Marks that surround a value in a sentence are no part of it.
ADDRESS = re.compile(r"""[^\s'"<>(),;:|=]*@[^\s'"<>(),;:|=]*""")
FORESEEN = (OSError, EngineError, MemoryError)
Result = TypeVar("Result")


class ReportedError(Exception):
    """An error that holds a sentence for each fault."""

    def __init__(self, *sentences: str):
        super().__init__("\n".join(sentences))
        self.sentences = list(sentences)


class UnusableInput(ReportedError):
    """The input or the arguments cannot be used; `sentences` holds a sentence for each fault."""


class FailedCheck(ReportedError):
    """A check of the data failed; `sentences` says which check failed, and where."""


def first_sentences(sentences: list[str]) -> list[str]:
    """Return the first MOST_SENTENCES sentences about one kind of fault, and one that counts the others."""
    more = len(sentences) - MOST_SENTENCES
    return sentences[:MOST_SENTENCES] + ([f"There are {more} more of this kind."] if more > 0 else [])


def one_line(message: object) -> str:
    """Return a message of several lines as one line of at most LONGEST characters."""
    text = " ".join(str(message).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def without_addresses(text: str) -> str:
    """Return a sentence about the data in which e-mail addresses are hidden, because keys may be some."""
    return ADDRESS.sub("(hidden)", text)


def open_elsewhere(trouble: BaseException, database: object) -> str | None:
    """Return a sentence if an error says that another process has a database open, else None."""
    holder = re.search(r"Conflicting lock is held in (.*?)(?: by user [^.]*)?\.(?: |$)", one_line(trouble))
    if holder is None:
        return None
    return f"{database} is open in another program, {holder[1]}; wait until it ends if it is a build, or close it."


def sentence(trouble: BaseException, where: object) -> str:
    """Return one sentence about an error; `where` is the file or folder that was worked on."""
    if isinstance(trouble, EngineError):
        message = str(trouble)
        if told := open_elsewhere(trouble, where):
            return told
        # The lines after the first hold a stack trace or the SQL statement.
        return f"{where}: {one_line(message.splitlines()[0] if message else type(trouble).__name__).rstrip('.!')}."
    if isinstance(trouble, OSError):
        path = trouble.filename2 or trouble.filename or where
        reason = trouble.strerror or str(trouble) or type(trouble).__name__
        return f"{os.fsdecode(path) if isinstance(path, bytes) else path}: {one_line(reason).rstrip('.')}."
    if isinstance(trouble, MemoryError):
        return f"{where}: the memory is used up."
    return f"{where}: {type(trouble).__name__}: {one_line(trouble).rstrip('.')}."


@contextlib.contextmanager
def raised_as(kind: type[ReportedError], where: object) -> Iterator[None]:
    """Raise an error of the file system, of the engine or of memory as an error of this kind, with one sentence.

    `where` names the file or folder that was worked on.
    """
    try:
        yield
    except FORESEEN as trouble:
        raise kind(sentence(trouble, where)) from trouble


class Faults:
    """The sentences about everything that checks refuse, so that a person reads all of them at once.

    `where` names the file or folder that is worked on, for errors that name none.
    """

    def __init__(self, where: object):
        self.where = where
        self.sentences: list[str] = []

    def add(self, sentences: Iterable[str]) -> None:
        """Add sentences; one that is already known is not repeated."""
        self.sentences += [sentence for sentence in dict.fromkeys(sentences) if sentence not in self.sentences]

    def of(self, check: Callable[..., Result], *arguments: object) -> Result | None:
        """Return the result of a check; if it raises UnusableInput, add its sentences and return None."""
        try:
            with raised_as(UnusableInput, self.where):
                return check(*arguments)
        except UnusableInput as refused:
            self.add(refused.sentences)
        return None

    def raise_if_any(self) -> None:
        """Raise UnusableInput with all sentences, if there are any."""
        if self.sentences:
            raise UnusableInput(*self.sentences)


def sentences_of(trouble: Exception, where: object, results_note: str | None) -> list[str]:
    """Return the sentences that a person reads about an error.

    `results_note` says which results the failure left untouched. It is left out for unusable input, which is found
    before anything is touched.
    """
    if isinstance(trouble, ReportedError):
        sentences = list(trouble.sentences)
    else:
        sentences = [sentence(trouble, where)]
        if not isinstance(trouble, FORESEEN) and (file := _keep_traceback(trouble)):
            sentences.append(f"This error was not foreseen; {file} holds the traceback for a developer.")
    return sentences + ([results_note] if results_note and not isinstance(trouble, UnusableInput) else [])


def exit_code(trouble: Exception) -> int:
    """Return the exit code of the command after an error: 2 for unusable input, else 1."""
    return 2 if isinstance(trouble, UnusableInput) else 1


def _keep_traceback(trouble: BaseException) -> str | None:
    """Write the traceback of an unforeseen error to a file; return the file's name, or None if writing fails."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="outcomes_traceback_", delete=False, encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(trouble)))
    except OSError:
        return None
    return file.name
