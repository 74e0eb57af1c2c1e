"""One row of the list: the same shape for a file on its way in, at work and done."""

import mimetypes
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filemill.files.models import File, Kind, Status
from filemill.languages.sentences import said
from filemill.processing.models import Artifact, Job
from filemill.processing.states import State
from filemill.web import looks, words

THUMBNAIL = "thumbnail-256"
UNDER_WAY = {Status.QUEUED, Status.PROCESSING}

# Only the table inside Python, as in processing/status.py.
EXTENSIONS = mimetypes.MimeTypes(filenames=())
_LONGEST_BADGE = 4
_LONGEST_TYPE = 40
_SHOWN_FACTS = {"fact_width": "width_pixels", "fact_height": "height_pixels", "fact_lines": "lines"}
_OF_JOBS = ("state", "progress", "progress_words", "error", "attempts", "due_at", "started_at", "finished_at")
_BADGES = {
    Kind.IMAGE: "IMG", Kind.DOCUMENT: "DOC", Kind.TABLE: "TAB", Kind.AUDIO: "AUD", Kind.VIDEO: "VID",
    Kind.ARCHIVE: "ARC", Kind.EMAIL: "MAIL", Kind.BINARY: "BIN",
}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """The line under a name, and its colour."""

    text: str
    tone: str = "soft"
    shape: str = ""


@dataclass(frozen=True)
class Row:
    """What the list shows of a file; one without a file is the mould for rows that the upload script makes."""

    look: looks.Look
    note: Note
    file: File | None = None
    id: str = ""
    name: str = ""
    status: str = ""
    address: str = ""
    arrived: str = ""  # in ISO 8601
    arrived_in_words: str = ""
    badge: str = ""
    thumbnail: str = ""
    size: str = ""
    age: str = ""
    detail: str = ""
    progress: float | None = None


MOULD = Row(looks.UPLOADING, Note(""), progress=0.0)


def rows_of(files: Sequence[File], now: datetime) -> list[Row]:
    """Return the rows of files, asking the database once for all their jobs and once for all their thumbnails."""
    ids = [file.id for file in files]
    jobs, thumbnails = _jobs_of(ids), Artifact.objects.filter(name=THUMBNAIL, file_id__in=ids)
    with_thumbnail = set(thumbnails.values_list("file_id", flat=True))
    return [_row(file, jobs[file.id], now, has_thumbnail=file.id in with_thumbnail) for file in files]


def _jobs_of(ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    """Read what the list shows of jobs, as tuples: models take longer to make than the list has for all of it."""
    # Facts can be long, and the list shows but these of them.
    shown = {name: KT(f"facts__{fact}") for name, fact in _SHOWN_FACTS.items()}
    jobs = Job.objects.filter(file_id__in=ids).annotate(**shown)
    found: dict[UUID, list[Any]] = defaultdict(list)
    for job in jobs.values_list("file_id", *_OF_JOBS, *shown, named=True):
        found[job.file_id].append(job)
    return found


def badge(file: File) -> str:
    """Return up to four letters for a file that has no thumbnail, from what its bytes are."""
    if not file.media_type or not file.kind:
        return "?"
    extension = (EXTENSIONS.guess_extension(file.media_type) or "").removeprefix(".").upper()
    return extension if 0 < len(extension) <= _LONGEST_BADGE else _BADGES.get(Kind(file.kind), file.kind.upper())


def note_of(file: File, jobs: Sequence[Job], now: datetime) -> Note:
    """Return what is worth knowing of a file now: its reason, its progress, a warning, or what it is."""
    if file.error:
        return Note(said(file.error["detail"]), "bad")
    if file.status == Status.PROCESSING:
        return Note(
            next((said(job.progress_words) for job in jobs if job.state == State.RUNNING and job.progress_words), "")
        )
    if file.status == Status.QUEUED:
        return _waiting(jobs, now)
    if file.warnings:
        return Note(said(file.warnings[0]["detail"]), "warn", "warn")
    return Note(", ".join(filter(None, (_type_in_words(file), *map(_facts_in_words, jobs)))))


def progress_of(jobs: Sequence[Job]) -> float | None:
    """Return how far the running job is, as a fraction, if it says so."""
    return next((job.progress for job in jobs if job.state == State.RUNNING and job.progress is not None), None)


def time_of(job: Job) -> float | None:
    """Return the seconds that a job's last attempt took, if it ended."""
    if job.started_at and job.finished_at:
        return max((job.finished_at - job.started_at).total_seconds(), 0.0)
    return None


def _row(file: File, jobs: list[Job], now: datetime, *, has_thumbnail: bool) -> Row:
    file_id, moment = str(file.id), file.uploaded_at
    thumbnail = reverse("artifact", kwargs={"file_id": file_id, "name": THUMBNAIL}) if has_thumbnail else ""
    progress = progress_of(jobs) if file.status == Status.PROCESSING else None
    return Row(
        looks.OF_STATUS[Status(file.status)],
        note_of(file, jobs, now),
        file,
        id=file_id,
        name=file.name,
        status=file.status,
        address=reverse("web:file", kwargs={"file_id": file_id}),
        arrived=moment.isoformat(timespec="seconds"),
        arrived_in_words=f"{date_format(moment, 'DATETIME_FORMAT')} UTC",
        badge=badge(file),
        thumbnail=thumbnail,
        size=words.size(file.size),
        age=words.age(file.uploaded_at, now),
        detail=_detail(file, jobs, progress),
        progress=progress,
    )


def _type_in_words(file: File) -> str:
    media_type = file.media_type or ""
    return media_type if len(media_type) <= _LONGEST_TYPE else looks.kind_name(Kind(file.kind)) if file.kind else ""


def _facts_in_words(job: Job) -> str:
    found = {name: getattr(job, name, None) for name in _SHOWN_FACTS}
    if found["fact_width"] and found["fact_height"]:
        return f"{found['fact_width']} × {found['fact_height']}"  # noqa: RUF001  # the sign that it is
    lines = found["fact_lines"]
    if not lines:
        return ""
    count = int(lines) if str(lines).isdecimal() else 0
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": lines}


def _detail(file: File, jobs: Sequence[Job], progress: float | None) -> str:
    if progress is not None:
        return f"{progress:.0%}"
    if file.status == Status.PROCESSED:
        return _("in %(time)s") % {"time": words.duration(sum(time_of(job) or 0.0 for job in jobs))}
    return ""


def _waiting(jobs: Sequence[Job], now: datetime) -> Note:
    tried = next((job for job in jobs if job.state == State.QUEUED and job.error), None)
    if tried is None or not tried.error:
        return Note(_("Waiting for a worker"))
    pause = max((tried.due_at - now).total_seconds(), 0.0)
    told = {
        "number": tried.attempts,
        "most": settings.FILEMILL.max_attempts,
        "why": said(tried.error["detail"]),
        "time": words.duration(pause),
    }
    later = _("Attempt %(number)s of %(most)s failed: %(why)s The next one starts in %(time)s.")
    soon = _("Attempt %(number)s of %(most)s failed: %(why)s The next one starts soon.")
    return Note((later if pause >= 1 else soon) % told, "warn", "warn")
