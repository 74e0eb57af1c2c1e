"""Looks for JavaScript in a PDF: in its bytes, and in the objects that are packed together. Nothing of it is run."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from filemill.processors.base import MIB
from filemill.processors.pdf.bounds import Bounds

_CHUNK_BYTES: Final = MIB
_OVERLAP_BYTES: Final = 64
_DICTIONARY_BYTES: Final = 4096
_PIECE_BYTES: Final = 64 * 1024


def _name(word: bytes) -> bytes:
    """Return a pattern for a name of PDF, any of whose letters may be written by its number."""
    letters = b"".join(b"(?:%c|#%02x|#%02X)" % (letter, letter, letter) for letter in word)
    return b"/" + letters + rb"(?=[\s/<>\[\](]|$)"


_SCRIPT: Final = re.compile(_name(b"JavaScript"))
_PACKED: Final = re.compile(_name(b"ObjStm"))
_STREAM: Final = re.compile(rb"stream\r?\n")


def has_javascript(path: Path, bounds: Bounds, *, encrypted: bool) -> bool | None:
    """Say whether the file names JavaScript; None where that cannot be known, for not all of it can be looked at."""
    unsure = encrypted or path.stat().st_size > bounds.scanned_bytes
    with path.open("rb") as file, path.open("rb") as second:
        unpacker = _Unpacker(second, bounds.unpacked_bytes)
        for start, chunk in _chunks(file, bounds.scanned_bytes):
            if _SCRIPT.search(chunk):
                return True
            for found in _PACKED.finditer(chunk):
                if unpacker.finds_script(start + found.start()):
                    return True
    return None if unsure or unpacker.failed else False


def _chunks(file: IO[bytes], most: int) -> Iterator[tuple[int, bytes]]:
    """Yield pieces that overlap, each with its place in the file; what begins in an overlap may come twice."""
    start, kept = 0, b""
    while start < most and (read := file.read(_CHUNK_BYTES)):
        chunk = kept + read
        yield start - len(kept), chunk
        start += len(read)
        kept = chunk[-_OVERLAP_BYTES:]


class _Unpacker:
    """Unpacks packed objects, all of them together up to a number of bytes."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self._file = file
        self._left = most_bytes
        self.failed = False

    def finds_script(self, at: int) -> bool:
        """Say whether the packed objects whose dictionary is at that place name JavaScript."""
        self._file.seek(at)
        found = _STREAM.search(self._file.read(_DICTIONARY_BYTES))
        if found is None:
            return False
        self._file.seek(at + found.end())
        kept = b""
        for piece in self._pieces():
            if _SCRIPT.search(kept + piece):
                return True
            kept = piece[-_OVERLAP_BYTES:]
        return False

    def _pieces(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj()
        try:
            while not inflater.eof and self._left > 0:
                packed = inflater.unconsumed_tail or self._file.read(_PIECE_BYTES)
                if not packed:
                    break
                piece = inflater.decompress(packed, _PIECE_BYTES)
                self._left -= len(piece)
                yield piece
        except zlib.error:
            self.failed = True
        self.failed |= self._left <= 0
