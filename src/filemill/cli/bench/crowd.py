"""Many connections at once, in a few processes; each says what it saw and what it cost itself."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from multiprocessing.synchronize import Event
from statistics import quantiles

from filemill.client.connection import THROTTLED, Connection, NoAnswer, Request, Target

_CONNECTIONS_OF_A_PROCESS = 8
_LONGEST_PAUSE_SECONDS = 1.0
NO_ANSWER = 0  #: stands among the statuses for a connection that was lost


@dataclass
class Outcome:
    """What came of a load."""

    connections: int
    wall_seconds: float = 0.0
    cpu_share: float = 0.0  #: of a core, taken by the busiest process of the client
    times: list[float] = field(default_factory=list)  #: seconds of each successful request
    statuses: list[int] = field(default_factory=list)  #: of all answers

    @property
    def rps(self) -> float:
        """Successful requests per second."""
        return len(self.times) / self.wall_seconds

    @property
    def ceiling_rps(self) -> float:
        """How many requests per second this client would do if it took all of its processes' cores."""
        return self.rps / self.cpu_share if self.cpu_share else 0.0

    @property
    def failures(self) -> dict[int, int]:
        """How many answers with each status were no success."""
        return {status: count for status, count in Counter(self.statuses).items() if not 200 <= status < 300}

    @property
    def throttled(self) -> int:
        """How many answers said: not now."""
        return sum(status in THROTTLED for status in self.statuses)

    def percentile_ms(self, percent: int) -> float:
        """Return the milliseconds within which so many percent were answered."""
        if len(self.times) < 2:  # as `quantiles` needs
            return 1000 * sum(self.times)
        return 1000 * quantiles(self.times, n=100, method="inclusive")[percent - 1]


class Crowd:
    """Processes that wait for work; they end what they are at before they are gone."""

    def __init__(self, target: Target, connections: int) -> None:
        self.processes = min(os.cpu_count() or 1, ceil(connections / _CONNECTIONS_OF_A_PROCESS))
        self._target = target
        context = multiprocessing.get_context("spawn")
        self._over = context.Event()
        self._pool = context.Pool(self.processes, _prepare, (self._over,))

    def load(self, request: Request, connections: int, seconds: float, most: int | None = None) -> Outcome:
        """Send a request over so many connections until the time is over, or so many were sent."""
        processes = min(self.processes, connections)
        shares = [len(range(number, connections, processes)) for number in range(processes)]
        each = ceil(most / connections) if most else None
        found = self._pool.starmap(_several, [(self._target, request, share, seconds, each) for share in shares])
        outcome = Outcome(connections)
        for one in found:
            outcome.wall_seconds = max(outcome.wall_seconds, one.wall_seconds)
            outcome.cpu_share = max(outcome.cpu_share, one.cpu_share)
            outcome.times += one.times
            outcome.statuses += one.statuses
        return outcome

    def close(self) -> None:
        """Let the processes end; return once nothing is under way any more."""
        self._over.set()
        self._pool.close()
        self._pool.join()


@contextmanager
def crowd(target: Target, connections: int) -> Iterator[Crowd]:
    """Have such processes."""
    processes = Crowd(target, connections)
    try:
        yield processes
    finally:
        processes.close()


def _prepare(over: Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one tells the others
    global _over  # the only way from a pool's initializer to its work
    _over = over


_over: Event


def _several(target: Target, request: Request, connections: int, seconds: float, most: int | None) -> Outcome:
    outcome = Outcome(connections)
    began, used = time.monotonic(), time.process_time()
    threads = [
        threading.Thread(target=_one, args=(target, request, began + seconds, most, outcome))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.wall_seconds = time.monotonic() - began
    outcome.cpu_share = (time.process_time() - used) / outcome.wall_seconds
    return outcome


def _one(target: Target, request: Request, until: float, most: int | None, outcome: Outcome) -> None:
    connection, sent = Connection(target), 0
    while (not sent or time.monotonic() < until) and sent != most and not _over.is_set():
        sent, began = sent + 1, time.monotonic()
        try:
            answer = connection.ask(request)
        except NoAnswer:
            outcome.statuses.append(NO_ANSWER)
            _over.wait(_LONGEST_PAUSE_SECONDS / 10)
            continue
        outcome.statuses.append(answer.status)
        if answer.is_success:
            outcome.times.append(time.monotonic() - began)
        elif answer.is_throttled:
            _over.wait(min(answer.retry_after, _LONGEST_PAUSE_SECONDS))
    connection.close()
