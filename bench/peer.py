"""What Filemill is held against: small programs of this folder, nginx, and how they are started."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from database import Database
from programs import ROOT, Programs
from service import Service

PEERS = Path(__file__).with_name("peers")
THREADS = 128  #: of a web process of Filemill, as it comes
MOST_PROCESSES = 4  #: of them; else one a core
GUNICORN_WORKERS = 2 * (os.cpu_count() or 1) + 1  #: as its documentation advises
_BIN = Path(sys.executable).parent
_NGINX = """
{user}
daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path body;
    proxy_temp_path unused;
    fastcgi_temp_path unused;
    uwsgi_temp_path unused;
    scgi_temp_path unused;
    server {{
        listen 127.0.0.1:{port};
        root kept;
        location / {{ dav_methods PUT DELETE; }}
    }}
}}
"""


class Peer(Programs):
    """Programs that share the servers of a service, with a database of their own."""

    def __init__(self, service: Service) -> None:
        from services.postgres import new_database

        super().__init__({"PYTHONPATH": str(PEERS)})
        address = new_database(service.environment["DATABASE_URL"])
        broker = service.environment["CELERY_BROKER_URL"]
        (self.folder / "kept").mkdir()
        self.environment |= {
            "DATABASE_URL": address,
            "CELERY_BROKER_URL": broker.removesuffix("/0") + "/1",
            "PEER_FOLDER": str(self.folder / "kept"),
        }
        self.database = Database(address)

    def close(self) -> None:
        """End whatever runs."""
        self.database.close()
        super().close()


def _start_granian(peer: Programs, module: str, ready: str) -> None:
    """Serve a module's application as Filemill is served."""
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(peer.port), "--no-log", "--no-ws"]
    each = ["--workers", str(min(os.cpu_count() or 1, MOST_PROCESSES)), "--blocking-threads", str(THREADS)]
    peer.start_web(_BIN / "granian", *options, *each, f"{module}:application", ready=ready)


@contextmanager
def plain(service: Service) -> Iterator[Peer]:
    """Run the plain Django view."""
    peer = Peer(service)
    try:
        peer.run(sys.executable, PEERS / "plain.py")
        _start_granian(peer, "plain", "/")
        yield peer
    finally:
        peer.close()


@contextmanager
def cursor(service: Service) -> Iterator[Programs]:
    """Run REST framework's list on the rows of the service."""
    peer = Programs(service.environment | {"PYTHONPATH": str(PEERS)})
    try:
        _start_granian(peer, "cursor", "/files/")
        yield peer
    finally:
        peer.close()


@contextmanager
def textbook(service: Service) -> Iterator[Peer]:
    """Run the textbook solution behind gunicorn, without its worker."""
    peer = Peer(service)
    peer.environment["DJANGO_SETTINGS_MODULE"] = "textbook.settings"
    try:
        peer.run(sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0")
        options = ["--bind", f"127.0.0.1:{peer.port}", "--workers", str(GUNICORN_WORKERS)]
        peer.start_web(_BIN / "gunicorn", *options, "django.core.wsgi:get_wsgi_application()")
        yield peer
    finally:
        peer.close()


@contextmanager
def textbook_worker(peer: Peer) -> Iterator[None]:
    """Run the textbook's worker with Celery's defaults: a process for each core."""
    peer.start("worker", _BIN / "celery", "-A", "textbook", "worker", "--loglevel", "WARNING")
    try:
        yield
    finally:
        peer.stop("worker")


def noop(service: Service, count: int) -> tuple[float, float]:
    """Return the p50 and p95 of the milliseconds that a task without work takes on the service's broker."""
    peer = Programs(service.environment | {"PYTHONPATH": str(PEERS)})
    peer.environment["PEER_SOCKET"] = str(peer.folder / "done")
    try:
        peer.start("worker", _BIN / "celery", "-A", "noop", "worker", "--loglevel", "ERROR")
        p50, p95 = peer.run(sys.executable, PEERS / "noop.py", str(count)).split()
    finally:
        peer.close()
    return float(p50), float(p95)


def in_process(kind: str, count: int, *, identifies: bool) -> float:
    """Return how many files per second the processors alone do."""
    peer = Programs({"PYTHONPATH": str(ROOT / "bench")})
    try:
        extra = ["identify"] if identifies else []
        return float(peer.run(sys.executable, PEERS / "in_process.py", kind, str(count), *extra))
    finally:
        peer.close()


class Nginx(Programs):
    """An nginx that takes PUT, as Debian builds it; it syncs nothing."""

    def __init__(self) -> None:
        super().__init__({})
        (self.folder / "kept").mkdir()
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(_NGINX.format(user=user, port=self.port))

    def begin(self) -> None:
        """Start it and return once it answers."""
        from services import programs

        (self.folder / "kept" / "ready").touch()
        self.start_web(programs.nginx(), "-p", f"{self.folder}/", "-c", "nginx.conf", "-e", "stderr", ready="/ready")


@contextmanager
def nginx() -> Iterator[Nginx]:
    """Run it."""
    server = Nginx()
    try:
        server.begin()
        yield server
    finally:
        server.close()


class TusServer(Programs):
    """The reference server of tus with its file store, as npm has it."""

    def __init__(self) -> None:
        super().__init__({})
        self.kept = self.folder / "kept"

    def begin(self) -> None:
        """Install it into a folder for once, start it and return once it answers."""
        if shutil.which("npm") is None:
            sys.exit("npm is missing: apt-get install npm")
        home = shutil.copytree(PEERS / "tus", self.folder / "home")
        self.run("npm", "--prefix", home, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-timeout=20000")
        self.start_web("node", home / "server.js", str(self.port), self.kept)


@contextmanager
def tus_server() -> Iterator[TusServer]:
    """Run it."""
    server = TusServer()
    try:
        server.begin()
        yield server
    finally:
        server.close()
