"""A proxy that cuts connections where it is told to, and counts what goes through."""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

BLOCK_BYTES = 65536


@dataclass(frozen=True)
class Cut:
    """Where a connection ends."""

    up: int | None = None  #: after so many bytes on their way up to the server
    down: int | None = None  #: after so many on their way down to the client
    answers: int | None = None  #: before the next answer, once there were so many
    is_held: bool = False  #: it does not end there, but nothing goes on either


class Cutting:
    """Stands in front of a port of this machine; each connection takes the next of the cuts, if there is one."""

    def __init__(self, port: int) -> None:
        self.cuts: deque[Cut] = deque()
        self.up = self.down = 0  #: bytes that went through
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._released = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def cut_all(self) -> None:
        """End the connections that there are."""
        for each in self._open:
            end(each)
        self._open.clear()

    def release(self) -> None:
        """End the connections that are held."""
        self._released.set()

    def close(self) -> None:
        """End all connections and their threads."""
        self.release()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._port))
                except ConnectionRefusedError:  # it is away
                    client.close()
                    continue
                self._open += [client, server]
                for pump in self._pumps(client, server):
                    self._threads.append(threading.Thread(target=pump))
                    self._threads[-1].start()

    def _pumps(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        """Return what carries the bytes of a new connection up, and what carries them down."""
        cut = self.cuts.popleft() if self.cuts else Cut()
        return partial(self._up, client, server, cut), partial(self._down, client, server, cut)

    def _up(self, client: socket.socket, server: socket.socket, cut: Cut) -> None:
        with self._ending(client, server, cut):
            for block in blocks(client, cut.up):
                server.sendall(block)
                self.up += len(block)

    def _down(self, client: socket.socket, server: socket.socket, cut: Cut) -> None:
        answers = 0
        with self._ending(client, server, cut):
            for block in blocks(server, cut.down):
                answers += block.count(b"HTTP/1.1 ")
                if cut.answers is not None and answers > cut.answers:
                    return
                client.sendall(block)
                self.down += len(block)

    @contextmanager
    def _ending(self, client: socket.socket, server: socket.socket, cut: Cut) -> Iterator[None]:
        with suppress(OSError):
            yield
            if cut.is_held:
                self._released.wait()
        for each in (client, server):
            end(each)


@contextmanager
def cutting(port: int) -> Iterator[Cutting]:
    """Run such a proxy."""
    proxy = Cutting(port)
    try:
        yield proxy
    finally:
        proxy.close()


def end(connection: socket.socket) -> None:
    """End a connection for both who talk over it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # which wakes the thread that reads from it
    connection.close()  # which resets it where bytes were not read: who sends them learns of it


def blocks(source: socket.socket, most: int | None = None) -> Iterator[bytes]:
    """Yield what comes, up to so many bytes."""
    left = BLOCK_BYTES if most is None else most
    while left and (block := source.recv(min(left, BLOCK_BYTES))):
        left -= 0 if most is None else len(block)
        yield block
