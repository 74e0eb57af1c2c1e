"""Waits for what comes into a folder, as the kernel tells of it: looking a hundred times a second is work, too."""

import ctypes
import os
import select
import socket
from contextlib import suppress
from pathlib import Path

_IN_MOVED_TO = 0x80  # <sys/inotify.h>
_ENOUGH_BYTES = 65536


class Arrivals:
    """What is renamed into a folder, and what another thread calls, ends the wait; between two waits the next one."""

    def __init__(self, folder: Path) -> None:
        """Watch the folder; OSError where this system does not."""
        libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(libc, "inotify_init1"):
            raise OSError("This system has no inotify.")
        descriptor = _checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._watch = open(descriptor, "rb", buffering=0)  # noqa: SIM115, PTH123  # its own `close` ends it
        _checked(libc.inotify_add_watch(descriptor, os.fsencode(folder), _IN_MOVED_TO))
        self._near, self._far = socket.socketpair()
        self._near.settimeout(0)
        self._far.settimeout(0)
        self._poll = select.poll()
        self._poll.register(self._watch, select.POLLIN)
        self._poll.register(self._near, select.POLLIN)

    def wait(self, seconds: float) -> None:
        """Return once something came since the last wait, and after so many seconds at most."""
        self._poll.poll(seconds * 1000)
        self._watch.read(_ENOUGH_BYTES)
        with suppress(BlockingIOError):
            self._near.recv(_ENOUGH_BYTES)

    def call(self) -> None:
        """End the wait from another thread."""
        with suppress(OSError):  # it is full of calls, or closed
            self._far.send(b"!")

    def close(self) -> None:
        """Watch no more."""
        for each in (self._watch, self._near, self._far):
            each.close()


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
