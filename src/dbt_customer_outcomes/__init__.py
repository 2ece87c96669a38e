"""Plugin of dbt: every dbt command takes as_of, vars and rules of the last build of its warehouse.

dbt finds the module by its name (dbt_*) and calls the plugin after it has read dbt_project.yml and before it makes the
configuration, whose vars decide whether a parsed project is stale. A plugin of the adapter would come too late: dbt
calls it when it connects, which is after parsing.
"""

import os
from pathlib import Path

import click
from dbt.plugins import dbtPlugin
from dbt_common.context import get_invocation_context

from customer_outcomes.last_build import read_last_build


class LastBuildPlugin(dbtPlugin):
    """Completes the vars and the folder of rules of the running dbt command; what differs stops it with a sentence."""

    def initialize(self) -> None:
        context = click.get_current_context(silent=True)
        command = context.obj if context and isinstance(context.obj, dict) else {}
        # sqlfluff and MetricFlow load a project without a command of dbt
        if self.project_name != "customer_outcomes" or not {"flags", "profile", "project"} <= command.keys():
            return
        project, variables = command["project"], command["flags"].VARS
        root, path = Path(project.project_root), getattr(command["profile"].credentials, "path", ":memory:")
        last = read_last_build(root / path)
        if last is None:
            return
        environment = get_invocation_context().env
        given = environment.get("OUTCOMES_RULES")
        defaults = project.vars.to_dict()
        last.check_variables(variables, defaults)
        last.check_rules(root / given if given else None)
        # given ones too, so that another form of the same moment does not parse the project anew
        variables |= {name: value for name, value in last.variables.items() if name in defaults}
        rules = os.path.relpath(last.write_rules(last.warehouse.with_suffix(".work") / "rules"), root)
        project.seed_paths[0] = rules  # the catalogue, beside it, is the project's own
        # other rules parse anew, and `dbt retry` loads the project once more
        project.project_env_vars["OUTCOMES_RULES"] = environment["OUTCOMES_RULES"] = rules


plugins = [LastBuildPlugin]
