"""The limits of one child: what the kernel counts for us."""

import math
import resource
from pathlib import Path

from filemill.processors.base import Limits

OPEN_FILES = 64


class Allowance:
    """The rlimits of one child: the highest that any step may ask for at birth, lowered by each step."""

    def __init__(self, most: Limits, inherited: int) -> None:
        # The server's own pages are part of each child's address space, and no job's fault.
        self._inherited = inherited
        memory = inherited + most.memory_bytes
        # Two steps may follow each other, and each rounds the CPU time used so far up.
        cpu = 2 * most.cpu_seconds + 2
        # Worked out by the server: what a child looks up and computes costs each of them.
        self._at_birth = (
            _within(resource.RLIMIT_CORE, 0, 0),
            _within(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
            _within(resource.RLIMIT_FSIZE, most.output_bytes, most.output_bytes),
            _within(resource.RLIMIT_AS, memory, memory),
            _within(resource.RLIMIT_CPU, cpu, cpu + 1),
        )

    def set_at_birth(self) -> None:
        """Cap the child for its whole life, so that nothing it runs can raise a step's limits again."""
        for kind, limits in self._at_birth:
            resource.setrlimit(kind, limits)

    def set_for(self, limits: Limits, *, last: bool) -> None:
        """Set one step's limits; those of the last step cannot be raised any more."""
        memory = self._inherited + limits.memory_bytes
        cpu = _cpu_seconds_used() + limits.cpu_seconds
        for kind, soft, hard in (
            (resource.RLIMIT_FSIZE, limits.output_bytes, limits.output_bytes),
            (resource.RLIMIT_AS, memory, memory),
            # The soft limit's SIGXCPU can be ignored, the hard limit's SIGKILL a second later cannot.
            (resource.RLIMIT_CPU, cpu, cpu + 1),
        ):
            resource.setrlimit(*_within(kind, soft, hard if last else None))


def _within(kind: int, soft: int, hard: int | None) -> tuple[int, tuple[int, int]]:
    """Return what `setrlimit` takes: these limits, as far as those that are set already allow."""
    _, present = resource.getrlimit(kind)
    wanted = present if hard is None else hard
    if present != resource.RLIM_INFINITY:
        wanted = min(wanted, present)
    if wanted != resource.RLIM_INFINITY:
        soft = min(soft, wanted)
    return kind, (soft, wanted)


def address_space() -> int:
    """Return how many bytes of address space this process has taken."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _cpu_seconds_used() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return math.ceil(usage.ru_utime + usage.ru_stime)
