"""Moves of states.py, each guarded by the token and in one transaction; `claim` and `straight` write the usual way."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from filemill.core.errors import FieldError, Invalid, NotFound, Unprocessable
from filemill.events.models import What
from filemill.events.tell import tell
from filemill.files import keep
from filemill.files.models import File, Status
from filemill.identify.identity import Identity
from filemill.identify.kinds import kind_of
from filemill.processing import plan, ring, states
from filemill.processing.forget import remove_once_committed
from filemill.processing.lease import Claim, LeaseLost, Reason, original_of
from filemill.processing.models import Artifact, Job
from filemill.processing.provenance import Provenance
from filemill.processing.queues import FRONT, NOBODY, Lane, Queue, lane_for_again
from filemill.processing.states import Move, State
from filemill.processing.status import error_of, status_of, warnings_of
from filemill.processors.registry import processors

# A file's jobs without what they found: facts may be long.
_OUTLINE = (
    "file", "processor", "state", "required", "error", "attempts", "queue", "priority", "turn_of", "turn",
)  # fmt: skip


def _start(job: Job) -> Claim:
    claim = Claim(job.id, original_of(job.file), job.processor, job.attempts + 1, uuid4())
    changed = _move(
        Job.objects.filter(pk=job.pk),
        states.START,
        token=claim.token,
        lease_until=_lease_end(),
        attempts=F("attempts") + 1,
        started_at=Now(),
        finished_at=None,
        progress=None,
        progress_words="",
    )
    if not changed:
        raise LeaseLost
    return claim


def renew(claim: Claim, progress: float | None, words: str) -> None:
    """Lengthen the lease and note the progress (a fraction from 0 to 1); raise LeaseLost where the job is gone."""
    noted = {} if progress is None else {"progress": progress, "progress_words": words[:200]}
    if not _held(claim).update(lease_until=_lease_end(), **noted):
        raise LeaseLost


def check(claim: Claim) -> None:
    """Raise LeaseLost where the job is gone."""
    if not _held(claim).exists():
        raise LeaseLost


def identified(claim: Claim, identity: Identity) -> Claim | None:
    """Record what the file is, plan its other jobs, and claim the first quick one of them, all at once."""
    with transaction.atomic():
        file = _locked(claim)
        _finish(claim, states.SUCCEED, facts=facts_of(identity), error=None)
        file.media_type, file.kind = identity.media_type, kind_of(identity.media_type)
        jobs = _outlines(file)
        identification = next(job for job in jobs if job.pk == claim.job_id)
        planned = plan.follow(file, jobs, identification)
        if planned.again or planned.obsolete:
            _drop(file.jobs.filter(processor__in=planned.obsolete))
            _requeue(file.jobs.filter(processor__in=planned.again), identification.priority, file, identification)
            jobs = _outlines(file)
        else:
            jobs += planned.new
        queued = [job for job in jobs if job.state == State.QUEUED]
        following = next((job for job in queued if job.queue == Queue.QUICK), None)
        next_claim = _start(following) if following else None
        if following:
            following.state = State.RUNNING
        _ring_once_committed({job.queue for job in queued if job is not following})
        _settle(file, jobs, "media_type", "kind")
        return next_claim


def facts_of(identity: Identity) -> dict[str, str]:
    """Return what identification found, as facts."""
    return {"media_type": identity.media_type, "description": identity.description}


def succeed(claim: Claim, facts: dict[str, Any], artifacts: Sequence[Artifact], made: Provenance) -> None:
    """Record a job's facts and artifacts in place of earlier ones; raise LeaseLost if it is too late."""
    with transaction.atomic():
        file = _locked(claim)
        known: dict[str, Any] = {"facts": facts, "provenance": asdict(made), "version": made.version}
        _finish(claim, states.SUCCEED, error=None, progress=1.0, **known)
        for artifact in artifacts:
            artifact.job_id = claim.job_id
        present = list(file.artifacts.all())
        _drop_artifacts([artifact for artifact in present if artifact.job_id == claim.job_id])
        others = {artifact.name for artifact in present if artifact.job_id != claim.job_id}
        taken = others & {artifact.name for artifact in artifacts}
        if taken:
            raise Unprocessable(
                f"Another processor of this file already made: {', '.join(sorted(taken))}.", code="artifact_name_taken"
            )
        Artifact.objects.bulk_create(artifacts)
        for artifact in artifacts:
            transaction.on_commit(partial(keep.trust, str(artifact.content)))
        settle(file)


def fail(claim: Claim, reason: Reason) -> None:
    """End a job for good, with its reason; earlier results stay."""
    with transaction.atomic():
        file = _locked(claim)
        _finish(claim, states.FAIL, error=_error(claim, reason))
        settle(file)


def retry(claim: Claim, reason: Reason, *, at_once: bool = False, **still: Any) -> None:  # noqa: ANN401  # look-ups
    """Queue a job again after a pause that doubles each time, or fail it once its attempts are used up.

    `still` are look-ups of the job that must still hold.
    """
    limits = settings.FILEMILL
    if claim.attempts >= limits.max_attempts:
        detail = f"{reason.detail} It was tried {claim.attempts} times."
        reason, move, due = Reason(reason.code, reason.title, detail), states.FAIL, timedelta(0)
    else:
        pause = min(limits.backoff_seconds * 2 ** min(claim.attempts - 1, 30), limits.backoff_max_seconds)
        move, due = states.RETRY, timedelta(seconds=0 if at_once else pause)
    with transaction.atomic():
        file = _locked(claim)
        _finish(claim, move, still, error=_error(claim, reason), due_at=Now() + due, turn=FRONT)
        settle(file)


