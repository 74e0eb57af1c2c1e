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


_prepared: list[Connection] = []


def prepare() -> None:
    """Open a database for the next who asks for one: it takes 30 ms, which children of this process then save."""
    if not _prepared:
        _prepared.append(_opened())


def _opened() -> Connection:
    return duckdb.connect(
        ":memory:",
        config={
            # The only one: a process that is forked takes no other along.
            "threads": 1,
            # Eight more would only wait for disks.
            "async_threads": 0,
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        },
    )


@contextmanager
def connected(source: Path, workspace: Path, size: int, bounds: Bounds) -> Iterator[Connection]:
    """Give a database in memory that can reach this file and this folder only."""
    threads = 1 if size < bounds.one_thread_bytes else min(os.cpu_count() or 1, bounds.most_threads)
    with _prepared.pop() if _prepared else _opened() as connection:
        for setting in (
            f"threads = {threads}",
            f"memory_limit = '{bounds.engine_bytes}B'",
            f"temp_directory = {literal(workspace / 'spill')}",
            f"max_temp_directory_size = '{bounds.copied_bytes}B'",
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
