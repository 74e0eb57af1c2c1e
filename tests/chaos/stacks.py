"""The configurations that the chaos runs on, each with servers of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import services

from chaos.filemill import Filemill
from chaos.ledger import Ledger


@dataclass(frozen=True)
class Stack:
    """A running service with what it leans on."""

    name: str
    filemill: Filemill
    ledger: Ledger
    database: services.Postgres | None
    broker: services.Redis | services.RabbitMQ | None


NAMES = ("redis", "rabbitmq", "embedded")


@contextmanager
def running(name: str) -> Iterator[Stack]:
    """Run a service: PostgreSQL with Redis or RabbitMQ and all parts apart, or the embedded one under `serve`."""
    folder = Path(tempfile.mkdtemp(prefix="filemill-chaos-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = broker = None
        environment: dict[str, str] = {}
        if name != "embedded":
            # As careful with the disk as in production: what a crash of ours forgets must be our fault.
            database = stack.enter_context(services.postgres(durable=True))
            broker = stack.enter_context(services.redis() if name == "redis" else services.rabbitmq())
            environment = {"DATABASE_URL": database.url, "CELERY_BROKER_URL": broker.url}
        programs = ["web", "worker", "beat"] if database else ["serve"]
        filemill = Filemill(folder, environment, programs)
        stack.callback(filemill.close)
        filemill.start()
        ledger = Ledger(database.url if database else str(filemill.data / "filemill.sqlite3"))
        ledger.watch()
        yield Stack(name, filemill, ledger, database, broker)
