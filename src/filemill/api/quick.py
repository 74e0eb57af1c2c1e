"""Views for the requests that come most often."""

from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from filemill.api import problems
from filemill.api.renderers import JSONRenderer

#: What programs and browsers send where any form will do; the choice among others is REST Framework's.
_ANY_FORM = {"*/*", "application/json", "application/json, text/plain, */*"}
_json = JSONRenderer()


class QuickView(APIView):
    """Leaves out what REST Framework does for each request and nothing comes of here: a request and answer of its own.

    Its schema, its refusals and its answer to OPTIONS stay. The methods named in `quick` get Django's request.
    """

    quick: ClassVar[frozenset[str]] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # Django's signature
        """Answer a request."""
        method = (request.method or "").lower()
        if method not in self.quick:
            return super().dispatch(request, *args, **kwargs)
        try:
            if request.META.get("HTTP_ACCEPT", "*/*") not in _ANY_FORM:
                self.get_content_negotiator().select_renderer(self.initialize_request(request), self.get_renderers())
            response: HttpResponseBase = getattr(self, method)(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # as REST Framework hands every exception to problems.handle
            response = problems.respond(request, problems.translate(error))
        response.headers["Allow"] = self._allow
        return response

    @cached_property
    def _allow(self) -> str:
        return ", ".join(self.allowed_methods)


def as_json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:  # noqa: ANN401  # any JSON
    """Answer with a JSON document."""
    return HttpResponse(content_of(data), status=status, content_type=_json.media_type, headers=headers)


def content_of(data: Any) -> bytes:  # noqa: ANN401  # any JSON
    """Return a JSON document as it is sent."""
    return _json.render(data)
