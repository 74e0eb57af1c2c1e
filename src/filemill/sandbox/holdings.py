"""What a living child holds that its workspace does not show; the kernel is asked, not the child."""

import os
import stat

#: More than any honest library starts; each takes memory of the kernel's own that no limit of a process counts.
MAX_THREADS = 256


def threads_of(pid: int) -> int:
    """Return how many threads a process has, 0 once it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 -- thousands of paths would only be counted
    except OSError:
        return 0


def hidden_bytes(pid: int) -> int:
    """Return how many bytes a process keeps in files that it has open, but that have no name any more."""
    try:
        with os.scandir(f"/proc/{pid}/fd") as found:
            return sum(map(_size_if_nameless, found))
    except OSError:
        return 0


def _size_if_nameless(entry: "os.DirEntry[str]") -> int:
    try:
        status = entry.stat()
    except OSError:
        return 0  # closed meanwhile
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 0 else 0
