"""Paths: where they lead, and which hold pattern marks.

DuckDB reads a path with certain characters as a pattern, and offers no escape for them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customer_outcomes.errors import UnusableInput

MARKS = "*?[]{}"


def resolved(path: Path) -> Path:
    """Return a path without links; unlike Path.resolve, this raises no error if links lead in a circle."""
    return Path(os.path.realpath(path))


def pay_folder(publish: Path) -> Path:
    """Return the default folder for pay, beside the folder that BI tools read, even if that is named by a link."""
    place = resolved(publish)
    return place.parent / f"{place.name}_pay"


def is_pattern(path: Path) -> bool:
    """Return whether DuckDB would read a path as a pattern, because its name or a folder above holds a mark."""
    return any(mark in str(path) for mark in MARKS)


def refuse_pattern(path: Path, what: str) -> None:
    """Raise UnusableInput if a path holds a mark; `what` tells the user what to name instead."""
    if is_pattern(path):
        raise UnusableInput(f"{path} holds one of {' '.join(MARKS)}, which readers take for a pattern; name {what}.")


def link(path: Path, place: Path) -> Path:
    """Return a path to the same file that is not a pattern: `path` itself, or a new link `place` to it."""
    if not is_pattern(path):
        return path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(path)
    return place


@contextmanager
def plain_path(path: Path) -> Iterator[Path]:
    """Yield a path to the same file or folder that is not a pattern; a link exists only inside this context."""
    if not is_pattern(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="customer_outcomes_") as folder:
        refuse_pattern(Path(folder), "another folder for temporary files by TMPDIR")
        yield link(path.absolute(), Path(folder) / f"link{path.suffix}")
