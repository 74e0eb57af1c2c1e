"""Writes by a session carry a token that only pages of this service know; Django's check, but without the body."""

import copy

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from filemill.core.errors import Forged


def check_csrf(request: HttpRequest, given: str | None = None) -> None:
    """Raise Forged unless the header X-CSRFToken, or what is given in its place, is the session's token."""
    seen = copy.copy(request)
    seen.method = "PUT"  # of a POST Django would read the whole body before it looks at the header
    if given is not None:
        seen.META = {**request.META, settings.CSRF_HEADER_NAME: given}
    if CsrfViewMiddleware(_nothing).process_view(seen, _nothing, (), {}) is not None:
        raise Forged("Send the value of the cookie csrftoken in the header X-CSRFToken, or load the page again.")


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()
