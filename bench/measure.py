"""How much is measured, and how: rounds of load that take turns, so that a noisy machine is noisy to all alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

import load
from programs import Figures, Programs

Rounds = list[Figures]
Say = Callable[[str], None]

MIB = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """How long and how much to measure."""

    rounds: int
    seconds: float  #: of one round of load
    backlog: int  #: files
    alone: int  #: files that the processors alone are given, each time
    singles: int  #: files whose latency is taken
    rows: int  #: of the long list on PostgreSQL; the embedded one has a tenth
    upload_bytes: int  #: of the large upload
    slow_seconds: float  #: of one look at the list beside slow uploads
    patience_seconds: float  #: for a backlog


FULL = Size(3, 3.0, 1000, 300, 40, 1_000_000, 1024 * MIB, 5.0, 75.0)
QUICK = Size(1, 1.0, 60, 40, 6, 10_000, 64 * MIB, 2.0, 30.0)


def spread(values: Iterable[float]) -> dict[str, float]:
    """Reduce the rounds of a figure to the median, the lowest and the highest."""
    rounds = list(values)
    return {"median": median(rounds), "low": min(rounds), "high": max(rounds)}


class Bench:
    """Collects what is measured of one configuration; each measurement gives rounds of named figures."""

    def __init__(self, size: Size, say: Say) -> None:
        self.size = size
        self.say = say
        self.results: dict[str, Rounds] = {}

    def take_turns(
        self, targets: dict[str, tuple[Programs, load.Request]], rounds: int | None = None, *, may_fail: bool = False
    ) -> None:
        """Load addresses in turn, after a second of warming up for each."""
        for _, request in targets.values():
            load.run(request, 1, may_fail=True)
        for _ in range(rounds or self.size.rounds):
            for name, (programs, request) in targets.items():
                with programs.spending() as spent:
                    outcome = load.run(request, self.size.seconds, may_fail=may_fail)
                self.add(
                    name,
                    {"rps": outcome.rps, "p50_ms": outcome.p50_ms, "p99_ms": outcome.p99_ms, "errors": outcome.errors}
                    | {key: value / outcome.requests for key, value in spent.items()},
                )
        for name in targets:
            self.say(f"{name}: " + ", ".join(f"{each['rps']:.0f} RPS" for each in self.results[name]))

    def add(self, name: str, figures: dict[str, Any]) -> None:
        """Keep one round of a measurement."""
        self.results.setdefault(name, []).append(figures)
