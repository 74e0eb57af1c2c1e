"""The list's filters and orderings as links, so that they work without a script."""

from dataclasses import dataclass

from django.http import QueryDict

from filemill.files.models import Kind, Status

_STATUSES = (
    ("All", ()),
    ("In work", (Status.QUEUED, Status.PROCESSING)),
    ("Processed", (Status.PROCESSED,)),
    ("Failed", (Status.FAILED,)),
    ("Cancelled", (Status.CANCELLED,)),
    ("Quarantined", (Status.QUARANTINED,)),
)
_KINDS = {
    Kind.IMAGE: "Images", Kind.TEXT: "Texts", Kind.PDF: "PDFs", Kind.DOCUMENT: "Documents", Kind.TABLE: "Tables",
    Kind.DATA: "Data", Kind.AUDIO: "Audio", Kind.VIDEO: "Video", Kind.ARCHIVE: "Archives", Kind.EMAIL: "E-mail",
    Kind.BINARY: "Other",
}  # fmt: skip
_ORDERINGS = (
    ("Newest first", "-uploaded_at"),
    ("Oldest first", "uploaded_at"),
    ("By name", "name"),
    ("Largest first", "-size"),
    ("Smallest first", "size"),
)


@dataclass(frozen=True)
class Link:
    """A choice: its words, its address, and whether it is made."""

    words: str
    query: str
    chosen: bool


@dataclass(frozen=True)
class Choices:
    """All that can be chosen beside the list, and the words of what is."""

    statuses: list[Link]
    kinds: list[Link]
    orderings: list[Link]

    @property
    def kind(self) -> str:
        """The words of the chosen kind."""
        return next((link.words for link in self.kinds if link.chosen), "Several kinds")

    @property
    def ordering(self) -> str:
        """The words of the chosen ordering."""
        return next((link.words for link in self.orderings if link.chosen), "By name, backwards")


def choices(parameters: QueryDict) -> Choices:
    """Return the links that change one choice each and keep the others."""
    status, kind = set(parameters.getlist("status")), set(parameters.getlist("kind"))
    ordering = parameters.get("ordering", "-uploaded_at")
    kinds = [("All kinds", ()), *((name, (each,)) for each, name in _KINDS.items())]
    return Choices(
        [Link(name, with_(parameters, "status", values), set(values) == status) for name, values in _STATUSES],
        [Link(name, with_(parameters, "kind", values), set(values) == kind) for name, values in kinds],
        [Link(name, with_(parameters, "ordering", (value,)), value == ordering) for name, value in _ORDERINGS],
    )


def with_(parameters: QueryDict, name: str, values: tuple[str, ...]) -> str:
    """Return the query with one parameter changed; an old cursor would belong to another list."""
    changed = parameters.copy()
    changed.pop("cursor", None)
    changed.setlist(name, list(values))
    return f"?{changed.urlencode()}"


def others(parameters: QueryDict) -> list[tuple[str, str]]:
    """Return the parameters that a search by name keeps."""
    return [(key, value) for key, values in parameters.lists() if key not in {"name", "cursor"} for value in values]
