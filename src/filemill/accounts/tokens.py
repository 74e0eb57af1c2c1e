"""Tokens: made, checked, noted as used, revoked."""

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any, TypeVar

import orjson
import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.base import ModelState
from django.utils import timezone

from filemill.accounts.caller import Caller, scopes_of
from filemill.accounts.models import NAME_MAX_CHARS, Scope, Token, new_token_id
from filemill.core.errors import FieldError, Invalid, InvalidToken, NotFound, SignInRequired
from filemill.database.cursors import one_row

log = structlog.get_logger(__name__)

MOST_TOKENS = 100  # of one owner, so that a list of them needs no pages
NOTED_EACH = timedelta(minutes=1)

# Each request asks this, and Django takes much longer to write such a query than a database to answer it.
_OF_TOKEN = ["id", "owner_id", "name", "digest", "scopes", "expires_at", "last_used_at", "revoked_at"]
_OF_OWNER = ["id", "username", "is_staff", "is_active"]
_COLUMNS = [*(f"t.{name}" for name in _OF_TOKEN), *(f"u.{name}" for name in _OF_OWNER)]
_FROM = "FROM accounts_token t JOIN auth_user u ON u.id = t.owner_id"
_QUERY = f"SELECT {', '.join(_COLUMNS)} {_FROM} WHERE t.id = %s"
_Row = TypeVar("_Row", bound=Model)
_OWNER: Any = Token._meta.get_field("owner")
_FORM = re.compile(r"fm_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)


class AlreadyMade(Exception):
    """There is a token of this id: a form was sent twice."""


class Beside:
    """A row of another table that is asked for along with a token, to save a statement: `query` is by `query_with`."""

    def __init__(self, query: str, key: Any) -> None:  # noqa: ANN401  # whatever the table has
        self.query, self.key = query, key
        self.row: tuple[Any, ...] | None = None  #: once the token was found; of nulls where there is none such


def query_with(table: str, columns: Sequence[str]) -> str:
    """Return what asks for a token and, by its id, for a row of a table."""
    more = ", ".join(f"b.{name}" for name in columns)
    return f"SELECT {', '.join(_COLUMNS)}, {more} {_FROM} LEFT JOIN {table} b ON b.id = %s WHERE t.id = %s"


def issue(
    owner: User,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    by: str,
    token_id: str | None = None,
) -> tuple[Token, str]:
    """Make a token; return it with its secret, which nobody can show again.

    Who chose its id beforehand gets AlreadyMade where there is one of that id, so that a form sent twice makes one.
    """
    found = [*_wrong_name(name), *_wrong_scopes(owner, scopes), *_wrong_end(expires_at)]
    if found:
        raise Invalid(" ".join(each.detail for each in found), tuple(found))
    if living(owner).count() >= MOST_TOKENS:
        raise Invalid(f"{owner.get_username()} has {MOST_TOKENS} tokens already. Revoke one of them first.")
    token_id = token_id or new_token_id()
    secret = f"fm_{token_id}_{secrets.token_urlsafe(32)}"
    try:
        with transaction.atomic():
            token = Token.objects.create(
                id=token_id,
                owner=owner,
                name=name.strip(),
                digest=_digest(secret),
                scopes=[scope for scope in Scope.values if scope in scopes],
                created_at=timezone.now(),
                expires_at=expires_at,
            )
    except IntegrityError as error:
        if not Token.objects.filter(pk=token_id).exists():
            raise
        raise AlreadyMade from error
    log.info("token created", token_id=token.id, owner=owner.get_username(), scopes=token.scopes, by=by)
    return token, secret


def end_for(caller: Caller, wanted: datetime | None) -> datetime | None:
    """Return when a new token expires: at the latest with the one that it is made with."""
    latest = caller.token.expires_at if caller.token else None
    if latest is None or wanted is None:
        return wanted or latest
    if wanted > latest:
        detail = f"A token lasts no longer than the one that it is made with: {latest:%Y-%m-%dT%H:%M:%SZ}."
        raise Invalid(detail, (FieldError("expires_at", "invalid", detail),))
    return wanted


def check(secret: str, beside: Beside | None = None) -> Token:
    """Return the token, with its owner, that a secret belongs to; raise InvalidToken where it opens nothing."""
    match = _FORM.fullmatch(secret)
    token = _with_owner(match[1], beside) if match else None
    if token is None or not compare_digest(token.digest, _digest(secret)):
        raise InvalidToken("There is no such token. A token begins with `fm_`; send it whole.")
    if token.expires_at is not None and token.expires_at <= timezone.now():
        raise InvalidToken(f"This token expired at {token.expires_at:%Y-%m-%d %H:%M} UTC.")
    _refuse_ended(token)
    return token


def confirm(caller: Caller) -> None:
    """Raise InvalidToken or SignInRequired for a caller that was let in, but whose right somebody ended since.

    That a token expired since is no reason: it was good when the request began.
    """
    if caller.token is not None:
        token = _with_owner(caller.token.pk)
        if token is None:
            raise InvalidToken("This token was deleted, with its owner.")
        _refuse_ended(token)
    elif caller.owner is not None and not User.objects.filter(pk=caller.owner.pk, is_active=True).exists():
        raise SignInRequired("The user who was signed in may no longer use the service.")


def _refuse_ended(token: Token) -> None:
    if token.revoked_at is not None:
        raise InvalidToken("This token was revoked.")
    if not token.owner.is_active:
        raise InvalidToken("The owner of this token may no longer use the service.")


def is_to_be_noted(token: Token) -> bool:
    """Say whether the last use that is known of a token is long enough ago for another note."""
    return token.last_used_at is None or token.last_used_at < timezone.now() - NOTED_EACH


def note_use(token: Token) -> None:
    """Write down that a token is used, once for all requests that find at the same time that it is due."""
    now = timezone.now()
    due = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EACH)
    Token.objects.filter(due, pk=token.pk).update(last_used_at=now)


