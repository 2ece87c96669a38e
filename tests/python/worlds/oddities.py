"""The part of a random world that changes finished records: merges, teams over time, guests, and references that lead nowhere."""

from __future__ import annotations

from datetime import datetime

from worlds.contract import COLUMNS, FRAGILE, VALUES, Column, Row
from worlds.moments import DAY, SECOND, TICK
from worlds.world import World

# Tables in which few records are faulty in every version, so that references lead to a quarantined row alone.
FAULTY = ("accounts", "contacts", "users", "campaigns", "leads", "opportunities", "products", "tickets", "touches")
FAULTY += ("transactions", "invitations")
# The share of records that are merged, and what may be odd about a survivor.
MERGED = {"users": 0.09, "leads": 0.08, "opportunities": 0.08}
ODD_SURVIVORS = ({"fate": "deleted"}, {"fate": "future"}, {"is_faulty": True})
GUESTS = {"transactions": 0.04, "contacts": 0.05, "responses": 0.04}
UNDATED = {"accounts": 0.08, "opportunities": 0.08}


def oddities(world: World) -> None:
    """Change records that other parts made, so that those parts can rely on what they refer to."""
    shared = {row["user_id"] for row in world.rows["opportunity_splits"]}
    for table in MERGED:
        _merge(world, table, shared)
    _teams(world, shared)
    for table, share in UNDATED.items():
        for row in world.rows[table]:
            if world.chance(share):
                row["created_at"] = None
    for table, share in GUESTS.items():
        for row in world.rows[table]:
            if world.chance(share):
                row["account_id"] = world.some(None, None, " ", "\u200b")
    if world.faults:
        _lost(world)
        _backwards(world)


def _merge(world: World, table: str, shared: set[object]) -> None:
    """Merge some in chains; with faults also in circles, to nowhere, and into odd survivors.

    Users of a sound world are of one team, and have no share of a deal, so that shares sum to 1 as before.
    """
    key, rows = COLUMNS[table][0].name, world.rows[table]
    into = next(column.name for column in COLUMNS[table] if column.name.startswith("merged_into_"))
    pool = world.random.sample(rows, len(rows))
    if table == "users":
        pool = [row for row in pool if "is_steady" not in row and (world.faults or row[key] not in shared)]

    def chain(length: int) -> list[Row]:
        first = pool.pop()
        teams = {first.get("team")} if world.chance(0.7) or not world.faults else {row.get("team") for row in rows}
        others = [row for row in pool if row.get("team") in teams][: length - 1]
        for row in others:
            pool.remove(row)
        return [first, *others]

    links = []
    while pool and len(links) < MERGED[table] * len(rows):
        members = chain(world.some(2, 2, 2, 3, 4))
        links += zip(members, members[1:], strict=False)
        if len(members) == 1 and table != "users":
            break
    for loser, _survivor in links:
        loser["fate"] = world.some("deleted", "sound", None)
    if world.faults and len(pool) > 12:
        if world.chance(0.4):
            circle = [pool.pop() for _ in range(world.some(1, 2, 2, 3))]
            links += zip(circle, circle[1:] + circle[:1], strict=True)
            links.append((pool.pop(), circle[0]))
        if world.chance(0.4):
            links.append((pool.pop(), {key: world.nowhere}))
        for oddity in ODD_SURVIVORS:
            if world.chance(0.25):
                links.append((pool.pop(), pool.pop()))
                links[-1][1].update(oddity)
    for loser, survivor in links:
        loser[into] = survivor[key]


def _teams(world: World, shared: set[object]) -> None:
    """Stretches in teams: from before a user was hired, about what the user did, in the future; of merged ones, too.

    Owners and sellers change less often than others, so that most shares of a deal still sum to 1.
    """
    acted: dict[object, list[datetime]] = {}
    for table, user, moment in (
        ("touches", "user_id", "occurred_at"),
        ("opportunities", "owner_user_id", "closed_at"),
        ("account_assignments", "user_id", "assigned_at"),
        ("ticket_events", "actor_user_id", "occurred_at"),
        ("invitations", "about_user_id", "sent_at"),
    ):
        for row in world.rows[table]:
            if row[user] and row[moment]:
                acted.setdefault(row[user], []).append(row[moment])
    teams = VALUES["team"]
    for user in world.rows["users"]:
        user_id = user["user_id"]
        is_seller = user["team"] in ("marketing", "sales")
        is_kept = "is_steady" in user or (not world.faults and user_id in shared)
        if not world.chance(0.25 if is_seller else 0.5) or is_kept:
            continue
        edges = acted.get(user_id) or [world.moment()]
        hired_at = user["hired_at"] or world.start
        moments = {world.some(world.start - 400 * DAY, hired_at, hired_at - 30 * DAY, world.moment())}
        for _ in range(world.some(0, 1, 1, 2, 3)):
            at = world.some(world.moment(), *[world.some(*edges) + world.some(0 * DAY, TICK, -TICK, SECOND)] * 2)
            moments.add(min(at, world.as_of))
        rows = [{"valid_from": at, "team": world.some(*teams)} for at in sorted(moments)]
        if world.chance(0.8):
            rows[-1]["team"] = user["team"]
        if world.chance(0.15) and world.faults:
            rows.append({"valid_from": world.as_of + world.some(TICK, DAY, 90 * DAY), "team": world.some(*teams)})
        for row in rows:
            world.add("user_teams", user_id=user_id, **row)
    if not world.rows["user_teams"]:
        user = next(user for user in world.rows["users"] if world.faults or user["user_id"] not in shared)
        world.add("user_teams", user_id=user["user_id"], team=user["team"], valid_from=world.start)
    if world.faults:
        world.add("user_teams", user_id=world.nobody, team=world.some(*teams), valid_from=world.moment())


def _lost(world: World) -> None:
    """Records that are faulty in every version, and references that lead nowhere or to one of those alone."""
    faulty: dict[str, list[object]] = {}
    for table in FAULTY:
        for row in world.rows[table]:
            if world.chance(0.025) and "fate" not in row:
                row["is_faulty"] = True
        faulty[table] = [row[COLUMNS[table][0].name] for row in world.rows[table] if row.get("is_faulty")]
    for table, columns in COLUMNS.items():
        names = [c for c in columns if c.refers_to and not c.is_key and c.name not in FRAGILE]
        for column in names:
            share = _share_lost(world, column)
            for row in world.rows[table]:
                if row[column.name] is not None and world.chance(share):
                    row[column.name] = world.some(world.nowhere, *faulty.get(column.refers_to, ())[:3])


def _share_lost(world: World, column: Column) -> float:
    """Far below half, so that the guard takes them for accidents; now and then a tenth of the optional ones."""
    is_chosen = not column.is_required and column.name != "account_id" and world.chance(0.15)
    return 0.1 if is_chosen else 0.01


def _backwards(world: World) -> None:
    """What ends as it starts, or just before that."""
    for table, start, end in (
        ("account_assignments", "assigned_at", "unassigned_at"),
        ("subscriptions", "started_on", "ended_on"),
        ("campaigns", "started_on", "ended_on"),
        ("experiments", "started_on", "ended_on"),
    ):
        gaps = (0 * DAY, -TICK, -SECOND, -DAY) if end == "unassigned_at" else (0 * DAY, -DAY, -400 * DAY)
        for row in world.rows[table]:
            if row[start] and world.chance(0.03):
                row[end] = row[start] + world.some(*gaps)
    for row in world.rows["experiments"]:
        side = world.some("control", "variant")
        if world.chance(0.05):
            row[f"{side}_conversions"] = row[f"{side}_exposures"] + world.some(0, 1, 1)
