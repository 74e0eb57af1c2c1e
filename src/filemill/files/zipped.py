"""Originals of many files on their way out as one ZIP, which is nowhere but in the answer."""

import re
import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

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

    A file that is gone by its turn is named in MISSING.txt, the last entry. One that ends early, or cannot be read,
    raises OSError: without its directory at the end, what was sent is no ZIP.
    """

    def __init__(self, originals: Iterable[Original], seat: Seat) -> None:
        self._blocks, self._seat = _blocks(originals), seat

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


def _blocks(originals: Iterable[Original]) -> Generator[bytes, None, None]:
    pipe, names, gone = _Pipe(), Names(), []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # it needs no more
        for original in originals:
            try:
                stream = (root() / original.stored).open("rb")
            except FileNotFoundError:
                gone.append(original.name)
                continue
            entry = zipfile.ZipInfo(names.fresh(original.name), original.modified.timetuple()[:6])
            entry.external_attr, entry.file_size = _READABLE, original.size
            left = original.size
            with closing(stream), archive.open(entry, "w") as sink:
                while left and (block := stream.read(min(_BLOCK_BYTES, left))):
                    sink.write(block)
                    left -= len(block)
                    yield pipe.take()
                if left:
                    raise OSError(f"{original.stored} ends {left} bytes early.")
        if gone:
            archive.writestr(names.fresh(_LEFT_OUT), "".join(f"{name}\r\n" for name in gone))
    yield pipe.take()


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
