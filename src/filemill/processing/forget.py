"""Deleting a file: its rows at once, its bytes after the commit."""

from functools import partial
from uuid import UUID

import structlog
from django.db import transaction

from filemill.core.errors import NotFound
from filemill.files import keep
from filemill.files.models import File

log = structlog.get_logger(__name__)


def forget(file_id: UUID) -> None:
    """Delete a file with its jobs, artifacts and bytes; a worker that is at it loses its lease and drops its result."""
    with transaction.atomic():
        file = File.objects.select_for_update().filter(pk=file_id).first()
        if file is None:
            raise NotFound("There is no such file.")
        names = [file.file.name, *file.artifacts.values_list("content", flat=True)]
        file.delete()
        for name in names:
            transaction.on_commit(partial(keep.remove, name))
    log.info("forgotten", file_id=str(file_id))
