"""The guard raises alarms about suspicious changes, and stops a build from being published until a person accepts them.

It compares a build with the last published version, of which memory.py tells: the counts of input rows, the headline
figures, and the accepted alarms. Each alarm is one sentence with both figures. `--accept NAME --by WHO` lets the alarm
NAME pass in one build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from customer_outcomes.contract import load_contract
from customer_outcomes.errors import FailedCheck, UnusableInput
from customer_outcomes.intake.quarantine import faults
from customer_outcomes.intake.references import BrokenReference, broken_references, remarks_on_references
from customer_outcomes.memory import (
    Table,
    Version,
    about_to_be_published,
    figures_contents,
    last_published,
    pay_contents,
)
from customer_outcomes.warehouse import DATABASE, EngineError, connect

FEW_ROWS = 20  # a loss of at most this many rows of a table raises no alarm, whatever their share
FEW_FAULTS = 3  # fewer quarantined rows of a table, or broken references of a column, raise no alarm
FEW_ACCOUNTS = 20  # with fewer published accounts nobody can tell another company
SAME_COMPANY = 0.5  # the share of the published accounts that the input of the same company holds at least
POINTS = 0.05  # a share that was published before raises an alarm again if it grew by more than this

# The kinds of alarms, each with the thing that its name holds behind a colon, as in "shrink:crm.accounts".
KINDS = {
    "shrink": "TABLE",
    "quarantine": "TABLE",
    "references": "TABLE.COLUMN",
    "customers": None,
    "cltv": None,
    "adjustments": None,
    "currency": None,
    "company": None,
}
HINT = (
    "If this is right, build again with --accept NAME for each of them and --by WHO. Each build reads all of the input"
    " folder: put new deliveries beside the earlier files, not in their place."
)


@dataclass(frozen=True)
class Bounds:
    """The largest shares, 0 to 1, that raise no alarm: the vars of the guard."""

    max_shrink: float
    max_quarantined_share: float
    max_broken_share: float
    max_adjustment_share: float


@dataclass(frozen=True)
class Delivered:
    """The observations about the input that alarms need beside the counts.

    `examples` holds, by table, a description of its most frequent fault. `accounts` is the number of the last published
    accounts, and `known_accounts` the number of these that the input holds, too.
    """

    examples: dict[str, str] = field(default_factory=dict)
    broken: list[BrokenReference] = field(default_factory=list)
    accounts: int = 0
    known_accounts: int = 0


@dataclass(frozen=True)
class Alarm:
    """A change that a person must accept; `name` is the value that --accept takes."""

    name: str
    sentence: str


class RaisedAlarms(FailedCheck):
    """The alarms of a build that nobody accepted; `sentences` has theirs, and how to accept them.

    `accepted` holds the names of the alarms that were raised and accepted.
    """

    def __init__(self, raised: list[Alarm], accepted: list[str]):
        super().__init__(*(alarm.sentence for alarm in raised), HINT)
        self.alarms, self.accepted = raised, accepted


def check_accepted(accepted: list[str], by: str | None) -> None:
    """Raise UnusableInput if --accept names an unknown alarm, or --accept and --by are not given together."""
    kinds = ", ".join(f"{kind}:{thing}" if thing else kind for kind, thing in KINDS.items())
    wrong = [
        f"--accept names {name}, which is not an alarm; the alarms are {kinds}."
        for name in accepted
        if not _is_alarm(name)
    ]
    if accepted and not (by or "").strip():
        wrong.append("--accept needs --by with the name of the person who accepts the alarm.")
    if by is not None and not accepted:
        wrong.append("--by names who accepts an alarm, but no --accept is given.")
    if wrong:
        raise UnusableInput(*wrong)


def check_frame(last: Version | None, as_of: str | None, currency: str, timezone: str) -> None:
    """Raise UnusableInput if a build cannot follow the last published version, even if somebody accepts that."""
    if last is None:
        return
    wrong, elsewhere = [], "name another --publish and --warehouse."
    if as_of is not None and last.as_of is not None and datetime.fromisoformat(as_of) < last.as_of:
        wrong.append(f"--as-of {as_of} is before {last.as_of}, as of which the last version was published; {elsewhere}")
    if last.has_closes and _is_other_frame(last, currency, timezone):
        wrong.append(
            f"Months are closed in {last.frame}, and this build is in {currency} and {timezone}: amounts paid cannot"
            f" change their currency or their time zone; {elsewhere}"
        )
    if wrong:
        raise UnusableInput(*wrong)


def judge(
    now: Version, last: Version | None, bounds: Bounds, delivered: Delivered, accepted: list[str]
) -> tuple[list[str], list[str]]:
    """Return the names of the alarms that were raised and accepted, and a remark for each --accept without an alarm.

    Raise RaisedAlarms with every alarm that nobody accepted.
    """
    raised = list(alarms(now, last, bounds, delivered))
    met = sorted({alarm.name for alarm in raised if alarm.name in accepted})
    if unaccepted := [alarm for alarm in raised if alarm.name not in accepted]:
        raise RaisedAlarms(unaccepted, met)
    return met, [f"--accept {name} met no alarm." for name in accepted if name not in met]


def alarms(now: Version, last: Version | None, bounds: Bounds, delivered: Delivered) -> Iterator[Alarm]:
    """Yield every alarm that a version raises against the last published one."""
    yield from _company(delivered)
    for name in load_contract():
        table, before = now.tables[name], last.tables.get(name) if last else None
        if before:
            yield from _shrinking(name, table, before, bounds)
        yield from _quarantine(name, table, before, bounds, delivered.examples)
    for reference in delivered.broken:
        yield from _references(reference, last, bounds)
    if last is None:
        return
    if _is_other_frame(last, now.reporting_currency, now.reporting_timezone):
        # Figures in another currency, or of days in another time zone, cannot be compared.
        yield Alarm("currency", f"currency: this build is in {now.frame}, the last published version in {last.frame}.")
        return
    lost = 1 - now.customers / last.customers if last.customers else 0
    if lost > bounds.max_shrink:
        yield _fall("customers", f"{now.customers:,}", f"{last.customers:,}", lost, bounds)
    lost = 1 - float(now.cltv / last.cltv) if last.cltv > 0 else 0
    if lost > bounds.max_shrink:
        yield _fall("cltv", f"{now.cltv:,.2f} {now.reporting_currency}", f"{last.cltv:,.2f}", lost, bounds)
    if now.adjustments_share > max(bounds.max_adjustment_share, last.adjustments_share + POINTS):
        yield Alarm(
            "adjustments",
            f"adjustments: late knowledge moves {_percent(now.adjustments_share)} of the pay of the closed months that"
            f" it is about, after {_percent(last.adjustments_share)} in the last published version;"
            f" max_adjustment_share lets {_percent(bounds.max_adjustment_share)} pass.",
        )


class Guard:
    """The guard of one build: `last` is the version that it would replace, `accepted` the alarms that may pass."""

    def __init__(self, published: Path, pay: Path, accepted: list[str], by: str | None):
        check_accepted(accepted, by)
        self.published, self.accepted, self.by = published, accepted, by
        self.last = last_published(published, pay)
        self.now: Version | None = None
        self.met: list[str] = []

    def check_frame(self, variables: dict) -> None:
        """Raise UnusableInput if a build with these vars cannot follow the last published version."""
        check_frame(self.last, variables["as_of"], variables["reporting_currency"], variables["reporting_timezone"])

    def judge(self, warehouse: Path, variables: dict) -> list[str]:
        """Return remarks on the version that a build has computed; raise RaisedAlarms with the unaccepted alarms."""
        bounds = Bounds(**{name: float(variables[name]) for name in Bounds.__dataclass_fields__})
        examples: dict[str, str] = {}
        for fault in faults(warehouse):
            examples.setdefault(fault.input_table, fault.sentence)
        broken = broken_references(warehouse)
        delivered = Delivered(examples, broken, *_known_accounts(self.published, self.last, warehouse))
        self.now = about_to_be_published(warehouse)
        try:
            self.met, remarks = judge(self.now, self.last, bounds, delivered, self.accepted)
        except RaisedAlarms as raised:
            self.met = raised.accepted
            raise
        return remarks_on_references(broken) + remarks

    def explain(self, failed: FailedCheck, warehouse: Path, variables: dict) -> FailedCheck:
        """Return the failure of another check, preceded by the alarms that this build raises.

        A delivery that emptied a table fails many checks; the alarm tells the cause.
        """
        try:
            self.judge(warehouse, variables)
        except RaisedAlarms as alarmed:
            alarmed.sentences += failed.sentences
            return alarmed
        except (EngineError, IndexError):
            pass  # the build failed before it computed the figures that the guard reads
        return failed

    def figures_contents(self, build_id: str, relations: dict[str, int]) -> str:
        """Return the text of contents.json for the folder that BI tools read, given the rows of each relation."""
        return figures_contents(self._judged, build_id, relations)

    def pay_contents(self, build_id: str, relations: dict[str, int]) -> str:
        """Return the text of contents.json for the folder of pay, given the rows of each relation."""
        return pay_contents(self._judged, self.last, self.met, self.by, build_id, relations)

    @property
    def _judged(self) -> Version:
        if self.now is None:
            raise RuntimeError("contents.json needs the figures that judge() reads first")
        return self.now


def _is_alarm(name: str) -> bool:
    kind, _, named = name.partition(":")
    if KINDS.get(kind) == "TABLE.COLUMN":
        table, _, column = named.rpartition(".")
        columns = load_contract()[table]["columns"] if table in load_contract() else {}
        return column in columns and ("references" in columns[column] or "kinds" in columns[column])
    return named in load_contract() if KINDS.get(kind) else name in KINDS


def _is_other_frame(last: Version, currency: str | None, timezone: str | None) -> bool:
    known = last.reporting_currency, last.reporting_timezone
    return None not in known and known != (currency, timezone)


def _shrinking(name: str, table: Table, before: Table, bounds: Bounds) -> Iterator[Alarm]:
    lost = before.accepted - table.accepted
    was = f"the last published version had {before.accepted:,} accepted rows"
    if before.received and not table.received:
        yield Alarm(f"shrink:{name}", f"shrink:{name}: the table is empty or gone; {was}.")
    elif before.accepted and not table.accepted:
        yield Alarm(f"shrink:{name}", f"shrink:{name}: none of {table.received:,} rows received is accepted; {was}.")
    elif lost > max(FEW_ROWS, bounds.max_shrink * before.accepted):
        counts = f"{table.accepted:,} accepted rows", f"{before.accepted:,}"
        yield _fall(f"shrink:{name}", *counts, lost / before.accepted, bounds)


def _quarantine(
    name: str, table: Table, before: Table | None, bounds: Bounds, examples: dict[str, str]
) -> Iterator[Alarm]:
    published = before.quarantined_share if before else 0.0
    share = table.quarantined_share
    if table.quarantined >= FEW_FAULTS and share > bounds.max_quarantined_share and share > published + POINTS:
        after = f", after {_percent(published)} in the last published version" if before else ""
        yield Alarm(
            f"quarantine:{name}",
            f"quarantine:{name}: {table.quarantined:,} of {table.received:,} rows received are quarantined,"
            f" {_percent(share)}{after}; max_quarantined_share lets {_percent(bounds.max_quarantined_share)} pass. Most"
            f" are {examples[name]}.",
        )


def _references(reference: BrokenReference, last: Version | None, bounds: Bounds) -> Iterator[Alarm]:
    published = last.broken_shares.get(reference.name, 0.0) if last else 0.0
    share = reference.share
    if reference.strange >= FEW_FAULTS and share > bounds.max_broken_share and share > published + POINTS:
        after = f", after {_percent(published)} in the last published version" if last else ""
        yield Alarm(
            f"references:{reference.name}",
            f"references:{reference.name}: {reference.strange:,} of {reference.filled:,} filled values lead nowhere,"
            f" {_percent(share)}{after}; max_broken_share lets {_percent(bounds.max_broken_share)} pass. The most"
            f" frequent is {reference.example}.",
        )


def _company(delivered: Delivered) -> Iterator[Alarm]:
    known, accounts = delivered.known_accounts, delivered.accounts
    if accounts >= FEW_ACCOUNTS and known < SAME_COMPANY * accounts:
        yield Alarm(
            "company",
            f"company: the input holds {known:,} of the {accounts:,} accounts of the last published version, as if it"
            " were another company's; name another --publish and --warehouse for another company.",
        )


def _known_accounts(published: Path, last: Version | None, warehouse: Path) -> tuple[int, int]:
    """Return the number of the published accounts, and the number of these that the input of a build holds."""
    if last is None or not (published / DATABASE).exists():
        return 0, 0
    with connect(published / DATABASE, read_only=True) as connection:
        accounts = {row[0] for row in connection.execute("select account_id from marts.dim_customers").fetchall()}
    with connect(warehouse, read_only=True) as connection:
        received = connection.execute("select distinct account_id from landing.land_accounts").fetchall()
    return len(accounts), len(accounts & {row[0] for row in received})


def _fall(name: str, now: str, before: str, lost: float, bounds: Bounds) -> Alarm:
    return Alarm(
        name,
        f"{name}: {now}, after {before} in the last published version, {_percent(lost)} less; max_shrink lets"
        f" {_percent(bounds.max_shrink)} pass.",
    )


def _percent(share: float) -> str:
    """Return a share in per cent, with one decimal unless that is 0."""
    return re.sub(r"\.0 %$", " %", f"{100 * share:.1f} %")
