"""The part of a random world that is hard on money: rates, purchases, their gaps and reversals, and charges of nothing."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

from worlds.contract import Row
from worlds.moments import DAY, HOUR, SECOND, SILENCE, TICK, YEAR
from worlds.world import CURRENCIES, World

# Renewals of each year, and gaps about those after which a customer has left. Where the clock changed in between, as many
# local days are an hour more or less.
A_YEAR = (YEAR, YEAR, YEAR + DAY)
EDGES_OF_SILENCE = (SILENCE, SILENCE, SILENCE - TICK, SILENCE + SECOND, SILENCE - DAY, SILENCE - HOUR, SILENCE + HOUR)


def money(world: World) -> None:
    """Rates; purchases of several lines about the gap of a reactivation; reversals; MRR."""
    for one, other in combinations(CURRENCIES, 2):
        ways = world.some([(one, other)], [(other, one)], [(one, other), (other, one)])
        for number, (base, quote) in enumerate(ways):  # the two ways need not agree
            is_late = number == 1 or world.fault(0.4)
            valid_on = world.start + (world.number(50, 900) if is_late else -200) * DAY
            usual = Decimal({"JPY": "150"}.get(quote, "0.0067" if base == "JPY" else "1.1"))
            odd = [Decimal(rate) for rate in ("0.5", "1.25", "1.6", "8", "3", "0.000001", "0.123456789012")]
            odd += [Decimal(rate) for rate in ("0.000000000001", "999999.999999999999")] * world.fault(0.3)
            while valid_on < world.as_of:
                rate = round(usual * world.number(900, 1100) / world.some(1000, 1007), 12)
                pair = {"from_currency": base, "to_currency": quote, "valid_on": valid_on.date()}
                world.add("exchange_rates", **pair, rate=world.some(rate, rate, rate, *odd))
                valid_on += world.some(1, 2, 20, 45, 120) * DAY
    same = {"from_currency": "EUR", "to_currency": "EUR", "valid_on": world.start.date()}
    world.add("exchange_rates", **same, rate=Decimal("1.5"))
    mixed = [*EDGES_OF_SILENCE, *A_YEAR, 90 * DAY, DAY / 24, *[DAY] * 3, *[30 * DAY] * 3, 31 * DAY]
    types = [*["charge"] * 12, "refund", "credit", "transfer"]
    for account in world.rows["accounts"]:
        home, at = world.some(*CURRENCIES), world.moment(account["created_at"] - DAY)
        wanted = [world.id_of("products") for _ in range(3)] * 3 + [None]
        gaps = world.some(*[mixed] * 5, A_YEAR, EDGES_OF_SILENCE)
        if gaps is not mixed:  # nothing but that, from long ago
            at = world.start + world.number(0, 20 * 10**6) * SECOND
        for _ in range(world.some(0, 1, 2, 3, 5, 9) if gaps is mixed else 4):
            for _ in range(world.some(1, 1, 2, 3) if gaps is mixed else 1):
                given = {"account_id": account["account_id"], "transacted_at": at}
                amount = max(world.amount(), Decimal(world.some("0", "0.99", "0.99", "0.99", "0.99")))
                given |= {"currency_code": world.currency(home), "amount": amount}
                given |= {"transaction_type": world.some(*types), "product_id": world.some(*wanted)}
                _transaction(world, **given)
            at = world.then(at, *gaps)
            if not at:
                break
    for _ in range(2):  # the second time also reversals of reversals
        charges = world.rows["transactions"]
        for original in world.random.sample(charges, len(charges) // 6):
            for _ in range(world.some(1, 1, 2, 4)):
                _reversal(world, original)


def _transaction(world: World, **given: object) -> Row:
    status = world.some(*["completed"] * 9, None, "pending", "failed")
    quantities = [None, *map(Decimal, ("1", "1", "2", "3", "2.5", "0", "1000", "-1"))]
    return world.add("transactions", status=status, quantity=world.some(*quantities), **given)


def _reversal(world: World, original: Row) -> None:
    """Of a part, all or more; later or before; of another currency or account; of itself."""
    part = Decimal(world.some("0.25", "0.5", "0.5", "1", "1", "1.5"))
    sold_at, account_id = original["transacted_at"], original["account_id"]
    given_at = world.then(sold_at, 0 * DAY, SECOND, DAY, 40 * DAY, YEAR) or sold_at
    row = _transaction(
        world,
        account_id=account_id if world.chance(0.95) else world.id_of("accounts"),
        transaction_type=world.some("refund", "refund", "chargeback", "credit"),
        amount=round(original["amount"] * part, 6),
        currency_code=world.currency(original["currency_code"]),
        transacted_at=sold_at - 5 * DAY if world.fault() else given_at,
        original_transaction_id=original["transaction_id"],
    )
    if world.fault():
        row["original_transaction_id"] = row["transaction_id"]


def unpaid(world: World) -> None:
    """Some accounts were never charged more than nothing, some only got money, and some had trials and gifts beside what
    they bought; by reporting_amount, so that the least amounts are nothing, too, and half a cent is a cent.
    """
    for account in world.rows["accounts"]:
        account_id = account["account_id"]
        charges = [row for row in world.of("transactions", account_id) if row["transaction_type"] == "charge"]
        kind = world.some(*["paid"] * 24, *["trial"] * 3, "never", "never", "reversed")
        if kind == "trial":
            _trials(world, account_id, sorted(row["transacted_at"] for row in charges))
        elif kind != "paid" and not charges:
            charges = [_transaction(world, account_id=account_id, transaction_type="charge", currency_code="EUR",
                                    amount=Decimal(20), transacted_at=world.moment(account["created_at"]))]  # fmt: skip
        for row in charges:
            if kind == "reversed":
                row["transaction_type"] = world.some("refund", "chargeback", "credit")
            elif kind == "never":
                row["amount"] = _nothing(world, row["currency_code"])
                if world.chance(0.3):
                    _take_back(world, row)


def _nothing(world: World, currency: object) -> Decimal:
    """An amount of which the cents are 0, at usual rates."""
    least = "0.4" if currency == "JPY" else "0.003"
    return Decimal(world.some("0", "0", "0", "0.000001", least))


def _trials(world: World, account_id: object, bought: list) -> None:
    """Charges of nothing before, at, between and after its purchases, for more and for other products; half a cent."""
    edges = bought or [world.moment()]
    gaps = [-30 * DAY, -DAY, 0 * DAY, 0 * DAY, SECOND, 20 * DAY, SILENCE - TICK, SILENCE]
    for _ in range(world.some(1, 2, 4)):
        at = min(world.some(edges[0], edges[-1], *edges) + world.some(*gaps), world.as_of)
        row = _transaction(
            world, account_id=account_id, transaction_type="charge", currency_code="EUR", transacted_at=at,
            product_id=world.some(world.id_of("products"), world.id_of("products"), None),
            amount=world.some(*[_nothing(world, "EUR")] * 5, Decimal("0.005")),
        )  # fmt: skip
        row["quantity"] = world.some(row["quantity"], Decimal(5000))
        if world.chance(0.4):
            _take_back(world, row)


def _take_back(world: World, charge: Row) -> None:
    """A reversal of a charge of nothing, of as much or of more."""
    _transaction(
        world, account_id=charge["account_id"], transaction_type=world.some("refund", "chargeback", "credit"),
        amount=world.some(charge["amount"], Decimal(0), Decimal("7.25")), currency_code=charge["currency_code"],
        transacted_at=world.then(charge["transacted_at"], 0 * DAY, SECOND, DAY) or charge["transacted_at"],
        original_transaction_id=charge["transaction_id"],
    )  # fmt: skip
