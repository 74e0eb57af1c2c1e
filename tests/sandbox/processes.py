"""What tests look up about processes: in /proc, as a stranger would."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def eventually(condition: Callable[[], object], seconds: float = 30) -> bool:
    """Wait until the condition holds; generous, since only a failing test ever waits so long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _all() -> Iterator[tuple[int, int, list[bytes]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                yield int(folder.name), parent, (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # it ended meanwhile


def processes_with(word: str) -> list[int]:
    """Return the living processes that have the word among their arguments."""
    return [pid for pid, _, arguments in _all() if word.encode() in arguments]


def children_of(pid: int) -> list[int]:
    """Return a process's children, the dead that nobody has reaped among them."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def servers_of(worker: int) -> list[int]:
    """Return the fork servers with plugins that a worker has started; other tests of its process start some without."""
    return [
        pid
        for pid, parent, arguments in _all()
        if parent == worker
        and b"filemill.sandbox.server" in arguments
        and any(argument.endswith(b"/plugins") for argument in arguments)
    ]


def descriptors_of(pid: int) -> dict[int, str]:
    """Return what a process has open."""
    links = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor that listed the folder
            links[int(entry.name)] = str(entry.readlink())
    return links


def alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
