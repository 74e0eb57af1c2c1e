"""Signing in and out."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from filemill.web.views import SeeOther

_OF_SESSIONS = {"/app/sign-in", "/app/sign-out"}


class SignIn(LoginView):
    """A form for name and password, which leads to where one was going."""

    template_name = "filemill/sign-in.html"
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of another version
        """Return where one was going, "" where that is to sign in or out: it would lead in a circle."""
        address: str = super().get_redirect_url()
        return "" if urlsplit(address).path.rstrip("/") in _OF_SESSIONS else address


def lead_on(request: HttpRequest) -> HttpResponse:
    """Lead whoever is signed in to where the form for it would."""
    view = SignIn()
    view.setup(request)
    return SeeOther(view.get_success_url())


class SignOut(LogoutView):
    """A page that asks, and ends the session once somebody says so: a mere link from elsewhere ends none."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's signature
        """Ask."""
        return render(request, "filemill/sign-out.html")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's signature
        """End the session, and let the browser forget the files that it keeps for going on after a reload."""
        answer: HttpResponse = super().post(request, *args, **kwargs)
        answer["Clear-Site-Data"] = '"storage"'
        return answer
