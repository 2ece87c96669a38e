"""Runs dbt with a controlled environment, and checks that everything ran."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from customer_outcomes.errors import ECHO, LASTING, FailedCheck, first_sentences, one_line, without_addresses
from customer_outcomes.progress import Progress
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.warehouse import close_dbt_connections, connect

# Environment variables with these prefixes change what a build does, so a build must not inherit them from the shell.
DECIDING = ("DBT_", "OUTCOMES_", "GX_", "GE_")
MUST_RUN = ("model", "seed", "snapshot", "test")


@contextmanager
def environment(**own: object) -> Iterator[None]:
    """Set `own` as the only environment variables of dbt, Great Expectations and this project; restore them at exit."""
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(DECIDING):
            del os.environ[name]
    os.environ.update({name: str(value) for name, value in own.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run_dbt(
    warehouse: Path,
    work_folder: Path,
    variables: dict[str, Any],
    seeds: Path,
    threads: int,
    full_refresh: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Build everything with dbt, and return dbt's manifest.

    `seeds` is the folder of the rule files that dbt loads. Raise FailedCheck, with a sentence for each node, if a node
    fails or does not run.
    """
    target, running = work_folder / "target", work_folder / "dbt_runs"
    if running.exists():  # a build was killed while dbt ran, and may have left half-written files
        shutil.rmtree(target, ignore_errors=True)
    running.touch()
    forget_older_parse(target, (PROJECT_ROOT / name for name in ("models", "seeds", "tests")))
    (target / "manifest.json").unlink(missing_ok=True)
    with environment(
        OUTCOMES_WAREHOUSE=warehouse,
        OUTCOMES_THREADS=threads,
        OUTCOMES_RULES=os.path.relpath(seeds, PROJECT_ROOT),
        DBT_TARGET_PATH=target,
        DBT_LOG_PATH=work_folder / "logs",
        # After a build is stopped, Python's resource tracker tidies up behind it and would print a warning.
        PYTHONWARNINGS="ignore:resource_tracker:UserWarning",
    ):
        results = _invoke(variables, threads, full_refresh, warehouse, progress)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert_all_ran(manifest, results)
    running.unlink()
    return manifest


def forget_older_parse(target: Path, folders: Iterable[Path]) -> None:
    """Remove dbt's parse cache if a YAML file changed: dbt would find an entry twice that moved to another file."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    known = target / "descriptions.sha256"
    if not known.exists() or known.read_text() != digest.hexdigest():
        (target / "partial_parse.msgpack").unlink(missing_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        known.write_text(digest.hexdigest())


def assert_all_ran(manifest: dict[str, Any], results: list[Any]) -> None:
    """Raise FailedCheck unless every model, seed, snapshot and data test of the project ran exactly once."""
    wanted = {
        identifier: node["name"]
        for identifier, node in manifest["nodes"].items()
        if node["resource_type"] in MUST_RUN and node["config"].get("materialized") != "ephemeral"
    }
    ran = Counter(result.node.unique_id for result in results if result.status in ("success", "pass"))
    missing = sorted(name for identifier, name in wanted.items() if not ran[identifier])
    repeated = sorted(name for identifier, name in wanted.items() if ran[identifier] > 1)
    sentences = []
    if missing or not wanted:
        sentences.append(
            f"{len(missing)} of the project's {len(wanted)} models, seeds and tests did not run in this build:"
            f" {_names(missing)}."
        )
    if repeated:
        sentences.append(f"Some models, seeds and tests ran more than once in this build: {_names(repeated)}.")
    if sentences:
        raise FailedCheck(*sentences)


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) or "there is none") + more


def _invoke(
    variables: dict[str, Any], threads: int, full_refresh: bool, warehouse: Path, progress: Progress
) -> list[Any]:
    """Run `dbt build` and return its results; raise FailedCheck if it fails."""
    from dbt.cli.main import dbtRunner

    def follow(event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            progress(event.data.index, event.data.total)
        elif event.info.name == "LogTestResult":
            progress(event.data.index, event.data.num_models)

    # Everything is selected explicitly, because selectors.yml may name a default selection.
    arguments = ["build", "--quiet", "--select", "fqn:*", "--exclude-resource-type", "unit_test"]
    arguments += ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
    arguments += ["--profile", "customer_outcomes", "--target", "warehouse", "--vars", json.dumps(variables)]
    arguments += ["--threads", str(threads), "--log-level", "none"]
    arguments += ["--full-refresh"] if full_refresh else []
    logging.raiseExceptions = False  # a log file that cannot be written must not fail a build
    result = dbtRunner(callbacks=[follow]).invoke(arguments)
    close_dbt_connections()  # the next steps open the warehouse read-only
    if result.exception:
        said = one_line(result.exception).rstrip(".")
        where = f" in {warehouse.parent}" if LASTING.search(said) else ""
        raise FailedCheck(f"dbt cannot run{where}: {said}.")
    executed: Any = result.result  # dbt types the result of every command; that of `build` is iterable
    results = list(executed or [])
    if not result.success:
        raise FailedCheck(*_failures(results, warehouse))
    return results


def _failures(results: list[Any], warehouse: Path) -> list[str]:
    """Return the sentences about the failed nodes of a dbt run.

    A test whose query has a column `fault` gives its own sentences in that column; any other node gets one sentence.
    """
    failed = [result for result in results if result.status in ("error", "fail", "runtime error")]
    lasting = [result for result in failed if LASTING.search(result.message or "")]
    if lasting:
        first = next((result for result in lasting if not ECHO.search(result.message)), lasting[0])
        others = f" {len(failed) - 1} other nodes failed with it." if len(failed) > 1 else ""
        return [f"{first.node.resource_type} {first.node.name} failed: {one_line(first.message)}{others}"]
    errors: list[str] = []
    faults: list[str] = []
    for result in failed:
        found = _faults(result.node, warehouse) if result.status == "fail" else []
        faults += found
        if not found:
            errors.append(_failure(result))
    return first_sentences(errors) + faults or ["dbt stopped without a result."]


def _failure(result: Any) -> str:
    """Return the sentence about a failed node."""
    node = result.node
    about = f" {node.description.strip()}" if node.resource_type == "test" and node.description else ""
    where = node.compiled_path or node.original_file_path
    said = without_addresses(one_line(result.message or ""))
    return f"{node.resource_type} {node.name} failed:{about} {said} (see {where})"


def _faults(test: Any, warehouse: Path) -> list[str]:
    """Return the sentences in the column `fault` of a test's rows, or nothing if the test lacks that column."""
    with connect(warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        answer = connection.execute(test.compiled_code)
        names = [column[0] for column in answer.description]
        rows = answer.fetchall()
    if "fault" not in names:
        return []
    found = sorted({row[names.index("fault")] for row in rows} - {None})
    return first_sentences([without_addresses(sentence) for sentence in found])
