"""One claimed job, from the sandbox child to the record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings

from filemill.core.errors import DiskFull, TryAgain, Unprocessable
from filemill.files import keep
from filemill.processing import record, stopping
from filemill.processing.models import Artifact
from filemill.processing.plan import IDENTIFY
from filemill.processing.record import Claim, LeaseLost, Reason
from filemill.processing.stopping import Stopping
from filemill.processing.workspaces import workspace
from filemill.processors.base import Limits, Made, Result, Source
from filemill.processors.registry import processors
from filemill.sandbox.client import Child, Progress, Sandbox
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.workspace import open_artifact

log = structlog.get_logger(__name__)

BYTES_MISSING = Reason("bytes_missing", "The bytes are gone", "The storage no longer has the bytes of this file.")


class Heartbeat:
    """Keeps a claim's lease alive and its progress known while a child works; called about once a second."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._renewed = time.monotonic()
        self._seen = Progress(0.0, "")

    def __call__(self, progress: Progress | None) -> None:
        """Renew when it is time or there is progress to note.

        Raises LeaseLost where the job was taken away, Stopping where it is to be given back.
        """
        stopping.check()
        self._renew_or_check(progress)

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
    """Run a claimed job, and after identification the first job that it planned, in the same child."""
    with structlog.contextvars.bound_contextvars(job_id=str(claim.job_id), file_id=str(claim.file.id)):
        try:
            with _reasons(claim):
                _run(claim, sandbox)
        except LeaseLost:
            log.info("lease lost, result dropped")


def _run(claim: Claim, sandbox: Sandbox) -> None:
    source = _source(claim)
    if not source.path.is_file():
        record.retry(claim, BYTES_MISSING)
        return
    with workspace() as folder, sandbox.child(source, folder) as child:
        following = _identify(claim, child) if claim.processor == IDENTIFY else claim
        if following:
            _process(following, child, folder)


def _identify(claim: Claim, child: Child) -> Claim | None:
    limits = Limits(wall_seconds=settings.FILEMILL.identify_wall_seconds)
    with _reasons(claim):
        identity = child.identify(limits, Heartbeat(claim))
        return record.identified(claim, identity)
    return None


def _process(claim: Claim, child: Child, folder: Path) -> None:
    with _reasons(claim):
        processor = processors().get(claim.processor)
        if processor is None:
            raise Unprocessable(f"The processor `{claim.processor}` is not installed.", code="processor_missing")
        heartbeat = Heartbeat(claim)
        result = child.process(claim.processor, claim.file.media_type or "", processor.limits, heartbeat)
        _keep(heartbeat, result, folder)
        log.info("processed", processor=claim.processor)


@contextmanager
def _reasons(claim: Claim) -> Iterator[None]:
    """Turn what goes wrong into a recorded reason; anything unforeseen leaves the job to its lease."""
    try:
        yield
    except Unprocessable as error:
        record.fail(claim, Reason(error.reason_code, error.reason_title, error.detail))
    except ChildFailed as error:
        reason = Reason(error.reason_code, error.reason_title, error.detail)
        (record.retry if error.retry else record.fail)(claim, reason)
    except Stopping:
        record.give_back(claim)
        log.info("given back", processor=claim.processor)
    except TryAgain as error:
        record.retry(claim, Reason(error.code, error.title, error.detail))
    except (OSError, DiskFull) as error:
        log.warning("storage trouble", reason=str(error))
        record.retry(claim, Reason("storage_trouble", "The storage did not take the result", str(error)))


def _source(claim: Claim) -> Source:
    file = claim.file
    path = keep.root() / str(file.file)
    return Source(path=path, name=file.name, media_type=file.media_type or "", size=file.size)


def _keep(heartbeat: Heartbeat, result: Result, folder: Path) -> None:
    claim = heartbeat.claim
    kept: list[Artifact] = []
    try:
        for made in result.artifacts:
            kept.append(_keep_one(heartbeat, made, folder))
        record.succeed(claim, result.facts, kept)
    except (LeaseLost, Unprocessable, OSError, DiskFull):
        for artifact in kept:
            keep.remove(str(artifact.content))
        raise


def _keep_one(heartbeat: Heartbeat, made: Made, folder: Path) -> Artifact:
    claim = heartbeat.claim
    content = keep.artifact_name(claim.file.id, made.name)
    with open_artifact(folder, made) as stream:
        size, sha256 = keep.copy_in(stream, content, heartbeat.pulse)
    return Artifact(
        file_id=claim.file.id,
        job_id=claim.job_id,
        name=made.name,
        media_type=made.media_type,
        size=size,
        sha256=sha256,
        content=content,
    )
