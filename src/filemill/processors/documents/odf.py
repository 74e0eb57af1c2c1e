"""Reads OpenDocument's texts, presentations and drawings, and OpenOffice.org's, whose elements are the same."""

import contextlib
import re
from typing import Any

from filemill.core.errors import Unprocessable
from filemill.processors.documents import faults, values
from filemill.processors.documents.found import Found
from filemill.processors.documents.grid import MAX_HELD_CHARACTERS, Grid
from filemill.processors.documents.package import Package
from filemill.processors.documents.prose import Prose
from filemill.processors.documents.xml import Fields

_MAX_MACRO_CHARACTERS = 1024 * 1024
_SKIPPED = frozenset({"annotation", "tracked-changes", "forms", "desc", "scripts", "event-listeners"})
_FETCHED = frozenset({"image", "object", "object-ole", "floating-frame", "plugin", "applet"})
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]+:|//", re.IGNORECASE)
_LISTS = ("list", "unordered-list", "ordered-list")
_CELLS = ("table-cell", "covered-table-cell")
_MAX_SPACES = 100
_MAX_KEYWORDS = 100
_MACRO = re.compile(r"(?:Basic/.+/(?!script-l[bc]\.xml$)[^/]+\.xml|Scripts/(?!.*/$).+)", re.IGNORECASE)


class _Content:
    """Turns the elements of a document's content into blocks of text."""

    def __init__(self, prose: Prose, most_pages: int) -> None:
        self._prose = prose
        self._most_pages = most_pages
        self._open: list[list[str]] = []
        self._levels: list[int | None] = []
        self._grid = Grid(prose)
        self._lists = self._skipping = self._held = 0
        self._is_title = False
        self.pages = self.outside = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name in ("p", "h"):
            self._open.append([])
            self._levels.append(self._level(name, attributes))
        elif name == "s":
            self.text(" " * min(values.count(attributes.get("c")) or 1, _MAX_SPACES))
        elif name in ("tab", "tab-stop", "line-break"):
            self.text("\n" if name == "line-break" else "\t")
        elif name in _LISTS:
            self._lists += 1
        else:
            self._frame(name, attributes)
            self._table(name)

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif name in ("p", "h") and self._open:
            self._close("".join(self._open.pop()), self._levels.pop())
        elif name in _LISTS:
            self._lists = max(self._lists - 1, 0)
        elif name == "table-row":
            self._grid.close_row()
        elif name == "table":
            self._grid.close_table()

    def text(self, text: str) -> None:
        if not self._open or self._skipping:
            return
        self._open[-1].append(text)
        self._held += len(text)
        # Nobody writes such a paragraph; to hold it would cost as much memory as its writer likes.
        if self._held > MAX_HELD_CHARACTERS:
            self._prose.paragraph("".join(self._open[-1]))
            self._open[-1] = []
            self._held = 0

    def _level(self, name: str, attributes: dict[str, str]) -> int | None:
        if name == "h":
            return values.count(attributes.get("outline-level") or attributes.get("level")) or 1
        return 2 if self._is_title else None

    def _frame(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("frame", "text-box", "custom-shape") and "class" in attributes:
            self._is_title = attributes["class"] == "title"
        elif name == "frame":
            self._is_title = False
        elif name == "page":
            self.pages += 1
            self._is_title = False
            if self.pages > self._most_pages:
                raise faults.too_large(f"has more than {self._most_pages} slides")
        elif name in _FETCHED and _OUTSIDE.match(attributes.get("href", "")):
            self.outside += 1

    def _table(self, name: str) -> None:
        if name == "table":
            self._grid.open_table()
        elif name == "table-row":
            self._grid.open_row()
        elif name in _CELLS:
            self._grid.open_cell()

    def _close(self, text: str, level: int | None) -> None:
        if not self._open:
            self._held = 0
        if self._grid.take(text):
            return
        if level:
            self._prose.heading(level, text)
        elif self._lists:
            self._prose.item(self._lists - 1, text)
        else:
            self._prose.paragraph(text)


class _Meta(Fields):
    """Hears what the document says of itself; its counts are attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: int | None = None
        self.keywords: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "document-statistic":
            self.pages = values.count(attributes.get("page-count"))

    def end(self, name: str) -> None:
        super().end(name)
        if name == "keyword" and len(self.keywords) < _MAX_KEYWORDS:
            self.keywords.append(self.found.pop(name, ""))


class _Manifest:
    """Hears whether parts are encrypted."""

    encrypted = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.encrypted |= name == "encryption-data"

    def end(self, name: str) -> None:
        """The beginning says it all."""

    def text(self, text: str) -> None:
        """Nor is there any text."""


class _Macro:
    """Hears the source of a macro."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._held = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """The source is text."""

    def end(self, name: str) -> None:
        """The source is text."""

    def text(self, text: str) -> None:
        if self._held < _MAX_MACRO_CHARACTERS:
            self._held += len(text)
            self.pieces.append(text)


def read(package: Package, prose: Prose, media_type: str) -> Found:
    """Write the text of an OpenDocument file; return what else was found."""
    manifest, meta, content = _Manifest(), _Meta(), _Content(prose, package.bounds.slides)
    package.parse_optional("META-INF/manifest.xml", manifest)
    if manifest.encrypted:
        raise faults.encrypted()
    package.parse_optional("meta.xml", meta)
    package.parse("content.xml", content)
    macros = [name for name in package.names if _MACRO.fullmatch(name)]
    picture = next((name for name in ("Thumbnails/thumbnail.png", "Thumbnails/thumbnail.jpg") if name in package), None)
    return Found(
        facts=_facts(meta, content, media_type) | {"has_macros": bool(macros)},
        picture=package.picture(picture),
        macros=_source(package, macros),
    )


def _facts(meta: _Meta, content: _Content, media_type: str) -> dict[str, Any]:
    said = meta.found
    counted = "slides" if "presentation" in media_type or media_type.endswith("impress") else "pages"
    return values.stated(
        title=values.neat(said.get("title")),
        author=values.neat(said.get("initial-creator") or said.get("creator")),
        subject=values.neat(said.get("subject")),
        keywords=values.neat(", ".join(filter(None, meta.keywords))),
        description=values.neat(said.get("description")),
        last_modified_by=values.neat(said.get("creator")),
        created_at=values.moment(said.get("creation-date")),
        modified_at=values.moment(said.get("date")),
        language_stated=values.neat(said.get("language")),
        application=values.neat(said.get("generator")),
        external_references=content.outside,
        **{counted: content.pages or meta.pages},
    )


def _source(package: Package, parts: list[str]) -> str | None:
    found = []
    for part in parts[:100]:
        macro = _Macro()
        if part.lower().endswith(".xml"):
            package.parse_optional(part, macro)
        else:
            with contextlib.suppress(Unprocessable):
                macro.text(package.read(part).decode("utf-8", "replace"))
        found.append(f"===== {part} =====\n{''.join(macro.pieces)[:_MAX_MACRO_CHARACTERS].strip()}\n")
    return "\n".join(found) or None
