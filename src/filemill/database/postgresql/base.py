"""Django's PostgreSQL, which keeps plans, and finds out for less whether a connection still lives."""

import select
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import TransactionStatus


class _Cursor(Cursor[Any]):
    """Plans anew what a migration has changed beneath a kept plan, or a pooler has thrown away."""

    def execute(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401  # psycopg's signature
        """Run a statement."""
        try:
            return super().execute(*given, **named)
        except (FeatureNotSupported, InvalidSqlStatementName):  # of a kept plan, which has done nothing yet
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
            super().execute("DEALLOCATE ALL", prepare=False)
            return super().execute(*given, **named)


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes a silent connection for a living one; Django would ask the server in each request."""

    def is_usable(self) -> bool:
        """Say whether the connection can be used, as far as this machine knows.

        A server that ends sends word, and a connection that nobody waits at has nothing else to read. One that is gone
        without a word fails the next statement, as it would fail Django's question.
        """
        if self.connection is None or self.connection.closed:
            return False
        silent = select.poll()
        silent.register(self.connection.fileno(), select.POLLIN)
        return not silent.poll(0) or super().is_usable()

    def prepared_cursor(self) -> CursorWrapper:
        """Return a cursor whose statements the server plans once; an ordinary one where the settings forbid it.

        To plan a claim takes the server twice as long as to carry it out. Django's own statements are too many and too
        different for that, and a plan that knows no values can be a bad one for them.
        """
        if self.settings_dict["OPTIONS"].get("prepare_threshold") is None:
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = _Cursor(self.connection)
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined, no-any-return]
