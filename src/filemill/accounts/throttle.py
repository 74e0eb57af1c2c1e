"""Sign-ins that fail are counted, by name and by address, in the database: all processes see the same count."""

import functools
import ipaddress
import math
import re
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from filemill.accounts.models import Attempts
from filemill.core.errors import TooManyAttempts

MOST_BY_NAME = 10
MOST_BY_ADDRESS = 50
WINDOW = timedelta(minutes=15)

_SITE_BITS = 64  # of an IPv6 address: whoever has one has them all
_WITH_PORT = re.compile(r"\[(.*)\](?::\d*)?|([\d.]+):\d*", re.ASCII)


def begin(name: str, address: str) -> None:
    """Count an attempt before its password is looked at, so that many at once are not more than many in turn.

    Raise TooManyAttempts where there were too many already.
    """
    now = timezone.now()
    Attempts.objects.filter(ends_at__lte=now).delete()
    with transaction.atomic():
        if address:
            _count(_key("address", address), MOST_BY_ADDRESS, now)
        _count(_key("name", name), MOST_BY_NAME, now)


def succeed(name: str, address: str) -> None:
    """Take an attempt back whose password was right, with the failures by its name, but not with those from there."""
    Attempts.objects.filter(key=_key("address", address), count__gt=0).update(count=F("count") - 1)
    Attempts.objects.filter(key=_key("name", name)).delete()


def address_of(request: HttpRequest | None) -> str:
    """Return the address that a request comes from, as the proxy names it where only a proxy reaches us."""
    if request is None:
        return ""
    peer: str = request.META.get("REMOTE_ADDR", "")
    # Of the list, the last is the proxy's own word, what comes before it the client's.
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2] if settings.FILEMILL.behind_tls else ""
    return _plain(named) or _plain(peer) or "unknown"


@functools.lru_cache(1024)  # whoever sends much comes often
def _plain(address: str) -> str:
    """Return an IP address without the port that some proxies name with it, "" for anything else."""
    match = _WITH_PORT.fullmatch(address.strip())
    try:
        known = ipaddress.ip_address((match[1] or match[2]) if match else address.strip())
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        known = ipaddress.IPv6Address(int(known))  # without a zone
        return str(known.ipv4_mapped or ipaddress.ip_network((known, _SITE_BITS), strict=False))
    return str(known)


def _count(key: str, most: int, now: datetime) -> None:
    Attempts.objects.bulk_create([Attempts(key=key, ends_at=now + WINDOW)], ignore_conflicts=True)
    if Attempts.objects.filter(key=key, count__lt=most).update(count=F("count") + 1):
        return
    ends_at = Attempts.objects.filter(key=key).values_list("ends_at", flat=True).first()
    if ends_at is None:
        return  # a right password, or the end of its time, took the count away meanwhile
    seconds = max(math.ceil((ends_at - now).total_seconds()), 1)
    raise TooManyAttempts(f"Too many sign-ins failed. Try again in {math.ceil(seconds / 60)} min.", seconds)


def _key(kind: str, value: str) -> str:
    # People type passwords where the name belongs: what was typed is not kept.
    plain = unicodedata.normalize("NFKC", value)  # as Django does before it looks for a user
    return salted_hmac(f"filemill.{kind}", plain, algorithm="sha256").hexdigest()
