"""Events go when they are old, always the earliest first: so where one is still there, so are all that follow it."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from filemill.events.models import Event

GRACE = timedelta(hours=1)  # that events stay longer than is said, for clocks and transactions that take their time
_AHEAD = timedelta(days=1)
_AT_ONCE = 1000
_MOST = 50  # batches, that a sweep gets on to what else it is for

_UP_TO = {  # as feed._FROM
    "postgresql": "DELETE FROM events_event WHERE (xid, id) <= (%s, %s)",
    "sqlite": "DELETE FROM events_event WHERE xid <= %s AND id <= %s",
}
# Of transactions that this PostgreSQL has not had yet: they came with a copy of another's database.
_FOREIGN = """
DELETE FROM events_event WHERE id <= (
  SELECT MAX(id) FROM (
    SELECT id FROM events_event WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint OFFSET 0) f)
"""


def forget_old() -> None:
    """Delete the events that were kept for long enough, and those whose order means nothing in this database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FOREIGN)
        for _ in range(_MOST):
            last = _last_old()
            if last is None:
                return
            cursor.execute(_UP_TO[connection.vendor], last)
            if cursor.rowcount < _AT_ONCE:
                return


def _last_old() -> tuple[int, int] | None:
    """Return the place of the last old one of the earliest events; what is of tomorrow came before a clock was set."""
    earliest = Event.objects.order_by("xid", "id")[:_AT_ONCE]
    kept = timedelta(seconds=settings.FILEMILL.event_seconds) + GRACE
    is_old = Q(at__lt=Now() - kept) | Q(at__gt=Now() + _AHEAD)
    old = Event.objects.filter(is_old, pk__in=earliest.values("pk")).order_by("-xid", "-id")
    return old.values_list("xid", "id").first()
