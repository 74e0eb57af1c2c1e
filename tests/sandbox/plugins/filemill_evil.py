"""What a file that took over its parser would try: each function is one attempt on others, and says how it went."""

import ctypes
import errno
import fcntl
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.processors.base import Result, Workspace

_libc = ctypes.CDLL(None, use_errno=True)


def _tried(**attempts: Callable[[], Any]) -> Result:
    """Say of each attempt whether it was done, or by which error it was refused."""
    facts = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            facts[name] = errno.errorcode[error.errno]
        else:
            facts[name] = "done"
    return Result(facts=facts)


def _c(function: str, *values: Any) -> int:
    returned = getattr(_libc, function)(*values)
    if returned < 0:
        raise OSError(ctypes.get_errno(), function)
    return returned


def look_into(_: Workspace, wish: dict[str, Any]) -> Result:
    """Read what belongs to others."""
    paths = wish["paths"]
    attempts = {path: lambda path=path: Path(path).read_bytes() for path in paths}
    attempts |= {f"list {path}": lambda path=path: list(Path(path).iterdir()) for path in wish["folders"]}
    return _tried(**attempts)


def spoil(workspace: Workspace, wish: dict[str, str]) -> Result:
    """Change what belongs to others, and the own file."""
    other, own = wish["other"], wish["own"]
    link = workspace.path / "link"
    link.symlink_to(other)
    return _tried(
        through_a_link=lambda: link.write_text("spoilt"),
        write=lambda: Path(other).write_text("spoilt"),
        append_to_own=lambda: os.open(own, os.O_WRONLY | os.O_APPEND),
        empty=lambda: os.truncate(other, 0),
        empty_by_opening=lambda: os.open(own, os.O_RDONLY | os.O_TRUNC),
        empty_by_opening_for_nothing=lambda: os.open(other, 3 | os.O_TRUNC),
        open_for_nothing=lambda: os.open(other, 3),
        flags=lambda: fcntl.ioctl(os.open(own, os.O_RDONLY), 0x40086602, bytes(8)),
        project=lambda: fcntl.ioctl(os.open(own, os.O_RDONLY), 0x401C5820, bytes(28)),
        remove=lambda: Path(other).unlink(),
        rename=lambda: Path(other).rename(workspace.path / "mine"),
        hardlink=lambda: os.link(other, workspace.path / "second"),
        make=lambda: Path(other + ".new").touch(),
        mode=lambda: Path(other).chmod(0o777),
        own_mode=lambda: os.fchmod(os.open(own, os.O_RDONLY), 0),
        owner=lambda: os.chown(other, os.getuid(), os.getgid()),
        times=lambda: os.utime(other, (0, 0)),
        attribute=lambda: os.setxattr(other, "user.spoilt", b"yes"),
    )


def call_home(_: Workspace, port: int) -> Result:
    def tcp() -> None:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(b"home")

    def udp() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"home", ("127.0.0.1", port))

    return _tried(tcp=tcp, udp=udp, local=lambda: socket.socket(socket.AF_UNIX), pair=socket.socketpair)


def start_programs(_: Workspace, __: Any) -> Result:
    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    return _tried(
        fork=fork,
        program=lambda: subprocess.run(["/bin/true"], check=True),
        replace=lambda: os.execv("/bin/nothing", ["nothing"]),
    )


def fork_bomb(_: Workspace, __: Any) -> None:
    while True:
        os.fork()


def thread_bomb(_: Workspace, __: Any) -> None:
    threading.stack_size(64 * 1024)
    while True:
        try:
            threading.Thread(target=time.sleep, args=(600,)).start()
        except RuntimeError:
            time.sleep(1)


def harm(_: Workspace, pids: dict[str, int]) -> Result:
    """Signal, trace and hamper other processes."""

    def by_descriptor(pid: int) -> None:
        reader, writer = os.pipe()
        fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
        os.close(writer)

    attempts: dict[str, Callable[[], Any]] = {}
    for name, pid in pids.items():
        attempts |= {
            f"signal {name}": lambda pid=pid: os.kill(pid, 0),
            f"queue {name}": lambda pid=pid: _c("sigqueue", pid, 0, None),
            f"trace {name}": lambda pid=pid: _c("ptrace", 0x4206, pid, 0, 0),
            f"limit {name}": lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_CPU),
            f"own {name}": lambda pid=pid: by_descriptor(pid),
            f"slow {name}": lambda pid=pid: os.sched_setaffinity(pid, {0}),
            f"read {name}": lambda pid=pid: Path(f"/proc/{pid}/environ").read_bytes(),
        }
    return _tried(**attempts)


def gain(_: Workspace, __: Any) -> Result:
    """Escape from limits, and from dying with the server."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1

    def outlive() -> None:
        _c("prctl", 1, 0, 0, 0, 0)

    return _tried(
        raise_limits=lambda: _c("setrlimit", resource.RLIMIT_NOFILE, struct.pack("=2Q", most, most)),
        outlive=outlive,
        another_user=lambda: os.setuid(os.getuid()),
        namespace=lambda: _c("unshare", 0x10000000),
        mount=lambda: _c("mount", b"none", b"/", b"tmpfs", 0, None),
        shared_memory=lambda: _c("shmget", 0, 4096, 0o600),
        nameless_memory=lambda: os.memfd_create("hidden"),
        own_descriptors=lambda: _c("syscall", 436, 9999, 9999, 2),
        hidden_clone=lambda: _c("syscall", 435, None, 0),
        hidden_open=lambda: _c("syscall", 437, -1, None, None, 0),
        unknown_call=lambda: _c("syscall", 462, 1, 0, 0),
    )


def wrong_convention(_: Workspace, __: Any) -> None:
    """Call the kernel as a 32-bit program would: `getpid` by interrupt 0x80."""
    import mmap

    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


def fill_the_disk_unseen(workspace: Workspace, kind: str) -> Result:
    """Keep two megabytes in files that have no name any more."""
    path = workspace.path / "unseen"
    if kind == "beyond the end":
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        return _tried(reserve=lambda: _c("fallocate", file, 1, ctypes.c_long(0), ctypes.c_long(512 * 1024)))
    if kind == "behind a closed door":
        _libc.prctl(4, 0, 0, 0, 0)
    if kind == "after the first thread":
        threading.Thread(target=fill_the_disk_unseen, args=(workspace, "nameless")).start()
        _libc.syscall(60 if os.uname().machine == "x86_64" else 93, 0)
    for _i in range(4):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        path.unlink()
        os.write(file, bytes(512 * 1024))
        if kind == "mapped":
            _map(file)
            os.close(file)
    time.sleep(600)
    return Result()


def _map(file: int) -> None:
    _libc.mmap.restype = ctypes.c_void_p
    _libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *3 * [ctypes.c_int], ctypes.c_long]
    _libc.mmap(None, 4096, 1, 1, file, 0)


def print_a_million_lines(_: Workspace, __: Any) -> Result:
    for number in range(1_000_000):
        print("line", number)
    print("errors", file=sys.stderr)
    os.write(1, struct.pack("<I", 42) * 10_000)
    return Result(facts={"said": "all"})


def stay_when_the_server_dies(_: Workspace, __: Any) -> None:
    """Ask for no signal at the server's death, and stay."""
    _libc.prctl(1, 0, 0, 0, 0)
    time.sleep(600)
