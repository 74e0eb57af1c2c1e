"""Originals of many files on their way out as one ZIP, which is nowhere but in the answer."""

import re
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filemill.files.keep import root
from filemill.files.transfers import Seat

_BLOCK_BYTES = 128 * 1024
_LONGEST_BYTES = 200  # of a name; file systems take 255, and a number may follow
_READABLE = 0o644 << 16
#: What some system takes for a folder, a drive or a stream, or shows as nothing.
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_LEFT_OUT = "MISSING.txt"


@dataclass(frozen=True)
class Original:
    """A file as it goes into a ZIP: its storage name, its name for people, its size in bytes, its time in UTC."""

    stored: str
    name: str
    size: int
    modified: datetime


class Zipped:
    """Some files as the bytes of one ZIP, to be read once: uncompressed, in ZIP64 where that is called for.

    `size` is told beforehand, in bytes. Files that are gone then are named in MISSING.txt, the last entry. One that
    goes later, ends early or cannot be read raises OSError: what was sent is shorter than was told, and no ZIP.
    """

    def __init__(self, originals: Iterable[Original], seat: Seat) -> None:
        names, gone = Names(), []
        entries: list[tuple[zipfile.ZipInfo, Path]] = []
        for original in originals:
            path = root() / original.stored
            if path.exists():
                entries.append((_entry(names.fresh(original.name), original.size, original.modified), path))
            else:
                gone.append(f"{original.name}\r\n")
        missing = "".join(gone).encode()
        last = _entry(names.fresh(_LEFT_OUT), len(missing), datetime.now(UTC)) if missing else None
        self.size = _size([entry for entry, _ in entries] + ([last] if last else []))
        self._blocks, self._seat = _blocks(entries, last, missing), seat

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        """Leave the seat; servers call it when the answer is sent, and when its client has gone."""
        self._blocks.close()
        self._seat.leave()


class _Pipe:
    """What a ZIP is written to; it cannot be sought, so zipfile puts sums and sizes behind each entry."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        self._held.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Hold on: `take` empties it."""

    def take(self) -> bytes:
        taken, self._held = b"".join(self._held), []
        return taken


def _entry(name: str, size: int, moment: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
    entry.external_attr, entry.file_size = _READABLE, size
    return entry


def _blocks(
    entries: Sequence[tuple[zipfile.ZipInfo, Path]], last: zipfile.ZipInfo | None, missing: bytes
) -> Generator[bytes, None, None]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # it needs no more
        for entry, path in entries:
            left = entry.file_size
            with path.open("rb") as stream, archive.open(entry, "w") as sink:
                while left and (block := stream.read(min(_BLOCK_BYTES, left))):
                    sink.write(block)
                    left -= len(block)
                    yield pipe.take()
                if left:
                    raise OSError(f"{path.name} ends {left} bytes early.")
        if last:
            with archive.open(last, "w") as sink:
                sink.write(missing)
    yield pipe.take()


def _size(entries: Sequence[zipfile.ZipInfo]) -> int:
    """Return the bytes of a ZIP of uncompressed entries as `zipfile` writes it to what cannot be sought."""
    limit, place, directory = zipfile.ZIP64_LIMIT, 0, 0
    for entry in entries:
        name, is_large = len(entry.filename.encode()), entry.file_size * 1.05 > limit  # as zipfile judges beforehand
        numbers = 2 * (entry.file_size > limit) + (place > limit)
        directory += 46 + name + (4 + 8 * numbers if numbers else 0)
        place += 30 + name + 20 * is_large + entry.file_size + (24 if is_large else 16)
    is_zip64 = place > limit or directory > limit or len(entries) >= zipfile.ZIP_FILECOUNT_LIMIT
    return place + directory + (76 if is_zip64 else 0) + 22


class Names:
    """Names for the entries of one ZIP: fit to unpack on any system, and each once in any case of its letters."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def fresh(self, name: str) -> str:
        """Return a name like the given one that was not returned before: ` (2)` before its ending, if need be."""
        wanted = _fit(name)
        stem, ending = _parted(wanted)
        number, found = self._next.get(wanted.casefold(), 1), wanted
        while found.casefold() in self._taken:
            number += 1
            found = f"{stem} ({number}){ending}"
        self._next[wanted.casefold()] = number
        self._taken.add(found.casefold())
        return found


def _fit(name: str) -> str:
    plain = _UNFIT.sub("_", name).rstrip(". ").strip()
    if not plain or plain.startswith(".") or _DEVICE.match(plain):
        plain = f"_{plain}"  # a name with a leading dot is hidden, and may be obeyed where it is unpacked
    stem, ending = _parted(plain)
    room = _LONGEST_BYTES - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def _parted(name: str) -> tuple[str, str]:
    """Return a name's stem and its ending with the dot; a long one is none."""
    match = re.fullmatch(r"(.+?)((?:\.tar)?\.[^. ]{1,12})", name)
    return (match[1], match[2]) if match else (name, "")
