"""The checks before a build: its vars, its rules, its input folder, and the places that it writes.

Nothing is written. Everything that is at fault is found at once, and each fault is one sentence. `outcomes check`
(check.py) shows the same sentences without building.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customer_outcomes.errors import Faults, UnusableInput
from customer_outcomes.guard import Guard
from customer_outcomes.intake.folder import RULES, InputFolder, look_into
from customer_outcomes.ledger import paid_disputes
from customer_outcomes.rules.reading import USERS, Rules, read_rules
from customer_outcomes.settings import check_vars, known_vars

if TYPE_CHECKING:  # build.py imports this module
    from customer_outcomes.build import Build


@dataclass
class Given:
    """The vars, rules and input folder that a build is given; None stands for one that cannot be read.

    `variables` holds the given vars, `settings` all vars with their defaults. `faults` holds a sentence for each reason
    to refuse the build. `has_places` says whether the build may write to its places.
    """

    variables: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=known_vars)
    rules: Rules | None = None
    folder: InputFolder | None = None
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    has_places: bool = False

    def usable(self) -> tuple[dict[str, Any], Rules, InputFolder]:
        """Return the given vars, the rules and the folder; raise UnusableInput with all faults, if there are any."""
        if self.faults or self.variables is None or self.rules is None or self.folder is None:
            raise UnusableInput(*self.faults)
        return self.variables, self.rules, self.folder


def preflight(build: Build) -> Given:
    """Return what a build is given, with everything that is at fault in it; set the default folder of its rules."""
    given = Given()
    faults = Faults(build.warehouse)
    given.variables = faults.of(check_vars, build.vars, build.as_of)
    given.settings |= given.variables or {}
    given.folder = faults.of(look_into, build.input)
    if given.folder:
        given.remarks += given.folder.remarks
        faults.add(given.folder.faults)
        build.rules = build.rules or faults.of(_rules_beside, build.input)
    given.rules = faults.of(read_rules, build.rules)
    if given.rules:
        faults.of(_check_rules, given, build)
        given.remarks += given.rules.remarks
    given.has_places = faults.of(_passes, build.check_places) is not None
    if given.has_places and given.variables is not None:
        faults.of(Guard(build.publish, build.pay, build.accept, build.by).check_frame, given.settings)
    given.faults = faults.sentences
    return given


def _rules_beside(input_folder: Path) -> Path | None:
    """Return the folder of the rules in the input folder; None if it has none."""
    return input_folder / RULES if (input_folder / RULES).is_dir() else None


def _check_rules(given: Given, build: Build) -> None:
    """Raise UnusableInput if rules are at fault, by themselves or with the input and the vars."""
    rules, folder = given.rules, given.folder
    if rules is None:
        return
    # Where the users cannot be known, a sentence about each user that a rule names would mislead.
    if folder and folder.has_all(USERS):
        rules.check_users(folder, lambda: paid_disputes(build.warehouse, build.ledger))
    if given.variables is not None:
        rules.check_credit_model(given.settings["credit_attribution_model"])
    rules.raise_if_faulty()


def _passes(check: Any) -> bool:
    """Return True after a check that raises UnusableInput if it fails."""
    check()
    return True
