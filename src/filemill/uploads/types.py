"""Which media types may come in, where the operator bounds them (`FILEMILL_ACCEPTED_TYPES`).

What a client claims and what the first bytes prove has to be accepted; of the two one may be silent.
"""

from django.conf import settings

from filemill.core.upload_errors import TypeNotAccepted
from filemill.identify.aliases import canonical
from filemill.uploads.rules import declared_type

_NO_CLAIM = {"", "application/octet-stream", "binary/octet-stream"}
_NO_PROOF = {None, "application/x-empty"}


def check_claim(raw: str | None) -> None:
    """Raise TypeNotAccepted for a type that a client names and that may not come in."""
    if settings.FILEMILL.accepted_types and (claimed := declared_type(raw)) not in _NO_CLAIM:
        _check(claimed, "It was sent as")


def check_type(claimed: str, proven: str | None) -> None:
    """Raise TypeNotAccepted where a file's type, by claim and by its first bytes, may not come in."""
    if not settings.FILEMILL.accepted_types:
        return
    check_claim(claimed)
    if proven is not None and proven not in _NO_PROOF:
        _check(proven, "By its first bytes it is")
    elif claimed in _NO_CLAIM:
        raise TypeNotAccepted(f"Its first bytes do not tell its type. Say it in Content-Type: {_accepted()}.")


def _check(media_type: str, words: str) -> None:
    name = canonical(media_type)
    if not {media_type, name, f"{name.partition('/')[0]}/*"}.intersection(settings.FILEMILL.accepted_types):
        raise TypeNotAccepted(f"{words} {media_type[:100]}; accepted here: {_accepted()}.")


def _accepted() -> str:
    return ", ".join(settings.FILEMILL.accepted_types)
