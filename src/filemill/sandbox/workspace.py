"""Files that a child made, opened as what they are: foreign, and perhaps not what they claim to be."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from filemill.core.errors import Unprocessable
from filemill.processors.base import Made

_MAX_ENTRIES = 10_000
#: Missing, a link, no file, hidden, or misnamed; any other error is the disk's or the machine's, and may pass.
_CAUSED_BY_CHILDREN = {
    errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.EACCES, errno.ENAMETOOLONG
}  # fmt: skip


class RefusedArtifact(Unprocessable):
    """The artifact is not a plain file of its own directly in the workspace."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The artifact {name} {reason}.", code="artifact_refused", title="An artifact was refused")


def open_artifact(workspace: Path, made: Made) -> BinaryIO:
    """Open the artifact for reading; follows no link, waits on no pipe, opens nothing that has a second name."""
    file_name = made.path.name
    if made.path.parent != workspace or not file_name or "\0" in file_name:
        raise RefusedArtifact(made.name, "does not lie directly in the workspace")
    try:
        descriptor = _open_without_following(workspace, file_name)
    except OSError as error:
        if error.errno not in _CAUSED_BY_CHILDREN:
            raise
        raise RefusedArtifact(made.name, f"cannot be opened: {error.strerror}") from None
    status = os.fstat(descriptor)
    # A second name for a file elsewhere would publish what that file holds.
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(descriptor)
        raise RefusedArtifact(made.name, "is not a plain file of its own")
    return os.fdopen(descriptor, "rb")


def _open_without_following(workspace: Path, file_name: str) -> int:
    folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
        return os.open(file_name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def size_of(workspace: Path, made: Made) -> int:
    """Return the artifact's size once it has passed the checks of `open_artifact`."""
    with open_artifact(workspace, made) as file:
        return os.fstat(file.fileno()).st_size


def outgrown(workspace: Path, most: int, elsewhere: float = 0) -> bool:
    """Say whether the workspace and what is elsewhere hold more than so many bytes, or anything that cannot be counted.

    RLIMIT_FSIZE bounds one file; only a count from outside bounds how much many files fill together.
    """
    taken, entries, folders = elsewhere, 0, [workspace]
    if taken > most:
        return True
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    status = entry.stat(follow_symlinks=False)
                    entries += 1
                    taken += status.st_size if stat.S_ISREG(status.st_mode) else 0
                    if taken > most or entries > _MAX_ENTRIES:
                        return True
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(Path(entry.path))
        except FileNotFoundError:
            continue  # the processor removed it meanwhile
        except OSError:
            return True  # nested too deeply, or hidden from us
    return False
