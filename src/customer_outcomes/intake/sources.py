"""The input files as the readers get them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from customer_outcomes.intake.counting import Count
from customer_outcomes.intake.names import kind_of


@dataclass(frozen=True)
class InputFile:
    """One file of one input table.

    `name` is its path within the input folder, `columns` the folded names of its header. Only a Parquet file has
    `types`, the engine's types of the columns, and `written`, the engine's names of them.
    """

    table: str
    path: Path
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet by its name; all others are CSV, compressed or not."""
        return kind_of(self.path) == ".parquet"


@dataclass
class Source:
    """An input file as the reader gets it, with its counts.

    `path` is the file, a link to it, an unpacked copy of it, or a copy of its readable records. `lines` holds, only for
    a copy of readable records, the line or row of the input file at which each row starts. `dates` holds the timestamp
    columns of a Parquet file whose values are all at midnight, which makes them dates.
    """

    file: InputFile
    number: int
    path: Path
    count: Count
    lines: np.ndarray | None = None
    dates: frozenset[str] = field(default=frozenset())

    @property
    def has_own_lines(self) -> bool:
        """Whether the place of a row in the input file does not follow from its number."""
        return self.lines is not None or not self.count.one_line_each
