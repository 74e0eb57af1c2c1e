"""What worker, server and child say to each other: JSON in frames, and the few shapes that both ends share."""

import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Self

import orjson

from filemill.processors.base import Limits

MAX_MESSAGE = 1024 * 1024
_CHUNK = 64 * 1024
_LENGTH = 4

READY = b"ready"  #: the server's only word to the worker on the control socket, with the report on its walls
COMMON, LARGE = "common", "large"  #: what kind of processors a server loads, on its command line
JOB = b"job"  #: the worker's only word to the server there; what counts are the two descriptors that come with it

Message = dict[str, Any]


class GarbledError(ValueError):
    """The other end sent something that none of our own code would send."""


def decode(data: bytes) -> Message:
    """Read one JSON object; orjson refuses NaN, infinities, lone surrogates and bottomless nesting."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise GarbledError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise GarbledError("not a JSON object")
    return message


def framed(message: Message) -> bytes:
    """Return a message as it is sent."""
    body = orjson.dumps(message)
    return len(body).to_bytes(_LENGTH, "big") + body


class Talk:
    """One end of the stream between worker and child: frames of four length bytes and one JSON object."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._messages: deque[tuple[int, Message]] = deque()
        # A processor may report its progress from several threads.
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """Return the descriptor, for poll."""
        return self._sock.fileno()

    def send(self, message: Message) -> None:
        """Send one message whole."""
        with self._sending:
            self._sock.sendall(framed(message))

    def receive(self) -> bool:
        """Take what one read gives; False at the end of the stream. Never holds more than one message and one read."""
        try:
            chunk = self._sock.recv(_CHUNK)
        except ConnectionResetError:  # the other end died before it read what was sent
            chunk = b""
        self._buffer += chunk
        while (size := self._next_size()) is not None:
            body = bytes(self._buffer[_LENGTH : _LENGTH + size])
            del self._buffer[: _LENGTH + size]
            self._messages.append((size, decode(body)))
        return bool(chunk)

    def _next_size(self) -> int | None:
        if len(self._buffer) < _LENGTH:
            return None
        size = int.from_bytes(self._buffer[:_LENGTH], "big")
        if size > MAX_MESSAGE:
            raise GarbledError(f"a message of {size} bytes")
        return size if len(self._buffer) >= _LENGTH + size else None

    def take(self) -> tuple[int, Message] | None:
        """Return the oldest message that arrived whole, and its size."""
        return self._messages.popleft() if self._messages else None

    def hang_up(self) -> None:
        """Let the other end read the end of the stream."""
        self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end."""
        self._sock.close()


@dataclass(frozen=True)
class Step:
    """One piece of work for a child: identify the file, or run the processor that is named."""

    path: str
    name: str
    size: int
    workspace: str
    limits: Limits
    processor: str | None = None
    media_type: str = ""

    def to_wire(self) -> Message:
        """Return the step as JSON."""
        return {**vars(self), "limits": vars(self.limits)}

    @classmethod
    def from_wire(cls, message: Message) -> Self:
        """Read what `to_wire` wrote; only the worker, which is trusted, sends steps."""
        return cls(**{**message, "limits": Limits(**message["limits"])})


@dataclass(frozen=True)
class Exit:
    """How a child ended, by its exit code or by a signal (or 0): the server's last word on the lifeline."""

    code: int
    signal: int
    timed_out: bool
    cpu_seconds: float
    peak_memory_bytes: int

    def to_wire(self) -> bytes:
        """Return the exit as JSON."""
        return orjson.dumps(vars(self))

    @classmethod
    def from_wire(cls, data: bytes) -> Self:
        """Read what `to_wire` wrote; the server is trusted."""
        return cls(**orjson.loads(data))


class Meter:
    """Counts what a child says: more than any honest processor has to say is a flood."""

    _AT_ONCE = 4 * MAX_MESSAGE
    _PER_SECOND = 100 * 1024
    _PER_MESSAGE = 1024

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._heard = 0

    def count(self, size: int) -> None:
        """Add one message; raise GarbledError once there are too many, or too long ones."""
        self._heard += size + self._PER_MESSAGE
        if self._heard > self._AT_ONCE + self._PER_SECOND * (time.monotonic() - self._since):
            raise GarbledError("a flood of messages")
