"""Takes the text out of pages, and writes it down with a form feed between two pages."""

from ctypes import c_ushort
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from pypdfium2 import PdfPage

_FIRST_CHARACTERS: Final = 16 * 1024
_UNIT_BYTES: Final = 2
#: However far outside of the page it stands, it is text of the page.
_EVERYWHERE: Final = (-1e9, 1e9, 1e9, -1e9)
#: What ends pages and lines here, NUL, and what stands for a hyphen that only the end of a line called for.
_CLEAN: Final = {0x00: "\ufffd", 0x02: None, 0x0C: " ", 0x0D: None}


class TextFile:
    """The text of page after page, counted and written as UTF-8 up to a number of bytes."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._file = path.open("wb")
        self._left = most_bytes
        self._most = most_bytes
        self.words = 0
        self.characters = 0
        self.is_cut = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, text: str, *, first: bool) -> None:
        """Count and write the text of one page."""
        self.words += len(text.split())
        self.characters += len(text)
        raw = (text if first else f"\f{text}").encode()
        if len(raw) > self._left:
            self.is_cut = True
            raw = raw[: self._left].decode(errors="ignore").encode()
            self._left = 0
        self._left -= 0 if self.is_cut else len(raw)
        self._file.write(raw)

    def facts(self) -> dict[str, Any]:
        """Return what was counted."""
        counted = {"words": self.words, "characters": self.characters}
        return {**counted, "text_artifact_cut_at_bytes": self._most} if self.is_cut else counted


class TextReader:
    """Takes texts out of pages, through one buffer for all of them."""

    def __init__(self, most_characters: int) -> None:
        self._most = most_characters
        self._buffer = (c_ushort * _FIRST_CHARACTERS)()

    def text_of(self, page: PdfPage) -> str:
        """Return a page's text, lines ended by line feeds; nothing where the page cannot be read for text."""
        text_page = pdfium.FPDFText_LoadPage(page)
        if not text_page:
            return ""
        try:
            count = self._fetch(text_page)
        finally:
            pdfium.FPDFText_ClosePage(text_page)
        raw = bytes(memoryview(self._buffer).cast("B")[: _UNIT_BYTES * count])
        return raw.decode("utf-16-le", "replace").translate(_CLEAN)

    def _fetch(self, text_page: PdfPage) -> int:
        length = len(self._buffer)
        count: int = pdfium.FPDFText_GetBoundedText(text_page, *_EVERYWHERE, self._buffer, length)
        if count == length < self._most:
            needed = pdfium.FPDFText_GetBoundedText(text_page, *_EVERYWHERE, None, 0) + 1
            self._buffer = (c_ushort * min(needed, self._most))()
            count = pdfium.FPDFText_GetBoundedText(text_page, *_EVERYWHERE, self._buffer, len(self._buffer))
        # The last one is the NUL that ends it.
        return max(count - 1, 0)
