"""A proxy that treats requests badly by chance: one in five is cut off, on its way up or down, and some are held up."""

import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from services.cutting import Cutting, blocks, end

SHARE = 0.2  # of the requests that are cut
_SLOW_SHARE, _MOST_DELAY_SECONDS = 0.3, 0.03
_FORGOTTEN_SECONDS = 1.0  # that a server may take a client which is gone for one that only sends nothing
_LINE_BYTES = 120  # of an answer: it ends within its first header fields
_UNKNOWN_BYTES = 100_000  # that a body in chunks is taken to have
_SAID = re.compile(rb"\r\n(upload-(?:offset|length|complete|concat): *[^\r]{,50})", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Exchange:
    """A request and its answer, and what is to become of them."""

    number: int
    at: float  #: seconds after the first
    head: bytes  #: the beginning of the request
    up: int | None = None  #: cut after so many bytes of the request
    down: int | None = None  #: cut after so many bytes of the answer
    delay: float = 0.0  #: seconds before the request, and before its answer, goes on
    is_forgotten: bool = False  #: the server learns of a cut only later
    status: int | None = None  #: what the server answered
    was_cut: bool = False

    @property
    def line(self) -> str:
        """The request's method and path."""
        return " ".join(self.head.decode("latin-1").split(" ", 2)[:2])

    @property
    def was_lost(self) -> bool:
        """Say whether something was done, and the client was not told of it."""
        return self.was_cut and self.status is not None and self.status < 300

    def __str__(self) -> str:
        where = f"up at {self.up}" if self.up is not None else f"down at {self.down}"
        said = b", ".join(_SAID.findall(self.head)).decode()
        return f"{self.at:7.2f} s {self.line} {said} -> {self.status}{f', cut {where}' if self.was_cut else ''}"


@dataclass
class _Line:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    exchange: Exchange | None = None


class Rough(Cutting):
    """Stands in front of a port; what it does to the Nth request follows from the seed and N."""

    def __init__(self, port: int, seed: int) -> None:
        self._seed = seed
        self._drawing = threading.Lock()
        self._began = 0.0
        self.exchanges: list[Exchange] = []
        super().__init__(port)

    def __str__(self) -> str:
        return "\n".join([f"seed {self._seed}, {len(self.exchanges)} requests", *map(str, self.exchanges)])

    @property
    def cut(self) -> int:
        """How many requests were cut."""
        return sum(each.was_cut for each in self.exchanges)

    def _pumps(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        line = _Line(client, server)
        return partial(self._carry_up, line), partial(self._carry_down, line)

    def _carry_up(self, line: _Line) -> None:
        left = None
        with self._closing(line):
            for block in blocks(line.client):
                if line.exchange is None or line.exchange.status is not None:  # nobody sends two at once
                    line.exchange = exchange = self._draw(block)
                    left = exchange.up
                    time.sleep(exchange.delay)
                if left is not None and left < len(block):
                    line.exchange.was_cut = True
                    line.server.sendall(block[:left])
                    return
                left = left and left - len(block)
                line.server.sendall(block)
                self.up += len(block)

    def _carry_down(self, line: _Line) -> None:
        answered = None
        with self._closing(line):
            for block in blocks(line.server):
                exchange = line.exchange
                if block.startswith(b"HTTP/1.1 100 "):
                    line.client.sendall(block)
                    continue
                # An answer may come in pieces, and before all of its request went up.
                if exchange is not answered and block.startswith(b"HTTP/1."):
                    time.sleep(exchange.delay)
                    answered, exchange.status = exchange, int(block[9:12])
                    if exchange.down is not None:
                        exchange.was_cut = True
                        line.client.sendall(block[: exchange.down])
                        return
                line.client.sendall(block)
                self.down += len(block)

    @contextmanager
    def _closing(self, line: _Line) -> Iterator[None]:
        with suppress(OSError):
            yield
        end(line.client)
        if line.exchange is not None and line.exchange.is_forgotten and line.exchange.status is None:
            self._released.wait(_FORGOTTEN_SECONDS)
        end(line.server)

    def _draw(self, head: bytes) -> Exchange:
        with self._drawing:
            self._began = self._began or time.monotonic()
            exchange = Exchange(len(self.exchanges) + 1, time.monotonic() - self._began, head[:4096])
            self.exchanges.append(exchange)
        chance = random.Random(f"{self._seed} {exchange.number}")
        if chance.random() < _SLOW_SHARE:
            exchange.delay = chance.random() * _MOST_DELAY_SECONDS
        if chance.random() < SHARE:
            if chance.random() < 0.5:
                size = _LENGTH.search(exchange.head)
                sent = head.find(b"\r\n\r\n") + 4 + (int(size[1]) if size else _UNKNOWN_BYTES)
                exchange.up, exchange.is_forgotten = chance.randrange(1, sent), chance.random() < 0.5
            else:
                exchange.down = chance.choice((0, chance.randrange(_LINE_BYTES)))
        return exchange


@contextmanager
def rough(port: int, seed: int) -> Iterator[Rough]:
    """Run such a proxy."""
    proxy = Rough(port, seed)
    try:
        yield proxy
    finally:
        proxy.close()
