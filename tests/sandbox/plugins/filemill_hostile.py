"""What a file may make the trial plugin do that no processor should: each function is one offence."""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from filemill.processors.base import Made, Result, Workspace


def descriptors() -> dict[int, str]:
    links = {}
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor that listed the folder
            links[int(entry.name)] = str(entry.readlink())
    return links


def _talk() -> int:
    """Find the child's way to the worker, as code that took over the child would."""
    return next(descriptor for descriptor, link in descriptors().items() if link.startswith("socket:"))


def _send(data: bytes) -> None:
    with socket.socket(fileno=os.dup(_talk())) as talk:
        talk.sendall(data)


def _say(message: Any) -> None:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    _send(len(body).to_bytes(4, "big") + body)


def segfault(_: Workspace, __: Any) -> None:
    ctypes.string_at(0)


def leave_at_once(_: Workspace, code: int) -> None:
    os._exit(code)


def sleep_for_ever(_: Workspace, __: Any) -> None:
    while True:
        time.sleep(60)


def ignore_signals_and_sleep(_: Workspace, __: Any) -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)


def burn_cpu(_: Workspace, __: Any) -> None:
    while True:
        pass


def burn_cpu_and_ignore_the_warning(_: Workspace, __: Any) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def die_of_a_nameless_signal(_: Workspace, __: Any) -> None:
    os.kill(os.getpid(), 40)


def kill_yourself(_: Workspace, __: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hoard_memory(_: Workspace, __: Any) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(1024 * 1024))


def hoard_memory_in_a_library(workspace: Workspace, __: Any) -> None:
    try:
        hoard_memory(workspace, None)
    except MemoryError:
        raise ValueError("the library says something else") from None


def abort(_: Workspace, __: Any) -> None:
    os.abort()


def abort_over_refused_memory(_: Workspace, __: Any) -> None:
    """Do as libraries of C++ and Rust do: nothing of Python learns of it."""
    libc = ctypes.CDLL(None)
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    while libc.malloc(1024 * 1024):
        pass
    libc.abort()


def abort_after_refused_memory(workspace: Workspace, __: Any) -> None:
    with contextlib.suppress(MemoryError):
        hoard_memory(workspace, None)
    Path("nothing").exists()
    os.abort()


def hoard_small_things(_: Workspace, __: Any) -> None:
    hoard = [[]]
    while True:
        hoard.append([*hoard[-1][-3:], len(hoard)])


def raise_the_limits_and_hoard(workspace: Workspace, __: Any) -> None:
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (hard, hard))
    hoard_memory(workspace, None)


def write_one_large_file(workspace: Workspace, count: int) -> None:
    with (workspace.path / "large").open("wb") as file:
        for _i in range(count):
            file.write(bytes(1024))


def write_many_files_and_wait(workspace: Workspace, count: int) -> None:
    folder = workspace.path / "inner"
    folder.mkdir()
    for number in range(count):
        (folder / str(number)).write_bytes(bytes(1024))
    time.sleep(60)


def dig(_: Workspace, depth: int) -> None:
    for _i in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("treasure").touch()


def close_folders(_: Workspace, mode: int) -> None:
    """Leave folders that their owner may not list, or not even enter, with something in them where that can be."""
    os.umask(0)
    with contextlib.suppress(PermissionError):
        for name in ("outer", "outer/inner"):
            Path(name).mkdir(mode)
            Path(name, "file").touch()


def open_many_files(_: Workspace, __: Any) -> Result:
    files = []
    try:
        while True:
            files.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        return Result(facts={"opened": len(files), "errno": error.errno})


def make_an_artifact_of(workspace: Workspace, wish: list[str]) -> Result:
    kind, target = wish
    path = workspace.path / "odd"
    if kind == "symlink":
        path.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "elsewhere":
        path = Path(target)
    return Result(artifacts=(Made("odd", path, "text/plain"),))


def forge(_: Workspace, message: Any) -> None:
    _say(message)
    time.sleep(60)


def forge_bytes(_: Workspace, text: str) -> None:
    _say(text.encode("latin-1"))
    time.sleep(60)


def claim_a_huge_message(_: Workspace, __: Any) -> None:
    _send(b"\xff\xff\xff\xff")
    time.sleep(60)


def send_a_million_messages(_: Workspace, __: Any) -> None:
    body = b'{"progress": [0.5, ""]}'
    frame = len(body).to_bytes(4, "big") + body
    for _i in range(1000):
        _send(frame * 1000)


def send_large_messages(_: Workspace, __: Any) -> None:
    body = b'{"progress": [0.5, "' + b"x" * 1_000_000 + b'"]}'
    frame = len(body).to_bytes(4, "big") + body
    for _i in range(1000):
        _send(frame)


def stay_after_the_answer(_: Workspace, __: Any) -> None:
    _say({"result": {"facts": {"and": "stay"}, "artifacts": []}})
    time.sleep(600)


def answer_and_let_artifacts_grow(_: Workspace, count: int) -> None:
    names = [f"a{number}" for number in range(count)]
    for name in names:
        Path(name).write_bytes(b"x")
    _say({"result": {"facts": {}, "artifacts": [[name, name, "text/plain"] for name in names]}})
    select.select([_talk()], [], [], 0.2)
    for name in names:
        Path(name).write_bytes(bytes(1024 * 1024 - 1))
    time.sleep(600)


def hang_up_and_sleep(_: Workspace, __: Any) -> None:
    os.close(_talk())
    time.sleep(60)


def answer_and_die(_: Workspace, __: Any) -> None:
    _say({"result": {"facts": {"last": "words"}, "artifacts": []}})
    os.kill(os.getpid(), signal.SIGKILL)


def leave_descendants(workspace: Workspace, wish: list[str]) -> Result:
    """Leave a sleeping grandchild in the group, one in a session of its own, and one that was started by exec."""
    marker, how = wish
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)", marker]
    subprocess.Popen(sleeper)
    subprocess.Popen(sleeper, start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, sleeper)
        os._exit(0)
    if how == "wait":
        workspace.report(0.5, "they run")
        time.sleep(600)
    return Result()
