"""What a living child holds that its workspace does not show; the kernel is asked, not the child."""

import math
import os
import stat
from pathlib import Path

#: More than any honest library starts; each takes memory of the kernel's own that no limit of a process counts.
MAX_THREADS = 256

# Where the kernel's flags of a thread stand in its `stat`, after its name.
_FLAGS = 6
_PF_EXITING = 4


def threads_of(pid: int) -> int:
    """Return how many threads a process has, 0 once it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 -- thousands of paths would only be counted
    except OSError:
        return 0


def hidden_bytes(pid: int, workspace: Path) -> float:
    """Return how many bytes a process keeps in files without a name, infinitely many where they cannot be counted."""
    for thread in _threads(pid):
        # All share their files; one that has ended, perhaps the first alone, shows none.
        if not _is_leaving(thread):
            try:
                return math.inf if _maps_nameless(thread, workspace) else _open_nameless(thread)
            except PermissionError:
                # What ends is shown to root only, and so is what hides.
                if not _is_leaving(thread):
                    return math.inf
            except (FileNotFoundError, ProcessLookupError):
                continue
    return 0


def _threads(pid: int) -> list[str]:
    try:
        return [f"/proc/{pid}/task/{thread}" for thread in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 -- as above
    except (FileNotFoundError, ProcessLookupError):
        return []


def _is_leaving(thread: str) -> bool:
    try:
        fields = Path(thread, "stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return bool(int(fields[_FLAGS]) & _PF_EXITING)


def _maps_nameless(thread: str, workspace: Path) -> bool:
    """Say whether a file of the workspace is used as memory, but has lost its name; its size is told nowhere."""
    within = b" " + os.path.realpath(os.fsencode(workspace)) + b"/"
    with Path(thread, "maps").open("rb") as maps:
        return any(within in line and line.endswith(b" (deleted)\n") for line in maps)


def _open_nameless(thread: str) -> int:
    with os.scandir(f"{thread}/fd") as found:
        return sum(map(_size_if_nameless, found))


def _size_if_nameless(entry: "os.DirEntry[str]") -> int:
    try:
        status = entry.stat()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # closed meanwhile
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 0 else 0
