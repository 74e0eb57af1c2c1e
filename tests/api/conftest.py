"""Fixtures for the API: requests by Django's client, and a really running `filemill web` for what only sockets show."""

import io
import os
import re
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import orjson
import pytest
from django.db import connection
from django.test import RequestFactory

DOCS = Path(__file__).parents[2] / "docs"
PATIENCE_SECONDS = 120
LARGEST_UPLOAD = 3_000_000


@pytest.fixture
def send(client: Any, transactional_db: None) -> Callable[..., Any]:
    """Post a body as it is: send(b"...", "image/png", "/upload/?name=a.png", Content_Digest="...")."""

    def post(body: bytes, media_type: str = "application/octet-stream", to: str = "/upload/", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic("POST", to, body, content_type=media_type, headers=named)

    return post


class Tus:
    """A client of tus, to whom nothing is too strict: tus.create(5), tus.patch(address, 0, b"hello")."""

    def __init__(self, client: Any, **always: str) -> None:
        self.client = client
        self.always = {"Tus_Resumable": "1.0.0", **always}

    def ask(self, method: str, address: str, body: bytes = b"", **headers: Any) -> Any:
        """Send any request; a header that is None is left out."""
        given = {**self.always, **headers}
        named = {name.replace("_", "-"): str(value) for name, value in given.items() if value is not None}
        return self.client.generic(method, address, body, content_type="", headers=named)

    def create(self, length: int | None, **metadata: str) -> str:
        """Create an upload; return its address."""
        said = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items())
        how = {"Upload_Defer_Length": "1"} if length is None else {"Upload_Length": length}
        answer = self.ask("POST", "/upload/", **how, Upload_Metadata=said or None)
        assert answer.status_code == 201, answer.content
        return str(answer.headers["Location"])

    def patch(self, address: str, offset: object, body: bytes, **headers: Any) -> Any:
        """Add bytes."""
        known = {"Upload_Offset": offset, "Content_Type": "application/offset+octet-stream", **headers}
        return self.ask("PATCH", address, body, **known)

    def head(self, address: str, **headers: Any) -> Any:
        """Ask how far an upload is."""
        return self.ask("HEAD", address, **headers)


@pytest.fixture
def tus(client: Any, transactional_db: None) -> Tus:
    """Speak tus to the service in this process."""
    return Tus(client)


@pytest.fixture
def content_of() -> Callable[[Any], bytes]:
    """Read the bytes that are kept of a file."""
    from filemill.files import keep

    return lambda file: (keep.root() / str(file.file)).read_bytes()


class Answer:
    """What the WSGI application answered."""

    def __init__(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        self.status_code = int(status[:3])
        self.headers = dict(headers)
        self.content = content

    def json(self) -> Any:
        """Return the document that came."""
        return orjson.loads(self.content)


@pytest.fixture
def ask(transactional_db: None) -> Callable[..., Answer]:
    """Send a request through the whole WSGI application: ask("GET", "/files/?name=%FF", Accept="text/*; a*0=b")."""
    from filemill.config.wsgi import application

    def send(method: str, target: str, body: bytes = b"", stream: Any = None, **headers: str) -> Answer:
        path, _, query = target.partition("?")
        environ = RequestFactory(SERVER_NAME="localhost")._base_environ(
            REQUEST_METHOD=method, PATH_INFO=path, QUERY_STRING=query, CONTENT_LENGTH=str(len(body))
        )
        environ["wsgi.input"] = stream or io.BytesIO(body)
        for name, value in headers.items():  # WSGI hands bytes over as Latin-1
            key = name.upper() if name in {"Content_Type", "Content_Length"} else f"HTTP_{name.upper()}"
            environ[key] = value.encode().decode("latin-1")
        head: list[Any] = []
        answered = application(environ, lambda *given: head.extend(given))
        content = b"".join(answered)
        getattr(answered, "close", lambda: None)()
        return Answer(head[0], head[1], content)

    return send


@pytest.fixture
def judged(refused: Callable[..., dict[str, Any]], kept: Callable[[], list[str]]) -> Callable[..., Answer]:
    """Let a request be sent and its answer judged: judged(lambda: ask(...)).

    No error is ours, each is a problem with a code that docs/api.md has, and after it everything is as before.
    """
    from filemill.files.models import File

    table = re.findall(r"^\| `(\w+)` \| (\d+) \|", (DOCS / "api.md").read_text(), re.M)
    documented = {(code, int(status)) for code, status in table}

    def there() -> tuple[int, list[str]]:
        return File.objects.count(), kept()

    def judge(act: Callable[[], Answer]) -> Answer:
        before = there()
        answer = act()
        if answer.status_code >= 400:
            assert answer.status_code < 500, answer.content
            code = answer.json()["code"]
            assert (code, answer.status_code) in documented
            refused(answer, answer.status_code, code)
            assert there() == before
        return answer

    return judge


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


def until(condition: Callable[[], Any]) -> None:
    """Return once a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


class Web:
    """A running `filemill web` with a data directory of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.pid = 0  #: of the server, while one runs
        self.data = folder / "data"
        self.log = folder / "log"
        self.address = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS)
        self.environment = {
            **os.environ,
            "FILEMILL_DATA_DIR": str(self.data),
            "FILEMILL_PORT": str(self.port),
            "FILEMILL_MAX_UPLOAD_BYTES": str(LARGEST_UPLOAD),
            "FILEMILL_WEB_PROCESSES": "1",  # each has seats of its own
            **environment,
        }

    def run(self, command: str, group: int | None = None) -> subprocess.Popen[bytes]:
        """Start a command of Filemill; with group 0 in a process group of its own, as a shell does."""
        with self.log.open("ab") as log:
            program = [sys.executable, "-m", "filemill.cli.main", command]
            return subprocess.Popen(program, env=self.environment, stdout=log, stderr=log, process_group=group)

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
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            # Whoever refuses a request by its head may answer and close before the rest of it is sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces:
                    connection.sendall(piece)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while data := connection.recv(65536):
                    answer += data
        return answer

    def head(self, target: str, *headers: str, method: str = "POST") -> bytes:
        """Write the head of a request after which the server closes."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.fixture(scope="session")
def start_web(
    tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[Path], dict[str, str]]
) -> Iterator[Callable[..., Web]]:
    """Start a server with variables of the environment: start_web(FILEMILL_MAX_WAITERS="1")."""
    running: list[tuple[Web, subprocess.Popen[bytes]]] = []

    def start(**environment: str) -> Web:
        folder = tmp_path_factory.mktemp("web")
        web = Web(folder, **migrated(folder / "data"), **environment)
        process = web.run("web")
        web.pid = process.pid
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


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Run calls in threads that start together; return what each returned: at_once(call, call)."""

    def run_all(*calls: Callable[[], Any]) -> list[Any]:
        together = Barrier(len(calls))

        def run(call: Callable[[], Any]) -> Any:
            together.wait()
            try:
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [ran.result() for ran in [pool.submit(run, call) for call in calls]]

    return run_all
