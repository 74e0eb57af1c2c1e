"""What happens after an upload: backlogs, single files, and the same work done by others."""

import time
from collections.abc import Callable
from itertools import pairwise
from statistics import quantiles

import load
import peer
import samples
from measure import Bench
from service import Service

_POLL_SECONDS = 0.05
_CLOSE_SECONDS = 0.002


class Backlog:
    """Watches a number of waiting files shrink."""

    def __init__(self, waiting: Callable[[], float], patience_seconds: float) -> None:
        self._waiting = waiting
        self._until = time.monotonic() + patience_seconds
        self._total = waiting()
        self._seen: list[tuple[float, float]] = []  # when how many were done

    def begin(self) -> None:
        """Return once the first file is done; its worker has started by then."""
        while self._look() == 0 and time.monotonic() < self._until:
            time.sleep(_POLL_SECONDS)
        self._seen = self._seen[-1:]

    def watch(self) -> int:
        """Return how many more files were done when none waits any more, or patience ends."""
        while self._look() < self._total and time.monotonic() < self._until:
            time.sleep(_POLL_SECONDS)
        return max(round(self._seen[-1][1] - self._seen[0][1]), 1)

    def rates(self) -> list[float]:
        """Return files per second in each quarter of what was done."""
        (_, first), (_, last) = self._seen[0], self._seen[-1]
        marks = [
            next(each for each in self._seen if each[1] >= first + (last - first) * quarter / 4) for quarter in range(5)
        ]
        return [(later[1] - sooner[1]) / max(later[0] - sooner[0], _POLL_SECONDS) for sooner, later in pairwise(marks)]

    def _look(self) -> float:
        done = self._total - self._waiting()
        self._seen.append((time.monotonic(), done))
        return done


def backlog(bench: Bench, service: Service, kind: str) -> None:
    """Process files that all wait when the worker starts; after the mix, single files one by one."""
    files = (samples.mixed if kind == "mix" else samples.texts)(bench.size.backlog)
    load.ask_all([service.form(name, content) for name, content in files])
    with service.worker():
        left = Backlog(service.waiting, bench.size.patience_seconds)
        left.begin()
        written = _written(service)
        with service.spending() as spent:
            count = left.watch()
        costs = {part: cost / count for part, cost in (spent | _written(service, since=written)).items()}
        for rate in left.rates():
            bench.add(f"backlog_{kind}", {"files_per_s": rate} | costs)
        if kind == "mix":
            service.drop_queue()  # what patience has left
            _singles(bench, service)
    service.drop_queue()
    _say(bench, f"backlog_{kind}")


def textbook_backlog(bench: Bench, service: Service) -> None:
    """Have the textbook's worker process the same mix."""
    with peer.textbook(service) as textbook:
        url = f"{textbook.url}/files/"
        load.ask_all([load.form(url, name, content) for name, content in samples.mixed(bench.size.backlog)])
        waiting = "SELECT COUNT(*) FROM textbook_file WHERE NOT processed"
        left = Backlog(lambda: textbook.database.number(waiting), bench.size.patience_seconds)
        with peer.textbook_worker(textbook):
            left.begin()
            left.watch()
    for rate in left.rates():
        bench.add("textbook_backlog", {"files_per_s": rate})
    _say(bench, "textbook_backlog")


def alone(bench: Bench, kind: str, *, identifies: bool = False) -> None:
    """Have the processors alone do such files; more than once, as the machine's speed wanders."""
    name = f"{'identified' if identifies else 'alone'}_{kind}"
    count = bench.size.alone * (5 if kind == "text" else 1)  # which are so quick
    bench.add(name, {"files_per_s": peer.in_process(kind, count, identifies=identifies)})
    _say(bench, name)


def noop(bench: Bench, service: Service) -> None:
    """Time a task without work on the same broker."""
    p50, p95 = peer.noop(service, bench.size.singles)
    bench.add("noop", {"p50_ms": p50, "p95_ms": p95})
    bench.say(f"noop: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


def _singles(bench: Bench, service: Service) -> None:
    for name, make in (("text", samples.text), ("jpeg", samples.jpeg)):
        times = [_single(service, f"single.{name}", make(seed)) for seed in range(bench.size.singles)]
        cuts = quantiles(times, n=20)
        bench.add(f"latency_{name}", {"p50_ms": cuts[9] * 1000, "p95_ms": cuts[18] * 1000})
        bench.say(f"latency_{name}: p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms")


def _single(service: Service, name: str, content: bytes) -> float:
    """Return the seconds from the answer 201 until the database says that the file is processed."""
    load.ask(service.form(name, content))
    answered = time.monotonic()
    while service.waiting() and time.monotonic() < answered + 30:
        time.sleep(_CLOSE_SECONDS)
    took = time.monotonic() - answered
    time.sleep(_POLL_SECONDS)
    return took


def _written(service: Service, since: dict[str, float] | None = None) -> dict[str, float]:
    """Return what the database has logged so far, or since then, where it can be asked."""
    if not service.database.is_postgres:
        return {}
    total = service.database.number("SELECT pg_current_wal_lsn() - '0/0'")
    return {"wal_bytes": total - (since or {}).get("wal_bytes", 0)}


def _say(bench: Bench, name: str) -> None:
    bench.say(f"{name}: " + ", ".join(f"{each['files_per_s']:.1f}/s" for each in bench.results[name]))
