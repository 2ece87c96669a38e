"""The floor plan holds: layers and their directions, names, keys, and one home for each fact, read from dbt's manifest.

What does not hold yet stands in manifest_baseline.yml, a line a violation; a mended one must be taken out of it.
`python tests/python/project/test_manifest.py` rewrites the file.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import yaml

from customer_outcomes.project import PROJECT_ROOT

BASELINE = Path(__file__).with_name("manifest_baseline.yml")
DBT = Path(sys.executable).with_name("dbt")
LONGEST = 190  # lines of a model
DOMAINS = ("revenue", "customers", "acquisition", "support", "feedback", "success")

# the layer of each folder
FOLDERS = {
    "landing": "landing",
    "records": "records",
    **{f"intermediate/{domain}": "intermediate" for domain in DOMAINS},
    **{f"marts/{domain}": "marts" for domain in DOMAINS},
    "credit": "credit",
    "metrics/contributions": "contributions",
    "metrics/sums": "sums",
    "metrics": "metrics",
    "metrics/integrity": "metrics",
    "metrics/semantic": "metrics",
    "compensation/plan": "plan",
    "compensation/pay": "pay",
    "compensation/ledger": "ledger",
    "audit": "audit",
}
# what each layer reads; seeds and sources any may read
READS = {
    "landing": (),
    "records": ("landing", "records", "intermediate"),
    "intermediate": ("landing", "records", "intermediate"),
    "marts": ("records", "intermediate", "marts"),
    "credit": ("records", "intermediate", "marts", "credit"),
    "contributions": ("intermediate", "marts", "contributions"),
    "sums": ("contributions", "credit", "metrics"),
    "metrics": ("intermediate", "marts", "credit", "contributions", "sums", "metrics"),
    "plan": ("plan",),
    "pay": ("plan", "pay", "ledger"),
    "ledger": ("plan", "pay", "ledger"),
    "audit": ("landing", "records"),
}
# the relations of other layers that pay reads: the payees and their teams, the calendar, and the sums and facts of the shared metrics
PAY_READS = (
    "dim_employees",
    "int_employees__monthly_teams",
    "metric_months",
    "metric_parts",
    "metric_evidence_customers",
)
NAMES = {
    "landing": r"land_\w+",
    "records": r"rec_\w+",
    "intermediate": r"int_[a-z_]+__[a-z_]+",
    "marts": r"(dim|fct|customer)_\w+|subscription_months|forecast_fits|time_to_value|active_users",
    "credit": r"credit_\w+|comp_credits",
    "contributions": r"contrib_\w+",
    "sums": r"sums_\w+",
    "metrics": r"\w+",
    "plan": r"comp_\w+",
    "pay": r"comp_\w+|shared_comp_inputs",
    "ledger": r"ledger_\w+|comp_(new_closes|closed_lines|period_closes)",
    "audit": r"\w+",
}
# a fact, how a model computes it, and the models that may
TWINS = {
    "first charge": (r"min\((transactions\.)?transacted_at\)", ("dim_customers",)),
    "earliest lead": (r"order by created_at, lead_id", ("int_accounts__earliest_leads",)),
    "calendar of months": (r"date_series\((?:[^{}]|\n)*'month'", ("int_months__spanned",)),
    "leaving": (r"inactive_after_days", ("int_accounts__stays", "int_charges__movements")),
    "time to ask for a rating": (
        r"rating_window_end\(",
        ("contrib_shares", "fct_touches", "fct_survey_invitations", "rating_requests_due"),
    ),
    "tenure": (r"min_tenure_days", ("contrib_customers",)),
    "retained recurring revenue": (r"least\([^)]*starting_mrr", ("contrib_customers",)),
    "waits until now": (r"coalesce\(\w*_minutes,", ("contrib_waits",)),
    "active persons of a month": (
        r"count\(distinct (case when is_active then )?person_id",
        ("active_users", "sums_usage"),
    ),
    "share of PPP": (r"weighted_ppp\(", ("sums_customers", "campaign_performance")),
    "money by credit": (r"weight \* \w*amount\)", ("sums_money",)),
    "credit of a deal": (r"rec_opportunity_splits", ("int_opportunity_splits__counted",)),
    "answers that pay": (r"csat_survey_types", ("contrib_ratings", "int_customers__satisfaction_changes")),
}
OWN_JINJA = re.compile(r"\{%-? *(set|for|if|do)\b|run_query|target\.|adapter\.")
RELATION = re.compile(r"\b(?:compensation|marts|metrics|audit|credit)\.([a-z_]+)(?!\.)|\{c\}\.([a-z_]+)")


@cache
def manifest() -> dict:
    """Return dbt's manifest of the project as it stands."""
    target = PROJECT_ROOT / "build" / "manifest"
    command = [
        DBT,
        "parse",
        "--quiet",
        "--no-partial-parse",
        "--target",
        "lint",
        "--target-path",
        target,
        "--log-path",
        target,
    ]
    finished = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


