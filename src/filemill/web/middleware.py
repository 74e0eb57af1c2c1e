"""What pages may load and run."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class ContentSecurityPolicy:
    """Lets HTML pages load from here only and run no inline script, whatever a name or a reason holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request; a page that brings a policy of its own keeps it."""
        response = self.get_response(request)
        # Django's debug pages are one file with inline styles and scripts.
        if response.headers.get("Content-Type", "").startswith("text/html") and not settings.DEBUG:
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
