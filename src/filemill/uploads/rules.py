"""May it come in, and under which name?"""

import unicodedata
from typing import Protocol

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters

from filemill.accounts import usage
from filemill.core.errors import BrokenBody, FieldError, Invalid, MissingName, TooLarge, UnsupportedBody
from filemill.files.models import NAME_MAX_CHARS
from filemill.uploads.body import Body

SMALL_BYTES = 1024 * 1024
_ROOM_BYTES = 256 * 1024  # of a file, after which the disk's room is looked at again: to look takes as long as to write
_MOST_SEMICOLONS = 1000  # for each of them Python looks through the header from its beginning

# Control characters, lone surrogates, line and paragraph separators, and what turns the direction of a text around.
_DROPPED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_DIRECTION_MARKS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE_CATEGORIES = {"Cf", "Zs"}

URLENCODED_HINT = (
    "The body came as application/x-www-form-urlencoded, which carries no file. With curl, send a form by "
    "`-F file=@photo.jpg`, or the bytes alone by `-H 'Content-Type: application/octet-stream' "
    "--data-binary @photo.jpg` and `?name=photo.jpg`."
)


def check_body_kind(request: WSGIRequest) -> None:
    """Raise UnsupportedBody for a form that cannot carry a file."""
    kind = request.content_type or ""
    if kind == "application/x-www-form-urlencoded":
        raise UnsupportedBody(URLENCODED_HINT)
    if kind.startswith("multipart/") and kind != "multipart/form-data":
        raise UnsupportedBody(f"{kind} is not accepted; send multipart/form-data or the bytes alone.")


def bound_by_quota(body: Body, owner_id: int | None, overhead: int) -> None:
    """Raise QuotaExceeded for a body that its owner has no room for; bound one whose length nobody knows by the room.

    `overhead` is what of the body may be no file. A small body is not looked at: it costs less than the look, and is
    counted as exactly as any when it is kept.
    """
    if owner_id is None or (body.length is not None and body.length <= SMALL_BYTES):
        return
    standing = usage.standing(owner_id)
    room = standing.room()
    if room is None:
        return
    if room < 0:
        raise standing.refusal()
    body.bound(room + overhead, standing.refusal())


def check_size(size: int) -> None:
    """Raise TooLarge for a file that is larger than any may be."""
    limit = settings.FILEMILL.max_upload_bytes
    if size > limit:
        raise TooLarge(f"The file has {size} bytes; at most {limit} are accepted.")


class Sink(Protocol):
    """What the bytes of a file go into."""

    size: int

    def check_room(self, size: int) -> None:
        """Raise DiskFull if there is no room for so many more bytes."""

    def write(self, chunk: bytes) -> None:
        """Append bytes."""


def add(incoming: Sink, chunk: bytes) -> None:
    """Write a chunk; raise TooLarge beyond the largest upload, DiskFull where it would eat into the disk's reserve."""
    limit, size = settings.FILEMILL.max_upload_bytes, incoming.size + len(chunk)
    if size > limit:
        raise TooLarge(f"The file has more than {limit} bytes, the most that is accepted.")
    if incoming.size == 0 or size // _ROOM_BYTES > incoming.size // _ROOM_BYTES:
        incoming.check_room(len(chunk))
    incoming.write(chunk)


def clean_name(raw: str) -> str:
    """Return a name fit to keep and show: the last part of a path, without control characters; never used as a path."""
    last = raw.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in last if _may_be_shown(character)).strip()
    if name in {".", ".."} or all(unicodedata.category(character) in _INVISIBLE_CATEGORIES for character in name):
        raise MissingName("The name has no character that can be shown. Send another.")
    if len(name) > NAME_MAX_CHARS:
        detail = f"The name has {len(name)} characters; at most {NAME_MAX_CHARS} are accepted."
        raise Invalid(detail, (FieldError("name", "too_long", detail),))
    return name


def _may_be_shown(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED_CATEGORIES and character not in _DIRECTION_MARKS


def name_of_raw_body(request: WSGIRequest) -> str:
    """Return the name that a raw body goes by: `?name=`, else the file name in Content-Disposition."""
    if "name" in request.GET:
        return clean_name(request.GET["name"])
    # WSGI hands headers over as Latin-1; clients send UTF-8.
    header = request.META.get("HTTP_CONTENT_DISPOSITION", "").encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        parameters = header_parameters(header)[1]
    except ValueError as error:
        raise BrokenBody("Content-Disposition cannot be read.") from error
    if not parameters.get("filename"):
        raise MissingName("A body that is not multipart needs a name: add `?name=photo.jpg` or Content-Disposition.")
    return clean_name(parameters["filename"])


def header_parameters(line: str) -> tuple[str, dict[str, str]]:
    """Return a header's value and parameters; raise ValueError for what cannot be read."""
    if line.count(";") > _MOST_SEMICOLONS:
        raise ValueError(line)
    try:
        value, parameters = parse_header_parameters(line)
    except TypeError as error:  # the standard library's answer to `a*0=b; a*=c` (RFC 2231)
        raise ValueError(line) from error
    return value, parameters


def declared_type(raw: str | None) -> str:
    """Return the media type that the client claims, bounded and printable; it decides nothing."""
    claimed = (raw or "").split(";", 1)[0].strip().lower()
    return "".join(character for character in claimed if character.isascii() and character.isprintable())[:255]
