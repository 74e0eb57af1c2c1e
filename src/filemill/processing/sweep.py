"""What brings lost work back: leases that ran out end, and due work that nobody took is rung for."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from filemill.events.forget import forget_old
from filemill.files import aside, keep
from filemill.files.models import File, forget_keys
from filemill.processing import claim, record, ring, workspaces
from filemill.processing.lease import Claim, LeaseLost, Reason, original_of
from filemill.processing.models import Artifact, Job
from filemill.processing.queues import Queue
from filemill.processing.states import State

log = structlog.get_logger(__name__)

WORKER_LOST = Reason(
    "worker_lost", "The worker stopped in the middle", "The worker that ran the job stopped before it was done."
)


def sweep() -> None:
    """End leases that ran out, ring for due work, and remove bytes that belong to no file and nobody is at."""
    record.shorten_waits()
    _release(Job.objects.that_are(State.RUNNING), lease_until__lt=Now())
    for queue in Queue:
        if claim.work_is_due(queue):
            ring.ring(queue)
    keep.remove_stale_incoming()
    forget_keys()
    _settle_doubts()
    workspaces.remove_left(settings.FILEMILL.upload_expire_seconds)
    forget_old()


def release_all() -> None:
    """Take every running job and workspace back; only for a worker that knows that no other lives."""
    _release(Job.objects.that_are(State.RUNNING))
    workspaces.remove_left(0)


def _settle_doubts() -> None:
    _each(keep.doubtful(), keep.trust, aside.take)
    # Only now does "no row" last: an upload that commits from here on does not find its bytes, and is refused.
    _each(aside.names(), aside.put_back, aside.remove)


def _each(names: list[str], if_owned: Callable[[str], None], if_not: Callable[[str], None]) -> None:
    for name in names:
        try:
            (if_owned if _is_owned(name) else if_not)(name)
        except FileNotFoundError:
            continue  # another sweep was faster
        except OSError as error:
            log.warning("bytes not settled yet", stored=name, reason=str(error))


def _is_owned(name: str) -> bool:
    file_id = name.split("/")[2]
    return (
        File.objects.filter(pk=file_id, file=name).exists()
        or Artifact.objects.filter(file_id=file_id, content=name).exists()
    )


def _release(jobs: QuerySet[Job], **still: object) -> None:
    for job in jobs.filter(**still).select_related("file"):
        if job.token is None:
            continue
        held = Claim(job.id, original_of(job.file), job.processor, job.attempts, job.token)
        try:
            # Where a lease ran out, the job has waited for longer than any pause.
            record.retry(held, WORKER_LOST, at_once=bool(still), **still)
        except LeaseLost:
            continue
        log.warning("lease ended", job_id=str(job.id), file_id=str(job.file_id), attempts=job.attempts)
