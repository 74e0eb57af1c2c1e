"""Where a process meets the world: each seam counts the calls that pass it, and lets the Nth of them go wrong."""

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection
from sandbox.processes import children_of

DONE = "done, but the answer is lost"


class Count:
    """Counts calls until the Nth, which meets its fate; the calls that follow pass."""

    def __init__(self, nth: int, fate: Callable[[], None]) -> None:
        self.calls: list[str] = []
        self._nth, self._fate = nth, fate
        self._lock = threading.Lock()

    @property
    def met(self) -> bool:
        """Say whether there were as many calls."""
        return len(self.calls) >= self._nth

    @property
    def until_fate(self) -> list[str]:
        """The calls up to the one that met its fate."""
        return self.calls[: self._nth]

    def call(self, what: str) -> None:
        """Count a call before it is made."""
        with self._lock:
            self.calls.append(what)
            is_mine = len(self.calls) == self._nth
        if is_mine:
            self._fate()


@contextmanager
def database(count: Count) -> Iterator[None]:
    """Count statements and commits on this thread's connection; a commit counts before and after it happens.

    A statement outside of a transaction commits what it changes.
    """
    really_commit = connection._commit

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        count.call(sql)
        commits = connection.get_autocommit() and sql.startswith(("WITH", "INSERT", "UPDATE", "DELETE"))
        done = execute(sql, params, many, context)
        if commits:
            count.call(f"{sql} {DONE}")
        return done

    def commit() -> None:
        count.call("COMMIT")
        really_commit()
        count.call(f"COMMIT {DONE}")

    with connection.execute_wrapper(statement), patch.object(connection, "_commit", commit):
        yield


OF_STORAGE = (
    "open", "write", "writev", "pwrite", "ftruncate", "posix_fadvise", "fsync",
    "mkdir", "utime", "rename", "link", "unlink", "rmdir", "scandir", "statvfs",
)  # fmt: skip


@contextmanager
def storage(count: Count, *roots: Path) -> Iterator[None]:
    """Count what is asked of the disk below the roots: by path, by descriptor, and each write."""
    with ExitStack() as patches:
        for name in OF_STORAGE:
            patches.enter_context(patch.object(os, name, _counted_below(count, roots, name)))
        yield


def _counted_below(count: Count, roots: tuple[Path, ...], name: str) -> Any:
    real = getattr(os, name)

    @wraps(real)
    def call(place: Any, *rest: Any, **named: Any) -> Any:
        if _is_below(roots, place, named.get("dir_fd")):
            count.call(name)
        return real(place, *rest, **named)

    return call


def _is_below(roots: tuple[Path, ...], place: Any, folder: int | None = None) -> bool:
    path = _path_of(place) if isinstance(place, int) else Path(os.fsdecode(place))
    if folder is not None:
        path = _path_of(folder) / path
    return any(path.is_relative_to(root) for root in roots)


def _path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


@contextmanager
def broker(count: Count) -> Iterator[None]:
    """Count what the thread that rings asks of the broker."""
    from kombu.connection import Connection
    from kombu.entity import Queue
    from kombu.messaging import Producer

    with (
        _counted(count, Connection, "_establish_connection", thread="bells"),
        _counted(count, Queue, "queue_declare", thread="bells"),
        _counted(count, Producer, "publish", thread="bells"),
    ):
        yield


@contextmanager
def sandbox(count: Count) -> Iterator[None]:
    """Count what worker, fork server and child say to each other, as the worker sees it."""
    from filemill.sandbox.wire import Talk

    with (
        _counted(count, socket, "send_fds"),
        _counted(count, Talk, "send"),
        _counted(count, Talk, "receive"),
        _counted(count, Talk, "hang_up"),
    ):
        yield


@contextmanager
def _counted(count: Count, owner: Any, name: str, thread: str | None = None) -> Iterator[None]:
    real = getattr(owner, name)

    @wraps(real)
    def call(*given: Any, **named: Any) -> Any:
        if thread in {None, threading.current_thread().name}:
            count.call(name)
        return real(*given, **named)

    with patch.object(owner, name, call):
        yield


def refused_by_the_database() -> None:
    raise OperationalError("disk I/O error")


def connection_lost() -> None:
    """Cut the connection to PostgreSQL; what is then asked of it fails as psycopg and Django have it."""
    with socket.socket(fileno=os.dup(connection.connection.pgconn.socket)) as cut:
        cut.shutdown(socket.SHUT_RDWR)


def no_space_left() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def input_output_error() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def broker_gone() -> None:
    raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def sandbox_server_killed() -> None:
    for pid in children_of(os.getpid()):
        if b"filemill.sandbox.server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def process_stopped() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def process_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # another thread's signal may take a moment
