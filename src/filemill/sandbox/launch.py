"""The fork server as its worker sees it: a process to start, to send jobs to, and to end."""

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from filemill.sandbox.errors import ChildFailed, SandboxUnavailable
from filemill.sandbox.walls import Wall
from filemill.sandbox.wire import COMMON, JOB, LARGE, READY

# What plugins have to say while they load, printed or logged, is for the operator.
_ERRORS = 2
_SECONDS_TO_START = 60.0
_SECONDS_TO_TAKE_A_JOB = 10.0
_SECONDS_TO_END = 10.0
_MAX_REPORT = 16 * 1024

# Numeric libraries start one thread a core when imported; a fork of them would hang.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    # What is bound when it is first called, is bound anew by each child.
    "LD_BIND_NOW": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def _environment() -> dict[str, str]:
    """Return what the server may see of the worker's environment: the way to programs, and what measures coverage."""
    passed = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")}
    return passed | _ENVIRONMENT


class ServerProcess:
    """One running fork server; whoever holds the other end of its control socket holds its life."""

    def __init__(self, plugin_folders: Sequence[Path], settings: Sequence[str], *, large: bool) -> None:
        self._control, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-I", "-m", "filemill.sandbox.server", str(far_end.fileno())]
        command += [LARGE if large else COMMON, ",".join(settings)]
        with far_end, self._closed_on_error():
            self._process = subprocess.Popen(  # noqa: S603 -- our own module, by the interpreter that runs us
                command + [str(folder.absolute()) for folder in plugin_folders],
                stdin=subprocess.DEVNULL,
                stdout=_ERRORS,
                env=_environment(),
                cwd="/",
                pass_fds=[far_end.fileno()],
                start_new_session=True,
            )
        try:
            self.walls = self._await_ready()
        except BaseException:
            self.kill()
            raise

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._control.close()
            raise SandboxUnavailable(f"The sandbox server cannot be started: {error}.") from error

    def _await_ready(self) -> list[Wall]:
        self._control.settimeout(_SECONDS_TO_START)
        try:
            ready = self._control.recv(_MAX_REPORT)
        except OSError as error:
            raise ChildFailed("server_lost", f"The sandbox server did not start: {error}.") from error
        if not ready.startswith(READY):
            code = self._process.wait(_SECONDS_TO_END)
            raise ChildFailed("server_lost", f"The sandbox server did not start; it ended with exit code {code}.")
        self._control.settimeout(_SECONDS_TO_TAKE_A_JOB)
        return [Wall(*each) for each in orjson.loads(ready.removeprefix(READY))]

    def alive(self) -> bool:
        """Say whether the server still holds its end of the control socket."""
        watch = select.poll()
        watch.register(self._control, 0)
        return not watch.poll(0)

    def submit(self, talk: socket.socket, lifeline: socket.socket) -> None:
        """Ask for a child at these far ends; raises OSError where the server does not take it."""
        # One packet is sent whole or not at all, so threads need no lock here.
        socket.send_fds(self._control, [JOB], [talk.fileno(), lifeline.fileno()])

    def close(self) -> None:
        """Let the server end its children and itself."""
        self._control.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End a server that no longer does as it is told; its children die with it."""
        self._control.close()
        self._process.kill()
        self._process.wait()
