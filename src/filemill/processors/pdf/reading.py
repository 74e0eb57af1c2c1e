"""Goes through a PDF once, page by page, so that no more than one page is in memory."""

import time
from collections import Counter
from typing import Any, Final

from pypdfium2 import PdfPage  # type: ignore[import-untyped]

from filemill.processors.base import Made, Result, Source, Workspace
from filemill.processors.pdf import facts, opening, scripts
from filemill.processors.pdf.bounds import Bounds
from filemill.processors.pdf.drawing import Pictures
from filemill.processors.pdf.texts import TextFile, TextReader

_MAX_SIZES: Final = 20
_PAGES_IN_ROW: Final = 6


def read(source: Source, workspace: Workspace, bounds: Bounds) -> Result:
    """Return the facts of a PDF, its text and its pictures."""
    path = workspace.path / "text.txt"
    with opening.opened(source) as document, TextFile(path, bounds.text_bytes) as text:
        pages = opening.pages_of(document, source)
        reading = _Reading(text, bounds)
        for number in range(min(pages, bounds.pages)):
            if reading.is_over_time:
                break
            with opening.opened_page(document, number) as page:
                reading.add(page, number)
            workspace.progress(number / pages, f"page {number + 1} of {pages}")
        pictures = reading.pictures.save(workspace)
        encrypted = facts.is_encrypted(document)
        found = {
            "pages": pages,
            **reading.facts(pages),
            **facts.about(document),
            "repaired": opening.was_repaired(document),
            "has_javascript": scripts.has_javascript(source.path, bounds, encrypted=encrypted),
            **facts.outline(document, bounds.outline_entries),
        }
    return Result(facts=found, artifacts=(Made("text", path, "text/plain"), *pictures))


class _Reading:
    """What is found while the pages go by."""

    def __init__(self, text: TextFile, bounds: Bounds) -> None:
        self._until = time.process_time() + bounds.reading_cpu_seconds
        self._reader = TextReader(bounds.characters_of_page)
        self._text = text
        self._sizes: Counter[tuple[float, float]] = Counter()
        self._read = 0
        self._unreadable = 0
        self.pictures = Pictures(bounds.drawing_cpu_seconds)

    @property
    def is_over_time(self) -> bool:
        """Whether the time for reading is over."""
        return time.process_time() > self._until

    def add(self, page: PdfPage | None, number: int) -> None:
        """Take from a page what there is to take."""
        self._read += 1
        text = ""
        if page is None:
            self._unreadable += 1
        else:
            width, height = page.get_size()
            self._sizes[round(width, 2), round(height, 2)] += 1
            text = self._reader.text_of(page)
            if number < _PAGES_IN_ROW:
                self.pictures.add(page, number)
        self._text.add(text, first=number == 0)

    def facts(self, pages: int) -> dict[str, Any]:
        """Return what was found."""
        found: dict[str, Any] = {} if self._read == pages else {"pages_read": self._read}
        if self._unreadable:
            found["pages_unreadable"] = self._unreadable
        found["page_sizes"] = [
            {"width_points": width, "height_points": height, "pages": count}
            for (width, height), count in self._sizes.most_common(_MAX_SIZES)
        ]
        if len(self._sizes) > _MAX_SIZES:
            found["page_sizes_different"] = len(self._sizes)
        if not self.pictures.has_first:
            found["thumbnail"] = None
        # Pages that were not read may have words.
        found["has_text"] = bool(self._text.words) or (None if self._read < pages else False)
        return {**found, **self._text.facts()}
