"""Counted transactions with their movement, and what reversals take back (M1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.basics import cents, total
from oracle.world import World


def is_purchase(line: dict) -> bool:
    """'a charge of 0 is no purchase', 'by reporting_amount', so also one that rounds to 0; everywhere but in M11 a charge
    is one above 0.
    """
    return line["transaction_type"] == "charge" and line["reporting_amount"] > 0


def transactions(world: World, inactive_after_days: int) -> list[dict]:
    """M1: 'Counted transactions, the rows of fct_transactions: status completed, type other than transfer.'"""
    lines = []
    for row in world.accepted("crm.transactions"):
        if row["status"] == "completed" and row["transaction_type"] != "transfer":
            sign = 1 if row["transaction_type"] == "charge" else -1
            wanted = ("transaction_id", "account_id", "product_id", "opportunity_id", "transaction_type",
                      "transacted_at", "currency_code", "amount", "exchange_rate")  # fmt: skip
            line = {column: row[column] for column in wanted}
            line["reporting_amount"] = cents(sign * Fraction(row["amount"]) * row["exchange_rate"])
            line["_quantity"], line["_original"] = row["quantity"], row["original_transaction_id"]
            product = world.find("crm.products", row["product_id"])
            line["_family"], line["_tier"] = (product["product_family"], product["tier"]) if product else (None, None)
            lines.append(line)
            # 'a charge of 0 is no purchase: its movement is none'
            line["movement"], line["expansion_amount"] = "none", Decimal("0.00")
    charges = defaultdict(list)
    for line in filter(is_purchase, lines):
        charges[line["account_id"]].append(line)
    for account_charges in charges.values():
        judge_charges(account_charges, timedelta(days=inactive_after_days))
    judge_reversals(lines)
    return lines


def judge_charges(charges: list[dict], inactive_after: timedelta) -> None:
    """Movements of one account's charges, purchase by purchase ('lines of one timestamp are one purchase'), against
    'the account's charges at strictly earlier timestamps'.
    """
    purchases = defaultdict(list)
    for line in charges:
        purchases[line["transacted_at"]].append(line)
    latest_at = None
    top_tier: dict[str, int | None] = {}  # by family ever charged
    latest_quantity: dict[str, Decimal] = {}  # by product: the largest line of its latest purchase
    latest_total: dict[str, Decimal] = {}  # by family: its total in the latest purchase that holds it
    for moment in sorted(purchases):
        lines = purchases[moment]
        for line in lines:
            line["movement"] = movement(line, moment, latest_at, inactive_after, top_tier, latest_quantity)
            line["expansion_amount"] = Decimal("0.00")
            if line["movement"] == "cross_sell":  # 'a cross-sell line in full'
                line["expansion_amount"] = line["reporting_amount"]
        totals = {family: total(line["reporting_amount"] for line in lines if line["_family"] == family)
                  for family in {line["_family"] for line in lines} - {None}}  # fmt: skip
        for family, amount in totals.items():
            share_up_sell([line for line in lines if line["_family"] == family and line["movement"] == "up_sell"],
                          amount - latest_total.get(family, 0))  # fmt: skip
        latest_at = moment
        latest_total.update(totals)
        for family in totals:
            tiers = [line["_tier"] for line in lines if line["_family"] == family] + [top_tier.get(family)]
            top_tier[family] = max((tier for tier in tiers if tier is not None), default=None)
        for product in {line["product_id"] for line in lines} - {None}:
            latest_quantity[product] = max(line["_quantity"] for line in lines if line["product_id"] == product)


def movement(line, moment, latest_at, inactive_after, top_tier, latest_quantity) -> str:
    """M1, in its order. READING: 'ago' is elapsed time; tiers are compared only where both are known."""
    if latest_at is None:
        return "new"
    if moment - latest_at >= inactive_after:
        return "reactivation"
    if line["_family"] is None:
        return "repeat"
    if line["_family"] not in top_tier:
        return "cross_sell"
    highest = top_tier[line["_family"]]
    if line["_tier"] is not None and highest is not None and line["_tier"] > highest:
        return "up_sell"
    if line["product_id"] in latest_quantity and line["_quantity"] > latest_quantity[line["product_id"]]:
        return "up_sell"
    return "repeat"


def share_up_sell(lines: list[dict], growth: Decimal) -> None:
    """'The up-sell lines of one purchase and family share max(0, growth), at most their own sum, in proportion to
    their amounts, in cents by largest remainder (ties by transaction_id)'.
    """
    own = total(line["reporting_amount"] for line in lines)
    pool = int(min(max(growth, Decimal(0)), own) * 100)
    if pool == 0:
        return
    exact = {line["transaction_id"]: pool * Fraction(line["reporting_amount"]) / Fraction(own) for line in lines}
    parts = {key: int(share) for key, share in exact.items()}
    left = pool - sum(parts.values())
    for key in sorted(exact, key=lambda key: (parts[key] - exact[key], key))[:left]:
        parts[key] += 1
    for line in lines:
        line["expansion_amount"] = Decimal(parts[line["transaction_id"]]).scaleb(-2) + Decimal("0.00")


def judge_reversals(lines: list[dict]) -> None:
    """'A reversal of a counted charge takes its movement and takes away' expansion x min(1, reversed amount /
    amount), 'rounded to cents, in time order never more in all than there was; any other reversal is reversal with
    no expansion', also one of a charge of 0. READING: amounts as they are in one currency, else reporting amounts.
    """
    charges = {line["transaction_id"]: line for line in filter(is_purchase, lines)}
    left = {key: charge["expansion_amount"] for key, charge in charges.items()}
    reversals = [line for line in lines if line["transaction_type"] != "charge"]
    for line in sorted(reversals, key=lambda line: (line["transacted_at"], line["transaction_id"])):
        charge = charges.get(line["_original"])
        line["movement"], line["expansion_amount"] = "reversal", Decimal("0.00")
        if charge is not None:
            line["movement"] = charge["movement"]
            money = "amount" if line["currency_code"] == charge["currency_code"] else "reporting_amount"
            part = min(Fraction(1), abs(Fraction(line[money])) / Fraction(charge[money]))
            given = min(cents(Fraction(charge["expansion_amount"]) * part), left[line["_original"]])
            left[line["_original"]] -= given
            line["expansion_amount"] = Decimal("0.00") - given
