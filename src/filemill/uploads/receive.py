"""One upload, from the request's body to a kept file with its first job."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, models, transaction

from filemill.accounts import tokens, usage
from filemill.accounts.caller import Caller, party_of
from filemill.core.errors import LengthRequired, MissingFile, MissingName, NotFound
from filemill.events.models import What
from filemill.files import keep, transfers
from filemill.files.insertion import Insertion
from filemill.files.models import File
from filemill.files.rules import check_metadata
from filemill.files.unfinished import Turn
from filemill.identify.kinds import kind_of
from filemill.identify.quick import identify
from filemill.processing import plan, ring
from filemill.processing.forget import forget
from filemill.uploads.body import MULTIPART_OVERHEAD_BYTES, PIECE_BYTES, Body
from filemill.uploads.multipart import read_multipart
from filemill.uploads.rules import Sink, add, bound_by_quota, check_body_kind, declared_type, name_of_raw_body
from filemill.uploads.types import check_claim, check_type

Vet = Callable[[Mapping[str, str]], None]
Beside = Callable[[File], Iterable[models.Model]]
Arrived = keep.Incoming | Turn  # bytes that are all there, on their way to be a file's
Along = tuple[str, Sequence[Any]]  # an UPDATE, and its values
_Read = tuple[str, str | None, Mapping[str, str]]  # a file's name, its declared type, and the fields beside it
_Reader = Callable[[WSGIRequest, Body, Sink, Vet], _Read]

FRESH_SECONDS = 1.0  # that what is known of a caller holds


def _nothing(_file: File) -> tuple[()]:
    return ()


def receive(request: WSGIRequest, caller: Caller, vet: Vet, beside: Beside = _nothing) -> File:
    """Keep the file that a request carries, and plan its processing; every refusal leaves nothing behind.

    `vet` sees the form's other fields before anything is kept, and may raise Refused. `beside` returns rows that are to
    come with the file's, or not at all.
    """
    stale_at = time.monotonic() + FRESH_SECONDS
    body, overhead, read = _opened(request)
    bound_by_quota(body, caller.owner_id, overhead)
    keep.check_room(body.length or 0)
    with transfers.transfer(party_of(request)), keep.Incoming() as incoming:
        name, claimed, fields = read(request, body, incoming, vet)
        file = file_of(incoming, caller, name, declared_type(claimed), fields.get("metadata", ""))
        finish(incoming, file, caller, stale_at, beside=beside)
    return file


def take(request: WSGIRequest, sink: Sink) -> None:
    """Read the file that a request carries into something that does not keep it."""
    body, _, read = _opened(request)
    with transfers.transfer(party_of(request)):
        read(request, body, sink, lambda _fields: None)


def _opened(request: WSGIRequest) -> tuple[Body, int, _Reader]:
    """Return a request's body, how much of it may be no file, and what reads it."""
    check_body_kind(request)
    is_multipart = request.content_type == "multipart/form-data"
    overhead = MULTIPART_OVERHEAD_BYTES if is_multipart else 0
    body = Body(request, settings.FILEMILL.max_upload_bytes + overhead)
    return body, overhead, _read_form if is_multipart else _read_raw


def _read_form(request: WSGIRequest, body: Body, incoming: Sink, vet: Vet) -> _Read:
    name, claimed, fields = read_multipart(request, body, incoming)
    vet(fields)
    return name, claimed, fields


def _read_raw(request: WSGIRequest, body: Body, incoming: Sink, vet: Vet) -> _Read:
    vet({})  # before the body is read: there are no fields to wait for
    try:
        name = name_of_raw_body(request)
    except MissingName:
        if not body:
            raise MissingFile("The request has no body. With curl: -F file=@photo.jpg") from None
        raise
    if not body.is_verifiable:
        raise LengthRequired("Send the bytes with Content-Length or Content-Digest, or as multipart/form-data.")
    check_claim(request.META.get("CONTENT_TYPE"))
    while chunk := body.read(PIECE_BYTES):
        add(incoming, chunk)
    body.verify()
    return name, request.META.get("CONTENT_TYPE"), {}


def file_of(incoming: Arrived, caller: Caller, name: str, claimed: str, metadata: str) -> File:
    """Return the file, not yet kept, that bytes which arrived make; `metadata` is JSON."""
    media_type = identify(incoming.head)
    check_type(claimed, media_type)
    file = File(
        id=incoming.id,
        owner_id=caller.owner_id,
        name=name,
        size=incoming.size,
        sha256=incoming.sha256,
        declared_type=claimed,
        media_type=media_type,
        kind=kind_of(media_type) if media_type else None,
        metadata=check_metadata(_parse(metadata)) if metadata else {},
    )
    file.file.name = keep.original_name(file.id)
    return file


def finish(
    incoming: Arrived,
    file: File,
    caller: Caller,
    stale_at: float,
    *,
    along: Along | None = None,
    beside: Beside = _nothing,
) -> None:
    """Keep bytes that arrived, and make their file with its first job; other rows and `along` come too, or nothing.

    What is known of the caller holds until `stale_at`; `beside` returns the other rows once the file has its job.
    """
    stored, job = keep.original_name(file.id), plan.first_job(file)
    insertion = Insertion(file, job, *beside(file))
    insertion.guard, insertion.along, insertion.told = usage.taking(file.owner_id, file.size), along, What.RECEIVED
    try:
        incoming.keep(stored)
        if time.monotonic() <= stale_at:
            _insert(insertion, file)
        else:
            with transaction.atomic():
                tokens.confirm(caller)
                _insert(insertion, file)
    except IntegrityError:
        # The owner went meanwhile. Databases look for them at the commit, which has failed then for certain.
        incoming.take_back(stored)
        tokens.confirm(caller)
        raise
    except BaseException:
        # Where nobody knows whether the commit happened, the sweep finds out, from what keep noted.
        if not insertion.may_have_happened:
            incoming.take_back(stored)
        raise
    if not keep.is_kept(stored):  # this process stood still for so long that the sweep took the bytes for nobody's
        _take_back(file.id)
        raise FileNotFoundError(stored)
    keep.trust(stored)
    ring.ring()
    structlog.contextvars.bind_contextvars(file_id=str(file.id), size=file.size)  # for the request's line in the log


def _take_back(file_id: UUID) -> None:
    try:
        forget(file_id)
    except DatabaseError:
        # Whoever stood still that long may have lost its connection, too.
        connection.close()
        with suppress(NotFound):
            forget(file_id)


def _insert(insertion: Insertion, file: File) -> None:
    if insertion.run() or file.owner_id is None:
        return
    usage.begin(file.owner_id)  # perhaps this is the owner's first file
    if not insertion.run():
        raise usage.standing(file.owner_id).refusal()


def _parse(metadata: str) -> object:
    try:
        return orjson.loads(metadata)
    except orjson.JSONDecodeError:
        return metadata  # check_metadata says what it should have been
