"""What the page of an account shows: tokens, and the space that is used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from filemill.accounts import throttle, tokens, usage
from filemill.accounts.caller import Caller, scopes_of
from filemill.accounts.models import Scope, Token, new_token_id
from filemill.core.errors import FieldError, Invalid
from filemill.uploads.models import Upload
from filemill.web import words

#: What a token is good for, in words.
SCOPES = {
    Scope.READ: _("See and fetch files"),
    Scope.WRITE: _("Send, change and delete files"),
    Scope.ADMIN: _("All of it with the files of others"),
}
#: For how many days a token may be chosen to last; 0: for ever.
TERMS = {30: _("30 days"), 90: _("90 days"), 365: _("A year"), 0: _("Until it is revoked")}
_USUAL_TERM = 90
_NEARLY = 0.9
_USUAL_SCOPES = (Scope.READ, Scope.WRITE)
_FORM = signing.Signer(salt="filemill.web.new-token")


@dataclass(frozen=True)
class Shown:
    """What the page shows of a token."""

    token: Token
    made: str
    used: str  # "" where it never was
    is_over: bool


@dataclass(frozen=True)
class Space:
    """What an owner's files add up to, beside what they may."""

    standing: usage.Standing
    size: str
    quota: str  # "" where there is none
    unfinished: int
    most_unfinished: int

    @property
    def high_bytes(self) -> int:
        """From how many bytes on the quota is nearly used up."""
        return int(_NEARLY * (self.standing.quota_bytes or 0))

    @property
    def high_files(self) -> int:
        """From how many files on the quota is nearly used up."""
        return int(_NEARLY * (self.standing.quota_files or 0))


@dataclass(frozen=True)
class Made:
    """A token that was just made: its secret, and lines that use it."""

    token: Token
    secret: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What was typed for a new token; `form` names the one form that it stands in."""

    form: str
    name: str = ""
    scopes: Sequence[str] = _USUAL_SCOPES
    term: int = _USUAL_TERM
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    terms: list[tuple[int, str, bool]] = field(default_factory=list)


class PasswordForm(PasswordChangeForm):
    """Django's form, which counts wrong guesses of the old password as sign-ins that fail."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        super().__init__(user, request.POST if request.method == "POST" else None)
        self._address = throttle.address_of(request)

    def clean_old_password(self) -> str:
        """Return the old password; raise TooManyAttempts after too many wrong ones."""
        name = self.user.get_username()
        throttle.begin(name, self._address)
        right: str = super().clean_old_password()
        throttle.succeed(name, self._address)
        return right


def tokens_of(owner: User) -> list[Shown]:
    """Return an owner's tokens that were not revoked, newest first."""
    now = timezone.now()
    return [_shown(token, now) for token in tokens.living(owner)]


def space_of(owner: User) -> Space:
    """Return how much an owner has, and may have."""
    found = usage.standing(owner.pk)
    return Space(
        found,
        words.size(found.bytes),
        "" if found.quota_bytes is None else words.size(found.quota_bytes),
        Upload.objects.filter(owner=owner, finished_at=None).count(),
        settings.FILEMILL.max_unfinished_uploads,
    )


def wanted(owner: User, **typed: object) -> Wanted:
    """Return the form for a new token, with what was typed, or as it is at first.

    Each form holds the id that its token will have, so that one sent twice makes one token.
    """
    form = _FORM.sign_object([new_token_id(), owner.pk])
    asked = Wanted(form, **typed)  # type: ignore[arg-type]  # by the caller's names
    allowed = [scope for scope in Scope if scope in scopes_of(owner)]
    return Wanted(
        form,
        asked.name,
        asked.scopes,
        asked.term,
        [(scope.value, gettext(SCOPES[scope]), scope in asked.scopes) for scope in allowed],
        [(days, gettext(said), days == asked.term) for days, said in TERMS.items()],
    )


def make(request: HttpRequest, caller: Caller, owner: User) -> Made:
    """Make the token that a form asks for.

    Raise Invalid for what is wrong in it, AlreadyMade where it was sent before, BadSignature where it is no form of the
    owner's.
    """
    token_id, owner_pk = _FORM.unsign_object(request.POST.get("form", ""))
    if owner_pk != owner.pk:
        raise signing.BadSignature
    scopes = request.POST.getlist("scope")
    for scope in scopes:
        caller.require(scope)
    term = term_of(request)
    end = tokens.end_for(caller, timezone.now() + timedelta(days=term) if term else None)
    token, secret = tokens.issue(owner, request.POST.get("name", ""), scopes, end, caller.name, token_id)
    return Made(token, secret, _lines(request, token))


def term_of(request: HttpRequest) -> int:
    """Return for how many days a form wants a token to last; raise Invalid for what was not to be chosen."""
    given = request.POST.get("term", "")
    found = next((days for days in TERMS if str(days) == given), None)
    if found is None:
        detail = "Choose how long the token lasts."
        raise Invalid(detail, (FieldError("term", "invalid", detail),))
    return found


def wrong_in(problem: Invalid) -> str:
    """Return which field of the form for a token a problem is about first; the name where it is about none."""
    field = problem.errors[0].field if problem.errors else "name"
    return {"scopes": "scope", "expires_at": "term"}.get(field, field)


def _lines(request: HttpRequest, token: Token) -> tuple[str, ...]:
    # Typed into a prompt, it stays out of the shell's history and out of the list of processes.
    curl = 'curl -H "Authorization: Bearer $FILEMILL_TOKEN"'
    address = request.build_absolute_uri
    writes = Scope.WRITE in token.scopes
    use = f"-F file=@photo.jpg {address(reverse('upload'))}" if writes else address(reverse("files"))
    return ("read -rs FILEMILL_TOKEN && export FILEMILL_TOKEN", f"{curl} {use}")


def _shown(token: Token, now: datetime) -> Shown:
    used = words.age(token.last_used_at, now) if token.last_used_at else ""
    is_over = token.expires_at is not None and token.expires_at <= now
    return Shown(token, words.age(token.created_at, now), used, is_over)
