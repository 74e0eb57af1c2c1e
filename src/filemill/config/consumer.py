"""Celery's consumer, which no message can end."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import consumer
from kombu.message import Message

log = structlog.get_logger(__name__)


class Consumer(consumer.Consumer):
    """Drops a message that Celery stumbles over: a bell carries nothing, so nothing is lost with it.

    Celery knows what to do with some kinds of garbage; any other ends its worker.
    """

    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], None]:  # noqa: ANN401  # Celery's
        """Return what is done with a message."""
        handle = super().create_task_handler(*args, **kwargs)
        # kombu counts KeyError among what Redis' connections may raise; here it is a message that lacks something.
        lost = tuple({*self.connection_errors, *self.channel_errors} - {KeyError})

        def handle_or_drop(message: Message) -> None:
            try:
                handle(message)
            except lost:
                raise
            except Exception:
                log.exception("message dropped")
                if not message.acknowledged:
                    message.reject_log_error(log, self.connection_errors)

        return handle_or_drop
