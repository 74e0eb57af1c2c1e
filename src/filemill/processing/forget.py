"""Deleting a file: its rows at once, its bytes after the commit."""

import contextlib
from collections.abc import Iterable
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction

from filemill.accounts import usage
from filemill.core.errors import NotFound
from filemill.events.models import What
from filemill.events.tell import tell
from filemill.files import keep
from filemill.files.models import File

log = structlog.get_logger(__name__)


def remove_once_committed(names: Iterable[str]) -> None:
    """Remove bytes after the commit; one that cannot be removed then hinders nothing, and the sweep tries again."""
    for name in names:
        with contextlib.suppress(OSError):  # a full disk takes no note, but must let go of a file
            keep.doubt(name)
        transaction.on_commit(partial(_remove, name))


def forget(file_id: UUID) -> None:
    """Delete a file with its jobs, artifacts and bytes; a worker that is at it loses its lease and drops its result."""
    keep.check_there()  # else the bytes would lie there for ever once the disk is back
    with transaction.atomic():
        file = File.objects.select_for_update().filter(pk=file_id).first()
        if file is None:
            raise NotFound("There is no such file.")
        names = [file.file.name, *file.artifacts.values_list("content", flat=True)]
        tell(file.owner_id, file_id, What.DELETED)
        file.delete()
        remove_once_committed(names)
        usage.give_back(file.owner_id, file.size)
    log.info("forgotten", file_id=str(file_id))


def _remove(name: str) -> None:
    # What is raised after a commit would make the caller believe that there was none.
    try:
        keep.remove(name)
    except OSError as error:
        log.warning("bytes not removed yet", stored=name, reason=str(error))
