"""The tables of a document, which may lie within each other: rows go out whole, tables within a cell are its text."""

from filemill.processors.documents.prose import Prose

MAX_HELD_CHARACTERS = 1024 * 1024
_MAX_CELLS = 1000


class Grid:
    """Gathers what is in cells until their row is closed."""

    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._rows_written: list[int] = []  # of each open table
        self._rows: list[list[str]] = []

    def open_table(self) -> None:
        """Begin a table."""
        self._rows_written.append(0)

    def open_row(self) -> None:
        """Begin a row."""
        self._rows.append([])

    def open_cell(self) -> None:
        """Begin a cell, unless there is no row or it has very many already."""
        if self._rows and len(self._rows[-1]) < _MAX_CELLS:
            self._rows[-1].append("")

    def take(self, text: str) -> bool:
        """Add a paragraph to the open cell; False where there is none, or it holds too much already."""
        cells = self._rows[-1] if self._rows else []
        if not cells or len(cells[-1]) + len(text) >= MAX_HELD_CHARACTERS:
            return False
        cells[-1] = f"{cells[-1]}\n{text}".strip()
        return True

    def close_row(self) -> None:
        """Write the row, or hand it to the cell that it lies in."""
        cells = self._rows.pop() if self._rows else []
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = f"{self._rows[-1][-1]}\n{' '.join(cells)}".strip()[:MAX_HELD_CHARACTERS]
        elif any(cells):
            first = not (self._rows_written and self._rows_written[-1])
            if self._rows_written:
                self._rows_written[-1] += 1
            self._prose.row(cells, first=first)

    def close_table(self) -> None:
        """End a table."""
        if self._rows_written:
            self._rows_written.pop()
