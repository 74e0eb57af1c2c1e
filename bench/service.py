"""A Filemill of our own: private folders, free loopback ports, and programs that are started and stopped as needed."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import procs
from database import Database

ROOT = Path(__file__).resolve().parent.parent
FILEMILL = Path(sys.executable).with_name("filemill")
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 60


class Service:
    """The programs of one configuration; `web` runs all the time, the worker when somebody asks for it."""

    def __init__(self, folder: Path, environment: dict[str, str], *, others: dict[str, int]) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.others = others  #: process ids of what the service leans on: the database, the broker
        self.environment = _clean() | environment | {
            "FILEMILL_DATA_DIR": str(folder / "data"),
            "FILEMILL_PORT": str(self.port),
        }  # fmt: skip
        self.database = Database(environment.get("DATABASE_URL") or f"{folder}/data/filemill.sqlite3")
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    def start_web(self) -> None:
        """Migrate, start the web server and return once it answers."""
        subprocess.run([FILEMILL, "migrate"], env=self.environment, check=True)
        self._start("web")
        until = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._programs["web"].poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Filemill does not start:\n{self.log()[-4000:]}")
            time.sleep(0.05)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Have a worker, and beat beside it."""
        self._start("worker")
        self._start("beat")
        try:
            yield
        finally:
            self._stop("beat")
            self._stop("worker")

    def pids(self, program: str) -> list[int]:
        """Return the processes of a program, its own first; nothing while it does not run."""
        if program in self.others:
            return procs.family(self.others[program])
        return procs.family(self._programs[program].pid) if program in self._programs else []

    def log(self) -> str:
        """Return what all programs have logged."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def fill(self, rows: int) -> None:
        """Bring the list to so many files, without bytes on the disk."""
        environment = self.environment | {"PYTHONPATH": str(ROOT / "bench")}
        script = f"import rows; rows.fill({rows})"
        subprocess.run([FILEMILL, "manage", "shell", "-v0", "-c", script], env=environment, check=True)

    def close(self) -> None:
        """End whatever runs."""
        self.database.close()
        for program in list(self._programs):
            self._stop(program)

    def _start(self, program: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            self._programs[program] = subprocess.Popen(
                [FILEMILL, program], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _stop(self, program: str) -> None:
        process = self._programs.pop(program)
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@contextmanager
def embedded() -> Iterator[Service]:
    """Run the embedded configuration: SQLite and bells in a folder."""
    with ExitStack() as stack:
        yield _running(stack, {}, {})


@contextmanager
def production() -> Iterator[Service]:
    """Run on a PostgreSQL that syncs each commit, and a Redis, both private."""
    sys.path.append(str(ROOT / "tests"))
    import services

    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres(durable=True))
        redis = stack.enter_context(services.redis())
        environment = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": redis.url}
        yield _running(stack, environment, {"database": postgres.pid or 0, "broker": redis.pid or 0})


def _running(stack: ExitStack, environment: dict[str, str], others: dict[str, int]) -> Service:
    folder = Path(tempfile.mkdtemp(prefix="filemill-bench-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    service = Service(folder, environment, others=others)
    stack.callback(service.close)
    service.start_web()
    return service


def _clean() -> dict[str, str]:
    ours = ("FILEMILL_", "DATABASE_", "CELERY_", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
