"""The facts of a company, as the oracle knows them, in the tables that models of credit and pay read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pandas as pd

from customer_outcomes import ledger
from helpers.compiled_models import CompiledModels
from oracle.credit import Company
from oracle.people import owner_at_close
from oracle.world import World

# Tables below the marts that models read, where models have no contract; they hold accepted rows alone.
RESOLVED = {
    "crm.users": {"user_id": "varchar", "is_bot": "boolean"},
    "crm.account_assignments": {
        "assignment_id": "varchar", "account_id": "varchar", "user_id": "varchar", "assigned_at": "timestamp",
        "accepted_at": "timestamp", "rejected_at": "timestamp", "unassigned_at": "timestamp",
    },
    "crm.subscriptions": {"subscription_id": "varchar", "account_id": "varchar", "started_on": "date", "ended_on": "date"},
    "crm.leads": {
        "lead_id": "varchar", "account_id": "varchar", "campaign_id": "varchar", "channel": "varchar",
        "owner_user_id": "varchar", "created_at": "timestamp",
    },
}  # fmt: skip
KEYS = {"crm.users": "user_id", "crm.leads": "lead_id"}  # of tables with merges, none of which has any here
SHAPES = {
    f"rec_{name.split('.')[1]}": columns
    | {"row_state": "varchar"}
    | ({"surviving_id": "varchar"} if name in KEYS else {})
    for name, columns in RESOLVED.items()
}
BELOW = {
    "int_transactions__counted": {
        "transaction_id": "varchar", "account_id": "varchar", "transacted_at": "timestamp", "is_charge": "boolean",
    },
    "int_usage_days__persons": {
        "account_id": "varchar", "person_id": "varchar", "used_on": "date", "is_active": "boolean",
    },
    "int_users__teams": {
        "user_id": "varchar", "team": "varchar", "valid_from": "timestamp", "valid_to": "timestamp",
    },
    "int_opportunity_splits__counted": {
        "opportunity_id": "varchar", "user_id": "varchar", "team": "varchar", "counted_share": "decimal(38, 12)",
    },
}  # fmt: skip
LEDGER = {table: {"copy_name": "varchar"} | columns for table, columns in ledger._columns().items()}
DIMENSIONS = {"dim_employees": "crm.users", "dim_campaigns": "crm.campaigns", "fct_leads": "crm.leads"}


class CompanyModels(CompiledModels):
    """Compiled models of credit and pay."""

    def __init__(self, manifest: Path, models: Sequence[str]) -> None:
        super().__init__(manifest, models, shapes=SHAPES | BELOW | LEDGER)

    def fill_company(self, world: World, results: dict[str, list[dict]]) -> None:
        """Replace the contents of the tables by the facts of a company."""
        facts = {name: rows for name, rows in results.items() if f"marts.{name}" in self.tables}
        for name, table in DIMENSIONS.items():
            rows = [row.values for row in world.unmerged(table)]
            facts[name] = [row for row in rows if not row["is_bot"]] if table == "crm.users" else rows
        facts["fct_opportunities"] = [row.values | {"reporting_amount": Company.worth(row)["reporting_amount"],
                                                    "owner_at_close_user_id": owner_at_close(world, row)}
                                      for row in world.unmerged("crm.opportunities")]  # fmt: skip
        facts["int_transactions__counted"] = [
            row | {"is_charge": row["transaction_type"] == "charge" and row["reporting_amount"] > 0}
            for row in results["fct_transactions"]
        ]
        facts["int_users__teams"] = [
            row for user in world.unmerged("crm.users") for row in stretches_in_teams(world, user["user_id"])
        ]
        facts["int_opportunity_splits__counted"] = counted_splits(world)
        for table, columns in RESOLVED.items():
            facts[f"rec_{table.split('.')[1]}"] = [
                {name: row[name] for name in columns} | {"row_state": "accepted"}
                | ({"surviving_id": row[KEYS[table]]} if table in KEYS else {}) for row in world.unmerged(table)]  # fmt: skip
        for relation, columns in self.tables.items():
            if (name := relation.split(".")[1]) in facts:
                self.fill(relation, frame(facts[name], list(columns)))


def stretches_in_teams(world: World, user_id: str) -> list[dict]:
    """The teams of a user, each with the moments from which and until which the user is in it."""
    changes = [row["valid_from"] for row in world.teams.get(user_id, [])][1:]
    edges = [datetime.min, *changes, datetime(9999, 12, 31)]
    return [
        {"user_id": user_id, "team": world.team_at(user_id, start), "valid_from": start, "valid_to": end}
        for start, end in pairwise(edges)
    ]


def counted_splits(world: World) -> list[dict]:
    """The share of each user in each deal, and the user's team as the deal closes."""
    shares: Counter[tuple[str, str]] = Counter()
    for split in world.unmerged("crm.opportunity_splits"):
        shares[split["opportunity_id"], split["user_id"]] += split["share"]
    return [
        {
            "opportunity_id": deal,
            "user_id": user,
            "team": world.team_at(user, world.find("crm.opportunities", deal)["closed_at"] or world.as_of),
            "counted_share": share,
        }
        for (deal, user), share in shares.items()
    ]


def frame(rows: list[dict], columns: list[str]) -> pd.DataFrame:
    """Rows as a data frame, with those of the columns that they have, and fractions in binary."""
    kept = [name for name in columns if rows and name in rows[0]] or columns
    cells = {
        name: [float(value) if isinstance(value := row[name], Fraction) else value for row in rows] for name in kept
    }
    return pd.DataFrame({name: pd.Series(values, dtype="object") for name, values in cells.items()})
