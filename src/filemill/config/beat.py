"""Beat's scheduler: the database's, but a clock that is set back does not stop it."""

import structlog
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

log = structlog.get_logger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # django_celery_beat ships no types
    """Sends what is due; an entry that last ran in the future counts from now on."""

    def tick(self) -> float:
        """Send what is due; return the seconds until something may be due again."""
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.model.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = entry.model.last_run_at = now
        if ahead:
            log.warning("clock set back", entries=[entry.name for entry in ahead])
            self._heap = None  # its times are those of the old clock
        seconds: float = super().tick()
        return seconds
