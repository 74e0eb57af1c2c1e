"""Reads an archive from end to end, by the reader that its media type calls for."""

from pathlib import Path, PurePath
from typing import Any

import libarchive
from libarchive.exception import ArchiveError
from libarchive.read import ArchiveRead

from filemill.identify import deep
from filemill.identify.kinds import kind_of
from filemill.processors.archive import failures
from filemill.processors.archive.bounds import Bounds
from filemill.processors.archive.entries import Entry, entries, opened
from filemill.processors.archive.gzips import name_and_time
from filemill.processors.archive.listing import ARCHIVES, Listing
from filemill.processors.archive.unpacking import Unpacking
from filemill.processors.base import Made, Result, Source, Workspace

_BLOCK_BYTES = 64 * 1024
_ZIP = ("zip", ("zip_seekable",), ())
#: By media type: the name of the format, libarchive's readers of it, and what may be compressed within.
_FORMATS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "application/java-archive": _ZIP,
    "application/vnd.android.package-archive": _ZIP,
    "application/vnd.debian.binary-package": ("ar", ("ar",), ()),
    "application/vnd.google-earth.kmz": _ZIP,
    "application/vnd.ms-cab-compressed": ("cab", ("cab",), ()),
    "application/x-7z-compressed": ("7z", ("7zip",), ()),
    "application/x-archive": ("ar", ("ar",), ()),
    "application/x-cpio": ("cpio", ("cpio",), ()),
    "application/x-iso9660-image": ("iso9660", ("iso9660",), ()),
    "application/x-lzh-compressed": ("lha", ("lha",), ()),
    "application/x-rar": ("rar", ("rar", "rar5"), ()),
    "application/x-rpm": ("rpm", ("cpio",), ("rpm", "gzip", "lzma", "xz", "zstd")),
    "application/x-tar": ("tar", ("tar",), ()),
    "application/x-xpinstall": _ZIP,
    "application/zip": _ZIP,
}
#: By media type: how the whole file is compressed. Within may be a tar or a cpio file, or anything else.
_COMPRESSIONS = {
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-compress": "compress",
    "application/x-lz4": "lz4",
    "application/x-lzip": "lzip",
    "application/x-lzma": "lzma",
    "application/x-xz": "xz",
    "application/zstd": "zstd",
}
_ENTRIES_BETWEEN_REPORTS = 256
_UNRECOGNISED = "Unrecognized archive format"
_OTHER_FORMS = {
    "rar": "a RAR of a very old version",
    "rpm": "what the package holds is packed with bzip2 or something else",
}
_RAR_5 = b"Rar!\x1a\x07\x01\x00"


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Return the facts of an archive, and its listing."""
    listing = Listing(workspace.path / "listing.json", source.size, bounds)
    if source.media_type in _FORMATS:
        facts = _archive(source, workspace, listing)
    else:
        facts = _compressed(source, workspace, listing, _COMPRESSIONS[source.media_type])
    return Result(facts=facts, artifacts=(Made("listing", listing.path, "application/json"),))


def _archive(source: Source, workspace: Workspace, listing: Listing) -> dict[str, Any]:
    name, formats, filters = _FORMATS[source.media_type]
    try:
        with opened(source.path, formats, filters) as archive, listing:
            _list(archive, listing, source, workspace)
    except ArchiveError as error:
        raise _failure(name, str(error.msg), source.path) from None
    compression = {"compression": sorted(listing.methods)} if listing.methods else {}
    return {"format": name, **compression, **listing.facts()}


def _failure(name: str, words: str, path: Path) -> Exception:
    if words == _UNRECOGNISED and name == "zip":
        # Its directory is at the end; what begins like a zip and has none was cut off.
        return failures.truncated()
    if words == _UNRECOGNISED and name in _OTHER_FORMS:
        return failures.unsupported(_OTHER_FORMS[name])
    failure = failures.by_words(words)
    if name == "rar" and getattr(failure, "reason_code", "") == "corrupt" and _is_volume(path):
        return failures.unsupported("a RAR in several volumes, of which this is one")
    return failure


def _is_volume(path: Path) -> bool:
    """Say whether a RAR is one of several, by the flags that its header begins with."""
    with path.open("rb") as file:
        head = file.read(20)
    if not head.startswith(_RAR_5):
        return bool(head[10:11] and head[10] & 1)
    # The size of an extra area stands before the flags, if there is one.
    flags = head[16:17] if head[14:15] and head[14] & 1 else head[15:16]
    return bool(flags and flags[0] & 1)


def _list(archive: ArchiveRead, listing: Listing, source: Source, workspace: Workspace) -> None:
    for entry in entries(archive):
        listing.add(entry)
        if listing.entries % _ENTRIES_BETWEEN_REPORTS == 0:
            workspace.progress(archive.bytes_read / max(source.size, 1), "listing")


def _compressed(source: Source, workspace: Workspace, listing: Listing, compression: str) -> dict[str, Any]:
    head = next(iter(Unpacking(source.path, compression, listing.bounds)), b"")
    for name in ("tar", "cpio"):
        # Zeros would pass for a tar file without entries.
        if head.strip(b"\x00") and _is_listed(name, source, workspace, listing, compression):
            return {"format": name, "compression": [compression], **listing.facts()}
    return _single(source, workspace, listing, compression, head)


def _is_listed(name: str, source: Source, workspace: Workspace, listing: Listing, compression: str) -> bool:
    """List what is within, if it is an archive of this format."""
    unpacking = Unpacking(source.path, compression, listing.bounds)
    try:
        with libarchive.stream_reader(unpacking, name, "none", _BLOCK_BYTES) as archive, listing:
            _list(archive, listing, source, workspace)
    except ArchiveError as error:
        if unpacking.fault:
            raise unpacking.fault from None
        if error.msg == _UNRECOGNISED:
            return False
        raise failures.by_words(str(error.msg)) from None
    return True


def _single(source: Source, workspace: Workspace, listing: Listing, compression: str, head: bytes) -> dict[str, Any]:
    """Measure what is no archive, but one file that was compressed."""
    unpacking = Unpacking(source.path, compression, listing.bounds)
    for _piece in unpacking:
        workspace.progress(unpacking.unpacked_bytes / listing.bounds.unpacked_bytes, "unpacking")
    name, modified = name_and_time(source.path) if compression == "gzip" else (None, None)
    path = name or _without_ending(source.name)
    with listing:
        listing.add(Entry(path, "file", unpacking.unpacked_bytes, modified))
    content = _type_of(head, path, workspace)
    nested = {"nested_archives": int(kind_of(content) == "archive")}
    about = {"format": compression, "compression": [compression], "content_media_type": content}
    return {**about, **({"original_name": name} if name else {}), **listing.facts(), **nested}


def _type_of(head: bytes, name: str, workspace: Workspace) -> str:
    """Identify what is within by its first bytes, of which there are more than a whole small file has."""
    path = workspace.path / "head"
    path.write_bytes(head)
    try:
        return deep.identify(path, name).media_type
    finally:
        path.unlink()


def _without_ending(name: str) -> str:
    path = PurePath(name)
    return (path.stem if path.suffix.lower() in ARCHIVES else path.name) or "data"
