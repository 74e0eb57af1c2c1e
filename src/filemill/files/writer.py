"""Writes what comes in: a little at once, much by a thread of its own while the next bytes arrive."""

import contextlib
import os
import queue
import threading
from collections.abc import Callable

ASIDE_BYTES = 4 * 1024 * 1024  # of a file; a smaller one is through before a thread would have paid
_BATCH_BYTES = 512 * 1024  # for the thread: to hand over takes longer than to write a little
_BATCH_PIECES = 512  # the system takes twice as many in one call
_MOST_BATCHES = 2  # that wait for a thread
PUSHED_BYTES = 8 * 1024 * 1024  # to the disk at once
_MOST_THREADS = min(os.cpu_count() or 1, 4)  # of a process; more files at once keep its cores busy without

_threads = threading.BoundedSemaphore(_MOST_THREADS)


class Writer:
    """An open file that takes bytes in their order; what goes wrong aside a later call raises, at last `sync`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = self._written = self._pushed = 0
        self._aside: _Aside | None = None

    def write(self, piece: bytes) -> None:
        """Append bytes."""
        self._size += len(piece)
        if self._aside is None and self._size > ASIDE_BYTES:
            self._aside = _begin(self._write)
        if self._aside is None:
            self._write([piece])
        else:
            self._aside.take(piece)

    def sync(self) -> None:
        """Return once all bytes are on the disk."""
        if self._aside is not None:
            self._aside.finish()
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; what is not written yet is lost."""
        try:
            if self._aside is not None:
                self._aside.end()  # before the descriptor is another file's
        finally:
            os.close(self._descriptor)

    def _write(self, pieces: list[bytes]) -> None:
        left = sum(map(len, pieces))
        self._written += left
        left -= os.writev(self._descriptor, pieces)
        while left:  # the disk is about to be full
            left -= os.write(self._descriptor, b"".join(pieces)[-left:])
        if self._written - self._pushed >= PUSHED_BYTES:
            self._push()

    def _push(self) -> None:
        """Let the disk begin with what was written, so that the sync has little left to wait for."""
        # The system writes out what it is told to drop from its cache, and does not drop what is under way.
        with contextlib.suppress(OSError):  # who takes no such hints has more to do in the end
            os.posix_fadvise(self._descriptor, self._pushed, self._written - self._pushed, os.POSIX_FADV_DONTNEED)
        self._pushed = self._written


class _Aside:
    """A thread that writes what it is given."""

    def __init__(self, write: Callable[[list[bytes]], None]) -> None:
        self._write = write
        self._batch: list[bytes] = []
        self._size = 0
        self._waiting: queue.Queue[list[bytes] | None] = queue.Queue(_MOST_BATCHES)
        self._error: BaseException | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def take(self, piece: bytes) -> None:
        self._batch.append(piece)
        self._size += len(piece)
        if self._size >= _BATCH_BYTES or len(self._batch) >= _BATCH_PIECES:
            self._hand_over()

    def finish(self) -> None:
        """Return once all is written."""
        self._hand_over()
        self.end()
        self._check()

    def end(self) -> None:
        """Return once the thread has ended; it writes no more than it was handed. A second time does nothing."""
        if not self._is_over:
            self._is_over = True
            self._waiting.put(None)
            self._thread.join()
            _threads.release()

    def _hand_over(self) -> None:
        self._check()
        self._waiting.put(self._batch)
        self._batch, self._size = [], 0

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (batch := self._waiting.get()) is not None:
            if self._error is None:  # else it only takes, so that nobody waits for room
                try:
                    self._write(batch)
                except BaseException as error:  # noqa: BLE001  # who hands over is told
                    self._error = error


def _begin(write: Callable[[list[bytes]], None]) -> _Aside | None:
    """Begin a thread, unless there are as many as may be."""
    if not _threads.acquire(blocking=False):
        return None
    try:
        return _Aside(write)
    except (RuntimeError, MemoryError):  # the system has none left
        _threads.release()
        return None
