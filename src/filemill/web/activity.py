"""What the mill does now: what runs, what waits and why, and what failed for which reason."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filemill.accounts.caller import Caller
from filemill.core.errors import Refused
from filemill.files.models import File, Status
from filemill.languages.sentences import said
from filemill.processing import record
from filemill.processing.models import Job, JobQuerySet
from filemill.processing.queues import NOBODY, WAITING_TOO_LONG_SECONDS, Lane, Queue
from filemill.processing.states import State
from filemill.web import words
from filemill.web.looks import step_name

MOST_LOOKED_AT = 5000  #: of what waits or failed; a page has to come however long the backlog is
MOST_AT_ONCE = 200  #: that one press processes again
_MOST_RUNNING = 50
_EXAMPLES = 3


@dataclass(frozen=True)
class Running:
    """A job that a worker is at."""

    job: Job
    name: str
    since: str


@dataclass(frozen=True)
class Waiting:
    """How many jobs of a processor wait, and how many of them were put off after a failure."""

    name: str
    count: int
    put_off: int


@dataclass
class Failure:
    """Files that failed in one processor for one reason, the newest as examples; in detail only where all agree."""

    processor: str
    name: str
    code: str
    title: str
    detail: str
    count: int = 0
    examples: list[tuple[UUID, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Activity:
    """All of it."""

    running: list[Running]
    waiting: list[Waiting]
    oldest: str
    oldest_file: File | None
    failures: list[Failure]
    is_cut: bool


def activity(caller: Caller) -> Activity:
    """Look what a caller's files are at."""
    now = timezone.now()
    running = list(_jobs(caller, State.RUNNING).select_related("file").defer("facts").order_by("started_at", "id"))
    at_work = Counter(map(Queue, Job.objects.that_are(State.RUNNING).values_list("queue", flat=True)))  # of anybody
    queued = _queued(caller)
    failures, failed = _failures(caller)
    oldest = min(queued, key=lambda job: job.due_at, default=None)
    return Activity(
        [_running(job, now) for job in running[:_MOST_RUNNING]],
        _waiting(queued, now),
        _why(oldest, at_work, now) if oldest else "",
        oldest.file if oldest else None,
        failures,
        max(len(queued), failed) >= MOST_LOOKED_AT,
    )


def retry(caller: Caller, processor: str, code: str) -> tuple[int, int]:
    """Process files again that failed for a reason, behind all that is new; return how many, and how many are left."""
    same = [pk for pk, error, _ in _failed(caller) if (error.get("processor"), error.get("code")) == (processor, code)]
    done = tried = 0
    with suppress(DatabaseError):  # what was done is done, and is to be said
        for file_id in same[:MOST_AT_ONCE]:
            with suppress(Refused):  # it is gone by now, or that job of it is
                record.reprocess(file_id, [processor], Lane.LATER)
                done += 1
            tried += 1
    return done, len(same) - tried


def _jobs(caller: Caller, state: State) -> JobQuerySet:
    jobs = Job.objects.that_are(state)
    return (
        jobs if caller.sees_all else jobs.filter(turn_of=caller.owner_id or NOBODY)
    )  # as the file's owner, by an index


def _queued(caller: Caller) -> list[Job]:
    columns = ("processor", "queue", "attempts", "due_at", "error", "file__name")
    jobs = _jobs(caller, State.QUEUED).select_related("file").only(*columns)
    return [job for queue in Queue for job in jobs.filter(queue=queue).order_by("due_at")[:MOST_LOOKED_AT]]


def _running(job: Job, now: datetime) -> Running:
    since = words.duration(max((now - job.started_at).total_seconds(), 0.0)) if job.started_at else ""
    return Running(job, step_name(job.processor), since)


def _waiting(queued: Iterable[Job], now: datetime) -> list[Waiting]:
    counts = Counter(job.processor for job in queued)
    put_off = Counter(job.processor for job in queued if job.due_at > now)
    return [Waiting(step_name(each), count, put_off[each]) for each, count in counts.most_common()]


def _why(oldest: Job, at_work: Counter[Queue], now: datetime) -> str:
    waited = (now - oldest.due_at).total_seconds()
    if waited < 0:
        told = {"number": oldest.attempts + 1, "time": words.duration(-waited)}
        reason = " " + _("It failed: %(why)s") % {"why": said(oldest.error["detail"])} if oldest.error else ""
        return _("Attempt %(number)s starts in %(time)s.") % told + reason
    since, queue = {"time": words.duration(waited)}, Queue(oldest.queue)
    if busy := at_work[queue]:
        return ngettext(
            "It has waited for %(time)s: the workers are at %(count)s other job.",
            "It has waited for %(time)s: the workers are at %(count)s other jobs.",
            busy,
        ) % {**since, "count": busy}
    if waited < WAITING_TOO_LONG_SECONDS:
        return _("It has waited for %(time)s; a worker takes it next.") % since
    nobody = _("It has waited for %(time)s, and no worker takes it. Look whether one runs: %(command)s")
    return nobody % {**since, "command": f"filemill worker -Q {queue}"}


def _failed(caller: Caller) -> Iterable[tuple[UUID, Any, str]]:
    files = File.objects.seen_by(caller).filter(status=Status.FAILED).exclude(error__isnull=True)
    return files.order_by("-uploaded_at", "-id").values_list("pk", "error", "name")[:MOST_LOOKED_AT]


def _failures(caller: Caller) -> tuple[list[Failure], int]:
    found: dict[tuple[str, str], Failure] = {}
    looked_at = 0
    for pk, error, name in _failed(caller):
        looked_at += 1
        processor, code, title, detail = (error.get(each, "") for each in ("processor", "code", "title", "detail"))
        fresh = Failure(processor, step_name(processor), code, title, detail)
        failure = found.setdefault((processor, code), fresh)
        failure.count += 1
        if failure.detail != detail:
            failure.detail = ""  # each file's own page has its own
        if len(failure.examples) < _EXAMPLES:
            failure.examples.append((pk, name))
    return sorted(found.values(), key=lambda each: -each.count), looked_at
