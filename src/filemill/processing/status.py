"""The status of a file, its error and its warnings, from its jobs."""

import mimetypes
from collections.abc import Sequence
from typing import Any

from filemill.files.models import File, Status
from filemill.identify.kinds import kind_of
from filemill.processing.models import Job
from filemill.processing.plan import IDENTIFY
from filemill.processing.states import State

# Only the table inside Python: what a machine's /etc/mime.types says must not change a result.
_BY_EXTENSION = mimetypes.MimeTypes(filenames=())
_WEB_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}


def status_of(jobs: Sequence[Job]) -> Status:
    """Return the status that a file's jobs give it; the first that holds counts."""
    states = {job.state for job in jobs}
    if any(job.state == State.FAILED and job.required for job in jobs):
        return Status.FAILED
    if State.RUNNING in states:
        return Status.PROCESSING
    if State.QUEUED in states:
        return Status.QUEUED
    if State.CANCELLED in states:
        return Status.CANCELLED
    return Status.PROCESSED


def error_of(jobs: Sequence[Job]) -> dict[str, Any] | None:
    """Return the reason of the first required job that failed."""
    return next((job.error for job in jobs if job.state == State.FAILED and job.required), None)


def warnings_of(file: File, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Return what a person should know of a file that does not make it fail."""
    failed = [job.error for job in jobs if job.state == State.FAILED and not job.required and job.error]
    identified = any(job.processor == IDENTIFY and job.state == State.SUCCEEDED for job in jobs)
    return failed + (type_warnings(file.name, file.media_type) if identified and file.media_type else [])


def type_warnings(name: str, media_type: str) -> list[dict[str, Any]]:
    """Return what to know of a file whose name says another type than its bytes."""
    by_name = _BY_EXTENSION.guess_type(name)[0]
    if not by_name or not _differ(by_name, media_type):
        return []
    detail = f"The name says {by_name}, the bytes say {media_type}. Filemill goes by the bytes."
    return [
        {
            "code": "type_mismatch",
            "title": "The name and the bytes disagree",
            "detail": detail,
            "processor": IDENTIFY,
        }
    ]


def _differ(by_name: str, by_bytes: str) -> bool:
    both_web_images = {by_name, by_bytes} <= _WEB_IMAGES
    return kind_of(by_name) != kind_of(by_bytes) or (both_web_images and by_name != by_bytes)
