"""The list's filters, orderings and looks as links, so that they work without a script."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from filemill.core.errors import FieldError, Invalid
from filemill.files.models import Kind, Status

_STATUSES = (
    (_("All"), ()),
    (_("In work"), (Status.QUEUED, Status.PROCESSING)),
    (_("Processed"), (Status.PROCESSED,)),
    (_("Failed"), (Status.FAILED,)),
    (_("Cancelled"), (Status.CANCELLED,)),
    (_("Quarantined"), (Status.QUARANTINED,)),
)
_KINDS = {
    Kind.IMAGE: _("Images"),
    Kind.TEXT: _("Texts"),
    Kind.PDF: _("PDFs"),
    Kind.DOCUMENT: _("Documents"),
    Kind.TABLE: _("Tables"),
    Kind.DATA: _("Data"),
    Kind.AUDIO: _("Audio"),
    Kind.VIDEO: _("Video"),
    Kind.ARCHIVE: _("Archives"),
    Kind.EMAIL: _("E-mail"),
    Kind.BINARY: _("Other"),
}
_ORDERINGS = (
    (_("Newest first"), "-uploaded_at"),
    (_("Oldest first"), "uploaded_at"),
    (_("By name"), "name"),
    (_("Largest first"), "-size"),
    (_("Smallest first"), "size"),
)
#: How the list looks: the parameter's value, the words, the shape beside them. The first goes without saying.
_VIEWS = (("list", _("List"), "lines"), ("grid", _("Grid"), "tiles"))
_VIEW = "view"


@dataclass(frozen=True)
class Link:
    """A choice: its words, its address, and whether it is made."""

    words: str
    query: str
    chosen: bool
    shape: str = ""


@dataclass(frozen=True)
class Choices:
    """All that can be chosen beside the list, and the words of what is."""

    statuses: list[Link]
    kinds: list[Link]
    orderings: list[Link]
    views: list[Link]

    @property
    def kind(self) -> str:
        """The words of the chosen kind."""
        return next((link.words for link in self.kinds if link.chosen), gettext("Several kinds"))

    @property
    def ordering(self) -> str:
        """The words of the chosen ordering."""
        return next((link.words for link in self.orderings if link.chosen), gettext("By name, backwards"))


def choices(parameters: QueryDict) -> Choices:
    """Return the links that change one choice each and keep the others."""
    status, kind = set(parameters.getlist("status")), set(parameters.getlist("kind"))
    ordering = parameters.get("ordering", "-uploaded_at")
    view = parameters.get(_VIEW, _VIEWS[0][0])
    kinds = [(_("All kinds"), ()), *((name, (each,)) for each, name in _KINDS.items())]
    return Choices(
        [Link(str(name), with_(parameters, "status", values), set(values) == status) for name, values in _STATUSES],
        [Link(str(name), with_(parameters, "kind", values), set(values) == kind) for name, values in kinds],
        [Link(str(name), with_(parameters, "ordering", (value,)), value == ordering) for name, value in _ORDERINGS],
        [Link(str(name), with_(parameters, _VIEW, (value,)), value == view, shape) for value, name, shape in _VIEWS],
    )


def asked(parameters: QueryDict) -> tuple[QueryDict, bool]:
    """Return what files are asked for, and whether in a grid; raise Invalid for a look that there is not."""
    wanted = parameters.copy()
    view = (wanted.pop(_VIEW, None) or [_VIEWS[0][0]])[-1]
    if view not in {value for value, _name, _shape in _VIEWS}:
        detail = f"view is one of {', '.join(value for value, _name, _shape in _VIEWS)}."
        raise Invalid(detail, (FieldError(_VIEW, "invalid", detail),))
    return wanted, view == "grid"


def with_(parameters: QueryDict, name: str, values: tuple[str, ...]) -> str:
    """Return the query with one parameter changed; an old cursor would belong to another list."""
    changed = parameters.copy()
    changed.pop("cursor", None)
    changed.setlist(name, list(values))
    return f"?{changed.urlencode()}"


def others(parameters: QueryDict) -> list[tuple[str, str]]:
    """Return the parameters that a search by name keeps."""
    return [(key, value) for key, values in parameters.lists() if key not in {"name", "cursor"} for value in values]
