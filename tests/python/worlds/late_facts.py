"""Rows that a later delivery adds to a world on disk, so that closed periods get adjustments."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from oracle.received import Row
from oracle.world import World
from worlds.moments import DAY
from worlds.pay_rules import employees


def write_late_facts(folder: Path, dice: Random, world: World, number: int) -> None:
    """Add a delivery to a world on disk: refunds, merges, reassignments, ratings of the past, corrected splits, also of
    bots, and amounts, deals that were won a while ago, and closed ones that move or are open again.

    `world` holds the rows delivered before, `number` tells one delivery from the next.
    """
    loaded_at, now = datetime(2030, 1, number), world.as_of
    late: dict[str, list[dict]] = {}

    def deliver(table: str, row: Row | None, **changes: object) -> None:
        columns = [*world.contract[table]["columns"], "updated_at"]
        before = {name: row.raw.get(name) for name in columns} if row else {}
        late.setdefault(table, []).append(before | changes | {"_loaded_at": loaded_at, "is_deleted": None})

    def some(table: str, count: int, **wanted: object) -> list[Row]:
        rows = [row for row in world.accepted(table) if all(row[name] == value for name, value in wanted.items())]
        return dice.sample(rows, min(count, len(rows)))

    humans = employees(world)
    sellers = sorted(user_id for user_id, team in humans.items() if team == "sales") or sorted(humans)
    for place, row in enumerate(some("crm.transactions", 6, transaction_type="charge", status="completed")):
        deliver(
            "crm.transactions", row, transaction_id=f"late {number} {place}", transaction_type="refund",
            transacted_at=max(row["transacted_at"], now - dice.choice((0, 20, 100, 400)) * DAY),
            original_transaction_id=row["transaction_id"],
        )  # fmt: skip
    for row in some("crm.transactions", 6, transaction_type="charge"):
        deliver("crm.transactions", row, amount=row["amount"] + dice.choice((-1, 5, 70)) if row["amount"] > 1 else 3)
    merged = {key for table, key in world.survivor if table == "crm.accounts"} | set(world.survivor.values())
    free = [row for row in some("crm.accounts", 50) if row["account_id"] not in merged]
    for loser, survivor in zip(free[:4:2], free[1:4:2]):
        deliver("crm.accounts", loser, merged_into_account_id=survivor["account_id"])
    for row in some("crm.account_assignments", 8):
        deliver("crm.account_assignments", row, user_id=dice.choice(sellers))
    for row in some("crm.opportunities", 8):
        closed_at = max(row["created_at"] or datetime.min, now - dice.choice((10, 50, 90, 150)) * DAY)
        deliver("crm.opportunities", row, closed_at=closed_at, is_won=dice.choice(("true", "true", "false")),
                owner_user_id=dice.choice(sellers))  # fmt: skip
    for row in some("crm.opportunities", 8, is_won=True):
        deliver("crm.opportunities", row, owner_user_id=dice.choice(sellers),
                **dice.choice(({}, {}, {"closed_at": None, "is_won": None})))  # fmt: skip
    sellers += [user["user_id"] for user in world.accepted("crm.users") if user["is_bot"] and user["team"] == "sales"]
    for row in some("crm.opportunity_splits", 6, share=Decimal(1)):
        others = [user_id for user_id in sellers if user_id != row["user_id"]]
        if humans.get(row["user_id"]) == "sales" and others:
            deliver("crm.opportunity_splits", row, share="0.4")
            deliver("crm.opportunity_splits", None, opportunity_id=row["opportunity_id"], share="0.6",
                    user_id=dice.choice(others))  # fmt: skip
    for place, row in enumerate(some("survey.responses", 12)):
        deliver("survey.responses", row, response_id=f"late {number} {place}", contact_id=None, invitation_id=None,
                about_type="relationship", about_id=None, responded_at=now - dice.randint(0, 120) * DAY)  # fmt: skip
    for table, rows in late.items():
        path = folder.joinpath(*table.split(".")) / f"late_{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
