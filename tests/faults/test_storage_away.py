"""A storage that vanishes or can no longer be written while the service runs: it says so, and loses nothing."""

import os
import subprocess
from pathlib import Path

import pytest
from faults.conftest import CONTENT, World

from filemill.files.models import File

pytestmark = pytest.mark.once


@pytest.fixture
def unmount(world: World):
    """Take the storage away, as if its disk were not mounted any more; the folder it was mounted on stays, empty."""
    root, away = world.storage, world.storage.with_name("unmounted")

    def unmount() -> None:
        root.rename(away)
        root.mkdir()

    yield unmount
    assert list(root.iterdir()) == []  # what is written there is hidden once the disk is back
    root.rmdir()
    away.rename(root)
    world.recover()
    world.check()
    for file in File.objects.all():
        world.assert_whole(str(file.pk))
    world.assert_whole(world.keep_processed("after.txt"))


def is_unavailable(answer) -> bool:
    return (answer.status_code, answer.json()["code"], "storage" in answer.json()["detail"]) == (
        503, "unavailable", True
    )  # fmt: skip


def test_a_storage_that_is_away_takes_nothing_and_loses_nothing(world, unmount):
    file_id = world.keep_processed("a.txt")
    unmount()

    assert is_unavailable(world.upload("b.txt"))
    assert is_unavailable(world.client.delete(f"/files/{file_id}/"))
    assert [file["id"] for file in world.client.get("/files/").json()["results"]] == [file_id]


def test_a_storage_that_is_away_uses_up_no_attempt(world, unmount):
    from filemill.processing import tasks
    from filemill.processing.models import Job

    world.keep("a.txt")
    unmount()
    for _ in range(4):
        tasks.drain()

    assert set(Job.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_readyz_says_that_the_storage_is_away(world, unmount):
    unmount()
    answer = world.client.get("/readyz")

    assert (answer.status_code, answer.json()["storage"], answer.json()["status"]) == (503, "down", "down")


def test_a_storage_that_cannot_be_written_says_so_and_serves_what_it_has(world, small_disk):
    file_id = world.keep_processed("a.txt")
    with _read_only(small_disk):
        ready = world.client.get("/readyz")
        upload = world.upload("b.txt")
        content = world.client.get(f"/files/{file_id}/content/")

        assert (ready.status_code, ready.json()["storage"]) == (503, "down")
        assert is_unavailable(upload)
        assert content.getvalue() == CONTENT
    world.assert_whole(world.keep_processed("c.txt"))
    world.recover()
    world.check()


class _read_only:
    def __init__(self, disk: Path) -> None:
        self.disk = disk

    def __enter__(self) -> None:
        self._set("ro", 0o500)

    def __exit__(self, *_error: object) -> None:
        self._set("rw", 0o700)

    def _set(self, option: str, mode: int) -> None:
        if os.geteuid() == 0:
            subprocess.run(["mount", "-o", f"remount,{option}", str(self.disk)], check=True)
        else:
            (self.disk / "incoming").chmod(mode)
