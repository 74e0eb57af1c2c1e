"""On whose behalf a request comes, and what that allows."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from filemill.accounts.models import Scope, Token
from filemill.accounts.throttle import address_of
from filemill.core.errors import InsufficientScope


@dataclass(frozen=True)
class Caller:
    """An owner with what it may do now; without an owner everybody, where the service is open."""

    owner: User | None
    scopes: frozenset[str]
    token: Token | None = None  # None: signed in, or everybody

    @property
    def sees_all(self) -> bool:
        """Whether the caller sees what belongs to others, and to nobody."""
        return self.owner is None or (self.owner.is_staff and Scope.ADMIN in self.scopes)

    @property
    def owner_id(self) -> int | None:
        """Whose a file is that this caller sends."""
        return self.owner.pk if self.owner else None

    @property
    def name(self) -> str:
        """Who it is, for the log."""
        if self.owner is None:
            return "somebody"
        return f"{self.owner.get_username()} with token {self.token.pk}" if self.token else self.owner.get_username()

    def require(self, scope: str) -> None:
        """Raise InsufficientScope unless the caller has a scope."""
        if scope not in self.scopes:
            raise InsufficientScope(f"This request needs the scope `{scope}`, which its caller does not have.", scope)


EVERYBODY = Caller(None, frozenset(Scope.values))


def by_token(token: Token) -> Caller:
    """Return the caller that shows a token; what its owner may no longer do, it may not, either."""
    return Caller(token.owner, scopes_of(token.owner) & frozenset(token.scopes), token)


def signed_in(user: User) -> Caller:
    """Return the caller that a session stands for."""
    return Caller(user, scopes_of(user))


def scopes_of(user: User) -> frozenset[str]:
    """Return what a user may do, and so the most that a token of theirs is good for."""
    return frozenset(Scope.values) if user.is_staff else frozenset({Scope.READ.value, Scope.WRITE.value})


def caller_of(request: Any) -> Caller:  # noqa: ANN401  # Django's request or REST Framework's
    """Return what the middleware found out; it fails where none ran, rather than letting everybody in."""
    caller: Caller = request.caller
    return caller


def party_of(request: HttpRequest) -> int | str:
    """Return who has to leave room for others: an owner, where there is none the address that a request comes from."""
    caller: Caller | None = getattr(request, "caller", None)
    owner_id = caller.owner_id if caller else None
    return address_of(request) if owner_id is None else owner_id
