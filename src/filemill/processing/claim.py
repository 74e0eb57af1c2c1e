"""Which job is next: the due one of the highest priority, then the oldest."""

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from filemill.processing import record
from filemill.processing.models import Job
from filemill.processing.states import State

# What running a job needs to know; earlier facts and metadata may be long.
_NEEDED = ("processor", "attempts", "file__file", "file__name", "file__size", "file__media_type", "file__status")


def work_is_due() -> bool:
    """Say whether a job waits that could start now."""
    return _due().exists()


def next_claim() -> record.Claim | None:
    """Claim the next due job for the caller, or return None where there is none."""
    # SQLite's one writer's turn is not to be taken for nothing.
    if connection.vendor == "sqlite" and not work_is_due():
        return None
    with transaction.atomic():
        # Both rows or neither: whoever holds a file's row may want its jobs', so waiting for one could deadlock.
        # SQLite has no row locks and needs none: its transactions here begin IMMEDIATE, one at a time.
        locked = _due().select_related("file").select_for_update(skip_locked=True, of=("self", "file"))
        job = locked.only(*_NEEDED).first()
        return record.start(job) if job else None


def _due() -> QuerySet[Job]:
    return Job.objects.filter(state=State.QUEUED, due_at__lte=Now()).order_by("-priority", "created_at", "id")
