"""Where a job waits: in which queue, in which of its lanes, and when its turn comes among those of other owners."""

from functools import lru_cache
from uuid import UUID

from django.db import connection, models
from django.db.models.expressions import RawSQL

OLDEST_EACH = 8  #: of so many claims in a row one takes what has waited longest, whatever its lane and turn
LITTLE = 20  #: an owner of fewer waiting jobs has nothing put off
WAITING_TOO_LONG_SECONDS = 60  #: while no worker is at anything: then there is none

NOBODY = 0  #: whose turns the files of an open service take
FRONT = 0  #: the turn of what has had one; all others begin at 1


class Queue(models.TextChoices):
    """What kind of work it is; each has bells of its own."""

    QUICK = "quick"
    HEAVY = "heavy"


class Lane(models.IntegerChoices):
    """What comes first within a queue; the greater number."""

    NEW = 0
    LATER = -1


def queue_for(*, heavy: bool) -> Queue:
    """Return the queue for a kind of work."""
    return Queue.HEAVY if heavy else Queue.QUICK


# By hand, and each built once: what runs for every file would else be composed anew for every file, which takes ten
# times as long as it runs. States stand in the text, for only so SQLite sees that an index of the queued ones will do.
_WORDS = {
    "postgresql": {
        "now": "STATEMENT_TIMESTAMP()",
        "in_seconds": "STATEMENT_TIMESTAMP() + %s * INTERVAL '1 second'",
        "greatest": "GREATEST",
    },
    "sqlite": {
        "now": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
        "in_seconds": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', %s || ' seconds')",
        "greatest": "MAX",
    },
}

# Each index of the queued jobs also asks for something that always holds, and only statements that say it can use that
# index. Of several that would do PostgreSQL might else take one that it has to sort: it learns late how many jobs wait.
IN_TURN = "turn >= 0"
IN_TIME = "attempts >= 0"
OF_ONE = "turn_of >= 0"

# One after the owner's last, or, where the owner has none, beside whoever is next: what came before costs nobody. What
# waits at the front says nothing of the turn that is served now.
_TURN = f"""
{{greatest}}(
  COALESCE((SELECT turn FROM processing_job WHERE state = 'queued' AND queue = %s AND priority = %s
            AND due_at <= {{now}} AND {IN_TURN} AND turn > {FRONT} ORDER BY turn LIMIT 1), 1),
  COALESCE((SELECT turn + 1 FROM processing_job WHERE state = 'queued' AND queue = %s AND priority = %s
            AND turn_of = %s AND {OF_ONE} ORDER BY turn DESC LIMIT 1), 1))
"""  # noqa: S608  # words of ours alone, here and below
_WAITING = f"""
SELECT COUNT(*) FROM (SELECT 1 FROM processing_job WHERE state = 'queued' AND turn_of = %s AND {OF_ONE}
                      ORDER BY turn_of, queue, priority, turn LIMIT %s) few
"""  # noqa: S608


@lru_cache(maxsize=256)
def worded(statement: str, **parts: str) -> str:
    """Return a statement in the words of the database, with further parts."""
    return statement.format(**_WORDS[connection.vendor], **parts)


def turn_in(queue: Queue, lane: int, turn_of: int) -> RawSQL:
    """Return the turn of a job that its owner puts at the end of what waits, for whoever writes its row."""
    return RawSQL(worded(_TURN), (queue, lane, queue, lane, turn_of), models.BigIntegerField())  # noqa: S611  # ours


def lane_for_again(turn_of: int) -> Lane:
    """Return the lane for what an owner wants processed again: a few files go among the new ones, many after them."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [turn_of, LITTLE])
        return Lane.NEW if cursor.fetchone()[0] < LITTLE else Lane.LATER


def identifier(value: UUID) -> UUID | str:
    """Return a UUID as the database keeps it."""
    return value if connection.features.has_native_uuid_field else value.hex


def of_identifier(kept: UUID | str) -> UUID:
    """Return the UUID that the database keeps."""
    return kept if isinstance(kept, UUID) else UUID(kept)
