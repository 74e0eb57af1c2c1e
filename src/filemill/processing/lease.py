"""What a worker holds of a job: the right to run it for a while, and what it has to know of the file."""

from dataclasses import dataclass
from uuid import UUID

from filemill.files.models import File


class LeaseLost(Exception):
    """The job is no longer this worker's: its lease ran out, or it was cancelled, reprocessed or forgotten."""


@dataclass(frozen=True, slots=True)
class Original:
    """What a worker has to know of a file."""

    id: UUID
    stored: str  #: the storage name of its bytes
    name: str
    size: int
    media_type: str | None


def original_of(file: File) -> Original:
    """Return what a worker has to know of a file."""
    return Original(file.pk, str(file.file), file.name, file.size, file.media_type)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run a job and to record what comes of it."""

    job_id: UUID
    file: Original
    processor: str
    attempts: int
    token: UUID
    is_alone: bool = False  #: the file has no other job
    more_is_due: bool = False  #: another job of the queue could start, too


@dataclass(frozen=True)
class Reason:
    """Why a job failed, in words for a program and for a person."""

    code: str
    title: str
    detail: str
