"""A document that is a zip file of parts: each is unpacked as a stream, and what comes out is counted."""

import contextlib
import errno
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from filemill.core.errors import Unprocessable
from filemill.identify.peek import Peek
from filemill.processors.documents import faults, xml
from filemill.processors.documents.bounds import Bounds

_CHUNK_BYTES = 64 * 1024
_MAX_PART_IN_MEMORY = 8 * 1024 * 1024
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_NO_NUMBER = 0xFFFFFFFF
_ENCRYPTED = 1


class Package:
    """The parts of a document, by names in any case."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.bounds = bounds
        _check_directory(path, bounds.directory_bytes)
        with _unzipping():
            self._zip = zipfile.ZipFile(path)
        entries = self._zip.infolist()
        if len(entries) > bounds.entries:
            self._zip.close()
            raise faults.too_large(f"has {len(entries)} parts, above the limit of {bounds.entries}")
        # Some programs part folders as Windows does.
        self._entries = {entry.filename.replace("\\", "/").casefold(): entry for entry in reversed(entries)}
        self._unpacked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The names of all parts, as they are written."""
        return [entry.filename for entry in self._entries.values()]

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._entries

    def chunks(self, name: str) -> Generator[bytes, None, None]:
        """Unpack a part piece by piece."""
        entry = self._entries.get(name.casefold())
        if entry is None:
            raise faults.corrupt(f"It lacks its part {name[:100]}")
        if entry.flag_bits & _ENCRYPTED:
            raise faults.encrypted()
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise faults.unsupported("The document is packed in a way that no office program reads. Save it anew.")
        unpacked = 0
        with _unzipping(), self._zip.open(entry) as part:
            while chunk := part.read(_CHUNK_BYTES):
                unpacked += len(chunk)
                self._count(len(chunk), unpacked, entry.compress_size)
                yield chunk

    def read(self, name: str, most: int = _MAX_PART_IN_MEMORY) -> bytes:
        """Unpack a small part as a whole; one above `most` bytes is too large."""
        raw = b""
        with contextlib.closing(self.chunks(name)) as chunks:
            for chunk in chunks:
                raw += chunk
                if len(raw) > most:
                    raise faults.too_large(f"has a part of more than {most} bytes where others have some thousand")
        return raw

    def checksum(self, name: str) -> tuple[int, int] | None:
        """Return what two parts have in common that hold the same; None where there is no such part."""
        entry = self._entries.get(name.casefold())
        return (entry.CRC, entry.file_size) if entry else None

    def parse(self, name: str, listener: xml.Listener) -> None:
        """Read a part as XML."""
        with contextlib.closing(self.chunks(name)) as chunks:
            xml.parse(chunks, listener, self.bounds.depth)

    def parse_optional(self, name: str, listener: xml.Listener) -> None:
        """Read a part as XML as far as it goes, if it is there: its faults are no reason to show nothing else."""
        with _forgiving():
            if name in self:
                self.parse(name, listener)

    def picture(self, name: str | None) -> bytes | None:
        """Unpack a part that is a picture; None where there is none, or none that is worth the memory."""
        with contextlib.suppress(Unprocessable):
            return self.read(name, self.bounds.picture_bytes) if name and name in self else None
        return None

    def _count(self, more: int, unpacked: int, packed: int) -> None:
        self._unpacked += more
        if self._unpacked > self.bounds.unpacked_bytes:
            raise faults.too_large(f"unpacks to more than {self.bounds.unpacked_bytes} bytes")
        if unpacked > self.bounds.ratio_from_bytes and unpacked > packed * self.bounds.ratio:
            raise faults.too_large(f"unpacks to more than {self.bounds.ratio} times its size, as only attacks do")


@contextmanager
def _forgiving() -> Iterator[None]:
    try:
        yield
    except Unprocessable as error:
        if error.reason_code != "corrupt":
            raise


@contextmanager
def _unzipping() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        # Broken offsets make it seek before the start; anything else is the disk's.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise faults.corrupt("A part of it cannot be unpacked") from error
    except NotImplementedError as error:
        raise faults.unsupported(
            "The document is packed in a way that no office program reads. Save it anew."
        ) from error


def _check_directory(path: Path, most: int) -> None:
    """Refuse a zip without a directory, and one whose directory alone would fill the memory."""
    with Peek(path) as peek:
        tail = peek.tail(22 + 0xFFFF)
    at = tail.rfind(_END)
    if at < 0:
        raise faults.truncated()
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    long_end = tail.rfind(_END_64, 0, at)
    if long_end >= 0:
        size = max(size if size != _NO_NUMBER else 0, int.from_bytes(tail[long_end + 40 : long_end + 48], "little"))
    if size > most:
        raise faults.too_large(f"has a list of parts of {size} bytes, above the limit of {most}")
