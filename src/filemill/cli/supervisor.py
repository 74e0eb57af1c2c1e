"""Web, worker and beat as children of one process: started together, restarted when one dies, stopped together."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from filemill.cli.preflight import Trouble, configuration
from filemill.cli.services import SUPERVISED, run_migrations

SERVICES = ("web", "worker", "beat")
STOP_SECONDS = 30
RESTART_SECONDS = 1
TICK_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


@contextmanager
def hold_data_dir() -> Iterator[None]:
    """Let one supervisor at a time work in a data directory; raise Trouble for the second."""
    directory = configuration().data_dir.expanduser()
    with (directory / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble(
                f"Another `filemill serve` works in {directory.resolve()}: stop it, or name another folder in "
                "FILEMILL_DATA_DIR."
            ) from error
        yield


class Supervisor:
    """Runs the services until SIGINT or SIGTERM; exit status 0 after a clean stop."""

    def __init__(self) -> None:
        self._configuration = configuration()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._died_at: dict[str, float] = {}
        self._stopping = False

    def run(self) -> int:
        """Migrate, start, watch, stop."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        run_migrations()
        for name in SERVICES:
            self._start(name)
        ready = False
        while not self._stopping:
            self._restart_dead()
            if not ready and self._answers():
                ready = True
                self._say_ready()
            time.sleep(TICK_SECONDS)
        return self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, name: str) -> None:
        self._children[name] = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "filemill.cli.main", name],
            stdin=subprocess.DEVNULL,
            env={**os.environ, SUPERVISED: "1"},
            start_new_session=True,  # a Ctrl-C is for the supervisor, which stops the children in order
            preexec_fn=_die_with_parent,  # this process has one thread
        )

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for name, child in self._children.items():
            if child.poll() is None:
                continue
            if name not in self._died_at:
                self._died_at[name] = now
                click.echo(f"{name} ended with status {child.returncode} and is started again", err=True)
            if now - self._died_at[name] >= RESTART_SECONDS:
                del self._died_at[name]
                self._start(name)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._address()}/healthz", timeout=1) as response:  # noqa: S310  # our own
                return bool(response.status == 200)
        except OSError:
            return False

    def _address(self) -> str:
        bind = self._configuration.bind
        host = "127.0.0.1" if bind == "0.0.0.0" else f"[{bind}]" if ":" in bind else bind  # noqa: S104  # compared
        return f"http://{host}:{self._configuration.port}"

    def _say_ready(self) -> None:
        chosen = self._configuration
        directory = chosen.data_dir
        shown = directory if directory.is_absolute() else f"./{directory}"
        who = "open to this machine only" if chosen.access == "open" else "for those who sign in"
        click.echo(f"Filemill is ready at {self._address()}  (data in {shown}, {who})")

    def _end(self) -> int:
        for child in self._children.values():
            child.terminate()
        until = time.monotonic() + STOP_SECONDS
        for name, child in self._children.items():
            try:
                child.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                click.echo(
                    f"{name} did not stop in {STOP_SECONDS} s and is killed; its job starts again later", err=True
                )
                child.kill()
                child.wait()
        click.echo("Filemill has stopped.")
        return 0


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
