"""Django's PostgreSQL, which keeps plans, and finds out for less whether a connection still lives."""

import select

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper


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
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]  # stubs of psycopg 2
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined, no-any-return]
