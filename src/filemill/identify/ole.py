"""Tells apart OLE compound files (older Office, Outlook, encrypted Office) by the names in their directories."""

from collections.abc import Iterator

from filemill.identify.peek import Peek

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_CHAIN = 0xFFFFFFF0
_MAX_DIRECTORY_SECTORS = 256
_ENTRY_BYTES = 128
_FAT_POINTERS_IN_HEADER = 109

#: Streams that only one application writes; an encrypted package says nothing about what is in it.
_TELLING_STREAMS = (
    ("EncryptedPackage", "application/x-ooxml-encrypted"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("PP40", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
    ("Quill", "application/x-mspublisher"),
    ("MatOST", "application/vnd.ms-works"),
    ("HwpSummaryInformation", "application/x-hwp"),
)


def identify(peek: Peek) -> str | None:
    """Return the media type of an OLE compound file, or None where its directory tells nothing."""
    if not peek.head.startswith(_MAGIC):
        return None
    names = {name.casefold() for name in _stream_names(peek)}
    return next((media_type for name, media_type in _TELLING_STREAMS if name.casefold() in names), None)


def _stream_names(peek: Peek) -> Iterator[str]:
    for sector in _directory(peek):
        for at in range(0, len(sector), _ENTRY_BYTES):
            length = int.from_bytes(sector[at + 64 : at + 66], "little")
            # The first character of some names is a control that marks them as Office's own.
            yield sector[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lstrip("\x05\x06")


def _directory(peek: Peek) -> Iterator[bytes]:
    """Follow the directory's chain of sectors, but no longer than any honest file has it."""
    shift = int.from_bytes(peek.head[30:32], "little")
    if shift not in (9, 12):
        return
    size = 1 << shift
    sector = _long(peek.head, 48)
    for _ in range(_MAX_DIRECTORY_SECTORS):
        if sector >= _END_OF_CHAIN:
            return
        yield peek.at((sector + 1) * size, size)
        sector = _next(peek, sector, size)


def _next(peek: Peek, sector: int, size: int) -> int:
    per_sector = size // 4
    if sector // per_sector >= _FAT_POINTERS_IN_HEADER:
        return _END_OF_CHAIN
    fat_sector = _long(peek.head, 76 + 4 * (sector // per_sector))
    pointer = peek.at((fat_sector + 1) * size + 4 * (sector % per_sector), 4)
    return int.from_bytes(pointer, "little") if len(pointer) == 4 else _END_OF_CHAIN


def _long(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
