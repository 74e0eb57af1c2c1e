from dataclasses import dataclass

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class Bounds:
    """How far the reading of one archive goes; what goes beyond is refused, or cut where that is said."""

    entries: int = bound(250_000, "entries in an archive")
    unpacked_bytes: int = bound(64 * 1024 * MIB, "bytes that an archive unpacks to")
    ratio: int = bound(200, "unpacked bytes for each packed one, from `bomb_bytes` on")
    bomb_bytes: int = bound(256 * MIB, "unpacked bytes that harm nobody, whatever their ratio")
    listed_entries: int = bound(100_000, "entries in the listing, which is cut there")
    path_characters: int = bound(4096, "characters of a path in the listing, which is cut there")
