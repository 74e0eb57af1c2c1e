"""One claimed job, from the sandbox child to the record."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from filemill.core.errors import DiskFull, FilemillError, TryAgain, Unprocessable
from filemill.files import keep
from filemill.identify.identity import Identity
from filemill.processing import record, stopping, straight
from filemill.processing.lease import Claim, LeaseLost, Reason
from filemill.processing.models import Artifact
from filemill.processing.plan import IDENTIFY
from filemill.processing.provenance import provenance
from filemill.processing.stopping import Stopping
from filemill.processing.workspaces import workspace
from filemill.processors.base import Limits, Made, Processor, Result, Source
from filemill.processors.registry import lacks, planned_for, processors
from filemill.sandbox.client import Child, Progress, Sandbox
from filemill.sandbox.errors import ChildFailed, SandboxUnavailable
from filemill.sandbox.workspace import open_artifact

log = structlog.get_logger(__name__)

SECONDS_BETWEEN_BEATS = 1.0
BYTES_MISSING = Reason("bytes_missing", "The bytes are gone", "The storage no longer has the bytes of this file.")


class Heartbeat:
    """Keeps a claim's lease alive and its progress known while a child works; called about once a second.

    What the file is, where that is found but not recorded yet, is recorded by the first beat.
    """

    def __init__(self, claim: Claim, found: Identity | None = None) -> None:
        self.claim = claim
        self.found = found
        self._renewed = time.monotonic()
        self._seen = Progress(0.0, "")

    def __call__(self, progress: Progress | None) -> None:
        """Renew when it is time or there is progress to note.

        Raises LeaseLost where the job was taken away, Stopping where it is to be given back.
        """
        stopping.check()
        self.record_found()
        self._renew_or_check(progress)

    @property
    def media_type(self) -> str:
        """What the file is, as far as it is known."""
        return self.found.media_type if self.found else self.claim.file.media_type or ""

    def record_found(self) -> None:
        """Record what the file is, where that was put off; from then on the claim is its processor's."""
        if self.found is None:
            return
        following = record.identified(self.claim, self.found)
        if following is None:
            raise LeaseLost
        self.claim, self.found, self._renewed = following, None, time.monotonic()

    def _renew_or_check(self, progress: Progress | None) -> None:
        now = time.monotonic()
        fresh = progress is not None and progress != self._seen
        if fresh or now - self._renewed >= settings.FILEMILL.renew_seconds:
            record.renew(self.claim, progress.fraction if progress else None, progress.words if progress else "")
            self._renewed, self._seen = now, progress or self._seen
        else:
            record.check(self.claim)

    def pulse(self) -> None:
        """Renew when it is time, and else ask nothing; for work that no child does."""
        if time.monotonic() - self._renewed >= settings.FILEMILL.renew_seconds:
            self._renew_or_check(None)


def run(claim: Claim, sandbox: Sandbox) -> None:
    """Run a claimed job, and after identification the first job that it calls for, in the same child."""
    with structlog.contextvars.bound_contextvars(job_id=str(claim.job_id), file_id=str(claim.file.id)):
        try:
            with _reasons(Heartbeat(claim)):
                _run(claim, sandbox)
        except LeaseLost:
            log.info("lease lost, result dropped")


def _run(claim: Claim, sandbox: Sandbox) -> None:
    file = claim.file
    path = keep.root() / file.stored
    if not path.is_file():
        record.retry(claim, BYTES_MISSING)
        return
    source = Source(path=path, name=file.name, media_type=file.media_type or "", size=file.size)
    work: Work | None = Work(Heartbeat(claim), claim.processor)
    with workspace() as folder:
        if claim.processor == IDENTIFY:
            home = _likely_home(source, sandbox)
            with home.child(source, folder) as child:
                work = _identify(claim, child)
                if work and work.home(sandbox) is home:
                    _process(work, child, folder)
                    return
        if work:
            home = work.home(sandbox)
            with _reasons(work.heartbeat), _started(home, work.heartbeat).child(source, folder) as child:
                _process(work, child, folder)


def _likely_home(source: Source, sandbox: Sandbox) -> Sandbox:
    """Choose where to identify: in a child that can go on with what the first bytes call for, if its server lives."""
    likely = planned_for(source.media_type) if source.media_type else []
    goes_on = likely and likely[0].large and not likely[0].heavy  # what is heavy another queue's worker does
    return sandbox.of_large if goes_on and sandbox.of_large.lives() else sandbox


