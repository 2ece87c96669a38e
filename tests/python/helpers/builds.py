"""What the tests of whole builds share: the command, one finished build, and how relations are compared."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import yaml

from customer_outcomes.ledger import RELATIONS
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.publish import Folder, publish

OUTCOMES = Path(sys.executable).with_name("outcomes")
DATABASE = "customer_outcomes.duckdb"
SEED = int(os.environ.get("OUTCOMES_TEST_SEED", "1"))
WORLD_AS_OF = datetime(2025, 7, 1)
THREADS = 2

LINE = ("user_id", "plan_id", "plan_version", "metric_name")
PAY_GRAINS = {
    "credit.credit_transactions": ("transaction_id", "side", "candidate_rank"),
    "compensation.comp_credits": ("credit_id",),
    "compensation.shared_comp_inputs": ("period", "user_id", "metric_name"),
    "compensation.comp_statement_lines": ("period", *LINE),
    "compensation.comp_closed_lines": ("period", *LINE),
    "compensation.comp_period_closes": ("period",),
    "compensation.comp_adjustments": ("original_period", *LINE, "period", "dispute_id"),
    "compensation.comp_what_if": ("scenario", "period", "user_id"),
}
# the relations that the oracle computes, with their grain
GRAINS = {
    "marts.fct_transactions": ("transaction_id",),
    "marts.fct_survey_responses": ("response_id",),
    "marts.customer_lifetime": ("account_id",),
    "marts.customer_months": ("account_id", "month"),
    "marts.customer_cohorts": ("cohort_month", "months_since", "segment"),
    "marts.dim_customers": ("account_id",),
    "metrics.ppp_summary": ("subject_type", "subject_id"),
    "metrics.metric_values": ("metric_name", "month", "subject_type", "subject_id"),
    "marts.fct_tickets": ("ticket_id",),
    "marts.fct_ticket_transfers": ("event_id",),
    "marts.fct_touches": ("touch_id",),
    "marts.fct_survey_invitations": ("invitation_id",),
    "marts.fct_usage_days": ("account_id", "used_on"),
    "metrics.employee_ratings": ("user_id", "survey_type"),
    "metrics.rating_policy_compliance": ("user_id", "month"),
    "metrics.rating_requests_due": ("touch_id",),
    "metrics.ticket_times": ("measure", "subject_type", "subject_id", "month"),
    "marts.active_users": ("subject_type", "subject_id", "period", "starts_on"),
    "marts.fct_subscription_movements": ("account_id", "product_family", "month", "movement"),
    "marts.subscription_months": ("account_id", "product_family", "month"),
    "marts.fct_outcomes": ("outcome_id",),
    "marts.fct_handoffs": ("handoff_id",),
    "marts.fct_referrals": ("referral_id",),
    "marts.customer_attribution": ("account_id", "attribution_model", "candidate_rank"),
    "intermediate.int_customers__purchase_statistics": ("account_id",),
    "marts.customer_forecasts": ("account_id",),
    "metrics.subscription_retention": ("month", "segment"),
    "metrics.time_to_value_curve": ("segment", "day"),
    "metrics.time_to_value_summary": ("segment",),
    "metrics.experience_outcome_quadrants": ("outcome_level", "experience_level", "is_churned"),
    "metrics.campaign_performance": ("campaign_id", "attribution_model"),
    "metrics.touch_pressure": ("window_days", "pressure_band"),
    "metrics.conversion_saturation": ("experiment_id",),
    "metrics.saturation_verdict": ("knot",),
    "metrics.handoff_performance": ("from_team", "to_team", "month"),
    "metrics.recommendations": ("subject_type", "subject_id"),
    **PAY_GRAINS,
    "audit.input_reconciliation": ("input_table",),
    "audit.broken_references": ("input_table", "column_name"),
}

# what a shell may have set, and what must not decide what a build does
HOSTILE = {
    "DBT_EXCLUDE": "*",
    "DBT_SELECT": "nothing",
    "DBT_TARGET": "lint",
    "DBT_PROFILE": "another",
    "DBT_INDIRECT_SELECTION": "empty",
    "DBT_STATE": "/nowhere",
    "DBT_EMPTY": "1",
    "DBT_SAMPLE": "1 day",
    "DBT_RESOURCE_TYPES": "model",
    "DBT_EXCLUDE_RESOURCE_TYPES": "test",
    "DBT_WARN_ERROR_OPTIONS": "{'include': []}",
    "DBT_ENGINE_SOMETHING": "1",
    "OUTCOMES_RULES": "/nowhere",
    "OUTCOMES_WAREHOUSE": "/nowhere",
    "GX_ANALYTICS_ENABLED": "neither",
}

# the guard's vars, so that it raises no alarm about shares
LETS_ALL_PASS = dict.fromkeys(("max_quarantined_share", "max_broken_share", "max_shrink", "max_adjustment_share"), 1)

Rows = dict[tuple, dict]


@dataclass(frozen=True)
class Built:
    """One build by the command: its arguments, where its results are, and what it said."""

    input: Path
    warehouse: Path
    published: Path
    exit_code: int
    said: str

    @property
    def database(self) -> Path:
        return self.published / DATABASE

    @property
    def pay(self) -> Path:
        return pay_folder(self.published)

    @property
    def pay_database(self) -> Path:
        return self.pay / DATABASE

    @property
    def work_folder(self) -> Path:
        return self.warehouse.with_suffix(".work")


def command(folder: Path, source: Path, as_of: datetime, variables: dict | None, threads: int) -> list[str]:
    """Return the command that builds `source` with all its results below `folder`.

    Random worlds are faulty on purpose, so that the guard lets all pass, unless a test has other vars.
    """
    variables = LETS_ALL_PASS | (variables or {})
    arguments = {"input": source, "warehouse": folder / "warehouse.duckdb", "publish": folder / "published"}
    arguments |= {"as-of": as_of.isoformat(), "vars": yaml.safe_dump(variables), "threads": threads}
    return [str(OUTCOMES), "build", *(str(part) for name, value in arguments.items() for part in (f"--{name}", value))]


def run_build(
    folder: Path,
    source: Path,
    as_of: datetime = WORLD_AS_OF,
    variables: dict | None = None,
    threads: int = THREADS,
    more: Sequence[str] = (),
) -> Built:
    """Build, with `more` arguments, however it ends."""
    arguments = [*command(folder, source, as_of, variables, threads), *more]
    finished = subprocess.run(arguments, capture_output=True, text=True, check=False)
    said = finished.stdout + finished.stderr
    return Built(source, folder / "warehouse.duckdb", folder / "published", finished.returncode, said)


def good_build(folder: Path, source: Path, **arguments) -> Built:
    """Build, and insist that it succeeds."""
    built = run_build(folder, source, **arguments)
    assert built.exit_code == 0, built.said
    return built


def query(database: Path, statement: str, *parameters: object) -> list[tuple]:
    """Return the rows of a query on a database that nobody writes."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(statement, parameters).fetchall()


