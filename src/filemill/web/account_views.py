"""The page of an account, and what can be done there."""

from typing import Any

import structlog
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filemill.accounts import tokens
from filemill.accounts.caller import Caller, caller_of
from filemill.accounts.models import Token
from filemill.core.errors import Invalid, NotFound
from filemill.core.statuses import STATUS
from filemill.web import account
from filemill.web.views import SeeOther

log = structlog.get_logger(__name__)


@require_safe
@never_cache
def account_page(request: HttpRequest) -> HttpResponse:
    """Show the account, or why there is none."""
    caller = caller_of(request)
    if caller.owner is None:
        return render(request, "filemill/account-open.html")
    return _page(request, caller, caller.owner)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token, and show its secret in this one answer."""
    if request.method != "POST":  # the page that shows a secret was asked for again
        return SeeOther(reverse("web:account"))
    caller, owner = _owner(request)
    try:
        made = account.make(request, caller, owner)
    except tokens.AlreadyMade:
        messages.info(request, _("This token was made already, and is not shown again. If it is lost, revoke it."))
    except signing.BadSignature:
        messages.info(request, _("No token was made, for the form was out of date. Here is a fresh one."))
    except Invalid as problem:
        shown = {"problem": problem, "wrong": account.wrong_in(problem)}
        return _page(request, caller, owner, **shown, wanted=_typed(request, owner))
    else:
        return _page(request, caller, owner, made=made)
    return SeeOther(reverse("web:account"))


@require_POST
def revoke_token(request: HttpRequest) -> HttpResponse:
    """End a token of the caller's."""
    caller, owner = _owner(request)
    try:
        tokens.revoke(Token.objects.filter(owner=owner), request.POST.get("token", "").replace("\0", ""), caller.name)
    except NotFound:
        messages.info(request, _("There is no such token any more."))
    else:
        messages.info(request, _("The token is revoked: it opens nothing from now on."))
    return SeeOther(reverse("web:account"))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def change_password(request: HttpRequest) -> HttpResponse:
    """Give whoever has signed in another password; their other sessions end with the old one."""
    if request.method != "POST":
        return SeeOther(reverse("web:account"))
    caller, owner = _owner(request)
    if caller.token is not None:
        raise NotFound("Passwords are changed by who has signed in with one, not by a token.")
    form = account.PasswordForm(request, owner)
    if not form.is_valid():
        return _page(request, caller, owner, form=form, status=STATUS[Invalid])
    update_session_auth_hash(request, form.save())
    log.info("password changed", user=owner.get_username())
    messages.info(request, _("The password is changed. Other sessions of yours have ended; tokens stay as they are."))
    return SeeOther(reverse("web:account"))


def _owner(request: HttpRequest) -> tuple[Caller, User]:
    caller = caller_of(request)
    if caller.owner is None:
        raise NotFound("This service is open to whoever reaches it: there are no accounts here.")
    return caller, caller.owner


def _typed(request: HttpRequest, owner: User) -> account.Wanted:
    given = request.POST.get("term", "")
    term = int(given) if given in map(str, account.TERMS) else 0
    return account.wanted(owner, name=request.POST.get("name", ""), scopes=request.POST.getlist("scope"), term=term)


def _page(request: HttpRequest, caller: Caller, owner: User, **shown: Any) -> HttpResponse:  # noqa: ANN401  # template values
    problem = shown.get("problem")
    status = STATUS[type(problem)] if problem else shown.pop("status", None)
    context = {
        "owner": owner,
        "tokens": account.tokens_of(owner),
        "most": tokens.MOST_TOKENS,
        "space": account.space_of(owner),
        "wanted": account.wanted(owner),
        "has_password": caller.token is None and owner.has_usable_password(),
        "form": account.PasswordForm(request, owner) if request.method == "GET" else None,
        **shown,
    }
    return render(
        request, "filemill/account.html", context, status=status or (STATUS[type(problem)] if problem else None)
    )
