"""The short way of requests that bring bytes: past all of Django's middleware that comes to nothing for programs."""

import re
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from filemill.accounts import tokens
from filemill.accounts.models import Token
from filemill.api.unfinished import UnfinishedView
from filemill.api.uploads import UploadView
from filemill.config.access import Access
from filemill.config.answers import wants_page
from filemill.config.middleware import OnlyFromHere
from filemill.config.past_programs import has_no_session
from filemill.uploads import known
from filemill.web.middleware import ContentSecurityPolicy

Handler = Callable[[HttpRequest], HttpResponseBase]

_ADDRESS = re.compile(r"/upload(?:/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}))?/?")


class ShortWay:
    """Answers what programs send to the addresses of uploads; any other request goes the long way.

    Both ways lead through the same checks to the same views. What is left out looks at pages, sessions, forms, static
    files and addresses.
    """

    def __init__(self, get_response: Handler) -> None:
        self._long_way = get_response
        views = (UploadView.as_view(), UnfinishedView.as_view())

        def view(request: Any) -> HttpResponseBase:  # noqa: ANN401  # what its class says not is known of it here
            return views[1](request, upload_id=request.upload_id) if request.upload_id else views[0](request)

        guarded: Handler = convert_exception_to_response(view)  # type: ignore[assignment]  # nothing here is async
        checked: Handler = convert_exception_to_response(OnlyFromHere(_Access(guarded)))  # type: ignore[assignment]
        self._short_way = ContentSecurityPolicy(checked)  # type: ignore[arg-type]  # as Django would have it there
        self._always = {
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        }

    def __call__(self, request: Any) -> HttpResponseBase:  # noqa: ANN401  # a request, to which an id is added
        """Serve one request."""
        match = _ADDRESS.fullmatch(request.path_info)
        quick = (UnfinishedView if match and match[1] else UploadView).quick
        if match is None or request.method.lower() not in quick or wants_page(request) or not has_no_session(request):
            return self._long_way(request)
        request.upload_id = match[1]
        response: Any = self._short_way(request)
        response.headers["Content-Length"] = str(len(response.content))  # else it would go out in chunks
        for name, value in self._always.items():
            response.headers[name] = value
        return cast(HttpResponseBase, response)


class _Access(Access):
    """Looks up the upload that a request is about along with its token."""

    def _check(self, request: Any, secret: str) -> Token:  # noqa: ANN401  # as above
        if request.upload_id is None:
            return super()._check(request, secret)
        request.found = known.beside_token(UUID(request.upload_id))
        return tokens.check(secret, request.found)
