"""Reads XML with expat as a stream: nothing outside the file is fetched, and no entity unfolds in the text."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import (
    Broken,
    Names,
    Preview,
    UndecodableError,
    decoded,
    head_of,
    too_large,
    unicode_of,
)

_PIECE_BYTES = 1024 * 1024
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
#: Encodings of several bytes a character, which expat does not know; Python does.
_MULTI_BYTE = ("big5", "cp932", "cp936", "cp949", "cp950", "euc", "gb", "hz", "iso2022", "johab", "ms949", "shift")
_INDENT = "  "
_UNFOLDS_TOO_FAR = "amplification"
# xml.sax knows these too, and would bring TLS and HTTP into a server that all children are forked from.
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTES = {**_IN_TEXT, **str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})}


def read(path: Path, preview: Preview, bounds: Bounds) -> dict[str, Any]:
    """Return the facts of an XML document."""
    reading = _Reading(preview, bounds)
    codec, mark = _encoding(head_of(path))
    parser = reading.parser("utf-8" if codec else None)
    broken = None
    try:
        for piece in _pieces(path, codec, mark):
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 -- expat takes no names
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code) or "not XML"
        if _UNFOLDS_TOO_FAR in reason:
            raise too_large("has entities that unfold to far more than it is") from None
        broken = Broken(f"XML: {reason}.", error.lineno, error.offset + 1)
    except UndecodableError:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        broken = Broken(f"The bytes here are not text in {codec}.", line, column)
    except (LookupError, ValueError):
        # Python's, of what expat asks it for: the encoding that the first line declares.
        broken = Broken(f"The encoding {reading.encoding} is unknown.", 1, 1)
    ends = {"well_formed": True} if broken is None else {"well_formed": False, "broken_at": broken.facts()}
    return {"format": "xml", **ends, "encoding": codec or reading.encoding, **reading.facts()}


def _encoding(head: bytes) -> tuple[str | None, bytes]:
    """Return the encoding that the text has to be decoded from, or None where expat does that itself."""
    codec, mark = unicode_of(head)
    if codec != "utf-8":
        return codec, mark
    declared = _DECLARED.match(head)
    try:
        name = codecs.lookup(declared.group(1).decode()).name.replace("_", "") if declared else ""
    except LookupError:
        return None, b""
    return (name, b"") if name.startswith(_MULTI_BYTE) else (None, b"")


def _pieces(path: Path, codec: str | None, mark: bytes) -> Iterator[bytes]:
    if codec:
        yield from (piece.encode("utf-8", "surrogatepass") for piece in decoded(path, codec, mark))
        return
    with path.open("rb", buffering=0) as file:
        while raw := file.read(_PIECE_BYTES):
            yield raw


@dataclass
class _Reading:
    """What expat tells, counted and written down."""

    preview: Preview
    bounds: Bounds
    encoding: str = "utf-8"
    root: str = ""
    root_namespace: str | None = None
    depth: int = 0
    elements: int = 0
    attributes: int = 0
    has_doctype: bool = False
    entities: int = 0
    refers_outside: bool = False
    _level: int = 0
    _text: list[str] = field(default_factory=list)
    _held: int = 0
    _is_open: bool = False

    def __post_init__(self) -> None:
        self.children = Names(self.bounds)
        self.namespaces = Names(self.bounds)

    def parser(self, encoding: str | None) -> expat.XMLParserType:
        """Return a parser that tells this reading what it sees."""
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        # With a handler for the rest, entities in the text are told to it instead of being put in.
        parser.DefaultHandler = self._rest
        return parser

    def facts(self) -> dict[str, Any]:
        """Return what the document is made of."""
        if not self.root:
            return {"has_doctype": self.has_doctype, "declared_entities": self.entities}
        return {
            "root": self.root,
            "root_namespace": self.root_namespace,
            "depth_levels": self.depth,
            "elements": self.elements,
            "attributes": self.attributes,
            "items": self.children.total,
            "children": self.children.counts,
            "namespaces": list(self.namespaces.counts),
            "has_doctype": self.has_doctype,
            "declared_entities": self.entities,
            "refers_outside": self.refers_outside,
        }

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or self.encoding).lower()

    def _doctype(self, _name: str, system_id: str | None, _public_id: str | None, _has_more: bool) -> None:  # noqa: FBT001
        self.has_doctype = True
        self.refers_outside |= bool(system_id)

    def _entity(self, _name: str, _is_parameter: bool, _value: str | None, *outside: str | None) -> None:  # noqa: FBT001
        _base, system_id, _public_id, _notation = outside
        self.entities += 1
        self.refers_outside |= bool(system_id)
        if self.entities > self.bounds.declared_entities:
            raise too_large(f"declares more than {self.bounds.declared_entities} entities")

    def _start(self, name: str, attributes: list[str]) -> None:
        pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
        for key, value in pairs:
            if key == "xmlns" or key.startswith("xmlns:"):
                self.namespaces.add(value)
        if not self._level:
            prefix, _, local = name.rpartition(":")
            own = f"xmlns:{prefix}" if prefix else "xmlns"
            self.root = local[: self.bounds.name_characters]
            self.root_namespace = dict(pairs).get(own, "")[: self.bounds.name_characters] or None
        elif self._level == 1:
            self.children.add(name)
        self._flush()
        self._line(f"<{name}{''.join(_attribute(*pair) for pair in pairs)}>")
        self._level += 1
        self._is_open = True
        self.depth = max(self.depth, self._level)
        self.elements += 1
        self.attributes += len(pairs)
        if self.depth > self.bounds.levels:
            raise too_large(f"is nested more than {self.bounds.levels} levels deep")

    def _end(self, name: str) -> None:
        self._level -= 1
        if self._is_open:
            # An element with nothing but text stays on one line.
            text = self._taken()
            self._write(f"{text}</{name}>")
        else:
            self._flush(extra=1)
            self._line(f"</{name}>")
        self._is_open = False

    def _characters(self, text: str) -> None:
        self._hold(text.translate(_IN_TEXT))

    def _rest(self, text: str) -> None:
        # References to entities come here; comments, declarations and instructions do, too, and are left out.
        if text.startswith("&") and self._level:
            self._hold(text)

    def _hold(self, text: str) -> None:
        # Of a text that fills the preview, the rest would only take memory.
        if not self.preview.is_cut and self._held <= self.bounds.preview_bytes:
            self._text.append(text)
            self._held += len(text)

    def _flush(self, extra: int = 0) -> None:
        text = self._taken()
        if text:
            self._line(text, extra)
        self._is_open = False

    def _taken(self) -> str:
        text = "".join(self._text).strip()
        self._text.clear()
        self._held = 0
        return text

    def _line(self, text: str, extra: int = 0) -> None:
        self._write(("\n" if self.elements else "") + _INDENT * (self._level + extra) + text)

    def _write(self, text: str) -> None:
        if not self.preview.is_cut:
            self.preview.write(text)


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value.translate(_IN_ATTRIBUTES)}"'
