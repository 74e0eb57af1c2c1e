"""Uploads that nobody goes on with: their bytes go, and in time what is known of them."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from filemill.core.resuming_errors import UploadGone
from filemill.files import unfinished
from filemill.uploads.models import Upload

log = structlog.get_logger(__name__)

_AT_ONCE = 500  # rows; a database takes only so many values in one statement


def expire() -> int:
    """End the uploads whose last byte came too long ago, and forget those that are over; return how many ended."""
    gone = unfinished.remove_stale()
    for upload_id in gone:
        log.info("upload expired", upload_id=str(upload_id))
    long_ago = timezone.now() - timedelta(seconds=settings.FILEMILL.upload_expire_seconds)
    old = Upload.objects.filter(created_at__lt=long_ago)
    old.filter(finished_at__lt=long_ago).delete()
    under_way = old.filter(finished_at=None).values_list("pk", flat=True)
    over = [upload_id for upload_id in under_way if not unfinished.is_there(upload_id)]
    for start in range(0, len(over), _AT_ONCE):
        Upload.objects.filter(pk__in=over[start : start + _AT_ONCE], finished_at=None).delete()
    return len(gone)


def end(upload_id: UUID) -> bool:
    """End an upload that is not whole, whoever is at it; say whether there was one."""
    if not Upload.objects.filter(pk=upload_id, finished_at=None).exists():
        return False
    with suppress(UploadGone), unfinished.Turn(upload_id, hashes=False) as turn, turn.held():
        if Upload.objects.filter(pk=upload_id, finished_at=None).delete()[0] == 0:
            return False  # it was completed meanwhile
        turn.end()
    Upload.objects.filter(pk=upload_id, finished_at=None).delete()
    log.info("upload ended", upload_id=str(upload_id))
    return True