def living(owner: User) -> QuerySet[Token]:
    """Return an owner's tokens that were not revoked."""
    return Token.objects.filter(owner=owner, revoked_at=None)


def revoke(tokens: QuerySet[Token], token_id: str, by: str) -> None:
    """End one of some tokens at once; raise NotFound where it is not among them or was revoked before."""
    if not tokens.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now()):
        was_there = tokens.filter(pk=token_id).exists()
        raise NotFound("This token was revoked already." if was_there else "There is no such token.")
    log.info("token revoked", token_id=token_id, by=by)


def _with_owner(token_id: str, beside: Beside | None = None) -> Token | None:
    """Return a token with as much of its owner as a request needs to know."""
    row = one_row(beside.query, [beside.key, token_id]) if beside else one_row(_QUERY, [token_id])
    if row is None:
        return None
    if beside is not None:
        beside.row = row[len(_COLUMNS) :]
    *plain, scopes, expires_at, last_used_at, revoked_at, owner_id, username, is_staff, is_active = row[: len(_COLUMNS)]
    times = map(_in_utc, (expires_at, last_used_at, revoked_at))
    token = _made(Token, _OF_TOKEN, [*plain, orjson.loads(scopes), *times])
    _OWNER.set_cached_value(token, _made(User, _OF_OWNER, [owner_id, username, bool(is_staff), bool(is_active)]))
    return token


def _made(kind: type[_Row], names: Sequence[str], values: Sequence[Any]) -> _Row:
    """Return a row's instance; Django would send signals about it, which takes longer than to ask for the row."""
    made = kind.__new__(kind)
    made._state = ModelState()
    made._state.db, made._state.adding = connection.alias, False
    made.__dict__.update(zip(names, values, strict=True))
    return made


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment  # SQLite has no time zones


def _digest(secret: str) -> str:
    # Slow hashes are for what people think up. 256 random bits cannot be guessed, however fast one guesses, and every
    # request of a program hashes its token.
    return hashlib.sha256(secret.encode()).hexdigest()


def _wrong_name(name: str) -> list[FieldError]:
    if name.strip() and name.isprintable() and len(name) <= NAME_MAX_CHARS:
        return []
    return [FieldError("name", "invalid", f"A name has 1 to {NAME_MAX_CHARS} characters that can be printed.")]


def _wrong_scopes(owner: User, scopes: Collection[str]) -> list[FieldError]:
    if unknown := sorted(set(scopes) - set(Scope.values)):
        detail = f"There is no scope `{unknown[0][:50]}`, only {', '.join(Scope.values)}."
    elif not scopes:
        detail = f"A token needs a scope: {', '.join(Scope.values)}."
    elif not scopes_of(owner).issuperset(scopes):
        detail = f"Only a token of somebody on the staff has the scope admin; {owner.get_username()} is not."
    else:
        return []
    return [FieldError("scopes", "invalid", detail)]


def _wrong_end(expires_at: datetime | None) -> list[FieldError]:
    if expires_at is None or expires_at > timezone.now():
        return []
    return [FieldError("expires_at", "invalid", "A token expires in the future, or never.")]
