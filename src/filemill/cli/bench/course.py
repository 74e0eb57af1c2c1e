"""What a bench does, step by step: small uploads over ever more connections, the list, large uploads, processing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from filemill.cli.bench.crowd import Crowd, Outcome, crowd
from filemill.cli.bench.own import Own, begin
from filemill.cli.bench.requests import get, text, upload
from filemill.client.connection import Target

LARGE_BYTES = 16 * 1024 * 1024
_LARGE_CONNECTIONS = 4
_SHARES = {"uploads": 0.45, "list": 0.1, "large": 0.15, "processing": 0.3}  # of the seconds
_BACKLOG_SECONDS = 0.05  # of the seconds: as many files as are uploaded in that time
_BACKLOG = range(20, 301)
_POLL_SECONDS = 0.1
_MOST = 0.8
_LEAST_PATIENCE_SECONDS = 10.0  # with a backlog; it is over when all files are done
_UNDER_WAY = ("queued", "processing")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How hard and how long."""

    connections: int
    seconds: float
    size: int  #: bytes of a small upload


@dataclass
class Processing:
    """How quickly a backlog was worked off."""

    files: int
    processed: int = 0
    failed: int = 0
    seconds: float = 0.0
    waited_for_uploads: bool = False  #: it was quicker than its files came, so it could do more

    @property
    def files_per_second(self) -> float:
        """Files that were processed per second."""
        return self.processed / self.seconds if self.seconds else 0.0


@dataclass
class Findings:
    """All that was measured."""

    target: Target
    plan: Plan
    processes: int
    uploads: list[Outcome] = field(default_factory=list)  #: over ever more connections
    listing: Outcome | None = None
    large: Outcome | None = None
    processing: Processing | None = None
    left: int = 0  #: files of ours that could not be deleted


def run(target: Target, plan: Plan, say: Say) -> Findings:
    """Measure, and delete all that was uploaded, whatever happens meanwhile; raise Trouble where nothing can begin."""
    own = begin(target, plan.size)
    findings = Findings(target, plan, 0)
    try:
        with crowd(target, plan.connections) as many:
            findings.processes = many.processes
            _measure(findings, own, many, say)
    finally:
        say("deleting what was uploaded")
        findings.left = own.delete(plan.connections)
    return findings


def _measure(findings: Findings, own: Own, many: Crowd, say: Say) -> None:
    plan, seconds = findings.plan, findings.plan.seconds
    small = upload(f"{own.name}-small.txt", text(plan.size))
    steps = sorted({1, max(plan.connections // 2, 1), plan.connections})
    for connections in steps:
        say(f"small uploads over {connections}")
        findings.uploads.append(many.load(small, connections, seconds * _SHARES["uploads"] / len(steps)))
    say("the list")
    findings.listing = many.load(get("/files/"), plan.connections, seconds * _SHARES["list"])
    say("large uploads")
    findings.large = _large(own, many, plan.connections, seconds * _SHARES["large"])
    say("deleting, so that nothing waits in front of the next files")
    own.delete(plan.connections)
    say("processing")
    patience = max(seconds * _SHARES["processing"], _LEAST_PATIENCE_SECONDS)
    findings.processing = _processing(findings, own, many, patience)


def _large(own: Own, many: Crowd, connections: int, seconds: float) -> Outcome:
    pattern = bytes(range(256)) * (LARGE_BYTES // 256)
    return many.load(upload(f"{own.name}-large.bin", pattern), min(_LARGE_CONNECTIONS, connections), seconds)


def _processing(findings: Findings, own: Own, many: Crowd, seconds: float) -> Processing:
    """Upload files and watch how many are done, in the service's own list."""
    plan = findings.plan
    wanted = round(findings.uploads[-1].rps * plan.seconds * _BACKLOG_SECONDS)
    count = min(max(wanted, _BACKLOG.start), _BACKLOG.stop - 1)
    began = time.monotonic()
    sent = many.load(upload(f"{own.name}-work.txt", text(plan.size)), plan.connections, seconds, most=count)
    found = Processing(len(sent.times))
    for at, files in _looks(own, time.monotonic() + seconds):
        ended = [file for file in files if file["status"] not in _UNDER_WAY]
        found.failed = sum(not file["processed"] for file in ended)
        if len(ended) - found.failed > found.processed:
            # The worker begins with the first upload; where it has done most when the last one is answered, it could do
            # more than it was given.
            found.waited_for_uploads = not found.processed and len(ended) > _MOST * found.files
            found.processed, found.seconds = len(ended) - found.failed, at - began
        if len(ended) >= found.files:
            break
    return found


def _looks(own: Own, until: float) -> Iterator[tuple[float, list[dict[str, Any]]]]:
    while True:
        at = time.monotonic()
        yield at, own.all("work")
        if time.monotonic() > until:
            return
        time.sleep(_POLL_SECONDS)
