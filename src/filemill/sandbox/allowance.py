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
        self._most = most

    def set_at_birth(self) -> None:
        """Cap the child for its whole life, so that nothing it runs can raise a step's limits again."""
        most = self._most
        _limit(resource.RLIMIT_CORE, 0, 0)
        _limit(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
        _limit(resource.RLIMIT_FSIZE, most.output_bytes, most.output_bytes)
        _limit(resource.RLIMIT_AS, self._inherited + most.memory_bytes, self._inherited + most.memory_bytes)
        # Two steps may follow each other, and each rounds the CPU time used so far up.
        _limit(resource.RLIMIT_CPU, 2 * most.cpu_seconds + 2, 2 * most.cpu_seconds + 3)

    def set_for(self, limits: Limits, *, last: bool) -> None:
        """Set one step's limits; those of the last step cannot be raised any more."""
        memory = self._inherited + limits.memory_bytes
        _limit(resource.RLIMIT_FSIZE, limits.output_bytes, limits.output_bytes if last else None)
        _limit(resource.RLIMIT_AS, memory, memory if last else None)
        cpu = _cpu_seconds_used() + limits.cpu_seconds
        # The soft limit's SIGXCPU can be ignored, the hard limit's SIGKILL a second later cannot.
        _limit(resource.RLIMIT_CPU, cpu, cpu + 1 if last else None)


def _limit(kind: int, soft: int, hard: int | None) -> None:
    _, present = resource.getrlimit(kind)
    wanted = present if hard is None else hard
    if present != resource.RLIM_INFINITY:
        wanted = min(wanted, present)
    if wanted != resource.RLIM_INFINITY:
        soft = min(soft, wanted)
    resource.setrlimit(kind, (soft, wanted))


def address_space() -> int:
    """Return how many bytes of address space this process has taken."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _cpu_seconds_used() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return math.ceil(usage.ru_utime + usage.ru_stime)
