"""A Filemill of our own: private folders, free loopback ports, and programs that are started and stopped as needed."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import load
import procs
from database import Database
from programs import ROOT, Figures, Programs

FILEMILL = Path(sys.executable).with_name("filemill")
UNDER_WAY = "status IN ('queued', 'processing')"
_OWNER = "bench"


class Service(Programs):
    """The programs of one configuration; `web` runs all the time, the worker when somebody asks for it."""

    def __init__(self, environment: dict[str, str], *, others: dict[str, int]) -> None:
        super().__init__(environment)
        self.others = others  #: process ids of what the service leans on: the database, the broker
        self.token = ""
        self.environment |= {"FILEMILL_DATA_DIR": str(self.folder / "data"), "FILEMILL_PORT": str(self.port)}
        self.database = Database(environment.get("DATABASE_URL") or f"{self.folder}/data/filemill.sqlite3")

    def begin(self) -> None:
        """Migrate, start the web server, and become somebody where the service is not open."""
        self.run(FILEMILL, "migrate")
        if self.environment.get("FILEMILL_ACCESS") == "token":
            self.token = self.run(FILEMILL, "token", "create", _OWNER, "--new").strip()
        self.start_web(FILEMILL, "web", ready="/healthz")

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Have a worker, and beat beside it."""
        self.start("worker", FILEMILL, "worker")
        self.start("beat", FILEMILL, "beat")
        try:
            yield
        finally:
            self.stop("beat")
            self.stop("worker")

    def get(self, path: str) -> load.Request:
        """Return the request for a path."""
        return load.Request(f"{self.url}{path}", token=self.token)

    def form(self, name: str, content: bytes) -> load.Request:
        """Return the request that uploads a file in a form."""
        return load.form(f"{self.url}/upload/", name, content, token=self.token)

    def raw(self, name: str, content: bytes) -> load.Request:
        """Return the request that uploads a file as a body of its own."""
        return load.raw(f"{self.url}/upload/?name={name}", content, token=self.token)

    def pids(self, name: str) -> list[int]:
        """Return the processes of a program or of a server beside it, its own first; nothing while it does not run."""
        return procs.family(self.others[name]) if name in self.others else super().pids(name)

    def cpu(self) -> Figures:
        """Return the CPU seconds so far: the sandbox apart from its worker, and those of database and broker."""
        found = super().cpu() | {name: procs.cpu_seconds(*self.pids(name)) for name in self.others}
        if "worker" in found:
            worker, *sandbox = self.pids("worker")
            found |= {"worker": procs.cpu_seconds(worker), "sandbox": procs.cpu_seconds(*sandbox)}
        return found

    def waiting(self) -> int:
        """Return how many files wait or are being worked on."""
        return int(self.database.number(f"SELECT COUNT(*) FROM files_file WHERE {UNDER_WAY}"))

    def drop_queue(self) -> None:
        """Cancel what no worker will get to, without the rules of the service: nobody is there to mind."""
        end = "state = 'cancelled', token = NULL, lease_until = NULL"
        self.database.ask(f"UPDATE processing_job SET {end} WHERE state IN ('queued', 'running')")
        self.database.ask(f"UPDATE files_file SET status = 'cancelled' WHERE {UNDER_WAY}")

    def fill(self, rows: int) -> None:
        """Bring the list to so many files, without bytes on the disk."""
        self.environment["PYTHONPATH"] = str(ROOT / "bench")
        self.run(FILEMILL, "manage", "shell", "-v0", "-c", f"import rows; rows.fill({rows}, {_OWNER!r})")

    def close(self) -> None:
        """End whatever runs."""
        self.database.close()
        super().close()


@contextmanager
def embedded() -> Iterator[Service]:
    """Run the embedded configuration: SQLite and bells in a folder, open."""
    with ExitStack() as stack:
        yield _running(stack, {}, {})


@contextmanager
def production() -> Iterator[Service]:
    """Run on a PostgreSQL that syncs each commit, and a Redis, both private; who comes in shows a token."""
    import services

    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres(durable=True))
        redis = stack.enter_context(services.redis())
        environment = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": redis.url, "FILEMILL_ACCESS": "token"}
        yield _running(stack, environment, {"database": postgres.pid or 0, "broker": redis.pid or 0})


def _running(stack: ExitStack, environment: dict[str, str], others: dict[str, int]) -> Service:
    service = Service(environment, others=others)
    stack.callback(service.close)
    service.begin()
    return service
