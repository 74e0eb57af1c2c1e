"""Reads the text of Word's binary documents: of Word 97 and later by its table of pieces, of older ones as one run."""

import re
from collections.abc import Iterator
from pathlib import Path

from filemill.processors.documents import faults
from filemill.processors.documents.compound import Compound
from filemill.processors.documents.found import Found
from filemill.processors.documents.prose import Prose

_MAGIC_OLE = b"\xd0\xcf\x11\xe0"
_WORD_2 = 0xA5DB
_BEGINNINGS = (0xA5EC, 0xA5DC, _WORD_2)  # of Word 97 and 95, of Word 6, of Word 2
_WORD_97 = 0xC1
_COMPLEX, _ENCRYPTED, _TABLE_1 = 0x0004, 0x0100, 0x0200
_MAX_PIECES = 500_000
_MAX_OLD_BYTES = 64 * 1024 * 1024
_FIRST_OF_COUNTS, _COUNTS = 0x4C, 8
_PIECE_TABLE_AT = 0x01A2
_PROPERTIES, _PIECES = 1, 2
_PACKED = 0x40000000
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
_MAX_FIELDS_WITHIN_FIELDS = 20
_SIGNS = str.maketrans(
    {"\x0b": "\n", "\x1e": "-", "\xa0": " ", "\x07": "\t", **dict.fromkeys("\x01\x02\x05\x08\x1f", "")}
)
_ENDS = re.compile("\r|\x0c|\x07\x07")


def read(path: Path, prose: Prose) -> Found:
    """Write the text of a document; return what else was found."""
    with path.open("rb") as file:
        head = file.read(32)
    if not head.startswith(_MAGIC_OLE):
        return _old(path, head, prose)
    with Compound(path) as compound:
        if "WordDocument" not in compound:
            raise faults.corrupt("It lacks its main part")
        main = compound.read("WordDocument")
        _write(_text(compound, main), prose)
        macros = any(part.lower() in ("macros", "vba") for name in compound.names for part in name.split("/"))
        return Found({**compound.summary(), "has_macros": macros})


def _old(path: Path, head: bytes, prose: Prose) -> Found:
    """Read what Word wrote before there were compound files."""
    if _short(head, 0) != _WORD_2:
        raise faults.unsupported("Filemill cannot read documents of this old version of Word. Save it as .docx.")
    with path.open("rb") as file:
        main = file.read(_MAX_OLD_BYTES)
    _write(_run(main), prose)
    return Found({"has_macros": False})


def _text(compound: Compound, main: bytes) -> str:
    flags = _short(main, 10)
    if len(main) < 32 or _short(main, 0) not in _BEGINNINGS:
        raise faults.corrupt("Its beginning is not that of a Word document")
    if flags & _ENCRYPTED:
        raise faults.encrypted()
    if _short(main, 2) < _WORD_97:
        return _run(main)
    table = compound.read("1Table" if flags & _TABLE_1 else "0Table")
    at, length = _long(main, _PIECE_TABLE_AT), _long(main, _PIECE_TABLE_AT + 4)
    return "".join(_pieces(main, table[at : at + length]))


def _run(main: bytes) -> str:
    """Return the text of a document that was saved in one go, as old versions did unless told to save quickly."""
    flags, begin, end = _short(main, 10), _long(main, 24), _long(main, 28)
    if flags & _ENCRYPTED:
        raise faults.encrypted()
    if flags & _COMPLEX:
        raise faults.unsupported("The document was saved quickly by an old version of Word. Save it as .docx.")
    if not 0 < begin <= end <= len(main):
        raise faults.truncated()
    return main[begin:end].decode("cp1252", "replace")


def _pieces(main: bytes, table: bytes) -> Iterator[str]:
    """Follow the table of pieces: characters in their order, and for each piece where its bytes lie, and how wide."""
    at = 0
    while table[at : at + 1] == bytes([_PROPERTIES]):
        at += 3 + _short(table, at + 1)
    if table[at : at + 1] != bytes([_PIECES]):
        raise faults.corrupt("Its table of pieces is broken")
    length = _long(table, at + 1)
    plan = table[at + 5 : at + 5 + length]
    count = (len(plan) - 4) // 12
    if count < 0 or len(plan) < length or count > _MAX_PIECES:
        raise faults.corrupt("Its table of pieces is broken")
    left = len(main)
    for number in range(count):
        characters = _long(plan, 4 * number + 4) - _long(plan, 4 * number)
        place = _long(plan, 4 * (count + 1) + 8 * number + 2)
        # Honest pieces share no bytes, so all of them together are no longer than the stream.
        if not 0 <= characters <= left:
            raise faults.corrupt("Its table of pieces is broken")
        left -= characters
        if place & _PACKED:
            start = (place & ~_PACKED) // 2
            yield main[start : start + characters].decode("cp1252", "replace")
        else:
            yield main[place : place + 2 * characters].decode("utf-16-le", "replace")


def _write(text: str, prose: Prose) -> None:
    for _ in range(_MAX_FIELDS_WITHIN_FIELDS):
        text, changed = _FIELD.subn(lambda found: found.group(1) or "", text)
        if not changed:
            break
    for paragraph in _ENDS.split(text):
        prose.paragraph(paragraph.translate(_SIGNS))


def _short(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")


def _long(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
