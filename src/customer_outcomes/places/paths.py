"""Paths as names: DuckDB takes a path with certain marks for a pattern, and has no escape for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customer_outcomes.errors import UnusableInput

MARKS = "*?[]{}"


def is_pattern(path: Path) -> bool:
    """Whether a path holds a mark, in its name or above."""
    return any(mark in str(path) for mark in MARKS)


def refuse_pattern(path: Path, what: str) -> None:
    """Raise UnusableInput where a path that must be written as it is named holds a mark."""
    if is_pattern(path):
        raise UnusableInput(f"{path} holds one of {' '.join(MARKS)}, which readers take for a pattern; name {what}.")


def link(path: Path, place: Path) -> Path:
    """Return a path to the same file that is no pattern: `path`, or the link `place` to it, which is made anew."""
    if not is_pattern(path):
        return path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(path)
    return place


@contextmanager
def plain_path(path: Path) -> Iterator[Path]:
    """Lend a path to the same file or folder that is no pattern."""
    if not is_pattern(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="customer_outcomes_") as folder:
        refuse_pattern(Path(folder), "another folder for temporary files by TMPDIR")
        yield link(path.absolute(), Path(folder) / f"link{path.suffix}")
