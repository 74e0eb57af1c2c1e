"""A plugin whose files say how it shall behave, mostly badly: each function below is one behaviour."""

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.core.errors import TryAgain, Unprocessable
from filemill.processors.base import Made, Processor, Result, Source, Workspace

Behaviour = Callable[[Workspace, Any], Result | None]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    BEHAVIOURS[function.__name__] = function
    return function


class Trial(Processor):
    name = "trial"
    accepts = ("application/x-trial",)

    def process(self, source: Source, workspace: Workspace) -> Result:
        wish = json.loads(source.path.read_text())
        return BEHAVIOURS[wish["do"]](workspace, wish.get("with")) or Result()


def _descriptors() -> dict[int, str]:
    links = {}
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor that listed the folder
            links[int(entry.name)] = str(entry.readlink())
    return links


def _talk() -> int:
    """Find the child's way to the worker, as code that took over the child would."""
    return next(descriptor for descriptor, link in _descriptors().items() if link.startswith("socket:"))


def _send(data: bytes) -> None:
    with socket.socket(fileno=os.dup(_talk())) as talk:
        talk.sendall(data)


def _say(message: Any) -> None:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    _send(len(body).to_bytes(4, "big") + body)


@behaviour
def behave(workspace: Workspace, _: Any) -> Result:
    (workspace.path / "made.txt").write_text("made")
    return Result(facts={"pages": 3}, artifacts=(Made("text", workspace.path / "made.txt", "text/plain"),))


@behaviour
def say_who_you_are(_: Workspace, __: Any) -> Result:
    return Result(facts={"pid": os.getpid(), "ppid": os.getppid(), "group": os.getpgid(0), "session": os.getsid(0)})


@behaviour
def look_around(workspace: Workspace, _: Any) -> Result:
    status = Path("/proc/self/status").read_text()
    (workspace.path / "private").touch(0o777)
    return Result(
        facts={
            "descriptors": {str(number): link for number, link in _descriptors().items()},
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "temporary": tempfile.gettempdir(),
            "mode": (workspace.path / "private").stat().st_mode & 0o777,
            "no_new_privs": "NoNewPrivs:\t1" in status,
            "can_be_killed_first": Path("/proc/self/oom_score_adj").read_text().strip(),
        }
    )


@behaviour
def return_facts(_: Workspace, facts: Any) -> Result:
    return Result(facts=facts)


@behaviour
def return_odd_facts(_: Workspace, kind: str) -> Result:
    odd: dict[str, Any] = {
        "numbers": {"nan": float("nan"), "infinite": float("inf"), "whole": 1},
        "text": {"nul": "a\0b", "half": "a\ud800b", "k\0": ("tuple", None, True)},
        "deep": {"deep": [[]]},
        "bytes": {"bytes": b"x"},
        "keys": {1: "x"},
        "large": {"text": "x" * 70_000},
        "list": [1],
    }
    for _i in range(40):
        odd["deep"] = {"deep": odd["deep"]}
    return Result(facts=odd[kind])


@behaviour
def report_progress(workspace: Workspace, _: Any) -> None:
    for step in range(13):
        workspace.progress(step / 10, f"step {step}")
        time.sleep(0.11)
    # Too fast to be read, and not a number: neither may harm.
    for _i in range(10_000):
        workspace.progress(float("nan"), "x" * 500)
        workspace.progress(1.0, "x" * 500)


@behaviour
def report_from_many_threads(workspace: Workspace, _: Any) -> None:
    def report() -> None:
        for _i in range(300):
            workspace.report(0.5, "x" * 100)
            time.sleep(0.001)

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@behaviour
def refuse_the_file(_: Workspace, __: Any) -> None:
    raise Unprocessable("It is locked\0.", code="encrypted", title="The file is encrypted")


@behaviour
def ask_for_another_attempt(_: Workspace, __: Any) -> None:
    raise TryAgain("Not now.")


@behaviour
def raise_a_bug(_: Workspace, __: Any) -> None:
    raise KeyError("a bug in the plugin")


@behaviour
def return_nothing_useful(_: Workspace, __: Any) -> Any:
    return "not a result"


@behaviour
def segfault(_: Workspace, __: Any) -> None:
    ctypes.string_at(0)


@behaviour
def leave_at_once(_: Workspace, code: int) -> None:
    os._exit(code)


