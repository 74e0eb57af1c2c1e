"""Who descends from whom, read from /proc, and signals to whoever is still there."""

import os
import signal
from pathlib import Path

_PPID = 1  # field of /proc/PID/stat after the name in brackets


def descendants(pid: int) -> list[int]:
    """Return a process's living descendants, the nearest first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(entry)):
            children.setdefault(int(fields[_PPID]), []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found[1:]


def says(pid: int, words: str) -> bool:
    """Say whether a process's command line contains the words, or its name is these words."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return words in command or Path(f"/proc/{pid}/comm").read_text().strip() == words
    except (FileNotFoundError, ProcessLookupError):
        return False


def send(number: signal.Signals, *pids: int) -> int:
    """Send a signal to whoever of these lives; return how many got it."""
    reached = 0
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        reached += 1
    return reached


def _stat(entry: Path) -> list[str]:
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] == "Z" else fields
