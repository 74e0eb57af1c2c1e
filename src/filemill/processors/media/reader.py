"""A file for libraries that read as much as the file tells them to."""

from pathlib import Path
from typing import Final

_INVALID: Final = -22  # EINVAL, which FFmpeg wants as a number
#: What a call costs however few bytes it reads: hostile files are made of tiny pieces.
_LEAST_CHARGE: Final = 4096


class Reader:
    """A file that ends early once so much was read of it, in whatever pieces and however often again."""

    name = "file"

    def __init__(self, path: Path, budget: int) -> None:
        self._file = path.open("rb")
        self._budget = budget

    @property
    def is_spent(self) -> bool:
        """Whether the budget is at its end, and with it all that can be read."""
        return not self._budget

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none where the file or the budget is at its end."""
        piece = self._file.read(self._budget if size < 0 else min(size, self._budget))
        self._budget = max(self._budget - max(len(piece), _LEAST_CHARGE), 0)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move within the file; a negative number says that this cannot be."""
        self._budget = max(self._budget - _LEAST_CHARGE, 0)
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return _INVALID

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
