"""MetricFlow answers each metric with the value that the tables of metrics hold."""

import math
import shutil
from collections import defaultdict
from datetime import datetime

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import get_adapter_by_type
from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient
from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtProjectMetadata
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import query

MONTH = "metric_time__month"
CREDITED = "credited_"

# what a metric is grouped by -> the subjects of metric_values that it is then about
SUBJECTS = {
    "account__segment": "segment",
    "account__acquisition_channel": "channel",
    "subscription_month__segment": "segment",
}
SUBJECTS_OF_CREDIT = {"credited_transaction__team": "team", "employee": "employee"}

# metrics that are a part of a shared one: sums, of which no row and 0 are one
PARTS = {
    "given_back": "numerator of reversal_rate",
    "charged": "denominator of reversal_rate",
    "starting_mrr": "denominator of gross_retention",
    "retained_mrr": "numerator of gross_retention",
    "ending_mrr": "numerator of net_retention",
    "cltv": "denominator / 10 of ppp_yield",
    "outcome_weight_due": "denominator of outcomes_on_time",
    "outcome_weight_on_time": "numerator of outcomes_on_time",
    "monthly_active_users": "denominator of stickiness",
    "handoffs_matured": "denominator of handoff_drop_rate",
    "handoffs_dropped": "numerator of handoff_drop_rate",
    "ratings_due": "denominator of rating_compliance",
    "ratings_asked": "numerator of rating_compliance",
}

# metrics of tables without months: what they are grouped by, and the same in SQL
OTHERS = {
    "metric_value": (
        [MONTH, "metric__metric_name", "metric__subject_type", "metric__subject_id"],
        "select month, metric_name, subject_type, subject_id, value from metrics.metric_values",
    ),
    "credible_score": (
        ["employee", "employee_rating__survey_type"],
        "select user_id, survey_type, credible_score from metrics.employee_ratings",
    ),
    "value_incidence": (
        ["time_to_value__days_since_start"],
        "select day, incidence_value from metrics.time_to_value_curve where segment = 'all'",
    ),
    "churn_incidence": (
        ["time_to_value__days_since_start"],
        "select day, incidence_churn from metrics.time_to_value_curve where segment = 'all'",
    ),
}


@pytest.fixture(scope="module")
def engine(oddities_build, tmp_path_factory):
    """MetricFlow on a copy of the sample's warehouse, because dbt opens one to write."""
    folder = tmp_path_factory.mktemp("semantic_layer")
    manifest = parse_manifest_from_dbt_generated_manifest(
        (oddities_build.work_folder / "target" / "semantic_manifest.json").read_text()
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTCOMES_WAREHOUSE", str(shutil.copy(oddities_build.warehouse, folder)))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        dbtProjectMetadata.load_from_paths(PROJECT_ROOT, PROJECT_ROOT)  # registers the adapter
        yield MetricFlowEngine(SemanticManifestLookup(manifest), AdapterBackedSqlClient(get_adapter_by_type("duckdb")))
    DuckDBConnectionManager.close_all_connections()


def test_every_metric_agrees_with_its_table(engine, oddities_build):
    statements = defaultdict(dict)
    for metric in engine.list_metrics(include_dimensions=False):
        for group_by, statement in comparisons(engine, metric.name):
            statements[tuple(group_by)][metric.name] = statement
    sentences = []
    with duckdb.connect(oddities_build.warehouse, read_only=True) as connection:
        for group_by, by_metric in statements.items():
            table = answer(engine, metric_names=list(by_metric), group_by_names=group_by)
            for name, statement in by_metric.items():
                columns = [table.column_names.index(column) for column in (*group_by, name)]
                found = by_key([[row[column] for column in columns] for row in table.rows])
                wanted = by_key(connection.execute(statement).fetchall())
                about = f"{name} by {', '.join(group_by)}"
                sentences += differences(about, wanted, found) if wanted else [f"{about}: nothing to compare with"]
    assert not sentences


def test_every_saved_query_has_an_answer(engine, oddities_build):
    answers = {saved.name: answer(engine, saved_query_name=saved.name) for saved in engine.list_saved_queries()}
    for name, table in answers.items():
        for number, column in enumerate(table.column_names):
            assert any(row[number] is not None for row in table.rows), (name, column)
    shared = query(oddities_build.warehouse, "select distinct metric_name from metrics.metric_values")
    assert set(answers["company_scoreboard"].column_names) == {name for (name,) in shared} | {MONTH}


def comparisons(engine, name):
    """Give each way to group a metric, and the SQL that says the same."""
    if name in OTHERS:
        yield OTHERS[name]
        return
    uncredited = name.removeprefix(CREDITED)
    column, shared = PARTS.get(uncredited, f"value of {uncredited}").split(" of ")
    values = f"{column} from metrics.metric_values where metric_name = '{shared}' and subject_type ="
    if name == uncredited:
        yield [MONTH], f"select month, {values} 'company'"
        dimensions = {dimension.dunder_name for dimension in engine.simple_dimensions_for_metrics([name])}
        subjects = {dimension: SUBJECTS[dimension] for dimension in sorted(SUBJECTS.keys() & dimensions)}
    else:
        subjects = SUBJECTS_OF_CREDIT
    for dimension, subject_type in subjects.items():
        yield [MONTH, dimension], f"select month, subject_id, {values} '{subject_type}'"


def answer(engine, **request):
    """Return the table with which MetricFlow answers."""
    return engine.query(MetricFlowQueryRequest.create(**request)).result_df


def by_key(rows):
    """Return the last value of each row by the parts before it; without nulls and rows about nobody."""
    return {
        tuple(part.date() if isinstance(part, datetime) else part for part in key): float(value)
        for *key, value in rows
        if value not in (None, 0) and None not in key
    }


def differences(about, wanted, found):
    """Return a sentence for each value that is not what it should be."""
    return [
        f"{about}: {key} is {found.get(key)}, not {wanted.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if key not in wanted
        or key not in found
        or not math.isclose(wanted[key], found[key], rel_tol=1e-9, abs_tol=1e-9)
    ]
