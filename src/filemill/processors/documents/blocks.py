"""Hears Office Open XML's paragraphs and tables, which documents and slides share but for their namespaces."""

import re

from filemill.processors.documents.grid import MAX_HELD_CHARACTERS, Grid
from filemill.processors.documents.prose import Prose

_NUMBERED_HEADING = re.compile(r"heading ?([1-9])")
#: What is there twice for older programs, what was moved away, and how things looked before a change.
_SKIPPED = frozenset({"Fallback", "moveFrom", "pPrChange", "rPrChange"})
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def level_of(style: str) -> int | None:
    """Return the level of a heading that a style's English name stands for."""
    name = style.strip().lower()
    if found := _NUMBERED_HEADING.fullmatch(name):
        return int(found.group(1))
    return 1 if name == "title" else None


def outline_of(value: str) -> int | None:
    """Return the level of a heading that a level of the outline stands for: the tenth is for plain text."""
    return int(value) + 1 if value.isascii() and value.isdigit() and int(value[:9]) < 9 else None


class _Paragraph:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.size = 0
        self.level: int | None = None
        self.depth: int | None = None


class Blocks:
    """Turns the elements of a part into blocks of text."""

    def __init__(self, prose: Prose, levels: dict[str, int] | None = None) -> None:
        self._prose = prose
        self._levels = levels or {}
        self._open: list[_Paragraph] = []
        self._grid = Grid(prose)
        self._in_text = self._in_properties = self._skipping = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Hear that an element begins."""
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name in ("pPr", "rPr"):
            self._in_properties += 1
            if self._open and name == "pPr" and "lvl" in attributes:
                self._open[-1].depth = _number(attributes["lvl"])
        elif self._in_properties:
            self._property(name, attributes.get("val", ""))
        elif name == "p":
            self._open.append(_Paragraph())
        elif name == "t":
            self._in_text += 1
        elif name in _SIGNS:
            self._add(_SIGNS[name])
        else:
            self._table(name)

    def end(self, name: str) -> None:
        """Hear that an element ends."""
        if self._skipping:
            self._skipping -= 1
        elif name in ("pPr", "rPr"):
            self._in_properties = max(self._in_properties - 1, 0)
        elif self._in_properties:
            return
        elif name == "p" and self._open:
            self._close_paragraph(self._open.pop())
        elif name == "t":
            self._in_text = max(self._in_text - 1, 0)
        elif name == "tr":
            self._grid.close_row()
        elif name == "tbl":
            self._grid.close_table()

    def text(self, text: str) -> None:
        """Hear a piece of text."""
        if self._in_text and not self._skipping and not self._in_properties:
            self._add(text)

    def put(self, paragraph: _Paragraph, text: str) -> None:
        """Hand a finished paragraph on."""
        if paragraph.level:
            self._prose.heading(paragraph.level, text)
        elif paragraph.depth is not None:
            self._prose.item(paragraph.depth, text)
        else:
            self._prose.paragraph(text)

    def _property(self, name: str, value: str) -> None:
        if not self._open:
            return
        if name == "pStyle":
            self._open[-1].level = self._levels.get(value)
        elif name == "outlineLvl":
            self._open[-1].level = outline_of(value)
        elif name == "numPr":
            self._open[-1].depth = 0
        elif name == "numId" and value == "0":
            # It takes away the number that the style would give.
            self._open[-1].depth = None
        elif name == "ilvl":
            self._open[-1].depth = _number(value)

    def _table(self, name: str) -> None:
        if name == "tbl":
            self._grid.open_table()
        elif name == "tr":
            self._grid.open_row()
        elif name == "tc":
            self._grid.open_cell()

    def _add(self, text: str) -> None:
        if not self._open:
            return
        paragraph = self._open[-1]
        paragraph.pieces.append(text)
        paragraph.size += len(text)
        # Nobody writes such a paragraph; to hold it would cost as much memory as its writer likes.
        if paragraph.size > MAX_HELD_CHARACTERS:
            self._prose.paragraph("".join(paragraph.pieces))
            paragraph.pieces, paragraph.size = [], 0

    def _close_paragraph(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.pieces)
        if not self._grid.take(text) and text.strip():
            self.put(paragraph, text)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 3 else 0
