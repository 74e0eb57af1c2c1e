"""A disk that is really full, at the upload, the artifact, the commit: nothing is half there, and room heals all."""

import os
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import services
from django.core.management import call_command
from django.db import OperationalError, connection
from faults.conftest import World
from faults.ways import by_tus

from filemill.api import problems

TEXT = b"The mill grinds slowly, and it grinds every line.\n" * 12_000  # 600 kB


@pytest.fixture
def fill(small_disk: Path) -> Callable[[], Path]:
    """Fill the storage's disk to the last byte: fill() returns the file to remove for room."""
    return lambda: fill_up(small_disk)


def fill_up(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return filler


def test_a_full_disk_refuses_an_upload_and_takes_the_next_once_there_is_room(world, small_disk, fill):
    filler = fill()

    answer = world.upload("a.txt", TEXT)

    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert world.client.get("/files/").json()["results"] == []
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["filler"]
    assert world.client.get("/readyz").json()["storage"] == "full"
    filler.unlink()
    file_id = world.keep("b.txt")
    world.work()
    world.assert_whole(file_id)
    world.check()


def test_an_upload_that_fills_the_disk_goes_on_from_there_once_there_is_room(world, small_disk, fill):
    half = len(TEXT) // 2
    address = by_tus(world, "POST", "/upload/", Upload_Length=len(TEXT)).headers["Location"]
    by_tus(world, "PATCH", address, TEXT[:half], Upload_Offset=0)
    filler = fill()
    os.truncate(filler, filler.stat().st_size - 100_000)

    answer = by_tus(world, "PATCH", address, TEXT[half:], Upload_Offset=half)

    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    offset = int(by_tus(world, "HEAD", address).headers["Upload-Offset"])
    assert half < offset < half + 100_000
    filler.unlink()
    assert by_tus(world, "PATCH", address, TEXT[offset:], Upload_Offset=offset).status_code == 204
    world.work()
    world.assert_whole(address.split("/")[2])
    world.check()


def assert_it_waits_for_room(world, fill, file_id):
    filler = fill()
    world.work()

    assert world.status(file_id) == "queued"
    filler.unlink()
    world.recover()
    world.assert_whole(file_id)
    world.check()


def test_an_artifact_that_finds_the_disk_full_is_made_once_there_is_room(world, fill):
    file_id = world.upload("a.txt", TEXT).json()["id"]
    assert_it_waits_for_room(world, fill, file_id)


def test_a_workspace_on_a_full_disk_is_tried_again_once_there_is_room(world, fill, settings, small_disk):
    settings.WORK_DIR = world.work_dir = small_disk / "work"
    file_id = world.upload("a.txt", TEXT).json()["id"]
    assert_it_waits_for_room(world, fill, file_id)


def test_a_file_can_be_deleted_from_a_full_disk(world, small_disk, fill):
    file_id = world.keep_processed("a.txt")
    filler = fill()

    assert world.client.delete(f"/files/{file_id}/").status_code == 204
    filler.unlink()
    world.recover()
    assert world.kept() == []


if connection.vendor == "postgresql":

    def test_a_database_whose_server_has_a_full_disk_is_507(world, transactional_db):
        """What PostgreSQL keeps on a full disk is its own affair; that it has one, it says by this code."""
        with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$")

        assert problems.translate(raised.value).code == "disk_full"


if connection.vendor == "sqlite":

    def test_a_database_on_a_full_disk_keeps_all_or_nothing(world, tmp_path):
        with services.small_disk(tmp_path / "small", "size=3m") as disk, _database_in(disk / "filemill.sqlite3"):
            call_command("migrate", verbosity=0)
            _fill_up_and_heal(world, fill_up(disk))


def _fill_up_and_heal(world: World, filler: Path) -> None:
    answers = [world.upload(f"{number}.txt") for number in range(30)]
    refused = [answer for answer in answers if answer.status_code != 201]

    assert refused
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} <= {(507, "disk_full")}
    filler.unlink()
    world.recover()
    assert len(world.client.get("/files/").json()["results"]) == len(answers) - len(refused)
    world.check()
    world.assert_whole(world.keep_processed("after.txt"))


@contextmanager
def _database_in(path: Path):
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
