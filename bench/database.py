"""The service's database, looked at from outside so that looking costs the service next to nothing."""

import sqlite3
from typing import Any

import psycopg

_SQLITE_TIMEOUT_SECONDS = 20


class Database:
    """A connection of its own, opened with the first question."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.is_postgres = address.startswith("postgres")
        self._connection: Any = None

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def number(self, statement: str) -> float:
        """Return the one number that a statement gives."""
        return float(self.ask(statement)[0][0] or 0)

    def seconds(self, column: str) -> str:
        """Return the expression for a time column as seconds since 1970."""
        return f"EXTRACT(EPOCH FROM {column})" if self.is_postgres else f"((JULIANDAY({column}) - 2440587.5) * 86400)"

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Any:  # noqa: ANN401  # two libraries, one protocol
        if self.is_postgres:
            return psycopg.connect(self._address, autocommit=True)
        return sqlite3.connect(self._address, timeout=_SQLITE_TIMEOUT_SECONDS, isolation_level=None)
