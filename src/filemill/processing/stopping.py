"""Whether this worker was told to stop, and how long it lets its running jobs go on."""

import time

from django.conf import settings


class Stopping(Exception):
    """The worker's patience is over: the job is to be given back."""


_told_at: float | None = None


def stop() -> None:
    """Note that the worker was told to stop: it claims nothing from now on."""
    global _told_at  # one worker a process
    _told_at = _told_at or time.monotonic()


def is_stopping() -> bool:
    """Say whether the worker was told to stop."""
    return _told_at is not None


def check() -> None:
    """Raise Stopping once the jobs of a stopping worker had FILEMILL_STOP_SECONDS to end."""
    if _told_at is not None and time.monotonic() - _told_at >= settings.FILEMILL.stop_seconds:
        raise Stopping
