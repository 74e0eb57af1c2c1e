"""How each state is told: by a word, a shape and a colour, so that none of them is needed alone."""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from filemill.files.models import Kind, Status
from filemill.processing.states import State


@dataclass(frozen=True)
class Look:
    """A word, the shape beside it (a symbol of icons.html), and the colour (a class of page.css)."""

    name: str
    shape: str
    tone: str

    @property
    def word(self) -> str:
        """The word, in the language of the page."""
        return gettext(self.name)


_DONE = Look(_("Processed"), "ok", "good")
_WAITING = Look(_("Queued"), "wait", "soft")
_WORKING = Look(_("Processing"), "go", "water")
_FAILED = Look(_("Failed"), "no", "bad")
_STOPPED = Look(_("Cancelled"), "stop", "soft")

RUNNING = Look(_("Running"), "go", "water")

OF_STATUS = {
    Status.PROCESSED: _DONE,
    Status.QUEUED: _WAITING,
    Status.PROCESSING: _WORKING,
    Status.FAILED: _FAILED,
    Status.CANCELLED: _STOPPED,
    Status.QUARANTINED: Look(_("Quarantined"), "stop", "bad"),
}
OF_STATE = {
    State.SUCCEEDED: Look(_("Done"), "ok", "good"),
    State.QUEUED: _WAITING,
    State.RUNNING: RUNNING,
    State.FAILED: _FAILED,
    State.CANCELLED: _STOPPED,
}
UPLOADING = Look(_("Waiting"), "wait", "soft")

#: Processors in words; those of plugins go by their names.
_STEPS = {
    "identify": _("Finding out what it is"), "image": _("Picture"), "text": _("Text"), "pdf": _("PDF"),
    "document": _("Document"), "table": _("Table"), "data": _("Structure"), "audio": _("Recording"),
    "video": _("Film"), "archive": _("Archive"), "email": _("E-mail"), "binary": _("Bytes"),
}  # fmt: skip
_KINDS = {
    Kind.IMAGE: _("Image"), Kind.TEXT: _("Text"), Kind.PDF: _("PDF"), Kind.DOCUMENT: _("Document"),
    Kind.TABLE: _("Table"), Kind.DATA: _("Data"), Kind.AUDIO: _("Audio"), Kind.VIDEO: _("Video"),
    Kind.ARCHIVE: _("Archive"), Kind.EMAIL: _("E-mail"), Kind.BINARY: _("Binary"),
}  # fmt: skip


def kind_name(kind: Kind) -> str:
    """Return a family of types in a word."""
    return gettext(_KINDS[kind])


def step_name(processor: str) -> str:
    """Return what a processor looks at, in words."""
    name = _STEPS.get(processor)
    return gettext(name) if name else processor
