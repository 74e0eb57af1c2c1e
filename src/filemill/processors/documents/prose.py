"""Takes a document's text block by block, in its order, and writes it as plain text and as Markdown."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Self

from filemill.processors import language
from filemill.processors.base import Made
from filemill.processors.documents.values import fitting, neat, storable

_SAMPLE_CHARACTERS = 4096
_MAX_HEADINGS = 100
#: What they may take in the facts, which have to stay under 64 KiB.
MAX_HEADINGS_BYTES = 24 * 1024
_MAX_HEADING_CHARACTERS = 200
_MAX_LEVEL = 6
_MAX_INDENT = 8
_ACTIVE = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_LEADING = re.compile(r"^(\s*)([#>+\-=|~]|\d{1,9}[.)](?=\s|$))", re.MULTILINE)
_TAB_OR_END = re.compile(r"[\t\r\n]+")


def escaped(text: str) -> str:
    """Return plain text such that Markdown shows it as it is."""
    return _LEADING.sub(_guarded, _ACTIVE.sub(r"\\\g<0>", text))


def _guarded(found: re.Match[str]) -> str:
    sign = found.group(2)
    return f"{found.group(1)}{sign[:-1]}\\{sign[-1]}"


class _Page:
    """One artifact: text as UTF-8 up to a bound."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self.path = path
        self.is_cut = False
        self._file: IO[bytes] = path.open("wb")
        self._left = most_bytes

    def write(self, text: str) -> None:
        raw = text.encode()
        if len(raw) > self._left:
            self.is_cut = True
            raw = raw[: self._left].decode(errors="ignore").encode()
        self._left -= len(raw)
        self._file.write(raw)

    def close(self) -> None:
        self._file.close()


class Prose:
    """The text of one document on its way into artifacts; nothing of it stays in memory but a sample and headings."""

    def __init__(self, folder: Path, most_bytes: int, *, text: bool = True, markdown: bool = True) -> None:
        self._most_bytes = most_bytes
        self._text = _Page(folder / "text.txt", most_bytes) if text else None
        self._markdown = _Page(folder / "markdown.md", most_bytes) if markdown else None
        self._last = ""
        self._sample = ""
        self._words = 0
        self._characters = 0
        self._headings: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for page in self._pages():
            page.close()

    @property
    def is_empty(self) -> bool:
        """Whether no block has come yet."""
        return not self._last

    def heading(self, level: int, text: str) -> None:
        """Write a heading of a level from 1 on."""
        line = " ".join(text.split())
        level = min(max(level, 1), _MAX_LEVEL)
        self._block("heading", line, f"{'#' * level} {escaped(line)}")
        if line and len(self._headings) < _MAX_HEADINGS:
            self._headings.append({"level": level, "text": neat(line, _MAX_HEADING_CHARACTERS)})

    def paragraph(self, text: str, markdown: str | None = None) -> None:
        """Write a paragraph; `markdown` where its form is known."""
        self._block("paragraph", text.strip(), (escaped(text) if markdown is None else markdown).strip())

    def item(self, depth: int, text: str, markdown: str | None = None) -> None:
        """Write an item of a list, `depth` lists deep from 0 on."""
        indent = "  " * min(max(depth, 0), _MAX_INDENT)
        marked = (escaped(text) if markdown is None else markdown).strip().replace("\n", f"\n{indent}  ")
        self._block("item", text.strip(), f"{indent}- {marked}")

    def verbatim(self, text: str) -> None:
        """Write lines as they are, such as a program's."""
        fence = "```"
        while fence in text:
            fence += "`"
        body = text.strip("\r\n")
        self._block("verbatim", body, f"{fence}\n{body}\n{fence}")

    def row(self, cells: Sequence[str], *, first: bool) -> None:
        """Write a row of a table; the first one is its head."""
        flat = [_TAB_OR_END.sub(" ", cell).strip() for cell in cells]
        line = "| " + " | ".join(escaped(cell).replace("|", "\\|") for cell in flat) + " |"
        rule = f"\n|{' --- |' * len(flat)}" if first else ""
        self._block("table" if first else "row", "\t".join(flat) if any(flat) else "", line + rule)

    def facts(self) -> dict[str, Any]:
        """Return the counts, the outline and the language."""
        facts: dict[str, Any] = {"words": self._words, "characters": self._characters}
        if self._headings:
            facts["headings"] = fitting(self._headings, MAX_HEADINGS_BYTES)
        if found := language.language_of(self._sample, marked_up=False):
            facts |= {"language": found[0], "language_confidence": found[1]}
        if any(page.is_cut for page in self._pages()):
            facts["text_artifact_cut_at_bytes"] = self._most_bytes
        return facts

    def artifacts(self) -> tuple[Made, ...]:
        """Return what was written."""
        made = [Made("text", self._text.path, "text/plain")] if self._text else []
        return (*made, Made("markdown", self._markdown.path, "text/markdown")) if self._markdown else tuple(made)

    def _block(self, kind: str, text: str, markdown: str) -> None:
        text = storable(text)
        if not text:
            return
        self._words += len(text.split())
        self._characters += len(text)
        if len(self._sample) < _SAMPLE_CHARACTERS:
            self._sample += text[:_SAMPLE_CHARACTERS] + "\n"
        close = (self._last, kind) in (("item", "item"), ("table", "row"), ("row", "row"))
        between = ("\n" if close else "\n\n") if self._last else ""
        self._last = kind
        for page, words in ((self._text, text), (self._markdown, storable(markdown))):
            if page:
                page.write(between + words)

    def _pages(self) -> Iterable[_Page]:
        return [page for page in (self._text, self._markdown) if page]
