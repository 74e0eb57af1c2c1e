"""`?wait=SECONDS`: an answer that comes when the processing is over, without letting waiters use up the threads."""

import re
import time
from collections.abc import Callable, Hashable

from django.conf import settings
from django.db.models import QuerySet

from filemill.core.errors import FieldError, Invalid, Refused
from filemill.files.models import File, Status
from filemill.files.transfers import Seat, Seats

_PAUSES_SECONDS = (0.02, 0.03, 0.05, 0.1, 0.25)
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{0,30})?(e[+-]?[0-9]{1,3})?", re.ASCII)
_UNDER_WAY = (Status.QUEUED, Status.PROCESSING)

SEATS = Seats(settings.FILEMILL.max_waiters)


def seconds_to_wait(given: str) -> float:
    """Return the seconds asked for, at most FILEMILL_MAX_WAIT_SECONDS; raise Invalid for what is no number."""
    if not _NUMBER.fullmatch(given):
        detail = "wait is a number of seconds, 0 or more."
        raise Invalid(detail, (FieldError("wait", "invalid", detail),))
    return min(float(given), settings.FILEMILL.max_wait_seconds)


def wait(file: QuerySet[File], seconds: float, whose: Hashable) -> None:
    """Return when processing is over, or as `wait_until` does; `file` is one or none."""
    wait_until(lambda: not file.filter(status__in=_UNDER_WAY).exists(), seconds, whose)


def wait_until(is_over: Callable[[], bool], seconds: float, whose: Hashable) -> None:
    """Return when something is over, when the time is, or at once where enough wait already.

    Of the seats for those who wait nobody takes all, either.
    """
    if not seconds:
        return
    try:
        seat = Seat(SEATS, whose)
    except Refused:
        return
    with seat:
        until = time.monotonic() + seconds
        pauses = iter(_PAUSES_SECONDS)
        while not is_over():
            pause = min(next(pauses, _PAUSES_SECONDS[-1]), until - time.monotonic())
            if pause <= 0:
                return
            time.sleep(pause)
