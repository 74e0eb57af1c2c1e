"""How far a PDF is read."""

from dataclasses import dataclass

from filemill.processors.base import MIB, bound


@dataclass(frozen=True)
class Bounds:
    """What is read, drawn and kept of one PDF at most; what lies beyond is left out, and the facts say so."""

    pages: int = bound(10_000, "pages that are read")
    text_bytes: int = bound(64 * MIB, "text that is kept")
    characters_of_page: int = bound(4_000_000, "characters that are read of one page")
    reading_cpu_seconds: float = bound(150, "time for going through the pages")
    drawing_cpu_seconds: float = bound(30, "time for drawing all pictures")
    outline_entries: int = bound(200, "bookmarks, of 24 KiB at most")
    scanned_bytes: int = bound(512 * MIB, "file that is looked through for JavaScript")
    unpacked_bytes: int = bound(64 * MIB, "packed objects that are looked through for JavaScript")
