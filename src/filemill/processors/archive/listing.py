"""Writes the listing of an archive while its entries go by, and counts what is worth knowing of all of them."""

import posixpath
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from filemill.processors.archive import failures
from filemill.processors.archive.bounds import Bounds
from filemill.processors.archive.entries import Entry
from filemill.processors.archive.unpacking import check

_MAX_METHODS = 16
_ELSEWHERE = re.compile(r"[/\\]|[A-Za-z]:")
_CLIMBING = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|\Z)")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: What names of archives end with; what lies within them is not looked at.
ARCHIVES: Final = (
    *(".7z", ".apk", ".bz2", ".cab", ".cpio", ".deb", ".ear", ".gz", ".iso", ".jar", ".lz4", ".lzh", ".lzma", ".rar"),
    *(".rpm", ".tar", ".tbz2", ".tgz", ".txz", ".war", ".whl", ".xar", ".xpi", ".xz", ".zip", ".zst"),
)


@dataclass
class Listing:
    """The artifact `listing` in the making, with the counts that become facts."""

    path: Path
    packed_bytes: int
    bounds: Bounds
    counts: dict[str, int] = field(default_factory=lambda: {"file": 0, "folder": 0, "link": 0, "other": 0})
    entries: int = 0
    unpacked_bytes: int = 0
    encrypted: int = 0
    nested: int = 0
    longest_path: int = 0
    deepest_path: int = 0
    unsafe_paths: int = 0
    unsafe_links: int = 0
    methods: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._file = self.path.open("wb")
        self._file.write(b'{"entries": [')
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.write(b'\n], "left_out": %d}\n' % max(self.entries - self.bounds.listed_entries, 0))
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Count an entry and list it, as long as there is room."""
        self.entries += 1
        if self.entries > self.bounds.entries:
            raise failures.too_large(f"more than {self.bounds.entries} entries")
        self.counts[entry.type] += 1
        self.unpacked_bytes += max(entry.size_bytes or 0, 0) if entry.type == "file" else 0
        check(self.unpacked_bytes, self.packed_bytes, self.bounds)
        self.encrypted += entry.encrypted
        self.nested += entry.type == "file" and entry.path.lower().endswith(ARCHIVES)
        self.longest_path = max(self.longest_path, len(entry.path))
        self.deepest_path = max(
            self.deepest_path, len([part for part in entry.path.split("/") if part not in ("", ".")])
        )
        self.unsafe_paths += is_unsafe(entry.path)
        self.unsafe_links += leads_out(entry)
        if entry.method and len(self.methods) < _MAX_METHODS:
            self.methods.add(entry.method)
        if self.entries <= self.bounds.listed_entries:
            self._file.write(b",\n" if self.entries > 1 else b"\n")
            self._file.write(orjson.dumps(self._shown(entry)))

    def facts(self) -> dict[str, Any]:
        """Return what the entries add up to."""
        return {
            "entries": self.entries,
            "files": self.counts["file"],
            "folders": self.counts["folder"],
            "links": self.counts["link"],
            "other_entries": self.counts["other"],
            "unpacked_bytes": self.unpacked_bytes,
            "ratio": round(self.unpacked_bytes / max(self.packed_bytes, 1), 2),
            "encrypted": bool(self.encrypted),
            "nested_archives": self.nested,
            "longest_path_characters": self.longest_path,
            "deepest_path_levels": self.deepest_path,
            "unsafe_paths": self.unsafe_paths,
            "unsafe_links": self.unsafe_links,
            "listing_is_cut": self.entries > self.bounds.listed_entries,
        }

    def _shown(self, entry: Entry) -> dict[str, Any]:
        most = self.bounds.path_characters
        shown: dict[str, Any] = {
            "path": _tidy(entry.path[:most]),
            "type": entry.type,
            "size_bytes": entry.size_bytes if entry.type == "file" else None,
            "modified": _as_utc(entry.modified),
        }
        if entry.link_target is not None:
            shown["link_target"] = _tidy(entry.link_target[:most])
        marks = {
            "encrypted": entry.encrypted,
            "unsafe": is_unsafe(entry.path) or leads_out(entry),
            "path_is_cut": len(entry.path) > most,
        }
        return shown | {name: True for name, holds in marks.items() if holds}


def is_unsafe(path: str) -> bool:
    """Say whether a path is absolute, or climbs by `..`, on any system; who unpacks it naively writes elsewhere."""
    return bool(_ELSEWHERE.match(path) or _CLIMBING.search(path))


def leads_out(entry: Entry) -> bool:
    """Say whether a link leads out of the archive."""
    target = entry.link_target
    if target is None:
        return False
    # Links lead on from their own folder, hard ones from the archive's root.
    home = "" if entry.is_hard else posixpath.dirname(entry.path)
    where = posixpath.normpath(posixpath.join(home, target.replace("\\", "/")))
    return bool(_ELSEWHERE.match(target)) or where == ".." or where.startswith("../")


def _as_utc(modified: float | None) -> str | None:
    try:
        return None if modified is None else datetime.fromtimestamp(int(modified), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return None


def _tidy(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
