"""Great Expectations at the two boundaries: the raw relations as received, the public relations as delivered."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

from customer_outcomes import PROJECT_ROOT, FailedCheck

BOUNDARIES = ("received", "delivered")


def validate(warehouse: Path, data_docs: Path, progress: Callable[[int, int], None]) -> None:
    """Validate both boundaries and write Data Docs; raise FailedCheck with a sentence for each expectation not met."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    warnings.filterwarnings("ignore", module="great_expectations")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.pool import StaticPool

    for name in [name for name in logging.root.manager.loggerDict if name.startswith("great_expectations")]:
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    _write_docs_to(context, data_docs)
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"duckdb:///{warehouse}",
        kwargs={
            "isolation_level": "AUTOCOMMIT",
            "skip_autocommit_rollback": True,
            "pool_reset_on_return": None,
            "poolclass": StaticPool,
            "connect_args": {"read_only": True},
        },
    )
    suites = [
        (boundary, relation, expectations)
        for boundary in BOUNDARIES
        for relation, expectations in _load(boundary).suites().items()
    ]
    definitions, sentences = [], []
    for number, (boundary, relation, expectations) in enumerate(suites, start=1):
        schema, table = relation.split(".")
        asset = source.add_table_asset(relation, table_name=table, schema_name=schema)
        batch = asset.add_batch_definition_whole_table("all rows")
        batch.data_asset.datasource.get_execution_engine().dialect_module = postgresql
        suite = context.suites.add(gx.ExpectationSuite(name=f"{boundary}: {relation}", expectations=expectations))
        definitions.append(
            context.validation_definitions.add(gx.ValidationDefinition(name=relation, data=batch, suite=suite))
        )
        progress(number, 2 * len(suites))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name="boundaries", validation_definitions=definitions, result_format="BASIC")
    )
    result = checkpoint.run()
    for identifier, run in result.run_results.items():
        for outcome in run.results:
            if not outcome.success:
                sentences.append(_sentence(identifier.expectation_suite_identifier.name, outcome))
    context.build_data_docs()
    progress(1, 1)
    source.get_execution_engine().engine.dispose()
    if sentences:
        raise FailedCheck(*sentences, f"Data Docs show it: {data_docs / 'index.html'}")


def _load(boundary: str):
    specification = importlib.util.spec_from_file_location(
        f"expectations_{boundary}", PROJECT_ROOT / "expectations" / f"{boundary}.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _write_docs_to(context, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for site in list(context.get_site_names()):
        context.delete_data_docs_site(site)
    context.add_data_docs_site(
        site_name="boundaries",
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        },
    )


def _sentence(suite: str, outcome) -> str:
    configuration = outcome.expectation_config
    column = configuration.kwargs.get("column")
    rule = configuration.description or f"{configuration.type}{f' of {column}' if column else ''}"
    count = outcome.result.get("unexpected_count", outcome.result.get("observed_value"))
    trouble = (outcome.exception_info or {}).get("exception_message") or f"{count} rows do not"
    return f"{suite}: {rule} ({trouble})"
