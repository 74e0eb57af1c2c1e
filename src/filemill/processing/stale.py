"""Which files have results that a newer processor would make differently, or none of a processor that came later."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from filemill.core.errors import Refused
from filemill.files.models import File, Status
from filemill.processing import record
from filemill.processing.models import Job
from filemill.processing.plan import IDENTIFY
from filemill.processing.queues import Lane
from filemill.processing.states import State
from filemill.processors.base import Processor
from filemill.processors.registry import planned_for

_PAGE = 500


def outdated(name: str, version: int) -> QuerySet[File]:
    """Return the files whose ended job of a processor is of a version before this one."""
    ended = (State.SUCCEEDED, State.FAILED)
    jobs = Job.objects.filter(file=OuterRef("pk"), processor=name, version__lt=version, state__in=ended)
    return File.objects.filter(Exists(jobs))


def never_seen(processor: type[Processor]) -> QuerySet[File]:
    """Return the identified files that call for a processor and have no job of it: it was installed after them."""
    known = File.objects.exclude(media_type=None).order_by().values_list("media_type", flat=True).distinct()
    accepted = [media_type for media_type in known if media_type and processor in planned_for(media_type)]
    jobs = Job.objects.filter(file=OuterRef("pk"))
    identified = Exists(jobs.filter(processor=IDENTIFY, state=State.SUCCEEDED))
    unknown = ~Exists(jobs.filter(processor=processor.name))
    # To identify a cancelled file anew would run what somebody ended.
    return File.objects.filter(identified, unknown, media_type__in=accepted).exclude(status=Status.CANCELLED)


def process_again(files: QuerySet[File], processor: str) -> Iterator[int]:
    """Queue a processor's job of each of these files behind all that is new; yield now and then how many so far."""
    done, last = 0, UUID(int=0)
    while page := list(files.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_PAGE]):
        for file_id in page:
            # Meanwhile it was deleted, or its job dropped.
            with suppress(Refused):
                record.reprocess(file_id, [processor], Lane.LATER)
                done += 1
        last = page[-1]
        yield done
