"""The status of a file, its error and its warnings, from its jobs."""

from collections.abc import Sequence
from typing import Any

from filemill.files.models import File, Status
from filemill.processing.mismatch import type_warnings
from filemill.processing.models import Job
from filemill.processing.plan import IDENTIFY
from filemill.processing.states import State


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
