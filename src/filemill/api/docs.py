"""/openapi.json, /docs/ and /docs/problems/{code}/; all of it works offline."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from filemill.api import problems
from filemill.core.errors import NotFound

# Swagger UI writes styles into the page and keeps its icons in data URLs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class OpenAPIView(SpectacularAPIView):
    """The OpenAPI 3.1 document."""

    renderer_classes = [OpenApiJsonRenderer2]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document."""
        response: Response = self._get_schema_response(request)  # type: ignore[no-untyped-call]
        return response


class DocsView(SpectacularSwaggerSplitView):
    """The document as a page to read and try; everything that it loads is served from here."""

    url_name = "openapi"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401  # its parent's signature
        """Return the page, or the script that starts it."""
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = _POLICY
        response["Content-Language"] = "en"
        return response


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one code of the problem details."""
    if code not in problems.BY_CODE:
        return problems.respond(request, NotFound(f"There is no problem with the code {code}."))
    found = problems.BY_CODE[code]
    context = {
        "code": code,
        "title": found.title,
        "words": (found.__doc__ or "").strip(),
        "status": problems.STATUS[found],
        "all": sorted((each.code, each.title) for each in problems.STATUS),
    }
    return render(request, "api/problem.html", context)
