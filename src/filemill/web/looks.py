"""How each state is told: by a word, a shape and a colour, so that none of them is needed alone."""

from dataclasses import dataclass

from filemill.files.models import Kind, Status
from filemill.processing.states import State


@dataclass(frozen=True)
class Look:
    """A word, the shape beside it (a symbol of icons.html), and the colour (a class of page.css)."""

    word: str
    shape: str
    tone: str


_DONE = Look("Processed", "ok", "good")
_WAITING = Look("Queued", "wait", "soft")
_WORKING = Look("Processing", "go", "water")
_FAILED = Look("Failed", "no", "bad")
_STOPPED = Look("Cancelled", "stop", "soft")

RUNNING = Look("Running", "go", "water")

OF_STATUS = {
    Status.PROCESSED: _DONE,
    Status.QUEUED: _WAITING,
    Status.PROCESSING: _WORKING,
    Status.FAILED: _FAILED,
    Status.CANCELLED: _STOPPED,
    Status.QUARANTINED: Look("Quarantined", "stop", "bad"),
}
OF_STATE = {
    State.SUCCEEDED: Look("Done", "ok", "good"),
    State.QUEUED: _WAITING,
    State.RUNNING: RUNNING,
    State.FAILED: _FAILED,
    State.CANCELLED: _STOPPED,
}
UPLOADING = Look("Waiting", "wait", "soft")

#: Processors in words; those of plugins go by their names.
_STEPS = {
    "identify": "Finding out what it is", "image": "Picture", "text": "Text", "pdf": "PDF", "document": "Document",
    "table": "Table", "data": "Structure", "audio": "Recording", "video": "Film", "archive": "Archive",
    "email": "E-mail", "binary": "Bytes",
}  # fmt: skip


def kind_name(kind: Kind) -> str:
    """Return a family of types in a word."""
    return {Kind.PDF: "PDF", Kind.EMAIL: "E-mail"}.get(kind, kind.capitalize())


def step_name(processor: str) -> str:
    """Return what a processor looks at, in words."""
    return _STEPS.get(processor, processor)
