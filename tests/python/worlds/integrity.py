"""Random honest companies, as the facts that the integrity flags read, and a fast way to raise the flags of one."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

STARTS_AT = np.datetime64("2024-07-01", "us")
AS_OF = np.datetime64("2025-07-01", "us")
MICROSECONDS = 1_000_000
HOUR = 3600 * MICROSECONDS
DAY = 24 * HOUR
MONTHS = np.arange("2024-07", "2025-08", dtype="datetime64[M]").astype("datetime64[us]")
TEAMS = ("marketing", "sales", "onboarding", "success", "support")
FLAGS = (
    "flag_selective_invitations",
    "flag_reassigned_before_bad_rating",
    "flag_quick_answers",
    "flag_period_end_bursts",
    "flag_funnel_outliers",
    "flag_ratings_up_customers_down",
)
# what the flags read, in the order in which it can be made; the last is computed by its own model
COLUMNS = {
    "marts.dim_employees": {"user_id": "varchar", "team": "varchar"},
    "marts.fct_touches": {
        "touch_id": "varchar",
        "occurred_at": "timestamp",
        "user_id": "varchar",
        "account_id": "varchar",
        "is_rating_due": "boolean",
        "is_rating_invited": "boolean",
    },
    "marts.fct_survey_invitations": {
        "invitation_id": "varchar",
        "survey_type": "varchar",
        "account_id": "varchar",
        "about_type": "varchar",
        "about_id": "varchar",
        "about_user_id": "varchar",
        "sent_at": "timestamp",
        "is_delivered": "boolean",
        "is_off_policy": "boolean",
    },
    "marts.fct_survey_responses": {
        "response_id": "varchar",
        "invitation_id": "varchar",
        "survey_type": "varchar",
        "account_id": "varchar",
        "about_type": "varchar",
        "about_id": "varchar",
        "about_user_id": "varchar",
        "responded_at": "timestamp",
        "score_unit": "decimal(38, 15)",
        "nps_class": "varchar",
    },
    "marts.fct_ticket_transfers": {
        "event_id": "varchar",
        "ticket_id": "varchar",
        "from_user_id": "varchar",
        "to_user_id": "varchar",
        "transferred_at": "timestamp",
    },
    "marts.fct_transactions": {"account_id": "varchar", "transaction_type": "varchar", "transacted_at": "timestamp"},
    "marts.fct_subscription_movements": {"account_id": "varchar", "month": "date", "movement": "varchar"},
}


@dataclass
class World:
    """The facts, a frame for each relation (by its name without schema) with the columns that the flags read."""

    facts: dict[str, pd.DataFrame] = field(default_factory=dict)

    def __getattr__(self, name: str) -> pd.DataFrame:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def copy(self) -> "World":
        return World({name: frame.copy() for name, frame in self.facts.items()})


class Flags:
    """The flag models of a compiled project over tables in memory, which any world can fill."""

    def __init__(self, manifest: Path, threads: int = 1):
        nodes = json.loads(manifest.read_text())["nodes"]
        models = {node["name"]: node for node in nodes.values() if node["resource_type"] == "model"}
        self.connection = duckdb.connect(config={"threads": threads})
        database = models["rating_integrity_flags"]["database"]
        if database != "memory":
            self.connection.execute(f"attach ':memory:' as {database}")
        self.connection.execute(f"use {database}")
        self.connection.execute("set timezone = 'UTC'")
        for schema in ("intermediate", "marts", "metrics"):
            self.connection.execute(f"create schema {schema}")
        for relation, columns in COLUMNS.items():
            definition = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
            self.connection.execute(f"create table {relation} ({definition})")
        # nobody changes team
        self.connection.execute(
            "create view intermediate.int_employees__monthly_teams as select user_id, team,"
            " date '0001-01-01' as from_month, date '9999-12-31' as to_month from marts.dim_employees"
        )
        for name in ("fct_customer_ratings", "employee_rating_means", *FLAGS, "rating_integrity_flags"):
            model = models[name]
            self.connection.execute(f"create view {model['schema']}.{name} as {model['compiled_code']}")

    def fill(self, world: World) -> None:
        """Let the models read the facts of this world."""
        for relation, columns in COLUMNS.items():
            frame = world.facts[relation.split(".")[1]]
            assert list(frame.columns) == list(columns), relation
            self.connection.execute(f"truncate {relation}")
            self.connection.register("frame", frame)
            self.connection.execute(f"insert into {relation} select * from frame")
            self.connection.unregister("frame")

    def of(self, world: World) -> list[dict]:
        """Return the flags that a world raises."""
        self.fill(world)
        return self.raised()

    def raised(self) -> list[dict]:
        answer = self.connection.execute("select * from metrics.rating_integrity_flags order by flag_id")
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row)) for row in answer.fetchall()]


def ids(prefix: str, numbers: np.ndarray) -> np.ndarray:
    """Return numbers as identifiers, null where negative."""
    return np.array([f"{prefix}{number}" if number >= 0 else None for number in numbers.tolist()], dtype=object)


def months_of(moments: np.ndarray) -> np.ndarray:
    return moments.astype("datetime64[M]").astype("datetime64[us]")


def micros(amounts: np.ndarray) -> np.ndarray:
    return np.asarray(amounts).astype("int64").astype("timedelta64[us]")


def honest_world(
    seed: int,
    *,
    accounts: tuple[int, int] = (60, 300),
    answers: tuple[float, float] = (0.2, 0.6),
    transfers: float = 0.1,
    quality: float = 0.65,
) -> World:
    """Return a random company of twelve months in which nobody games the ratings."""
    return _Honest(np.random.default_rng(seed), accounts, answers, transfers, quality).world()


class _Honest:
    """One honest company in the making; `random` decides everything."""

    def __init__(self, random: np.random.Generator, accounts: tuple, answers: tuple, transfers: float, quality: float):
        self.random = random
        self.transfer_share = transfers
        sizes = random.integers(3, 9, len(TEAMS))
        self.team_of = np.repeat(np.arange(len(TEAMS)), sizes)
        self.first_of_team = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.sizes = sizes
        self.quality = np.clip(random.normal(quality, 0.06, len(self.team_of)), quality - 0.25, quality + 0.25)
        self.compliance = random.uniform(0.85, 0.95, len(self.team_of))
        self.accounts = int(random.integers(accounts[0], accounts[1] + 1))
        self.mood = random.normal(0, 0.12, self.accounts)
        self.customer_of = np.stack([random.integers(0, size, self.accounts) for size in sizes], axis=1)
        self.response_rate = random.uniform(*answers, 3)
        self.shyness = random.uniform(0, 0.5)  # the unhappy answer less, which is honest
        self.median_answer = random.uniform(1, 12) * HOUR
        # some teams send for everybody at the end of the month
        self.month_end_share = np.where(random.random(len(TEAMS)) < 0.3, random.uniform(0.2, 0.6, len(TEAMS)), 0)
        self.left_at = self._leave()
        self.invitations: list[dict] = []

    def world(self) -> World:
        touches = self._touches()
        transfers = self._tickets()
        self._relationships()
        sent = {name: np.concatenate([part[name] for part in self.invitations]) for name in self.invitations[0]}
        return World(
            {
                "dim_employees": pd.DataFrame(
                    {"user_id": ids("user", np.arange(len(self.team_of))), "team": np.array(TEAMS)[self.team_of]}
                ),
                "fct_touches": touches,
                "fct_survey_invitations": self._invitations(sent),
                "fct_survey_responses": self._responses(sent),
                "fct_ticket_transfers": transfers,
                "fct_transactions": self._transactions(),
                "fct_subscription_movements": self._churns(),
            }
        )

    def _leave(self) -> np.ndarray:
        """Return when each customer leaves: one in a hundred a month, more of the truly unhappy."""
        months = self.random.geometric(np.clip(0.01 * np.exp(-4 * self.mood), 0, 1)) - 1
        moments = STARTS_AT + micros((months + self.random.random(self.accounts)) * 30.4 * DAY)
        return np.where(months < 12, moments, AS_OF + np.timedelta64(3650, "D"))

    def _moments(self, number: int) -> np.ndarray:
        """Return moments in the hours of work."""
        days = self.random.integers(0, 365, number)
        days -= np.where((days % 7) >= 5, self.random.integers(2, 6, number), 0)  # 2024-07-01 was a Monday
        days = np.maximum(days, 0)
        return STARTS_AT + micros(days * DAY + self.random.uniform(8, 18, number) * HOUR)

    def _server(self, account: np.ndarray, team: np.ndarray) -> np.ndarray:
        """Return who serves a customer: mostly its own person in the team."""
        own = self.customer_of[account, team]
        another = self.random.integers(0, self.sizes[team])
        return self.first_of_team[team] + np.where(self.random.random(len(account)) < 0.8, own, another)

    def _sent(self, kind: int, about_type: str, prefix: str, number, account, user, sent_at) -> None:
        """Send requests, those of some teams at the end of the month."""
        team = self.team_of[user]
        next_month = (sent_at.astype("datetime64[M]") + 1).astype("datetime64[us]")
        last_days = next_month - micros(self.random.uniform(0.3, 2.9, len(sent_at)) * DAY)
        is_kept = (self.random.random(len(sent_at)) < self.month_end_share[team]) & (last_days > sent_at)
        self.invitations.append(
            {
                "kind": np.full(len(number), kind),
                "about_type": np.full(len(number), about_type, dtype=object),
                "about_id": ids(prefix, number),
                "account": account,
                "user": user,
                "sent_at": np.where(is_kept, last_days, sent_at),
            }
        )

    def _touches(self) -> pd.DataFrame:
        number = self.random.poisson(12 * self.random.uniform(0.5, 3, self.accounts))
        account = np.repeat(np.arange(self.accounts), number)
        contact = account * 3 + self.random.integers(0, self.random.integers(1, 4, self.accounts)[account])
        occurred_at = self._moments(len(account))
        order = np.lexsort((occurred_at, contact))
        account, contact, occurred_at = account[order], contact[order], occurred_at[order]
        is_here = occurred_at < self.left_at[account]
        account, contact, occurred_at = account[is_here], contact[is_here], occurred_at[is_here]
        starts = np.flatnonzero(np.concatenate([[True], contact[1:] != contact[:-1]]))
        rank = np.arange(len(contact)) - np.repeat(starts, np.diff(np.append(starts, len(contact)))) + 1
        user = self._server(account, self.random.integers(0, len(TEAMS), len(account)))
        is_due = rank % 3 == 0
        is_invited = is_due & (self.random.random(len(account)) < self.compliance[user])
        asked = np.flatnonzero(is_invited)
        delay = micros(self.random.uniform(0.1, 20, len(asked)) * HOUR)
        self._sent(0, "touch", "touch", asked, account[asked], user[asked], occurred_at[asked] + delay)
        return pd.DataFrame(
            {
                "touch_id": ids("touch", np.arange(len(account))),
                "occurred_at": occurred_at,
                "user_id": ids("user", user),
                "account_id": ids("account", account),
                "is_rating_due": is_due,
                "is_rating_invited": is_invited,
            }
        )

    def _tickets(self) -> pd.DataFrame:
        account = np.repeat(np.arange(self.accounts), self.random.poisson(7, self.accounts))
        created_at = self._moments(len(account))
        is_here = created_at < self.left_at[account]
        account, created_at = account[is_here], created_at[is_here]
        support = np.full(len(account), TEAMS.index("support"))
        first = self._server(account, support)
        duration = self.random.lognormal(np.log(30 * HOUR), 1, len(account))
        is_moved = self.random.random(len(account)) < self.transfer_share
        step = self.random.integers(1, self.sizes[support])
        second = self.first_of_team[support] + (first - self.first_of_team[support] + step) % self.sizes[support]
        # some companies ask about who had the ticket last, others about who answered first
        rated = np.where(is_moved & (self.random.random() < 0.5), second, first)
        self._sent(1, "ticket", "ticket", np.arange(len(account)), account, rated, created_at + micros(duration))
        moved = np.flatnonzero(is_moved)
        moved_at = (created_at + micros(duration * self.random.random(len(account))))[moved]
        return pd.DataFrame(
            {
                "event_id": ids("event", moved),
                "ticket_id": ids("ticket", moved),
                "from_user_id": ids("user", first[moved]),
                "to_user_id": ids("user", second[moved]),
                "transferred_at": moved_at,
            }
        )

    def _relationships(self) -> None:
        """Ask everybody four times a year, in some companies at the end of the month."""
        day = int(self.random.integers(0, 30))
        for quarter in range(4):
            sent_at = MONTHS[quarter * 3 + 1] + micros(np.full(self.accounts, day * DAY + 9 * HOUR))
            account = np.flatnonzero(sent_at < self.left_at)
            user = self._server(account, np.full(len(account), TEAMS.index("success")))
            number = account + quarter * self.accounts
            self._sent(2, "relationship", "account", number, account, user, sent_at[account])

    def _invitations(self, sent: dict[str, np.ndarray]) -> pd.DataFrame:
        size = len(sent["kind"])
        return pd.DataFrame(
            {
                "invitation_id": ids("invitation", np.arange(size)),
                "survey_type": np.array(["touch_rating", "csat", "nps"], dtype=object)[sent["kind"]],
                "account_id": ids("account", sent["account"]),
                "about_type": sent["about_type"],
                "about_id": sent["about_id"],
                "about_user_id": ids("user", sent["user"]),
                "sent_at": sent["sent_at"],
                "is_delivered": self.random.random(size) < 0.98,
                "is_off_policy": np.zeros(size, dtype=bool),
            }
        )

    def _responses(self, sent: dict[str, np.ndarray]) -> pd.DataFrame:
        kind, size = sent["kind"], len(sent["kind"])
        feeling = self.quality[sent["user"]] + self.mood[sent["account"]] + self.random.normal(0, 0.2, size)
        steps = np.where(kind == 2, 10, 4)
        points = np.rint(np.clip(feeling, 0, 1) * steps).astype(int)
        rate = self.response_rate[kind] * np.where(feeling < 0.5, 1 - self.shyness, 1)
        delay = np.maximum(self.random.lognormal(np.log(self.median_answer), 1.5, size), 15 * MICROSECONDS)
        responded_at = sent["sent_at"] + micros(delay)
        answered = np.flatnonzero((self.random.random(size) < rate) & (responded_at < AS_OF))
        nps_class = np.where(points >= 9, "promoter", np.where(points <= 6, "detractor", "passive")).astype(object)
        nps_class[kind != 2] = None
        return pd.DataFrame(
            {
                "response_id": ids("response", answered),
                "invitation_id": ids("invitation", answered),
                "survey_type": np.array(["touch_rating", "csat", "nps"], dtype=object)[kind[answered]],
                "account_id": ids("account", sent["account"][answered]),
                "about_type": sent["about_type"][answered],
                "about_id": sent["about_id"][answered],
                "about_user_id": ids("user", sent["user"][answered]),
                "responded_at": responded_at[answered],
                "score_unit": (points / steps)[answered],
                "nps_class": nps_class[answered],
            }
        )

    def _transactions(self) -> pd.DataFrame:
        """Return refunds: three in a hundred customers a month, more of the truly unhappy."""
        account = np.repeat(np.arange(self.accounts), self.random.poisson(12 * 0.03 * np.exp(-4 * self.mood)))
        transacted_at = STARTS_AT + micros(self.random.uniform(0, 365, len(account)) * DAY)
        is_here = transacted_at < self.left_at[account]
        return pd.DataFrame(
            {
                "account_id": ids("account", account[is_here]),
                "transaction_type": np.full(is_here.sum(), "refund", dtype=object),
                "transacted_at": transacted_at[is_here],
            }
        )

    def _churns(self) -> pd.DataFrame:
        left = np.flatnonzero(self.left_at < AS_OF)
        month = self.left_at[left].astype("datetime64[M]").astype("datetime64[us]")
        return pd.DataFrame({"account_id": ids("account", left), "month": month, "movement": "churn"})
