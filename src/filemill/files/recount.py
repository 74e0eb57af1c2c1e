"""Usage counted anew from the files themselves, where somebody changed rows by hand."""

from django.db import connection, transaction

from filemill.accounts import usage
from filemill.accounts.models import Usage

# One statement sees each upload and each deletion either whole or not at all. By `owner_id + 0`, which has no index,
# SQLite reads the table from end to end; by an index it would be five times slower.
_WRONG = """
    SELECT owner_id FROM (
        SELECT owner_id + 0 AS owner_id, SUM(size) AS bytes, COUNT(*) AS files FROM files_file
        WHERE owner_id IS NOT NULL GROUP BY owner_id + 0
        UNION ALL SELECT owner_id, -bytes, -files FROM accounts_usage
    ) counted GROUP BY owner_id HAVING SUM(bytes) <> 0 OR SUM(files) <> 0 ORDER BY owner_id
"""
_RECOUNT = """
    UPDATE accounts_usage
    SET (bytes, files) = (SELECT COALESCE(SUM(size), 0), COUNT(*) FROM files_file WHERE owner_id = %s)
    WHERE owner_id = %s
"""


def miscounted() -> list[int]:
    """Return the owners whose usage is not what their files add up to."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        return [owner_id for (owner_id,) in cursor.fetchall()]


def recount(owner_id: int) -> None:
    """Count an owner's files; uploads and deletions of theirs wait meanwhile."""
    with transaction.atomic():
        usage.begin(owner_id)
        # A statement that waited for the row would still count what was there before it waited.
        Usage.objects.select_for_update().get(pk=owner_id)
        with connection.cursor() as cursor:
            cursor.execute(_RECOUNT, [owner_id, owner_id])