def records(database: Path, relation: str) -> list[dict]:
    """Return a relation's rows by column."""
    with duckdb.connect(database, read_only=True) as connection:
        answer = connection.execute(f"select * from {relation}")
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, byte for byte."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest_of(built: Built) -> dict:
    return json.loads((built.work_folder / "target" / "manifest.json").read_text())


def folders(published: Path) -> tuple[Folder, Folder]:
    """The two folders as a build publishes them, with markers that tell nothing that the guard would remember.

    The page is empty, because its drawings take longer than everything else.
    """
    pay = pay_folder(published)
    return (
        Folder(
            published,
            lambda rows: {"contents.json": json.dumps({"holds": "figures", "relations": rows})},
            lambda connection: "",
        ),
        Folder(pay, lambda rows: {"contents.json": json.dumps({"holds": "pay", "relations": rows})}),
    )


def publish_again(built: Built, published: Path, before_swap: Callable[[], None] = lambda: None) -> None:
    """Publish a finished build into a folder, and its pay into the folder beside it."""
    publish(built.warehouse, manifest_of(built), *folders(published), lambda done, of: None, before_swap)


def copy_published(built: Built, folder: Path) -> Path:
    """Copy the two published folders of a build to the same names in another folder; return the one without pay."""
    shutil.copytree(built.pay, folder / built.pay.name)
    return Path(shutil.copytree(built.published, folder / built.published.name))


def without_closes(published: Path, is_remembered: bool = False) -> None:
    """Take out of the published folders what would keep another company out: closes, and what the guard remembers.

    The guard still knows the former company's figures if it `is_remembered`.
    """
    emptied = {pay_folder(published): [f"compensation.{name}" for name, _ in RELATIONS.values()]}
    emptied[published] = [] if is_remembered else ["marts.dim_customers"]
    for folder, relations in emptied.items():
        contents = json.loads((folder / "contents.json").read_text())
        if not is_remembered:
            contents["build"] |= {"as_of": "0001-01-01 00:00:00"}
            contents["build"] |= {"tables": {}, "customers": 0, "cltv": "0.00"} if folder == published else {}
        contents["relations"] |= dict.fromkeys(relations, 0)
        (folder / "contents.json").write_text(json.dumps(contents))
        (folder / DATABASE).chmod(0o600)
        with duckdb.connect(folder / DATABASE) as connection:
            for relation in relations:
                connection.execute(f"truncate {relation}")
                connection.execute(f"copy {relation} to '{folder / relation.replace('.', '/')}.parquet'")


