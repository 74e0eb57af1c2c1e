"""The bytes of an upload: read in chunks, hashed once, and changed by nobody meanwhile."""

import hashlib
import os
import select
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from filemill.client.failures import Failure, Refused

CHUNK_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 256 * 1024
_LOOK_SECONDS = 0.2
_CHANGED = "It changed while it was being uploaded: upload it again."


class Content(Protocol):
    """What an upload sends."""

    @property
    def size(self) -> int | None:
        """How many bytes there are; None while that is not known."""

    def at(self, offset: int) -> bytes:
        """Return a chunk from there on, none at the end; raise Failure where there is no way back."""

    def sha256(self) -> str:
        """Return the digest of all of it; of a pipe, once the last chunk was read."""


class FileContent:
    """A regular file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._stamp = self._look()
        self.size: int | None = self._stamp[0]
        self._digest, self._hashed = hashlib.sha256(), 0

    def at(self, offset: int) -> bytes:
        """Return a chunk, once what lies before it is hashed, too; raise Failure where the file is another one now."""
        self._hash_up_to(offset)
        block = self._read(offset, CHUNK_BYTES)
        if self._look() != self._stamp:
            raise Refused(_CHANGED)
        return block

    def sha256(self) -> str:
        """Return the digest of the whole file."""
        self._hash_up_to(self.size or 0)
        return self._digest.hexdigest()

    def _hash_up_to(self, offset: int) -> None:
        while self._hashed < offset:
            self._read(self._hashed, offset - self._hashed)

    def _read(self, offset: int, most: int) -> bytes:
        try:
            self._stream.seek(offset)
            block = self._stream.read(min(most, CHUNK_BYTES))
        except OSError as error:
            raise Failure(f"It cannot be read: {error.strerror}.") from error
        if not block and offset < (self.size or 0):
            raise Refused(_CHANGED)
        self._digest.update(block[self._hashed - offset :])
        self._hashed = max(self._hashed, offset + len(block))
        return block

    def _look(self) -> tuple[int, int]:
        found = os.fstat(self._stream.fileno())
        return found.st_size, found.st_mtime_ns


class PipeContent:
    """What comes out of a pipe: the last chunk is kept until the service has it."""

    def __init__(self, pipe: int, go_on: Callable[[], None]) -> None:
        self._pipe, self._go_on = pipe, go_on  #: what raises Stopped where somebody wants an end
        self._digest = hashlib.sha256()
        self._start, self._block = 0, b""
        self.size: int | None = None

    def at(self, offset: int) -> bytes:
        """Return what is left of the last chunk, or the next one."""
        end = self._start + len(self._block)
        if not self._start <= offset <= end:
            raise Refused("The service lost some of it, and stdin cannot be read again.")
        if offset == end and self.size is None:
            self._start, self._block = end, self._chunk()
            self._digest.update(self._block)
            if len(self._block) < CHUNK_BYTES:
                self.size = end + len(self._block)
        return self._block[offset - self._start :]

    def sha256(self) -> str:
        """Return the digest of what was read."""
        return self._digest.hexdigest()

    def _chunk(self) -> bytes:
        """Return a whole chunk, or all that there still is."""
        parts, left = [], CHUNK_BYTES
        while left:
            while not select.select([self._pipe], [], [], _LOOK_SECONDS)[0]:
                self._go_on()
            try:
                part = os.read(self._pipe, left)
            except OSError as error:
                raise Refused(f"It cannot be read: {error.strerror}.") from error
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


class Pieces:
    """A chunk in pieces, so that it can be told how far it is, and stopped; it can be sent again."""

    def __init__(self, block: bytes, offset: int, at: Callable[[int], None]) -> None:
        self._block, self._offset, self._at = memoryview(block), offset, at

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for begin in range(0, len(self._block), _PIECE_BYTES):
            yield self._block[begin : begin + _PIECE_BYTES]
            self._at(self._offset + min(begin + _PIECE_BYTES, len(self._block)))
