"""Cursors for the few statements that run for each request or job."""

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """Return a cursor for statements written by hand; PostgreSQL plans each of them once and keeps the plan.

    Their values go apart from the words, so where a value does not say of which type it is, a cast has to.
    """
    return getattr(connection, "prepared_cursor", connection.cursor)()
