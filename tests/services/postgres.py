"""A private PostgreSQL: a new cluster on a Unix socket in a folder of its own."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from services import programs
from services.server import Server

# A test's data need not survive a power cut; it does survive a crash of the server.
CARELESS = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    """A PostgreSQL server; `url` is its first database, empty at first."""

    gently = signal.SIGINT
    at_once = signal.SIGQUIT

    def __init__(self, *, durable: bool) -> None:
        self._programs = programs.postgres()
        super().__init__(account="nobody" if os.geteuid() == 0 else None)  # PostgreSQL refuses to run as root
        self._data = self.folder / "data"
        self._settings = {} if durable else CARELESS

    def make_cluster(self) -> None:
        """Fill the folder, once, with what the server needs."""
        # With locale C, PostgreSQL knows no capital letters but ASCII's.
        text = ["--encoding=UTF8", "--locale=C.UTF-8"]
        options = ["--username=filemill", "--auth=trust", "--no-sync", f"--pgdata={self._data}", *text]
        self.run(str(self._programs / "initdb"), *options)

    def command(self) -> list[str]:
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, **self._settings}
        return [
            str(self._programs / "postgres"),
            f"-D{self._data}",
            *(f"--{name}={value}" for name, value in settings.items()),
        ]

    def ready(self) -> bool:
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of one that nobody uses; return its address."""
        return new_database(self._address("postgres"), template)

    def _address(self, database: str) -> str:
        return f"postgresql://filemill@{quote(str(self.folder), safe='')}/{database}"


def new_database(beside: str, template: str = "template1") -> str:
    """Make a database on the server of another, empty or a copy of one that nobody uses; return its address."""
    name = f"filemill_{secrets.token_hex(4)}"
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
    return urlunsplit(urlsplit(beside)._replace(path=f"/{name}"))


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a PostgreSQL server; `durable` makes it as careful with the disk as it is in production."""
    server = Postgres(durable=durable)
    try:
        server.make_cluster()
        server.start()
        server.url = server.new_database()
        yield server
    finally:
        server.close()
