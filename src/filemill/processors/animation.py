"""Counts frames and pages of pictures and adds up their times, block by block, without decoding any."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from filemill.identify.peek import Peek

_MAX_BOXES: Final = 512
_HEADER: Final = 8
_ON_THE_WAY: Final = (b"moov", b"trak", b"mdia")
_GIF_PALETTE: Final = 0x80
_GIF_CONTROL, _GIF_APPLICATION = b"\xf9", b"\xff"
_GIF_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_UNKNOWN: Final = 0xFFFFFFFF
_BIG_TIFF: Final = 43
_FARTHEST: Final = 2**62


class TooManyBlocksError(Exception):
    """The file is cut into more pieces than anybody would wait for."""


@dataclass
class Animation:
    """How many frames there are, how long all of them take, and how often they are played; 0 means for ever."""

    frames: int = 0
    seconds: float = 0.0
    loop_count: int = 1


def gif(path: Path, most_blocks: int) -> Animation:
    """Read the frames of a GIF; it is played once where it says nothing else."""
    found, delay = Animation(), 0.0
    with path.open("rb") as file:
        blocks = _GifBlocks(file, most_blocks)
        file.seek(10)
        blocks.skip_palette(file.read(3))
        while introducer := file.read(1).strip(b";"):
            if introducer == b",":
                found.frames += 1
                found.seconds, delay = found.seconds + delay, 0.0
                blocks.skip_palette(file.read(9)[8:])
                file.read(1)  # how many bits the first codes have
                blocks.skip()
            elif introducer == b"!":
                label, content = file.read(1), list(blocks.of_extension())
                if label == _GIF_CONTROL and content:
                    delay = int.from_bytes(content[0][1:3], "little") / 100
                elif label == _GIF_APPLICATION and content[0:1] and content[0] in _GIF_LOOPS and content[1:]:
                    found.loop_count = int.from_bytes(content[1][1:3], "little")
            else:
                break
    return found


class _GifBlocks:
    """Goes over the blocks of a GIF, of at most 255 bytes each, and counts them."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._left = most

    def skip_palette(self, flags: bytes) -> None:
        if flags and flags[0] & _GIF_PALETTE:
            self._file.seek(3 << ((flags[0] & 7) + 1), 1)

    def skip(self) -> None:
        for _ in self:
            pass

    def of_extension(self) -> Iterator[bytes]:
        """Yield the first two blocks, and go past the others."""
        for number, block in enumerate(self):
            if number < 2:
                yield block

    def __iter__(self) -> Iterator[bytes]:
        while (size := self._file.read(1)) not in (b"", b"\x00"):
            self._left -= 1
            if self._left < 0:
                raise TooManyBlocksError
            yield self._file.read(size[0])


def png(path: Path, most_blocks: int) -> Animation:
    """Read the frames of an APNG."""
    found = Animation()
    for name, content in _chunks(path, most_blocks, 8, "big"):
        if name == b"acTL":
            found.loop_count = int.from_bytes(content[4:8])
        elif name == b"fcTL":
            found.frames += 1
            found.seconds += int.from_bytes(content[20:22]) / (int.from_bytes(content[22:24]) or 100)
    return found


def webp(path: Path, most_blocks: int) -> Animation:
    """Read the frames of a WebP."""
    found = Animation()
    for name, content in _chunks(path, most_blocks, 12, "little"):
        if name == b"ANIM":
            found.loop_count = int.from_bytes(content[4:6], "little")
        elif name == b"ANMF":
            found.frames += 1
            found.seconds += int.from_bytes(content[12:15], "little") / 1000
    return found


def _chunks(path: Path, most: int, start: int, order: Literal["big", "little"]) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and beginnings of the chunks of a PNG (big) or a RIFF file (little)."""
    with path.open("rb") as file:
        file.seek(start)
        for _ in range(most):
            header = file.read(_HEADER)
            if len(header) < _HEADER:
                return
            length, name = (header[:4], header[4:]) if order == "big" else (header[4:], header[:4])
            size = int.from_bytes(length, order)
            content = file.read(min(size, 32))
            yield name, content
            # A checksum follows in a PNG, and in RIFF a byte after odd lengths.
            file.seek(size - len(content) + (4 if order == "big" else size & 1), 1)
    raise TooManyBlocksError


def tiff_pages(path: Path, most: int) -> int:
    """Count the directories of a TIFF, one of which may lead back to another; Pillow compares each with all others."""
    seen: set[int] = set()
    with path.open("rb") as file:
        head = file.read(16)
        order: Literal["big", "little"] = "big" if head[:2] == b"MM" else "little"
        wide = int.from_bytes(head[2:4], order) == _BIG_TIFF
        count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if wide else (2, 12, 4)
        at = int.from_bytes(head[8:16] if wide else head[4:8], order)
        while at and at not in seen:
            seen.add(at)
            if len(seen) > most:
                raise TooManyBlocksError
            file.seek(at)
            entries = int.from_bytes(file.read(count_bytes), order)
            file.seek(min(at + count_bytes + entry_bytes * entries, _FARTHEST))
            at = min(int.from_bytes(file.read(offset_bytes), order), _FARTHEST)
    return len(seen)


def iso_seconds(path: Path) -> float | None:
    """Return how long the first track takes that an ISO base media file (AVIF, HEIF) says it holds."""
    with Peek(path) as peek:
        at = 0
        for _ in range(_MAX_BOXES):
            header = peek.at(at, _HEADER)
            size, name = int.from_bytes(header[:4]), header[4:]
            if name == b"mdhd":
                return _iso_duration(peek.at(at + _HEADER, 32))
            if size < _HEADER:
                break
            at += _HEADER if name in _ON_THE_WAY else size
    return None


def _iso_duration(content: bytes) -> float | None:
    wide = content[:1] == b"\x01"
    scale = int.from_bytes(content[20:24] if wide else content[12:16])
    duration = int.from_bytes(content[24:32] if wide else content[16:20])
    return duration / scale if scale and 0 < duration < _UNKNOWN else None


#: The readers of those formats of pictures that are animations.
READERS: Final[dict[str, Callable[[Path, int], Animation]]] = {"GIF": gif, "PNG": png, "WEBP": webp}
