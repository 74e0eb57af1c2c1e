"""Unpacks compressed files as a stream, piece by piece, and counts: what grows beyond all measure is stopped."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from libarchive.exception import ArchiveError

from filemill.processors.archive import failures
from filemill.processors.archive.bounds import Bounds
from filemill.processors.archive.entries import opened

_PIECE_BYTES = 256 * 1024
_FAILED = -1
_NO_MEMBER = "Not a gzipped file"

#: The standard library tells what is cut off from what is damaged; libarchive knows the rest.
_OPENERS: dict[str, type[bz2.BZ2File | gzip.GzipFile | lzma.LZMAFile]] = {
    "bzip2": bz2.BZ2File,
    "gzip": gzip.GzipFile,
    "lzma": lzma.LZMAFile,
    "xz": lzma.LZMAFile,
}


class Unpacking:
    """The unpacked bytes of a compressed file, bounded; a stream that libarchive can read from."""

    def __init__(self, path: Path, compression: str, bounds: Bounds) -> None:
        self.unpacked_bytes = 0
        #: What stopped the stream; libarchive, which is in between, knows only that something did.
        self.fault: BaseException | None = None
        self._packed_bytes = path.stat().st_size
        self._bounds = bounds
        self._pieces = self._counted(_pieces(path, compression))
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def seekable(self) -> bool:
        """Say that there is no way back."""
        return False

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- an array of ctypes, which has no name that says so
        """Fill the buffer; what goes wrong is kept for whoever asked libarchive."""
        try:
            self._rest = self._rest or next(self._pieces, b"")
        except BaseException as error:  # noqa: BLE001 -- nothing passes through libarchive's frames
            self.fault = error
            return _FAILED
        length = min(len(buffer), len(self._rest))
        memoryview(buffer).cast("B")[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.unpacked_bytes += len(piece)
            check(self.unpacked_bytes, self._packed_bytes, self._bounds)
            yield piece


def check(unpacked_bytes: int, packed_bytes: int, bounds: Bounds) -> None:
    """Refuse what unpacks to too much, or to so much more than it is that it can only be a bomb."""
    if unpacked_bytes > max(bounds.ratio * packed_bytes, bounds.bomb_bytes):
        raise failures.bomb(unpacked_bytes, bounds.ratio)
    if unpacked_bytes > bounds.unpacked_bytes:
        raise failures.too_large(f"more than {bounds.unpacked_bytes} bytes")


def _pieces(path: Path, compression: str) -> Iterator[bytes]:
    opener = _OPENERS.get(compression)
    try:
        yield from _by_standard_library(path, opener) if opener else _by_libarchive(path, compression)
    except EOFError:
        raise failures.truncated() from None
    except ArchiveError as error:
        raise failures.by_words(str(error.msg)) from None
    except (zlib.error, lzma.LZMAError) as error:
        raise failures.corrupt(str(error)) from None
    except OSError as error:
        # What has a number is the machine's trouble, not the file's.
        raise error if error.errno else failures.corrupt(str(error)) from None


def _by_standard_library(path: Path, opener: type[bz2.BZ2File | gzip.GzipFile | lzma.LZMAFile]) -> Iterator[bytes]:
    with opener(path) as file:
        try:
            while piece := file.read1(_PIECE_BYTES):
                yield piece
        except gzip.BadGzipFile as error:
            # Behind the last member other programs, too, pass over what is none.
            if not str(error).startswith(_NO_MEMBER):
                raise


def _by_libarchive(path: Path, compression: str) -> Iterator[bytes]:
    with opened(path, ("raw", "empty"), (compression,)) as archive:
        for entry in archive:
            yield from entry.get_blocks(_PIECE_BYTES)
