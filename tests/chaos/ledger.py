"""The service's database as the chaos looks at it: from outside, through SQL that both databases know."""

import sqlite3
from typing import Any

import psycopg

PATIENCE_SECONDS = 20
TROUBLE = (psycopg.Error, sqlite3.Error)

# Constraints hold the rows to one per name; only a note of each success shows that one was written twice.
WATCH_POSTGRES = """
CREATE TABLE chaos_success (job_id uuid NOT NULL);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO chaos_success VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER chaos AFTER UPDATE OF state ON processing_job FOR EACH ROW
    WHEN (NEW.state = 'succeeded') EXECUTE FUNCTION chaos_note();
"""
WATCH_SQLITE = """
CREATE TABLE chaos_success (job_id TEXT NOT NULL);
CREATE TRIGGER chaos AFTER UPDATE OF state ON processing_job WHEN NEW.state = 'succeeded'
    BEGIN INSERT INTO chaos_success VALUES (NEW.id); END;
"""


class Ledger:
    """A connection for each question: the server may have gone since the last."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.is_postgres = address.startswith("postgres")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        connection = self.connect()
        try:
            return list(connection.execute(statement).fetchall())
        finally:
            connection.close()

    def watch(self) -> None:
        """Have the database note each success of a job."""
        connection = self.connect()
        run = connection.execute if self.is_postgres else connection.executescript
        run(WATCH_POSTGRES if self.is_postgres else WATCH_SQLITE)
        connection.close()

    def seconds(self, column: str) -> str:
        """Return the expression for a time column as seconds since 1970."""
        return f"EXTRACT(EPOCH FROM {column})" if self.is_postgres else f"((JULIANDAY({column}) - 2440587.5) * 86400)"

    def connect(self) -> Any:  # two libraries, one protocol
        """Open a connection that commits each statement by itself."""
        if self.is_postgres:
            return psycopg.connect(self._address, autocommit=True, connect_timeout=PATIENCE_SECONDS)
        return sqlite3.connect(self._address, timeout=PATIENCE_SECONDS, isolation_level=None)