@behaviour
def exit_politely(_: Workspace, __: Any) -> None:
    sys.exit("bye")


@behaviour
def sleep_for_ever(_: Workspace, __: Any) -> None:
    while True:
        time.sleep(60)


@behaviour
def ignore_signals_and_sleep(_: Workspace, __: Any) -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)


@behaviour
def burn_cpu(_: Workspace, __: Any) -> None:
    while True:
        pass


@behaviour
def burn_cpu_and_ignore_the_warning(_: Workspace, __: Any) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


@behaviour
def burn_some_cpu(_: Workspace, seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@behaviour
def die_of_a_nameless_signal(_: Workspace, __: Any) -> None:
    os.kill(os.getpid(), 40)


@behaviour
def kill_yourself(_: Workspace, __: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@behaviour
def hoard_memory(_: Workspace, __: Any) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(1024 * 1024))


@behaviour
def hoard_memory_in_a_library(workspace: Workspace, __: Any) -> None:
    try:
        hoard_memory(workspace, None)
    except MemoryError:
        raise ValueError("the library says something else") from None


@behaviour
def hoard_small_things(_: Workspace, __: Any) -> None:
    hoard = [[]]
    while True:
        hoard.append([*hoard[-1][-3:], len(hoard)])


@behaviour
def raise_the_limits_and_hoard(workspace: Workspace, __: Any) -> None:
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (hard, hard))
    hoard_memory(workspace, None)


@behaviour
def write_one_large_file(workspace: Workspace, count: int) -> None:
    with (workspace.path / "large").open("wb") as file:
        for _i in range(count):
            file.write(bytes(1024))


@behaviour
def write_many_files_and_wait(workspace: Workspace, count: int) -> None:
    folder = workspace.path / "inner"
    folder.mkdir()
    for number in range(count):
        (folder / str(number)).write_bytes(bytes(1024))
    time.sleep(60)


@behaviour
def fill_the_disk(_: Workspace, __: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@behaviour
def open_many_files(_: Workspace, __: Any) -> Result:
    files = []
    try:
        while True:
            files.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        return Result(facts={"opened": len(files), "errno": error.errno})


@behaviour
def make_artifacts(workspace: Workspace, artifacts: list[list[Any]]) -> Result:
    made = []
    for name, file_name, media_type, kilobytes in artifacts:
        (workspace.path / file_name).write_bytes(bytes(1024 * kilobytes))
        made.append(Made(name, Path(file_name), media_type))
    return Result(artifacts=tuple(made))


@behaviour
def make_an_artifact_of(workspace: Workspace, wish: list[str]) -> Result:
    kind, target = wish
    path = workspace.path / "odd"
    if kind == "symlink":
        path.symlink_to(target)
    elif kind == "hardlink":
        path.hardlink_to(target)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "elsewhere":
        path = Path(target)
    return Result(artifacts=(Made("odd", path, "text/plain"),))


@behaviour
def forge(_: Workspace, message: Any) -> None:
    _say(message)
    time.sleep(60)


@behaviour
def forge_bytes(_: Workspace, text: str) -> None:
    _say(text.encode("latin-1"))
    time.sleep(60)


@behaviour
def claim_a_huge_message(_: Workspace, __: Any) -> None:
    _send(b"\xff\xff\xff\xff")
    time.sleep(60)


@behaviour
def send_a_million_messages(_: Workspace, __: Any) -> None:
    body = b'{"progress": [0.5, ""]}'
    frame = len(body).to_bytes(4, "big") + body
    for _i in range(1000):
        _send(frame * 1000)


@behaviour
def send_large_messages(_: Workspace, __: Any) -> None:
    body = b'{"progress": [0.5, "' + b"x" * 1_000_000 + b'"]}'
    frame = len(body).to_bytes(4, "big") + body
    for _i in range(1000):
        _send(frame)


@behaviour
def stay_after_the_answer(_: Workspace, __: Any) -> None:
    _say({"result": {"facts": {"and": "stay"}, "artifacts": []}})
    time.sleep(600)


@behaviour
def hang_up_and_sleep(_: Workspace, __: Any) -> None:
    os.close(_talk())
    time.sleep(60)


@behaviour
def answer_and_die(_: Workspace, __: Any) -> None:
    _say({"result": {"facts": {"last": "words"}, "artifacts": []}})
    os.kill(os.getpid(), signal.SIGKILL)


@behaviour
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
