"""Models by themselves: their SQL as dbt compiles it, as views over tables in memory that a test fills."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from customer_outcomes.project import PROJECT_ROOT

DBT = Path(sys.executable).with_name("dbt")


def compile_models(folder: Path, models: Sequence[str], as_of: datetime, variables: dict | None = None) -> Path:
    """Compile models (names, or what else dbt selects by) into a folder, and return the manifest that holds their SQL."""
    target = folder / "target"
    given = {"as_of": as_of.isoformat(sep=" "), **(variables or {})}
    arguments = ["--target", "lint", "--target-path", target, "--log-path", folder, "--vars", yaml.safe_dump(given)]
    finished = subprocess.run(
        [DBT, "compile", "--quiet", "--profiles-dir", PROJECT_ROOT, *arguments, "--select", *models],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return target / "manifest.json"


class CompiledModels:
    """Some models of a compiled project; what they read and is not among them is a table, which any test can fill.

    A table has the columns of the model that it stands for, `shapes` those of sources and of models without a contract;
    a seed has its rules.
    """

    def __init__(self, manifest: Path, models: Sequence[str], threads: int = 1, shapes: dict | None = None):
        self.models: list[str] = []  # each after the models that it reads
        self.tables: dict[str, dict[str, str]] = {}  # data type by column
        self._shapes = shapes or {}
        self._sql: dict[str, str] = {}
        project = json.loads(manifest.read_text())
        self._nodes = project["nodes"] | project["sources"]
        self._made: set[str] = set()
        self._built: set[str] = set()
        self.connection = duckdb.connect(config={"threads": threads})
        self.connection.execute("set timezone = 'UTC'")
        by_name = {node["name"]: key for key, node in self._nodes.items() if node["resource_type"] in ("model", "seed")}
        database = self._nodes[by_name[models[0]]]["database"]
        if database != "memory":
            self.connection.execute(f"attach ':memory:' as {database}")
            self.connection.execute(f"use {database}")
        self._views = {by_name[name] for name in models}
        for key in sorted(self._views):
            self._make(key)

    def fill(self, relation: str, rows: pd.DataFrame) -> None:
        """Make these the rows of a table; columns that they do not have are null."""
        self.connection.execute(f"truncate {relation}")
        self.connection.register("given_rows", rows)
        self.connection.execute(f"insert into {relation} by name select * from given_rows")
        self.connection.unregister("given_rows")

    def build(self) -> None:
        """Make the models tables, each computed once from what the others hold now, as a build does."""
        for relation in self.models:
            self.connection.execute(f"drop view if exists {relation}") if relation not in self._built else None
            self.connection.execute(f"create or replace table {relation} as {self._sql[relation]}")
            self._built.add(relation)

    def rows(self, relation: str, order: str) -> list[dict]:
        """Return a model's rows by column."""
        answer = self.connection.execute(f"select * from {relation} order by {order}")
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row)) for row in answer.fetchall()]

    def _make(self, key: str) -> None:
        if key in self._made:
            return
        self._made.add(key)
        node = self._nodes[key]
        self.connection.execute(f"create schema if not exists {node['schema']}")
        relation = f"{node['schema']}.{node['name']}"
        if key in self._views:
            for parent in node["depends_on"]["nodes"]:
                self._make(parent)
            self.connection.execute(f"create view {relation} as {node['compiled_code']}")
            self.models.append(relation)
            self._sql[relation] = node["compiled_code"]
        elif node["resource_type"] == "seed":
            types = node["config"]["column_types"]
            self._make_table(relation, types)
            with Path(node["root_path"], node["original_file_path"]).open(newline="") as text:
                rules = [{name: value or None for name, value in row.items()} for row in csv.DictReader(text)]
            self.fill(relation, pd.DataFrame(rules, columns=list(types), dtype="str"))
        else:
            contract = {name: column["data_type"] for name, column in node["columns"].items()}
            self._make_table(relation, self._shapes.get(node["name"], contract))

    def _make_table(self, relation: str, columns: dict[str, str]) -> None:
        self.tables[relation] = columns
        definition = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
        self.connection.execute(f"create table {relation} ({definition})")
