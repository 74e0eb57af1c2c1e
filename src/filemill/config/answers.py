"""Errors that no view of the API answers: a page for a person, problem details for a program."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from filemill.api import problems
from filemill.core.errors import FilemillError


def wants_page(request: HttpRequest) -> bool:
    """Say whether a browser asks for a page; curl's `*/*` does not."""
    return "text/html" in request.headers.get("Accept", "")


def answer(request: HttpRequest, error: FilemillError) -> HttpResponse:
    """Answer an error in the form that the client asked for."""
    if not wants_page(request):
        return problems.respond(request, error)
    # Without this, the template would look for messages in the session, and so in a database that may be down.
    context = {"problem": error, "messages": ()}
    response = render(request, "filemill/error.html", context, status=problems.STATUS[type(error)])
    for name, value in problems.headers_of(error).items():
        response[name] = value
    return response
