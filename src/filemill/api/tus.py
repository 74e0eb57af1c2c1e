"""tus 1.0.0: https://tus.io/protocols/resumable-upload."""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.utils.http import http_date

from filemill.accounts.caller import Caller
from filemill.api.completed import completed_headers, made_file
from filemill.api.problems import Forbidden
from filemill.core.errors import DigestMismatch, FieldError, Invalid, UnsupportedBody
from filemill.core.resuming_errors import ChecksumMismatch, UnsupportedVersion, UploadCompleted
from filemill.files.rules import check_metadata
from filemill.uploads import resumable
from filemill.uploads.body import Body, content_length
from filemill.uploads.joining import join
from filemill.uploads.known import PARTIAL, Known, find
from filemill.uploads.models import Protocol, Upload
from filemill.uploads.resumable import Piece, Stand
from filemill.uploads.rules import clean_name, declared_type

VERSION = "1.0.0"
EXTENSIONS = (
    "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "termination",
    "concatenation",
)  # fmt: skip
BODY_TYPE = "application/offset+octet-stream"
UNNAMED = "unnamed"

_FINAL = "final;"
_PART = re.compile(r"(?:https?://[^/ ]+)?/upload/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})/?")
_MOST_PARTS = 100  # each is two open files
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_MOST_METADATA = 64 * 1024  # of the header, whose values are a third longer than what they say


CHECKSUMS: Mapping[str, Any] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def speaks(request: WSGIRequest) -> bool:
    """Say whether a request is one of tus."""
    return "HTTP_TUS_RESUMABLE" in request.META