def give_back(claim: Claim) -> None:
    """Queue a job again as if it had not been claimed: its worker, not the file, is why it cannot go on."""
    with transaction.atomic():
        file = _locked(claim)
        _finish(claim, states.GIVE_BACK, attempts=F("attempts") - 1, due_at=Now(), turn=FRONT)
        settle(file)


def shorten_waits() -> None:
    """End waits that are longer than any that is ever set: the database's clock was set back since.

    Beside a step of the clock nothing that was never tried waits, and no lease lasts twice as long as a lease.
    """
    limits = settings.FILEMILL
    never = Q(attempts=0, due_at__gt=Now())
    too_long = Q(due_at__gt=Now() + timedelta(seconds=limits.backoff_max_seconds))
    ahead = Job.objects.that_are(State.QUEUED).filter(queue__in=Queue.values, due_at__gt=Now())
    ahead.filter(never | too_long).update(due_at=Now())
    endless = Now() + timedelta(seconds=2 * limits.lease_seconds)
    Job.objects.that_are(State.RUNNING).filter(lease_until__gt=endless).update(lease_until=_lease_end())


def cancel(file_id: UUID) -> None:
    """Cancel what is queued or running; a running child is killed when its worker next looks at the lease."""
    with transaction.atomic():
        file = _existing(file_id)
        if _move(file.jobs.all(), states.CANCEL, token=None, lease_until=None, finished_at=Now()):
            settle(file)


def reprocess(file_id: UUID, names: Sequence[str] | None, lane: Lane | None = None) -> None:
    """Queue a file's jobs again: the named ones, or identification, which then plans all the others.

    In a lane, or in the one that fits how much of the owner's waits already.
    """
    wanted = set(names) if names is not None else {plan.IDENTIFY}
    with transaction.atomic():
        file = _existing(file_id)
        unknown = wanted - set(file.jobs.values_list("processor", flat=True))
        if unknown:
            detail = f"This file has no job of: {', '.join(sorted(unknown))}."
            raise Invalid(detail, (FieldError("processors", "unknown", detail),))
        lane = lane_for_again(file.owner_id or NOBODY) if lane is None else lane
        _requeue(file.jobs.filter(processor__in=wanted), lane, file)
        _ring_once_committed(set(file.jobs.filter(processor__in=wanted).values_list("queue", flat=True)))
        settle(file)


def settle(file: File) -> None:
    """Bring a file's status, error and warnings in line with its jobs, and tell of it; the caller holds its row."""
    _settle(file, _outlines(file))


def _outlines(file: File) -> list[Job]:
    """Return a file's jobs, oldest first."""
    return list(file.jobs.only(*_OUTLINE))


def _settle(file: File, jobs: Sequence[Job], *also: str) -> None:
    before, file.status = file.status, status_of(jobs)
    file.processed = file.status == Status.PROCESSED
    file.error = error_of(jobs)
    file.warnings = warnings_of(file, jobs)
    file.save(update_fields=["status", "processed", "error", "warnings", *also])
    tell(file.owner_id, file.pk, What.CHANGED if file.status == before else What(file.status))


def _move(jobs: QuerySet[Job], move: Move, **changes: Any) -> int:  # noqa: ANN401  # columns of Job
    # What waits has neither started nor finished, whatever became of earlier attempts.
    times = {"started_at": None, "finished_at": None} if move.target == State.QUEUED else {}
    return jobs.filter(state__in=move.sources).update(state=move.target, **{**changes, **times})


def _finish(claim: Claim, move: Move, still: dict[str, Any] | None = None, **changes: Any) -> None:  # noqa: ANN401
    held = _held(claim).filter(**(still or {}))
    if not _move(held, move, token=None, lease_until=None, finished_at=Now(), **changes):
        raise LeaseLost


def _requeue(jobs: QuerySet[Job], lane: int, file: File, after: Job | None = None) -> None:
    fresh = {"token": None, "lease_until": None, "attempts": 0, "due_at": Now(), "error": None, "progress": None}
    registered = processors()
    for job in jobs:
        processor = registered.get(job.processor)
        version = processor.version if processor else job.version
        place = plan.place(processor, lane, file.owner_id or NOBODY, after)
        _move(Job.objects.filter(pk=job.pk), states.REPROCESS, version=version, **fresh, **place)


def _ring_once_committed(queues: set[str]) -> None:
    for queue in queues:
        transaction.on_commit(partial(ring.ring, Queue(queue)))


def _held(claim: Claim) -> QuerySet[Job]:
    return Job.objects.filter(pk=claim.job_id, token=claim.token)


def _existing(file_id: UUID) -> File:
    try:
        return File.objects.select_for_update().get(pk=file_id)
    except File.DoesNotExist:
        raise NotFound("There is no such file.") from None


def _locked(claim: Claim) -> File:
    try:
        return File.objects.select_for_update().get(pk=claim.file.id)
    except File.DoesNotExist:
        raise LeaseLost from None


def _lease_end() -> Any:  # noqa: ANN401  # Django's combined expressions have no public type
    return Now() + timedelta(seconds=settings.FILEMILL.lease_seconds)


def _error(claim: Claim, reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "title": reason.title, "detail": reason.detail, "processor": claim.processor}


def _drop(jobs: QuerySet[Job]) -> None:
    _drop_artifacts(list(Artifact.objects.filter(job__in=jobs)))
    jobs.delete()


def _drop_artifacts(artifacts: Sequence[Artifact]) -> None:
    remove_once_committed(str(artifact.content) for artifact in artifacts)
    if artifacts:
        Artifact.objects.filter(pk__in=[artifact.pk for artifact in artifacts]).delete()
