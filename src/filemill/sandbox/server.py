"""The fork server: a small single-threaded program that has everything loaded and forks one child for each job.

Its life hangs on the control socket, each child's life on the lifeline that came with its job: at the end of either
stream the server kills. It never reads what a child says.
"""

from filemill.sandbox import unhooked  # noqa: F401 -- before anything else imports what it imports

# isort: split
import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from filemill.identify import deep
from filemill.processors.adjust import adjust
from filemill.processors.base import Limits, Processor
from filemill.processors.registry import lacks, processors
from filemill.sandbox.inside import Inside
from filemill.sandbox.walls import Wall, Walls
from filemill.sandbox.wire import JOB, LARGE, READY, Exit

_log = logging.getLogger(__name__)

_FAR_ENDS = 2  # talk and lifeline
_SECONDS_FOR_STRAYS = 0.05
_SECONDS_AT_ONCE = 3600.0  # the kernel refuses to wait for months


@dataclass
class _Ward:
    """A child that the server answers for until it is reaped."""

    pid: int
    pidfd: int
    lifeline: socket.socket | None
    deadline: float | None = None
    timed_out: bool = False


class Server:
    """Forks children, watches over them, and reports how each ended."""

    def __init__(self, control: socket.socket, inside: Inside) -> None:
        self._control = control
        self._inside = inside
        self._pid = os.getpid()
        self._children = f"/proc/self/task/{self._pid}/children"
        self._wards: dict[int, _Ward] = {}
        self._strays = False
        self._poll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}

    def run(self, report: list[Wall]) -> None:
        """Serve until the worker is gone, then end every child."""
        control = self._control.fileno()
        self._watch(control, self._take_job)
        # A worker that died meanwhile is noticed by the first read.
        with contextlib.suppress(ConnectionError):
            self._control.send(READY + orjson.dumps(report, default=tuple))
        while control in self._handlers:
            # Looked up before any of them runs, and closes a descriptor whose number is then another's.
            for handle in [self._handlers[descriptor] for descriptor, _ in self._poll.poll(self._patience())]:
                handle()
            self._end_overdue()
            self._strays = self._strays and self._end_strays()
        self._end_all()

    def _watch(self, descriptor: int, handle: Callable[[], None]) -> None:
        self._handlers[descriptor] = handle
        self._poll.register(descriptor, select.EPOLLIN)

    def _forget(self, descriptor: int) -> None:
        del self._handlers[descriptor]
        self._poll.unregister(descriptor)

    def _take_job(self) -> None:
        try:
            word, descriptors, _, _ = socket.recv_fds(self._control, len(JOB), _FAR_ENDS, socket.MSG_CMSG_CLOEXEC)
        except ConnectionError:
            word, descriptors = b"", []
        if not word:
            self._forget(self._control.fileno())
        ends = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        # Short of descriptors the kernel drops some; the worker then finds its lifeline closed.
        if len(ends) == _FAR_ENDS and self._fork(*ends):
            ends.pop()
        for end in ends:
            end.close()

    def _fork(self, talk: socket.socket, lifeline: socket.socket) -> bool:
        try:
            pid = os.fork()
            if pid == 0:
                self._inside.live(self._pid, talk)
            ward = _Ward(pid, os.pidfd_open(pid), lifeline)
        except OSError:
            # Out of memory, process numbers or descriptors: the lifeline closes, and the worker tries again later.
            self._strays = True
            return False
        lifeline.settimeout(0)
        self._wards[pid] = ward
        self._watch(ward.pidfd, lambda: self._bury(ward))
        self._watch(lifeline.fileno(), lambda: self._heed(ward))
        # The worker counts what the child holds; if it is gone, the next read says so.
        with contextlib.suppress(OSError):
            lifeline.send(b"%d" % pid)
        return True

    def _heed(self, ward: _Ward) -> None:
        """Take a step's wall time from the worker; the end of the lifeline means that the child has to go."""
        # An earlier event of the same round may have ended the child and closed its lifeline.
        if ward.lifeline is None:
            return
        word = ward.lifeline.recv(1024)
        if word:
            seconds = orjson.loads(word)
            ward.deadline = None if seconds is None else time.monotonic() + seconds
        else:
            self._forget(ward.lifeline.fileno())
            _kill(ward.pid)

    def _patience(self) -> float | None:
        now = time.monotonic()
        waits = [ward.deadline - now for ward in self._wards.values() if ward.deadline is not None]
        if self._strays:
            waits.append(_SECONDS_FOR_STRAYS)
        return max(0.0, min(*waits, _SECONDS_AT_ONCE)) if waits else None

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for ward in self._wards.values():
            if ward.deadline is not None and ward.deadline <= now:
                ward.deadline = None
                ward.timed_out = True
                _kill(ward.pid)

    def _bury(self, ward: _Ward) -> None:
        # Until it is reaped, the dead child's number cannot belong to anybody else's group.
        _kill(ward.pid)
        _, status, usage = os.wait4(ward.pid, 0)
        del self._wards[ward.pid]
        self._forget(ward.pidfd)
        os.close(ward.pidfd)
        self._strays = True
        code = os.waitstatus_to_exitcode(status)
        seconds, kibibytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        self._tell(ward, Exit(max(code, 0), max(-code, 0), ward.timed_out, seconds, kibibytes * 1024))

    def _tell(self, ward: _Ward, how: Exit) -> None:
        lifeline, ward.lifeline = ward.lifeline, None
        if lifeline is None:
            return
        # A lifeline that the worker ended is no longer watched.
        if lifeline.fileno() in self._handlers:
            self._forget(lifeline.fileno())
        # The worker may be gone by now.
        with contextlib.suppress(OSError):
            lifeline.send(how.to_wire())
            # The worker waits for this end; a child that was forked meanwhile may still hold a copy of ours.
            lifeline.shutdown(socket.SHUT_RDWR)
        lifeline.close()

    def _end_strays(self) -> bool:
        """End what left its group to outlive its parent: such orphans become the server's own; say if any remain."""
        strays = [pid for pid in self._offspring() if pid not in self._wards]
        for pid in strays:
            _kill(pid)
            os.waitpid(pid, os.WNOHANG)
        return bool(strays)

    def _offspring(self) -> list[int]:
        try:
            with open(self._children, "rb", buffering=0) as file:  # noqa: PTH123 -- a path costs each file more than the read
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:  # a kernel built without this file cannot name them
            return list(self._wards)

    def _end_all(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in self._offspring():
                    _kill(pid)
                dead, _ = os.waitpid(-1, 0)
                self._wards.pop(dead, None)


def _kill(pid: int) -> None:
    """Kill a child that is not reaped yet, and its group if it has come to have one."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _most_that_any_wants(known: Iterable[type[Processor]]) -> Limits:
    every = [Limits(), *(processor.limits for processor in known)]
    return Limits(
        wall_seconds=max(limits.wall_seconds for limits in every),
        cpu_seconds=max(limits.cpu_seconds for limits in every),
        memory_bytes=max(limits.memory_bytes for limits in every),
        output_bytes=max(limits.output_bytes for limits in every),
    )


def _warmed(processor: type[Processor]) -> bool:
    try:
        processor.warm()
    except Exception:  # noqa: BLE001 -- a stranger's code may raise anything, and must not take the others along
        _log.exception("The processor %r is left out, and its jobs will fail: `warm` did.", processor.name)
        return False
    return True


def load(walls: Walls, *, large: bool) -> Inside:
    """Import the processors of a kind, load what every child needs, rehearse; return what the children are."""
    deep.warm()
    of_kind = {name: processor for name, processor in processors().items() if processor.large is large}
    known = {name: processor for name, processor in of_kind.items() if not lacks(processor) and _warmed(processor)}
    inside = Inside(known, _most_that_any_wants(known.values()), walls)
    inside.rehearse()
    # Children share these pages until somebody writes on them; the collector would.
    gc.collect()
    gc.freeze()
    return inside


def _adjust(settings: Iterable[str]) -> None:
    for setting in settings:
        try:
            adjust([setting])
        except ValueError as error:  # the worker has checked them; it can load a plugin that this environment cannot
            _log.error("A limit is left out: %s.", error)


def main() -> None:
    """Load everything, then serve the worker at the other end of the descriptor that is named on the command line."""
    descriptor, kind, settings, *plugin_folders = sys.argv[1:]
    sys.path.extend(plugin_folders)
    _adjust(filter(None, settings.split(",")))
    # Only the control socket ends the server: a service manager that signals the whole group must not take the
    # children away from a worker that is finishing its jobs.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    walls = Walls()
    walls.raise_before_loading()
    inside = load(walls, large=kind == LARGE)
    walls.raise_after_loading()
    Server(socket.socket(fileno=int(descriptor)), inside).run(walls.report)
    # What is frozen at the end counts as leaked, and DuckDB's bindings would tell the operator so.
    gc.unfreeze()


if __name__ == "__main__":
    main()
