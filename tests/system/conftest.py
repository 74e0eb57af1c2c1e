import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from kombu import Connection, Queue
from services.ports import free_port

from filemill.config.broker import folder_options, use_safe_transports

PATIENCE_SECONDS = 90


class Service:
    """A whole `filemill serve` in a data directory of its own, on a free port."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {"FILEMILL_DATA_DIR": str(data), "FILEMILL_PORT": str(self.port), **environment}
        self.log = data.with_suffix(".log")
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Service":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "filemill.cli.main", "serve"],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: "Filemill is ready" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE_SECONDS)
        self.log.rename(self.log.with_suffix(f".{time.monotonic_ns()}"))
        return status

    def close(self) -> None:
        self.client.close()
        if self.process and self.process.poll() is None:
            self.stop()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def pid_of(self, name: str) -> int | None:
        """Return the process number of web, worker or beat."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                own, rest = path.read_text().split("(", 1)[1].rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            if own == f"filemill {name}" and int(rest.split()[1]) == self.process.pid:
                return int(path.parent.name)
        return None

    def upload(self, content: bytes, name: str = "a.txt") -> dict[str, Any]:
        response = self.client.post("/upload/", files={"file": (name, content)})
        assert response.status_code == 201, response.text
        return response.json()

    def get(self, file_id: str) -> dict[str, Any]:
        return self.client.get(f"/files/{file_id}/").json()

    def await_end(self, file_id: str) -> dict[str, Any]:
        until(lambda: self.get(file_id)["status"] not in {"queued", "processing"})
        return self.get(file_id)

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        with self.broker() as connection:
            return Queue(queue)(connection.default_channel).queue_declare().message_count

    def purge(self, queue: str) -> None:
        """Forget the messages of a queue."""
        with self.broker() as connection:
            bound = Queue(queue)(connection.default_channel)
            bound.queue_declare()
            bound.purge()

    def broker(self) -> Connection:
        """Open a connection to the broker."""
        if (url := self.environment.get("CELERY_BROKER_URL", "")) and "filesystem" not in url:
            return Connection(url)
        use_safe_transports()
        return Connection("filesystem://", transport_options=folder_options(self.data / "broker"))


@contextmanager
def known_service(data: Path, **environment: str) -> Iterator[Service]:
    """Start a service that asks for tokens, with a client that has one."""
    running = Service(data, FILEMILL_ACCESS="token", **environment).start()
    command = [sys.executable, "-m", "filemill.cli.main", "token", "create", "anna", "--new"]
    made = subprocess.run(command, env=os.environ | running.environment, capture_output=True, text=True, check=True)
    running.client.headers["Authorization"] = f"Bearer {made.stdout.strip()}"
    yield running
    running.close()


def until(condition: Callable[[], Any]) -> None:
    """Wait for a condition; a test that waits too long fails with what it waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def make_service(tmp_path: Path, apart: Callable[..., dict[str, str]]) -> Iterator[Callable[..., Service]]:
    """Make a service that is stopped at the end, if it was started: make_service(FILEMILL_MAX_ATTEMPTS="1").

    Its database is migrated, or not there yet: make_service(empty=True).
    """
    made: list[Service] = []

    def make(folder: str = "data", *, empty: bool = False, **environment: str) -> Service:
        data = tmp_path / folder
        made.append(Service(data, **apart(data, empty=empty), **environment))
        return made[-1]

    yield make
    for service in made:
        service.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[Path], dict[str, str]]) -> Iterator[Service]:
    """A running service that several tests share: they may kill its parts, but not stop it."""
    data = tmp_path_factory.mktemp("service") / "data"
    service = Service(data, FILEMILL_SWEEP_SECONDS="1", **migrated(data))
    service.start()
    yield service
    service.close()
