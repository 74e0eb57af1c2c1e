"""How much of a document is read: whatever it says of itself, only what was counted on the way is believed."""

from dataclasses import dataclass

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class Bounds:
    """What one document may hold at most."""

    entries: int = bound(20_000, "parts of a packed document")
    directory_bytes: int = bound(16 * MIB, "the list of the parts")
    unpacked_bytes: int = bound(512 * MIB, "all parts that are read, unpacked")
    ratio: int = bound(250, "how many times its size a part may unpack to")
    ratio_from_bytes: int = bound(16 * MIB, "a part below this may be packed as tightly as it likes")
    depth: int = bound(256, "elements within elements")
    slides: int = bound(5_000, "slides, or pages of a drawing")
    chapters: int = bound(5_000, "chapters of a book")
    markup_bytes: int = bound(16 * MIB, "of a page, a chapter or a Markdown text; the rest is left out")
    text_bytes: int = bound(64 * MIB, "of the text and of the Markdown that are made; the rest is left out")
    picture_bytes: int = bound(16 * MIB, "an embedded thumbnail or cover; a larger one is left out")
