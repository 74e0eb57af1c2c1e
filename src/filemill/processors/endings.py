"""Says whether a picture was cut off, by what its container announces: decoders stumble over that in many ways."""

from pathlib import Path
from typing import Literal

from filemill.identify.peek import Peek

_SHORTEST = 40


def ends_early(path: Path) -> bool:  # noqa: PLR0911 -- one for each container
    """Compare the length that a container announces with the file's own."""
    with Peek(path) as peek:
        head = peek.head
        if head[:4] == b"RIFF":
            return int.from_bytes(head[4:8], "little") + 8 > peek.size
        if head[:4] == b"icns":
            return int.from_bytes(head[4:8]) > peek.size
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            return b"IEND" not in peek.tail()
        if head[4:8] == b"jP  " or head[:4] == b"\xff\x4f\xff\x51":
            return peek.tail(2) != b"\xff\xd9"
        if head[:4] in (b"II*\x00", b"MM\x00*"):
            return _directory_is_cut(peek)
        if head[4:8] == b"ftyp":
            return _last_box_is_cut(peek)
        return peek.size < _SHORTEST


def _directory_is_cut(peek: Peek) -> bool:
    order: Literal["big", "little"] = "big" if peek.head[:1] == b"M" else "little"
    at = int.from_bytes(peek.head[4:8], order)
    entries = int.from_bytes(peek.at(at, 2), order)
    return at + 2 + 12 * entries > peek.size


def _last_box_is_cut(peek: Peek) -> bool:
    at = 0
    while header := peek.at(at, 16):
        size = int.from_bytes(header[8:16]) if header[:4] == b"\x00\x00\x00\x01" else int.from_bytes(header[:4])
        if len(header) < 8 or size < 8:
            # A length of zero means: to the end of the file.
            return len(header) < 8
        at += size
    return at > peek.size
