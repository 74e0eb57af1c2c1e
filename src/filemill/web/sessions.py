"""Signing in and out."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class SignIn(LoginView):
    """A form for name and password, which leads to where one was going."""

    template_name = "filemill/sign-in.html"


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