def models() -> dict[str, dict]:
    """Return the models by name."""
    nodes = manifest()["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def parents(node: dict) -> list[str]:
    """Return the models that a node reads."""
    return sorted({key.split(".")[-1] for key in node["depends_on"]["nodes"] if key.startswith("model.")})


def folder(node: dict) -> str:
    """Return the folder of a model below models/."""
    return Path(node["original_file_path"]).parent.relative_to("models").as_posix()


def layer(node: dict) -> str | None:
    """Return the layer of a model, which its folder decides."""
    return FOLDERS.get(folder(node))


def sql(node: dict) -> str:
    """Return a model as it is written."""
    return (PROJECT_ROOT / node["original_file_path"]).read_text(encoding="utf-8")


def folders() -> list[str]:
    """Each model stands in a folder of the floor plan."""
    return [f"{name} is in {folder(node)}" for name, node in models().items() if layer(node) is None]


def directions() -> list[str]:
    """A model reads its own layer and those before it; pay reads the sums of the shared metrics and no fact."""
    known, found = models(), []
    for name, node in known.items():
        for parent in parents(node):
            own, other = layer(node), layer(known[parent])
            is_pay = own in ("plan", "pay", "ledger")
            if other not in READS.get(own, ()) and not (is_pay and parent in PAY_READS):
                found.append(f"{name} reads {parent}")
    return found


def names() -> list[str]:
    """A model is named as its layer says."""
    return [name for name, node in models().items() if not re.fullmatch(NAMES.get(layer(node), ""), name)]


def keys() -> list[str]:
    """Each model declares its key: a primary key, a test that it is unique, or in its meta (test_keys.py)."""
    unique = {
        key.split(".")[-1]
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata", {})
        and node["test_metadata"]["name"] == "unique"
        for key in node["depends_on"]["nodes"]
    }
    return [
        name
        for name, node in models().items()
        if name not in unique
        and not any(constraint["type"] == "primary_key" for constraint in node["constraints"])
        and not node["config"]["meta"].get("key")
        and layer(node) not in ("landing", "records")
    ]


def descriptions() -> list[str]:
    """Each model is described, and each column that its YAML names."""
    found = [f"{name} has no description" for name, node in models().items() if not node["description"]]
    return found + [
        f"{name}.{column['name']} has no description"
        for name, node in models().items()
        for column in node["columns"].values()
        if not column["description"]
    ]


def lengths() -> list[str]:
    """No model has more lines than a person reads at one go."""
    return [f"{name} is too long" for name, node in models().items() if len(sql(node).splitlines()) > LONGEST]


def jinja() -> list[str]:
    """A model shows its columns: no variables, loops or conditions of Jinja, and no query at compile time."""
    return [
        name
        for name, node in models().items()
        if layer(node) not in ("landing", "records") and OWN_JINJA.search(sql(node))
    ]


def twins() -> list[str]:
    """Each fact is computed in one place."""
    return [
        f"{fact} in {name}"
        for fact, (pattern, homes) in TWINS.items()
        for name, node in models().items()
        if name not in homes and layer(node) not in ("landing", "records") and re.search(pattern, sql(node))
    ]


def metric_homes() -> list[str]:
    """A metric of the catalogue is defined in metric_parts, once, and named by no model of pay."""
    catalog = (PROJECT_ROOT / "seeds" / "catalog" / "metric_catalog.csv").read_text(encoding="utf-8")
    metrics = [line.split(",")[0] for line in catalog.splitlines()[1:]]
    known = models()
    defined = Counter(re.findall(r"define_metric\(\s*'(\w+)'", sql(known["metric_parts"])))
    found = [f"{metric} is defined {defined[metric]} times" for metric in metrics if defined[metric] != 1]
    found += [f"{metric} is not in the catalogue" for metric in defined if metric not in metrics]
    return found + [
        f"{name} names {metric}"
        for name, node in known.items()
        if layer(node) in ("plan", "pay", "ledger")
        for metric in metrics
        if f"'{metric}'" in sql(node)
    ]


def readers() -> list[str]:
    """Each reader of a relation outside dbt's graph has an exposure."""
    exposed = {key.split(".")[-1] for node in manifest()["exposures"].values() for key in node["depends_on"]["nodes"]}
    known = models()
    return [
        f"{file.name} reads {name}"
        for file in sorted((PROJECT_ROOT / "src").rglob("*.py"))
        for name in sorted({one or other for one, other in RELATION.findall(file.read_text(encoding="utf-8"))})
        if name in known and name not in exposed
    ]


def size() -> list[str]:
    """How large the project is: a change of these is meant."""
    known = models()
    order: dict[str, int] = {}

    def depth(name: str) -> int:
        order.setdefault(name, 1 + max(map(depth, parents(known[name])), default=0))
        return order[name]

    ways: dict[str, int] = {}

    def count(name: str) -> int:
        if name == "land_transactions":
            return 1
        if name not in ways:
            ways[name] = sum(map(count, parents(known[name])))
        return ways[name]

    files = [*(PROJECT_ROOT / "models").rglob("*.sql"), *(PROJECT_ROOT / "macros").rglob("*.sql")]
    macros = [key for key in manifest()["macros"] if key.startswith("macro.customer_outcomes.")]
    return [
        f"{len(known)} models",
        f"{len(macros)} macros",
        f"{sum(len(file.read_text(encoding='utf-8').splitlines()) for file in files)} lines of SQL",
        f"{max(map(depth, known))} models on the longest path",
        f"{count('comp_statement_lines')} ways from a transaction to a statement line",
    ]


RULES = (folders, directions, names, keys, descriptions, lengths, jinja, twins, metric_homes, readers, size)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_floor_plan_holds(rule):
    baseline = yaml.safe_load(BASELINE.read_text(encoding="utf-8"))[rule.__name__]
    assert sorted(rule()) == sorted(baseline), rule.__doc__


@pytest.fixture
def doctored(monkeypatch) -> dict:
    """A copy of the manifest for a test to spoil."""
    copy = deepcopy(manifest())
    monkeypatch.setattr(sys.modules[__name__], "manifest", lambda: copy)
    return copy


def spoil(name: str, **changes: object) -> Callable[[dict], None]:
    """Change a model of the doctored manifest."""
    return lambda manifest: manifest["nodes"][f"model.customer_outcomes.{name}"].update(changes)


def reads(name: str, parent: str) -> Callable[[dict], None]:
    """Let a model of the doctored manifest read another one alone."""
    return spoil(name, depends_on={"nodes": [f"model.customer_outcomes.{parent}"]})


@pytest.mark.parametrize(
    ("rule", "change", "expected"),
    [
        (folders, spoil("fct_tickets", original_file_path="models/odd/x.sql"), "fct_tickets is in odd"),
        (directions, reads("comp_inputs", "contrib_money"), "comp_inputs reads contrib_money"),
        (directions, reads("comp_inputs", "fct_transactions"), "comp_inputs reads fct_transactions"),
        (directions, reads("contrib_money", "comp_terms"), "contrib_money reads comp_terms"),
        (directions, reads("credit_deals", "comp_terms"), "credit_deals reads comp_terms"),
        (directions, reads("contrib_money", "credit_deals"), "contrib_money reads credit_deals"),
        (names, spoil("fct_tickets", original_file_path="models/credit/fct_tickets.sql"), "fct_tickets"),
        (keys, spoil("fct_tickets", constraints=[]), "fct_tickets"),
        (descriptions, spoil("fct_tickets", description=""), "fct_tickets has no description"),
        (descriptions, spoil("fct_tickets", columns={"a": {"name": "a", "description": ""}}), "fct_tickets.a has no description"),
        (readers, lambda manifest: manifest["exposures"].clear(), "trace.py reads metric_evidence"),
    ],
)  # fmt: skip
def test_a_violation_of_the_graph_is_found(doctored, rule, change, expected):
    before = set(rule())
    change(doctored)
    assert expected in set(rule()) - before


@pytest.mark.parametrize(
    ("rule", "name", "text", "expected"),
    [
        (lengths, "fct_tickets", "select 1\n" * (LONGEST + 1), "fct_tickets is too long"),
        (jinja, "fct_tickets", "{% if execute %}", "fct_tickets"),
        (jinja, "fct_tickets", "{%- set rows = run_query('select 1') -%}", "fct_tickets"),
        (twins, "fct_tickets", "min(transactions.transacted_at)", "first charge in fct_tickets"),
        (twins, "comp_terms", "sum(weight * reporting_amount)", "money by credit in comp_terms"),
        (twins, "fct_tickets", "var('csat_survey_types')", "answers that pay in fct_tickets"),
        (metric_homes, "comp_terms", "where metric_name = 'bookings'", "comp_terms names bookings"),
        (metric_homes, "metric_parts", "{{ define_metric('charm', 'money') }}", "charm is not in the catalogue"),
        (metric_homes, "metric_parts", "select 1", "bookings is defined 0 times"),
    ],
)  # fmt: skip
def test_a_violation_in_sql_is_found(monkeypatch, rule, name, text, expected):
    before, written = set(rule()), sql
    monkeypatch.setattr(sys.modules[__name__], "sql", lambda node: text if node["name"] == name else written(node))
    assert expected in set(rule()) - before


if __name__ == "__main__":
    found = {rule.__name__: sorted(rule()) for rule in RULES}
    BASELINE.write_text(yaml.safe_dump(found, sort_keys=False, width=120), encoding="utf-8")
