from pathlib import Path
from types import TracebackType
from typing import Final, Self

HEAD_BYTES: Final = 64 * 1024
_TAIL_BYTES: Final = 4096
_LONG_LINES_BYTES: Final = 1024 * 1024
_FEW_LINES: Final = 3
_BUDGET_BYTES: Final = 8 * 1024 * 1024


class Peek:
    """A file that is only glanced at: however its bytes send the reader around, no more than a fixed amount is read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._budget = _BUDGET_BYTES
        self.path = path
        self.size = self._file.seek(0, 2)
        self.head = self.at(0, HEAD_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def whole(self) -> bool:
        """Whether `head` is the whole file."""
        return len(self.head) == self.size

    @property
    def has_long_lines(self) -> bool:
        """Whether `head` ends before its third line does."""
        return not self.whole and self.head.count(b"\n") < _FEW_LINES

    def long_head(self) -> bytes:
        """Return the head, or more of the file where the head holds hardly a line."""
        return self.at(0, _LONG_LINES_BYTES) if self.has_long_lines else self.head

    def tail(self, length: int = _TAIL_BYTES) -> bytes:
        """Return the last bytes of the file."""
        return self.at(max(self.size - length, 0), length)

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes at `offset`; fewer at the end of the file or of the budget."""
        length = min(length, self._budget, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        self._budget -= length
        self._file.seek(offset)
        return self._file.read(length)
