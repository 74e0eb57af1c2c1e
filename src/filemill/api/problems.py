"""Every error that a client can see: one table from error to status, answered as problem details (RFC 9457)."""

import sqlite3
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from filemill.core import errors, resuming_errors, statuses, upload_errors
from filemill.core.errors import FieldError, FilemillError
from filemill.languages.sentences import said

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"


class BadRequest(errors.Refused):
    """The request makes no sense to the server."""

    code = "bad_request"
    title = "The request is malformed"


class MethodNotAllowed(errors.Refused):
    """The address does not answer to this method."""

    code = "method_not_allowed"
    title = "This method is not allowed here"


class NotAcceptable(errors.Refused):
    """The client accepts none of the forms that the answer comes in."""

    code = "not_acceptable"
    title = "The answer does not come in that form"


class Forbidden(errors.Refused):
    """The caller may not do this."""

    code = "forbidden"
    title = "This is not allowed"


class Unavailable(FilemillError):
    """The database or the storage does not answer; the same request may work soon."""

    code = "unavailable"
    title = "The service cannot answer now"


STATUS: dict[type[FilemillError], int] = {
    **statuses.STATUS,
    BadRequest: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
BY_CODE = {error.code: error for error in STATUS}
POSTGRES_DISK_FULL = "53100"
POSTGRES_DAMAGED = {"XX001", "XX002"}
POSTGRES_TIRED_OF_WAITING = "25P03"  # of a transaction that stood still; to Django an InternalError
RETRY_AFTER_SECONDS = "5"
_CHALLENGE = 'Bearer realm="filemill"'
INTERNAL = "An error inside Filemill, not in the request. The log has it under this request's id."


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an exception of a view (Django REST Framework's EXCEPTION_HANDLER)."""
    request = context["request"]
    known = translate(error)
    response = Response(document(known, request), status=STATUS[type(known)], content_type=CONTENT_TYPE)
    for name, value in headers_of(known).items():
        response[name] = value
    return response


def respond(request: HttpRequest, error: FilemillError) -> HttpResponse:
    """Answer an error outside of a REST Framework view."""
    content = orjson.dumps(document(error, request))
    status = STATUS[type(error)]
    reason = None if status != statuses.CHECKSUM_MISMATCH else "Checksum Mismatch"  # which no table of HTTP has
    return HttpResponse(content, status=status, reason=reason, content_type=CONTENT_TYPE, headers=headers_of(error))


def document(error: FilemillError, request: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's or REST Framework's
    """Return the problem document of an error."""
    found = error.errors if isinstance(error, errors.Invalid) else ()
    offsets = (
        {"expected-offset": error.expected, "provided-offset": error.provided}
        if isinstance(error, resuming_errors.OffsetMismatch)
        else {}
    )
    return {
        "type": error.type_uri or f"/docs/problems/{error.code}/",
        "title": said(error.title),
        "status": int(STATUS[type(error)]),
        "detail": _sayable(said(error.detail)),
        "code": error.code,
        "errors": [{"field": each.field, "code": each.code, "detail": _sayable(said(each.detail))} for each in found],
        "request_id": getattr(request, "request_id", None),
        **offsets,
    }


def _sayable(words: str) -> str:
    """Write what UTF-8 does not have, half of a pair that somebody sent, by its number."""
    return words.encode("utf-8", "backslashreplace").decode()


def headers_of(known: FilemillError) -> dict[str, str]:
    """Return the headers that belong to an error beside its document."""
    headers = _of_transfers(known)
    if isinstance(
        known,
        Unavailable
        | errors.Busy
        | errors.TooManyTransfers
        | upload_errors.KeyInUse
        | upload_errors.TooManyUploads
        | resuming_errors.UploadLocked,
    ):
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    if isinstance(known, errors.SignInRequired):
        headers["WWW-Authenticate"] = _CHALLENGE
    if isinstance(known, errors.InvalidToken):
        headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="invalid_token"'
    if isinstance(known, errors.InsufficientScope):
        headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope", scope="{known.scope}"'
    if isinstance(known, errors.TooManyAttempts | errors.TooManyRequests):
        headers["Retry-After"] = str(known.seconds)
    return headers


def _of_transfers(known: FilemillError) -> dict[str, str]:
    if isinstance(known, errors.RangeNotSatisfiable):
        return {"Content-Range": f"bytes */{known.size}"}
    if isinstance(known, resuming_errors.OffsetMismatch):
        return {"Upload-Offset": str(known.expected)}
    if isinstance(known, resuming_errors.UploadCompleted):
        return {"Location": known.location}
    return {}


_TRANSLATIONS: tuple[tuple[type[Exception], type[FilemillError]], ...] = (
    (Http404, errors.NotFound),
    (exceptions.NotFound, errors.NotFound),
    (exceptions.MethodNotAllowed, MethodNotAllowed),
    (exceptions.NotAcceptable, NotAcceptable),
    (exceptions.UnsupportedMediaType, errors.UnsupportedBody),
    (exceptions.ParseError, errors.BrokenBody),
    (exceptions.PermissionDenied, Forbidden),
    (PermissionDenied, Forbidden),
    (SuspiciousOperation, BadRequest),
)


def translate(error: Exception) -> FilemillError:
    """Return the error of ours that a client sees for any exception; what nobody foresaw goes to the log."""
    if isinstance(error, FilemillError) and type(error) in STATUS:
        return error
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if found := trouble(error):
        return found
    for theirs, ours in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(str(getattr(error, "detail", "")))
    log.error("internal error", exc_info=error)
    return FilemillError(INTERNAL)


def trouble(error: BaseException | None) -> Unavailable | errors.DiskFull | None:
    """Return what to say where the database or the storage is away, full or damaged, None for any other error."""
    if error is None:
        return None
    gave_up = isinstance(error, InternalError) and _sqlstate(error) == POSTGRES_TIRED_OF_WAITING
    if gave_up or isinstance(error, OperationalError | InterfaceError):
        away = "database"
        if _is_full(error):
            log.warning("trouble", full=away, reason=str(error))
            return errors.DiskFull("The database's disk is full. Nothing was changed. Make room, then try again.")
    elif isinstance(error, DatabaseError) and _is_damaged(error):
        log.error("trouble", damaged="database", reason=str(error))
        return Unavailable("The database is damaged, and its operator has to mend it. Nothing was changed.")
    elif isinstance(error, OSError):
        away = "storage"
    else:
        return None
    log.warning("trouble", away=away, reason=str(error))
    return Unavailable(f"The {away} does not answer. Nothing was changed that was not confirmed; try again soon.")


def _is_full(error: BaseException) -> bool:
    is_sqlite_full = getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return is_sqlite_full or _sqlstate(error) == POSTGRES_DISK_FULL


def _is_damaged(error: BaseException) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF  # what SQLite adds above tells kinds of damage apart
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or _sqlstate(error) in POSTGRES_DAMAGED


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)  # of the driver's own error


def _invalid(error: exceptions.ValidationError) -> errors.Invalid:
    detail: Any = error.detail
    fields = detail if isinstance(detail, dict) else {"": detail}
    found = tuple(
        FieldError(str(field), str(getattr(message, "code", "invalid")), str(message))
        for field, messages in fields.items()
        for message in _flat(messages)
    )
    return errors.Invalid(" ".join(f"{each.field}: {each.detail}".removeprefix(": ") for each in found), found)


def _flat(detail: Any) -> list[Any]:  # noqa: ANN401  # REST Framework nests lists and dictionaries
    """Return the messages about a field and what is within it."""
    if isinstance(detail, dict):
        detail = list(detail.values())
    return [message for inner in detail for message in _flat(inner)] if isinstance(detail, list) else [detail]
