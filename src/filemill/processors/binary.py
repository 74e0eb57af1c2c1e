"""What can be said of any bytes: how much order is in them, how they begin, what libmagic makes of them."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from PIL import Image

from filemill.identify import deep
from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace

_CHUNK_BYTES = MIB
_FIRST_BYTES = 16


class BinaryProcessor(Processor):
    """Describes files that no other processor accepts, empty ones included."""

    name = "binary"
    accepts = ("*/*",)
    limits: ClassVar[Limits] = Limits(memory_bytes=256 * MIB, output_bytes=MIB)

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return the size, the first bytes, the entropy and libmagic's description."""
        counts = [0] * 256
        first = b""
        read = 0
        for chunk in _chunks(source.path):
            first = first or chunk[:_FIRST_BYTES]
            read += len(chunk)
            counts = [sum(pair) for pair in zip(counts, _histogram(chunk), strict=True)]
            workspace.progress(read / max(source.size, read), "reading")
        return Result(
            facts={
                "size_bytes": read,
                "description": deep.describe(source.path) if read else "empty file",
                "first_bytes_hex": first.hex(" "),
                "entropy_bits_per_byte": round(_entropy(counts), 4),
            }
        )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _histogram(chunk: bytes) -> list[int]:
    # Pillow counts grey values in C; a gibibyte of bytes counted in Python would take a minute.
    return Image.frombytes("L", (len(chunk), 1), chunk).histogram()


def _entropy(counts: list[int]) -> float:
    total = sum(counts)
    return sum(count / total * math.log2(total / count) for count in counts if count)
