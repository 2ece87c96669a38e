"""The warehouse's engine: connections, the kinds of its errors, and the names that it goes by.

This module and the plugin that dbt-duckdb loads (dbt_plugin.py) are the only ones that name DuckDB. Every other module
takes connections and errors from here, so that another engine changes these two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

DIALECT = "duckdb"  # the prefix of this engine's version of a macro
DEFAULT_WAREHOUSE = Path("build/warehouse.duckdb")
DATABASE = "customer_outcomes.duckdb"  # the published relations as one file
STORAGE_VERSION = "v1.2.0"  # the published file is read by DuckDB 1.2 and later

Connection = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation

EngineError = duckdb.Error
MissingRelation = duckdb.CatalogException
MissingName = (duckdb.CatalogException, duckdb.BinderException)  # a relation or a column
UnreadableFile = duckdb.IOException
AlreadyOpen = duckdb.ConnectionException
RefusedFile = (duckdb.InvalidInputException, duckdb.NotImplementedException)  # a file that the reader gives up


def connect(
    database: Path | None = None,
    *,
    read_only: bool = False,
    threads: int | None = None,
    temporary_files: str | None = None,
) -> Connection:
    """Open a database, or one in memory where none is named; the caller closes it.

    `threads` bounds the threads of its queries, `temporary_files` is the folder for data that exceeds memory.
    """
    config: dict[str, Any] = {"threads": threads, "temp_directory": temporary_files}
    given = {name: value for name, value in config.items() if value is not None}
    return duckdb.connect(database or ":memory:", read_only=read_only, config=given)


def dbt_connection() -> Connection:
    """Return a cursor of the connection that an earlier dbt command of this process holds."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    return DuckDBConnectionManager.env().handle().cursor()


def close_dbt_connections() -> None:
    """Close the connections of dbt, so that the warehouse can be opened to read."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def sqlalchemy_url(warehouse: Path) -> str:
    """Return the address of a warehouse as SQLAlchemy takes it."""
    from sqlalchemy import URL

    return URL.create(DIALECT, database=str(warehouse)).render_as_string()


def quoted(path: Path) -> str:
    """Return a path as it stands between the quotes of a SQL literal."""
    return str(path).replace("'", "''")
