"""A backup that is taken under load, restored elsewhere, and found whole."""

import json
import os
import random
import shutil
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
import services.programs
from system.conftest import Service
from system.test_serve import run

FILES_BEFORE = 60
UPLOADERS = 2
# All that a load without a pause would leave has to be copied, restored and processed.
SECONDS_BETWEEN = 0.02


class Load:
    """Uploads, deletes and processes anew until the block ends; what it met that it should not have is in `errors`."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.ids: list[str] = [service.upload(b"before the backup %d\n" % n)["id"] for n in range(FILES_BEFORE)]
        self.errors: list[str] = []
        self.done = {"upload": 0, "delete": 0, "reprocess": 0}
        self._over = threading.Event()
        work = [self._upload] * UPLOADERS + [self._delete, self._reprocess]
        self._threads = [threading.Thread(target=self._repeat, args=(one,)) for one in work]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, one) -> None:
        with httpx.Client(base_url=self.service.client.base_url, timeout=60) as client:
            while not self._over.wait(SECONDS_BETWEEN):
                name, answer = one(client)
                self.done[name] += 1
                if answer.status_code not in {201, 202, 204, 404}:
                    self.errors.append(f"{name}: {answer.status_code} {answer.text}")

    def _upload(self, client: httpx.Client):
        answer = client.post("/upload/", files={"file": ("during.txt", os.urandom(8).hex() * 1000)})
        if answer.status_code == 201:
            self.ids.append(answer.json()["id"])
        return "upload", answer

    def _delete(self, client: httpx.Client):
        place = random.randrange(len(self.ids))  # while the others only append
        return "delete", client.delete(f"/files/{self.ids.pop(place)}/")

    def _reprocess(self, client: httpx.Client):
        return "reprocess", client.post(f"/files/{random.choice(self.ids)}/reprocess/")


@pytest.fixture
def programs(monkeypatch) -> None:
    monkeypatch.setenv("PATH", f"{services.programs.postgres()}:{os.environ['PATH']}")


def restore(backup: Path, data: Path, environment: dict[str, str]) -> None:
    """Do what docs/backup.md says."""
    shutil.copytree(backup, data)
    if "DATABASE_URL" in environment:
        options = ["--no-owner", "--exit-on-error", f"--dbname={environment['DATABASE_URL']}"]
        subprocess.run(["pg_restore", *options, data / "filemill.dump"], check=True)


def test_a_backup_under_load_is_whole_where_it_is_restored(make_service, programs, tmp_path):
    service = make_service().start()
    with Load(service) as load:
        taken = run("backup", str(tmp_path / "backup"), **service.environment)
    assert (taken.returncode, load.errors) == (0, []), taken.stderr
    assert min(load.done.values()) > 0, load.done
    service.stop()

    restored = make_service("restored", empty=True, FILEMILL_SWEEP_SECONDS="1")  # which the doctor waits for
    restore(tmp_path / "backup", restored.data, restored.environment)
    restored.start()
    examined = run("doctor", "--json", **restored.environment)
    verified = run("verify", **restored.environment)

    assert [each for each in json.loads(examined.stdout)["findings"] if each["state"] != "ok"] == []
    assert (verified.returncode, "all whole" in verified.stdout) == (0, True), verified.stdout
    files = restored.client.get("/files/", params={"page_size": 200}).json()["results"]
    assert len(files) > FILES_BEFORE // 3
    assert all(restored.await_end(file["id"])["processed"] for file in files)
