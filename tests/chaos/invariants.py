"""What must hold once it is quiet again; each breach is a sentence."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.load import Sent
from chaos.stacks import Stack

SECONDS_TO_QUIET = 90
SECONDS_TO_SWEEP = 30
MAX_ATTEMPTS = 3
TWO_DAYS = 2 * 86400


@dataclass
class Verdict:
    """What became of the files of one round."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)  #: the reasons of the files that had to fail
    done_at: dict[str, float] = field(default_factory=dict)

    @property
    def breaches(self) -> list[str]:
        """All that must not be."""
        return self.lost + self.twice + self.other


def await_quiet(stack: Stack) -> str:
    """Wait until no job is queued or running; return what still is after too long a time."""
    until = time.monotonic() + SECONDS_TO_QUIET
    question = "SELECT state, processor, attempts, file_id FROM processing_job WHERE state IN ('queued', 'running')"
    while open_jobs := stack.ledger.ask(question):
        if time.monotonic() > until:
            return f"not quiet after {SECONDS_TO_QUIET} s: {open_jobs[:5]}"
        time.sleep(0.1)
    return ""


def judge(stack: Stack, sent: Iterable[Sent]) -> Verdict:
    """Compare what clients were promised with what is there."""
    verdict = Verdict()
    rows = {_hex(row[0]): row[1:] for row in stack.ledger.ask("SELECT id, status, sha256, file, error FROM files_file")}
    finished = stack.ledger.seconds("finished_at")
    ends = stack.ledger.ask(f"SELECT file_id, MAX({finished}) FROM processing_job GROUP BY file_id")
    verdict.done_at = {_hex(file_id): float(at) for file_id, at in ends if at is not None}
    for each in sent:
        row = rows.get(_hex(each.file_id))
        if each.deleted:
            verdict.other += [f"{each.file_id} was deleted and is there again"] if row else []
        elif row:
            _judge_one(stack, each, row, verdict)
        elif not each.doubtful:
            verdict.lost.append(f"{each.file_id} was accepted and is gone")
    verdict.other += _told_otherwise(stack, {file_id: row[0] for file_id, row in rows.items()})
    verdict.twice += _done_twice(stack)
    verdict.other += _attempts_above_cap(stack)
    return verdict


def orphans(stack: Stack) -> list[str]:
    """Make all that a crash may have left look two days old, wait for a sweep, and return what it left."""
    until = time.monotonic() + SECONDS_TO_SWEEP
    _age(stack)
    while left := list(_orphans(stack)):
        if time.monotonic() > until:
            return left
        time.sleep(0.2)
    return []


def _judge_one(stack: Stack, sent: Sent, row: tuple[Any, ...], verdict: Verdict) -> None:
    status, sha256, name, error = row
    path = stack.filemill.data / "files" / name
    expected = hashlib.sha256(sent.sample.content).hexdigest()
    if not path.exists() or {_sha256(path), sha256, sent.sha256} != {expected}:
        verdict.lost.append(f"{sent.file_id} has no bytes or others than were sent")
    reason = json.loads(error) if isinstance(error, str) else error
    code = reason["code"] if reason else ""
    if status != sent.sample.ends:
        verdict.other.append(f"{sent.file_id} ({sent.sample.name}) ended {status} {code}, not {sent.sample.ends}")
    elif code:
        verdict.failed[code] += 1


def _told_otherwise(stack: Stack, statuses: dict[str, str]) -> list[str]:
    events = stack.ledger.ask("SELECT file_id, what FROM events_event WHERE what <> 'changed' ORDER BY xid, id")
    told = {_hex(file_id): what for file_id, what in events}
    there = {file_id: what for file_id, what in told.items() if what != "deleted"}
    return [f"told and there differ: {each}" for each in sorted(there.items() ^ statuses.items())]


def _done_twice(stack: Stack) -> list[str]:
    successes = stack.ledger.ask("SELECT job_id, COUNT(*) FROM chaos_success GROUP BY job_id HAVING COUNT(*) > 1")
    artifacts = stack.ledger.ask(
        "SELECT file_id, name, COUNT(*) FROM processing_artifact GROUP BY file_id, name HAVING COUNT(*) > 1"
    )
    jobs = stack.ledger.ask(
        "SELECT file_id, processor, COUNT(*) FROM processing_job GROUP BY file_id, processor HAVING COUNT(*) > 1"
    )
    return [f"done twice: {row}" for row in (*successes, *artifacts, *jobs)]


def _attempts_above_cap(stack: Stack) -> list[str]:
    above = stack.ledger.ask(f"SELECT id, processor, attempts FROM processing_job WHERE attempts > {MAX_ATTEMPTS}")
    return [f"too many attempts: {row}" for row in above]


def _age(stack: Stack) -> None:
    then = time.time() - TWO_DAYS
    for place in (stack.filemill.data / "files" / "doubtful", stack.filemill.data / "files" / "incoming", _work(stack)):
        for path in place.glob("*"):
            os.utime(path, (then, then))


def _orphans(stack: Stack) -> Iterator[str]:
    files = stack.filemill.data / "files"
    kept = {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}
    owned = {row[0] for row in stack.ledger.ask("SELECT file FROM files_file")}
    artifacts = dict(stack.ledger.ask("SELECT content, sha256 FROM processing_artifact"))
    owned |= artifacts.keys()
    yield from (f"bytes without a row: {name}" for name in sorted(kept - owned))
    yield from (f"a row without bytes: {name}" for name in sorted(owned - kept))
    yield from (f"a workspace that nobody works in: {path.name}" for path in _work(stack).glob("*"))
    for name, sha256 in artifacts.items():
        if name in kept and _sha256(files / name) != sha256:
            yield f"an artifact with other bytes than were made: {name}"


def _work(stack: Stack) -> Path:
    return stack.filemill.data / "work"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hex(identifier: object) -> str:
    return str(identifier).replace("-", "")
