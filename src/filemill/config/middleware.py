"""What happens to every request: an id and a log line, no foreign sites, and signing in where the service is closed."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from filemill.api.problems import respond
from filemill.core.errors import CrossSite, SignInRequired
from filemill.core.ids import new_id

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("filemill.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_PUBLIC = ("/healthz", "/readyz", "/admin/login/", "/static/")


class RequestLog:
    """Gives each request an id, binds it to all log lines, returns it, and logs one line a request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
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


class OnlyFromHere:
    """Refuses writes that a page of another site sent: browsers say where a request comes from, programs need not."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        host = request.get_host()  # raises DisallowedHost for a foreign Host, such as a rebound DNS name
        if request.method not in _SAFE_METHODS and _is_foreign(request, host):
            return respond(request, CrossSite("This request came from a page of another site."))
        return self.get_response(request)


class SignedIn:
    """Where the service is not open, lets only signed-in users in."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        is_public = settings.FILEMILL.access == "open" or request.path.startswith(_PUBLIC)
        if is_public or request.user.is_authenticated:
            return self.get_response(request)
        if request.accepts("text/html"):
            return HttpResponseRedirect(f"/admin/login/?next={request.path}")
        return respond(request, SignInRequired("This service is not open: sign in at /admin/ first."))


def _is_foreign(request: HttpRequest, host: str) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc != host
    return request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}
