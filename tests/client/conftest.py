"""A whole service, a proxy in front of it, and commands as programs of their own."""

import http.server
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from services.cutting import Cutting, cutting
from system.conftest import Service, known_service

from filemill.cli.main import main

PROGRAM = [sys.executable, "-m", "filemill.cli.main"]
LARGEST_UPLOAD = 100_000_000


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[Path], dict[str, str]]) -> Iterator[Service]:
    """A service that asks for tokens; its client has one."""
    data = tmp_path_factory.mktemp("client") / "data"
    with known_service(data, FILEMILL_MAX_UPLOAD_BYTES=str(LARGEST_UPLOAD), **migrated(data)) as running:
        yield running


@pytest.fixture
def proxy(service: Service) -> Iterator[Cutting]:
    with cutting(service.port) as running:
        yield running


@pytest.fixture
def environment(service: Service, tmp_path: Path) -> dict[str, str]:
    """What tells a command where the service is; no other setting of the service."""
    return {
        "FILEMILL_URL": f"http://127.0.0.1:{service.port}",
        "FILEMILL_TOKEN": service.client.headers["Authorization"].removeprefix("Bearer "),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., Result]:
    """Run a command: run("ls", "--json"); with input=b"..." for stdin."""

    def command(*arguments: object, **options: Any) -> Result:
        variables = environment | options.pop("env", {})
        return CliRunner().invoke(main, list(map(str, arguments)), env=variables, **options)

    return command


@contextmanager
def scripted(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Run a service that gives these answers, one after the other; lend its address and what it was asked."""
    left, asked = list(answers), []

    class Scripted(http.server.BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path))
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Scripted) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def documents(done: Result) -> list[dict[str, Any]]:
    """Return the documents that a command printed, one a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def half_a_picture(colour: int) -> bytes:
    """Return a picture that is cut off."""
    whole = io.BytesIO()
    Image.effect_noise((64, 64), colour).save(whole, "JPEG")
    return whole.getvalue()[: len(whole.getvalue()) // 2]
