"""Reads JSON: whether it is sound, what it is made of, and how it looks with one thing a line."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filemill.processors.data.bounds import Bounds
from filemill.processors.data.findings import Broken, Preview, decoded, head_of, too_large, unicode_of
from filemill.processors.data.json_tokens import Tokens

_KINDS = {'"': "strings", "t": "booleans", "f": "booleans", "n": "nulls"}  # by the first character; else it is a number
_ROOTS = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_INDENT = "  "
_ANOTHER = "The document is over before this; what follows is another one, as in a file of JSON lines."
_EXPECTED = {
    "value": "A value is expected here.",
    "first value": "A value or `]` is expected here.",
    "key": "A key in double quotes is expected here.",
    "first key": "A key in double quotes or `}` is expected here.",
    "next": "A comma or the end of the list or object is expected here.",
    "over": "The document is over before this.",
}


def read(path: Path, preview: Preview, bounds: Bounds) -> dict[str, Any]:
    """Return the facts of a JSON document."""
    codec, mark = unicode_of(head_of(path))
    reading = _Reading(preview, bounds)
    tokens = Tokens(decoded(path, codec, mark), bounds.number_characters)
    broken = None
    try:
        _take_all(tokens, reading)
    except Broken as found:
        broken = found
    ends = {"well_formed": True} if broken is None else {"well_formed": False, "broken_at": broken.facts()}
    return {"format": "json", **ends, "encoding": codec, **reading.facts()}


def _take_all(tokens: Tokens, reading: "_Reading") -> None:
    take, take_comma = reading.take, reading.take_comma
    for text, colon, comma in tokens:
        if not take(text, colon):
            another = reading.state == "over" and text in ("{", "[") and tokens.begins_line()
            raise tokens.broken(_ANOTHER if another else _EXPECTED[reading.state], 1)
        if reading.lacks_colon:
            raise tokens.broken("A colon is expected here.", 1, after=True)
        if colon and not reading.has_key:
            raise tokens.broken(_EXPECTED[reading.state], 2)
        if comma and not take_comma():
            raise tokens.broken(_EXPECTED[reading.state], 3)
    if reading.state != "over":
        raise tokens.broken("The document ends too early." if reading.root else "There is no value.")


def _unescaped(text: str) -> str:
    try:
        return _LONE_SURROGATES.sub("\ufffd", json.loads(text)).replace("\x00", "\ufffd")
    except ValueError:  # one so long that it was cut within an escape
        return text


@dataclass
class _Reading:
    """The grammar: what may come next, and what has come."""

    preview: Preview
    bounds: Bounds
    state: str = "value"
    root: str = ""
    depth: int = 0
    items: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("objects", "arrays", "strings", "numbers", "booleans", "nulls"), 0)
    )

    def __post_init__(self) -> None:
        #: In the order in which they came.
        self._keys: dict[str, None] = {}
        self.has_key = self.lacks_colon = False
        self._open: list[str] = []
        self._preview_is_cut = False

    def take(self, text: str, colon: str | None) -> bool:
        """Take a token, a key with its colon; False where the grammar does not allow it."""
        first = text[0]
        self.has_key = False
        if self.state in ("key", "first key") and first == '"':
            self.has_key, self.lacks_colon = True, colon is None
            self._key(text)
            return True
        if first in "}]":
            return self._close(text)
        if self.state not in ("value", "first value") or first in ",:":
            return False
        if not self._preview_is_cut:
            self._write_value(text)
        self.root = self.root or _ROOTS.get(first, "number")
        self.items += len(self._open) == 1 and self._open[0] == "["
        if first in "{[":
            self._enter(text)
        else:
            self.counts[_KINDS.get(first, "numbers")] += 1
            self.state = "next" if self._open else "over"
        return True

    def take_comma(self) -> bool:
        """Take a comma; False where the grammar does not allow it."""
        if self.state != "next":
            return False
        self.state = "key" if self._open[-1] == "{" else "value"
        if not self._preview_is_cut:
            self._write("," + self._new_line())
        return True

    def facts(self) -> dict[str, Any]:
        """Return what the document is made of."""
        if not self.root:
            return {}
        keys = {"keys": [_unescaped(key)[: self.bounds.name_characters] for key in self._keys]} if self._keys else {}
        items = {"items": self.items} if self.root in ("object", "array") else {}
        return {"root": self.root, "depth_levels": self.depth, **items, **keys, **self.counts}

    def _key(self, text: str) -> None:
        # Of a list of objects, these are the columns.
        levels = len(self._open)
        at_top = levels == 1 or (levels == 2 and self._open[0] == "[")
        if at_top and len(self._keys) < self.bounds.names:
            self._keys[text] = None
        self.items += levels == 1
        if not self._preview_is_cut:
            self._write((self._new_line() if self.state == "first key" else "") + text + ": ")
        self.state = "value"

    def _enter(self, text: str) -> None:
        self._open.append(text)
        self.depth = max(self.depth, len(self._open))
        if self.depth > self.bounds.levels:
            raise too_large(f"is nested more than {self.bounds.levels} levels deep")
        self.counts["objects" if text == "{" else "arrays"] += 1
        self.state = "first key" if text == "{" else "first value"

    def _close(self, text: str) -> bool:
        empty = self.state == ("first key" if text == "}" else "first value")
        if not empty and not (self.state == "next" and self._open[-1] == ("{" if text == "}" else "[")):
            return False
        self._open.pop()
        if not self._preview_is_cut:
            self._write(text if empty else self._new_line() + text)
        self.state = "next" if self._open else "over"
        return True

    def _write_value(self, text: str) -> None:
        self._write(self._new_line() + text if self.state == "first value" else text)

    def _new_line(self) -> str:
        return "\n" + _INDENT * len(self._open)

    def _write(self, text: str) -> None:
        self.preview.write(text)
        self._preview_is_cut = self.preview.is_cut
