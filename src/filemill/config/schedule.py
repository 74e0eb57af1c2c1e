"""Beat's schedule, of the database: no second sweep while one waits, no end while the database or the time is away."""

from typing import Any

import structlog
from celery.beat import ScheduleEntry
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from filemill.config.sweeper import SweepConsumer

log = structlog.get_logger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat ships no types
    """The database's scheduler, which does not let sweeps pile up while no worker takes them.

    Of the brokers only RabbitMQ drops a message that has expired.
    """

    _is_set_up = False

    def setup_schedule(self) -> None:
        """Read the schedule from the database, or leave that to the first tick that finds it."""
        try:
            self._set_up()
        except (DatabaseError, InterfaceError) as error:
            self._wait(error)

    def tick(self) -> float:
        """Send what is due; return the seconds until something may be due again."""
        try:
            if self._is_set_up:
                _look_for_the_database()
            else:
                self._set_up()
            return self._tick()
        except (DatabaseError, InterfaceError) as error:
            return self._wait(error)

    def sync(self) -> None:
        """Write down what ran and when; without a database it stays to be written."""
        if not self._dirty:
            return
        try:
            _look_for_the_database()
        except (DatabaseError, InterfaceError) as error:
            self._wait(error)
        else:
            super().sync()

    def _set_up(self) -> None:
        super().setup_schedule()
        ours = self.app.conf.beat_schedule
        # Of what it could not write, django-celery-beat only says so.
        self._is_set_up = self.Model.objects.filter(name__in=ours).count() == len(ours)

    def _wait(self, error: Exception) -> float:
        log.warning("beat waits for the database", reason=str(error).strip())
        connection.close()
        self._initial_read, self._heap = True, None  # what was being read is to be read again, whole
        return float(self.app.conf.beat_max_loop_interval)

    def _tick(self) -> float:
        """Heed the clock: what last ran in the future ran before it was set back, and counts from now on."""
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.model.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = entry.model.last_run_at = now
        if ahead:
            log.warning("clock set back", entries=[entry.name for entry in ahead])
            self._heap = None  # its times are those of the old clock
        return float(super().tick())

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


def _look_for_the_database() -> None:
    """Raise what it raises where it is not there; django-celery-beat would show a traceback and go on without it."""
    close_old_connections()
    with connection.cursor():
        pass


def _count(channel: Any) -> int:  # noqa: ANN401  # kombu has no public type for it
    declared: Any = SweepConsumer.queue(channel).queue_declare()
    return int(declared.message_count)
