"""What a child may not do: the walls around it, set by itself before it looks at the first foreign byte."""

import contextlib
import ctypes
import math
import os
import resource
import signal
import tempfile
from pathlib import Path

from filemill.processors.base import Limits

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_OPEN_FILES = 64
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
# Paths and text files would touch, and so copy, a hundred more of the pages that a child shares with its server.
_OOM_SCORE = "/proc/self/oom_score_adj"


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


def wear_for_all_children() -> None:
    """Set on the server what every child inherits, and make it the parent of whatever a child leaves behind."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def cut_ties(server: int, talk: int) -> None:
    """Leave the server's process group and descriptors, and die with it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The server may have died before the line above took effect.
    if os.getppid() != server:
        os._exit(1)
    os.setsid()
    # The server's input is /dev/null; its output and errors go to the operator, the child's must not.
    os.dup2(_INPUT, _OUTPUT)
    os.dup2(_INPUT, _ERRORS)
    # The descriptor that lists the folder is among them, and closed by the time its turn comes.
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 -- see _OOM_SCORE
        if descriptor not in {_INPUT, _OUTPUT, _ERRORS, talk}:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    # When memory is short, the kernel should end the child, not the worker or the database beside it.
    with contextlib.suppress(OSError):
        score = os.open(_OOM_SCORE, os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)


def raise_walls(workspace: Path) -> None:
    """Shut the child in its workspace; whatever the kernel offers beyond limits is set here, after the imports."""
    os.umask(0o077)
    os.chdir(workspace)
    os.environ["TMPDIR"] = tempfile.tempdir = str(workspace)


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
        _limit(resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES)
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
