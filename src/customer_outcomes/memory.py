"""The memory of the guard: the counts and figures of the last published version, and of the one about to be published.

The marker contents.json of each published folder holds its part of them. The folder that BI tools read tells the counts
of input rows and the headline figures. The folder of pay tells how much late knowledge moved, and who accepted which
alarm, because these are about pay and persons. Both hold the id of their build, so that the next build sees if they are
of different builds.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from customer_outcomes.errors import UnusableInput
from customer_outcomes.intake.references import broken_references
from customer_outcomes.places.destination import CONTENTS, FIGURES, PAY, read_marker
from customer_outcomes.warehouse import DATABASE, Connection, EngineError, connect

LITTLE_MONEY = 50  # adjustments below this sum, in the reporting currency, raise no alarm
FRAME = ("as_of", "reporting_currency", "reporting_timezone")  # fields of a version in both folders
OF_PAY = ("adjustments_share", "accepted_alarms")  # fields of a version in the folder of pay alone
NO_FIGURES = {"tables": {}, "customers": 0, "cltv": "0.00"}  # the figures where only the folder of pay is left


@dataclass(frozen=True)
class Table:
    """The numbers of rows of one input table that were received, accepted and quarantined."""

    received: int
    accepted: int
    quarantined: int

    @property
    def quarantined_share(self) -> float:
        """The quarantined share of the received rows, 0 to 1; 0 if no row was received."""
        return self.quarantined / self.received if self.received else 0.0


@dataclass(frozen=True)
class Version:
    """The counts and figures of one version: a published one, or the one that a build is about to publish.

    `broken_shares` holds, by <table>.<column>, the share of the filled values of a reference that are unknown. A
    version that an older project published has neither as_of nor currency nor time zone, and no shares.
    """

    tables: dict[str, Table]
    customers: int
    cltv: Decimal
    adjustments_share: float = 0.0
    as_of: datetime | None = None
    reporting_currency: str | None = None
    reporting_timezone: str | None = None
    has_closes: bool = False
    accepted_alarms: list[dict] = field(default_factory=list)
    broken_shares: dict[str, float] = field(default_factory=dict)

    @property
    def frame(self) -> str:
        """The currency and the time zone of the figures, in words."""
        return f"{self.reporting_currency} and {self.reporting_timezone}"


def last_published(published: Path, pay: Path) -> Version | None:
    """Return the version in the two published folders; None if nothing was published into them.

    A folder of an older project tells everything by itself. Where the folders are of different builds, as after a kill
    between them, the folder of pay decides about adjustments, accepted alarms and closed months. Raise UnusableInput if
    contents.json cannot be read.
    """
    figures, paid = _version_in(published), _version_in(pay)
    if figures is None or paid is None:
        return figures or paid
    moments = [version.as_of for version in (figures, paid) if version.as_of is not None]
    framed = paid if paid.has_closes else figures  # months are closed in the frame of the folder of pay
    return replace(
        figures,
        adjustments_share=paid.adjustments_share,
        as_of=max(moments, default=None),
        reporting_currency=framed.reporting_currency,
        reporting_timezone=framed.reporting_timezone,
        has_closes=paid.has_closes or figures.has_closes,  # an older project closed months in its one folder
        accepted_alarms=paid.accepted_alarms,
    )


def _version_in(folder: Path) -> Version | None:
    """Return what one folder tells of its version; None if it tells nothing."""
    if not (folder / CONTENTS).exists():
        return None
    try:
        contents = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        if contents.get("build") is None:
            return _of_older_project(folder) if (folder / DATABASE).exists() else None
        build = dict(NO_FIGURES if contents.get("holds") == PAY else {}) | contents["build"]
        build["tables"] = {name: Table(**counts) for name, counts in build["tables"].items()}
        return Version(
            **build
            | {
                "as_of": datetime.fromisoformat(build["as_of"]),
                "cltv": Decimal(build["cltv"]),
                "has_closes": contents["relations"].get("compensation.comp_period_closes", 0) > 0,
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError, EngineError) as error:
        reason = str(error).splitlines()[0]
        raise UnusableInput(
            f"{folder / CONTENTS}, the list of published relations, cannot be read: {reason}."
        ) from None


def remarks_on_folders(published: Path, pay: Path) -> list[str]:
    """Return a remark if the two published folders are not of one build, or pay still lies with the figures."""
    marker = read_marker(published)
    if any(relation.startswith("compensation.") for relation in marker.get("relations", marker)):
        return [f"Pay leaves {published}: the workbook, the relations of pay and the closed months move to {pay}."]
    builds = [read_marker(folder).get("build_id") for folder in (published, pay)]
    if builds[0] == builds[1]:
        return []
    first, second = (f"build {str(build)[:8]}" if build else "no build" for build in builds)
    return [
        f"{published} is of {first}, and {pay} of {second}, because a build was stopped between them or one of them was"
        " replaced: this build publishes both again, with the months that are closed in either the warehouse or the"
        " folder of pay."
    ]


def about_to_be_published(warehouse: Path) -> Version:
    """Return the version that a build has just computed."""
    with connect(warehouse, read_only=True) as connection:
        as_of, currency, timezone = connection.execute(
            "select as_of, reporting_currency, reporting_timezone from compensation.comp_settings"
        ).fetchall()[0]
        adjusted, paid = connection.execute(
            """
            with pending as (
                select original_period, abs(amount) as amount
                from compensation.comp_pending_adjustments
                where dispute_id is null
            )

            select
                (select coalesce(sum(amount), 0) from pending),
                (
                    select coalesce(sum(payout), 0) from compensation.comp_closed_lines
                    where period in (select original_period from pending)
                )
            """
        ).fetchall()[0]
        # Without pay in those months, adjustments of LITTLE_MONEY or more count as all of it.
        share = float(adjusted / paid) if paid and adjusted >= LITTLE_MONEY else float(adjusted >= LITTLE_MONEY)
        return Version(
            **_headline(connection),
            adjustments_share=share,
            as_of=as_of,
            reporting_currency=currency,
            reporting_timezone=timezone,
            broken_shares={reference.name: reference.share for reference in broken_references(warehouse)},
        )


def figures_contents(now: Version, build_id: str, relations: dict[str, int]) -> str:
    """Return the text of contents.json for the folder that BI tools read, given the number of rows of each relation."""
    build = {name: value for name, value in asdict(now).items() if name not in (*OF_PAY, "has_closes")}
    return _text(FIGURES, build_id, build | {"as_of": str(now.as_of), "cltv": str(now.cltv)}, relations)


def pay_contents(
    now: Version, last: Version | None, met: list[str], by: str | None, build_id: str, relations: dict[str, int]
) -> str:
    """Return the text of contents.json for the folder of pay, with all accepted alarms.

    `met` holds the names of the alarms that were raised and accepted in this build, by the person `by`.
    """
    earlier = last.accepted_alarms if last else []
    accepted = [{"as_of": str(now.as_of), "alarm": name, "by": by} for name in met]
    build = {name: getattr(now, name) for name in (*FRAME, *OF_PAY)} | {
        "as_of": str(now.as_of),
        "accepted_alarms": earlier + [one for one in accepted if one not in earlier],
    }
    return _text(PAY, build_id, build, relations)  # the number of rows of comp_period_closes tells has_closes


def _text(holds: str, build_id: str, build: dict, relations: dict[str, int]) -> str:
    marker = {"holds": holds, "build_id": build_id, "build": build, "relations": relations}
    return json.dumps(marker, indent=2) + "\n"


def _headline(connection: Connection) -> dict:
    tables = {
        name: Table(received, accepted, quarantined)
        for name, received, accepted, quarantined in connection.execute(
            "select input_table, received, accepted, quarantined from audit.input_reconciliation order by all"
        ).fetchall()
    }
    customers, cltv = connection.execute(
        "select customers, cltv from metrics.ppp_summary where subject_type = 'company'"
    ).fetchall()[0]
    return {"tables": tables, "customers": customers, "cltv": round(Decimal(cltv), 2)}


def _of_older_project(published: Path) -> Version:
    """Return a version that an older project published, read from its relations: its contents.json holds no figures."""
    with connect(published / DATABASE, read_only=True) as connection:
        return Version(**_headline(connection))
