"""Celery's functions: all that a message can ask for."""

import time

import structlog
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from filemill.core.errors import FilemillError
from filemill.files import keep
from filemill.processing import claim, ring, run, stopping
from filemill.processing.record import Claim
from filemill.sandbox.client import Sandbox

log = structlog.get_logger(__name__)
sandbox = Sandbox(strict=settings.FILEMILL.sandbox == "strict")


@shared_task(name=ring.TASK, ignore_result=True)
def drain() -> None:
    """Claim and run due jobs for about a second, then ring again if work is left."""
    try:
        _drain()
    except (FilemillError, OSError) as error:
        log.warning("no sandbox or no storage", reason=str(error))
    except (DatabaseError, InterfaceError) as error:
        # The jobs are safe in the ledger: what was claimed comes back by its lease, and the sweep rings for the rest.
        log.warning("drain stopped", reason=str(error))


def _drain() -> None:
    until = time.monotonic() + settings.FILEMILL.drain_seconds
    claimed = _next_claim()
    if claimed and claim.work_is_due():
        ring.ring()  # else one bell feeds one thread while the others idle
    while claimed:
        run.run(claimed, sandbox)
        if time.monotonic() >= until:
            break
        claimed = _next_claim()
    if claim.work_is_due():
        ring.ring()


def _next_claim() -> Claim | None:
    if stopping.is_stopping():
        return None
    # Where one of these is missing, a claim would only use up an attempt.
    keep.check_there()
    sandbox.start()
    return claim.next_claim()
