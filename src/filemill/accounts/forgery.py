"""Writes by a session carry a token that only pages of this service know; Django's check, but without the body."""

import copy
from typing import NoReturn

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_REFERER, CsrfViewMiddleware

from filemill.core.errors import Forged

_NO_TOKEN = "Send the value of the cookie csrftoken in the header X-CSRFToken, or load the page again."  # noqa: S105  # no secret
NO_ORIGIN = (
    "Over https, a write by a session names where it comes from, too: send the header Origin (or Referer) with this "
    "service's own address. Browsers do by themselves; a program is better off with a token, which needs neither."
)


class _Check(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> NoReturn:
        raise Forged(NO_ORIGIN if lacks_origin(reason) else _NO_TOKEN)


def lacks_origin(reason: str) -> bool:
    """Say whether it is where a request comes from that Django misses, rather than the token."""
    return reason == REASON_NO_REFERER


def check_csrf(request: HttpRequest, given: str | None = None) -> None:
    """Raise Forged unless the header X-CSRFToken, or what is given in its place, is the session's token."""
    seen = copy.copy(request)
    seen.method = "PUT"  # of a POST Django would read the whole body before it looks at the header
    if given is not None:
        seen.META = {**request.META, settings.CSRF_HEADER_NAME: given}
    _Check(_nothing).process_view(seen, _nothing, (), {})


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()
