"""Which jobs a file gets."""

from filemill.files.models import File
from filemill.processing.models import Job
from filemill.processors.registry import planned_for

IDENTIFY = "identify"


def start(file: File) -> None:
    """Plan a new file's first job, which finds out what the file is; the caller holds a transaction."""
    job = Job.objects.create(file=file, processor=IDENTIFY)
    # What is in the database is known: whoever shows the file now need not ask for it.
    file._prefetched_objects_cache = {"jobs": [job], "artifacts": []}  # type: ignore[attr-defined]


def follow(file: File, media_type: str) -> tuple[set[str], set[str]]:
    """Plan what a media type calls for; return the names of jobs that are there already, and of those to drop."""
    wanted = {processor.name: processor for processor in planned_for(media_type)}
    present = set(file.jobs.exclude(processor=IDENTIFY).values_list("processor", flat=True))
    Job.objects.bulk_create(
        Job(file=file, processor=name, version=processor.version, required=processor.required)
        for name, processor in wanted.items()
        if name not in present
    )
    return present & wanted.keys(), present - wanted.keys()
