"""Every address, and the answers of Django's own errors."""

import sys

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from filemill.accounts import forgery
from filemill.api import problems
from filemill.api.urls import patterns
from filemill.config.answers import answer, wants_page
from filemill.core.errors import FilemillError, NotFound
from filemill.web.sessions import lead_on

_STALE = (
    "The page with this form is out of date: somebody signed in or out since it was loaded. Nothing was done. Open the "
    "page anew, then do it again."
)
_NO_TOKEN = "The form's token is missing or wrong. Load the page again, then retry."  # noqa: S105  # no secret

urlpatterns = [
    *patterns,
    path("admin/", admin.site.urls),
    path("", include("filemill.web.urls")),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:  # Django's signature
    """Answer 400."""
    return answer(request, problems.BadRequest("The request is malformed, or its Host is not one of this service's."))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return answer(request, problems.Forbidden())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or wrong (Django's CSRF_FAILURE_VIEW)."""
    if forgery.lacks_origin(reason):
        return answer(request, problems.Forbidden(forgery.NO_ORIGIN))
    match = request.resolver_match
    if match and match.view_name == "web:sign-in" and request.user.is_authenticated:
        return lead_on(request)  # another tab was quicker
    return answer(request, problems.Forbidden(_STALE if wants_page(request) else _NO_TOKEN))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return answer(request, NotFound("There is nothing at this address."))


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the database or the storage is away; Django has logged the traceback."""
    trouble = problems.trouble(sys.exception())
    return answer(request, trouble or FilemillError(problems.INTERNAL))
