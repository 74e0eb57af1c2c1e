"""Whether there is room for an upload that is not here yet, beside all others of its owner."""

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from django.db.models import Sum

from filemill.accounts import usage
from filemill.accounts.caller import Caller
from filemill.core.errors import QuotaExceeded
from filemill.files import keep, unfinished
from filemill.uploads.body import Body
from filemill.uploads.models import Upload
from filemill.uploads.rules import SMALL_BYTES, check_size


def check_beforehand(caller: Caller, length: int | None, instead_of: Collection[UUID] = ()) -> None:
    """Refuse an upload that could not be kept once it is whole, or for which there is no room now.

    Uploads that it is made `instead_of` take no room beside it.
    """
    check_size(length or 0)
    keep.check_room(length or 0)
    if caller.owner_id is None or (length is not None and length <= SMALL_BYTES):
        return
    if (left := _left(caller.owner_id, instead_of)) is not None and left[0] < (length or 0):
        raise left[1]


def bound_by_what_is_left(body: Body, owner_id: int | None) -> None:
    """Bound a body of an upload whose length nobody knows by its owner's room."""
    if owner_id is not None and body and (left := _left(owner_id)) is not None:
        body.bound(max(left[0], 0), left[1])


def _left(owner_id: int, instead_of: Collection[UUID] = ()) -> tuple[int, QuotaExceeded] | None:
    standing = usage.standing(owner_id)
    room = standing.room()
    if room is None:
        return None
    others = Upload.objects.filter(owner_id=owner_id, finished_at=None).exclude(pk__in=instead_of)
    under_way: int = others.aggregate(sum=Sum("length"))["sum"] or 0
    for upload_id in others.filter(length=None).values_list("pk", flat=True):  # they announced nothing
        with suppress(FileNotFoundError):
            under_way += unfinished.size_of(upload_id)[0]
    return room - under_way, standing.refusal()
