"""The bell: a message without content that says there is work, rung by a thread of its own."""

import threading
from typing import Any

import kombu
import structlog
from celery import current_app
from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError

from filemill.processing.queues import Queue

log = structlog.get_logger(__name__)

NAMES = {queue: queue.value for queue in Queue}  #: of the queues in the broker
TASKS = {queue: f"filemill.{queue}" for queue in Queue}  #: by the queue that each drains
EXPIRES_SECONDS = 60
TIMEOUT_SECONDS = 1.0
# A broker that stands still would hold its caller for ever; kombu waits 2 s between two tries to connect.
IMPATIENT = {
    "max_retries": 1,  # there may be a second broker
    "interval_start": 0,
    "socket_connect_timeout": TIMEOUT_SECONDS,  # of Redis
    "socket_timeout": 2 * TIMEOUT_SECONDS,
    "read_timeout": 2 * TIMEOUT_SECONDS,  # of RabbitMQ
    "write_timeout": 2 * TIMEOUT_SECONDS,
}


class Dispatcher:
    """Rings in a thread that starts with the first bell; what cannot be rung is dropped, for the sweep rings again."""

    def __init__(self) -> None:
        self._wanted = {queue: threading.Event() for queue in Queue}
        self._any = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None

    def ring(self, queue: Queue = Queue.QUICK) -> None:
        """Ask for a queue's bell and return at once; bells asked for while one is being rung become one."""
        self._wanted[queue].set()
        self._any.set()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="bells", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._any.wait()
            self._any.clear()
            for queue, wanted in self._wanted.items():
                if wanted.is_set():
                    wanted.clear()
                    self._try_to_ring(queue)

    def _try_to_ring(self, queue: Queue) -> None:
        try:
            self._ring_once(queue)
        except self._expected() as error:
            log.warning("bell dropped", reason=str(error) or type(error).__name__)
            self._close()

    def _ring_once(self, queue: Queue) -> None:
        if self._connection is None:
            self._connection = connect()
        if queued(self._connection, queue) < 2 * settings.FILEMILL.worker_threads:
            current_app.send_task(
                TASKS[queue],
                queue=NAMES[queue],
                connection=self._connection,
                retry=False,
                expires=EXPIRES_SECONDS,
                ignore_result=True,
            )

    def _expected(self) -> tuple[type[BaseException], ...]:
        connection = self._connection
        theirs = (*connection.connection_errors, *connection.channel_errors) if connection else ()
        return (KombuError, OSError, *theirs)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.release()
            self._connection = None


def connect() -> Connection:
    """Return a connection to the broker that gives up soon."""
    return current_app.connection_for_write(connect_timeout=TIMEOUT_SECONDS, transport_options=IMPATIENT)


def queued(connection: Connection, queue: Queue) -> int:
    """Return how many of a queue's bells wait in the broker, where their place is made if it is missing."""
    declared: Any = kombu.Queue(NAMES[queue])(connection.default_channel).queue_declare()
    return int(declared.message_count)


_dispatcher = Dispatcher()
ring = _dispatcher.ring
