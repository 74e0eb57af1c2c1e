"""Signed addresses: whoever has one fetches these bytes until it expires, and nothing else."""

import re
import time
from dataclasses import dataclass
from uuid import UUID

from django.core.signing import Signer
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from filemill.core.errors import LinkExpired, NotFound
from filemill.files.models import File

PARAMETER = "link"
DEFAULT_SECONDS = 60 * 60
MOST_SECONDS = 7 * 24 * 60 * 60

_FORM = re.compile(r"([0-9]{1,12})\.(inline|attachment)\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True)
class Followed:
    """What a link leads to, and for how long."""

    file: File
    disposition: str
    seconds_left: int


def make(file: File, artifact: str | None, disposition: str, expires_at: int) -> str:
    """Return what an address of some bytes needs to be good without a token until a second of the clock."""
    return f"{expires_at}.{disposition}.{_signature(file, artifact, disposition, expires_at)}"


def follow(text: str, file_id: UUID, artifact: str | None) -> Followed:
    """Return the file to which a link leads; raise NotFound where it was not made for these bytes, or was ended.

    Raise LinkExpired where its time is over.
    """
    match = _FORM.fullmatch(text)
    # What was made in the name of somebody who may no longer use the service opens nothing, as their tokens do.
    file = File.objects.filter(Q(owner=None) | Q(owner__is_active=True), pk=file_id).first() if match else None
    if match is None or file is None:
        raise _not_found()
    expires_at, disposition = int(match[1]), match[2]
    if not constant_time_compare(match[3], _signature(file, artifact, disposition, expires_at)):
        raise _not_found()
    left = expires_at - int(time.time())
    if left <= 0:
        raise LinkExpired("This link has expired. Ask whoever gave it to you for another.")
    return Followed(file, disposition, left)


def _signature(file: File, artifact: str | None, disposition: str, expires_at: int) -> str:
    # With the time at which all links of the file were ended last, it is another signature after they are ended again.
    ended_at = file.links_ended_at.isoformat() if file.links_ended_at else ""
    return Signer(salt="filemill.links").signature(f"{file.pk}/{artifact or ''}/{disposition}/{expires_at}/{ended_at}")


def _not_found() -> NotFound:
    return NotFound("There is nothing at this address: the link is not whole, or was ended, or its file is gone.")
