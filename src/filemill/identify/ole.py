"""Tells apart OLE compound files (older Office, Outlook, encrypted Office) by the names in their directories."""

from collections.abc import Iterator

from filemill.identify.peek import Peek

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_CHAIN = 0xFFFFFFF0
_MAX_DIRECTORY_SECTORS = 256
_ENTRY_BYTES = 128
_LEFT, _RIGHT, _CHILD, _NONE = 68, 72, 76, 0xFFFFFFFF
_FAT_POINTERS_IN_HEADER = 109
_MAX_LINKS = 1024

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
    """Yield what lies directly in the root: what is embedded has a folder of its own, with names like these."""
    directory = b"".join(_directory(peek))
    entries = [directory[at : at + _ENTRY_BYTES] for at in range(0, len(directory), _ENTRY_BYTES)]
    waiting, seen = [_long(entries[0], _CHILD) if entries else _NONE], set()
    while waiting:
        number = waiting.pop()
        if number in seen or number >= len(entries) or len(entries[number]) < _ENTRY_BYTES:
            continue
        seen.add(number)
        entry = entries[number]
        waiting += [_long(entry, _LEFT), _long(entry, _RIGHT)]
        length = int.from_bytes(entry[64:66], "little")
        # The first character of some names is a control that marks them as Office's own.
        yield entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lstrip("\x05\x06")


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
    return _pointer(peek, _fat_sector(peek, sector // per_sector, size), sector % per_sector, size)


def _fat_sector(peek: Peek, index: int, size: int) -> int:
    """Return where a sector of the allocation table lies: the header knows the first ones, a chain the others."""
    if index < _FAT_POINTERS_IN_HEADER:
        return _long(peek.head, 76 + 4 * index)
    links, place = divmod(index - _FAT_POINTERS_IN_HEADER, size // 4 - 1)
    sector = _long(peek.head, 68)
    for _ in range(min(links, _MAX_LINKS)):
        sector = _pointer(peek, sector, size // 4 - 1, size)
    return _pointer(peek, sector, place, size)


def _pointer(peek: Peek, sector: int, index: int, size: int) -> int:
    raw = peek.at((sector + 1) * size + 4 * index, 4)
    return int.from_bytes(raw, "little") if len(raw) == 4 else _END_OF_CHAIN


def _long(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
