"""Fixtures for the pages: files in any state, and a real browser on a really running service."""

import fcntl
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from services.ports import free_port

READY_WITHIN_SECONDS = 180


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    """Build what browsers load, where it changed; of several processes one does."""
    script = Path(__file__).parents[2] / "scripts/build-pages"
    with script.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([script], check=True, timeout=300)


@pytest.fixture
def make_file(db: None) -> Callable[..., Any]:
    """Make a row without bytes, in any state: make_file("a.txt", "failed", jobs=[{"processor": "text", ...}])."""
    from filemill.core.ids import new_id
    from filemill.files.keep import original_name
    from filemill.files.models import File
    from filemill.processing.models import Job

    def make(name: str = "a.txt", status: str = "processed", jobs: Any = (), **columns: Any) -> Any:
        file_id = new_id()
        known = {"size": 1200, "sha256": uuid4().hex * 2, "media_type": "text/plain", "kind": "text", **columns}
        file = File.objects.create(
            id=file_id, file=original_name(file_id), name=name, status=status, processed=status == "processed", **known
        )
        for job in jobs:
            held = {"token": uuid4(), "lease_until": timezone.now()} if job.get("state") == "running" else {}
            Job.objects.create(file=file, **held, **job)
        return file

    return make


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the running service."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="session")
def administrator(service: str, folder: Path) -> tuple[str, str]:
    """Make an administrator of the running service; return name and password."""
    return make_administrator(folder)


def make_administrator(folder: Path) -> tuple[str, str]:
    """Make an administrator of the service with this folder; return name and password."""
    _manage(folder, "manage", "csu", FILEMILL_ADMIN_PASSWORD="only for tests")
    return "admin", "only for tests"


def _manage(folder: Path, *command: str, **chosen: str) -> str:
    environment = {**os.environ, "FILEMILL_DATA_DIR": str(folder / "data"), **chosen}
    for foreign in ("DATABASE_URL", "CELERY_BROKER_URL"):
        environment.pop(foreign, None)
    program = Path(sys.executable).with_name("filemill")
    done = subprocess.run([program, *command], env=environment, check=True, capture_output=True, timeout=120, text=True)
    return done.stdout


@pytest.fixture(scope="session")
def service(folder: Path, migrated: Callable[[Path], dict[str, str]]) -> Iterator[str]:
    """Run `filemill serve` on a free port, with a data directory of its own; return its address."""
    migrated(folder / "data")
    with running(folder) as address:
        yield address


@pytest.fixture(scope="session")
def other_sites() -> Iterator[tuple[str, str]]:
    """Serve an empty page at two other origins: one that the closed service lets in, and one that it does not."""
    with ExitStack() as stack:
        yield stack.enter_context(empty_page()), stack.enter_context(empty_page())


@contextmanager
def empty_page() -> Iterator[str]:
    """Serve an empty page at an origin of its own; return its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,>")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def closed_service(
    tmp_path_factory: pytest.TempPathFactory, other_sites: tuple[str, str], migrated: Callable[[Path], dict[str, str]]
) -> Iterator[Any]:
    """Run a service that is not open and lets another site in; return its address, an administrator and a token."""
    folder = tmp_path_factory.mktemp("closed")
    migrated(folder / "data")
    with running(folder, FILEMILL_ACCESS="token", FILEMILL_CORS_ORIGINS=other_sites[0]) as address:
        token = _manage(folder, "token", "create", "anna", "--new")
        yield address, *make_administrator(folder), token.strip()


@contextmanager
def running(folder: Path, **chosen: str) -> Iterator[str]:
    """Run `filemill serve` with its data in a folder and some more variables of the environment; return its address."""
    with started(folder, **chosen) as (address, _):
        yield address


@contextmanager
def started(folder: Path, **chosen: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `filemill serve` likewise; return its process, too."""
    port = chosen.setdefault("FILEMILL_PORT", str(free_port()))
    ours = {"FILEMILL_DATA_DIR": str(folder / "data"), "FILEMILL_DISK_RESERVE_BYTES": "0"}
    ours |= chosen
    foreign = {"DATABASE_URL", "CELERY_BROKER_URL"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_") and name not in foreign
    }
    program = Path(sys.executable).with_name("filemill")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve"], env=kept | ours, stdout=log, stderr=log, start_new_session=True)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process, folder / "log")
            yield address, process
        finally:
            process.terminate()
            process.wait(120)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"filemill serve did not become ready:\n{log.read_text()}")


@pytest.fixture
def sender(browser: Any, service: str, tmp_path: Path) -> Iterator[Any]:
    """Open a page of the service that files are sent from."""
    from web.sender import sending

    with sending(browser, service, service, tmp_path) as sender:
        yield sender


@pytest.fixture
def open_page(browser: Any, service: str) -> Iterator[Callable[..., Any]]:
    """Open a page of the service: open_page("/", java_script_enabled=False); the console must stay silent."""
    contexts, complaints = [], []

    def visit(path: str = "/", **options: Any) -> Any:
        context = browser.new_context(base_url=service, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
