"""Beat's schedule: the database's, but no second sweep while the first waits, and no stop when a clock is set back."""

from typing import Any

import structlog
from celery.beat import ScheduleEntry
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from filemill.config.sweeper import SweepConsumer

log = structlog.get_logger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat ships no types
    """The database's scheduler, which does not let sweeps pile up while no worker takes them.

    Of the brokers only RabbitMQ drops a message that has expired.
    """

    def tick(self) -> float:
        """Send what is due; return the seconds until something may be due again.

        What last ran in the future ran before the clock was set back: it counts from now on.
        """
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.model.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = entry.model.last_run_at = now
        if ahead:
            log.warning("clock set back", entries=[entry.name for entry in ahead])
            self._heap = None  # its times are those of the old clock
        seconds: float = super().tick()
        return seconds

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
