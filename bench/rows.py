"""Rows without bytes: imported inside a service's configuration to make its list long."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from filemill.core.ids import new_id
from filemill.files.models import File, Kind, Status

_BATCH = 2000

# Each file gets one job and one artifact, which share its id: the tables are separate, so nothing clashes.
_JOBS = """
    INSERT INTO processing_job
        (id, file_id, processor, version, required, state, priority, attempts, progress_words, due_at, created_at)
    SELECT id, id, 'text', 1, TRUE, 'succeeded', 0, 1, '', uploaded_at, uploaded_at FROM files_file
    WHERE id NOT IN (SELECT file_id FROM processing_job)
"""
_ARTIFACTS = """
    INSERT INTO processing_artifact (id, file_id, job_id, name, media_type, size, sha256, content)
    SELECT id, id, id, 'text', 'text/plain', size, sha256, file FROM files_file
    WHERE id IN (SELECT id FROM processing_job)
        AND id NOT IN (SELECT id FROM processing_artifact)
"""


def fill(wanted: int) -> None:
    """Add processed files until there are as many as wanted."""
    missing = wanted - File.objects.count()
    newest = timezone.now()
    with transaction.atomic():
        for start in range(0, missing, _BATCH):
            numbers = range(start, min(start + _BATCH, missing))
            File.objects.bulk_create(_file(newest - timedelta(seconds=number)) for number in numbers)
    with connection.cursor() as cursor:
        for statement in (_JOBS, _ARTIFACTS, "ANALYZE"):
            cursor.execute(statement)


def _file(moment: datetime) -> File:
    file_id = new_id()
    return File(
        id=file_id,
        file=f"originals/{file_id}",
        uploaded_at=moment,
        processed=True,
        status=Status.PROCESSED,
        name=f"{file_id.hex[-8:]}.txt",
        size=4096,
        sha256=file_id.hex * 2,
        declared_type="text/plain",
        media_type="text/plain",
        kind=Kind.TEXT,
    )
