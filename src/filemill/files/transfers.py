"""Seats for those who send or fetch bytes, fewer than there are threads: slow ones never take the last thread."""

import threading
from types import TracebackType
from typing import Self

from django.conf import settings

from filemill.core.errors import Busy

KEPT_THREADS = 16  # for requests that are answered at once, and for small bodies


class Seats(threading.BoundedSemaphore):
    """So many places, for which nobody waits longer than it takes to read a body that has arrived already."""

    def __init__(self, count: int, patience_seconds: float = 0.0) -> None:
        super().__init__(count)
        self.patience_seconds = patience_seconds


def most() -> int:
    """Return how many transfers a web process takes at once: what waiters and quick requests leave, at least half."""
    chosen = settings.FILEMILL
    return max(chosen.web_threads - chosen.max_waiters - KEPT_THREADS, (chosen.web_threads + 1) // 2)


def most_small() -> int:
    """Return how many small bodies of a kind a web process reads at once: a quarter of the threads kept for others."""
    return max(min(KEPT_THREADS, settings.FILEMILL.web_threads // 8) // 4, 1)


_PATIENCE_SECONDS = 0.1

TRANSFERS = Seats(most())
#: Apart from each other: forms are read before anybody knows who sends them, documents from callers only.
FORMS = Seats(most_small(), _PATIENCE_SECONDS)
DOCUMENTS = Seats(most_small(), _PATIENCE_SECONDS)


class Seat:
    """A place among those who send or fetch bytes at this moment; raises Busy where all are taken."""

    def __init__(self, seats: Seats = TRANSFERS) -> None:
        self._seats = seats
        self._held = seats.acquire(timeout=seats.patience_seconds)
        if not self._held:
            raise Busy("As many clients send or fetch bytes as the service takes at once. Try again soon.")

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
            self._seats.release()
