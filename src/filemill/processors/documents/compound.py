"""An OLE compound file, in which older Office programs and Outlook keep their streams."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import olefile  # type: ignore[import-untyped]

from filemill.core.errors import Unprocessable
from filemill.processors.documents import faults, values

_MAX_STREAM_BYTES = 128 * 1024 * 1024
_MAX_SUMMARY_BYTES = 4 * 1024 * 1024
_SUMMARY = "\x05SummaryInformation"
_NAMES = {"title": 2, "subject": 3, "author": 4, "keywords": 5, "last_modified_by": 8, "application": 18}
_MAX_PROPERTIES, _MAX_VALUE_BYTES = 1_000, 4096
_SHORT, _LONG, _BYTES, _WIDE, _TIME = 2, 3, 30, 31, 64
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODE_PAGE, _CREATED, _SAVED, _PAGES = 1, 12, 13, 14
_CODECS = {
    1200: "utf-16-le",
    10000: "mac_roman",
    20127: "ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    50220: "iso2022_jp",
    51932: "euc_jp",
    51949: "euc_kr",
}


class Compound:
    """The streams of a compound file, each read as a whole, but never more than a bound."""

    def __init__(self, path: Path) -> None:
        with reading():
            self._ole = olefile.OleFileIO(str(path))
            self.names = ["/".join(name) for name in self._ole.listdir(streams=True, storages=False)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ole.close()

    def __contains__(self, name: str) -> bool:
        with reading():
            return bool(self._ole.exists(name))

    def size(self, name: str) -> int:
        """Return how long a stream says that it is."""
        with reading():
            return int(self._ole.get_size(name))

    def read(self, name: str, most: int = _MAX_STREAM_BYTES) -> bytes:
        """Return a stream; the file is broken where there is none."""
        if self.size(name) > most:
            raise faults.too_large(f"has a part of more than {most} bytes")
        with reading(), self._ole.openstream(name) as stream:
            return bytes(stream.read())

    def summary(self) -> dict[str, Any]:
        """Return the facts of the document's summary; none where it cannot be read."""
        try:
            if _SUMMARY not in self or self.size(_SUMMARY) > _MAX_SUMMARY_BYTES:
                return {}
            found = _properties(self.read(_SUMMARY))
        except Unprocessable:
            return {}
        page = found.get(_CODE_PAGE)
        codec = codec_of(page if isinstance(page, int) else 1252)
        said: dict[str, object] = {name: _words(found.get(key), codec) for name, key in _NAMES.items()}
        for name, key in (("created_at", _CREATED), ("modified_at", _SAVED)):
            moment = found.get(key)
            said[name] = values.of_datetime(moment) if isinstance(moment, datetime) else None
        pages = found.get(_PAGES)
        return values.stated(**said, pages=pages if isinstance(pages, int) and 0 < pages < 10**9 else None)


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever the library stumbles over into the reason that the file is to blame for."""
    try:
        yield
    except (Unprocessable, MemoryError):
        raise
    except Exception as error:
        raise faults.corrupt("Its parts cannot be found") from error


def codec_of(code_page: int) -> str:
    """Return Python's name of a Windows code page; that of Western Europe where there is none."""
    page = code_page & 0xFFFF
    name = _CODECS.get(page) or (f"iso8859-{page - 28590}" if 28591 <= page <= 28606 else f"cp{page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _properties(raw: bytes) -> dict[int, object]:
    """Return the simple values of a set of properties: olefile's own reader counts to whatever a broken one says."""
    start = int.from_bytes(raw[44:48], "little")
    count = min(int.from_bytes(raw[start + 4 : start + 8], "little"), _MAX_PROPERTIES)
    found: dict[int, object] = {}
    for at in range(start + 8, min(start + 8 + 8 * count, len(raw) - 7), 8):
        key, place = (int.from_bytes(raw[at + step : at + step + 4], "little") for step in (0, 4))
        found.setdefault(key, _value(raw[start + place : start + place + _MAX_VALUE_BYTES]))
    return found


def _value(raw: bytes) -> object:
    kind, number = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[4:8], "little")
    if kind == _SHORT:
        return number & 0xFFFF
    if kind == _LONG:
        return number
    if kind == _BYTES:
        return raw[8 : 8 + number]
    if kind == _WIDE:
        return raw[8 : 8 + 2 * number].decode("utf-16-le", "replace")
    ticks = int.from_bytes(raw[4:12], "little") if kind == _TIME else 0
    try:
        return _EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
    except OverflowError:
        return None


def _words(found: object, codec: str) -> str | None:
    text = found.decode(codec, "replace") if isinstance(found, bytes) else found
    return values.neat(re.sub("\x00.*", "", text, flags=re.DOTALL)) if isinstance(text, str) else None
