"""Django's PostgreSQL, which keeps plans, and finds out for less whether a connection still lives."""

import itertools
import select
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg import Connection, Cursor, Error
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import ExecStatus, TransactionStatus

_numbers = itertools.count()
# Of each connection: the statements that it has a plan of, and its name.
_plans: WeakKeyDictionary[Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


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

    def one_row(self, query: str, values: Sequence[str | UUID]) -> tuple[Any, ...] | None:
        """Return the first row that a statement finds, which changes nothing, None for none.

        It goes by libpq alone where all is well and nobody listens, for a third of the time. Where not, a cursor asks
        again and says what is wrong.
        """
        is_heard = self.in_atomic_block or self.execute_wrappers or self.queries_logged
        if not is_heard and self.settings_dict["OPTIONS"].get("prepare_threshold") is not None:
            with suppress(Error):
                self.close_if_health_check_failed()
                self.ensure_connection()
                found = self._run_prepared(query, [str(value).encode() for value in values])
                if found is not None and found.status == ExecStatus.TUPLES_OK:
                    return self._first_of(found)
        with self.prepared_cursor() as cursor:
            cursor.execute(query, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row

    def _run_prepared(self, query: str, values: list[bytes]) -> Any:  # noqa: ANN401  # a result, with or without C
        plans = _plans.setdefault(self.connection, {})
        connection = self.connection.pgconn
        if query not in plans:
            name, first, *others = f"filemill_{next(_numbers)}".encode(), *query.split("%s")
            words = first + "".join(f"${number}{other}" for number, other in enumerate(others, 1))
            if connection.prepare(name, words.encode()).status != ExecStatus.COMMAND_OK:
                return None
            plans[query] = name
        found = connection.exec_prepared(plans[query], values)
        if found.status != ExecStatus.TUPLES_OK:  # a pooler has thrown the plan away, or a migration undone it
            plans.clear()
        return found

    def _first_of(self, found: Any) -> tuple[Any, ...] | None:  # noqa: ANN401  # as above
        if not found.ntuples:
            return None
        loading = Transformer(self.connection)
        loading.set_pgresult(found)
        return loading.load_row(0, tuple)
