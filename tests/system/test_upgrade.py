"""A new version on an old embedded database: it is migrated, and as it was it is kept (see conftest.py)."""

import re
import shutil
import sqlite3

import pytest
from system.conftest import Service
from system.test_serve import run, sentence_of

EARLIER = ("django_celery_beat", "0018_improve_crontab_helptext")


@pytest.fixture(scope="module")
def old(tmp_path_factory, apart_for_a_module):
    """The data of a service that was stopped, with a file in it and a database of an earlier version; and the file."""
    data = tmp_path_factory.mktemp("old") / "data"
    service = Service(data, **apart_for_a_module(data)).start()
    file_id = service.upload(b"from before the upgrade\n")["id"]
    service.await_end(file_id)
    service.stop()
    service.close()
    done = run("manage", "migrate", "--verbosity=0", *EARLIER, **service.environment)
    assert done.returncode == 0, done.stderr
    return data, file_id


@pytest.fixture
def outdated(old, tmp_path):
    """A service with a copy of the old data."""
    data, file_id = old
    shutil.copytree(data, tmp_path / "data")
    service = Service(tmp_path / "data")
    service.file_id = file_id
    yield service
    service.close()


def applied(path) -> set[str]:
    with sqlite3.connect(path) as database:
        return {name for (name,) in database.execute("SELECT app || '.' || name FROM django_migrations")}


def test_serve_migrates_and_keeps_the_database_as_it_was(outdated):
    before = applied(outdated.data / "filemill.sqlite3")

    outdated.start()

    assert outdated.get(outdated.file_id)["processed"] is True
    (copy,) = (outdated.data / "copies").iterdir()
    assert re.fullmatch(r"before-migration-\d{8}T\d{6}\.\d{6}Z\.sqlite3", copy.name)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert str(copy) in outdated.said()
    assert applied(copy) == before < applied(outdated.data / "filemill.sqlite3")
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM files_file").fetchone() == (1,)


def test_without_news_nothing_is_copied(make_service):
    service = make_service(empty=True)
    for _ in range(2):
        assert run("migrate", **service.environment).returncode == 0

    assert applied(service.data / "filemill.sqlite3") > set()
    assert not (service.data / "copies").exists()


def test_the_last_three_copies_are_kept(outdated):
    copies = outdated.data / "copies"
    copies.mkdir(mode=0o700)
    names = [f"before-migration-2026010{day}T000000.000000Z.sqlite3" for day in range(1, 5)]
    for name in names:
        (copies / name).touch(mode=0o600)

    assert run("migrate", **outdated.environment).returncode == 0

    *left, new = sorted(path.name for path in copies.iterdir())
    assert left == names[-2:]
    assert new > names[-1]


def test_without_room_for_the_copy_it_stops_and_changes_nothing(outdated):
    before = applied(outdated.data / "filemill.sqlite3")

    failed = run("serve", **{**outdated.environment, "FILEMILL_DISK_RESERVE_BYTES": str(2**60)})

    assert "Make room" in sentence_of(failed)
    assert applied(outdated.data / "filemill.sqlite3") == before
    assert list((outdated.data / "copies").iterdir()) == []
