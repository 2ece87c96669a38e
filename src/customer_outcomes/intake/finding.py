"""Finds the files of the input tables in a folder, and says once about everything else that it is not read.

Data that somebody meant to deliver and that cannot be read is a fault: a file or a folder whose name is that of a
table, or nearly so. Everything else is passed over with a remark.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from customer_outcomes.contract import DOMAINS, load_contract
from customer_outcomes.intake.names import (
    is_hidden,
    kind_of,
    nearest_domain,
    nearest_table,
    question,
    split_name,
    written_stem,
)
from customer_outcomes.rules.forms import fold_name

RULES = "rules"  # the folder of a company's own rules, beside the folders of the domains
MOST_NAMES = 3  # the number of names that a remark shows

# The reasons for which something is not read, about one and about several, in the order of the remarks.
LEADS_NOWHERE = "is a link that leads nowhere", "are links that lead nowhere"
IN_A_CIRCLE = "is a link to a folder that holds it", "are links to folders that hold them"
NO_FILE = "is neither a file nor a folder", "are neither files nor folders"
A_FOLDER = "is a folder where a file should be", "are folders where files should be"
NO_KIND = "is neither a .csv nor a .parquet file", "are neither .csv nor .parquet files"
NO_TABLE = "is the folder of no table", "are folders of no table"
NO_DOMAIN = "is in no domain's folder", "are in no domain's folder"
NO_DOMAIN_FOLDER = "is the folder of no domain", "are folders of no domain"
HIDDEN = "begins with a dot or an underscore", "begin with a dot or an underscore"
EMPTY = "is an empty folder", "are empty folders"
Reason = tuple[str, str]
REASONS: tuple[Reason, ...] = (
    LEADS_NOWHERE, IN_A_CIRCLE, NO_FILE, A_FOLDER, NO_KIND, NO_TABLE, NO_DOMAIN, NO_DOMAIN_FOLDER, HIDDEN, EMPTY,
)  # fmt: skip


@dataclass
class Found:
    """The files of a folder with their tables, the faults with the names at fault, and the rest, which is passed over.

    `files` is sorted by path. `beside` holds the names of the rest by reason, `remarks` its sentences.
    """

    folder: Path
    files: list[tuple[Path, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    beside: dict[Reason, list[str]] = field(default_factory=lambda: defaultdict(list))
    meant: list[str] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """A sentence for each reason for which something is passed over, and for each name that was probably meant."""
        return self.meant + [
            f"{_listed(self.beside[reason])} {reason[len(self.beside[reason]) > 1]}"
            f" and {'are' if len(self.beside[reason]) > 1 else 'is'} passed over."
            for reason in REASONS
            if self.beside[reason]
        ]

    def name(self, path: Path) -> str:
        """Return the name of a path within the folder."""
        return path.relative_to(self.folder).as_posix()

    def refuse(self, path: Path, sentence: str) -> None:
        """Add a fault; the name of the path is put before the sentence."""
        self.faults.append((self.name(path), f"{self.name(path)} {sentence}"))

    def pass_over(self, path: Path, reason: Reason, is_data: bool = False) -> None:
        """Add something that is not read: a fault if somebody meant to deliver it, else a remark."""
        if is_data:
            self.refuse(path, f"{reason[0]}.")
        else:
            self.beside[reason].append(self.name(path))


def find_files(folder: Path) -> Found:
    """Return everything that lies in an input folder, by whether it is read."""
    found = Found(folder)
    domains: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        name = fold_name(path.name)
        if is_hidden(path.name):
            found.pass_over(path, HIDDEN)
        elif not path.is_dir():
            _beside_domains(found, path)
        elif name in DOMAINS:
            domains[name].append(path)
        elif name == RULES:
            _check_rules(found, path)
        else:
            _unknown_domain(found, path)
    for domain, paths in domains.items():
        if len(paths) > 1:
            found.refuse(paths[0], f"and {_listed([path.name for path in paths[1:]])} are one domain; keep one folder.")
        else:
            _domain(found, paths[0], domain)
    found.files.sort()
    return found


def _beside_domains(found: Found, path: Path) -> None:
    """Pass over a file beside the folders of the domains, with the name that it should have if it is a table's."""
    stem, kind = split_name(path.name)
    meant = nearest_table("", stem) if kind else None
    if not path.is_file():
        found.pass_over(path, _no_file(path))
    elif meant:
        found.meant.append(f"{path.name} {NO_DOMAIN[0]} and is passed over{question(meant + kind)}")
    else:
        found.pass_over(path, NO_DOMAIN)


def _check_rules(found: Found, path: Path) -> None:
    """Refuse a folder of rules under a name that only resembles `rules`, because default rules would be used."""
    own = path.with_name(RULES)
    if not own.exists() or not own.samefile(path):
        found.refuse(path, f"is not read as the folder of the rules; rename it to {RULES}.")


