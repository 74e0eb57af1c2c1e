"""Tells apart what is packed as zip, without unpacking more than two small entries.

The central directory is read only as far as a fixed number of bytes and entries; a zip without one (truncated, or still
being streamed) is followed along its local headers instead.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from filemill.identify.peek import Peek

_MAX_ENTRIES = 4096
_MAX_LOCAL_ENTRIES = 256
_MAX_DIRECTORY_BYTES = 1024 * 1024
_MAX_ENTRY_BYTES = 512 * 1024
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_STORED, _DEFLATED = 0, 8

#: Media types that a package may claim for itself in its first entry `mimetype`.
_CLAIMABLE = re.compile(
    r"application/(epub\+zip|vnd\.oasis\.opendocument\.[a-z-]+|vnd\.sun\.xml\.[a-z.]+|x-krita)|image/openraster"
)

#: Main parts of Office Open XML packages, by what follows `application/vnd.` in [Content_Types].xml.
_OFFICE = "openxmlformats-officedocument"
_OOXML = {
    f"{_OFFICE}.wordprocessingml.document.main+xml": f"{_OFFICE}.wordprocessingml.document",
    f"{_OFFICE}.wordprocessingml.template.main+xml": f"{_OFFICE}.wordprocessingml.template",
    f"{_OFFICE}.spreadsheetml.sheet.main+xml": f"{_OFFICE}.spreadsheetml.sheet",
    f"{_OFFICE}.spreadsheetml.template.main+xml": f"{_OFFICE}.spreadsheetml.template",
    f"{_OFFICE}.presentationml.presentation.main+xml": f"{_OFFICE}.presentationml.presentation",
    f"{_OFFICE}.presentationml.slideshow.main+xml": f"{_OFFICE}.presentationml.slideshow",
    f"{_OFFICE}.presentationml.template.main+xml": f"{_OFFICE}.presentationml.template",
    "ms-word.document.macroenabled.main+xml": "ms-word.document.macroenabled.12",
    "ms-word.template.macroenabledtemplate.main+xml": "ms-word.template.macroenabled.12",
    "ms-excel.sheet.macroenabled.main+xml": "ms-excel.sheet.macroenabled.12",
    "ms-excel.template.macroenabled.main+xml": "ms-excel.template.macroenabled.12",
    "ms-excel.addin.macroenabled.main+xml": "ms-excel.addin.macroenabled.12",
    "ms-excel.sheet.binary.macroenabled.main": "ms-excel.sheet.binary.macroenabled.12",
    "ms-powerpoint.presentation.macroenabled.main+xml": "ms-powerpoint.presentation.macroenabled.12",
    "ms-powerpoint.slideshow.macroenabled.main+xml": "ms-powerpoint.slideshow.macroenabled.12",
    "ms-powerpoint.template.macroenabled.main+xml": "ms-powerpoint.template.macroenabled.12",
    "ms-powerpoint.addin.macroenabled.main+xml": "ms-powerpoint.addin.macroenabled.12",
    "ms-visio.drawing.main+xml": "ms-visio.drawing",
    "ms-visio.drawing.macroenabled.main+xml": "ms-visio.drawing.macroenabled.12",
    "ms-package.xps-fixeddocumentsequence+xml": "ms-xpsdocument",
}
_CONTENT_TYPE = re.compile(r"application/vnd\.([a-z0-9.+-]+)")
_THREE_D_MODEL = "ms-package.3dmanufacturing-3dmodel+xml"

#: Entries that only one type of package has, the more special first.
_TELLING_ENTRIES = (
    ("AndroidManifest.xml", "application/vnd.android.package-archive"),
    ("META-INF/mozilla.rsa", "application/x-xpinstall"),
    ("META-INF/MANIFEST.MF", "application/java-archive"),
    ("doc.kml", "application/vnd.google-earth.kmz"),
)


@dataclass(frozen=True)
class _Entry:
    name: str
    method: int
    packed_size: int
    header_at: int


def identify(peek: Peek) -> str | None:
    """Return the media type of a zip file: that of what is packed in it, or `application/zip`."""
    if not peek.head.startswith((_LOCAL, _END)):
        return None
    entries = {entry.name: entry for entry in _entries(peek)}
    if claimed := _claimed(peek, entries):
        return claimed
    if types := entries.get("[Content_Types].xml"):
        return _ooxml(_unpack(peek, types)) or "application/zip"
    return next((media_type for name, media_type in _TELLING_ENTRIES if name in entries), "application/zip")


def _claimed(peek: Peek, entries: dict[str, _Entry]) -> str | None:
    if entry := entries.get("mimetype"):
        claim = _unpack(peek, entry)[:128].decode("ascii", "replace").strip()
        return claim if _CLAIMABLE.fullmatch(claim) else None
    if (manifest := entries.get("META-INF/manifest.xml")) is not None:
        found = _CLAIMABLE.search(_text(_unpack(peek, manifest)))
        return found.group() if found else None
    return None


def _ooxml(content_types: bytes) -> str | None:
    """Find the main part by plain search: the list is foreign XML, and no parser has to see it for that."""
    for found in _CONTENT_TYPE.finditer(_text(content_types).lower()):
        if found.group(1) == _THREE_D_MODEL:
            return "model/3mf"
        if name := _OOXML.get(found.group(1)):
            return f"application/vnd.{name}"
    return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")


def _entries(peek: Peek) -> Iterator[_Entry]:
    directory = _directory(peek)
    yield from _central(directory) if directory.startswith(_CENTRAL) else _local(peek)


def _directory(peek: Peek) -> bytes:
    """Return the central directory, cut off where it grows beyond all use; nothing where there is none."""
    tail = peek.tail(22) if peek.tail(22).startswith(_END) else peek.tail(22 + 0xFFFF)
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + 22:
        return b""
    length, offset = _long(tail, end + 12), _long(tail, end + 16)
    # Bytes before the zip (a self-extractor's program) shift every offset by the same amount.
    shift = peek.size - len(tail) + end - length - offset
    return peek.at(offset + max(shift, 0), min(length, _MAX_DIRECTORY_BYTES))


def _central(directory: bytes) -> Iterator[_Entry]:
    at = 0
    for _ in range(_MAX_ENTRIES):
        header = directory[at : at + 46]
        if len(header) < 46 or not header.startswith(_CENTRAL):
            return
        name_length = _short(header, 28)
        name = directory[at + 46 : at + 46 + name_length].decode("utf-8", "replace")
        yield _Entry(name, _short(header, 10), _long(header, 20), _long(header, 42))
        at += 46 + name_length + _short(header, 30) + _short(header, 32)


def _local(peek: Peek) -> Iterator[_Entry]:
    at = 0
    for _ in range(_MAX_LOCAL_ENTRIES):
        header = peek.at(at, 30)
        if len(header) < 30 or not header.startswith(_LOCAL):
            return
        name = peek.at(at + 30, _short(header, 26)).decode("utf-8", "replace")
        packed_size = _long(header, 18)
        yield _Entry(name, _short(header, 8), packed_size or _MAX_ENTRY_BYTES, at)
        # A streamed entry tells its size only after its bytes, so there is no way past it.
        if _short(header, 6) & 8 and not packed_size:
            return
        at += 30 + _short(header, 26) + _short(header, 28) + packed_size


def _unpack(peek: Peek, entry: _Entry) -> bytes:
    header = peek.at(entry.header_at, 30)
    if not header.startswith(_LOCAL) or len(header) < 30:
        return b""
    start = entry.header_at + 30 + _short(header, 26) + _short(header, 28)
    packed = peek.at(start, min(entry.packed_size, _MAX_ENTRY_BYTES))
    if entry.method == _STORED:
        return packed
    if entry.method != _DEFLATED:
        return b""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _MAX_ENTRY_BYTES)
    except zlib.error:
        return b""


def _short(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")


def _long(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
