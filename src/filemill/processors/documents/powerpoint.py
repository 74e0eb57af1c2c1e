"""Reads the text of PowerPoint's binary presentations, slide by slide, from its tree of records."""

from collections.abc import Iterator
from pathlib import Path

from filemill.processors.documents import faults
from filemill.processors.documents.bounds import Bounds
from filemill.processors.documents.compound import Compound
from filemill.processors.documents.found import Found
from filemill.processors.documents.prose import Prose

_STREAM, _USER = "PowerPoint Document", "Current User"
_FOR_97, _OF_95 = "PP97_DUALSTORAGE/", "PersistentStorage Directory"
_ENCRYPTED_TOKEN = bytes.fromhex("dfc4d1f3")
_CONTAINER = 0x0F
_MAX_RECORDS = 1_000_000
_MAX_EDITS = 1_000
_MAX_DEPTH = 64
_DOCUMENT, _SLIDE, _NOTES, _USER_EDIT, _PERSIST = 1000, 1006, 1008, 0x0FF5, 0x1772
_LIST, _SLIDE_HERE, _HEADER, _WIDE, _NARROW = 0x0FF0, 1011, 0x0F9F, 0x0FA0, 0x0FA8
_VBA = 0x03FF
_TITLES = (0, 6)
_SLIDES, _NOTES_LIST = 0, 2


class _Records:
    """The records of a stream; each is eight bytes of header and a body that may hold more records."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._seen = 0

    def within(self, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield version and instance, type, begin and end of the body, of each record between two places."""
        while begin + 8 <= end:
            self._seen += 1
            if self._seen > _MAX_RECORDS:
                raise faults.too_large(f"has more than {_MAX_RECORDS} records")
            length = _long(self.raw, begin + 4)
            stop = min(begin + 8 + length, end)
            yield _short(self.raw, begin), _short(self.raw, begin + 2), begin + 8, stop
            begin = stop

    def tree(self, begin: int, end: int, depth: int = 0) -> Iterator[tuple[int, int, int, int]]:
        """Yield these records and all that are inside of them, in their order."""
        for record in self.within(begin, end):
            yield record
            if record[0] & 0x0F == _CONTAINER and depth < _MAX_DEPTH:
                yield from self.tree(record[2], record[3], depth + 1)


def read(path: Path, prose: Prose, bounds: Bounds) -> Found:
    """Write the text of a presentation; return what else was found."""
    with Compound(path) as compound:
        # What is saved for PowerPoint 95 as well holds another presentation for all later ones.
        home = _FOR_97 if f"{_FOR_97}{_STREAM}" in compound else ""
        if f"{home}{_STREAM}" not in compound or (not home and _OF_95 in compound):
            raise faults.unsupported(
                "Filemill cannot read presentations of this old version of PowerPoint. Save it as .pptx."
            )
        user = compound.read(f"{home}{_USER}", 65536) if f"{home}{_USER}" in compound else b""
        if user[12:16] == _ENCRYPTED_TOKEN or "EncryptedSummary" in compound:
            raise faults.encrypted()
        records = _Records(compound.read(f"{home}{_STREAM}"))
        places = _places(records, _long(user, 16))
        facts = _slides(records, places, prose)
        if facts["slides"] > bounds.slides:
            raise faults.too_large(f"has more than {bounds.slides} slides")
        return Found({**facts, **compound.summary()})


def _places(records: _Records, edit: int) -> dict[int, int]:
    """Return where each numbered part lies by the newest edit that moved it; each edit points to the one before."""
    found: dict[int, int] = {}
    seen = 0
    for _ in range(_MAX_EDITS):
        if _short(records.raw, edit + 2) != _USER_EDIT:
            break
        directory = _long(records.raw, edit + 8 + 12)
        if _short(records.raw, directory + 2) == _PERSIST:
            at, end = directory + 8, min(directory + 8 + _long(records.raw, directory + 4), len(records.raw))
            while at + 4 <= end:
                word = _long(records.raw, at)
                first, count = word & 0xFFFFF, min(word >> 20, (end - at) // 4)
                seen += count
                if seen > _MAX_RECORDS:
                    raise faults.too_large(f"has more than {_MAX_RECORDS} records")
                for number in range(count):
                    found.setdefault(first + number, _long(records.raw, at + 4 + 4 * number))
                at += 4 + 4 * count
        before = _long(records.raw, edit + 8 + 8)
        # Each edit was appended, so one that points forward, or to itself, is a trap.
        if not 0 < before < edit:
            break
        edit = before
    return found


def _slides(records: _Records, places: dict[int, int], prose: Prose) -> dict[str, int]:
    """Write the slides in their order: the document's outline of each, then the boxes that stand on it alone."""
    whole = len(records.raw)
    documents = [record for record in records.within(0, whole) if record[1] == _DOCUMENT]
    if not documents:
        raise faults.corrupt("It lacks its list of slides")
    newest = next((record for record in reversed(documents) if record[2] - 8 in places.values()), documents[-1])
    slides = 0
    has_macros = False
    for version, kind, begin, end in records.tree(newest[2], newest[3]):
        has_macros |= kind == _VBA
        if kind == _LIST and version >> 4 == _SLIDES:
            slides += _listed(records, places, begin, end, prose)
    return {"slides": slides, "has_macros": has_macros}


def _listed(records: _Records, places: dict[int, int], begin: int, end: int, prose: Prose) -> int:
    slides, level, at = 0, None, None
    for _version, kind, start, stop in records.within(begin, end):
        if kind == _SLIDE_HERE:
            _boxes(records, at, prose)
            # Each slide is there once; a list that names one again would have it read again and again.
            slides, at = slides + 1, places.pop(_long(records.raw, start), None)
        level = _text(records, (kind, start, stop), level, prose)
    _boxes(records, at, prose)
    return slides


def _boxes(records: _Records, at: int | None, prose: Prose) -> None:
    if at is None or _short(records.raw, at + 2) != _SLIDE:
        return
    level: int | None = None
    for _version, kind, start, stop in records.tree(at + 8, min(at + 8 + _long(records.raw, at + 4), len(records.raw))):
        level = _text(records, (kind, start, stop), level, prose)


def _text(records: _Records, record: tuple[int, int, int], level: int | None, prose: Prose) -> int | None:
    """Write what a record of text holds; return the level of the text that follows one that says its place."""
    kind, start, stop = record
    if kind == _HEADER:
        return 2 if _long(records.raw, start) in _TITLES else None
    if kind in (_WIDE, _NARROW):
        text = records.raw[start:stop].decode("utf-16-le" if kind == _WIDE else "latin-1", "replace")
        for paragraph in text.replace("\x0b", "\n").split("\r"):
            if level:
                prose.heading(level, paragraph)
            else:
                prose.paragraph(paragraph)
    return level


def _short(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")


def _long(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
