"""Where a browser can be led: to pages, for the addresses of forms answer no GET, and only to our own."""

from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

_SAFE = {"GET", "HEAD"}
#: The page that a form stands on, where that is another address than the form is sent to.
_PAGE_OF_FORM = {
    "make-token": "account",
    "revoke-token": "account",
    "change-password": "account",
    "retry-all": "activity",
    "language": "index",
    "delete-chosen": "index",
    "reprocess-chosen": "index",
    "zip-chosen": "index",
    "reprocess": "file",
    "cancel": "file",
    "delete": "file",
}


def page_of(request: HttpRequest) -> str:
    """Return the address of the page that a request is about, with its query; `/` where it is about none."""
    if request.method in _SAFE:
        return request.get_full_path()
    return _page_at(request.path, request.META.get("QUERY_STRING", ""))


def page_before(request: HttpRequest) -> str:
    """Return the address of the page where a form was filled in, as far as the browser tells of it."""
    try:
        before = urlsplit(request.META.get("HTTP_REFERER", ""))
        is_ours = before.netloc == request.get_host()
    except (ValueError, DisallowedHost):  # it is the page of that refusal which asks
        is_ours = False
    return _page_at(before.path, before.query) if is_ours else page_of(request)


def _page_at(path: str, query: str) -> str:
    try:
        match = resolve(path)
    except Resolver404:
        return reverse("web:index")
    if page := _PAGE_OF_FORM.get(match.url_name or "") if match.namespace == "web" else None:
        return reverse(f"web:{page}", kwargs=match.kwargs if page == "file" else None)
    address = urlunsplit(("", "", path, query, ""))
    is_page = match.namespace in {"web", "admin"} and url_has_allowed_host_and_scheme(address, None)
    return address if is_page else reverse("web:index")
