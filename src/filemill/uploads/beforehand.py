"""Whether there is room for an upload that is not here yet, beside all others of its owner."""

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from filemill.accounts import usage
from filemill.accounts.caller import Caller
from filemill.core.upload_errors import TooManyUploads
from filemill.files import keep, unfinished
from filemill.uploads.body import Body
from filemill.uploads.known import PARTIAL
from filemill.uploads.models import Upload
from filemill.uploads.rules import check_size


def check_beforehand(caller: Caller, length: int | None, instead_of: Collection[UUID] = (), here: int = 0) -> None:
    """Refuse an upload that could not be kept once it is whole, or for which there is no room now.

    Uploads that it is made `instead_of`, or is itself, take no room beside it; so many of its bytes are `here`.
    """
    check_size(length or 0)
    keep.check_room((length or 0) - here)
    check_quota(caller.owner_id, length or 0, instead_of)


def check_number(owner_id: int | None) -> None:
    """Raise TooManyUploads where an owner, or everybody in an open service, has begun as many as may be unfinished."""
    begun = Upload.objects.filter(owner_id=owner_id, finished_at=None).count()
    if begun >= settings.FILEMILL.max_unfinished_uploads:
        raise TooManyUploads(
            f"You have {begun:,} unfinished uploads. Complete some, DELETE some, or wait until they expire."
        )


def check_quota(owner_id: int | None, size: int, instead_of: Collection[UUID] = ()) -> None:
    """Raise QuotaExceeded where a file of this size would not fit in beside what is on its way."""
    if owner_id is None:
        return
    standing = usage.standing(owner_id)
    if standing.quota_bytes is None and standing.quota_files is None:
        return
    others = _under_way(owner_id, instead_of)
    found = others.aggregate(bytes=Sum("length"), files=Count("pk", filter=~Q(said_concat=PARTIAL)))
    if standing.quota_files is not None and standing.files + found["files"] >= standing.quota_files:
        raise standing.refusal()
    room = standing.room()
    if room is not None and room - (found["bytes"] or 0) - _unannounced(others) < size:
        raise standing.refusal()


def bound_by_what_is_left(body: Body, owner_id: int | None) -> None:
    """Bound a body of an upload whose length nobody knows by its owner's room."""
    if owner_id is None or not body:
        return
    standing = usage.standing(owner_id)
    if (room := standing.room()) is not None:
        others = _under_way(owner_id)
        left = room - (others.aggregate(sum=Sum("length"))["sum"] or 0) - _unannounced(others)
        body.bound(max(left, 0), standing.refusal())


def _under_way(owner_id: int, instead_of: Collection[UUID] = ()) -> QuerySet[Upload]:
    return Upload.objects.filter(owner_id=owner_id, finished_at=None).exclude(pk__in=instead_of)


def _unannounced(uploads: QuerySet[Upload]) -> int:
    """Return how many bytes are here of those that did not say how many they will be."""
    found = 0
    for upload_id in uploads.filter(length=None).values_list("pk", flat=True):
        with suppress(FileNotFoundError):
            found += unfinished.size_of(upload_id)[0]
    return found
