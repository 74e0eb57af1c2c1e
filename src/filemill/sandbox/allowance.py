"""The limits of one child: what the kernel counts for us."""

import resource
import time
from pathlib import Path

from filemill.processors.base import Limits

OPEN_FILES = 64


class Allowance:
    """The rlimits of one child: the highest that any step may ask for at birth, lowered by each step."""

    def __init__(self, most: Limits, inherited: int) -> None:
        # The server's own pages are part of each child's address space, and no job's fault.
        self._inherited = inherited
        wanted = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_NOFILE: OPEN_FILES,
            resource.RLIMIT_FSIZE: most.output_bytes,
            resource.RLIMIT_AS: inherited + most.memory_bytes,
            # Two steps may follow each other, and each rounds the CPU time used so far up.
            resource.RLIMIT_CPU: 2 * most.cpu_seconds + 3,
        }
        # Worked out by the server: what a child looks up and computes costs each of them.
        self._highest = {kind: _at_most(limit, resource.getrlimit(kind)[1]) for kind, limit in wanted.items()}

    def set_at_birth(self) -> None:
        """Cap the child for its whole life, so that nothing it runs can raise a step's limits again."""
        for kind, limit in self._highest.items():
            resource.setrlimit(kind, (limit, limit))

    def set_for(self, limits: Limits, *, last: bool) -> None:
        """Set one step's limits; those of the last step cannot be raised any more."""
        memory = self._inherited + limits.memory_bytes
        cpu = int(time.process_time()) + 1 + limits.cpu_seconds
        for kind, soft, hard in (
            (resource.RLIMIT_FSIZE, limits.output_bytes, limits.output_bytes),
            (resource.RLIMIT_AS, memory, memory),
            # The soft limit's SIGXCPU can be ignored, the hard limit's SIGKILL a second later cannot.
            (resource.RLIMIT_CPU, cpu, cpu + 1),
        ):
            if last:
                self._highest[kind] = min(hard, self._highest[kind])
            resource.setrlimit(kind, (min(soft, self._highest[kind]), self._highest[kind]))


def _at_most(limit: int, hard: int) -> int:
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def address_space() -> int:
    """Return how many bytes of address space this process has taken."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
