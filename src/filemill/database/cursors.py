"""Cursors for the few statements that run for each request or job."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """Return a cursor for statements written by hand; PostgreSQL plans each of them once and keeps the plan.

    Their values go apart from the words, so where a value does not say of which type it is, a cast has to.
    """
    return getattr(connection, "prepared_cursor", connection.cursor)()


def one_row(query: str, values: Sequence[str | UUID]) -> tuple[Any, ...] | None:
    """Return the first row that a statement finds, which changes nothing and is asked often; None for none."""
    if hasattr(connection, "one_row"):
        row: tuple[Any, ...] | None = connection.one_row(query, values)
        return row
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
