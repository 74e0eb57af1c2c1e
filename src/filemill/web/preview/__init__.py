"""What can be seen of a file on its page: panes, made of what processors made of it."""

import hashlib
from collections.abc import Callable, Sequence

import structlog

from filemill.files.models import File
from filemill.processing.models import Artifact, Job
from filemill.web.preview.archives import archive
from filemill.web.preview.faults import fault_of
from filemill.web.preview.grids import table
from filemill.web.preview.mail import mail
from filemill.web.preview.outlines import outline
from filemill.web.preview.panes import Pane
from filemill.web.preview.pictures import picture
from filemill.web.preview.players import player
from filemill.web.preview.prose import prose
from filemill.web.preview.source import Source
from filemill.web.preview.texts import text

log = structlog.get_logger(__name__)

_MAKERS: tuple[Callable[[Source], list[Pane]], ...] = (
    player, picture, table, outline, mail, archive, prose, text,
)  # fmt: skip


def panes_of(file: File, jobs: Sequence[Job], artifacts: Sequence[Artifact]) -> list[Pane]:
    """Return the panes of a file's preview, the best first; none where nothing can be seen of it."""
    source = Source.of(file, jobs, artifacts)
    return [pane for make in _MAKERS for pane in _made(make, source)]


def fault_in(file: File, jobs: Sequence[Job]) -> str:
    """Return what is broken in a file whose preview is shown, as a sentence; nothing of a sound one."""
    try:
        return fault_of(Source.of(file, jobs, []))
    except Exception:  # as below
        log.exception("no word of what is broken", file_id=str(file.pk))
        return ""


def _made(make: Callable[[Source], list[Pane]], source: Source) -> list[Pane]:
    try:
        return make(source)
    except Exception:  # made of hostile bytes, it may be nested or formed as nobody foresaw, and is a preview only
        log.exception("no preview", file_id=str(source.file.pk), way=make.__name__)
        return []


def version_of(file: File, jobs: Sequence[Job], artifacts: Sequence[Artifact]) -> str:
    """Return a word that changes whenever the panes can have changed."""
    made = [(each.name, each.sha256) for each in artifacts]
    found = [(job.processor, job.facts) for job in jobs if job.facts]
    # While there is nothing to be seen, the page says whether there may be.
    seen = [file.name, file.media_type, file.kind, made, found, made or file.status]
    return hashlib.sha256(repr(seen).encode("utf-8", "backslashreplace")).hexdigest()[:16]
