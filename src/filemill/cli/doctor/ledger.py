"""The ledger: jobs that wait get worked on, leases end, attempts are capped; statuses and usage are what rows say."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from filemill.accounts.models import Usage
from filemill.cli.doctor.finding import MOST_EXAMPLES, Finding, Tally
from filemill.cli.rows import pages
from filemill.files import recount
from filemill.files.models import File
from filemill.processing import plan, record
from filemill.processing.models import Job
from filemill.processing.queues import Queue
from filemill.processing.states import State
from filemill.processing.status import status_of

LONG_SECONDS = 60


def waiting_jobs_are_taken() -> Finding:
    """Find jobs that are due for long while nobody works on any."""
    running = Job.objects.that_are(State.RUNNING).filter(lease_until__gt=Now())
    neglected = set(Queue) - set(running.values_list("queue", flat=True).distinct().order_by())
    return _of_jobs(
        Job.objects.that_are(State.QUEUED).filter(queue__in=neglected, due_at__lt=_long_ago()),
        "no job is due for long without somebody at work in its queue",
        f"jobs are due for more than {LONG_SECONDS} s and nobody works on any of their queue",
        "Start a worker: `filemill worker`, or `filemill serve` for everything. If one runs, see that it reaches this "
        "database and the broker, and that it takes from this queue (`--queues`).",
    )


def leases_end() -> Finding:
    """Find running jobs whose lease is missing, or over for longer than a sweep needs."""
    without = Q(lease_until__isnull=True) | Q(token__isnull=True)
    return _of_jobs(
        Job.objects.that_are(State.RUNNING).filter(without | Q(lease_until__lt=_long_ago())),
        "every running job has a lease, and none is over for long",
        f"running jobs without a lease, or with one that is over for more than {LONG_SECONDS} s",
        "The sweep ends such leases: start `filemill beat` and `filemill worker`, or `filemill serve`.",
    )


def attempts_are_capped() -> Finding:
    """Find jobs that were tried more often than they may."""
    return _of_jobs(
        Job.objects.filter(attempts__gt=settings.FILEMILL.max_attempts),
        f"no job was tried more than {settings.FILEMILL.max_attempts} times",
        f"jobs were tried more than {settings.FILEMILL.max_attempts} times",
        "If FILEMILL_MAX_ATTEMPTS was lowered since, this is history; POST /files/{file_id}/reprocess/ counts anew. If "
        "not, please report it.",
    )


def files_have_jobs(*, fix: bool) -> Finding:
    """Find files that were never planned; to mend is to plan them."""
    tally = Tally()
    for page in pages(File.objects.filter(jobs__isnull=True).only("pk")):
        for file in page:
            tally.add(f"file {file.pk}")
            if fix:
                _plan(file.pk)
    return tally.finding(
        "no file is without a job",
        "files without any job, which nobody will ever process",
        "`filemill doctor --fix` plans them.",
        mended=fix,
    )


def statuses_follow(*, fix: bool) -> Finding:
    """Find files whose status is not what their jobs say; to mend is to settle them."""
    tally = Tally()
    for page in pages(File.objects.only("status")):
        tally.looked_at += len(page)
        jobs = _jobs_of(page)
        for file in page:
            if _is_out_of_line(file, jobs[file.pk]) and _is_out_of_line_for_sure(file.pk, fix=fix):
                tally.add(f"file {file.pk}")
    return tally.finding(
        "{} files, each with the status that its jobs give it",
        "files whose status is not what their jobs say",
        "`filemill doctor --fix` settles them.",
        mended=fix,
    )


def usage_adds_up(*, fix: bool) -> Finding:
    """Find owners whose usage is not what their files add up to; to mend is to count again."""
    tally = Tally()
    tally.looked_at = Usage.objects.count()
    for owner_id in recount.miscounted():
        tally.add(str(User.objects.get(pk=owner_id)))
        if fix:
            recount.recount(owner_id)
    return tally.finding(
        "{} owners, each with the usage that their files add up to",
        "owners whose usage is not what their files add up to, so that quotas hold too early or too late",
        "`filemill doctor --fix` counts again.",
        mended=fix,
    )


def _jobs_of(page: list[File]) -> dict[UUID, list[Job]]:
    found: dict[UUID, list[Job]] = defaultdict(list)  # a third of the time that prefetch_related takes
    between = Job.objects.filter(file__gte=page[0].pk, file__lte=page[-1].pk)
    for job in between.only("file_id", "state", "required").order_by():
        found[job.file_id].append(job)
    return found


def _is_out_of_line(file: File, jobs: list[Job]) -> bool:
    return bool(jobs) and file.status != status_of(jobs)


def _is_out_of_line_for_sure(file_id: UUID, *, fix: bool) -> bool:
    # A job moves only while its file's row is held.
    with transaction.atomic():
        file = File.objects.select_for_update().filter(pk=file_id).first()
        if file is None or not _is_out_of_line(file, list(file.jobs.all())):
            return False
        if fix:
            record.settle(file)
        return True


def _plan(file_id: UUID) -> None:
    with transaction.atomic():
        file = File.objects.select_for_update().filter(pk=file_id).first()
        if file and not file.jobs.exists():
            plan.first_job(file).save()
            record.settle(File.objects.get(pk=file_id))  # without what plan remembers of it


def _long_ago() -> object:
    return Now() - timedelta(seconds=max(LONG_SECONDS, 4 * settings.FILEMILL.sweep_seconds))


def _of_jobs(wrong: QuerySet[Job], fine: str, words: str, remedy: str) -> Finding:
    tally = Tally()
    for job in wrong.order_by("created_at", "id")[:MOST_EXAMPLES]:
        tally.add(f"{job.processor} on file {job.file_id}")
    tally.count = wrong.count() if tally.count == MOST_EXAMPLES else tally.count
    return tally.finding(fine, words, remedy)
