"""A backup has the bytes of every row that it has, whatever is deleted or uploaded while it is taken."""

import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import connection

from filemill.cli import backup, copies
from filemill.cli.backup import run_backup
from filemill.cli.main import main
from filemill.cli.preflight import Trouble
from filemill.files import keep
from filemill.files.models import File
from filemill.processing import record, sweep
from filemill.processing.forget import forget


@pytest.fixture(autouse=True)
def data(settings, tmp_path, monkeypatch) -> None:
    settings.DATA_DIR = tmp_path
    if connection.vendor == "postgresql":
        from services.programs import postgres

        monkeypatch.setenv("PATH", f"{postgres()}:{os.environ['PATH']}")


@pytest.fixture
def target(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("disk") / "backup"


@pytest.fixture
def after_the_database(monkeypatch):
    """Do something right after the database was copied, before any bytes are: after_the_database(action)."""
    real = backup._copy_database

    def set_action(action) -> None:
        def copy(folder: Path) -> None:
            real(folder)
            action()

        monkeypatch.setattr(backup, "_copy_database", copy)

    return set_action


@pytest.fixture
def file(upload, work) -> File:
    file = File.objects.get(pk=upload(b"some words\n")["id"])
    work()
    return File.objects.get(pk=file.pk)


def copied(target: Path) -> set[str]:
    files = target / "files"
    return {
        str(path.relative_to(files)) for path in files.rglob("*") if path.is_file() and path.parent.name != "doubtful"
    }


def until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def marked(target: Path) -> set[str]:
    return {path.name.replace("~", "/") for path in (target / "files" / "doubtful").iterdir()}


def test_it_has_the_database_and_all_bytes_for_their_owner_alone(file, kept, target):
    run_backup(target)

    assert copied(target) == set(kept()) - {"hold"}
    assert [path.name for path in target.glob("filemill.*")] == [f"filemill.{_suffix()}"]
    modes = {path.stat().st_mode & 0o077 for path in (target, *target.rglob("*")) if "files" in path.parts}
    assert modes == {0}


def test_what_is_deleted_while_it_is_taken_is_in_it_and_goes_later(file, kept, target, after_the_database):
    names = {file.file.name, file.artifacts.get().content.name}
    after_the_database(lambda: forget(file.pk))

    run_backup(target)

    assert names <= copied(target)
    os.utime(keep.root() / "hold", (0, 0))
    for mark in (keep.root() / "doubtful").iterdir():
        os.utime(mark, (0, time.time() - 90_000))
    sweep.sweep()
    assert kept() == ["hold"]


def test_an_artifact_that_is_replaced_while_it_is_taken_is_in_it(file, work, target, after_the_database):
    before = file.artifacts.get().content.name

    def replace() -> None:
        record.reprocess(file.pk, ["text"])
        work()

    after_the_database(replace)
    run_backup(target)

    after = file.artifacts.get().content.name
    assert before != after
    assert {before, after} <= copied(target)
    assert after in marked(target)


def test_what_arrives_while_it_is_taken_is_left_to_the_sweep_in_the_copy(file, upload, target, after_the_database):
    after_the_database(lambda: upload(b"new"))

    run_backup(target)

    late = File.objects.exclude(pk=file.pk).get()
    assert late.file.name in marked(target)


def test_deletions_are_held_back_for_as_long_as_one_file_takes(file, target, monkeypatch):
    monkeypatch.setattr(backup, "RENEW_SECONDS", 0.01)
    real = shutil.copy2

    def slow(source: Path, copy: Path) -> None:
        os.utime(keep.root() / "hold", (time.time() + 600,) * 2)
        until(lambda: (keep.root() / "hold").stat().st_mtime > time.time() + 600)
        real(source, copy)

    monkeypatch.setattr(backup.shutil, "copy2", slow)

    run_backup(target)

    assert file.file.name in copied(target)


def test_a_backup_during_which_deletions_were_not_held_back_is_none(file, target, after_the_database):
    after_the_database(lambda: os.utime(keep.root() / "hold", (0, 0)))

    with pytest.raises(Trouble, match="deletions were not held back"):
        run_backup(target)
    assert list(target.parent.iterdir()) == []


def hold(monkeypatch, seconds: str) -> str:
    monkeypatch.setattr("filemill.cli.services.set_up", lambda: None)
    done = CliRunner().invoke(main, ["hold", seconds], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_hold_for_tools_of_ones_own_keeps_deleted_bytes_until_it_is_ended(file, upload, kept, monkeypatch):
    said = hold(monkeypatch, "600")
    until = datetime.fromtimestamp(keep.held_until(), UTC)
    assert until.timestamp() > time.time() + 500
    assert said == f"The bytes of deleted files stay until {until:%Y-%m-%d %H:%M:%S} UTC.\n"

    forget(file.pk)
    assert file.file.name in kept()

    other = File.objects.get(pk=upload(b"other words")["id"])
    assert "again" in hold(monkeypatch, "0")
    forget(other.pk)
    assert other.file.name not in kept()


def test_a_hold_is_never_shortened(storage):
    keep.hold(1000)
    keep.hold(1)

    assert (storage / "hold").stat().st_mtime > time.time() + 900


def test_a_folder_that_is_there_or_is_in_the_data_folder_is_refused(file, target, tmp_path):
    target.mkdir()
    with pytest.raises(Trouble, match="exists already"):
        run_backup(target)
    with pytest.raises(Trouble, match="in the data folder"):
        run_backup(tmp_path / "backup")


def test_two_backups_to_one_name_are_one_backup_and_one_refusal(file, target, after_the_database):
    def second() -> None:
        with pytest.raises(Trouble, match="another backup to this name is under way"):
            run_backup(target)

    after_the_database(second)
    run_backup(target)

    assert (target / f"filemill.{_suffix()}").exists()
    assert file.file.name in copied(target)


def test_a_backup_that_fails_leaves_nothing(file, target, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup.shutil, "copy2", full)

    with pytest.raises(Trouble, match="No space left"):
        run_backup(target)
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_cannot_be_read_is_no_backup_without_its_files(file, target, unprivileged):
    folder = (keep.root() / file.file.name).parent
    folder.chmod(0)

    with pytest.raises(Trouble, match="Permission denied"):
        run_backup(target)
    folder.chmod(0o700)
    assert list(target.parent.iterdir()) == []


def test_without_pg_dump_a_backup_of_postgresql_says_where_to_read(file, target, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Trouble, match="pg_dump is not here"):
        run_backup(target)


def test_a_copy_of_the_database_has_all_rows(file, target):
    if connection.vendor != "sqlite":
        listing = subprocess.run(["pg_restore", "--list", _dump(target)], capture_output=True, text=True, check=True)
        assert "TABLE DATA public files_file" in listing.stdout
        return
    import sqlite3

    copies.copy_sqlite(target)
    with sqlite3.connect(target) as copy:
        assert copy.execute("SELECT name FROM files_file").fetchall() == [("a.txt",)]


def _dump(target: Path) -> Path:
    run_backup(target)
    return target / "filemill.dump"


def _suffix() -> str:
    return "sqlite3" if connection.vendor == "sqlite" else "dump"
