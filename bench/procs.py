"""What processes cost: CPU time and memory, read from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _CSTIME, _PPID = 11, 15, 1  # fields of /proc/PID/stat after the name in brackets


def family(pid: int) -> list[int]:
    """Return a process and all its living descendants, itself first."""
    children: dict[int, list[int]] = {}
    for found in _all_pids():
        if fields := _stat(found):
            children.setdefault(int(fields[_PPID]), []).append(found)
    members = [pid]
    for member in members:
        members += children.get(member, [])
    return members


def cpu_seconds(*pids: int) -> float:
    """Return the CPU time of processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        if fields := _stat(pid):
            ticks += sum(int(field) for field in fields[_UTIME:_CSTIME])
    return ticks / _TICKS


def resident_mib(*pids: int, peak: bool = False) -> float:
    """Return the memory that processes hold together, or the most that each has held."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    kib = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        kib += next((int(line.split()[1]) for line in lines if line.startswith(wanted)), 0)
    return kib / 1024


def forget_peak(*pids: int) -> None:
    """Let the peak begin anew at what is held now."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def stolen_share(before: list[int], after: list[int]) -> float:
    """Return which share of the cores' time other guests of the host took between two readings of `all_cpu_ticks`."""
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return spent[7] / max(sum(spent[:8]), 1)


def all_cpu_ticks() -> list[int]:
    """Return the first line of /proc/stat: what the cores have spent their time on."""
    return [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]


def _all_pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
