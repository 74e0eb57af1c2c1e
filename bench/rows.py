"""Rows without bytes: imported inside a service's configuration to make its list long."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from filemill.core.ids import new_id
from filemill.files.models import File, Kind, Status
from filemill.processing.models import Artifact, Job
from filemill.processing.states import State

_BATCH = 2000


def fill(wanted: int) -> None:
    """Add processed files until there are as many as wanted."""
    missing = wanted - File.objects.count()
    newest = timezone.now()
    for start in range(0, missing, _BATCH):
        with transaction.atomic():
            _add([newest - timedelta(seconds=number) for number in range(start, min(start + _BATCH, missing))])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _add(moments: list[datetime]) -> None:
    files = [_file(moment) for moment in moments]
    jobs = [Job(file=file, processor="text", state=State.SUCCEEDED, attempts=1, facts={}) for file in files]
    artifacts = [
        Artifact(
            file_id=job.file_id, job=job, name="text", media_type="text/plain", size=4096, sha256="0" * 64,
            content=f"artifacts/{job.file_id}",
        )
        for job in jobs
    ]  # fmt: skip
    File.objects.bulk_create(files)
    Job.objects.bulk_create(jobs)
    Artifact.objects.bulk_create(artifacts)


def _file(moment: datetime) -> File:
    file_id = new_id()
    return File(
        id=file_id, file=f"originals/{file_id}", uploaded_at=moment, processed=True, status=Status.PROCESSED,
        name=f"{file_id.hex[-8:]}.txt", size=4096, sha256=file_id.hex * 2, declared_type="text/plain",
        media_type="text/plain", kind=Kind.TEXT,
    )  # fmt: skip
