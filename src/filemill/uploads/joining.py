"""A file put together from partial uploads, which came side by side (concatenation in tus)."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone

from filemill.accounts.caller import Caller, party_of
from filemill.core.errors import FieldError, Invalid, NotFound, Refused
from filemill.files import keep, transfers
from filemill.files.unfinished import Turn
from filemill.processing.queues import identifier
from filemill.uploads.beforehand import check_beforehand
from filemill.uploads.known import PARTIAL, find, known
from filemill.uploads.models import Upload
from filemill.uploads.receive import FRESH_SECONDS, Along, file_of, finish
from filemill.uploads.resumable import Stand
from filemill.uploads.rules import add


def join(request: WSGIRequest, caller: Caller, upload: Upload, part_ids: Sequence[UUID]) -> Stand:
    """Make a file of partial uploads that are whole, in their order, and end them.

    A client that asks for the same once more, for it lost the answer, gets the file that was made.
    """
    upload.owner_id = caller.owner_id
    if (made := _made_before(upload)) is not None:
        return made
    try:
        return _join(request, caller, upload, part_ids)
    except Refused:
        if (made := _made_before(upload)) is not None:  # by whoever asked for the same at the same time
            return made
        raise


def _join(request: WSGIRequest, caller: Caller, upload: Upload, part_ids: Sequence[UUID]) -> Stand:
    stale_at = time.monotonic() + FRESH_SECONDS
    with ExitStack() as open_parts, transfers.transfer(party_of(request)):
        turns = {each: open_parts.enter_context(_part(caller, each)) for each in dict.fromkeys(part_ids)}
        upload.length = sum(turns[each].size for each in part_ids)
        check_beforehand(caller, upload.length, instead_of=turns)
        with keep.Incoming() as incoming:
            for each in part_ids:
                for piece in turns[each].pieces():
                    add(incoming, piece)
            for each in sorted(turns):  # in one order, lest two wait for each other
                open_parts.enter_context(turns[each].held())
            if (made := _made_before(upload)) is not None:
                return made
            upload.id, upload.finished_at = incoming.id, timezone.now()
            file = file_of(incoming, caller, upload.name, upload.declared_type, upload.metadata)
            finish(incoming, file, caller, stale_at, along=_ending(turns), beside=lambda _file: [upload])
        _end(turns)
    return Stand(known(upload), file.size, 0.0, file)


def _made_before(upload: Upload) -> Stand | None:
    recent = timezone.now() - timedelta(seconds=settings.FILEMILL.upload_expire_seconds)
    same = {"said_concat": upload.said_concat, "said_metadata": upload.said_metadata, "owner_id": upload.owner_id}
    made = Upload.objects.filter(created_at__gt=recent, **same).exclude(finished_at=None).first()
    return Stand(known(made), made.length or 0, 0.0) if made else None


def _ending(parts: Collection[UUID]) -> Along:
    # They stay known: a client that lost the answer looks for the parts first, and would send anew what nobody knows.
    places = ", ".join(["%s"] * len(parts))
    statement = f"UPDATE uploads_upload SET finished_at = %s WHERE id IN ({places})"  # noqa: S608  # no values
    return statement, [timezone.now(), *map(identifier, parts)]


def _end(turns: Mapping[UUID, Turn]) -> None:
    # The file is there: what cannot be removed now must not hide it, and expires.
    for turn in turns.values():
        with suppress(OSError):
            turn.end()


def _part(caller: Caller, part_id: UUID) -> Turn:
    try:
        part = find(caller, part_id)
    except NotFound:
        raise _wrong(f"There is no upload {part_id} of yours.") from None
    if part.said_concat != PARTIAL:
        raise _wrong(f"The upload {part_id} is no partial one.")
    if part.finished_at is not None:
        raise _wrong(f"The partial upload {part_id} has become a file, with others.")
    turn = Turn(part.id, hashes=False)
    if turn.size != part.length:
        turn.close()
        raise _wrong(f"The partial upload {part_id} is not whole yet.")
    return turn


def _wrong(detail: str) -> Invalid:
    return Invalid(detail, (FieldError("Upload-Concat", "invalid", detail),))
