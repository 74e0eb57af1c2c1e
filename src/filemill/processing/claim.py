"""Which job is next: of a queue's due jobs the one of the first lane whose turn it is; the one move that starts it."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from filemill.database.cursors import prepared_cursor
from filemill.events.models import What
from filemill.events.tell import telling
from filemill.processing.lease import Claim, Original
from filemill.processing.queues import IN_TIME, IN_TURN, Queue, identifier, of_identifier, worded
from filemill.processing.states import START

Order = dict[str, str]  #: the columns, and what only the index that has them wants to be said

_BY_TURN = {"order": "priority DESC, turn, id", "only": IN_TURN}
_LONGEST_FIRST = {"order": "due_at", "only": IN_TIME}
_DUE = f"({START.guard}) AND queue = %s AND due_at <= {{now}}"
_STARTED = f"""
{START.made}, token = %s, lease_until = {{in_seconds}}, attempts = attempts + 1,
started_at = {{now}}, finished_at = NULL, progress = NULL, progress_words = ''
"""
# What ranks above queued (a required job that failed, one that runs) hides this start, and nothing ranks below.
_SHOWN = "status = 'processing'"
_UNSHOWN = "status = 'queued'"
_HAS_OTHERS = "EXISTS (SELECT 1 FROM processing_job o WHERE o.file_id = j.file_id AND o.id <> j.id)"
# In an order, for PostgreSQL would else read the table from its start, hoping to meet one soon.
_ANY = f"SELECT 1 FROM processing_job WHERE {_DUE} AND {IN_TIME} ORDER BY due_at LIMIT 1"  # noqa: S608  # here and below: words of ours alone

# Both rows or neither: whoever holds a file's row may want its jobs', so waiting for one could deadlock.
_CLAIM = f"""
WITH next AS (
  SELECT j.id, j.file_id, j.state, f.status FROM processing_job j JOIN files_file f ON f.id = j.file_id
  WHERE {_DUE} AND {{only}} ORDER BY {{order}} LIMIT 1 FOR NO KEY UPDATE OF j, f SKIP LOCKED
), started AS (
  UPDATE processing_job j SET {_STARTED} FROM next WHERE j.id = next.id AND (next.{START.guard})
  RETURNING j.id, j.file_id, j.processor, j.attempts
), shown AS (
  UPDATE files_file f SET {_SHOWN} FROM next WHERE f.id = next.file_id AND next.{_UNSHOWN} RETURNING f.id, f.owner_id
), told AS (
  {telling(What.PROCESSING, "shown")}
)
SELECT j.id, j.processor, j.attempts, f.id, f.file, f.name, f.size, f.media_type, {_HAS_OTHERS},
  (SELECT COUNT(*) FROM (SELECT 1 FROM processing_job WHERE {_DUE} AND {IN_TIME} ORDER BY due_at LIMIT 2) due) > 1
FROM started j JOIN files_file f ON f.id = j.file_id
"""  # noqa: S608

# SQLite lets one write at a time: who looks first, and only then asks for its turn, may find the job taken.
_LOOK = f"""
SELECT j.id, j.processor, j.attempts + 1, f.id, f.file, f.name, f.size, f.media_type, {_HAS_OTHERS},
  (SELECT COUNT(*) FROM (SELECT 1 FROM processing_job WHERE {_DUE} AND {IN_TIME} ORDER BY due_at LIMIT 2)) > 1
FROM processing_job j JOIN files_file f ON f.id = j.file_id
WHERE j.id = (SELECT id FROM processing_job WHERE {_DUE} AND {{only}} ORDER BY {{order}} LIMIT 1)
"""  # noqa: S608
_TAKE = f"UPDATE processing_job SET {_STARTED} WHERE id = %s AND ({START.guard}) AND attempts + 1 = %s"  # noqa: S608
_SHOW = f"UPDATE files_file SET {_SHOWN} WHERE id = %s AND {_UNSHOWN}"  # noqa: S608
_TELL = telling(What.PROCESSING, "files_file WHERE id = %s")


def work_is_due(queue: Queue) -> bool:
    """Say whether a job waits in a queue that could start now."""
    with connection.cursor() as cursor:
        cursor.execute(worded(_ANY), [queue])
        return cursor.fetchone() is not None


def next_claim(queue: Queue = Queue.QUICK, *, longest_waiting: bool = False) -> Claim | None:
    """Claim the next due job of a queue for the caller, or the one that waits longest; None where there is none."""
    order = _LONGEST_FIRST if longest_waiting else _BY_TURN
    with prepared_cursor() as cursor:
        return (_claim if connection.vendor == "postgresql" else _look_and_take)(cursor, queue, order)


def _claim(cursor: CursorWrapper, queue: Queue, order: Order) -> Claim | None:
    token = uuid4()
    cursor.execute(worded(_CLAIM, **order), [queue, token, settings.FILEMILL.lease_seconds, queue])
    row = cursor.fetchone()
    return _made(row, token) if row else None


def _look_and_take(cursor: CursorWrapper, queue: Queue, order: Order) -> Claim | None:
    while True:
        cursor.execute(worded(_LOOK, **order), [queue, queue])
        row = cursor.fetchone()
        if row is None:
            return None
        token = uuid4()
        with transaction.atomic():
            cursor.execute(worded(_TAKE), [identifier(token), settings.FILEMILL.lease_seconds, row[0], row[2]])
            if cursor.rowcount:
                cursor.execute(_SHOW, [row[3]])
                if cursor.rowcount:
                    cursor.execute(_TELL, [row[3]])
                return _made(row, token)


def _made(row: tuple[Any, ...], token: UUID) -> Claim:
    job_id, processor, attempts, file_id, stored, name, size, media_type, has_others, more = row
    original = Original(of_identifier(file_id), stored, name, size, media_type)
    return Claim(of_identifier(job_id), original, processor, attempts, token, is_alone=not has_others, more_is_due=more)
