"""`outcomes dbt`: any dbt command, on a warehouse that a build made, from any folder."""

from __future__ import annotations

import os
from pathlib import Path

from customer_outcomes.errors import UnusableInput
from customer_outcomes.last_build import read_last_build
from customer_outcomes.places.locks import private_files
from customer_outcomes.places.paths import resolved
from customer_outcomes.project import PROJECT_ROOT
from customer_outcomes.runner import environment

WITHOUT_WAREHOUSE = {"--help", "-h", "--version", "-V", "-v"}  # dbt answers these from its own knowledge


def run_dbt_command(warehouse: Path, arguments: list[str]) -> None:
    """Run a dbt command as if in a shell, and end this process with the exit code of dbt.

    dbt's plugin of this project (src/dbt_customer_outcomes) gives it the vars and the rules of the warehouse's last
    build. dbt writes its files into the folder `dbt` of the work folder, because an installed package is not written.
    Raise UnusableInput if no build has made the warehouse.
    """
    warehouse = resolved(warehouse)
    if not WITHOUT_WAREHOUSE & set(arguments) and read_last_build(warehouse) is None:
        raise UnusableInput(
            f"{warehouse} is no warehouse that a build made: run `outcomes build` first, or name another --warehouse."
        )
    own_folder = warehouse.with_suffix(".work") / "dbt"
    with (
        private_files(),
        environment(
            OUTCOMES_WAREHOUSE=warehouse,
            OUTCOMES_THREADS=os.cpu_count() or 1,
            DBT_PROJECT_DIR=PROJECT_ROOT,
            DBT_PROFILES_DIR=PROJECT_ROOT,
            DBT_TARGET_PATH=own_folder / "target",
            DBT_LOG_PATH=own_folder / "logs",
        ),
    ):
        from dbt.cli.main import cli

        cli.main(args=arguments, prog_name="outcomes dbt")
