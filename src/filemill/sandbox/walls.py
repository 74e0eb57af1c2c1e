"""The walls around a child: some on the server, which all children inherit, the rest on each before foreign bytes.

Each is put up where the kernel lets us, and the report says whether it stands; who demands walls looks there.
"""

import contextlib
import ctypes
import os
import re
import signal
import struct
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from filemill.sandbox import kernel, landlock, seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITIES_VERSION = 0x20080522
# Root reads files of other owners by it; Landlock says which.
_CAP_DAC_READ_SEARCH = 1 << 2

# As a number: what Python's constants are made of would touch more pages.
_SIGKILL = int(signal.SIGKILL)

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_NO_DESCRIPTOR = 2**20
# Paths and text files would touch, and so copy, a hundred more of the pages that a child shares with its server.
_OOM_SCORE = "/proc/self/oom_score_adj"

#: What programs read wherever they run, none of it a secret; the interpreter's own folders come from the interpreter.
_SYSTEM = (
    *("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/lib", "/lib64"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/fonts"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)


#: What says how much of the machine a group of processes may use, by the name that the group's tree has.
_QUOTAS = {
    "": ("cpu.max", "memory.max"),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us"),
    "memory": ("memory.limit_in_bytes",),
}


class Wall(NamedTuple):
    """One wall: its name, whether it stands, and why not or how."""

    name: str
    on: bool
    why: str


#: The others close the same ways a second time.
REQUIRED = ("no_new_privs", "seccomp", "landlock")


def complaint(walls: Iterable[Wall]) -> str | None:
    """Say in one sentence which of the required walls do not stand, if any."""
    lacking = [f"{wall.name} ({wall.why})" for wall in walls if wall.name in REQUIRED and not wall.on]
    return f"The sandbox lacks a wall on this machine: {', '.join(lacking)}." if lacking else None


class Walls:
    """The walls of one server and its children."""

    def __init__(self) -> None:
        self.report: list[Wall] = []
        self._landlock: landlock.Ruleset | None = None
        # Made by the server: what a child computes itself touches, and so copies, pages of the server's.
        self._filter = b""

    def raise_before_loading(self) -> None:
        """Set what needs a process of one thread, and make it the parent of whatever a child leaves behind."""
        kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._put_up("no_new_privs", lambda: kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1))
        self._put_up("network", _leave_the_network)
        _drop_capabilities()

    def raise_after_loading(self) -> None:
        """Set what could keep a library from loading."""
        self._put_up("landlock", self._look_for_landlock)
        self._put_up("seccomp", self._filter_calls)

    def raise_in_child(self, source: str, workspace: str) -> None:
        """Shut the child in with its file and its workspace."""
        os.umask(0o077)
        os.chdir(workspace)
        os.environ["TMPDIR"] = tempfile.tempdir = workspace
        if self._landlock:
            self._landlock.shut_in(source, workspace)
        if self._filter:
            seccomp.put_on(self._filter)

    def _look_for_landlock(self) -> None:
        self._landlock = landlock.Ruleset(landlock.version(), readable(), ["/dev/null", *_measurements()])

    def _filter_calls(self) -> None:
        if reason := seccomp.reason_against():
            raise OSError(reason)
        seccomp.put_on(seccomp.whole(seccomp.for_all()))
        self._filter = seccomp.whole(seccomp.for_children())

    def _put_up(self, name: str, put_up: Callable[[], object]) -> None:
        try:
            put_up()
        except OSError as error:
            self.report.append(Wall(name, on=False, why=error.strerror or str(error)))
        else:
            self.report.append(Wall(name, on=True, why=""))


def _leave_the_network() -> None:
    """Move into a network of its own where nothing is; an ordinary user needs a namespace of users for that."""
    try:
        kernel.unshare(_CLONE_NEWNET)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        kernel.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        # Without these everybody would be called nobody there.
        for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with contextlib.suppress(OSError):
                Path("/proc/self", name).write_text(line)


def _drop_capabilities() -> None:
    """Keep root, and who became root of a namespace, from more than an ordinary user may; limits too bind them now."""
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    (permitted,) = re.findall("^CapPrm:\t(.+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    kept = int(permitted, 16) & _CAP_DAC_READ_SEARCH
    kernel.capset(ctypes.c_char_p(header), ctypes.c_char_p(struct.pack("=6I", kept, kept, 0, 0, 0, 0)))


def readable() -> list[str]:
    """Name the folders that code and its tables are loaded from, also late."""
    interpreters = [f"{prefix}/{folder}" for prefix in (sys.prefix, sys.base_prefix) for folder in ("lib", "share")]
    named = (path for path in (*_SYSTEM, *_quotas(), *interpreters, *sys.path) if path.startswith("/"))
    wanted = {Path(path).resolve() for path in named if Path(path).exists()} - {Path("/")}
    # Each rule costs every child time; one for a folder holds for all within.
    return sorted(str(path) for path in wanted if wanted.isdisjoint(path.parents))


def _quotas() -> list[str]:
    """Name the quotas of this process's own groups: DuckDB aborts where it sees them, but may not read them.

    In a container they may lie at the top of their tree, while the group's name is that of the host.
    """
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return []
    return [
        os.path.normpath(f"/sys/fs/cgroup/{tree}/{place}/{file}")
        for _, trees, group in groups
        for place in ("", group)
        for tree in trees.split(",")
        for file in _QUOTAS.get(tree, ())
    ]


def _measurements() -> list[str]:
    """Name the folder that tests want to learn from which lines ran."""
    coverage = sys.modules.get("coverage")
    measuring = coverage and coverage.Coverage.current()
    return [os.path.dirname(measuring.get_option("run:data_file"))] if measuring else []  # noqa: PTH120 -- see _OOM_SCORE


def cut_ties(server: int, talk: int) -> None:
    """Leave the server's process group and descriptors, and die with it."""
    kernel.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    # The server may have died before the line above took effect.
    if os.getppid() != server:
        os._exit(1)
    os.setsid()
    # The server's input is /dev/null; its output and errors go to the operator, the child's must not.
    os.dup2(_INPUT, _OUTPUT)
    os.dup2(_INPUT, _ERRORS)
    os.closerange(_ERRORS + 1, talk)
    os.closerange(talk + 1, _NO_DESCRIPTOR)
    # When memory is short, the kernel should end the child, not the worker or the database beside it.
    try:
        score = os.open(_OOM_SCORE, os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)
    except OSError:
        pass
