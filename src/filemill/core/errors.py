"""The errors that Filemill raises on purpose.

FilemillError
├── Unprocessable            the file is at fault; trying again changes nothing
├── TryAgain                 the world is at fault; the same file may work later
└── Refused                  the request may not come in, and changes nothing
    ├── Invalid              a parameter, a name or a body breaks a rule; carries the fields
    │   ├── InvalidCursor
    │   ├── MissingFile
    │   ├── TooManyFiles
    │   ├── MissingName
    │   ├── BrokenBody
    │   ├── IncompleteBody
    │   └── DigestMismatch
    ├── TooLarge
    ├── QuotaExceeded
    ├── UnsupportedBody
    ├── NotFound
    ├── LinkExpired
    ├── ExpiredCursor
    ├── LengthRequired
    ├── RangeNotSatisfiable
    ├── CrossSite
    ├── SignInRequired
    ├── InvalidToken
    ├── InsufficientScope
    ├── Forged
    ├── TooManyAttempts
    ├── TooManyRequests
    ├── TooManyTransfers
    ├── TooSlow
    ├── Busy
    └── DiskFull

What only some uploads can meet is in `upload_errors` and `resuming_errors`.

`code` is stable and documented at /docs/problems/{code}/; `title` is the same for each error of a class; the message is
the detail of this one case, a sentence for a person.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    code: str
    detail: str


class FilemillError(Exception):
    """An error that carries a stable code, a title and a sentence for a person."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong inside Filemill"
    type_uri: ClassVar[str] = ""  # where the world has a name of its own for it

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class Unprocessable(FilemillError):
    """The file is at fault; `code` says how, for example `encrypted` or `truncated`."""

    def __init__(
        self, detail: str, *, code: str = "unprocessable", title: str = "The file cannot be processed"
    ) -> None:
        super().__init__(detail)
        self.reason_code = code
        self.reason_title = title


class TryAgain(FilemillError):
    """The world is at fault; the job is tried again later."""

    code = "try_again"
    title = "Something the job needs is not there now"


class Refused(FilemillError):
    """The request may not come in; nothing was changed."""

    code = "refused"
    title = "The request was refused"


class Invalid(Refused):
    """A parameter, a name or a body breaks a rule."""

    code = "invalid"
    title = "The request is not valid"

    def __init__(self, detail: str = "", errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class InvalidCursor(Invalid):
    """The cursor was not made by this list with this ordering."""

    code = "invalid_cursor"
    title = "The cursor is not valid"


class MissingFile(Invalid):
    """The body holds no part `file`."""

    code = "missing_file"
    title = "No file was sent"


class TooManyFiles(Invalid):
    """The body holds more than one file."""

    code = "too_many_files"
    title = "More than one file was sent"


class MissingName(Invalid):
    """A raw body came without a name."""

    code = "missing_name"
    title = "The file has no name"


class BrokenBody(Invalid):
    """The body cannot be parsed."""

    code = "broken_body"
    title = "The request body is malformed"


class IncompleteBody(Invalid):
    """The body ended before it was whole."""

    code = "incomplete_body"
    title = "The upload ended early"


class DigestMismatch(Invalid):
    """The bytes that arrived do not have the digest that the client sent."""

    code = "digest_mismatch"
    title = "The bytes do not match their digest"


class TooLarge(Refused):
    """The file is larger than the largest upload."""

    code = "too_large"
    title = "The file is too large"


class QuotaExceeded(Refused):
    """With this file its owner would have more bytes or files than the quota allows."""

    code = "quota_exceeded"
    title = "The quota does not allow this file"


class UnsupportedBody(Refused):
    """The body has a form that this address does not take."""

    code = "unsupported_body"
    title = "This kind of request body is not accepted"


class NotFound(Refused):
    """There is nothing at this address."""

    code = "not_found"
    title = "Not found"


class ExpiredCursor(Refused):
    """What followed on the cursor is not all kept any more."""

    code = "expired_cursor"
    title = "The cursor has expired"


class LinkExpired(Refused):
    """The link was good, but its time is over."""

    code = "link_expired"
    title = "The link has expired"


class LengthRequired(Refused):
    """Nothing says how long the body is, so that a broken one would pass for a whole one."""

    code = "length_required"
    title = "The length of the body must be known"


class RangeNotSatisfiable(Refused):
    """The range lies outside the file."""

    code = "range_not_satisfiable"
    title = "The range lies outside the file"

    def __init__(self, detail: str, size: int) -> None:
        super().__init__(detail)
        self.size = size


class CrossSite(Refused):
    """Another site's page tried to use this service."""

    code = "cross_site"
    title = "Requests from other sites are refused"


class SignInRequired(Refused):
    """The service is not open, and the caller did not say who it is."""

    code = "sign_in_required"
    title = "Sign in first"


class InvalidToken(Refused):
    """The token is unknown, expired or revoked."""

    code = "invalid_token"
    title = "The token opens nothing"


class InsufficientScope(Refused):
    """The token is good, but not for this."""

    code = "insufficient_scope"
    title = "The token is not good for this"

    def __init__(self, detail: str, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class Forged(Refused):
    """A write by a session came without the CSRF token that only pages of this service know."""

    code = "csrf_failed"
    title = "The CSRF token is missing or wrong"


class TooManyAttempts(Refused):
    """Too many sign-ins failed, by this name or from this address."""

    code = "too_many_attempts"
    title = "Too many sign-ins failed"

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TooManyRequests(Refused):
    """By this token, or from this address, requests come quicker than they may."""

    code = "too_many_requests"
    title = "Requests come too quickly"

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TooManyTransfers(Refused):
    """One owner, or in an open service one address, sends and fetches as many files at once as it may."""

    code = "too_many_transfers"
    title = "Too many transfers of yours are under way"


class TooSlow(Refused):
    """The client stopped sending, or sends less than anybody could wait for."""

    code = "too_slow"
    title = "The request body came too slowly"


class Busy(Refused):
    """As many clients send or fetch bytes as the service takes at once."""

    code = "busy"
    title = "Too many transfers are under way"


class DiskFull(Refused):
    """The storage has no room left for the file."""

    code = "disk_full"
    title = "The storage is full"
