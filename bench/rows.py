"""Rows without bytes: imported inside a service's configuration to make its list long, by SQL, in seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from filemill.files.models import File, Kind, Status
from filemill.processing.models import Artifact, Job
from filemill.processing.states import State

# Ids as those of real files: version 7, by time. One id serves file, job and artifact: the tables are separate.
_ID = {
    "postgresql": "CAST(LPAD(TO_HEX(({start} + number) * 1000::bigint), 12, '0') || '70008000'"
    " || LPAD(TO_HEX(number), 12, '0') AS uuid)",
    "sqlite": "PRINTF('%012x70008000%012x', ({start} + number) * 1000, number)",
}
_MOMENT = {
    "postgresql": "TO_TIMESTAMP({start} + number)",
    "sqlite": "DATETIME({start} + number, 'unixepoch')",
}
_FREE_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename IN ('files_file', 'processing_job', 'processing_artifact')
        AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_NUMBERS = """(
    WITH RECURSIVE count(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM count WHERE number < {count})
    SELECT number FROM count
) AS numbers"""


def fill(wanted: int, owner: str) -> None:
    """Add processed files until there are as many as wanted, alike but for their ids, names, sizes and times."""
    missing = wanted - File.objects.count()
    if missing < 2:
        return
    file, job, artifact = _one(owner)
    kind, start = connection.vendor, int(time.time()) - missing
    key, moment = _ID[kind].format(start=start), _MOMENT[kind].format(start=start)
    numbers = _NUMBERS.format(count=missing - 1)
    own_bytes = {"sha256": _digest(kind), "size": "4096 + number % 1000"}
    with transaction.atomic(), connection.cursor() as cursor, _in_bulk(cursor):
        name = "'file-' || number || '.txt'"
        cursor.execute(_copies(file, {"id": key, "uploaded_at": moment, "name": name, **own_bytes}, numbers))
        cursor.execute(_copies(job, {"id": key, "file_id": key, "created_at": moment}, numbers))
        cursor.execute(_copies(artifact, {"id": key, "file_id": key, "job_id": key, **own_bytes}, numbers))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if kind == "postgresql" else "ANALYZE")


@contextmanager
def _in_bulk(cursor: CursorWrapper) -> Iterator[None]:
    """Let PostgreSQL look up no foreign key, for all hold, and make the indexes anew at the end, which is quicker."""
    if connection.vendor == "sqlite":
        yield
        return
    cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem = '256MB'")
    cursor.execute(_FREE_INDEXES)
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in indexes:
        cursor.execute(definition)


def _one(owner: str) -> tuple[File, Job, Artifact]:
    file = File.objects.create(
        owner=User.objects.filter(username=owner).first(),
        file="originals/none",
        processed=True,
        status=Status.PROCESSED,
        name="file-0.txt",
        size=4096,
        sha256="0" * 64,
        declared_type="text/plain",
        media_type="text/plain",
        kind=Kind.TEXT,
    )
    now = timezone.now()
    job = Job.objects.create(file=file, processor="text", state=State.SUCCEEDED, attempts=1, due_at=now, created_at=now)
    artifact = Artifact.objects.create(
        file=file, job=job, name="text", media_type="text/plain", size=4096, sha256="0" * 64, content="originals/none"
    )
    return file, job, artifact


def _copies(row: models.Model, changes: dict[str, str], numbers: str) -> str:
    """Return the statement that copies a row as often as there are numbers; whatever columns it has come along."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    values = ", ".join(changes.get(column, f"one.{column}") for column in columns)
    only = row._meta.pk.get_db_prep_value(row.pk, connection, prepared=False)
    chosen = f"SELECT {values} FROM {table} AS one, {numbers} WHERE one.id = '{only}'"
    return f"INSERT INTO {table} ({', '.join(columns)}) {chosen}"


def _digest(kind: str) -> str:
    return "LPAD(TO_HEX(number), 64, '0')" if kind == "postgresql" else "PRINTF('%064x', number)"
