"""Removes what a child leaves behind, which may be nested deeper than any path is long, and closed to its owner."""

import itertools
import os
import secrets
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_FOR_ITS_OWNER = 0o700
_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(workspace: Path) -> None:
    """Remove a workspace with all that is in it; what does not go is told in the log, and left."""
    try:
        top = _open(str(workspace))
        try:
            _empty(top)
        finally:
            os.close(top)
        workspace.rmdir()
    except FileNotFoundError:
        pass  # another sweep was faster
    except OSError as error:
        log.warning("workspace not removed", path=str(workspace), reason=str(error))


def _empty(top: int) -> None:
    """Remove all in a folder, moving folders within folders up into it, so that no depth is ever walked."""
    # No child foresees these names.
    prefix, numbers = secrets.token_hex(8), itertools.count()
    waiting = _files_removed(top)
    while waiting:
        name = waiting.pop()
        folder = _open(name, top)
        try:
            for inner in _files_removed(folder):
                os.close(_open(inner, folder))  # A folder that is closed to its owner does not move.
                waiting.append(f"{prefix}{next(numbers)}")
                os.rename(inner, waiting[-1], src_dir_fd=folder, dst_dir_fd=top)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=top)


def _files_removed(folder: int) -> list[str]:
    """Remove what is no folder; returns the names of the folders."""
    with os.scandir(folder) as found:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    for name, is_folder in entries:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in entries if is_folder]


def _open(name: str, within: int | None = None) -> int:
    """Open a folder for its owner, whatever its mode forbids, and list nothing that took its place."""
    place = os.open(name, os.O_PATH | _FOLDER, dir_fd=within)
    try:
        itself = f"/proc/self/fd/{place}"
        if ~os.fstat(place).st_mode & _FOR_ITS_OWNER:
            Path(itself).chmod(_FOR_ITS_OWNER)
        return os.open(itself, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(place)
