"""What the tests of faults share: ways through the service, a fork to kill, and what must hold afterwards."""

import hashlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections, connection
from django.db.models.functions import Now
from django.test import Client

TERMINAL = {"processed", "failed", "cancelled"}
CONTENT = b"A few words of a text, for the mill to read.\n"


@dataclass
class World:
    """A service whose parts a test breaks, and what a client of it knows."""

    work_dir: Path
    work: Callable[[], None]
    configure: Callable[..., None]
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def storage(self) -> Path:
        from filemill.files import keep

        return keep.root()

    def upload(self, name: str, content: bytes = CONTENT) -> Any:
        return self.client.post("/upload/", {"file": SimpleUploadedFile(name, content, "text/plain")})

    def keep(self, name: str) -> str:
        """Upload a file while nothing fails; return its id."""
        answer = self.upload(name)
        assert answer.status_code == 201, answer.content
        return answer.json()["id"]

    def keep_processed(self, name: str) -> str:
        """Upload a file and process it while nothing fails; return its id."""
        file_id = self.keep(name)
        self.work()
        return file_id

    def status(self, file_id: str) -> str:
        return self.client.get(f"/files/{file_id}/").json()["status"]

    def recover(self) -> None:
        """Let what a restart, some time, and sweeps bring come: leases and age guards pass, due work is done."""
        from filemill.processing import sweep
        from filemill.processing.models import Job

        close_old_connections()
        self.configure(backoff_seconds=0, upload_expire_seconds=-1)
        Job.objects.filter(state="running").update(lease_until=Now() - timedelta(seconds=1))
        Job.objects.filter(state="queued").update(due_at=Now() - timedelta(seconds=1))
        sweep.sweep()
        self.work()
        sweep.sweep()

    def check(self) -> None:
        """Assert what must hold after a recovery, whatever happened before."""
        from filemill.files.models import File
        from filemill.processing.models import Artifact, Job

        files = list(File.objects.all())
        assert self.told() == {file.pk: file.status for file in files}
        owned = [file.file.name for file in files] + [str(each.content) for each in Artifact.objects.all()]
        assert self.kept() == sorted(owned)
        assert not self.work_dir.exists() or not list(self.work_dir.iterdir())
        for file in files:
            assert hashlib.sha256((self.storage / file.file.name).read_bytes()).hexdigest() == file.sha256
            assert file.status in TERMINAL, (file.name, file.status)
        assert all(job.attempts <= 3 for job in Job.objects.all())
        assert Job.objects.count() == len(set(Job.objects.values_list("file", "processor")))
        assert all(artifact.size == (self.storage / str(artifact.content)).stat().st_size
                   for artifact in Artifact.objects.all())  # fmt: skip

    def told(self) -> dict[UUID, str]:
        """Return what the events say of files that are still there."""
        from filemill.events.models import Event

        told: dict[UUID, str] = {}
        for file_id, what in Event.objects.exclude(what="changed").values_list("file_id", "what"):
            assert (what == "received") == (file_id not in told)
            assert told.get(file_id) not in {what, "deleted"}
            told[file_id] = what
        return {file_id: what for file_id, what in told.items() if what != "deleted"}

    def kept(self) -> list[str]:
        return sorted(str(path.relative_to(self.storage)) for path in self.storage.rglob("*") if path.is_file())

    def assert_whole(self, file_id: str) -> None:
        """Assert that the file is processed, with one result for each of its processors."""
        from filemill.files.models import File

        file = File.objects.get(pk=file_id)
        states = sorted((job.processor, job.state, job.error) for job in file.jobs.all())
        assert (file.status, file.processed, file.error) == ("processed", True, None)
        assert states == [("identify", "succeeded", None), ("text", "succeeded", None)]
        assert [artifact.name for artifact in file.artifacts.all()] == ["text"]


@pytest.fixture
def world(settings: Any, work: Callable[[], None], configure: Callable[..., None]) -> World:
    return World(settings.WORK_DIR, work, configure)


@dataclass
class Fork:
    """What became of a fork of this process, and what it returned."""

    was_killed: bool
    has_stopped: bool
    returned: Any


def in_a_fork(function: Callable[[], Any], while_stopped: Callable[[], None] | None = None) -> Fork:
    """Run a function in a process of its own, which may be killed in the middle, or stop until something was done."""
    connection.close()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _live(function, writing)
    os.close(writing)
    _, status = os.waitpid(pid, os.WUNTRACED)
    if has_stopped := os.WIFSTOPPED(status):
        try:
            while_stopped()
        finally:
            os.kill(pid, signal.SIGCONT)
            _, status = os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the fork failed"
    was_killed = os.WIFSIGNALED(status)
    return Fork(was_killed, has_stopped, pickle.loads(told) if told else None)


def _live(function: Callable[[], Any], writing: int) -> NoReturn:
    from filemill.processing import ring

    status = 1
    try:
        ring.ring = ring.Dispatcher().ring  # a connection to the broker is nobody else's
        os.write(writing, pickle.dumps(function()))
        status = 0
    except BaseException:  # noqa: BLE001  # it is shown, and nothing of the tests may run on in the fork
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
