from dataclasses import dataclass

from filemill.processors.base import MIB


@dataclass(frozen=True)
class Bounds:
    """How far the reading of one archive goes; what goes beyond is refused, or cut where that is said."""

    entries: int = 250_000
    unpacked_bytes: int = 64 * 1024 * MIB
    #: Unpacked by packed bytes; what unpacks to less than `ratio_from_bytes` harms nobody, however well it is packed.
    ratio: int = 200
    ratio_from_bytes: int = 256 * MIB
    listed_entries: int = 100_000  #: the listing is cut
    path_characters: int = 4096  #: each path is cut
