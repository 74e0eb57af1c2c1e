"""Which jobs a file gets."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models.expressions import RawSQL

from filemill.files.models import File
from filemill.processing.models import Job
from filemill.processing.queues import FRONT, NOBODY, Lane, Queue, queue_for, turn_in
from filemill.processors.base import Processor
from filemill.processors.registry import accepts, lacks, planned_for, processors

IDENTIFY = "identify"


def first_job(file: File) -> Job:
    """Return a new file's first job, which finds out what the file is; the caller inserts both in one transaction."""
    job = Job(file=file, processor=IDENTIFY, **place(None, Lane.NEW, file.owner_id or NOBODY))
    # What will be in the database is known: whoever shows the file then need not ask for it.
    file._prefetched_objects_cache = {"jobs": [job], "artifacts": []}  # type: ignore[attr-defined]
    return job


def place(
    processor: type[Processor] | None, lane: int, turn_of: int, after: Job | None = None
) -> dict[str, Queue | int | RawSQL]:
    """Return where a job waits, as columns; None is identification.

    Quick work on a file that is begun, `after` one of its jobs, waits no second time.
    """
    queue = queue_for(heavy=processor is not None and processor.heavy)
    at_once = after is not None and queue == after.queue
    turn = FRONT if at_once else turn_in(queue, lane, turn_of)
    return {"queue": queue, "priority": lane, "turn_of": turn_of, "turn": turn}


@dataclass(frozen=True)
class Planned:
    """What a media type calls for: jobs made for it, and the names of those to run again and of those to drop."""

    new: list[Job]
    again: set[str]
    obsolete: set[str]


def follow(file: File, jobs: Sequence[Job], identification: Job) -> Planned:
    """Plan what an identified file's media type calls for beside the jobs that it has."""
    wanted = {processor.name: processor for processor in planned_for(file.media_type or "")}
    present = {job.processor for job in jobs} - {IDENTIFY}
    new = Job.objects.bulk_create(
        Job(
            file=file,
            processor=name,
            version=processor.version,
            required=processor.required,
            **place(processor, identification.priority, identification.turn_of, identification),
        )
        for name, processor in wanted.items()
        if name not in present
    )
    obsolete = {name for name in present - wanted.keys() if not _would_be_wanted(name, file.media_type or "")}
    return Planned(new, again=present & wanted.keys(), obsolete=obsolete)


def _would_be_wanted(name: str, media_type: str) -> bool:
    """Say whether a processor is only not planned for what this machine lacks now: its results are still right."""
    processor = processors().get(name)
    return processor is not None and accepts(processor, media_type) and bool(lacks(processor))
