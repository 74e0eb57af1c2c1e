"""Reads e-books (EPUB 2 and 3): the chapters in the order of their spine."""

import posixpath
from typing import Any
from urllib.parse import unquote

from filemill.processors.documents import faults, values
from filemill.processors.documents.found import Found
from filemill.processors.documents.package import Package
from filemill.processors.documents.page import Page
from filemill.processors.documents.prose import Prose
from filemill.processors.documents.xml import Fields

_MAX_ITEMS = 50_000
#: Of which a book may have many.
_SEVERAL = ("creator", "subject")
_MAX_OF_THESE = 20
_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document")


class _Container:
    """Hears where the book's own list of parts lies, and which parts are encrypted."""

    def __init__(self) -> None:
        self.root = ""
        self.encrypted: set[str] = set()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rootfile" and not self.root:
            self.root = attributes.get("full-path", "")
        elif name == "CipherReference" and len(self.encrypted) < _MAX_ITEMS:
            self.encrypted.add(unquote(attributes.get("URI", "")))

    def end(self, name: str) -> None:
        """The beginning says it all."""

    def text(self, text: str) -> None:
        """Nor is there any text."""


class _Book(Fields):
    """Hears what the book says of itself, its parts and their order."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.items: dict[str, dict[str, str]] = {}
        self.spine: list[str] = []
        self.several: dict[str, list[str]] = {name: [] for name in _SEVERAL}
        self.cover = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "item" and len(self.items) < _MAX_ITEMS:
            self.items[attributes.get("id", "")] = attributes
            if "cover-image" in attributes.get("properties", "").split():
                self.cover = attributes.get("id", "")
        elif name == "itemref" and len(self.spine) <= self._most:
            self.spine.append(attributes.get("idref", ""))
        elif name == "meta" and attributes.get("name") == "cover":
            self.cover = self.cover or attributes.get("content", "")

    def end(self, name: str) -> None:
        super().end(name)
        if name in _SEVERAL and (said := values.neat(self.found.pop(name, None))):
            self.several[name] = [*self.several[name], said][:_MAX_OF_THESE]


def read(package: Package, prose: Prose) -> Found:
    """Write the text of a book; return what else was found."""
    most = package.bounds.chapters
    container, book = _Container(), _Book(most)
    package.parse(_CONTAINER, container)
    package.parse_optional("META-INF/encryption.xml", container)
    package.parse(container.root, book)
    if len(book.spine) > most:
        raise faults.too_large(f"has more than {most} chapters")
    folder = posixpath.dirname(container.root)
    chapters = [part for key in book.spine if (part := _part(folder, book.items.get(key), _PAGES))]
    if container.encrypted.intersection(chapters):
        raise faults.encrypted("The book is protected against copying, so only its own reader opens it.")
    outside = 0
    for part in chapters:
        if part in package:
            page = Page(prose)
            page.read(_text(package, part), is_xml=True)
            outside += page.counts["external_references"]
    cover = _part(folder, book.items.get(book.cover))
    return Found(
        {**_facts(book), **values.stated(chapters=len(chapters), external_references=outside)}, package.picture(cover)
    )


def _part(folder: str, item: dict[str, str] | None, types: tuple[str, ...] = ()) -> str | None:
    if item is None or (types and item.get("media-type", "").lower() not in types):
        return None
    target = unquote(item.get("href", "").partition("#")[0])
    return posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")


def _text(package: Package, part: str) -> str:
    raw = b""
    for chunk in package.chunks(part):
        raw += chunk[: package.bounds.markup_bytes - len(raw)]
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _facts(book: _Book) -> dict[str, Any]:
    said = book.found
    return values.stated(
        title=values.neat(said.get("title")),
        author=values.neat(", ".join(book.several["creator"])),
        subject=values.neat(", ".join(book.several["subject"])),
        description=values.neat(said.get("description")),
        publisher=values.neat(said.get("publisher")),
        identifier=values.neat(said.get("identifier")),
        published_at=values.moment(said.get("date")),
        language_stated=values.neat(said.get("language"), 35),
    )