def _unknown_domain(found: Found, folder: Path) -> None:
    """Pass over a folder that is no domain's; refuse it if its name, or names in it, are those of the contract."""
    name = fold_name(folder.name)
    if meant := nearest_domain(name):
        found.refuse(folder, f"{NO_DOMAIN_FOLDER[0]}{question(meant)}")
        return
    entries = sorted(folder.iterdir())
    known = {table.split(".")[1] for table in load_contract()}
    of_tables = [
        path
        for path in entries
        if not is_hidden(path.name) and split_name(path.name)[0] in known and (kind_of(path) or path.is_dir())
    ]
    for path in of_tables:
        _unknown_table(found, path, name)
    if not of_tables:
        found.pass_over(folder, NO_DOMAIN_FOLDER if entries else EMPTY)


def _domain(found: Found, folder: Path, domain: str) -> None:
    """Find the files of all tables of a domain."""
    entries = sorted(folder.iterdir())
    if not entries:
        found.pass_over(folder, EMPTY)
    tables: dict[str, list[Path]] = defaultdict(list)
    for path in entries:
        table = f"{domain}.{split_name(path.name)[0] if not path.is_dir() else fold_name(path.name)}"
        if is_hidden(path.name):
            found.pass_over(path, HIDDEN)
        elif table in load_contract():
            tables[table].append(path)
        elif path.is_dir():
            _unknown_folder(found, path, domain)
        elif kind_of(path):
            _unknown_table(found, path, domain)
        else:
            found.pass_over(path, NO_KIND if path.is_file() else _no_file(path))
    for table, paths in tables.items():
        _table(found, paths, table)


def _table(found: Found, paths: list[Path], table: str) -> None:
    """Find the files of a table among the files and folders of its name; two spellings of that name are a fault."""
    read = [path for path in paths if path.is_dir() or kind_of(path)]
    whole = {fold_name(path.name) for path in read}
    if len({written_stem(path.name) for path in read}) > 1 or len(whole) < len(read):
        others = _listed([found.name(path) for path in read[1:]])
        found.refuse(read[0], f"and {others} are names of one table, {table}; keep one spelling.")
        return
    for path in paths:
        if path.is_dir():
            _below(found, path, table, frozenset())
        else:
            _file(found, path, table, is_data=True)


def _below(found: Found, folder: Path, table: str, above: frozenset[str]) -> None:
    """Find the files of a table in its folder and the folders below; `above` holds the paths of the folders around."""
    real, holder = os.path.realpath(folder), os.path.realpath(folder.parent)
    if real in above or os.path.commonpath([real, holder]) == real:
        found.pass_over(folder, IN_A_CIRCLE)
        return
    entries = sorted(folder.iterdir())
    if not entries:
        found.pass_over(folder, EMPTY)
    for path in entries:
        if is_hidden(path.name):
            found.pass_over(path, HIDDEN)
        elif path.is_dir():
            _below(found, path, table, above | {real})
        else:
            _file(found, path, table, is_data=bool(kind_of(path)))


def _file(found: Found, path: Path, table: str, is_data: bool) -> None:
    """Add a file of a table; if it cannot be one, it is a fault where its name says that it holds data."""
    if not path.is_file():
        found.pass_over(path, _no_file(path), is_data)
    elif not kind_of(path):
        found.pass_over(path, NO_KIND, is_data)
    else:
        found.files.append((path, table))


def _unknown_folder(found: Found, folder: Path, domain: str) -> None:
    """Refuse a folder of files in a domain's folder that is no table's; pass it over if it holds no input."""
    holds_data = any(kind_of(path) and path.is_file() for path in folder.rglob("*"))
    stem, kind = split_name(folder.name)
    if kind and f"{domain}.{stem}" in load_contract():
        if holds_data:
            found.refuse(folder, f"{A_FOLDER[0]}; the folder of the table is {domain}/{stem}.")
        else:
            found.pass_over(folder, A_FOLDER)
    elif holds_data:
        _unknown_table(found, folder, domain)
    else:
        found.pass_over(folder, NO_TABLE if any(folder.iterdir()) else EMPTY)


def _unknown_table(found: Found, path: Path, domain: str) -> None:
    """Refuse a file or a folder whose table the contract does not have, with the table that was probably meant."""
    stem, kind = (fold_name(path.name), "") if path.is_dir() else split_name(path.name)
    meant = nearest_table(domain, stem)
    found.refuse(
        path,
        f"belongs to the table {domain}.{stem}, which the input contract does not have"
        f"{question(meant + kind if meant else None)}",
    )


def _no_file(path: Path) -> Reason:
    return LEADS_NOWHERE if path.is_symlink() and not path.exists() else NO_FILE


def _listed(names: list[str]) -> str:
    """Return names as part of a sentence; of many names, the first ones and the number of the others."""
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
