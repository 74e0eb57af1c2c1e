"""A proxy that cuts connections where it is told to, and counts what goes through."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

BLOCK_BYTES = 65536


@dataclass(frozen=True)
class Cut:
    """After how many bytes of a connection it ends, on their way up to the server or down to the client."""

    up: int | None = None
    down: int | None = None


class Cutting:
    """Stands in front of a port of this machine; each connection takes the next of the cuts, if there is one."""

    def __init__(self, port: int) -> None:
        self.cuts: deque[Cut] = deque()
        self.up = self.down = 0  #: bytes that went through
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections and their threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for each in self._open:
            _end(each)
        for thread in self._threads[1:]:
            thread.join()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                cut = self.cuts.popleft() if self.cuts else Cut()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                for pump, most in ((self._pump_up, cut.up), (self._pump_down, cut.down)):
                    self._threads.append(threading.Thread(target=pump, args=(client, server, most)))
                    self._threads[-1].start()

    def _pump_up(self, client: socket.socket, server: socket.socket, most: int | None) -> None:
        for block in _blocks(client, server, most):
            self.up += len(block)
            server.sendall(block)

    def _pump_down(self, client: socket.socket, server: socket.socket, most: int | None) -> None:
        for block in _blocks(server, client, most):
            self.down += len(block)
            client.sendall(block)


@contextmanager
def cutting(port: int) -> Iterator[Cutting]:
    """Run such a proxy."""
    proxy = Cutting(port)
    try:
        yield proxy
    finally:
        proxy.close()


def _blocks(source: socket.socket, sink: socket.socket, most: int | None) -> Iterator[bytes]:
    """Give what comes, at most so much; then both connections end."""
    left = most
    with suppress(OSError):
        while (left is None or left) and (block := source.recv(min(left or BLOCK_BYTES, BLOCK_BYTES))):
            left = None if left is None else left - len(block)
            yield block
    _end(source)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
