"""tus 1.0.0, expiration: uploads that nobody goes on with are forgotten."""

import os
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.utils import timezone

from filemill.config import sweeper
from filemill.files.models import File
from filemill.processing.sweep import sweep
from filemill.uploads.expire import expire
from filemill.uploads.models import Upload


@pytest.fixture
def a_day_later(storage, configure):
    """Expire as if nobody had sent anything for a day: a_day_later()."""

    def later() -> int:
        for path in [*(storage / "unfinished").iterdir(), *(storage / "incoming").iterdir()]:
            os.utime(path, (0, time.time() - 90_000))
        Upload.objects.update(created_at=timezone.now() - timedelta(days=2))
        Upload.objects.exclude(finished_at=None).update(finished_at=timezone.now() - timedelta(days=1.1))
        return expire()

    return later


def test_answers_say_when_an_upload_expires(tus, configure):
    configure(upload_expire_seconds=1000)
    address = tus.create(11)
    answers = [tus.head(address), tus.patch(address, 0, b"hello "), tus.head(address)]
    for answer in answers:
        left = parsedate_to_datetime(answer.headers["Upload-Expires"]) - timezone.now()
        assert timedelta(seconds=900) < left <= timedelta(seconds=1001)
    assert "Upload-Expires" not in tus.patch(address, 6, b"world").headers


def test_an_upload_that_nobody_goes_on_with_expires_with_its_bytes(tus, kept, a_day_later):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")
    assert expire() == 0
    assert tus.head(address).headers["Upload-Offset"] == "6"

    assert a_day_later() == 1

    assert (kept(), Upload.objects.count()) == ([], 0)
    assert tus.head(address).status_code == 404


def test_what_beat_asks_for_lets_uploads_expire(tus, kept, storage):
    tus.create(11)
    for path in (storage / "unfinished").iterdir():
        os.utime(path, (0, time.time() - 90_000))
    sweeper._sweep()
    assert kept() == []


def test_what_others_put_there_stays_and_hinders_nothing(tus, kept, storage, a_day_later):
    tus.create(11)
    (storage / "unfinished" / "readme.note").touch()
    assert a_day_later() == 1
    assert kept() == ["unfinished/readme.note"]


def test_an_upload_of_yesterday_that_gets_bytes_today_stays(tus, storage):
    address = tus.create(11)
    Upload.objects.update(created_at=timezone.now() - timedelta(days=2))
    for path in (storage / "unfinished").iterdir():
        os.utime(path, (0, time.time() - 90_000))
    tus.patch(address, 0, b"hello ")

    assert expire() == 0

    assert tus.patch(address, 6, b"world").status_code == 204


def test_a_file_outlives_what_is_known_of_its_upload(tus, a_day_later, content_of):
    address = tus.create(5)
    tus.patch(address, 0, b"hello")
    expire()
    assert tus.head(address).status_code == 200

    a_day_later()
    sweep()

    assert tus.head(address).status_code == 404
    assert content_of(File.objects.get()) == b"hello"


def test_an_upload_whose_bytes_are_gone_is_gone_and_in_time_forgotten(tus, storage, a_day_later):
    address = tus.create(5)
    for path in (storage / "unfinished").iterdir():
        path.unlink()
    for answer in (tus.head(address), tus.patch(address, 0, b"hello")):
        assert answer.status_code == 410
    assert "Upload-Offset" not in tus.head(address).headers
    a_day_later()
    assert tus.head(address).status_code == 404


def test_bytes_of_an_upload_that_was_never_told_are_removed(storage, transactional_db, kept, a_day_later):
    from filemill.core.ids import new_id
    from filemill.files import unfinished

    unfinished.create(new_id())
    assert len(kept()) == 2
    assert a_day_later() == 1
    assert kept() == []


def test_while_the_storage_is_away_nothing_is_gone(tus, storage):
    address = tus.create(5)
    (storage / "unfinished").rename(storage / "elsewhere")
    Upload.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert tus.head(address).status_code == 503
    assert tus.patch(address, 0, b"hello").status_code == 503
    with pytest.raises(FileNotFoundError):
        expire()

    (storage / "elsewhere").rename(storage / "unfinished")
    assert tus.patch(address, 0, b"hello").status_code == 204
