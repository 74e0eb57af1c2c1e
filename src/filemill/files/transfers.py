"""Seats for those who send or fetch bytes, fewer than there are threads: slow ones never take the last thread."""

import threading
from collections import Counter, deque
from collections.abc import Hashable
from types import TracebackType
from typing import Self

from django.conf import settings

from filemill.core.errors import Busy, TooManyTransfers

KEPT_THREADS = 8  # for requests that are answered at once


class Seats:
    """So many seats in this process, of which nobody takes more than some."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: Counter[Hashable] = Counter()
        self._left: deque[Hashable] = deque()
        self._lock = threading.Lock()

    def take(self, whose: Hashable, most: int) -> None:
        """Take a seat; raise Busy where there is none, TooManyTransfers where `whose` has so many already."""
        with self._lock:
            while self._left:
                self._give_back(self._left.popleft())
            if self._taken.total() >= self.most:
                raise Busy("As many uploads and downloads are under way as the service takes at once. Try again soon.")
            if self._taken[whose] >= most:
                raise TooManyTransfers(
                    f"{most} uploads and downloads of yours are under way, as many as you may have at once. Try again "
                    "when one has ended."
                )
            self._taken[whose] += 1

    def leave(self, whose: Hashable) -> None:
        """Give a seat back; without a lock, for the garbage collector may do this while somebody takes one."""
        self._left.append(whose)

    def _give_back(self, whose: Hashable) -> None:
        self._taken[whose] -= 1
        if not self._taken[whose]:
            del self._taken[whose]


def most() -> int:
    """Return how many transfers a web process takes at once: what waiters and quick requests leave, at least half."""
    chosen = settings.FILEMILL
    return max(chosen.web_threads - chosen.max_waiters - KEPT_THREADS, (chosen.web_threads + 1) // 2)


def share(all_: int) -> int:
    """Return how many of all seats one owner may take where nothing else is said: three in four."""
    return max(all_ * 3 // 4, 1)


_seats = Seats(most())


class Seat:
    """A place among the transfers that are under way; raises Busy or TooManyTransfers where there is none."""

    def __init__(self, whose: Hashable) -> None:
        self._held = False
        self._whose = whose
        _seats.take(whose, settings.FILEMILL.transfers_per_owner or share(_seats.most))
        self._held = True

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
            _seats.leave(self._whose)
