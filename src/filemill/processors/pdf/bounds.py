"""How far a PDF is read."""

from dataclasses import dataclass

from filemill.processors.base import MIB


@dataclass(frozen=True)
class Bounds:
    """What is read, drawn and kept of one PDF at most; what lies beyond is left out, and the facts say so."""

    pages: int = 10_000
    text_bytes: int = 64 * MIB
    characters_of_page: int = 4_000_000
    reading_cpu_seconds: float = 150
    drawing_cpu_seconds: float = 30
    pages_in_strip: int = 6
    outline_entries: int = 200
    scanned_bytes: int = 512 * MIB
    unpacked_bytes: int = 64 * MIB  #: of compressed objects, looked through for scripts


BOUNDS = Bounds()
