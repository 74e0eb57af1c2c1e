"""What an archive says of each thing in it, as libarchive reads it."""

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libarchive import ffi
from libarchive.read import ArchiveRead, new_archive_read

_BLOCK_BYTES = 64 * 1024
#: What libarchive says of the last entry of these two: `ZIP 2.0 (deflation)`.
_METHOD = re.compile(r"(?:ZIP|CAB) .*\((.+)\)")
_is_encrypted = ffi.ffi("entry_is_encrypted", [ffi.c_archive_entry_p], ffi.c_int)

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_LATIN = re.compile(rb"[A-Za-z]")
#: Bytes that are frames and signs in the Cyrillic code page of DOS, but for the sign of numbers and a few more.
_NOT_IN_CYRILLIC = bytes({*range(0xB0, 0xE0), *range(0xF2, 0xF8), 0xFD, 0xFE})

_METHODS = {"deflation": "deflate", "deflation-64-bit": "deflate64", "none": "stored", "uncompressed": "stored"}
_TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


@dataclass(frozen=True)
class Entry:
    """One thing in an archive."""

    path: str
    type: str
    size_bytes: int | None
    modified: float | None
    link_target: str | None = None
    is_hard: bool = False
    encrypted: bool = False
    method: str | None = None


@contextmanager
def opened(path: Path, formats: tuple[str, ...], filters: tuple[str, ...]) -> Iterator[ArchiveRead]:
    """Open an archive of one of these formats, behind any of these compressions; no other reader sees its bytes."""
    with new_archive_read(formats[0], "none") as pointer:
        for name in formats[1:]:
            ffi.get_read_format_function(name)(pointer)
        for name in filters:
            ffi.get_read_filter_function(name)(pointer)
        ffi.read_open_filename_w(pointer, str(path), _BLOCK_BYTES)
        yield ArchiveRead(pointer)


def entries(archive: ArchiveRead) -> Iterator[Entry]:
    """Yield what is in an open archive."""
    for entry in archive:
        # A hard link has the type of what it links to, or none.
        target = entry.linkpath
        method = _METHOD.match((archive.format_name or b"").decode("ascii", "replace"))
        yield Entry(
            path=_readable(entry.pathname),
            type="link" if target else _TYPES.get(stat.S_IFMT(entry.filetype), "other"),
            size_bytes=entry.size,
            modified=entry.mtime,
            link_target=_readable(target) if target else None,
            is_hard=bool(target) and stat.S_IFMT(entry.filetype) != stat.S_IFLNK,
            encrypted=bool(_is_encrypted(entry._entry_p)),
            method=_METHODS.get(name := method.group(1).lower(), name) if method else None,
        )


def _readable(name: Any) -> str:  # noqa: ANN401 -- text, bytes where they are no UTF-8, or nothing
    """Read names from before Unicode as DOS wrote them: in Cyrillic where whole words would be, else Western."""
    if not isinstance(name, bytes):
        return name or ""
    if name.translate(None, _NOT_IN_CYRILLIC) != name:
        return name.decode("cp437")
    # Western words have but some letters beyond ASCII; a word of a single one says nothing.
    words = [word for word in _WORD.findall(name) if not word.isascii() and len(word) > 1]
    whole = sum(not _LATIN.search(word) for word in words)
    return name.decode("cp866" if whole * 2 > len(words) else "cp437")
