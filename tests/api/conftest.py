"""Fixtures for the API: requests by Django's client, and a really running `filemill web` for what only sockets show."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import services

PATIENCE_SECONDS = 120
LARGEST_UPLOAD = 3_000_000


@pytest.fixture
def send(client: Any, transactional_db: None) -> Callable[..., Any]:
    """Post a body as it is: send(b"...", "image/png", "/upload/?name=a.png", Content_Digest="...")."""

    def post(body: bytes, media_type: str = "application/octet-stream", to: str = "/upload/", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic("POST", to, body, content_type=media_type, headers=named)

    return post


@pytest.fixture
def form() -> Callable[..., tuple[bytes, str]]:
    """Write a multipart body by hand: form(part("file", b"...", "a.txt"), part("metadata", b"{}"))."""

    def write(*parts: bytes, boundary: str = "limit", end: bool = True) -> tuple[bytes, str]:
        body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), each) for each in parts)
        return body + (b"--%s--\r\n" % boundary.encode() if end else b""), f"multipart/form-data; boundary={boundary}"

    return write


@pytest.fixture
def part() -> Callable[..., bytes]:
    """Write one part of a multipart body; the file name goes in as it is."""

    def write(field: str, content: bytes, filename: str | None = None, media_type: str = "text/plain") -> bytes:
        head = f'Content-Disposition: form-data; name="{field}"'
        if filename is not None:
            head += f'; filename="{filename}"\r\nContent-Type: {media_type}'
        return head.encode() + b"\r\n\r\n" + content

    return write


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Check that an answer is a problem of this status and code, with all its members; return the document."""

    def check(response: Any, status: int, code: str) -> dict[str, Any]:
        headers = response.headers
        assert (response.status_code, headers["Content-Type"]) == (status, "application/problem+json"), response.content
        problem: dict[str, Any] = response.json()
        assert set(problem) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
        assert (problem["code"], problem["status"], problem["type"]) == (code, status, f"/docs/problems/{code}/")
        assert problem["request_id"] == headers["X-Request-Id"]
        assert problem["title"]
        assert problem["detail"]
        return problem

    return check


@pytest.fixture
def nothing_left(kept: Callable[[], list[str]], transactional_db: None) -> Callable[[], bool]:
    """Say whether neither bytes nor rows are there."""
    from filemill.files.models import File

    return lambda: not kept() and not File.objects.exists()


@pytest.fixture
def rows(db: None) -> Callable[..., list[Any]]:
    """Make rows without bytes: rows({"name": "a", "size": 1}, {...})."""
    from filemill.core.ids import new_id
    from filemill.files.keep import original_name
    from filemill.files.models import File

    def make(*columns: dict[str, Any]) -> list[Any]:
        found = []
        for each in columns:
            file_id = each.get("id") or new_id()
            known = {"name": "a.txt", "size": 1, "sha256": "0" * 64, "file": original_name(file_id), **each}
            found.append(File(**{**known, "id": file_id}))
        return list(File.objects.bulk_create(found))

    return make


class Web:
    """A running `filemill web` with a data directory of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = folder / "data"
        self.log = folder / "log"
        self.address = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS)
        self.environment = {
            **os.environ,
            "FILEMILL_DATA_DIR": str(self.data),
            "FILEMILL_PORT": str(self.port),
            "FILEMILL_MAX_UPLOAD_BYTES": str(LARGEST_UPLOAD),
            **environment,
        }

    def run(self, command: str) -> subprocess.Popen[bytes]:
        """Start a command of Filemill."""
        with self.log.open("ab") as log:
            program = [sys.executable, "-m", "filemill.cli.main", command]
            return subprocess.Popen(program, env=self.environment, stdout=log, stderr=log)

    def wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        """Return once the server answers."""
        until = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < until:
            try:
                self.client.get("/healthz")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log.read_text())

    def kept(self) -> list[Path]:
        """List the files under the storage."""
        return [path for path in (self.data / "files").rglob("*") if path.is_file()]

    def talk(self, *pieces: bytes, end: bool = False) -> bytes:
        """Send pieces on a new connection and return all that comes back; `end` closes our side after the last."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            for piece in pieces:
                connection.sendall(piece)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def head(self, target: str, *headers: str, method: str = "POST") -> bytes:
        """Write the head of a request after which the server closes."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.fixture(scope="session")
def start_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Web]]:
    """Start a server with variables of the environment: start_web(FILEMILL_MAX_WAITERS="1")."""
    running: list[tuple[Web, subprocess.Popen[bytes]]] = []

    def start(**environment: str) -> Web:
        if address := os.environ.get("DATABASE_URL"):
            environment = {"DATABASE_URL": services.new_database(address), **environment}
        web = Web(tmp_path_factory.mktemp("web"), **environment)
        assert web.run("migrate").wait(PATIENCE_SECONDS) == 0, web.log.read_text()
        process = web.run("web")
        running.append((web, process))
        web.wait_until_it_answers(process)
        return web

    yield start
    for web, process in running:
        web.client.close()
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def web(start_web: Callable[..., Web]) -> Web:
    """A running server."""
    return start_web()
