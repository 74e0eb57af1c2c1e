"""Folders that are still there after the power fails."""

import contextlib
import errno
import os

_lasting: set[str] = set()  # those whose names this process has made to last
_MOST_LASTING = 4096


def make(folder: str, root: str) -> None:
    """Make a folder last, with those above it up to the root; raise FileNotFoundError where there is no root."""
    is_there = os.path.isdir(folder)
    if folder == root:
        if not is_there:
            raise FileNotFoundError(errno.ENOENT, "The storage is away", folder)
        return
    if is_there and folder in _lasting:
        return
    above = folder.rpartition("/")[0]
    make(above, root)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, mode=0o700)
    # Also where it is there: whoever made it a moment ago may not have got so far.
    sync(above)
    if len(_lasting) >= _MOST_LASTING:
        _lasting.clear()
    _lasting.add(folder)


def sync(folder: str) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
