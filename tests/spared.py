"""What the tests are spared: work that would be done anew for each of them, and come to the same each time."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

# A migration fills them, and no test changes them; to fill them anew takes longer than most tests do.
_FILLED_BY_MIGRATIONS = {"django_content_type", "auth_permission"}


@pytest.fixture(scope="session", autouse=True)
def spared() -> Iterator[None]:
    """Spare all tests what they can be spared."""
    from django.conf import settings
    from django.contrib.auth import hashers
    from django.test import TransactionTestCase
    from whitenoise.middleware import WhiteNoiseMiddleware

    look_for_static_files = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def know_static_files(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look_for_static_files(middleware)
            found.update(middleware.files)
        middleware.files = found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: _empty_the_database())
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", know_static_files)  # each client has its own
        patch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        hashers.get_hashers.cache_clear()
        yield


def _empty_the_database() -> None:
    """Delete what a test committed; TRUNCATE would take PostgreSQL far longer for so few rows."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _deletions():
            cursor.execute(statement)


@cache
def _deletions() -> list[str]:
    from django.db import connection

    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    deletions = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(tables - _FILLED_BY_MIGRATIONS)]
    # Not by connection.vendor, with which a test may pretend while its database is emptied for the first time.
    return ["; ".join(deletions)] if connection.settings_dict["ENGINE"].endswith("postgresql") else deletions
