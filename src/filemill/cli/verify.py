"""`filemill verify`: what is stored, read again and compared with its size and SHA-256."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

import click
from django.db import DatabaseError, InterfaceError

from filemill.cli.preflight import Trouble
from filemill.cli.rows import Stored, stored_artifacts, stored_files
from filemill.files import keep
from filemill.files.models import File
from filemill.processing.models import Artifact

ALL_WHOLE, A_BREACH = 0, 1
PROGRESS_SECONDS = 2
IDS_AT_ONCE = 500
WHAT_TO_DO = (
    "Look at the disk and its log (dmesg). Bring the named files back from a backup into FILEMILL_DATA_DIR/files. "
    "Where there is none, an artifact is made again by POST /files/{file_id}/reprocess/; a file can only be deleted."
)


@dataclass(frozen=True)
class Choice:
    """Which files to verify, with their artifacts: named ones, some at random, those since a time, or all."""

    ids: Sequence[UUID] = ()
    sample: int | None = None
    since: datetime | None = None


class Pace:
    """Counts what was read, says so now and then, and keeps to a speed."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self.files = self.bytes = 0
        self._limit = bytes_per_second
        self._began = self._said = time.monotonic()

    def read(self, size: int) -> None:
        """Note that bytes were read; wait where that was too quick."""
        self.bytes += size
        passed = time.monotonic() - self._began
        if self._limit and self.bytes / self._limit > passed:
            time.sleep(self.bytes / self._limit - passed)
        if time.monotonic() - self._said >= PROGRESS_SECONDS:
            self._said = time.monotonic()
            click.echo(f"{self}, so far", err=True)

    def __str__(self) -> str:
        return f"{self.files:,} stored files read, {self.bytes:,} bytes"


def run_verify(choice: Choice, *, mib_per_second: float | None) -> int:
    """Read what was chosen and name what is not as it should be; return 0 if that is nothing, else 1."""
    pace = Pace(mib_per_second * 1024**2 if mib_per_second else None)
    wrong = 0
    try:
        _refuse_unknown(choice.ids)
        for each in _chosen(choice):
            word = _compared(each, pace)
            pace.files += 1
            # What was deleted or processed anew meanwhile was right to go.
            if word and each.is_still_wanted():
                wrong += 1
                click.echo(f"{word:<11}{each.words}: {each.name}")
    except (DatabaseError, InterfaceError) as error:
        raise Trouble(f"The database did not answer: {error}. {pace} until then, {wrong} of them wrong.") from error
    click.echo(f"{pace}: {f'{wrong:,} missing, altered or unreadable. {WHAT_TO_DO}' if wrong else 'all whole.'}")
    return A_BREACH if wrong else ALL_WHOLE


def _compared(stored: Stored, pace: Pace) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        with (keep.root() / stored.name).open("rb", buffering=0) as stream:
            while chunk := stream.read(keep.CHUNK_BYTES):
                digest.update(chunk)
                # What was read once is not worth the memory that it takes from the service's own files.
                os.posix_fadvise(stream.fileno(), size, len(chunk), os.POSIX_FADV_DONTNEED)
                size += len(chunk)
                pace.read(len(chunk))
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "unreadable"
    return "" if (size, digest.hexdigest()) == (stored.size, stored.sha256) else "altered"


def _refuse_unknown(ids: Sequence[UUID]) -> None:
    for file_id in ids:
        if not File.objects.filter(pk=file_id).exists():
            raise Trouble(f"There is no file {file_id}.")


def _chosen(choice: Choice) -> Iterator[Stored]:
    if choice.ids or choice.sample:
        ids = iter(choice.ids or File.objects.order_by("?").values_list("pk", flat=True)[: choice.sample])
        while some := list(islice(ids, IDS_AT_ONCE)):
            yield from _with_artifacts(pk__in=some)
    elif choice.since:
        yield from _with_artifacts(uploaded_at__gte=choice.since)
    else:
        yield from _with_artifacts()


def _with_artifacts(**of_files: object) -> Iterator[Stored]:
    of_artifacts = {f"file__{look_up}": value for look_up, value in of_files.items()}
    return chain(
        stored_files(File.objects.filter(**of_files)), stored_artifacts(Artifact.objects.filter(**of_artifacts))
    )
