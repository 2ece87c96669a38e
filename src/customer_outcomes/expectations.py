"""Great Expectations checks the two boundaries: the raw relations as received, the public relations as delivered."""

from __future__ import annotations

import importlib.util
import logging
import shutil
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote, urlparse

from customer_outcomes.errors import FailedCheck
from customer_outcomes.progress import Progress
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.report.data_docs import Evaluated, Suite, overview, rule_of
from customer_outcomes.runner import environment
from customer_outcomes.warehouse import sqlalchemy_url

BOUNDARIES = ("received", "delivered")
OVERVIEW = "overview.html"


def validate(warehouse: Path, data_docs: Path, progress: Progress) -> None:
    """Validate both boundaries and write Data Docs into a folder.

    Raise FailedCheck with a sentence for each expectation that is not met, and if a suite was not evaluated in full.
    """
    with environment(GX_ANALYTICS_ENABLED="false"):
        _validate(warehouse, data_docs, progress)


def _validate(warehouse: Path, data_docs: Path, progress: Progress) -> None:
    warnings.filterwarnings("ignore", module="great_expectations")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy import event
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.pool import Pool, StaticPool

    # A failure is reported below in one sentence; the library's log would print a stack trace for each unwritten page.
    logger = logging.getLogger("great_expectations")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    opened: list[Any] = []
    event.listen(Pool, "connect", lambda connection, record: opened.append(connection))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    _write_docs_to(context, data_docs)
    source = context.data_sources.add_sql(  # type: ignore[call-arg]  # the library's stub leaves out `kwargs`
        "warehouse",
        connection_string=sqlalchemy_url(warehouse),
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
    for expectation in (one for _, _, expectations in suites for one in expectations):
        configuration = expectation.configuration
        expectation.description = expectation.description or rule_of(configuration.type, configuration.kwargs)
    definitions: list[Any] = []
    sentences: list[str] = []
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
    context.build_data_docs()
    shown = []
    for identifier, run in result.run_results.items():
        page = Path(unquote(urlparse(context.get_docs_sites_urls(identifier)[0]["site_url"]).path))
        if not page.is_file():
            raise FailedCheck(f"{page} could not be written; is there space left?")
        shown.append(
            Suite(
                identifier.expectation_suite_identifier.name,
                quote(page.relative_to(data_docs).as_posix()),
                [_evaluated(outcome) for outcome in run.results],
            )
        )
        sentences += [f"{shown[-1].name}: {failed.rule} ({failed.trouble})" for failed in shown[-1].not_met]
    (data_docs / OVERVIEW).write_text(overview(shown), encoding="utf-8")
    progress(1, 1)
    for connection in opened:  # Great Expectations would hold the warehouse open until the process ends
        connection.close()
    expected = {f"{boundary}: {relation}": len(expectations) for boundary, relation, expectations in suites}
    evaluated = {suite.name: len(suite.expectations) for suite in shown}
    missing = sorted(suite for suite, count in expected.items() if evaluated.get(suite, 0) < max(count, 1))
    if missing or not expected:
        raise FailedCheck(f"Expectations that this build did not evaluate: {', '.join(missing) or 'all'}.")
    if sentences:
        raise FailedCheck(*sentences, f"Data Docs show it: {data_docs / OVERVIEW}")


def _load(boundary: str) -> ModuleType:
    """Return the module of a boundary, whose `suites` returns the expectations of each relation."""
    path = PROJECT_ROOT / "expectations" / f"{boundary}.py"
    specification = importlib.util.spec_from_file_location(f"expectations_{boundary}", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} cannot be loaded as a module")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _write_docs_to(context: Any, folder: Path) -> None:
    """Make an empty folder the only site to which a context of Great Expectations writes Data Docs."""
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


def _evaluated(outcome: Any) -> Evaluated:
    """Return the rule of an expectation and its trouble, if it is not met."""
    rule = outcome.expectation_config.description
    if outcome.success:
        return Evaluated(rule)
    count = outcome.result.get("unexpected_count", outcome.result.get("observed_value"))
    return Evaluated(rule, (outcome.exception_info or {}).get("exception_message") or f"{count} rows do not")
