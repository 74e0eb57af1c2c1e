"""What happens to every request: an id and a log line, no foreign sites, and signing in where the service is closed."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from filemill.api.problems import MethodNotAllowed
from filemill.config.answers import answer, wants_page
from filemill.core.errors import CrossSite, SignInRequired
from filemill.core.ids import new_id

Handler = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("filemill.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_PUBLIC = {"/healthz", "/healthz/", "/readyz", "/readyz/", "/admin/login/"}


class RequestLog:
    """Gives each request an id, binds it to all log lines, returns it, and logs one line a request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if request.path not in _PUBLIC:
                milliseconds = round((time.monotonic() - began) * 1000, 1)
                log.info(
                    "request", method=request.method, path=request.path, status=response.status_code, ms=milliseconds
                )
        response["X-Request-Id"] = request_id
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
        if request.method not in _SAFE_METHODS and _is_foreign(request, host):
            return answer(request, CrossSite("This request came from a page of another site."))
        return self.get_response(request)


class SignedIn:
    """Where the service is not open, lets only signed-in users in."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        is_public = settings.FILEMILL.access == "open" or request.path in _PUBLIC
        if is_public or request.user.is_authenticated:
            return self.get_response(request)
        if wants_page(request) and request.method in _SAFE_METHODS:
            return redirect_to_login(request.get_full_path(), "/admin/login/")
        return answer(request, SignInRequired("This service is not open: sign in at /admin/ first."))


def _is_foreign(request: HttpRequest, host: str) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc != host
        except ValueError:  # no address at all
            return True
    return request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}
