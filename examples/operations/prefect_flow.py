"""A flow of Prefect that checks and builds every day; docs/operations.md says how to run it.

Prefect is no dependency of this project: install it into an environment of its own. `python prefect_flow.py` runs the
flow once, `python prefect_flow.py serve` runs it on a schedule. Prefect shows the sentences of a run that failed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from prefect import flow, get_run_logger, task

FOLDER = Path(os.environ.get("OUTCOMES_FOLDER", "/srv/outcomes"))
ARGUMENTS = ["--input", "input"]
SCHEDULE = os.environ.get("OUTCOMES_SCHEDULE", "15 5 * * *")


@task
def outcomes(command: str) -> dict:
    """Return the result of `outcomes check` or `outcomes build`; raise an error with its sentences if it fails."""
    finished = subprocess.run(
        [FOLDER / "environment" / "bin" / "outcomes", command, *ARGUMENTS, "--json"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"exit code {finished.returncode}\n{finished.stderr}")
    return json.loads(finished.stdout)


@flow(name="customer outcomes")
def daily() -> None:
    """Check the delivery, then build and publish."""
    log = get_run_logger()
    checked = outcomes("check")
    ages = [table for table in checked["tables"] if table["age_days"] is not None]
    log.info("newest rows, in days: %s", {table["input_table"]: table["age_days"] for table in ages})
    built = outcomes("build")
    for remark in built["remarks"]:
        log.warning(remark)
    log.info("published: %s", built["figures"])


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        daily.serve(name="daily", cron=SCHEDULE)
    else:
        daily()
