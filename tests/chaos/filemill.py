"""A Filemill of processes that are started again when they end, as an orchestrator would."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from chaos import processes

SECONDS_TO_START = 120
SECONDS_TO_STOP = 40
RESTART_SECONDS = 0.2

# Short, so that a round of recovery takes seconds; their proportions are those of the defaults.
PACE = {
    "FILEMILL_LEASE_SECONDS": "2",
    "FILEMILL_RENEW_SECONDS": "0.5",
    "FILEMILL_SWEEP_SECONDS": "1",
    "FILEMILL_BACKOFF_SECONDS": "0.2",
    "FILEMILL_BACKOFF_MAX_SECONDS": "1",
    "FILEMILL_DRAIN_SECONDS": "0.3",
    "FILEMILL_WORKER_THREADS": "2",
    "FILEMILL_DISK_RESERVE_BYTES": "0",
    "FILEMILL_LOG_FORMAT": "json",
}


class Filemill:
    """The programs of one service: `filemill web`, `worker` and `beat` apart, or `filemill serve`."""

    def __init__(self, folder: Path, environment: dict[str, str], programs: Sequence[str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{(port := _free_port())}"
        place = {"FILEMILL_DATA_DIR": str(self.data), "FILEMILL_PORT": str(port)}
        self._environment = {**_clean(), **PACE, **place, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._programs = programs
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep_alive, name="keeper")

    def start(self) -> None:
        """Migrate, start all programs, and return once the web server answers."""
        subprocess.run([*_command("migrate")], env=self._environment, check=True)
        for program in self._programs:
            self._start(program)
        until = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            if time.monotonic() > until:
                raise RuntimeError(f"Filemill does not start:\n{self.log()[-4000:]}")
            time.sleep(0.05)
        self._keeper.start()

    def close(self) -> None:
        """End all programs, gently."""
        self._over.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                processes.send(signal.SIGKILL, *processes.descendants(process.pid), process.pid)
                process.wait()

    def answers(self) -> bool:
        """Say whether the web server answers."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        return False

    def pids(self, part: str) -> list[int]:
        """Return the processes of a part that live now: serve, web, worker, beat, server (of the sandbox) or child."""
        if part == "server":
            return [pid for pid in self._below("worker") if processes.says(pid, "filemill.sandbox.server")][:1]
        if part == "child":
            return [pid for server in self.pids("server") for pid in processes.descendants(server)]
        if part in self._running:
            return [self._running[part].pid]
        below = self._below("serve") if "serve" in self._running else []
        return [pid for pid in below if processes.says(pid, f"filemill {part}")][:1]

    def log(self) -> str:
        """Return what all programs have said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _below(self, part: str) -> list[int]:
        return [pid for each in self.pids(part) for pid in processes.descendants(each)]

    def _start(self, program: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            self._running[program] = subprocess.Popen(
                _command(program), env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _keep_alive(self) -> None:
        while not self._over.wait(RESTART_SECONDS):
            for program, process in list(self._running.items()):
                if process.poll() is not None:
                    self._start(program)


def _command(program: str) -> list[str]:
    return [sys.executable, "-m", "filemill.cli.main", program]


def _clean() -> dict[str, str]:
    theirs = ("FILEMILL_", "DATABASE_", "CELERY_", "DJANGO_", "COVERAGE_", "COV_CORE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
