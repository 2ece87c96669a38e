"""A random company in the making: its clean records, and the dice."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from worlds.contract import CODES, COLUMNS, FRAGILE, MOMENTS, VALUES, Column, Row
from worlds.moments import CLOCK_CHANGES, DAY, SECOND, TICK, YEAR

TEXTS = (
    *("plain", "a, b", 'say "yes"', "two\nlines", "two\r\nlines", '",\n"', " leading", "trailing "),
    *("null", "NULL", "NaN", "true", "0", "007", "\\N", "\\", "#1", "a|b", "a;b", "tab\there"),
    *("\u00a0no break", "no width\u200b", "\ufeffmark", " \u2003 "),
    *("O'Brien", "Zoë", "漢字", "🙂", "é", "=1+1", "--", "{{ x }}", "%s", None),
)
CURRENCIES = ("EUR", "USD", "GBP", "JPY")


class World:
    """A company in the making: its clean records, and the dice."""

    def __init__(self, seed: int, size: int, faults: bool, as_of: datetime) -> None:
        self.random, self.size, self.faults, self.as_of = Random(seed), size, faults, as_of
        self.start = as_of - 1250 * DAY
        self.rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        # tables that this kind of company does not deliver
        self.absent: tuple[str, ...] = ()
        # In the last style all keys are whole numbers, which a data frame may widen to floating-point numbers.
        self.id_style = self.some("named", "named", "named", "padded", "whole")
        self.nowhere, self.nobody = ("999999999",) * 2 if self.id_style == "whole" else ("nowhere", "nobody")
        # Which columns of keys and references have blanks around their values does not depend on the order of rows.
        self._blank_dice = f"{seed} blanks"
        self._of: dict[tuple[str, object], list[Row]] = defaultdict(list)
        self._ids: dict[str, list[str]] = defaultdict(list)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def is_blank(self, table: str, column: Column) -> bool:
        """Whether keys or references of this column may have blanks around them."""
        return Random(f"{self._blank_dice} {table} {column.name}").random() < (0.1 if self.id_style == "whole" else 0.2)

    def fault(self, probability: float = 0.03) -> bool:
        """Whether something here is to be wrong."""
        return self.chance(probability) and self.faults

    def some(self, *options):
        return self.random.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def add(self, table: str, **given: object) -> Row:
        """A new record: the given values, and random values of the contract's kind for the rest."""
        event_time = next((c.name for c in COLUMNS[table] if c.is_event_time), None)
        at = given.get(event_time) or self.moment()
        row: Row = {}
        for column in COLUMNS[table]:
            is_given = column.name in given
            account_id = row.get("account_id")
            row[column.name] = given[column.name] if is_given else self._any(column, account_id, at)
        self.rows[table].append(row)
        self._of[table, row.get("account_id")].append(row)
        return row

    def _any(self, column: Column, account_id: object, at: datetime) -> object:
        name = column.name
        if column.is_key and not column.refers_to:
            return self.new_id(name.removesuffix("_id"))
        if not column.is_required and (name in FRAGILE or self.chance(0.25)):
            return None
        if column.refers_to:
            return self.id_of(column.refers_to, account_id)
        if name in VALUES or column.kind == "boolean":
            return self.some(*VALUES.get(name, (True, False)))
        if name in MOMENTS:
            return self.then(at, 0 * DAY, SECOND, DAY, 3 * DAY, 10 * DAY, 30 * DAY, YEAR)
        if column.kind == "timestamp":
            return at
        if column.kind == "date":
            return at.date() if isinstance(at, datetime) else at
        if column.kind == "decimal":
            return self.amount()
        if name == "currency_code":
            return self.currency()
        if name in CODES:
            return self.some("DE", "NL", "US", "XX")
        text = self.some(*TEXTS)
        return text if text and (text.strip() or not column.is_required) else "plain" if column.is_required else None

    def new_id(self, prefix: str) -> str:
        """An unused id; now and then one that differs from another by case alone, or by a blank, which does not count."""
        ids = self._ids[prefix]
        number = len(ids) + 1
        result = {"named": f"{prefix}{number}", "padded": f"{number:05}", "whole": f"{number}"}[self.id_style]
        if ids and self.id_style != "whole" and self.chance(0.04):
            twin = self.some(*ids)
            odds = [twin.swapcase(), f"{twin}|{twin}", result + "ü", *[" " + twin] * self.faults]
            odd = self.some(*odds)
            result = result if odd in ids else odd
        ids.append(result)
        return result

    def of(self, table: str, account_id: object) -> list[Row]:
        return self._of[table, account_id]

    def id_of(self, table: str, account_id: object = None) -> object:
        """The id of a record of that account, if any; seldom, or of tables without, anyone's."""
        is_owned = table != "accounts" and any(c.name == "account_id" for c in COLUMNS[table])
        is_own = is_owned and account_id is not None and not self.chance(0.03)
        rows = self.of(table, account_id) if is_own else self.rows[table]
        return self.random.choice(rows)[COLUMNS[table][0].name] if rows else None

    def moment(self, after: datetime | None = None) -> datetime:
        """A moment after that one, often where a day, a month or daylight saving time turns."""
        after = min(after or self.start, self.as_of)
        plain = after + int((self.as_of - after) / SECOND * self.random.random()) * SECOND
        midnight = datetime(plain.year, plain.month, plain.day)
        month_end = (midnight.replace(day=1) + 32 * DAY).replace(day=1)
        near = self.some(-TICK, -SECOND, 0 * DAY, SECOND, DAY / 48, -DAY / 48, -DAY / 6, DAY / 6)
        fraction = self.some(self.number(1, 999999), self.number(1, 999) * 1000) * TICK
        turns = [midnight + near, month_end + near, self.some(*CLOCK_CHANGES) + near, self.as_of]
        odd = self.some(*[plain] * 4, plain + fraction, midnight, month_end, *turns)
        return odd if after <= odd <= self.as_of else plain

    def then(self, moment: datetime, *gaps: timedelta) -> datetime | None:
        """One of the gaps later; None where that is not yet."""
        later = moment + self.some(*gaps)
        return later if later <= self.as_of else None

    def amount(self) -> Decimal:
        """Money: round, in cents, in halves of a cent, with too many decimals, nothing, or huge."""
        if self.fault(0.0005):
            return Decimal("12345678901234567890.12")
        cents = Decimal(self.number(1, 90000))
        odd = [cents / 200, cents / 1000, cents / 10**7, cents // 100 * 100, Decimal(0)]
        return self.some(*[cents / 100] * 5, *odd, cents + Decimal("0.0000005"))

    def currency(self, home: str | None = None) -> str:
        """Mostly the one of the house; with faults also some that have no rate."""
        if self.fault():
            return self.some("CHF", "CHF", "chf", "€")
        return home if home and self.chance(0.9) else self.some(*CURRENCIES)
