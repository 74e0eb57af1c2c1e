"""The list with its upload form, and what keeps it fresh."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from filemill.accounts.caller import caller_of
from filemill.accounts.forgery import check_csrf
from filemill.core.errors import Invalid, Refused
from filemill.core.statuses import STATUS
from filemill.files.listing import Page, page
from filemill.files.models import File
from filemill.uploads.receive import Vet, receive
from filemill.web import filters, words
from filemill.web.rows import MOULD, UNDER_WAY, rows_of


class SeeOther(HttpResponseRedirect):
    """After a form: the browser gets the page anew, and reloading it sends nothing twice."""

    status_code = HTTPStatus.SEE_OTHER.value


# To look for the form's token, Django would read the whole body into files of its own before receive() sees a byte.
# Other sites are kept out without it: the middleware OnlyFromHere refuses writes by Origin and Sec-Fetch-Site. Where a
# session stands behind the form, `_vet` finds the token among the fields that receive() read.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Show the list, or take the file that the page's form sends."""
    if request.method != "POST":
        return _index(request, request.GET)
    try:
        receive(request, caller_of(request), _vet(request))  # type: ignore[arg-type]  # we serve WSGI only
    except Refused as error:
        return _index(request, QueryDict(), error)
    return SeeOther(reverse("web:index"))


def _vet(request: HttpRequest) -> Vet:
    """Return what looks for the form's CSRF token, where a session sends the form: there, forging it would pay."""
    caller = caller_of(request)
    if caller.owner is None or caller.token is not None:
        return lambda _fields: None
    return lambda fields: check_csrf(request, fields.get("csrfmiddlewaretoken"))


@require_safe
def live_list(request: HttpRequest) -> HttpResponse:
    """Return the list alone, for the script that keeps the page fresh."""
    try:
        found = page(request.GET, File.objects.seen_by(caller_of(request)), list)
    except Invalid as error:
        return HttpResponse(status=STATUS[type(error)])
    return render(request, "filemill/files.html", _list(request.GET, found))


def _index(request: HttpRequest, parameters: QueryDict, problem: Refused | None = None) -> HttpResponse:
    try:
        found = page(parameters, File.objects.seen_by(caller_of(request)), list)
    except Invalid as error:
        found, problem = Page[File]([], None, None), error
    context = {
        **_list(parameters, found),
        "problem": problem,
        "choices": filters.choices(parameters),
        "search": parameters.get("name", ""),
        "kept": filters.others(parameters),
        "mould": MOULD,
        "largest": words.size(settings.FILEMILL.max_upload_bytes),
        "upload_address": request.build_absolute_uri(reverse("upload")),
    }
    return render(request, "filemill/index.html", context, status=STATUS[type(problem)] if problem else None)


def _list(parameters: QueryDict, found: Page[File]) -> dict[str, Any]:
    query = parameters.urlencode()
    return {
        "live": f"{reverse('web:live-list')}?{query}" if query else reverse("web:live-list"),
        "rows": rows_of(found.files, timezone.now()),
        "is_unfinished": any(file.status in UNDER_WAY for file in found.files),
        "is_filtered": any(parameters.get(name) for name in ("name", "status", "kind", "media_type", "sha256")),
        "next": filters.with_(parameters, "cursor", (found.next,)) if found.next else None,
        "previous": filters.with_(parameters, "cursor", (found.previous,)) if found.previous else None,
    }
