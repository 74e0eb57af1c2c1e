"""One upload, from the request's body to a kept file with its first job."""

from collections.abc import Callable, Mapping

import orjson
import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction

from filemill.accounts import usage
from filemill.accounts.caller import party_of
from filemill.core.errors import LengthRequired, MissingFile, MissingName
from filemill.files import keep, transfers
from filemill.files.models import File
from filemill.files.rules import check_metadata
from filemill.identify.kinds import kind_of
from filemill.identify.quick import identify
from filemill.processing import plan, ring
from filemill.processing.forget import forget
from filemill.uploads.body import MULTIPART_OVERHEAD_BYTES, Body
from filemill.uploads.multipart import read_multipart
from filemill.uploads.rules import add, bound_by_quota, check_body_kind, declared_type, name_of_raw_body

Vet = Callable[[Mapping[str, str]], None]
log = structlog.get_logger(__name__)


def receive(request: WSGIRequest, owner_id: int | None, vet: Vet | None = None) -> File:
    """Keep the file that a request carries, and plan its processing; every refusal leaves nothing behind.

    `vet` sees the form's other fields before anything is kept, and may raise Refused.
    """
    check_body_kind(request)
    is_multipart = request.content_type == "multipart/form-data"
    overhead = MULTIPART_OVERHEAD_BYTES if is_multipart else 0
    body = Body(request, settings.FILEMILL.max_upload_bytes + overhead)
    bound_by_quota(body, owner_id, overhead)
    keep.check_room(body.length or 0)
    with transfers.Seat(party_of(request)), keep.Incoming() as incoming:
        if is_multipart:
            name, claimed, fields = read_multipart(request, body, incoming)
        else:
            name, claimed = _read_raw(request, body, incoming)
            fields = {}
        if vet:
            vet(fields)
        return _finish(incoming, owner_id, name, declared_type(claimed), fields.get("metadata", ""))


def _read_raw(request: WSGIRequest, body: Body, incoming: keep.Incoming) -> tuple[str, str | None]:
    try:
        name = name_of_raw_body(request)
    except MissingName:
        if not body:
            raise MissingFile("The request has no body. With curl: -F file=@photo.jpg") from None
        raise
    if not body.is_verifiable:
        raise LengthRequired("Send the bytes with Content-Length or Content-Digest, or as multipart/form-data.")
    while chunk := body.read(keep.CHUNK_BYTES):
        add(incoming, chunk)
    body.verify()
    return name, request.META.get("CONTENT_TYPE")


def _finish(incoming: keep.Incoming, owner_id: int | None, name: str, claimed: str, metadata: str) -> File:
    media_type = identify(incoming.head)
    file = File(
        id=incoming.id,
        owner_id=owner_id,
        name=name,
        size=incoming.size,
        sha256=incoming.sha256,
        declared_type=claimed,
        media_type=media_type,
        kind=kind_of(media_type) if media_type else None,
        metadata=check_metadata(_parse(metadata)) if metadata else {},
    )
    file.file.name = keep.original_name(file.id)
    staged = False
    try:
        incoming.keep(file.file.name)
        with transaction.atomic():
            file.save(force_insert=True)
            plan.start(file)
            usage.take(owner_id, file.size)
            staged = True
    except BaseException:
        # Once the commit was asked for, nobody knows whether it happened: the sweep finds out, from what keep noted.
        if not staged:
            keep.remove(file.file.name)
        raise
    if not keep.is_kept(file.file.name):
        # This process stood still for so long that the sweep took the bytes for nobody's.
        forget(file.id)
        raise FileNotFoundError(file.file.name)
    keep.trust(file.file.name)
    ring.ring()
    log.info("received", file_id=str(file.id), size=file.size)
    return file


def _parse(metadata: str) -> object:
    try:
        return orjson.loads(metadata)
    except orjson.JSONDecodeError:
        return metadata  # check_metadata says what it should have been
