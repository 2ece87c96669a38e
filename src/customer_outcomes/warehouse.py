"""The warehouse's engine: its connections, the types of its errors, and the names of its files.

Only this module and the plugin of dbt-duckdb (dbt_plugin.py) name DuckDB. All other modules take connections and
errors from here, so that a change of the engine touches only these two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

DIALECT = "duckdb"  # the prefix of the names of this engine's macros in the dbt project
DEFAULT_WAREHOUSE = Path("build/warehouse.duckdb")
DATABASE = "customer_outcomes.duckdb"  # the published relations as one file
STORAGE_VERSION = "v1.2.0"  # DuckDB 1.2 and later can read the published file

Connection = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation

EngineError = duckdb.Error
MissingRelation = duckdb.CatalogException
MissingName = (duckdb.CatalogException, duckdb.BinderException)  # a relation or a column is missing
AlreadyOpen = duckdb.ConnectionException
RefusedFile = (duckdb.InvalidInputException, duckdb.NotImplementedException)  # the CSV reader cannot read a file


def connect(
    database: Path | None = None,
    *,
    read_only: bool = False,
    threads: int | None = None,
    temporary_files: str | None = None,
) -> Connection:
    """Open a database file, or a database in memory if none is named; the caller must close it.

    `threads` is the largest number of threads of a query, `temporary_files` the folder for data that exceeds memory.
    """
    config: dict[str, Any] = {"threads": threads, "temp_directory": temporary_files}
    given = {name: value for name, value in config.items() if value is not None}
    return duckdb.connect(database or ":memory:", read_only=read_only, config=given)


@contextmanager
def attached(connection: Connection, database: Path) -> Iterator[str]:
    """Attach a database file read-only to a connection, and yield the name by which queries find its schemas."""
    connection.execute(f"attach '{quoted(database)}' as attached_database (read_only)")
    try:
        yield "attached_database"
    finally:
        connection.execute("detach attached_database")


def common_columns(connection: Connection, relation: str, columns: Iterable[str]) -> list[str]:
    """Return those of some columns that a relation has, in their order; none if the relation does not exist."""
    try:
        found = {column[0] for column in connection.execute(f"select * from {relation} limit 0").description}
    except MissingRelation:
        return []
    return [column for column in columns if column in found]


def dbt_connection() -> Connection:
    """Return a cursor of the connection that an earlier dbt command of this process holds open."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    return DuckDBConnectionManager.env().handle().cursor()


def close_dbt_connections() -> None:
    """Close the connections of dbt, so that the warehouse can be opened read-only."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def sqlalchemy_url(warehouse: Path) -> str:
    """Return the URL of a warehouse for SQLAlchemy."""
    from sqlalchemy import URL

    return URL.create(DIALECT, database=str(warehouse)).render_as_string()


def quoted(path: Path) -> str:
    """Return a path escaped for use between the quotes of a SQL literal."""
    return str(path).replace("'", "''")
