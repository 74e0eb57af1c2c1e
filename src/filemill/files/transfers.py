"""Seats for those who send or fetch bytes, fewer than there are threads: slow ones never take the last thread."""

import threading
import time
from collections import Counter, deque
from collections.abc import Hashable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from django.conf import settings

from filemill.core.errors import Busy, TooManyTransfers

KEPT_THREADS = 16  # for requests that are answered at once, and for small bodies
_PATIENCE_SECONDS = 0.1
_PAUSE_SECONDS = 0.005


class Shares:
    """How many of some places each party has."""

    def __init__(self) -> None:
        self._taken: Counter[Hashable] = Counter()
        self._left: deque[Hashable] = deque()
        self._lock = threading.Lock()

    def take(self, whose: Hashable, most: int) -> bool:
        """Note one more place, unless the party has so many already; say whether."""
        with self._lock:
            while self._left:
                self._forget(self._left.popleft())
            if self._taken[whose] >= most:
                return False
            self._taken[whose] += 1
            return True

    def leave(self, whose: Hashable) -> None:
        """Note one fewer; without a lock, for the garbage collector may do this in the middle of a `take`."""
        self._left.append(whose)

    def _forget(self, whose: Hashable) -> None:
        self._taken[whose] -= 1
        if not self._taken[whose]:
            del self._taken[whose]


class Seats:
    """So many places, for which nobody waits longer than it takes to read a body that has arrived already."""

    def __init__(self, count: int, patience_seconds: float = 0.0) -> None:
        # Not a semaphore: the garbage collector may give a seat back while this very thread takes one.
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)
        self.patience_seconds = patience_seconds
        self.shares = Shares()
        self.most_each = max(count - max(count // 8, 1), 1)  # so that nobody takes all

    def acquire(self, seconds: float) -> bool:
        """Take a place, waiting so long for one; say whether there was one."""
        try:
            self._free.get(seconds > 0, seconds if seconds > 0 else None)
        except Empty:
            return False
        return True

    def release(self) -> None:
        """Give a place back."""
        self._free.put(None)


class SmallSeats(Seats):
    """Places for small bodies, of which nobody takes more than half."""

    def __init__(self, count: int) -> None:
        super().__init__(count, _PATIENCE_SECONDS)
        self.most_each = max(count // 2, 1)


def most() -> int:
    """Return how many transfers a web process takes at once: what waiters and quick requests leave, at least half."""
    chosen = settings.FILEMILL
    return max(chosen.web_threads - chosen.max_waiters - KEPT_THREADS, (chosen.web_threads + 1) // 2)


def most_small() -> int:
    """Return how many small bodies of a kind a web process reads at once: a quarter of the threads kept for others."""
    return max(min(KEPT_THREADS, settings.FILEMILL.web_threads // 8) // 4, 1)


TRANSFERS = Seats(most())
#: Apart from each other: forms come from anybody, documents from callers only.
FORMS = SmallSeats(most_small())
DOCUMENTS = SmallSeats(most_small())


class Seat:
    """A place among those who send or fetch bytes at this moment; raises Busy where all are taken.

    Raise TooManyTransfers where so many are taken by one party that others would find none.
    """

    def __init__(self, seats: Seats, whose: Hashable = None, most: int = 0) -> None:
        self._seats, self._whose = seats, whose
        self._held = False
        most = most or seats.most_each
        until = time.monotonic() + seats.patience_seconds
        has_enough = False
        while not self._held:
            if not seats.acquire(until - time.monotonic()):
                raise (
                    _too_many(most)
                    if has_enough
                    else Busy("As many clients send or fetch bytes as the service takes at once. Try again soon.")
                )
            self._held = whose is None or seats.shares.take(whose, most)
            if not self._held:
                seats.release()
                has_enough = True
                if time.monotonic() >= until:
                    raise _too_many(most)
                time.sleep(_PAUSE_SECONDS)

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
            if self._whose is not None:
                self._seats.shares.leave(self._whose)
            self._seats.release()


def _too_many(most: int) -> TooManyTransfers:
    return TooManyTransfers(
        f"{most} requests of yours send or fetch bytes, as many as you may have at once. Try again when one has ended."
    )


def transfer(whose: Hashable) -> Seat:
    """Take a seat for an upload or a download."""
    return Seat(TRANSFERS, whose, settings.FILEMILL.transfers_per_owner)
