"""Seats for those who send or fetch bytes, fewer than there are threads: slow ones never take the last thread."""

import threading
from types import TracebackType
from typing import Self

from django.conf import settings

from filemill.core.errors import Busy

KEPT_THREADS = 8  # for requests that are answered at once


def most() -> int:
    """Return how many transfers a web process takes at once: what waiters and quick requests leave, at least half."""
    chosen = settings.FILEMILL
    return max(chosen.web_threads - chosen.max_waiters - KEPT_THREADS, (chosen.web_threads + 1) // 2)


_seats = threading.BoundedSemaphore(most())


class Seat:
    """A place among the transfers that are under way; raises Busy where all are taken."""

    def __init__(self) -> None:
        self._held = _seats.acquire(blocking=False)
        if not self._held:
            raise Busy("As many uploads and downloads are under way as the service takes at once. Try again soon.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def __del__(self) -> None:
        self.leave()  # of a response that nobody closed

    def leave(self) -> None:
        """Give the seat back; a second time does nothing."""
        if self._held:
            self._held = False
            _seats.release()
