"""Pictures, and the first pages of documents."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from filemill.files.models import Kind
from filemill.files.serve import INLINE
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source

#: The original is shown when somebody looks closer, if it is no larger; else what was made of it.
ORIGINAL_BYTES = 30_000_000
_NAMES = ("thumbnail-1024", "thumbnail-256")


@dataclass(frozen=True)
class Picture:
    """Addresses of a picture, of the same to look closer, and of further pages in a row."""

    address: str
    closer: str
    alt: str
    pages: str = ""
    is_small: bool = False


def picture(source: Source) -> list[Pane]:
    """Return the picture, or page 1."""
    file = source.file
    name = next(filter(source.artifacts.get, _NAMES), "")
    if not name or file.kind in {Kind.AUDIO, Kind.VIDEO}:
        return []
    shows_original = file.kind == Kind.IMAGE and file.media_type in INLINE and file.size <= ORIGINAL_BYTES
    address = source.address(name)
    title, alt = _words(file.kind)
    pages = source.address("pages") if source.fact("pdf", "pages") != 1 else ""
    shown = Picture(
        address, source.content if shows_original else address, alt % {"name": file.name}, pages, name == _NAMES[1]
    )
    return [Pane(title, "picture", shown)]


def _words(kind: str | None) -> tuple[str, str]:
    if kind == Kind.PDF:
        return _("Pages"), _("Page 1 of %(name)s")
    if kind in {Kind.IMAGE, None}:
        return _("Picture"), _("Preview of %(name)s")
    return _("Cover"), _("Cover of %(name)s")
