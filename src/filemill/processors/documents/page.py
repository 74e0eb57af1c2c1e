"""Reads HTML as browsers show it: what is not text is left out, nothing is fetched, nothing is run."""

import re
from typing import Any

from filemill.processors.documents import values
from filemill.processors.documents.markup import attributes, tokens
from filemill.processors.documents.prose import Prose, escaped

_MAX_HELD_CHARACTERS = 256 * 1024
_UNSEEN_NAMES = "datalist iframe math noscript object script select style svg template title"
_VOID_NAMES = "area base br col embed hr img input link meta source track wbr"
_BLOCK_NAMES = (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table ul"
)
_UNSEEN, _VOID, _BLOCKS = (frozenset(names.split()) for names in (_UNSEEN_NAMES, _VOID_NAMES, _BLOCK_NAMES))
_CELLS = ("td", "th")
_LISTS = ("ul", "ol")
_HEADING = re.compile("h([1-6])")
_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>()]{1,2000}", re.IGNORECASE)
_OUTSIDE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_FETCHED = {"link": "href"} | dict.fromkeys(("audio", "embed", "iframe", "img", "script", "source", "video"), "src")
_COUNTED = {"a": "links", "img": "images", "script": "scripts"}
_SAYING = frozenset({*_FETCHED, *_COUNTED, "meta", "html"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_PIECE_CHARACTERS = 64 * 1024
_MAX_DEPTH = 1000
_MAX_CELLS = 1000

Pair = tuple[str, str]


class Page:
    """Turns the elements of a page into blocks of text, as they come."""

    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._plain: list[str] = []
        self._marked: list[str] = []
        self._held = 0
        self._unseen: list[str] = []
        self._lists = self._pre = 0
        self._is_item = False
        self._level: int | None = None
        self._address: str | None = None
        self._row: list[Pair] | None = None
        self._rows = 0
        self._in_cell = False
        self._title: list[str] | None = None
        self.said: dict[str, str] = {}
        self.counts = {"links": 0, "images": 0, "scripts": 0, "external_references": 0}

    def read(self, page: str, *, is_xml: bool = False) -> None:
        """Read a page to its end."""
        for is_tag, is_end, name, written in tokens(page, is_xml=is_xml):
            if not is_tag:
                self._hear(name)
            elif is_end:
                self._end(name)
            else:
                self._start(name, written)
        self._flush()
        self._close_row()

    def facts(self) -> dict[str, Any]:
        """Return what the page says of itself, and what is in it."""
        said = values.stated(
            title=values.neat(self.said.get("title")),
            author=values.neat(self.said.get("author")),
            description=values.neat(self.said.get("description")),
            language_stated=values.neat(self.said.get("language"), 35),
        )
        return {**said, **self.counts}

    def _start(self, tag: str, written: str) -> None:
        said = attributes(written) if tag in _SAYING else {}
        self._note(tag, said)
        if self._unseen or tag in _UNSEEN:
            self._begin_unseen(tag)
        elif tag in _CELLS or tag == "tr":
            self._begin_cell(tag)
        elif tag in _BLOCKS:
            self._begin_block(tag)
        else:
            self._begin_inline(tag, said)

    def _end(self, tag: str) -> None:
        if self._unseen:
            self._end_unseen(tag)
        elif tag == "a" and self._address:
            self._marked.append(f"]({self._address})")
            self._address = None
        elif tag in _CELLS:
            self._end_cell()
        elif tag in ("tr", "table"):
            self._close_row()
            self._rows = 0 if tag == "table" else self._rows
        elif tag in _BLOCKS:
            self._end_block(tag)

    def _hear(self, data: str) -> None:
        if self._title is not None:
            self._title.append(data)
        elif not self._unseen:
            # In pieces, for where each character has to be guarded, that takes much more room than the text.
            for at in range(0, len(data), _PIECE_CHARACTERS):
                piece = data[at : at + _PIECE_CHARACTERS]
                shown = piece if self._pre else _SPACE.sub(" ", piece)
                self._add(shown, escaped(shown))

    def _note(self, tag: str, said: dict[str, str]) -> None:
        if tag in _FETCHED and _OUTSIDE.match(said.get(_FETCHED[tag], "").strip()):
            self.counts["external_references"] += 1
        if tag in _COUNTED and (tag != "a" or "href" in said):
            self.counts[_COUNTED[tag]] += 1
        if tag == "meta" and (name := said.get("name", "").lower()) in ("author", "description"):
            self.said.setdefault(name, said.get("content", "")[:4000])
        elif tag == "html" and "lang" in said:
            self.said.setdefault("language", said["lang"])

    def _begin_inline(self, tag: str, said: dict[str, str]) -> None:
        if tag == "br":
            self._add("\n", "  \n")
        elif tag == "a" and (found := _SAFE_ADDRESS.fullmatch(said.get("href", "").strip())):
            self._address = found.group()
            self._marked.append("[")
        elif tag == "img" and said.get("alt"):
            alternative = f" {said['alt']} "
            self._add(alternative, escaped(alternative))

    def _begin_unseen(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag == "title" and not self._unseen:
            self._title = []
        if len(self._unseen) < _MAX_DEPTH:
            self._unseen.append(tag)

    def _end_unseen(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self.said.setdefault("title", "".join(self._title)[:4000])
            self._title = None
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass

    def _begin_block(self, tag: str) -> None:
        self._flush()
        if self._row is not None:
            # A table that holds blocks gives a page its shape; its cells are no row.
            self._spill()
        if tag in _LISTS:
            self._lists += 1
        elif tag == "li":
            self._is_item = True
        elif tag == "pre":
            self._pre += 1
        elif found := _HEADING.fullmatch(tag):
            self._level = int(found.group(1))

    def _end_block(self, tag: str) -> None:
        self._flush()
        if tag in _LISTS:
            self._lists = max(self._lists - 1, 0)
        elif tag == "li":
            self._is_item = False
        elif tag == "pre":
            self._pre = max(self._pre - 1, 0)
        elif _HEADING.fullmatch(tag):
            self._level = None

    def _begin_cell(self, tag: str) -> None:
        if tag == "tr":
            self._close_row()
            self._row = []
        else:
            self._end_cell()
            self._in_cell = self._row is not None

    def _end_cell(self) -> None:
        if self._row is None or len(self._row) > _MAX_CELLS:
            self._flush()
        elif self._in_cell:
            self._row.append(self._taken())
        self._in_cell = False

    def _close_row(self) -> None:
        self._end_cell()
        row, self._row = self._row or [], None
        filled = [cell for cell in row if cell[0]]
        if len(filled) > 1:
            self._prose.row([plain for plain, _ in row], first=not self._rows)
            self._rows += 1
        for plain, marked in filled if len(filled) == 1 else []:
            self._prose.paragraph(plain, marked)

    def _spill(self) -> None:
        for plain, marked in self._row or []:
            self._prose.paragraph(plain, marked)
        self._row = None

    def _add(self, plain: str, marked: str) -> None:
        self._plain.append(plain)
        self._marked.append(marked)
        self._held += len(plain) + len(marked)
        if self._held > _MAX_HELD_CHARACTERS:
            self._flush()

    def _taken(self) -> Pair:
        if not self._held:
            self._marked = []
            return "", ""
        plain, marked = "".join(self._plain), "".join(self._marked)
        self._plain, self._marked, self._held = [], [], 0
        if self._pre:
            return plain, marked
        return _tidy(plain), _tidy(marked)

    def _flush(self) -> None:
        if self._address:
            self._marked.append(f"]({self._address})")
            self._address = None
        if not self._held:
            return
        plain, marked = self._taken()
        if self._pre:
            self._prose.verbatim(plain)
        elif self._level:
            self._prose.heading(self._level, plain)
        elif self._lists and self._is_item:
            self._prose.item(self._lists - 1, plain, marked)
        else:
            self._prose.paragraph(plain, marked)


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
