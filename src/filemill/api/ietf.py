"""Resumable Uploads for HTTP: draft-ietf-httpbis-resumable-upload-12 (interop version 8), without interim responses."""

import re
from typing import Any
from uuid import UUID

import http_sf
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from filemill.accounts.caller import Caller
from filemill.api.completed import completed_headers, made_file
from filemill.core.errors import FieldError, Invalid, Refused, UnsupportedBody
from filemill.core.resuming_errors import InconsistentLength
from filemill.uploads import resumable
from filemill.uploads.body import Body, content_length
from filemill.uploads.known import Known
from filemill.uploads.models import Protocol, Upload
from filemill.uploads.resumable import Piece, Stand
from filemill.uploads.rules import check_body_kind, declared_type, name_of_raw_body

BODY_TYPE = "application/partial-upload"
YES, NO = "?1", "?0"

_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


def creates(request: WSGIRequest) -> bool:
    """Say whether a POST begins an upload that others go on with; one that is whole is like any other POST."""
    if "HTTP_UPLOAD_COMPLETE" not in request.META:
        return False
    is_complete = _is_complete(request)
    if is_complete and request.content_type != "multipart/form-data":
        _length(request, 0, ends=True)
    return is_complete is False


def limits() -> str:
    """Return what Upload-Limit says."""
    chosen = settings.FILEMILL
    return f"max-size={chosen.max_upload_bytes}, max-age={chosen.upload_expire_seconds}"


def about() -> dict[str, str]:
    """Return the headers that say what is spoken here."""
    return {"Accept-Patch": BODY_TYPE, "Upload-Limit": limits()}


def sign(response: Any) -> None:  # noqa: ANN401  # any of Django's answers
    """Add what answers to requests of this dialect have."""
    if response.status_code == 413:
        response.headers["Upload-Limit"] = limits()
    elif response.status_code == 409 and "Upload-Offset" in response.headers:
        response.headers["Upload-Complete"] = NO
    elif response.status_code == 201 and "Upload-Complete" not in response.headers:
        response.headers["Upload-Complete"] = YES


def create(request: WSGIRequest, caller: Caller) -> HttpResponse:
    """Answer the creation of an upload that is not whole yet."""
    check_body_kind(request)
    if request.content_type == "multipart/form-data":
        raise UnsupportedBody("A form does not come in pieces; send the bytes of the file alone.")
    upload = Upload(
        protocol=Protocol.IETF,
        name=name_of_raw_body(request),
        declared_type=declared_type(request.META.get("CONTENT_TYPE")),
        length=_number(request, "HTTP_UPLOAD_LENGTH"),
        digest=request.META.get("HTTP_REPR_DIGEST", ""),
    )
    resumable.check_digest(upload.digest)
    stand = resumable.create(request, caller, upload, _nothing_more)
    headers = {
        "Location": f"/upload/{stand.upload.id}/",
        "Upload-Complete": NO,
        "Upload-Offset": str(stand.offset),
        "Upload-Limit": limits(),
    }
    return HttpResponse(status=201, headers=headers)


def append(request: WSGIRequest, caller: Caller, upload: Known) -> HttpResponse:
    """Answer a PATCH; the one that completes the upload as the plain POST of all bytes would be."""
    if request.content_type != BODY_TYPE:
        raise UnsupportedBody(f"A PATCH to this upload has `Content-Type: {BODY_TYPE}`.")
    offset, ends = _number(request, "HTTP_UPLOAD_OFFSET"), _is_complete(request)
    if offset is None or ends is None:
        name, looks = ("Upload-Offset", "a number") if offset is None else ("Upload-Complete", "?0 or ?1")
        raise Invalid(f"A PATCH needs {name}, {looks}.", (FieldError(name, "missing", f"It is {looks}."),))
    if upload.finished_at is not None:
        raise _refusal(request, upload)
    length = _length(request, offset, ends=ends)
    stand = resumable.append(request, caller, upload, Piece(offset, length, ends), _nothing_more)
    if stand.file is not None:
        location = {"Location": f"/files/{upload.id}/", "Upload-Complete": YES, "Upload-Offset": str(stand.offset)}
        return made_file(request, stand.file, {**location, **completed_headers(upload.id, stand.file)})
    return HttpResponse(status=204, headers={"Upload-Complete": NO, "Upload-Offset": str(stand.offset)})


def look(caller: Caller, upload: Known) -> HttpResponse:
    """Answer a HEAD."""
    stand = resumable.look(caller, upload)
    headers = {"Upload-Offset": str(stand.offset), "Upload-Limit": limits(), "Cache-Control": "no-store"}
    if upload.length is not None:
        headers["Upload-Length"] = str(upload.length)
    return HttpResponse(status=204, headers={**headers, **_completeness(upload.id, stand)})


def _completeness(upload_id: UUID, stand: Stand) -> dict[str, str]:
    if stand.upload.finished_at is None:
        return {"Upload-Complete": NO}
    return {"Upload-Complete": YES, **completed_headers(upload_id, None)}


def _length(request: WSGIRequest, offset: int, *, ends: bool) -> int | None:
    """Return what a request says of the length of the whole, None for nothing."""
    said, size = _number(request, "HTTP_UPLOAD_LENGTH"), content_length(request)
    if size is None and "HTTP_TRANSFER_ENCODING" not in request.META:
        size = 0
    by_content = offset + size if ends and size is not None else None
    if said is not None and by_content is not None and said != by_content:
        raise InconsistentLength(f"Upload-Length says {said} bytes, the offset and Content-Length say {by_content}.")
    return by_content if said is None else said


def _refusal(request: WSGIRequest, upload: Known) -> Refused:
    if content_length(request) or "HTTP_TRANSFER_ENCODING" in request.META:
        return InconsistentLength(f"The upload is complete with {upload.length} bytes, and there is no room for more.")
    return resumable.completed(upload)


def _nothing_more(_body: Body) -> None:
    pass


def _number(request: WSGIRequest, name: str) -> int | None:
    """Return a header's number; the draft has every other value ignored."""
    given = request.META.get(name, "")
    found = int(given) if _NUMBER.fullmatch(given) else _item(given)
    return found if type(found) is int and found >= 0 else None


def _is_complete(request: WSGIRequest) -> bool | None:
    given = request.META.get("HTTP_UPLOAD_COMPLETE", "")
    found = {YES: True, NO: False}.get(given, _item(given))
    return found if type(found) is bool else None


def _item(given: str) -> Any:  # noqa: ANN401  # any of the types of structured fields
    try:
        found: Any = http_sf.parse(given.encode(), tltype="item") if given else (None,)
    except ValueError:
        return None
    return found[0]
