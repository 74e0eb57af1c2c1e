"""Texts and code: the beginning of the artifact `text`."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from filemill.files.models import Kind
from filemill.web.preview.panes import Pane
from filemill.web.preview.source import Source

TEXT_BYTES = 64 * 1024
LINES = 1_500
#: Where the lines have numbers: what is written in a language, and markup.
_CODE = re.compile(r"text/(html|markdown|css|javascript|xml|x-.+)|application/.+|image/svg\+xml")
#: Of these other panes show the same.
_SHOWN = {Kind.EMAIL}


@dataclass(frozen=True)
class Text:
    """Lines, and whether they have numbers."""

    lines: list[str]
    is_code: bool


def text(source: Source) -> list[Pane]:
    """Return the beginning of a text."""
    if source.file.kind in _SHOWN or (source.file.kind == Kind.DOCUMENT and "markdown" in source.artifacts):
        return []
    found, is_cut = source.text("text", TEXT_BYTES)
    if not found.strip():
        return []
    # A form feed parts the pages of a PDF.
    lines = found.replace("\f", "\n\n").removesuffix("\n").split("\n", LINES)
    is_cut = is_cut or len(lines) > LINES
    is_code = bool(source.fact("text", "programming_language")) or _is_code(source)
    note = _("This is the beginning. The whole text is among the artifacts.") if is_cut else ""
    title = _("Source") if is_code else _("Text")
    return [Pane(title, "text", Text(lines[:LINES], is_code), note)]


def _is_code(source: Source) -> bool:
    written = source.file.kind in {Kind.TEXT, Kind.DATA, Kind.IMAGE}
    return written and bool(_CODE.fullmatch(source.file.media_type or ""))
