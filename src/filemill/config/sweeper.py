"""The sweep's own queue and consumer: it runs beside the jobs, however busy they keep the worker's threads."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from celery import bootsteps
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from kombu import Connection, Consumer, Queue
from kombu.message import Message

from filemill.processing import stopping

log = structlog.get_logger(__name__)


class SweepConsumer(bootsteps.ConsumerStep):
    """Sweeps in a thread of its own, once at a time."""

    queue = Queue("sweep")

    def __init__(self, parent: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Celery's signature
        super().__init__(parent, **kwargs)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sweep")
        self._running: Future[None] | None = None

    def get_consumers(self, channel: Connection) -> list[Consumer]:
        """Return the consumer of the sweep's queue."""
        # One at a time: RabbitMQ would push all it has to a worker that stands still, where no message expires.
        # Whatever a message is, it asks for a sweep.
        return [
            Consumer(
                channel,
                queues=[self.queue],
                on_message=self._on_message,
                on_decode_error=lambda message, _error: self._on_message(message),
                prefetch_count=1,
            )
        ]

    def stop(self, parent: Any) -> None:  # noqa: ANN401  # Celery's signature
        """Take no more messages, and say so where that is for good; a lost connection stops this step, too."""
        if stopping.is_stopping():
            log.info("told to stop", patience_seconds=settings.FILEMILL.stop_seconds)
        super().stop(parent)

    def _on_message(self, message: Message) -> None:
        message.ack()
        if self._running is None or self._running.done():
            self._running = self._thread.submit(_sweep)


def _sweep() -> None:
    from filemill.processing.sweep import sweep
    from filemill.uploads.expire import expire

    close_old_connections()
    try:
        sweep()
        expire()
    except (DatabaseError, OSError) as error:  # an OSError where the storage is away
        log.warning("sweep stopped", reason=str(error))
    except Exception:
        log.exception("sweep failed")
