"""Django's PostgreSQL, which finds out for less whether a connection still lives."""

import select

from django.db.backends.postgresql import base


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
