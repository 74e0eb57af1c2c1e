"""What happens to every request: an id, a log line, and no foreign sites."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.response import HttpResponseBase

from filemill.accounts.caller import party_of
from filemill.api.problems import MethodNotAllowed
from filemill.config import cors
from filemill.config.access import HEALTH, SAFE_METHODS
from filemill.config.answers import answer
from filemill.core.errors import CrossSite, Refused, TooLarge
from filemill.core.ids import new_id
from filemill.files.transfers import FORMS, Seat
from filemill.uploads.body import broken_off, content_length

Handler = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("filemill.requests")

FORM_MAX_BYTES = 64 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Gives each request an id, binds it to all log lines, returns it, and logs one line a request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        began = time.monotonic()
        structlog.contextvars.clear_contextvars()  # what the last request of this thread has told about itself
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        if request.path not in HEALTH:
            milliseconds = round((time.monotonic() - began) * 1000, 1)
            log.info("request", method=request.method, path=request.path, status=response.status_code, ms=milliseconds)
        response.headers["X-Request-Id"] = request_id
        return response


class NotAllowedExplained:
    """Gives Django's answer to a wrong method, which is empty, the words that every error has."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        explained = answer(request, MethodNotAllowed(f"{request.method} is not one of {response['Allow']}."))
        explained["Allow"] = response["Allow"]
        return explained


class OnlyFromHere:
    """Refuses writes that a page of another site sent: browsers say where a request comes from, programs need not."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        host = request.get_host()  # raises DisallowedHost for a foreign Host, such as a rebound DNS name
        if _is_guest(request, host):
            request.COOKIES = {}  # its pages show a token; nobody's session is theirs to use
        elif request.method not in SAFE_METHODS and _is_foreign(request, host):
            return answer(request, CrossSite("This request came from a page of another site."))
        return self.get_response(request)


class SmallForms:
    """Bounds the bodies where Django reads forms, as its check for forged ones does even before anybody signed in.

    Files in a form it would write to a temporary folder, as many and as large as they come; and each form that comes
    slowly holds a thread.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Handler, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Read a body of at most FORM_MAX_BYTES, and few of them at once; refuse others.

        Django takes one without Content-Length for empty.
        """
        if request.method in SAFE_METHODS or getattr(view, "csrf_exempt", False):
            return None
        try:
            if (content_length(request) or 0) > FORM_MAX_BYTES:
                raise TooLarge(f"A form has at most {FORM_MAX_BYTES // 1024} KiB. Files go to /upload/.")
            with Seat(FORMS, party_of(request)):
                _read(request)
        except Refused as error:
            return answer(request, error)
        return None


def _read(request: HttpRequest) -> None:
    try:
        _ = request.body  # Django keeps what it has read
    except UnreadablePostError as error:
        raise broken_off(error) from error


def _is_guest(request: HttpRequest, host: str) -> bool:
    """Say whether a page of another site sent the request that may use the API."""
    origin: str | None = request.META.get("HTTP_ORIGIN")
    if origin not in settings.FILEMILL.cors_origins or not re.match(cors.ADDRESSES, request.path):
        return False
    return urlsplit(origin).netloc != host


def _is_foreign(request: HttpRequest, host: str) -> bool:
    origin: str | None = request.META.get("HTTP_ORIGIN")
    if origin is not None:
        try:
            return urlsplit(origin).netloc != host
        except ValueError:  # no address at all
            return True
    return request.META.get("HTTP_SEC_FETCH_SITE", "none") not in {"same-origin", "none"}
