"""The feed: what happened, in order, to those who come back for what they have not seen."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
from django.conf import settings
from django.db import connection
from django.utils import timezone

from filemill.accounts.caller import Caller
from filemill.core.errors import ExpiredCursor, InvalidCursor
from filemill.events.models import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Below the oldest transaction that still runs all have ended: none can put an event between those that were read.
_IS_SETTLED = {"postgresql": "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint", "sqlite": "xid = 0"}
# SQLite finds only the first of two columns in an index; there ids are the whole order.
_FROM = {"postgresql": "(xid, id) >= (%s, %s)", "sqlite": "xid >= %s AND id >= %s"}
_READ = "SELECT id, xid, file_id, what, at FROM events_event WHERE {whose} AND {is_settled}"
_ONWARDS = f"{_READ} AND {{start}} ORDER BY xid, id LIMIT %s"
_LAST = f"{_READ} ORDER BY xid DESC, id DESC LIMIT 1"


class Place(NamedTuple):
    """The last event that a reader knows, found again by its time; 0, 0 and the present where there was none yet.

    A database that was put back to an earlier state counts anew, but not at the same microseconds.
    """

    xid: int
    id: int
    at: int

    def encode(self) -> str:
        """Return the cursor for it, as URL-safe text."""
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode()

    @classmethod
    def decode(cls, text: str) -> "Place":
        """Return the place of a cursor; raise InvalidCursor for what is none."""
        try:
            numbers = orjson.loads(base64.b64decode(text, altchars=b"-_", validate=True))
            place = cls(*numbers)
        except (ValueError, TypeError) as error:
            raise InvalidCursor(_NO_CURSOR) from error
        if not all(type(each) is int and -(2**63) <= each < 2**63 for each in place):
            raise InvalidCursor(_NO_CURSOR)
        return place


_NO_CURSOR = "This cursor was not made by this feed. Begin with `after=now`, or without `after`."
_EXPIRED = "What followed on this cursor is not all kept any more. Begin with `after=now`, and load what you show anew."


@dataclass(frozen=True)
class Page:
    """Some events, the cursor to ask for those after them, and whether there are any yet."""

    events: Sequence[Event]
    after: str
    more: bool


def page(caller: Caller, after: str | None, size: int) -> Page:
    """Return the events after a cursor, the earliest that are kept for None; raise ExpiredCursor where some are gone.

    All of them or none: what one of them hides behind is read later, in its order, and nothing is read twice.
    """
    here = Place(0, 0, _microseconds(timezone.now()))
    if after is None:
        return _page(here, _onwards(caller, here, size + 1), size)
    place = Place.decode(after)
    if place[:2] == (0, 0):
        if place.at < here.at - settings.FILEMILL.event_seconds * 10**6:
            raise ExpiredCursor(_EXPIRED)
        return _page(here, _onwards(caller, place, size + 1), size)
    # Events go in their order, so where the one that the reader knows is there, all after it are.
    found = _onwards(caller, place, size + 2)
    if not found or _place_of(found[0]) != place:
        raise ExpiredCursor(_EXPIRED)
    return _page(place, found[1:], size)


def now(caller: Caller) -> Page:
    """Return no event, and the cursor for all that are still to come."""
    here = Place(0, 0, _microseconds(timezone.now()))
    last = _read(_LAST, caller, [])
    return Page([], (_place_of(last[0]) if last else here).encode(), more=False)


def _page(here: Place, found: Sequence[Event], size: int) -> Page:
    events = found[:size]
    last = _place_of(events[-1]) if events else here
    return Page(events, last.encode(), more=len(found) > size)


def _onwards(caller: Caller, place: Place, count: int) -> list[Event]:
    return _read(_ONWARDS, caller, [place.xid, place.id, count])


def _read(statement: str, caller: Caller, values: Sequence[int]) -> list[Event]:
    whose, owner = ("TRUE", []) if caller.sees_all else ("owner_id = %s", [caller.owner_id])
    words = {"whose": whose, "is_settled": _IS_SETTLED[connection.vendor], "start": _FROM[connection.vendor]}
    return list(Event.objects.raw(statement.format(**words), [*owner, *values]))


def _place_of(event: Event) -> Place:
    return Place(event.xid, event.pk, _microseconds(event.at))


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
