"""Plugin of dbt that gives every dbt command the vars, as_of among them, and the rules of its warehouse's last build.

dbt finds this module by its name (dbt_*). It calls the plugin after it has read dbt_project.yml and before it makes the
configuration, whose vars decide whether the parsed project is stale. A plugin of the adapter would be too late: dbt
calls it when it connects, which is after parsing.
"""

import os
import sys
from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
from dbt.contracts.graph.nodes import ParsedNode
from dbt.plugins import dbtPlugin
from dbt_common.context import get_invocation_context

from customer_outcomes.last_build import check_as_of, read_last_build, renew_copy
from customer_outcomes.warehouse import DEFAULT_WAREHOUSE

DEV = "dev"  # the target, in profiles.yml, whose warehouse begins as a copy of the main one


class LastBuildPlugin(dbtPlugin):
    """Completes the vars and the folder of rules of the running dbt command.

    A var or a rule that differs from the last build stops the command with UnusableInput, and so does an as_of after
    now. What the command writes is readable for its owner only.
    """

    def initialize(self) -> None:
        context = click.get_current_context(silent=True)
        command: dict[str, Any] = context.obj if context and isinstance(context.obj, dict) else {}
        # sqlfluff and MetricFlow load the project without a dbt command.
        if self.project_name != "customer_outcomes" or not {"flags", "profile", "project"} <= command.keys():
            return
        project, variables = command["project"], command["flags"].VARS
        root, path = Path(project.project_root), getattr(command["profile"].credentials, "path", ":memory:")
        if path != ":memory:":
            os.umask(0o077)  # the warehouse holds pay, and so do its log and the rules beside it
        # dbt declares the environment of a command as read-only, but holds it in a dict.
        environment = cast(MutableMapping[str, str], get_invocation_context().env)
        if command["profile"].target_name == DEV:
            warehouse = root / environment.get("OUTCOMES_WAREHOUSE", DEFAULT_WAREHOUSE)
            if renew_copy(warehouse, root / path):
                print(f"{root / path} is a new copy of {warehouse}.", file=sys.stderr)
        last = read_last_build(root / path)
        defaults = project.vars.to_dict()
        if last is None:
            check_as_of(variables.get("as_of") or defaults.get("as_of") or datetime.min)
            return
        given = environment.get("OUTCOMES_RULES")
        last.check_variables(variables, defaults)
        last.check_rules(root / given if given else None)
        # Given vars are replaced too: another spelling of the same as_of would make dbt parse the project again.
        variables |= {name: value for name, value in last.variables.items() if name in defaults}
        rules = os.path.relpath(last.write_rules(last.warehouse.with_suffix(".work") / "rules"), root)
        project.seed_paths[0] = rules  # the second path, the catalogue, stays the project's own
        # With this variable dbt parses the project again if the rules changed, and `dbt retry` finds the same folder.
        project.project_env_vars["OUTCOMES_RULES"] = environment["OUTCOMES_RULES"] = rules


def _write_inside_the_target(node: Any, target: str, subdirectory: str, split_suffix: str | None = None) -> str:
    """Return the path to which dbt writes a node, inside the folder of the target.

    The path of a rule, from the project to the folder of rules, begins with `..` if the warehouse lies elsewhere. dbt
    would append it to its target folder, and write the rules of pay into a folder above.
    """
    root = Path(target, subdirectory, node.package_name)
    path = Path(_write_path(node, target, subdirectory, split_suffix)).relative_to(root)
    return str(root.joinpath(*(part for part in path.parts if part != "..")))


_write_path = ParsedNode.get_target_write_path
ParsedNode.get_target_write_path = _write_inside_the_target  # type: ignore[assignment,method-assign]
plugins = [LastBuildPlugin]
