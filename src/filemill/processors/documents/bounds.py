"""How much of a document is read: whatever it says of itself, only what was counted on the way is believed."""

from dataclasses import dataclass
from typing import Final

from filemill.processors.base import MIB


@dataclass(frozen=True)
class Bounds:
    """What one document may hold at most."""

    entries: int = 20_000
    directory_bytes: int = 16 * MIB
    unpacked_bytes: int = 512 * MIB
    ratio: int = 250
    ratio_from_bytes: int = 16 * MIB  #: less than this may be packed as tightly as it likes
    depth: int = 256
    slides: int = 5_000
    chapters: int = 5_000
    markup_bytes: int = 16 * MIB  #: of a page or of a chapter; the rest is left out
    text_bytes: int = 64 * MIB  #: of each artifact; the rest is left out
    picture_bytes: int = 16 * MIB  #: of an embedded thumbnail; a larger one is left out


BOUNDS: Final = Bounds()