def differences(one: Path, other: Path, schemas: Sequence[str]) -> list[str]:
    """Return a sentence for each relation of the schemas of which two databases hold other rows."""
    with duckdb.connect() as connection:
        for name, database in (("one", one), ("other", other)):
            connection.execute(f"attach '{database}' as {name} (read_only)")
        found = {name: _relations(connection, name, schemas) for name in ("one", "other")}
        assert found["one"], schemas
        sentences = [f"{relation} is in one alone" for relation in sorted(set(found["one"]) ^ set(found["other"]))]
        for relation in sorted(set(found["one"]) & set(found["other"])):
            for left, right in (("one", "other"), ("other", "one")):
                rows = connection.execute(
                    f"select * from {left}.{relation} except all select * from {right}.{relation}"
                ).fetchall()
                if rows:
                    sentences.append(f"{relation}: {len(rows)} rows of {left} are not in {right}, such as {rows[0]}")
        return sentences


def _relations(connection: duckdb.DuckDBPyConnection, database: str, schemas: Sequence[str]) -> list[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? and schema_name in"
        f" ({', '.join('?' * len(schemas))}) order by 1",
        [database, *schemas],
    ).fetchall()
    return [name for (name,) in rows]


def oracle_disagreements(database: Path, expected: dict[str, list[dict]]) -> list[str]:
    """Return a sentence for everything in which a warehouse is not what the oracle computed."""
    sentences = []
    for relation, grain in GRAINS.items():
        sentences += relation_disagreements(relation, grain, expected, records(database, relation))
    return sentences + _quarantine_disagreements(database, expected["quarantined"])


def relation_disagreements(
    relation: str, grain: tuple[str, ...], expected: dict[str, list[dict]], rows: list[dict]
) -> list[str]:
    """Return a sentence for everything in which a relation's rows are not what the oracle computed."""
    wanted, found = _by_grain(expected[relation.split(".")[1]], grain), _by_grain(rows, grain)
    sentences = [f"{relation}: {key} is missing" for key in wanted.keys() - found.keys()]
    sentences += [f"{relation}: {key} is too many" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        sentences += [f"{relation}: {key}: {fault}" for fault in _faults(wanted[key], found[key])]
    return sentences


def _by_grain(rows: list[dict], grain: tuple[str, ...]) -> Rows:
    by_grain = {tuple(_as_key(row[column]) for column in grain): row for row in rows}
    assert len(by_grain) == len(rows), f"{grain} is no key"
    return by_grain


def _as_key(value: object) -> object:
    """A number that is stored in binary (a knot) is the shortest decimal that is it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _faults(wanted: dict, found: dict) -> list[str]:
    return [
        f"{column} is {found.get(column, 'no column')!r}, not {value!r}"
        for column, value in wanted.items()
        if column not in found or not _is_same(value, found[column])
    ]


def _is_same(wanted: object, found: object) -> bool:
    """Whether two values are one: money exactly, a ratio to nine digits, a day as its midnight, a list as its JSON."""
    if wanted is None or found is None:
        return wanted is found
    if isinstance(wanted, list):
        return wanted == json.loads(found)
    if isinstance(wanted, Decimal) and isinstance(found, Decimal):
        return wanted == found
    if any(isinstance(value, Fraction | Decimal | float) for value in (wanted, found)):
        one, other = Fraction(wanted), Fraction(found)
        return abs(one - other) <= Fraction(1, 10**9) * max(1, abs(one), abs(other))
    return _as_moment(wanted) == _as_moment(found)


def _as_moment(value: object) -> object:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return datetime(value.year, value.month, value.day) if is_day else value


def _quarantine_disagreements(database: Path, expected: list[dict]) -> list[str]:
    columns = ("input_table", "row_key", "reason", "column_name")
    wanted = Counter((*(row[column] for column in columns), _faults_text(row["faults"])) for row in expected)
    found = Counter(
        (*row, _faults_text([(fault["reason"], fault["column"]) for fault in json.loads(faults)]))
        for *row, faults in query(database, f"select {', '.join(columns)}, faults from audit.quarantined_rows")
    )
    missing = [f"{row} is not in quarantine" for row in (wanted - found).elements()]
    return missing + [f"{row} is in quarantine" for row in (found - wanted).elements()]


def _faults_text(faults: list) -> str:
    """All faults of a row as one text, in their order."""
    return ", ".join(f"{reason} of {column}" for reason, column in faults)
