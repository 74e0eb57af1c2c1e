"""Uploads that may be resumed, whatever the dialect: created, added to, completed into a file, ended."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, IntegrityError
from django.utils import timezone

from filemill.accounts import tokens
from filemill.accounts.caller import Caller, party_of
from filemill.core.errors import (
    DigestMismatch,
    DiskFull,
    IncompleteBody,
    LengthRequired,
    QuotaExceeded,
    Refused,
    TooLarge,
    TooSlow,
)  # fmt: skip
from filemill.core.resuming_errors import InconsistentLength, OffsetMismatch, UploadCompleted, UploadGone
from filemill.core.upload_errors import TypeNotAccepted
from filemill.files import keep, transfers, unfinished
from filemill.files.insertion import Insertion
from filemill.files.models import File
from filemill.files.unfinished import BRIEF_SECONDS, PATIENCE_SECONDS, Turn
from filemill.processing.queues import identifier
from filemill.uploads.beforehand import bound_by_what_is_left, check_beforehand, check_number
from filemill.uploads.body import PIECE_BYTES, Body, digests_of
from filemill.uploads.known import PARTIAL, Known, find, known
from filemill.uploads.models import Protocol, Upload
from filemill.uploads.receive import FRESH_SECONDS, Along, file_of, finish
from filemill.uploads.rules import SMALL_BYTES, add
from filemill.uploads.types import check_claim

log = structlog.get_logger(__name__)

CONTENT_DIGEST = ("Content-Digest",)  # of what one request carries; Repr-Digest is of the whole upload
_FINISHED = "UPDATE uploads_upload SET finished_at = %s, length = %s WHERE id = %s"


@dataclass
class Stand:
    """How far an upload is; `file` is what it became, where this very request completed it."""

    upload: Known
    offset: int
    last_byte_at: float
    file: File | None = None


Expect = Callable[[Body], None]  # says by which digest a body is to be verified, beside Content-Digest


def check_digest(header: str) -> None:
    """Raise BrokenBody for a Repr-Digest that cannot be read."""
    digests_of("Repr-Digest", header)


def create(request: WSGIRequest, caller: Caller, upload: Upload, expect: Expect) -> Stand:
    """Create an upload, with the bytes that the request carries; one that is whole by them is a file at once."""
    stale_at = time.monotonic() + FRESH_SECONDS
    upload.owner_id = caller.owner_id
    check_claim(upload.declared_type)
    body = _body(request, known(upload), 0, expect)
    is_whole = known(upload).is_whole_with == (body.length or 0)
    if not is_whole or (body.length or 0) > SMALL_BYTES:  # a small one costs less than the look
        check_beforehand(caller, upload.length)
    if is_whole:
        return _create_whole(request, caller, upload, body, stale_at)
    check_number(upload.owner_id)
    unfinished.create(upload.id)
    with Turn(upload.id) as turn:
        try:
            _insert(upload, caller)  # first, so that others who come meanwhile see what it takes
            if body:
                with transfers.transfer(party_of(request)):
                    _add_all(turn, body)
            stand = Stand(known(upload), turn.size, turn.last_byte_at)
            if turn.size == stand.upload.is_whole_with:
                stand.file = _complete(turn, stand.upload, caller, stale_at)
        except BaseException:  # nobody was told of it
            with suppress(OSError, Refused, DatabaseError), turn.held():
                turn.end()
                Upload.objects.filter(pk=upload.id, finished_at=None).delete()
            raise
    return stand


@dataclass(frozen=True)
class Piece:
    """What a request says of the bytes that it adds: where they belong, how long the whole is, whether they end it."""

    offset: int
    length: int | None
    ends: bool = False


def append(request: WSGIRequest, caller: Caller, upload: Known, given: Piece, expect: Expect) -> Stand:
    """Add what a request carries; complete the upload where it is whole by that, or is said to be."""
    stale_at = time.monotonic() + FRESH_SECONDS
    with transfers.transfer(party_of(request)), _turn(caller, upload) as turn:
        if given.offset != turn.size:
            raise OffsetMismatch(turn.size, given.offset)
        if upload.length is None:  # somebody may have told it while this waited
            upload = find(caller, upload.id)
        if given.length is not None:
            upload = _with_length(turn, caller, upload, given.length)
        body = _body(request, upload, given.offset, expect)
        if given.ends and upload.length is None and not body.is_verifiable:
            raise LengthRequired("Say by Content-Length, Upload-Length or Content-Digest where the last bytes end.")
        try:
            _add_all(turn, body)
        except (IncompleteBody, TooSlow) as error:
            raise type(error)(f"The bytes stopped. {turn.size} are kept; ask by HEAD, and go on from there.") from error
        if given.ends and upload.length not in {None, turn.size}:  # in chunks, nothing else tells that they broke off
            raise IncompleteBody(f"{turn.size} of {upload.length} bytes are here. Ask by HEAD, and go on from there.")
        stand = Stand(upload, turn.size, time.time())
        if turn.size == upload.is_whole_with or given.ends:
            stand.file = _complete(turn, upload, caller, stale_at)
    return stand


def look(caller: Caller, upload: Known) -> Stand:
    """Say how far an upload is, once nobody else writes to it; complete what is whole but was not completed."""
    if upload.finished_at is None:
        try:
            return _look(caller, upload)
        except UploadCompleted:  # while this waited
            upload = find(caller, upload.id)
    return Stand(upload, upload.length or 0, 0.0)


def _look(caller: Caller, upload: Known) -> Stand:
    stale_at = time.monotonic() + FRESH_SECONDS
    with _turn(caller, upload, BRIEF_SECONDS) as turn:
        stand = Stand(upload, turn.size, turn.last_byte_at)
        if turn.size == upload.is_whole_with:
            # Whoever sent the last byte was not answered, and a client that finds all bytes here asks for no more.
            # If it cannot be completed now the bytes are here all the same, and the next PATCH is told why.
            try:
                stand.file = _complete(turn, upload, caller, stale_at)
            except (TooLarge, QuotaExceeded, TypeNotAccepted, DiskFull):
                pass
            except (DatabaseError, OSError):
                log.warning("a whole upload could not be completed", upload_id=str(upload.id), exc_info=True)
            stand.offset = turn.size  # fewer where the disk could not write them
    return stand


def terminate(caller: Caller, upload: Known) -> None:
    """End an upload, and whatever still writes to it; a file that it became stays."""
    if upload.finished_at is None:
        with suppress(UploadGone, UploadCompleted), _turn(caller, upload, BRIEF_SECONDS) as turn, turn.held():
            if turn.is_moved:
                keep.remove(keep.original_name(upload.id), had_row=False)
            turn.end()
    Upload.objects.filter(pk=upload.id).delete()


def _create_whole(request: WSGIRequest, caller: Caller, upload: Upload, body: Body, stale_at: float) -> Stand:
    with transfers.transfer(party_of(request)), keep.Incoming() as incoming:
        while piece := body.read(PIECE_BYTES):
            add(incoming, piece)
        body.verify()
        upload.id, upload.finished_at = incoming.id, timezone.now()
        file = file_of(incoming, caller, upload.name, upload.declared_type, upload.metadata)
        finish(incoming, file, caller, stale_at, beside=lambda _file: [upload])
    return Stand(known(upload), file.size, time.time(), file)


def _insert(upload: Upload, caller: Caller) -> None:
    try:
        Insertion(upload).run()
    except IntegrityError:
        tokens.confirm(caller)  # the owner went meanwhile
        raise


def _turn(caller: Caller, upload: Known, patience: float = PATIENCE_SECONDS) -> Turn:
    if upload.finished_at is not None:
        raise completed(upload)
    try:
        turn = Turn(upload.id, hashes=upload.said_concat != PARTIAL, patience=patience)
    except UploadGone:
        if find(caller, upload.id).finished_at is not None:
            raise completed(upload) from None
        raise
    # Where its bytes lie like a file's there may be a file: the commit came after the look at the row.
    with ExitStack() as undo:
        undo.callback(turn.close)
        if turn.is_moved and find(caller, upload.id).finished_at is not None:
            raise completed(upload)
        undo.pop_all()
    return turn


def completed(upload: Known) -> UploadCompleted | UploadGone:
    """Return what to say to who would add to an upload that is whole."""
    if upload.said_concat == PARTIAL:
        return UploadGone("This partial upload has become a file, with others.")
    return UploadCompleted("This upload is complete, and a file by now.", f"/files/{upload.id}/")


def _body(request: WSGIRequest, upload: Known, offset: int, expect: Expect) -> Body:
    limit = settings.FILEMILL.max_upload_bytes
    body = Body(request, limit - offset, CONTENT_DIGEST)
    if upload.length is None:
        bound_by_what_is_left(body, upload.owner_id)
    else:
        words = (
            f"The upload has {upload.length} bytes, {offset} of them are here, and the request brings more than that."
        )
        body.bound(
            upload.length - offset, TooLarge(words) if upload.protocol == Protocol.TUS else InconsistentLength(words)
        )
    expect(body)
    return body


def _with_length(turn: Turn, caller: Caller, upload: Known, length: int) -> Known:
    """Note the length of an upload that began without one; raise InconsistentLength where it has another."""
    if upload.length == length:
        return upload
    if upload.length is not None:
        raise InconsistentLength(f"The upload has {upload.length} bytes by what was said before, not {length}.")
    if length < turn.size:
        raise InconsistentLength(f"{turn.size} bytes of the upload are here already, more than {length}.")
    check_beforehand(caller, length, instead_of=[upload.id], here=turn.size)
    with turn.held():  # whoever has the turn next reads the row anew
        Upload.objects.filter(pk=upload.id, length=None).update(length=length)
    return upload._replace(length=length)


def _add_all(turn: Turn, body: Body) -> None:
    if body.has_digests:
        turn.doubt()
    try:
        while piece := body.read(PIECE_BYTES):
            add(turn, piece)
        body.verify()
    except Refused:
        turn.cut_back()
        raise
    turn.trust()


def _complete(turn: Turn, upload: Known, caller: Caller, stale_at: float) -> File:
    with turn.held():
        file = file_of(turn, caller, upload.name, upload.declared_type, upload.metadata)
        if not _is_as_said(turn, file.sha256, upload.digest):
            turn.end()
            Upload.objects.filter(pk=upload.id).delete()
            raise DigestMismatch("The whole upload does not have the Repr-Digest that was sent. Nothing was kept.")
        along: Along = (_FINISHED, [timezone.now(), file.size, identifier(upload.id)])
        finish(turn, file, caller, stale_at, along=along)
        with suppress(OSError):  # what is left the sweep removes
            turn.end()
    return file


def _is_as_said(turn: Turn, sha256: str, header: str) -> bool:
    for digest, value in digests_of("Repr-Digest", header):
        if digest.name == "sha256":
            found = bytes.fromhex(sha256)
        else:
            for piece in turn.pieces():
                digest.update(piece)
            found = digest.digest()
        if found != value:
            return False
    return True
