"""Beat's schedule: what the database says, but never a second sweep while the first still waits."""

from typing import Any

from celery.beat import ScheduleEntry
from django_celery_beat.schedulers import DatabaseScheduler

from filemill.config.sweeper import SweepConsumer


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat ships no types
    """The database's scheduler, which does not let sweeps pile up while no worker takes them.

    Of the brokers only RabbitMQ drops a message that has expired.
    """

    def apply_async(self, entry: ScheduleEntry, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # Celery's signature
        """Send what is due, unless it is a sweep and one waits."""
        if (entry.options or {}).get("queue") == SweepConsumer.queue.name and self._waiting():
            return None
        return super().apply_async(entry, *args, **kwargs)

    def _waiting(self) -> int:
        # A connection that broke since the last time is opened anew.
        connection: Any = self.connection
        count, _channel = connection.autoretry(_count, max_retries=1)()
        return int(count)


def _count(channel: Any) -> int:  # noqa: ANN401  # kombu has no public type for it
    declared: Any = SweepConsumer.queue(channel).queue_declare()
    return int(declared.message_count)
