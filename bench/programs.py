"""Programs of a bench: started in a folder of their own, measured, and always ended."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import procs

Figures = dict[str, float]

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # where `services` is: the servers that tests start, too
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 60
_OURS = ("FILEMILL_", "DATABASE_", "CELERY_", "DJANGO_")


class Programs:
    """Some programs that share a folder and an environment; `web`, if it is among them, answers at `url`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="filemill-bench-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.environment = inherited | environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str | Path) -> None:
        """Start a program."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def start_web(self, *command: str | Path, ready: str = "/") -> None:
        """Start the web server and return once it answers an address with 200."""
        self.start("web", *command)
        until = time.monotonic() + _SECONDS_TO_START
        while not self._answers(self.url + ready):
            if self._running["web"].poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not start:\n{self.log()[-4000:]}")
            time.sleep(0.05)

    def stop(self, name: str) -> None:
        """End a program, and whatever of it does not end in time."""
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run(self, *command: str | Path) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def pids(self, name: str) -> list[int]:
        """Return the processes of a program, its own first; nothing while it does not run."""
        return procs.family(self._running[name].pid) if name in self._running else []

    def cpu(self) -> Figures:
        """Return the CPU seconds that each program has taken so far."""
        return {name: procs.cpu_seconds(*self.pids(name)) for name in self._running}

    @contextmanager
    def spending(self) -> Iterator[Figures]:
        """Take the CPU milliseconds that each program spends inside the block."""
        spent: Figures = {}
        before = self.cpu()
        yield spent
        after = self.cpu()
        spent |= {f"{part}_cpu_ms": (after[part] - before[part]) * 1000 for part in after if part in before}

    def log(self) -> str:
        """Return what all programs have logged."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End whatever runs, and remove the folder."""
        for name in list(self._running):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
