"""Answers that no view gives, to errors and to who is too quick: a page for a person, problem details for a program."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from filemill.accounts.rates import Count
from filemill.api import problems
from filemill.core.errors import FilemillError
from filemill.web.addresses import page_before

Handler = Callable[[HttpRequest], HttpResponseBase]


def wants_page(request: HttpRequest) -> bool:
    """Say whether a browser asks for a page; curl's `*/*` does not."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def answer(request: HttpRequest, error: FilemillError) -> HttpResponse:
    """Answer an error in the form that the client asked for; the page for a form leads back to where it was."""
    if not wants_page(request):
        return problems.respond(request, error)
    # Without this, the template would look for messages in the session, and so in a database that may be down.
    back = page_before(request) if request.method == "POST" else ""
    context = {"problem": error, "messages": (), "back": back}
    response = render(request, "filemill/error.html", context, status=problems.STATUS[type(error)])
    for name, value in problems.headers_of(error).items():
        response[name] = value
    return response


def counted(request: HttpRequest, count: Count | None, serve: Handler) -> HttpResponseBase:
    """Serve a request that comes within its rate, refuse another, and say how many more may come."""
    if count is None:
        return serve(request)
    refusal = count.refusal()
    response = answer(request, refusal) if refusal else serve(request)
    for name, value in count.headers().items():
        response.headers.setdefault(name, value)
    return response
