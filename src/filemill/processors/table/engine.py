"""DuckDB, shut in: it reads one file and one folder, loads nothing, and its settings cannot be changed any more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from filemill.processors.table.bounds import Bounds

Connection = duckdb.DuckDBPyConnection


class Irregular(Exception):
    """DuckDB cannot read the file as it was told to; the message is its own, and meant for no user."""

    def __init__(self, message: str, *, about_types: bool = False) -> None:
        super().__init__(message)
        self.about_types = about_types


@contextmanager
def connected(source: Path, workspace: Path, size: int, bounds: Bounds) -> Iterator[Connection]:
    """Give a database in memory that can reach this file and this folder only."""
    spill = workspace / "spill"
    threads = 1 if size < bounds.one_thread_bytes else min(os.cpu_count() or 1, bounds.most_threads)
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            # Eight more would only wait for disks.
            "async_threads": 0,
            "memory_limit": f"{bounds.engine_bytes}B",
            "temp_directory": str(spill),
            "max_temp_directory_size": f"{bounds.copied_bytes}B",
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    with connection:
        for setting in (
            "TimeZone = 'UTC'",
            f"allowed_paths = [{literal(source)}]",
            f"allowed_directories = [{literal(workspace)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        yield connection


@contextmanager
def reading() -> Iterator[None]:
    """Tell apart what is wrong with the file, and what this machine could not do."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryError from error
    except duckdb.Error as error:
        raise Irregular(str(error), about_types=isinstance(error, duckdb.ConversionException)) from error


def literal(value: object) -> str:
    """Return a value as a string of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'
