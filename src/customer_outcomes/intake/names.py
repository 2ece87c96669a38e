"""Names of tables and columns as people write them: how they are compared, and which name was probably meant.

A name counts without regard to case, to blanks at either end, and to byte-order marks and zero-width characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from customer_outcomes.contract import DOMAINS, load_contract
from customer_outcomes.rules.forms import fold_name

PACKED = (".csv.gz", ".csv.zst")
KINDS = (".csv", ".parquet", *PACKED)  # the ends of the names of files that are read
WRITTEN_KIND = re.compile(r"\.(csv(\.(gz|zst))?|parquet)\W*$", re.IGNORECASE)
ALIKE = 0.8  # from this share of letters in common on, difflib's ratio, a name is taken for a slip of another


def split_name(name: str) -> tuple[str, str]:
    """Return the folded name of a file without its end, and the end: one of KINDS, or empty for any other file."""
    folded = fold_name(name)
    for kind in KINDS:
        if folded.endswith(kind):
            return fold_name(folded.removesuffix(kind)), kind
    return fold_name(folded.partition(".")[0]), ""


def kind_of(path: Path) -> str:
    """Return the kind of a file by its name: one of KINDS, or empty for any other file."""
    return split_name(path.name)[1]


def written_stem(name: str) -> str:
    """Return the name of a file as it is written, without an end of KINDS."""
    return WRITTEN_KIND.sub("", name)


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is none of the input by its name, which begins with a dot or an underscore."""
    return fold_name(name).startswith((".", "_"))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of some names of which a folded name is probably a slip; None if there is none."""
    return next(iter(get_close_matches(name, list(names), 1, ALIKE)), None)


def nearest_table(domain: str, name: str) -> str | None:
    """Return the table, as <domain>/<table>, that was probably meant by a name that is no table of its domain.

    It is the table of that name in another domain, else one of a similar name, in the same domain if possible.
    """
    tables = [table.split(".") for table in load_contract()]
    own = {table: f"{domain}/{table}" for home, table in tables if home == domain}
    others = {table: f"{home}/{table}" for home, table in tables if home != domain}
    if name in others:
        return others[name]
    for known in (own, others):
        if found := nearest(name, known):
            return known[found]
    return None


def nearest_domain(name: str) -> str | None:
    """Return the domain that was probably meant by a folded name that is none."""
    return nearest(name, DOMAINS)


def question(meant: str | None) -> str:
    """Return the end of a sentence about a name that is not known: its full stop, or the question for the other one."""
    return f"; did you mean {meant}?" if meant else "."
