"""A whole upload becomes a file once, wherever its completion stops."""

import hashlib
import os
import time
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from filemill.accounts import usage
from filemill.core import sha256
from filemill.files import keep, unfinished
from filemill.files.models import File
from filemill.processing import sweep
from filemill.processing.models import Job
from filemill.uploads import receive
from filemill.uploads.models import Upload

CONTENT = b"hello world"


class Killed(BaseException):
    """What nothing catches, as nothing runs on where a process is killed."""


@pytest.fixture
def die(monkeypatch):
    """Let the process die where it comes to a function: die(module, "name")."""

    def killed(*_given, **_named):
        raise Killed

    return lambda owner, name: monkeypatch.setattr(owner, name, killed)


@pytest.fixture
def restarted(monkeypatch):
    return monkeypatch.undo


def is_one_file(kept) -> File:
    file = File.objects.get()
    assert (file.size, file.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (keep.root() / str(file.file)).read_bytes() == CONTENT
    # A crash after the commit leaves notes, which the sweep takes in time.
    assert [name for name in kept() if not name.startswith("doubtful/") and not name.endswith(".note")] == [
        str(file.file)
    ]
    assert Job.objects.count() == 1
    assert Upload.objects.get().finished_at is not None
    return file


@pytest.mark.parametrize("way", ["HEAD", "PATCH"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (keep, "doubt"),
        (os, "fsync"),
        (os, "rename"),
        (receive, "_insert"),
        (keep, "is_kept"),
        (keep, "trust"),
        (unfinished.Turn, "end"),
    ],
)
def test_a_process_that_dies_anywhere_leaves_an_upload_that_completes_once(
    tus, die, restarted, kept, owner, name, way, monkeypatch
):
    address = tus.create(len(CONTENT))
    tus.patch(address, 0, CONTENT[:6])
    die(owner, name)
    # A process that is killed tidies nothing up.
    monkeypatch.setattr(unfinished.Turn, "take_back", lambda *_: None)
    with pytest.raises(Killed):
        tus.patch(address, 6, CONTENT[6:])
    restarted()

    offset = tus.head(address).headers["Upload-Offset"] if way == "HEAD" else str(len(CONTENT))
    again = tus.patch(address, offset, b"")

    assert (offset, again.status_code) == (str(len(CONTENT)), 204)
    file = is_one_file(kept)
    assert again.headers["Content-Location"] == f"/files/{file.id}/"


@pytest.mark.parametrize("happened", [False, True])
def test_a_commit_of_unknown_end_makes_one_file_in_the_end(tus, kept, monkeypatch, happened):
    real = connection._commit

    def commit() -> None:
        if happened:
            real()
        raise OperationalError("the connection was lost")

    def statement(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("WITH"):  # a transaction of its own
            if happened:
                execute(sql, *rest)
            raise OperationalError("the connection was lost")
        return execute(sql, *rest)

    address = tus.create(len(CONTENT))
    monkeypatch.setattr(connection, "_commit", commit)
    with connection.execute_wrapper(statement):
        assert tus.patch(address, 0, CONTENT).status_code == 503
    monkeypatch.undo()

    assert tus.head(address).headers["Upload-Offset"] == str(len(CONTENT))
    is_one_file(kept)


def test_a_failed_insert_puts_the_bytes_back_and_the_next_request_completes(tus, kept, monkeypatch):
    address = tus.create(len(CONTENT))

    def away(*_given):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(receive, "_insert", away)
    assert tus.patch(address, 0, CONTENT).status_code == 503
    assert {name.split("/")[0] for name in kept()} == {"unfinished"}
    head = tus.head(address)
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, str(len(CONTENT)))
    assert tus.patch(address, len(CONTENT), b"").status_code == 503
    monkeypatch.undo()
    assert tus.patch(address, len(CONTENT), b"").status_code == 204
    is_one_file(kept)


def test_what_nobody_completes_after_a_crash_goes_in_time(tus, die, restarted, kept, monkeypatch, storage):
    address = tus.create(len(CONTENT))
    die(receive, "_insert")
    monkeypatch.setattr(unfinished.Turn, "take_back", lambda *_: None)
    with pytest.raises(Killed):
        tus.patch(address, 0, CONTENT)
    restarted()
    for path in [*(storage / "unfinished").iterdir(), *(storage / "doubtful").iterdir()]:
        os.utime(path, (0, time.time() - 90_000))

    from filemill.uploads.expire import expire

    assert expire() == 1
    sweep.sweep()

    assert kept() == []
    assert tus.head(address).status_code == 410


def test_an_upload_that_ends_after_a_crash_goes_with_its_bytes(tus, die, restarted, kept, monkeypatch):
    address = tus.create(len(CONTENT))
    die(receive, "_insert")
    monkeypatch.setattr(unfinished.Turn, "take_back", lambda *_: None)
    with pytest.raises(Killed):
        tus.patch(address, 0, CONTENT)
    restarted()
    assert tus.ask("DELETE", address).status_code == 204
    assert (kept(), Upload.objects.count(), File.objects.count()) == ([], 0, 0)


def test_of_many_who_complete_at_once_one_does(tus, at_once, kept):
    address = tus.create(len(CONTENT))
    tus.patch(address, 0, CONTENT[:-1])
    last = [lambda: tus.patch(address, len(CONTENT) - 1, CONTENT[-1:]).status_code] * 3
    statuses = at_once(*last, lambda: tus.head(address).status_code)
    assert 204 in statuses or tus.head(address).headers.get("Content-Location")
    assert set(statuses[:3]) <= {204, 400, 409}
    assert statuses[3] in {200, 423}
    tus.patch(address, len(CONTENT) - 1, CONTENT[-1:])  # where each took the turn of the one before
    is_one_file(kept)


def test_usage_counts_a_file_once(tus, closed, bearer, django_user_model, kept, monkeypatch, die, restarted):
    tus.always |= bearer("anna")
    address = tus.create(len(CONTENT))
    tus.patch(address, 0, CONTENT)
    tus.head(address)
    standing = usage.standing(django_user_model.objects.get(username="anna").pk)
    assert (standing.bytes, standing.files) == (len(CONTENT), 1)


def test_a_patch_asks_the_database_once(tus, django_assert_num_queries):
    address = tus.create(20)
    with django_assert_num_queries(1):
        tus.patch(address, 0, CONTENT)


@pytest.mark.parametrize("has_library", [True, False])
def test_the_digest_is_right_with_and_without_a_library_that_can_put_it_down(
    tus, kept, monkeypatch, has_library, content_of
):
    if not has_library:
        monkeypatch.setattr(unfinished, "can_resume", lambda: False)
    address = tus.create(len(CONTENT))
    for offset in range(len(CONTENT)):
        tus.patch(address, offset, CONTENT[offset : offset + 1])
        if offset == 4:
            monkeypatch.setattr(unfinished, "can_resume", lambda: not has_library)
    is_one_file(kept)


@pytest.mark.parametrize("beside", [b"", b"x" * 1000, b"x" * 3_000_000])
def test_bytes_that_a_crash_left_without_a_digest_are_caught_up_with(tus, beside):
    content = CONTENT + beside
    address = tus.create(len(content) + 1)
    tus.patch(address, 0, CONTENT)
    with (keep.root() / "unfinished" / address.split("/")[2]).open("ab") as file:
        file.write(beside)
    assert tus.head(address).headers["Upload-Offset"] == str(len(content))
    tus.patch(address, len(content), b"!")
    assert File.objects.get().sha256 == hashlib.sha256(content + b"!").hexdigest()


def test_a_digest_that_is_ahead_of_the_bytes_is_dropped(tus):
    address = tus.create(20)
    tus.patch(address, 0, CONTENT)
    os.truncate(keep.root() / "unfinished" / str(UUID(address.split("/")[2])), 5)  # the power failed
    assert tus.head(address).headers["Upload-Offset"] == "5"
    tus.patch(address, 5, b"!" * 15)
    assert File.objects.get().sha256 == hashlib.sha256(b"hello" + b"!" * 15).hexdigest()


@pytest.mark.skipif(not sha256.can_resume(), reason="there is no libcrypto here")
def test_a_digest_goes_on_from_its_state():
    content = bytes(range(256)) * 100
    for cut in (0, 1, 63, 64, 65, 1000):
        first = sha256.Sha256()
        first.update(content[:cut])
        second = sha256.Sha256(first.state())
        second.update(content[cut:])
        assert second.hexdigest() == hashlib.sha256(content).hexdigest()
        assert first.hexdigest() == hashlib.sha256(content[:cut]).hexdigest()
