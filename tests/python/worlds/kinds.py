"""Kinds of companies: a shop has every table, and each other kind lacks some tables or records."""

from __future__ import annotations

from worlds.contract import COLUMNS
from worlds.moments import DAY
from worlds.world import World

SHOP, HELP_DESK, LATE_TILL, UNINVITED, UNASKED = KINDS = ("shop", "help_desk", "late_till", "uninvited", "unasked")
# The tables of a shop that other companies do not deliver at all.
ABSENT = {
    HELP_DESK: (
        *("transactions", "products", "subscriptions", "exchange_rates", "opportunities", "opportunity_splits"),
        *("campaigns", "campaign_costs", "leads", "referrals", "experiments"),
    ),
    UNINVITED: ("invitations",),
}


def without_what_it_lacks(world: World, kind: str) -> None:
    """Remove from a shop the tables and records that its kind lacks, and every reference to them.

    A `help_desk` has no money: tickets, touches, ratings, outcomes and use. A `late_till` company delivers the
    transactions of the last 500 days alone, like one that changed its billing system. An `uninvited` company has
    answers, and no request is known. An `unasked` one has a survey on a scale of 0 to 10, and nobody was asked by it: no
    survey on that scale has any request or answer, because one of another type may be delivered as an nps survey.
    """
    world.absent = ABSENT.get(kind, ())
    for table in world.absent:
        world.rows[table] = []
    if kind == UNASKED:
        scale = {row["survey_id"] for row in world.rows["surveys"] if (row["scale_min"], row["scale_max"]) == (0, 10)}
        for table in ("invitations", "responses"):
            world.rows[table] = [row for row in world.rows[table] if row["survey_id"] not in scale]
    if kind == LATE_TILL:
        since = world.as_of - 500 * DAY
        known = [row for row in world.rows["transactions"] if row["transacted_at"] >= since]
        world.rows["transactions"] = known
        kept = {row["transaction_id"] for row in known}
        for row in known:
            if row["original_transaction_id"] not in kept:
                row["original_transaction_id"] = None
    sent = {row["invitation_id"] for row in world.rows["invitations"]}
    for row in world.rows["responses"]:
        if kind in (UNASKED, UNINVITED) and row["invitation_id"] not in sent:
            row["invitation_id"] = None
    for table, columns in COLUMNS.items():
        for column in columns:
            for row in world.rows[table] if column.refers_to in world.absent else ():
                row[column.name] = None
