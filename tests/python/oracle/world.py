"""The state of each row of a delivery, and its reasons, by the seven steps of the input contract."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import floor
from pathlib import Path

from oracle.basics import cents, grouped
from oracle.faults import pair_faults, void_schedules
from oracle.received import MERGES, STATUSES, Fault, Received, Row

REPORTING_BOUND = Decimal("1e10")  # 'a row's reporting_amount below 1e10'
SPLIT_TOLERANCE = Decimal("0.0001")
# READING: of money rows in general, the local day of the rate is that of their event_time.
MONEY = {"crm.transactions": "amount", "crm.campaign_costs": "amount", "crm.opportunities": "amount",
         "crm.subscriptions": "monthly_amount", "crm.experiments": "spend"}  # fmt: skip
REVERSALS = ("refund", "chargeback", "credit")
HAPPENED = ("closed_at", "converted_at", "disqualified_at", "qualified_at", "accepted_at", "rejected_at",
            "unassigned_at", "achieved_at", "verified_at", "abandoned_at", "left_at")  # fmt: skip
CARRIED = {"closed_at": "is_won", "verified_at": "verified_by"}
# 'its account_id is empty (transactions, contacts, responses: guests and unknown persons)'
OF_PERSONS = ("crm.transactions", "crm.contacts", "survey.responses")
# new_value of a ticket event, by its event_type
VALUE_REFERENCES = {"assignment": "crm.users", "schedule": "support.schedules"}
# Each table after the tables that decide on its rows (required references, account_id, rates, teams).
SETTLE_FIRST = ("crm.accounts", "crm.contacts", "crm.users", "crm.user_teams", "crm.campaigns", "crm.products",
                "crm.exchange_rates", "survey.surveys", "crm.leads", "crm.opportunities", "support.tickets",
                "survey.invitations")  # fmt: skip


class World(Received):
    """The rows of all tables, with the states of the seven steps of the input contract."""

    def __init__(self, folder: Path, contract: dict, as_of: datetime, currency: str, zone: str):
        super().__init__(folder, contract, as_of, currency, zone)
        self.survivor: dict[tuple[str, str], str] = {}
        self.rates: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
        self.void, self.bad_shares = void_schedules(self), set()
        self.lost: dict[tuple[str, str], Counter] = defaultdict(Counter)  # values of broken references
        for name in [*SETTLE_FIRST, *(name for name in contract if name not in SETTLE_FIRST)]:
            self.settle(name)
        for name in contract:
            self.step_7_read(name)
        self.ticket_events = defaultdict(list)
        for event in self.accepted("support.ticket_events"):
            self.ticket_events[event["ticket_id"]].append(event)

    # ------------------------------------------------------------------------------------------------ steps 5 and 6

    def state(self, table: str, key: str | None) -> str:
        """What became of the record that a reference leads to: 'orphan_of_quarantined: to a record that is quarantined
        itself', also where every row of that key is faulty by itself; 'nowhere' where no row has the key.
        """
        rows = self.records[table].get(key, [])
        states = [row.status for row in rows]
        if not states:
            return "quarantined" if key in self.faulty_keys[table] else "nowhere"
        return "accepted" if "accepted" in states else states[0]

    def references(self, row: Row) -> list[tuple[str, str, str, bool]]:
        """(column, table, key, whether it is required) of the row's references that are set."""
        rules = self.contract[row.table]["columns"]
        found = [(column, rule["references"], row[column], bool(rule.get("required"))) for column, rule in rules.items()
                 if "references" in rule and row[column] is not None]  # fmt: skip
        table = VALUE_REFERENCES.get(row["event_type"]) if row.table == "support.ticket_events" else None
        if table and row["new_value"] is not None:
            found.append(("new_value", table, row["new_value"], False))
        return found

    def settle(self, name: str) -> None:
        """Steps 5 and 6 for one table."""
        pending = [row for rows in self.records[name].values() for row in rows if row.status is None]
        if name == "crm.opportunity_splits":
            self.weigh_shares(pending)
        if name in MERGES:
            self.settle_merges(name, pending)
        else:
            for row in pending:
                self.settle_row(row)
        if name == "crm.exchange_rates":
            for row in pending:
                if row.status == "accepted":
                    self.rates[row["from_currency"], row["to_currency"]].append((row["valid_on"], row["rate"]))

    def settle_row(self, row: Row) -> None:
        if row.status is None:
            row.quarantine([*self.orphan_faults(row), *self.other_faults(row)])
        if row.status is None:
            row.status = "excluded" if self.is_excluded(row) else "accepted"

    def orphan_faults(self, row: Row) -> list[Fault]:
        """'orphan: a required reference leads nowhere; orphan_of_quarantined: to a record that is quarantined itself'; of
        a person's account, 'filled and leading nowhere it is an orphan all the same'.
        """
        reasons = {"nowhere": "orphan", "quarantined": "orphan_of_quarantined"}
        return [(reasons[state], column) for column, table, key, is_required in self.references(row)
                if (is_required or (column == "account_id" and row.table in OF_PERSONS))
                and (state := self.state(table, key)) in reasons]  # fmt: skip

    def other_faults(self, row: Row) -> list[Fault]:
        """The faults of step 5 that are no orphans and no merges, in the order of the contract's columns."""
        faults = [*pair_faults(row), *self.score_faults(row), *self.rate_faults(row)]
        if row in self.bad_shares:
            faults.append(("bad_split", "share"))
        if row.table == "support.schedules" and not faults and row["schedule_id"] in self.void:
            faults.append(("bad_schedule", self.void[row["schedule_id"]]))  # 'the row at fault keeps its own reason'
        columns = list(self.contract[row.table]["columns"])
        return sorted(faults, key=lambda fault: columns.index(fault[1]))

    def score_faults(self, row: Row) -> list[Fault]:
        """M2: 'A score outside its survey's scale is quarantined as out_of_range.' READING: a survey that is quarantined
        itself has no scale to be outside of.
        """
        survey = self.records["survey.surveys"].get(row["survey_id"], []) if row.table == "survey.responses" else []
        if not survey or survey[0].status == "quarantined":
            return []
        is_inside = survey[0]["scale_min"] <= row["score"] <= survey[0]["scale_max"]
        return [] if is_inside else [("out_of_range", "score")]

    def weigh_shares(self, pending: list[Row]) -> None:
        """'bad_split (all shares of a deal and team whose sum is further than 0.0001 from 1; nearer ones are scaled to 1
        exactly)': 'share / sum at 12 places, the last by user_id takes the remainder'; 'team of a user: as of closed_at,
        else as_of'.

        READING: in the order of the input contract, so over all shares that are here and no orphans, also shares that step 6
        takes out afterwards.
        """
        shares = defaultdict(list)
        for row in pending:
            if not self.orphan_faults(row):
                deal = self.records["crm.opportunities"][row["opportunity_id"]][0]
                shares[row["opportunity_id"], self.team_at(row["user_id"], self.closing_of(deal))].append(row)
        for rows in shares.values():
            whole = sum(row["share"] for row in rows)
            if abs(whole - 1) > SPLIT_TOLERANCE:
                self.bad_shares.update(rows)
                continue
            *others, last = sorted(rows, key=lambda row: row["user_id"])
            for row in others:
                share = Fraction(row["share"]) / Fraction(whole)
                row.values["share"] = Decimal(floor(share * 10**12 + Fraction(1, 2))).scaleb(-12)
            last.values["share"] = 1 - sum((row["share"] for row in others), Decimal(0))

    def rate_faults(self, row: Row) -> list[Fault]:
        """M0: 'else the row is quarantined as missing_exchange_rate'; the rate of the others is kept.

        READING: whatever its type or status; a deal without amount or currency has nothing to convert.
        """
        column = MONEY.get(row.table)
        if column is None or row[column] is None or row["currency_code"] is None:
            return []
        rate = self.exchange_rate(row["currency_code"], self.rate_day(row))
        if rate is None:
            return [("missing_exchange_rate", "currency_code")]
        row.values["exchange_rate"] = rate
        return [("out_of_range", column)] if abs(cents(Fraction(row[column]) * rate)) >= REPORTING_BOUND else []

    def rate_day(self, row: Row) -> date:
        """The local day of the row; M0: 'A reversal whose original is an accepted row takes its own currency's rate
        of the original's day.' READING: the original may be of any type, status and account; a reversal that is its
        own original, also through others, keeps its own day.
        """
        moment = row[self.contract[row.table]["event_time"]]
        if moment is None:  # of a deal: 'its money converts at closed_at's day, else as_of's'
            moment = self.closing_of(row)
        original = self.original_of(row)
        chain = [original]
        while chain[-1] is not None and chain[-1] not in (row, *chain[:-1]):
            chain.append(self.original_of(chain[-1]))
        if original is not None and chain[-1] is not row:
            self.settle_row(original)
            if original.status == "accepted":
                moment = original["transacted_at"]
        return self.local_day(moment) if isinstance(moment, datetime) else moment

    def closing_of(self, deal: Row) -> datetime:
        """closed_at of a deal; as_of where it is open, or closes later than as_of."""
        closed_at = deal["closed_at"]
        return self.as_of if closed_at is None or self.is_future(closed_at) else closed_at

    def original_of(self, row: Row) -> Row | None:
        """The winning version of the transaction that a reversal reverses; None for any other row."""
        if row.table != "crm.transactions" or row["transaction_type"] not in REVERSALS:
            return None
        return (self.records["crm.transactions"].get(row["original_transaction_id"]) or [None])[0]

    def exchange_rate(self, currency: str, day: date) -> Fraction | None:
        """M0: '1 for the same currency; else the latest from -> reporting rate on or before the local day; else the
        inverse of the latest opposite rate'.
        """
        if currency == self.currency:
            return Fraction(1)
        direct = [found for found in self.rates[currency, self.currency] if found[0] <= day]
        if direct:
            return Fraction(max(direct)[1])
        opposite = [found for found in self.rates[self.currency, currency] if found[0] <= day]
        return 1 / Fraction(max(opposite)[1]) if opposite else None

    def is_excluded(self, row: Row) -> bool:
        """'its account_id is empty (transactions, contacts, responses) or leads to a deleted, future, internal or test
        account, or a required reference leads to a deleted, future or excluded record'. READING: an internal or test
        account is an excluded record itself.
        """
        if row.table == "crm.accounts":
            return row["account_type"] in ("internal", "test")
        if row.table in OF_PERSONS and row["account_id"] is None:
            return True
        return any((is_required or column == "account_id")
                   and self.state(table, key) in ("deleted", "future", "excluded")
                   for column, table, key, is_required in self.references(row))  # fmt: skip

    # ------------------------------------------------------------------------------------------------------ merges

    def settle_merges(self, name: str, pending: list[Row]) -> None:
        """Tables whose records merge: first the ones that are merged nowhere, then the merged ones by their survivor.

        READING: of a merged record, its own orphans and faults of step 5 count, and its own step 6 does not.
        """
        own = {row: (self.orphan_faults(row), self.other_faults(row)) for row in pending}
        gone = {row for row, faults in own.items() if any(faults)}
        ends = {row: self.survivor_of(row, gone) for row in pending if self.is_merged(row)}
        for row, (orphans, others) in own.items():
            merge = [("bad_merge", MERGES[name])] if row in ends and ends[row] is None else []
            row.quarantine([*orphans, *others, *merge])
        for row in pending:
            if row.status is None and row not in ends:
                row.status = "excluded" if self.is_excluded(row) else "accepted"
        for row, survivor in ends.items():
            if row.status is None and survivor.status == "accepted":
                row.status = "accepted"
                self.survivor[name, row.key[0]] = survivor.key[0]
            elif row.status is None:  # 'the survivor's type and state decide'
                row.status = "excluded"

    def survivor_of(self, row: Row, gone: set[Row]) -> Row | None:
        """The end of the chain; None for 'a merge that runs in a circle, or to a record that is not there'.

        READING: a quarantined record is not there, also in the middle of the chain; a future one is used nowhere, so the
        chain ends at it.
        """
        seen = set()
        while self.is_merged(row) and row.status != "future":
            key = row[MERGES[row.table]]
            found = self.records[row.table].get(key)
            if key in seen or not found or found[0] in gone:
                return None
            seen.add(key)
            row = found[0]
        return row

    # ------------------------------------------------------------------------------------------------------ step 7

    def step_7_read(self, name: str) -> None:
        """'any other optional reference that leads to no accepted record reads as null, and is counted'; a reference to
        a merged record reads as its survivor, also what a rating is about; of step 4: 'the moments of what happened read
        as null where they are later than as_of, and with them what they carry'.
        """
        columns = self.contract[name]["columns"]
        for row in self.accepted(name):
            for column, table, key, is_required in self.references(row):
                row.values[column] = self.reads_as(table, key)
                if row.values[column] is None and not is_required:
                    self.lost[name, column][key] += 1
            if "about_id" in columns and row["about_type"] == "opportunity":
                row.values["about_id"] = self.survivor.get(("crm.opportunities", row["about_id"]), row["about_id"])
            for column in HAPPENED:
                if column in columns and self.is_future(row[column]):
                    row.values[column] = None
                    if CARRIED.get(column) in row.values:
                        row.values[CARRIED[column]] = None

    def reads_as(self, table: str, key: str | None) -> str | None:
        """What a reference reads as: the accepted record at the end of its merges, or null."""
        return self.survivor.get((table, key), key) if self.state(table, key) == "accepted" else None

    def accepted(self, name: str) -> list[Row]:
        return [row for row in self.rows[name] if row.status == "accepted"]

    def unmerged(self, name: str) -> list[Row]:
        """Accepted records that count by themselves; of a table whose key begins with another table's, that record's."""
        merged_in = {"crm.opportunity_splits": "crm.opportunities", "crm.user_teams": "crm.users"}.get(name, name)
        return [row for row in self.accepted(name) if (merged_in, row.key[0]) not in self.survivor]

    def find(self, name: str, key: str | None) -> Row | None:
        """The accepted record of a key, at the end of its merges."""
        key = self.survivor.get((name, key), key)
        rows = [row for row in self.records[name].get(key, []) if row.status == "accepted"]
        return rows[0] if rows else None

    # ------------------------------------------------------------------------------------------------------- teams

    @cached_property
    def teams(self) -> dict[str, list[Row]]:
        """The stretches of each user's teams in time; 'user_teams rows of a merged user do not count'."""
        rows = sorted(self.unmerged("crm.user_teams"), key=lambda row: row["valid_from"])
        return grouped(rows, lambda row: row.key[0])

    def team_at(self, user_id: str, moment: datetime) -> str:
        """'A user's team is the one of the moment (crm.user_teams; before the first row that row's), users.team for users
        without rows'; of a merged user, the survivor's.
        """
        user_id = self.survivor.get(("crm.users", user_id), user_id)
        rows = self.teams.get(user_id, [])
        known = [row for row in rows if row["valid_from"] <= moment] or rows[:1]
        return (known[-1] if known else self.records["crm.users"][user_id][0])["team"]

    # ------------------------------------------------------------------------------------------------------- audit

    def reconciliation(self) -> list[dict]:
        """'received = accepted + superseded + deleted + excluded + future + quarantined, for every input table'."""
        return [{"input_table": name, "received": len(rows),
                 **{status: sum(row.status == status for row in rows) for status in STATUSES}}
                for name, rows in self.rows.items()]  # fmt: skip

    def quarantined(self) -> list[dict]:
        """'every faulty row, the first in reason, column_name, all in faults'. READING: row_key is as delivered,
        without NUL at an end, but where 'a key that is no e-mail' is none.
        """
        return [{"input_table": name, "reason": row.faults[0][0], "column_name": row.faults[0][1],
                 "faults": [list(fault) for fault in row.faults],
                 "row_key": None if row.faults[0][0] == "unreadable_line" else
                 "|".join(shown((row.raw.get(column) or "").rstrip("\0")) for column in self.contract[name]["primary_key"])}
                for name, rows in self.rows.items() for row in rows if row.status == "quarantined"]  # fmt: skip

    def broken_references(self) -> list[dict]:
        """'per table and column, how many accepted rows lost a reference, how many different values they held, and the
        most frequent ones (personal data hidden)': five, ties by value; `examples` is the list of them.
        """
        return [{"input_table": name, "column_name": column, "rows": values.total(), "distinct_values": len(values),
                 "examples": [shown(value) for value in sorted(values, key=lambda value: (-values[value], value))[:5]]}
                for (name, column), values in self.lost.items()]  # fmt: skip


def shown(value: str) -> str:
    """'A personal value in quarantine reads `hidden`', and a key is one where it holds an @."""
    return "hidden" if "@" in value else value
