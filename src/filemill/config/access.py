"""Who may come in where the service is not open, and on whose behalf."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from filemill.accounts import rates, tokens
from filemill.accounts.caller import EVERYBODY, Caller, by_token, signed_in
from filemill.accounts.forgery import check_csrf
from filemill.accounts.models import Scope, Token
from filemill.accounts.throttle import address_of
from filemill.api import problems
from filemill.config.answers import answer, counted, wants_page
from filemill.core.errors import Forged, Refused, SignInRequired
from filemill.files.links import PARAMETER

Handler = Callable[[HttpRequest], HttpResponseBase]

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEALTH = {"/healthz", "/healthz/", "/readyz", "/readyz/"}
_LANGUAGES = {f"/app/language/{code}/" for code, _ in settings.LANGUAGES}
PUBLIC = {*HEALTH, *_LANGUAGES, "/app/sign-in", "/app/sign-in/", "/admin/login/"}
_BYTES = re.compile(r"/files/[^/]+/(content|artifacts/[^/]+)/?")  # where a link leads
_UNFINISHED = re.compile(r"/upload/.")  # who goes on with one asks first how far it is
_NOBODY = "Send a token (Authorization: Bearer), or sign in at /app/sign-in/."
_OUT = "You are signed out, so nothing was done. Sign in, then do it again."
_CHECKS_THE_FORM = "web:index"  # its body is an upload, which only `receive` may read


class Access:
    """Finds out on whose behalf a request comes; where the service is not open, turns away who may not come in."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        per_second = settings.FILEMILL.rate_per_address
        is_counted = per_second and request.path not in HEALTH
        count = rates.by_address.count(address_of(request), per_second) if is_counted else None
        return counted(request, count, self._admit)

    def _admit(self, request: HttpRequest) -> HttpResponseBase:
        if settings.FILEMILL.access == "open":
            return self._serve(request, EVERYBODY)
        if request.path in PUBLIC or _is_link(request):
            return self.get_response(request)
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() == "bearer":
            return self._with_token(request, secret.strip())
        if request.user.is_authenticated:
            return _private(self._serve(request, signed_in(request.user)))
        if wants_page(request) and request.method in SAFE_METHODS:
            return redirect_to_login(request.get_full_path())
        return answer(request, SignInRequired(_OUT if wants_page(request) else _NOBODY))

    def process_view(
        self, request: HttpRequest, view: Handler, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse a write by a session that Django's own check leaves alone, unless it carries the CSRF token."""
        caller: Caller | None = getattr(request, "caller", None)
        is_by_session = caller is not None and caller.owner is not None and caller.token is None
        is_left_alone = getattr(view, "csrf_exempt", False) and request.method not in SAFE_METHODS
        match = request.resolver_match
        if is_by_session and is_left_alone and match and match.view_name != _CHECKS_THE_FORM:
            try:
                check_csrf(request)
            except Forged as error:
                return answer(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a page's refusal, such as too many attempts to sign in, by its status and in words."""
        return answer(request, error) if isinstance(error, Refused) and type(error) in problems.STATUS else None

    def _check(self, _request: HttpRequest, secret: str) -> Token:
        return tokens.check(secret)

    def _serve(self, request: HttpRequest, caller: Caller) -> HttpResponseBase:
        request.caller = caller  # type: ignore[attr-defined]
        return self.get_response(request)

    def _with_token(self, request: HttpRequest, secret: str) -> HttpResponseBase:
        try:
            token = self._check(request, secret)
            caller = by_token(token)
            caller.require(_scope_for(request))
        except Refused as error:
            return problems.respond(request, error)
        # A browser adds cookies by itself, but never a token: whoever shows one meant to, and counts by it alone.
        request.user = AnonymousUser()
        if request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None) and hasattr(request, "session"):
            request.session = type(request.session)()
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # Django's own way to say it
        per_second = settings.FILEMILL.rate_per_token
        count = rates.by_token.count(token.pk, per_second) if per_second else None
        response = _private(counted(request, count, partial(self._serve, caller=caller)))
        if tokens.is_to_be_noted(token):
            # Servers close an answer once it is sent, so the client does not wait for this.
            response._resource_closers.append(partial(_note, token))  # type: ignore[attr-defined]
        return response


def _scope_for(request: HttpRequest) -> Scope:
    is_read = request.method in SAFE_METHODS and not _UNFINISHED.match(request.path)
    return Scope.READ if is_read else Scope.WRITE


def _is_link(request: HttpRequest) -> bool:
    """Say whether the address brings its own right along, which the view looks at: there is no caller then."""
    # Nearly no request has the parameter, and all come by here.
    is_possible = PARAMETER in request.META.get("QUERY_STRING", "") and request.method in {"GET", "HEAD"}
    return is_possible and PARAMETER in request.GET and _BYTES.fullmatch(request.path) is not None


def _note(token: Token) -> None:
    with suppress(DatabaseError):  # the next request tries again
        tokens.note_use(token)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
