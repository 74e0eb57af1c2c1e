"""Passwords, wherever they are typed: throttled, and each one in the log."""

from typing import Any

import structlog
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from filemill.accounts import throttle
from filemill.core.errors import TooManyAttempts

log = structlog.get_logger(__name__)


class ThrottledBackend(ModelBackend):
    """Django's own check of a password, after a look at how many failed."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,  # noqa: ANN401  # Django's signature
    ) -> User | None:
        """Return the user whose name and password these are; raise TooManyAttempts after too many wrong ones."""
        if username is None or password is None:
            return None
        address = throttle.address_of(request)
        try:
            throttle.begin(username, address)
        except TooManyAttempts:
            log.warning("sign-in throttled", address=address)
            raise
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            # A name that is no user's may be a password in the wrong field.
            known = User.objects.filter(username=username).exists()
            log.warning("sign-in failed", user=username if known else None, address=address)
        else:
            throttle.succeed(username, address)
        return user


def listen() -> None:
    """Have Django tell of each session that begins or ends."""
    user_logged_in.connect(_begun)
    user_logged_out.connect(_ended)


def _begun(request: HttpRequest, user: User, **_kwargs: Any) -> None:  # noqa: ANN401  # Django's signature
    log.info("signed in", user=user.get_username(), address=throttle.address_of(request))


def _ended(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:  # noqa: ANN401  # Django's signature
    if user is not None:
        log.info("signed out", user=user.get_username(), address=throttle.address_of(request))
