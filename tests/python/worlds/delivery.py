"""The versions of a record that arrive, each value spelled in one of its forms, and some spoiled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time, timezone
from decimal import Decimal

from worlds.contract import CODES, COLUMNS, EXTRA, FRAGILE, MOMENTS, PAIRED, STAMPS, VALUES, Cells, Column, Row
from worlds.moments import DAY, SECOND, TICK
from worlds.world import TEXTS, World

# Characters that do not count at the ends of a text.
BLANKS = (" ", "  ", "\t", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200d", "\u2060", "\ufeff")
BAD_MOMENTS = ("2024-02-30", "31/12/2024", "yesterday", "infinity", "epoch", "null", "1719792000")
BAD_MOMENTS += ("0000-12-31", "10000-01-01", "2024-05-01T00:00:00+16:00")
# Words of no list.
BAD_WORDS = ("nonsense", "in ternal", "other words", "b\u00fcsiness")
BAD_TYPES = {
    "integer": ("one", "1.5", "1e2", "1_000", "1000000000000", "NaN", "null"),
    "decimal": (
        "NaN",
        "NaN",
        "much",
        "inf",
        "1,5",
        "1e12",
        "-1e20",
        "1_000",
        "$5",
        "1e400",
        "null",
    ),
    "boolean": ("yes", "t", "2", "on", "N", "1.0", "null"),
    "timestamp": (*BAD_MOMENTS, "2024-13-01T00:00:00Z", "2024-01-01 25:00:00", "20:15:00"),
    "date": (*BAD_MOMENTS, "2024-01-05 10:00:00", "2023-02-29", "2024-01-05T00:00:00.5", "2024-01-05T02:00:00+02:00"),
    "text": ("a\0b", "\0", "end\0"),
}
BAD_TYPES["ratio"] = BAD_TYPES["decimal"]
SMALL_STEPS = {
    "integer": ("1", "7"),
    "decimal": ("1", "1e-6", "5e-7", "1e-7"),
    "ratio": ("1", "1e-12", "5e-13", "1e-13"),
}
PLACES = {"decimal": 6, "ratio": 12}


def spell(world: World, kind: str, value: object) -> str | None:
    """One of the forms in which the contract lets the value be written."""
    if value is None:
        return None
    if kind == "boolean":
        true, false = ("true", "TRUE", "True", "1"), ("false", "FALSE", "False", "0")
        return world.some(*(true if value else false))
    if kind == "integer":
        return world.some(f"{value}", f"{value}", f"{value}.0")
    if kind in PLACES:
        plain, places = f"{value:f}", PLACES[kind]
        forms = [*[plain] * 4, plain + ("0" if "." in plain else ".00")]
        if value == round(value, places):
            forms.append(f"{value:.{places}f}4")
        if value and value % 100 == 0:
            forms += [str(value.normalize()).lower().replace("+", "")] * 3
        return world.some(*forms)
    if kind == "date":
        midnights = ("00:00:00Z", "00:00", "00:00:00.000", "00:00:00+05:30", "00:00:00-08:00", "00:00+15:59")
        return world.some(*[f"{value}"] * 4, f"{value} 00:00:00", f"{value}T{world.some(*midnights)}")
    if kind == "timestamp":
        minutes, separator = world.some(0, 120, -300, 330, 765), world.some("T", " ")
        local = value.replace(tzinfo=UTC).astimezone(timezone(minutes * 60 * SECOND))
        return world.some(value.isoformat(separator), value.isoformat(separator) + "Z", local.isoformat(separator))
    return str(value)


def write(world: World, table: str, column: Column, row: Row) -> str | None:
    """The value of a column, spelled; words of lists and codes now and then in other letters or between blanks.

    Keys and references have blanks in few columns of a world, so that one side has them and the other side has not.
    """
    value = row[column.name]
    if column.kind == "timestamp" and isinstance(value, datetime) and value.time() == time():
        # of a sound world no end may be before its start in any time zone, and nothing may be later than as_of
        is_free = world.faults or (column.name not in PAIRED and value < world.as_of - DAY)
        if is_free and world.chance(0.3):
            return f"{value.date()}"
    text = spell(world, column.kind, value)
    if text is None or column.kind != "text":
        return text
    is_word = column.name in VALUES or (column.name == "new_value" and row["event_type"] == "status")
    if (is_word or column.name in CODES) and world.chance(0.15):
        text = world.some(text.upper(), text.lower(), text.title(), text.swapcase())
    is_key = column.is_key or column.refers_to or column.name in ("about_id", "new_value", "contact_id")
    if world.chance(
        0.05 if is_word or column.name in CODES else 0.15 if is_key and world.is_blank(table, column) else 0
    ):
        text = world.some(world.some(*BLANKS) + text, text + world.some(*BLANKS), world.some(*BLANKS) + text + " ")
    return text


def wrongs(world: World, table: str) -> dict[str, list[tuple[str, str | None]]]:
    """What can be wrong with a version of the table, by reason: a column and what it then holds.

    Half of the last decimal place outside the bounds is outside, a tenth of it is not.
    """
    columns, wrong = COLUMNS[table], defaultdict(list)
    for column in columns + STAMPS:
        if column.is_required:
            wrong["missing_required"].append((column.name, None))
            if column.kind == "text":
                wrong["missing_required"].append((column.name, world.some(*BLANKS)))
        if column.kind in BAD_TYPES:
            wrong["bad_type"].append((column.name, world.some(*BAD_TYPES[column.kind])))
        if column.name in VALUES:
            wrong["bad_value"] += [(column.name, word) for word in BAD_WORDS]
        for step in map(Decimal, SMALL_STEPS.get(column.kind, ())):
            if column.low is not None:
                wrong["out_of_range"].append((column.name, f"{column.low - step:f}"))
            if column.high is not None:
                wrong["out_of_range"].append((column.name, f"{column.high + step:f}"))
        if column.refers_to:
            wrong["orphan"].append((column.name, world.nowhere))
        if column.name in MOMENTS:
            late = world.as_of + world.some(TICK, SECOND, 40 * DAY)
            wrong["too_late"].append((column.name, spell(world, "timestamp", late)))
    return wrong


def deliver(world: World, table: str, record: Row) -> Iterator[Cells]:
    """Every version of one record that arrives, spelled, and some of them spoiled.

    Those of its `history`, too, where it has one: what it was before, the earliest first.
    """
    columns = COLUMNS[table]
    fates = [None] * 44 + ["deleted", "deleted", "future", "future", "revived"] * world.faults
    fate = record.get("fate") or world.some(*fates)
    for column in columns if fate == "future" else ():
        if column.is_event_time:
            is_date, gap = column.kind == "date", world.some(TICK, SECOND, DAY, 400 * DAY)
            moment = world.as_of.date() + max(gap, DAY) if is_date else world.as_of + gap
            record = record | {column.name: moment}
    loaded_at = world.some(None, *[world.as_of + days * DAY for days in (-60, -20, -1, 0, 5)])
    updated_at = world.some(None, world.moment(), world.as_of - DAY)
    history = record.get("history", ())
    if history:
        loaded_at = loaded_at or world.as_of - DAY
    versions = [(record, loaded_at, updated_at, fate == "deleted")]
    before = [stamp and stamp - 10 * DAY for stamp in (loaded_at, updated_at)]
    older = [(loaded_at, updated_at), (loaded_at, before[1]), (loaded_at, None), (None, None)]
    older += [(before[0], updated_at), (before[0], loaded_at)]
    kept = FRAGILE if world.faults else FRAGILE | PAIRED
    editable = [c.name for c in columns if not c.is_key and c.name not in kept]
    while world.chance(0.9 if fate == "revived" and len(versions) == 1 else 0.15) and not record.get("is_steady"):
        donor = world.random.choice(world.rows[table])
        edits = world.random.sample(editable, min(len(editable), world.some(0, 1, 1, 3)))
        edited = record | {name: donor[name] for name in edits}
        versions.append((edited, *world.some(*older), fate == "revived"))
    is_updated, is_tied = updated_at and world.chance(0.3), world.fault(0.1)
    for number, past in enumerate(reversed(history), start=1):
        loaded = (loaded_at - number * DAY, world.some(updated_at, world.moment(), None))
        stamps = (loaded_at, updated_at - number * DAY) if is_updated else loaded
        if number == len(history) and world.chance(0.2):
            stamps = (None, world.moment())
        versions.append((record | past, *((loaded_at, updated_at) if is_tied else stamps), past.get("is_deleted")))
    for row, loaded_at, updated_at, is_deleted in versions:
        is_deleted = is_deleted or world.some(None, None, False)
        row = row | {"_loaded_at": loaded_at, "updated_at": updated_at, "is_deleted": is_deleted}
        cells = {c.name: write(world, table, c, row) for c in columns + STAMPS}
        cells |= {name: world.some(*TEXTS) for name in EXTRA}
        if row.get("is_faulty"):  # and its key can be read
            keys = [c.name for c in columns if c.is_key]
            cells |= [world.some(*(wrong for wrong in wrongs(world, table)["bad_type"] if wrong[0] not in keys))]
        is_wrong = world.fault(0.015 if table == "schedules" else 0.05) and not record.get("is_steady")
        if is_wrong:  # all reasons are as likely as each other
            choices = list(wrongs(world, table).values())
            cells |= [world.some(*world.some(*choices)) for _ in range(world.some(1, 1, 1, 2, 3))]
        yield from [cells] * world.some(*[1] * 30, 2)