def _started(sandbox: Sandbox, heartbeat: Heartbeat) -> Sandbox:
    """Start the sandbox if it does not live; that takes seconds, and the lease is kept meanwhile."""

    def start() -> None:
        with suppress(FilemillError):  # who asks for a child is told
            sandbox.start()

    if not sandbox.lives():
        starting = threading.Thread(target=start, name="sandbox", daemon=True)
        starting.start()
        while starting.is_alive():
            starting.join(SECONDS_BETWEEN_BEATS)
            heartbeat(None)
    return sandbox


@dataclass(frozen=True)
class Work:
    """What is left to do for a claim; `alone` is the step that is recorded together with what was found before."""

    heartbeat: Heartbeat
    processor: str
    alone: type[Processor] | None = None

    def home(self, sandbox: Sandbox) -> Sandbox:
        """Return whose children know the processor."""
        processor = self.alone or processors().get(self.processor)
        return sandbox.of_large if processor and processor.large else sandbox


def _identify(claim: Claim, child: Child) -> Work | None:
    limits = Limits(wall_seconds=settings.FILEMILL.identify_wall_seconds)
    heartbeat = Heartbeat(claim)
    with _reasons(heartbeat):
        found = child.identify(limits, heartbeat)
        if alone := straight.the_only_step(claim, found):
            return Work(Heartbeat(claim, found), alone.name, alone)
        following = record.identified(claim, found)
        return Work(Heartbeat(following), following.processor) if following else None
    return None


def _process(work: Work, child: Child, folder: Path) -> None:
    heartbeat, began = work.heartbeat, time.monotonic()
    with _reasons(heartbeat):
        processor = work.alone or processors().get(work.processor)
        if processor is None:
            raise Unprocessable(f"The processor `{work.processor}` is not installed.", code="processor_missing")
        if lack := lacks(processor):
            detail = f"The processor `{work.processor}` lacks {'; '.join(lack)}"
            raise Unprocessable(detail, code="processor_missing")
        result = child.process(work.processor, heartbeat.media_type, processor.limits, heartbeat)
        made = provenance(processor, time.monotonic() - began, child.peak_memory_bytes)
        with _kept(heartbeat, result, folder) as artifacts:
            if heartbeat.found:
                straight.Success(heartbeat.claim, heartbeat.found, processor, result.facts, artifacts, made).record()
            else:
                record.succeed(heartbeat.claim, result.facts, artifacts, made)
        log.info("processed", processor=work.processor)


@contextmanager
def _reasons(heartbeat: Heartbeat) -> Iterator[None]:
    """Turn what goes wrong into a recorded reason; anything unforeseen leaves the job to its lease."""
    try:
        yield
    except LeaseLost:
        raise
    except (Unprocessable, ChildFailed, SandboxUnavailable, Stopping, TryAgain, OSError, DiskFull) as error:
        heartbeat.record_found()
        _record(heartbeat.claim, error)


def _record(claim: Claim, error: Exception) -> None:
    match error:
        case Unprocessable():
            record.fail(claim, Reason(error.reason_code, error.reason_title, error.detail))
        case ChildFailed():
            reason = Reason(error.reason_code, error.reason_title, error.detail)
            (record.retry if error.retry else record.fail)(claim, reason)
        case Stopping():
            record.give_back(claim)
            log.info("given back", processor=claim.processor)
        case TryAgain() | SandboxUnavailable():
            record.retry(claim, Reason(error.code, error.title, error.detail))
        case _:
            log.warning("storage trouble", reason=str(error))
            record.retry(claim, Reason("storage_trouble", "The storage did not take the result", str(error)))


@contextmanager
def _kept(heartbeat: Heartbeat, result: Result, folder: Path) -> Iterator[list[Artifact]]:
    """Keep what a processor made, for whoever records it in the block; what is not recorded goes."""
    kept: list[Artifact] = []
    try:
        for made in result.artifacts:
            kept.append(_keep_one(heartbeat, made, folder))
        yield kept
    except (LeaseLost, Unprocessable, OSError, DiskFull):
        for artifact in kept:
            keep.remove(str(artifact.content))
        raise


def _keep_one(heartbeat: Heartbeat, made: Made, folder: Path) -> Artifact:
    file_id = heartbeat.claim.file.id
    content = keep.artifact_name(file_id, made.name)
    with open_artifact(folder, made) as stream:
        size, sha256 = keep.copy_in(stream, content, heartbeat.pulse)
    return Artifact(
        file_id=file_id, name=made.name, media_type=made.media_type, size=size, sha256=sha256, content=content
    )
