"""Reads Word's documents (docx, docm, dotx, dotm): headers, body, notes, comments."""

from filemill.processors.documents import faults, ooxml, values
from filemill.processors.documents.blocks import Blocks, level_of, outline_of
from filemill.processors.documents.found import Found
from filemill.processors.documents.package import Package
from filemill.processors.documents.page import Page
from filemill.processors.documents.prose import Prose

_MAX_STYLES = 10_000
_PAGES = (".htm", ".html", ".xhtml")
_MAX_RUNNING = 1_000
_BEFORE, _AFTER = ("header",), ("diagramData", "footnotes", "endnotes", "comments", "footer")


class _Styles:
    """Hears which styles are headings, and the language that the document says it is in."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.language: str | None = None
        self._style = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif name == "name" and self._style and (level := level_of(attributes.get("val", ""))):
            self._keep(level)
        elif name == "outlineLvl" and self._style and (outline := outline_of(attributes.get("val", ""))):
            self._keep(outline)
        elif name == "lang" and not self._style and not self.language:
            self.language = attributes.get("val")

    def end(self, name: str) -> None:
        if name == "style":
            self._style = ""

    def text(self, text: str) -> None:
        """Styles hold none."""

    def _keep(self, level: int) -> None:
        if len(self.levels) < _MAX_STYLES:
            self.levels.setdefault(self._style, level)


class _Once:
    """Lets a running header through that was not there before: most documents have the same three times."""

    def __init__(self, package: Package, prose: Prose) -> None:
        self._package, self._prose = package, prose
        self._seen: set[tuple[int, int]] = set()

    def put(self, part: str) -> None:
        checksum = self._package.checksum(part)
        if checksum and checksum not in self._seen and len(self._seen) < _MAX_RUNNING:
            self._seen.add(checksum)
            self._package.parse_optional(part, Blocks(self._prose))


def read(package: Package, prose: Prose) -> Found:
    """Write the text of a Word document; return what else was found."""
    roots = ooxml.relations(package)
    main = next(ooxml.of_purpose(roots, "officeDocument"), "word/document.xml")
    if main not in package:
        raise faults.corrupt("It lacks its main part")
    related = ooxml.relations(package, main)
    styles = _Styles()
    for part in ooxml.of_purpose(related, "styles"):
        package.parse_optional(part, styles)
    once = _Once(package, prose)
    for part in ooxml.of_purpose(related, *_BEFORE):
        once.put(part)
    package.parse(main, Blocks(prose, styles.levels))
    for part in ooxml.of_purpose(related, "aFChunk"):
        if part.lower().endswith(_PAGES) and part in package:
            Page(prose).read(package.read(part, package.bounds.markup_bytes).decode("utf-8", "replace"))
    for purpose in _AFTER:
        for part in ooxml.of_purpose(related, purpose):
            once.put(part)
    facts = ooxml.facts(package, roots, [main, *ooxml.of_purpose(related, "settings")])
    return Found(
        {**values.stated(language_stated=values.neat(styles.language)), **facts}, ooxml.picture(package, roots)
    )
