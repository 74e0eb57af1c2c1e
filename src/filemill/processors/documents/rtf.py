"""Reads Rich Text Format as a stream of words and groups; pictures and objects are passed over, not decoded."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO, Any

from filemill.processors.documents import faults, values
from filemill.processors.documents.found import Found
from filemill.processors.documents.prose import Prose

_CHUNK_BYTES = 256 * 1024
_MAX_GROUPS = 2_000
_MAX_HELD_CHARACTERS = 1024 * 1024
_MAX_FONTS = 10_000
#: A control word with its number, a byte in hexadecimal, a control sign, a brace, or plain bytes.
_TOKEN = re.compile(rb"\\(?:([A-Za-z]{1,32})(-?\d{1,10})? ?|'([0-9A-Fa-f]{2})|([^A-Za-z']))|([{}])|([^\\{}]+)|\\")
_LONGEST_TOKEN = 64

_SIGNS = {
    "tab": "\t",
    "line": "\n",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
    "endash": "\u2013",
    "emdash": "\u2014",
    "enspace": " ",
    "emspace": " ",
    "nestcell": "\t",
    "cell": "\t",
}
_ESCAPED = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\f", b"\r": "\f"}
_ENDS = frozenset({"par", "sect", "page", "row", "nestrow"})
_PASSED_NAMES = (
    "colortbl datastore filetbl fldinst generator listoverridetable listtable listtext nonshppict objclass objdata "
    "pict pntext revtbl rsidtbl stylesheet tc themedata xe"
)
_PASSED = frozenset(_PASSED_NAMES.split())
#: Which groups are read though programs that do not know their first word may leave them out.
_KNOWN = ("shptxt", "shpinst", "footnote", "annotation")
_IN_UNICODE = ("ud", "info")
_SAID = {
    "title": "title",
    "subject": "subject",
    "author": "author",
    "operator": "last_modified_by",
    "keywords": "keywords",
}
_CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}


@dataclass(frozen=True)
class _Group:
    """What holds until the group ends: where its text goes, its code page, how many signs stand in for a character."""

    goes_to: str = "text"
    codec: str = ""
    signs: int = 1
    font: int = 0
    is_look: bool = False  #: what Outlook adds to a page that it keeps as RTF


@dataclass
class _Times:
    created_at: dict[str, int] = field(default_factory=dict)
    modified_at: dict[str, int] = field(default_factory=dict)


class _Rtf:
    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._group = _Group()
        self._outer: list[_Group] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._pieces: list[str] = []
        self._bytes = bytearray()
        self._held = 0
        self._left_out = 0
        self._starred = self._fresh = self._informed = False
        self.closed = False
        self.said: dict[str, str] = {}
        self.times = _Times()
        self.pages: int | None = None
        self.has_objects = False

    def word(self, name: str, number: int | None) -> None:
        """Obey a control word."""
        self._decode()
        starred, self._starred, self._fresh = self._starred, False, False
        if name in _PASSED or name == "fonttbl" or name in _SAID or name in ("creatim", "revtim"):
            self._enter("fonttbl" if name == "fonttbl" else name if name not in _PASSED else "nowhere")
            self.has_objects |= name == "objdata"
        elif starred and name not in _KNOWN and (name, self._group.goes_to) != _IN_UNICODE:
            self._enter("nowhere")
        elif name == "info":
            # Some programs write what they say of the document twice.
            self._enter("nowhere" if self._informed else "info")
            self._informed = True
        elif name == "htmlrtf":
            self._group = replace(self._group, is_look=number != 0)
        elif name == "u" and number is not None:
            self._add(chr(number % 0x10000))
            self._left_out = self._group.signs
        elif name == "uc" and number is not None:
            self._group = replace(self._group, signs=min(max(number, 0), 16))
        elif name in _SIGNS:
            self._add(_SIGNS[name])
        else:
            self._state(name, number)

    def sign(self, sign: bytes) -> None:
        """Obey a control sign."""
        if sign == b"*":
            # Only at the start of a group does it say that who does not know the next word may leave the group out.
            self._starred = self._fresh
            return
        self._decode()
        if shown := _ESCAPED.get(sign):
            self._add(shown) if shown != "\f" else self._end_paragraph()

    def open(self) -> None:
        """Begin a group."""
        self._decode()
        self._fresh = True
        self._left_out = 0
        self._outer.append(self._group)
        if len(self._outer) > _MAX_GROUPS:
            raise faults.too_large(f"is nested more than {_MAX_GROUPS} groups deep")

    def close(self) -> None:
        """End a group."""
        self._decode()
        self._left_out = 0
        if self._outer:
            self._group = self._outer.pop()
            self.closed = not self._outer

    def raw(self, raw: bytes) -> None:
        """Take bytes of text, but for those that stand in for a character of Unicode."""
        self._fresh = False
        if self._left_out:
            gone = min(self._left_out, len(raw))
            self._left_out -= gone
            raw = raw[gone:]
        if self._group.goes_to != "nowhere":
            self._bytes += raw
            if len(self._bytes) > _MAX_HELD_CHARACTERS:
                self._decode()

    def finish(self) -> None:
        """End the last paragraph."""
        self._decode()
        self._end_paragraph()

    def _state(self, name: str, number: int | None) -> None:
        to = self._group.goes_to
        if name in _ENDS:
            self._end_paragraph()
        elif name == "ansicpg" and number:
            self._codec = _known(f"cp{number}")
        elif name == "f" and number is not None:
            codec = "" if to == "fonttbl" else self._fonts.get(number, "")
            self._group = replace(self._group, font=number, codec=codec)
        elif name == "fcharset" and to == "fonttbl" and number in _CHARSETS and len(self._fonts) < _MAX_FONTS:
            self._fonts[self._group.font] = _CHARSETS[number]
        elif number is not None:
            self._note(name, number, to)

    def _note(self, name: str, number: int, to: str) -> None:
        if name == "nofpages" and to == "info":
            self.pages = number if number > 0 else None
        elif to in ("creatim", "revtim"):
            when = self.times.created_at if to == "creatim" else self.times.modified_at
            when[name] = number

    def _enter(self, where: str) -> None:
        if self._group.goes_to != "nowhere":
            self._group = replace(self._group, goes_to=where)
        if self._group.goes_to in _SAID:
            # What is said once more is said in Unicode.
            self.said[_SAID[self._group.goes_to]] = ""

    def _decode(self) -> None:
        if self._bytes:
            raw, self._bytes = bytes(self._bytes), bytearray()
            self._add(raw.decode(self._group.codec or self._codec, "replace"))

    def _add(self, text: str) -> None:
        to = self._group.goes_to
        if to == "text" and not self._group.is_look:
            self._pieces.append(text)
            self._held += len(text)
            if self._held > _MAX_HELD_CHARACTERS:
                self._end_paragraph()
        elif to in _SAID and len(said := self.said.get(_SAID[to], "")) < 4000:
            self.said[_SAID[to]] = said + text

    def _end_paragraph(self) -> None:
        if self._group.goes_to != "text":
            return
        # Characters beyond the first plane come as two halves.
        text = "".join(self._pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self._prose.paragraph(text.rstrip("\t"))
        self._pieces, self._held = [], 0


def read(file: IO[bytes], prose: Prose) -> Found:
    """Write the text of an open document; return what else was found."""
    reader = _Rtf(prose)
    last = b""
    for name, number, hexadecimal, sign, brace, raw in _tokens(file):
        last = brace if brace or not raw.isspace() else last
        if raw or hexadecimal:
            reader.raw(raw.translate(None, b"\r\n") or bytes.fromhex(hexadecimal.decode()))
        elif name:
            reader.word(name.decode(), int(number) if number else None)
        elif brace:
            reader.open() if brace == b"{" else reader.close()
        elif sign:
            reader.sign(sign)
    reader.finish()
    # Not all programs close every group that they open, but all end by closing one.
    ends_early = not reader.closed and last != b"}"
    if ends_early and prose.is_empty:
        raise faults.truncated()
    return Found({**_facts(reader), **({"ends_early": True} if ends_early else {})})


def _tokens(file: IO[bytes]) -> Iterator[tuple[bytes, ...]]:
    rest, chunk = b"", b"..."
    while chunk:
        chunk = file.read(_CHUNK_BYTES)
        rest += chunk
        # A token may go on in the next piece.
        at, enough = 0, len(rest) - _LONGEST_TOKEN if chunk else len(rest)
        while at < enough and (found := _TOKEN.match(rest, at)):
            at = found.end()
            if found[1] == b"bin" and found[2]:
                at = _past(file, at, len(rest), int(found[2]))
            yield found.groups(b"")
        rest = rest[at:]


def _past(file: IO[bytes], at: int, held: int, length: int) -> int:
    """Step over bytes that are no text."""
    beyond = at + max(length, 0) - held
    if beyond > 0:
        file.seek(beyond, 1)
    return at + max(length, 0)


def _known(codec: str) -> str:
    try:
        return codecs.lookup(codec).name
    except LookupError:
        return "cp1252"


def _facts(reader: _Rtf) -> dict[str, Any]:
    said = {name: values.neat(text) for name, text in reader.said.items()}
    times = {name: _moment(parts) for name, parts in vars(reader.times).items()}
    return values.stated(**said, **times, pages=reader.pages, has_embedded_objects=reader.has_objects)


def _moment(parts: dict[str, int]) -> str | None:
    try:
        found = datetime(parts["yr"], parts["mo"], parts["dy"], parts.get("hr", 0), parts.get("min", 0))  # noqa: DTZ001 -- RTF says no zone
    except (KeyError, ValueError, OverflowError):
        return None
    return values.of_datetime(found)
