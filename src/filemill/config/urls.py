"""Every address, and the answers of Django's own errors."""

from http import HTTPStatus

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from filemill.api import problems
from filemill.api.urls import patterns
from filemill.core.errors import FilemillError, NotFound

urlpatterns = [
    *patterns,
    path("admin/", admin.site.urls),
    path("", include("filemill.web.urls")),
]


def _answer(request: HttpRequest, error: FilemillError) -> HttpResponse:
    """Answer a person with a page, a program with problem details."""
    if "text/html" in request.headers.get("Accept", ""):
        status = HTTPStatus(problems.STATUS[type(error)])
        return render(request, f"{status.value}.html", {"problem": error}, status=status)
    return problems.respond(request, error)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:  # Django's signature
    """Answer 400."""
    return _answer(request, problems.BadRequest("The request is malformed, or its Host is not one of this service's."))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _answer(request, problems.Forbidden())


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _answer(request, NotFound("There is nothing at this address."))


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _answer(request, FilemillError("An error inside Filemill. The log has it under this request's id."))
