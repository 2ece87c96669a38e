"""The descriptions of the published relations and columns, as comments in the published files.

The only home of a description is the YAML of its model. dbt's manifest holds it with its doc blocks resolved. Each
published DuckDB file has it as the comment of the table or column. Each Parquet file has it in its key-value metadata,
under `description`, and under `description.<column>` for each column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

KEY = "description"


@dataclass(frozen=True)
class Description:
    """The description of a relation, and those of its columns by name, each as one line of text."""

    relation: str
    text: str
    columns: dict[str, str]

    @property
    def metadata(self) -> str:
        """Return the key-value metadata of the relation's Parquet file, as a struct of SQL."""
        texts = {KEY: self.text} | {f"{KEY}.{column}": text for column, text in self.columns.items()}
        return "{" + ", ".join(f"{_literal(key)}: {_literal(text)}" for key, text in texts.items()) + "}"

    def comments(self, database: str) -> list[str]:
        """Return the statements that write the comments into an attached database."""
        table = f"{database}.{self.relation}"
        return [
            f"comment on table {table} is {_literal(self.text)}",
            *(f'comment on column {table}."{name}" is {_literal(text)}' for name, text in self.columns.items()),
        ]


def describe(node: dict[str, Any]) -> Description:
    """Return the description of a node of dbt's manifest."""
    columns = {column["name"]: _line(column["description"]) for column in node["columns"].values()}
    return Description(f"{node['schema']}.{node['alias']}", _line(node["description"]), columns)


def comments_on(descriptions: Iterable[Description], database: str) -> str:
    """Return all comments on relations of an attached database, as one transaction."""
    statements = [statement for description in descriptions for statement in description.comments(database)]
    return "; ".join(["begin", *statements, "commit"])


def _line(text: str) -> str:
    return " ".join(text.split())


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
