"""What the readers of all formats share: where a document breaks, what they refuse, and the preview in the making."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from filemill.core.errors import Unprocessable
from filemill.identify import texts
from filemill.processors.data.bounds import Bounds

_PIECE_BYTES = 1024 * 1024
_HEAD_BYTES = 64 * 1024
_MAX_REASON = 300
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Broken(Exception):
    """The document breaks the rules of its format: why, and where, counted from 1."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason = _UNSTORABLE.sub("\ufffd", reason[:_MAX_REASON])
        self.line, self.column = line, column

    def facts(self) -> dict[str, Any]:
        """Return the break as a fact."""
        return {"line": self.line, "column": self.column, "reason": self.reason}


class UndecodableError(ValueError):
    """The text goes on in bytes that its encoding does not have."""


def too_large(words: str) -> Unprocessable:
    """Refuse a document that goes beyond a bound."""
    return Unprocessable(
        f"The document {words}, so it was not checked.",
        code="too_large",
        title="The document is too large to check",
    )


def head_of(path: Path) -> bytes:
    """Return the first bytes, which show the encoding."""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def unicode_of(head: bytes) -> tuple[str, bytes]:
    """Return which of Unicode's encodings the text is in, and its byte order mark."""
    if marked := texts.mark_of(head):
        mark, codec = marked
        return codec, mark
    return texts.wide_encoding(head) or "utf-8", b""


def decoded(path: Path, codec: str, mark: bytes) -> Iterator[str]:
    """Yield the text piece by piece, down to the first bytes that are none."""
    decoder = codecs.getincrementaldecoder(codec)()
    with path.open("rb", buffering=0) as file:
        file.seek(len(mark))
        while raw := file.read(_PIECE_BYTES):
            yield from _text(decoder, raw, final=False)
    yield from _text(decoder, b"", final=True)


def _text(decoder: codecs.IncrementalDecoder, raw: bytes, *, final: bool) -> Iterator[str]:
    try:
        yield decoder.decode(raw, final)
    except UnicodeDecodeError as error:
        yield error.object[: error.start].decode(error.encoding)
        raise UndecodableError from None


@dataclass
class Names:
    """The first of many names, and how many there are."""

    bounds: Bounds
    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str) -> None:
        """Count a name."""
        self.total += 1
        name = _UNSTORABLE.sub("\ufffd", name[: self.bounds.name_characters])
        if name in self.counts or len(self.counts) < self.bounds.names:
            self.counts[name] = self.counts.get(name, 0) + 1


class Preview:
    """A text file that takes only so much."""

    encoding = "utf-8"  # asked for by PyYAML, which then writes text

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.path = path
        self.is_cut = False
        self.is_empty = True
        self._room = bounds.preview_bytes
        self._file: IO[bytes] = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def write(self, text: str) -> None:
        """Write as much as there is room for."""
        raw = text.encode("utf-8", "replace").replace(b"\x00", b"\xef\xbf\xbd")
        if len(raw) > self._room:
            raw = raw[: self._room].decode("utf-8", "ignore").encode()
            self.is_cut, self._room = True, 0
        self._room -= min(len(raw), self._room)
        self.is_empty = self.is_empty and not raw
        self._file.write(raw)
