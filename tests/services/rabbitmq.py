"""A private RabbitMQ: a node, a name server for it, ports and folders of its own."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from kombu import Connection
from kombu.exceptions import OperationalError

from services import programs
from services.ports import free_port
from services.server import Server

CONFIGURATION = """
loopback_users = none
vm_memory_high_watermark.absolute = 256MB
disk_free_limit.absolute = 1MB
log.console = true
log.file = false
"""
# Erlang's name server, which would otherwise run on for ever, ends with the group that it and the node are.
COMMAND = 'epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" & exec "$0"'


class RabbitMQ(Server):
    """A RabbitMQ node; what is durable in it outlives a stop and a crash."""

    gently = signal.SIGTERM
    at_once = signal.SIGKILL

    def __init__(self) -> None:
        super().__init__()
        self._ports = {name: free_port() for name in ("RABBITMQ_NODE_PORT", "RABBITMQ_DIST_PORT", "ERL_EPMD_PORT")}
        self.url = f"amqp://guest:guest@127.0.0.1:{self._ports['RABBITMQ_NODE_PORT']}//"
        (self.folder / "rabbitmq.conf").write_text(CONFIGURATION)
        (self.folder / "plugins").write_text("[].\n")
        self.environment = {
            "HOME": str(self.folder),  # where Erlang keeps its cookie
            "RABBITMQ_NODENAME": f"filemill-{self.folder.name.replace('_', '-')}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_PID_FILE": str(self.folder / "own-pid"),
            "RABBITMQ_ALLOW_INPUT": "yes",  # without it a shell stands between us and the node
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +S 1:1",  # busy waiting takes a core from the tests
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            **{name: str(port) for name, port in self._ports.items()},
        }

    def command(self) -> list[str]:
        return ["sh", "-c", COMMAND, str(programs.rabbitmq())]

    def ready(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except (OSError, OperationalError):
            return False
        return True

    def stop(self, how: signal.Signals | None = None) -> None:
        """End the node, then the name server."""
        group = self.pid
        super().stop(how)
        if group:
            with suppress(ProcessLookupError):  # it went with the node
                os.killpg(group, signal.SIGKILL)

    def flush(self) -> None:
        """Forget every message that no consumer has."""
        with Connection(self.url) as connection, connection.channel() as channel:
            for queue in ("quick", "heavy", "sweep"):
                channel.queue_purge(queue)


@contextmanager
def rabbitmq() -> Iterator[RabbitMQ]:
    """Run a RabbitMQ node."""
    server = RabbitMQ()
    try:
        server.start()
        yield server
    finally:
        server.close()