def about() -> dict[str, str]:
    """Return the headers that say what is spoken here."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(settings.FILEMILL.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def sign(response: Any) -> None:  # noqa: ANN401  # any of Django's answers
    """Add what every answer of tus has."""
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION


def check_version(request: WSGIRequest) -> None:
    """Raise UnsupportedVersion for a request that does not say that it speaks ours."""
    if request.META.get("HTTP_TUS_RESUMABLE") != VERSION:
        raise UnsupportedVersion(f"This upload is spoken to in tus: send `Tus-Resumable: {VERSION}`.")


def create(request: WSGIRequest, caller: Caller) -> HttpResponse:
    """Answer a creation, with or without bytes."""
    check_version(request)
    if request.META.get("HTTP_UPLOAD_CONCAT", "").startswith(_FINAL):
        return _join(request, caller)
    upload = _upload(request)
    if content_length(request) and request.content_type != BODY_TYPE:
        raise UnsupportedBody(f"Bytes of an upload come with `Content-Type: {BODY_TYPE}`.")
    stand = _with_checksum(request, lambda expect: resumable.create(request, caller, upload, expect))
    headers = {"Location": f"/upload/{stand.upload.id}/", "Upload-Offset": str(stand.offset), **_end_of(stand)}
    return made_file(request, stand.file, headers) if stand.file else HttpResponse(status=201, headers=headers)


def _join(request: WSGIRequest, caller: Caller) -> HttpResponse:
    said = request.META["HTTP_UPLOAD_CONCAT"]
    if _number(request, "Upload-Length") is not None or content_length(request):
        raise _wrong("Upload-Concat", "A final upload has the length of its parts, and no bytes beside theirs.")
    upload = Upload(protocol=Protocol.TUS, said_concat=said, **described(request))
    parts = [_PART.fullmatch(each) for each in said.removeprefix(_FINAL).split(" ") if each]
    if not parts or len(parts) > _MOST_PARTS:
        raise _wrong("Upload-Concat", f"A final upload is put together from 1 to {_MOST_PARTS} others.")
    ids = [UUID(each[1]) for each in parts if each]
    if len(ids) < len(parts):
        raise _wrong("Upload-Concat", "Upload-Concat names something that is no address of an upload.")
    stand = join(request, caller, upload, ids)
    headers = {"Location": f"/upload/{stand.upload.id}/", **_end_of(stand)}
    return made_file(request, stand.file, headers) if stand.file else HttpResponse(status=201, headers=headers)


def append(request: WSGIRequest, caller: Caller, upload: Known) -> HttpResponse:
    """Answer a PATCH."""
    if request.content_type != BODY_TYPE:
        raise UnsupportedBody(f"A PATCH of tus has `Content-Type: {BODY_TYPE}`.")
    if upload.said_concat.startswith("final"):
        raise Forbidden("This upload was put together from others; nothing is added to it.")
    offset = _number(request, "Upload-Offset")
    if offset is None:
        raise _wrong("Upload-Offset", "A PATCH needs Upload-Offset: how many bytes are here already.")
    piece = Piece(offset, _number(request, "Upload-Length"))
    try:
        stand = _with_checksum(request, lambda expect: resumable.append(request, caller, upload, piece, expect))
    except UploadCompleted:
        upload = find(caller, upload.id)  # it may have been completed while this waited
        if offset != upload.length or content_length(request) or "HTTP_TRANSFER_ENCODING" in request.META:
            raise
        stand = Stand(upload, offset, 0.0)  # the answer to the last byte was lost, and is asked for again
    return HttpResponse(status=204, headers={"Upload-Offset": str(stand.offset), **_end_of(stand)})


def look(caller: Caller, upload: Known) -> HttpResponse:
    """Answer a HEAD."""
    stand = resumable.look(caller, upload)
    upload = stand.upload
    headers = {"Upload-Offset": str(stand.offset), "Cache-Control": "no-store", **_end_of(stand)}
    if upload.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length)
    if upload.said_metadata:
        headers["Upload-Metadata"] = upload.said_metadata
    if upload.said_concat:
        headers["Upload-Concat"] = upload.said_concat
    return HttpResponse(headers=headers)


def _end_of(stand: Stand) -> dict[str, str]:
    """Return when an upload expires, or which file it became."""
    if stand.file is not None or stand.upload.finished_at is not None:
        # A part that ended in a final upload is no file of its own.
        return {} if stand.upload.said_concat == PARTIAL else completed_headers(stand.upload.id, stand.file)
    return {"Upload-Expires": http_date(stand.last_byte_at + settings.FILEMILL.upload_expire_seconds)}


def _upload(request: WSGIRequest) -> Upload:
    length, deferred = _number(request, "Upload-Length"), request.META.get("HTTP_UPLOAD_DEFER_LENGTH")
    if deferred not in {None, "1"}:
        raise _wrong("Upload-Defer-Length", "Upload-Defer-Length is 1 or is not there.")
    if (length is None) == (deferred is None):
        raise _wrong("Upload-Length", "A creation needs either Upload-Length or `Upload-Defer-Length: 1`.")
    concat = request.META.get("HTTP_UPLOAD_CONCAT", "")
    if concat not in {"", PARTIAL}:
        raise _wrong("Upload-Concat", f"Upload-Concat is `{PARTIAL}`, or `{_FINAL}` with addresses of such uploads.")
    return Upload(protocol=Protocol.TUS, length=length, said_concat=concat, **described(request))


def described(request: WSGIRequest) -> dict[str, str]:
    """Return what Upload-Metadata says of the file, as columns."""
    header = request.META.get("HTTP_UPLOAD_METADATA", "").strip()
    found = _metadata(header)
    name = found.pop("filename", "") or found.get("name", "") or UNNAMED
    claimed = found.pop("filetype", "")
    metadata = orjson.dumps(check_metadata(found)).decode() if found else ""
    return {
        "name": clean_name(name),
        "declared_type": declared_type(claimed),
        "metadata": metadata,
        "said_metadata": header,
    }


def _metadata(header: str) -> dict[str, str]:
    if len(header) > _MOST_METADATA:
        raise _wrong("Upload-Metadata", f"Upload-Metadata has more than {_MOST_METADATA} characters.")
    found: dict[str, str] = {}
    for pair in header.split(",") if header else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or not key.isprintable() or key in found:
            raise _wrong("Upload-Metadata", "Upload-Metadata has a key that is empty, twice there or not ASCII.")
        try:
            found[key] = b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):  # UnicodeDecodeError is one
            raise _wrong("Upload-Metadata", f"The value of {key[:100]} is not Base64 of a text in UTF-8.") from None
    return found


def _with_checksum(request: WSGIRequest, act: Any) -> Stand:  # noqa: ANN401  # takes what tells a body its digests
    algorithm, _, value = request.META.get("HTTP_UPLOAD_CHECKSUM", "").strip().partition(" ")
    if not algorithm:
        stand: Stand = act(lambda _body: None)
        return stand
    if algorithm not in CHECKSUMS:
        known = " and ".join(CHECKSUMS)
        raise _wrong("Upload-Checksum", f"{algorithm[:50]} is not known here, only {known} are.", "unsupported")
    try:
        expected = b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        expected = b""
    if not expected:
        raise _wrong("Upload-Checksum", f"Upload-Checksum looks like `{algorithm} BASE64`.")

    def expect(body: Body) -> None:
        body.expect(CHECKSUMS[algorithm](usedforsecurity=False), expected)

    try:
        stand = act(expect)
    except DigestMismatch as error:
        raise ChecksumMismatch(error.detail) from error
    return stand


def _number(request: WSGIRequest, name: str) -> int | None:
    given = request.META.get(f"HTTP_{name.upper().replace('-', '_')}")
    if given is None:
        return None
    if not _NUMBER.fullmatch(given):
        raise _wrong(name, f"{name} is a number of at most 18 digits.")
    return int(given)


def _wrong(header: str, detail: str, code: str = "invalid") -> Invalid:
    return Invalid(detail, (FieldError(header, code, detail),))
