"""A private Redis on a port of its own."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis as Client
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as NoConnection

from services import programs
from services.ports import free_port
from services.server import Server


class Redis(Server):
    """A Redis server that keeps nothing on disk: once stopped, it has forgotten every message."""

    gently = signal.SIGTERM
    at_once = signal.SIGKILL

    def __init__(self) -> None:
        super().__init__()
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def command(self) -> list[str]:
        options = {"port": self._port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        return [str(programs.redis()), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]

    def ready(self) -> bool:
        with Client.from_url(self.url) as client:
            try:
                return bool(client.info("server")["process_id"] == self.pid)
            except (NoConnection, BusyLoadingError):
                return False

    def flush(self) -> None:
        """Forget every message."""
        with Client.from_url(self.url) as client:
            client.flushall()


@contextmanager
def redis() -> Iterator[Redis]:
    """Run a Redis server."""
    server = Redis()
    try:
        server.start()
        yield server
    finally:
        server.close()
