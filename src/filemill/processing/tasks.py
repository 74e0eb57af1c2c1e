"""Celery's functions: all that a message can ask for."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from filemill.core.errors import FilemillError
from filemill.files import keep
from filemill.processing import claim, ring, run, stopping
from filemill.processing.lease import Claim
from filemill.processing.queues import OLDEST_EACH, Queue
from filemill.sandbox.client import Sandbox

log = structlog.get_logger(__name__)
sandbox = Sandbox(strict=settings.FILEMILL.sandbox == "strict", settings=settings.FILEMILL.limits)
_heavy_seats = threading.BoundedSemaphore(settings.FILEMILL.heavy_threads)
_claims = itertools.count(1)

HELD_SECONDS = 0.1  #: between two looks at jobs whose rows others hold for a moment


@shared_task(name=ring.TASKS[Queue.QUICK], ignore_result=True)
def drain() -> None:
    """Claim and run due quick jobs for about a second, then ring again if work is left."""
    with _trouble_told():
        _go_on(Queue.QUICK)


@shared_task(name=ring.TASKS[Queue.HEAVY], ignore_result=True)
def drain_heavy() -> None:
    """Claim and run a due heavy job, and ring again if work is left; only so many at once, for quick ones go on."""
    if not _heavy_seats.acquire(blocking=False):
        return  # whoever has one looks again
    with _trouble_told():
        try:
            _go_on(Queue.HEAVY)
        finally:
            _heavy_seats.release()
        # A bell that came between the last look and the release found no seat.
        if claim.work_is_due(Queue.HEAVY):
            ring.ring(Queue.HEAVY)


@contextmanager
def _trouble_told() -> Iterator[None]:
    try:
        yield
    except (FilemillError, OSError) as error:
        log.warning("no sandbox or no storage", reason=str(error))
    except (DatabaseError, InterfaceError) as error:
        # The jobs are safe in the ledger: what was claimed comes back by its lease, and the sweep rings for the rest.
        log.warning("drain stopped", reason=str(error))


def _go_on(queue: Queue) -> None:
    is_over, until = False, time.monotonic() + settings.FILEMILL.drain_seconds
    claimed = _next_claim(queue, until)
    if claimed and claimed.more_is_due:
        ring.ring(queue)  # else one bell feeds one thread while the others idle
    while claimed:
        run.run(claimed, sandbox)
        is_over = time.monotonic() >= until
        claimed = None if is_over else _next_claim(queue, until)
    if (is_over or stopping.is_stopping()) and claim.work_is_due(queue):
        ring.ring(queue)


def _next_claim(queue: Queue, until: float) -> Claim | None:
    while not stopping.is_stopping():
        # Where one of these is missing, a claim would only use up an attempt.
        keep.check_there()
        sandbox.start()
        claimed = claim.next_claim(queue, longest_waiting=next(_claims) % OLDEST_EACH == 0)
        # A claim passes over rows that somebody holds, and no bell rings once they are let go.
        if claimed or time.monotonic() >= until or not claim.work_is_due(queue):
            return claimed
        time.sleep(HELD_SECONDS)
    return None
