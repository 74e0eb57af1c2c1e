"""Web, worker and beat as children of one process: started together, restarted when one dies, stopped together."""

import ctypes
import fcntl
import gc
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from types import FrameType

import click
from django.db import connections

from filemill.cli import services
from filemill.cli.preflight import Trouble, configuration

SERVICES: dict[str, Callable[[], None]] = {
    "web": services.run_web,
    "worker": services.run_worker,
    "beat": services.run_beat,
}
SECONDS_TO_END = 5  # beside what a worker lets its jobs run
RESTART_SECONDS = 1
TICK_SECONDS = 0.05
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15


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
    """Runs the services until SIGINT or SIGTERM; exit status 0 after a clean stop.

    The children are forks of this process, which has one thread and has loaded Django and migrated: nothing is loaded
    four times.
    """

    def __init__(self) -> None:
        self._configuration = configuration()
        self._children: dict[str, ForkProcess] = {}
        self._died_at: dict[str, float] = {}
        self._stopping = False

    def run(self) -> int:
        """Migrate, start, watch, stop."""
        for number in services.STOP_SIGNALS:
            signal.signal(number, self._stop)
        services.migrate()
        services.refuse_first_password()
        connections.close_all()  # a connection must not be shared with a fork
        gc.freeze()  # what is loaded stays shared with the children
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
        child = get_context("fork").Process(target=_live, args=(name, os.getpid()), name=name)
        # A signal that met the child while it still has our handlers would be lost: it waits until _live took them off.
        services.hold_stops()
        try:
            child.start()
        finally:
            services.let_stops()
        self._children[name] = child

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for name, child in self._children.items():
            if child.is_alive():
                continue
            if name not in self._died_at:
                self._died_at[name] = now
                click.echo(f"{name} ended with status {child.exitcode} and is started again", err=True)
            if now - self._died_at[name] >= RESTART_SECONDS:
                del self._died_at[name]
                self._start(name)

    def _answers(self) -> bool:
        try:
            # Without a proxy, whatever the environment says: the address is this machine's.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{self._address()}/healthz", timeout=1) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def _address(self) -> str:
        bind = self._configuration.bind
        bind = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104  # compared
        host = f"[{bind}]" if ":" in bind else bind
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
        patience = self._configuration.stop_seconds + SECONDS_TO_END
        until = time.monotonic() + patience
        for name, child in self._children.items():
            child.join(max(until - time.monotonic(), 0.1))
            if child.is_alive():
                click.echo(f"{name} did not stop in {patience:g} s and is killed; its jobs run again", err=True)
                child.kill()
                child.join()
        click.echo("Filemill has stopped.")
        return 0


def _live(name: str, supervisor: int) -> None:
    """Become a service; a Ctrl-C is for the supervisor, which stops its children in order and takes them along."""
    os.setsid()
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    libc.prctl(PR_SET_NAME, f"filemill {name}".encode())
    if os.getppid() != supervisor:
        return
    services.end_at_stops()
    SERVICES[name]()
