"""The list with its upload form, and what keeps it fresh."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from filemill.accounts.caller import caller_of
from filemill.accounts.forgery import check_csrf
from filemill.core.errors import FieldError, Invalid, Refused
from filemill.core.statuses import STATUS
from filemill.events import feed
from filemill.files.listing import Page, matching, page
from filemill.files.models import File
from filemill.uploads.receive import Vet, receive
from filemill.web import filters, words
from filemill.web.chosen import MOST_CHOSEN
from filemill.web.rows import MOULD, UNDER_WAY, rows_of

MOST_ROWS = 100  #: that the script asks for anew at once


class SeeOther(HttpResponseRedirect):
    """After a form: the browser gets the page anew, and reloading it sends nothing twice."""

    status_code = HTTPStatus.SEE_OTHER.value


# Rows are much alike: gzip makes a tenth of them. Django adds noise to the size, so that it tells nothing of a secret.
_short = gzip_page


# To look for the form's token, Django would read the whole body into files of its own before receive() sees a byte.
# Other sites are kept out without it: the middleware OnlyFromHere refuses writes by Origin and Sec-Fetch-Site. Where a
# session stands behind the form, `_vet` finds the token among the fields that receive() read.
@_short
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


@_short
@require_safe
def live_list(request: HttpRequest) -> HttpResponse:
    """Return the list alone, for the script that keeps the page fresh."""
    try:
        wanted, is_grid = filters.asked(request.GET)
        found = page(wanted, File.objects.seen_by(caller_of(request)), list)
    except Invalid as error:
        return HttpResponse(status=STATUS[type(error)])
    return render(request, "filemill/files.html", _list(request.GET, found, is_grid=is_grid))


@_short
@require_safe
def live_rows(request: HttpRequest) -> HttpResponse:
    """Return the rows of the named files that the list has still, for the script that keeps it fresh."""
    try:
        wanted, _is_grid = filters.asked(request.GET)
        ids = _ids(wanted.pop("id", []))
        files = list(matching(wanted, File.objects.seen_by(caller_of(request))).filter(pk__in=ids))
    except Invalid as error:
        return HttpResponse(status=STATUS[type(error)])
    return render(request, "filemill/rows.html", {"rows": rows_of(files, timezone.now())})


def _ids(given: list[str]) -> list[UUID]:
    try:
        ids = [UUID(each) for each in given[: MOST_ROWS + 1]]
    except ValueError:
        ids = []
    if not 1 <= len(ids) <= MOST_ROWS:
        detail = f"id is the id of a file, and comes 1 to {MOST_ROWS} times."
        raise Invalid(detail, (FieldError("id", "invalid", detail),))
    return ids


def _index(request: HttpRequest, parameters: QueryDict, problem: Refused | None = None) -> HttpResponse:
    caller, is_grid = caller_of(request), False
    after = feed.now(caller).after  # before the list: what happens in between is told
    try:
        wanted, is_grid = filters.asked(parameters)
        found = page(wanted, File.objects.seen_by(caller), list)
    except Invalid as error:
        found, problem = Page[File]([], None, None), error
    context = {
        **_list(parameters, found, is_grid=is_grid),
        "after": after,
        "problem": problem,
        "choices": filters.choices(parameters),
        "search": parameters.get("name", ""),
        "kept": filters.others(parameters),
        "query": parameters.urlencode(),
        "most": MOST_CHOSEN,
        "mould": MOULD,
        "largest": words.size(settings.FILEMILL.max_upload_bytes),
        "upload_address": request.build_absolute_uri(reverse("upload")),
    }
    return render(request, "filemill/index.html", context, status=STATUS[type(problem)] if problem else None)


def _list(parameters: QueryDict, found: Page[File], *, is_grid: bool) -> dict[str, Any]:
    query = parameters.urlencode()
    return {
        "live": f"{reverse('web:live-list')}?{query}" if query else reverse("web:live-list"),
        "is_grid": is_grid,
        "rows": rows_of(found.files, timezone.now()),
        "is_unfinished": any(file.status in UNDER_WAY for file in found.files),
        "is_filtered": any(parameters.get(name) for name in ("name", "status", "kind", "media_type", "sha256")),
        "next": filters.with_(parameters, "cursor", (found.next,)) if found.next else None,
        "previous": filters.with_(parameters, "cursor", (found.previous,)) if found.previous else None,
    }
