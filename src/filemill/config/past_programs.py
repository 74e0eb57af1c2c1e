"""Django's middleware that only pages need; requests of programs go past it, to be answered the sooner."""

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

# The addresses that programs ask often; none of their views looks at a session, and none takes a form of Django's.
_OFTEN = ("/upload", "/files", "/events")


class _PastPrograms:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401  # as Django has it
        """Serve one request."""
        if request.path_info.startswith(_OFTEN) and has_no_session(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # of the middleware that stands beside this


def has_no_session(request: HttpRequest) -> bool:
    """Say whether the caller shows a token, which alone counts then, or need not say who it is."""
    return settings.FILEMILL.access == "open" or request.META.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "


class Sessions(_PastPrograms, SessionMiddleware):
    """Finds the session."""


class Forgery(_PastPrograms, CsrfViewMiddleware):
    """Finds forged forms."""


class Users(_PastPrograms, AuthenticationMiddleware):
    """Finds who has signed in."""


class Messages(_PastPrograms, MessageMiddleware):
    """Carries messages to the next page."""
