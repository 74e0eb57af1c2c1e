"""One file's page, and what can be done there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from filemill.accounts.caller import caller_of
from filemill.core.errors import Invalid, NotFound
from filemill.files.models import File, Kind
from filemill.languages import sentences
from filemill.processing import record
from filemill.processing.forget import forget
from filemill.processing.models import Artifact, Job
from filemill.processing.plan import IDENTIFY
from filemill.processing.states import State
from filemill.web import commands, facts, looks, words
from filemill.web.advice import advice_for
from filemill.web.preview import fault_in, panes_of, version_of
from filemill.web.rows import UNDER_WAY, badge, time_of
from filemill.web.views import SeeOther


@dataclass(frozen=True)
class Step:
    """What the page shows of a job."""

    job: Job
    look: looks.Look
    name: str
    figures: str
    can_run_again: bool


@dataclass(frozen=True)
class Product:
    """What the page shows of an artifact."""

    artifact: Artifact
    address: str
    size: str


@require_safe
def file_page(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Show one file."""
    return render(request, "filemill/file.html", _context(request, file_id))


@require_safe
def live_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Return the changing part of one file's page, for the script that keeps it fresh."""
    return render(request, "filemill/file-live.html", _context(request, file_id))


@require_POST
def reprocess(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Run all processors again, or the one that the form names."""
    name = request.POST.get("processor")
    _do(lambda: record.reprocess(_seen(request, file_id).pk, [name] if name else None))
    which = _("%(name)s: it runs again.") % {"name": looks.step_name(name)} if name else _("All processors run again.")
    messages.info(request, f"{which} {_('Earlier results stay until new ones replace them.')}")
    return SeeOther(reverse("web:file", kwargs={"file_id": file_id}))


@require_POST
def cancel(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Stop what has not ended."""
    _do(lambda: record.cancel(_seen(request, file_id).pk))
    messages.info(request, _("What had not ended was cancelled."))
    return SeeOther(reverse("web:file", kwargs={"file_id": file_id}))


@require_POST
def delete(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Delete the file with everything that was made of it; what another tab deleted before is no error to a person."""
    try:
        file = _seen(request, file_id)
        _do(lambda: forget(file.pk))
    except NotFound:
        if "text/html" not in request.META.get("HTTP_ACCEPT", ""):
            raise
        messages.info(request, _("The file was deleted already."))
    else:
        messages.info(request, _("Deleted: %(name)s") % {"name": file.name})
    return SeeOther(reverse("web:index"))


def _seen(request: HttpRequest, file_id: UUID) -> File:
    return _one_of(File.objects.seen_by(caller_of(request)), file_id)


def _one_of(files: QuerySet[File], file_id: UUID) -> File:
    found = files.filter(pk=file_id).first()
    if found is None:
        raise NotFound("There is no such file. It may have been deleted.")
    return found


def _do(action: Callable[[], None]) -> None:
    try:
        action()
    except Invalid as error:  # there is no such processor of it
        raise NotFound(error.detail) from error


def _context(request: HttpRequest, file_id: UUID) -> dict[str, Any]:
    file = _one_of(File.objects.seen_by(caller_of(request)).prefetch_related("jobs", "artifacts"), file_id)
    jobs, artifacts = list(file.jobs.all()), list(file.artifacts.all())
    now = timezone.now()
    version = version_of(file, jobs, artifacts)
    is_shown = request.GET.get("preview") != version  # else the page has it already
    live = reverse("web:live-file", kwargs={"file_id": file.id})
    return {
        "file": file,
        "live": f"{live}?preview={version}",
        "look": looks.OF_STATUS[file.status],  # type: ignore[index]  # a text choice is its text
        "is_unfinished": file.status in UNDER_WAY,
        "badge": badge(file),
        "kind": looks.kind_name(Kind(file.kind)) if file.kind else "",
        "size": words.size(file.size),
        "size_in_bytes": ngettext("%(count)s byte", "%(count)s bytes", file.size)
        % {"count": words.number(f"{file.size:,}")},
        "age": words.age(file.uploaded_at, now),
        "advice": advice_for((file.error or {}).get("code")),
        "version": version,
        "is_shown": is_shown,
        "panes": panes_of(file, jobs, artifacts) if is_shown else [],
        "fault": fault_in(file, jobs),
        "steps": [_step(job, now) for job in jobs],
        "facts": [
            (looks.step_name(job.processor), facts.lines(job.facts))
            for job in jobs
            if job.facts and job.processor != IDENTIFY
        ],
        "description": _description(jobs),
        "metadata": facts.lines(file.metadata, are_ours=False),
        "products": [_product(file, artifact) for artifact in artifacts],
        "content": reverse("content", kwargs={"file_id": file.id}),
        "as_json": reverse("file", kwargs={"file_id": file.id}),
        "commands": commands.of(request, file, artifacts),
    }


def _description(jobs: list[Job]) -> str:
    """Return what libmagic says of the file, as it says it, in English; only `text (...)` is not its own."""
    found = next((job.facts.get("description") for job in jobs if job.facts and job.processor == IDENTIFY), "")
    return sentences.said(str(found or ""))


def _step(job: Job, now: datetime) -> Step:
    seconds = time_of(job)
    attempts = ngettext("%(count)s attempt", "%(count)s attempts", job.attempts) % {"count": job.attempts}
    figures = [words.duration(seconds) if seconds is not None else "", attempts if job.attempts else ""]
    state = State(job.state)
    if state == State.QUEUED and job.error:
        pause = (job.due_at - now).total_seconds()
        soon = _("next one soon")
        figures.append(_("next one in %(time)s") % {"time": words.duration(pause)} if pause >= 1 else soon)
    return Step(
        job,
        looks.OF_STATE[state],
        looks.step_name(job.processor),
        ", ".join(filter(None, figures)),
        state not in {State.QUEUED, State.RUNNING} and (job.processor != IDENTIFY or state == State.FAILED),
    )


def _product(file: File, artifact: Artifact) -> Product:
    address = reverse("artifact", kwargs={"file_id": file.id, "name": artifact.name})
    return Product(artifact, address, words.size(artifact.size))
