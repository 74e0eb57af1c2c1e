"""How beat ends: Celery's own handler of signals would ask the database, in the middle of whatever beat does.

If that is a statement, it holds the connection's lock, and beat would wait for itself for ever.
"""

import signal
from types import FrameType

from celery import signals
from celery.apps import beat

STOPS = (signal.SIGINT, signal.SIGTERM)


class Beat(beat.Beat):
    """Celery's beat, which ends at once as long as it has no schedule, and then between two statements."""

    def install_sync_handler(self, service: object) -> None:
        """Let a signal end the process while the schedule is read: there is nothing to write down yet."""
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)


@signals.beat_init.connect
def _end_between_statements(**_kwargs: object) -> None:
    for number in STOPS:
        signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C and the supervisor may both say it, and once is enough
    raise KeyboardInterrupt  # for which psycopg cancels its statement; beat then writes its schedule, and returns
