"""Bytes and rows part where a disk, a commit or a process fails between them: nothing is lost, and nothing is left."""

import errno
import os
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.db.models import F

from filemill.files import aside, keep
from filemill.files.models import File
from filemill.processing import claim, record, straight, sweep, tasks
from filemill.processing.forget import forget
from filemill.processing.models import Artifact, Job
from filemill.processing.run import run
from filemill.processing.states import State
from filemill.processors.registry import processors
from filemill.sandbox.client import Sandbox
from filemill.sandbox.errors import SandboxUnavailable


@pytest.fixture
def file(upload, work) -> File:
    file = File.objects.get(pk=upload(b"some words\n")["id"])
    work()
    return file


@pytest.fixture
def first_call_fails(monkeypatch):
    """Let a function of names fail once, as the disk has a bad moment; return what it was asked for."""

    def arrange(module, function: str) -> list[str]:
        real, asked = getattr(module, function), []

        def fail_once(name: str) -> None:
            asked.append(name)
            if len(asked) == 1:
                raise OSError(errno.EIO, "Input/output error")
            real(name)

        monkeypatch.setattr(module, function, fail_once)
        return asked

    return arrange


@pytest.fixture
def failing_removal(first_call_fails):
    return first_call_fails(keep, "remove")


@pytest.fixture
def a_day_later(storage):
    """Sweep as if all notes about bytes were old: a_day_later()."""

    def later() -> None:
        for note in (storage / "doubtful").iterdir():
            os.utime(note, (0, time.time() - 90_000))
        sweep.sweep()

    return later


def of_rows() -> list[str]:
    return sorted(
        [str(file.file) for file in File.objects.all()] + [str(each.content) for each in Artifact.objects.all()]
    )


def test_a_result_outlives_the_failed_removal_of_the_one_it_replaced(file, work, kept, failing_removal, a_day_later):
    record.reprocess(file.id, ["text"])
    work()

    assert File.objects.get(pk=file.pk).processed
    assert str(file.artifacts.get().content) in kept()
    a_day_later()
    assert kept() == of_rows()


def test_a_deleted_file_is_gone_though_some_bytes_could_not_be_removed_at_once(
    file, client, kept, failing_removal, a_day_later
):
    answer = client.delete(f"/files/{file.id}/")

    assert (answer.status_code, File.objects.count()) == (204, 0)
    assert file.file.name in kept()
    a_day_later()
    assert kept() == []


@pytest.mark.parametrize("happened", [False, True])
def test_after_a_commit_of_unknown_end_the_sweep_keeps_what_has_a_row_only(
    transactional_db, client, kept, monkeypatch, a_day_later, happened
):
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

    monkeypatch.setattr(connection, "_commit", commit)
    with connection.execute_wrapper(statement):
        assert client.post("/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 503
    monkeypatch.undo()

    sweep.sweep()
    assert any(name.startswith("originals/") for name in kept())
    a_day_later()
    assert (len(kept()), kept()) == (happened, of_rows())


def test_artifacts_of_a_worker_that_died_before_its_commit_are_removed_in_the_end(
    upload, work, kept, monkeypatch, a_day_later, configure
):
    class Killed(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Killed

    upload(b"some words\n")
    monkeypatch.setattr(straight.Success, "record", die)
    with pytest.raises(Killed):
        work()
    assert any(name.startswith("artifacts/") for name in kept())

    a_day_later()
    assert kept() == of_rows()


def test_a_file_that_is_whole_leaves_no_doubt(file, storage):
    assert list((storage / "doubtful").iterdir()) == []
    forget(file.id)
    assert list((storage / "doubtful").iterdir()) == []


def test_a_disk_that_takes_longer_than_the_lease_to_keep_an_artifact_costs_no_attempt(
    upload, work, monkeypatch, configure
):
    configure(lease_seconds=100, renew_seconds=0)
    write = keep.Incoming.write

    def slowly(incoming: keep.Incoming, chunk: bytes) -> None:
        write(incoming, chunk)
        Job.objects.that_are(State.RUNNING).update(lease_until=F("lease_until") - timedelta(seconds=60))
        sweep.sweep()

    file = File.objects.get(pk=upload(b"some words of a long text\n" * 120_000)["id"])  # in three chunks
    monkeypatch.setattr(keep.Incoming, "write", slowly)
    work()

    job = file.jobs.get(processor="text")
    assert (job.state, job.attempts) == ("succeeded", 1)


@pytest.mark.parametrize("question", [1, 2])
def test_an_upload_that_commits_while_the_sweep_asks_for_its_row_is_whole_or_refused(
    transactional_db, client, kept, monkeypatch, a_day_later, question
):
    keep_bytes = keep.Incoming.keep
    reached, released, answers, asked = threading.Event(), threading.Event(), [], []

    def stand_still(incoming: keep.Incoming, name: str) -> None:
        keep_bytes(incoming, name)
        reached.set()
        released.wait()

    def send() -> None:
        answers.append(client.post("/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code)
        connection.close()

    def ask(execute, sql, *rest):
        answer = execute(sql, *rest)
        if '"content" =' in sql:
            asked.append(sql)
            if len(asked) == question:
                released.set()
                upload.join()
        return answer

    monkeypatch.setattr(keep.Incoming, "keep", stand_still)
    upload = threading.Thread(target=send)
    upload.start()
    reached.wait()
    with connection.execute_wrapper(ask):
        a_day_later()
    released.set()
    upload.join()

    assert answers == [201 if question == 1 else 503]
    assert [name for name in kept() if not name.startswith("doubtful/")] == of_rows()
    a_day_later()
    assert (len(kept()), kept()) == (answers == [201], of_rows())


def test_an_upload_whose_bytes_and_connection_went_while_it_stood_still_leaves_no_row(
    transactional_db, client, kept, monkeypatch
):
    def gone(name: str) -> bool:
        keep.remove(name)
        connection.connection.close()
        return False

    monkeypatch.setattr(keep, "is_kept", gone)
    answer = client.post("/upload/", {"file": SimpleUploadedFile("a.txt", b"x")})

    assert (answer.status_code, File.objects.count(), kept()) == (503, 0, [])


def test_bytes_that_a_killed_sweep_had_set_aside_come_back(file, storage, monkeypatch, a_day_later):
    aside.take(file.file.name)

    sweep.sweep()

    assert (storage / file.file.name).read_bytes() == b"some words\n"
    a_day_later()
    assert list((storage / "doubtful").iterdir()) == []


def test_bytes_that_are_set_aside_while_their_file_is_deleted_go_too(file, kept):
    aside.take(file.file.name)
    forget(file.id)

    sweep.sweep()

    assert kept() == []


@pytest.mark.parametrize(
    "stray",
    [
        ".originals~07~01a202af-fe9c-74c8-8bcb-d5831687b68a.Xy12Zw",
        "..~..~01a202af-fe9c-74c8-8bcb-d5831687b68a",
        "a~b~c",
    ],
)
@pytest.mark.parametrize("folder", ["doubtful", "aside"])
def test_what_others_put_among_the_notes_stays_and_hinders_no_sweep(file, storage, kept, a_day_later, folder, stray):
    keep.doubt(file.file.name)
    (storage / folder).mkdir(exist_ok=True)
    (storage / folder / stray).touch()

    a_day_later()

    assert kept() == sorted([*of_rows(), f"{folder}/{stray}"])


def test_bytes_that_cannot_be_settled_hinder_no_others(upload, storage, kept, first_call_fails, a_day_later):
    for content in (b"some words\n", b"more words\n"):
        upload(content)
    for file in File.objects.all():
        keep.doubt(file.file.name)
    File.objects.all().delete()
    asked = first_call_fails(aside, "take")

    a_day_later()
    assert [name for name in kept() if name.startswith("originals/")] == asked[:1]
    a_day_later()
    assert kept() == []


def test_a_second_server_that_cannot_start_is_named_and_the_job_tried_again_later(upload, work, monkeypatch):
    def no_room():
        raise SandboxUnavailable("The sandbox server cannot be started: no room.")

    monkeypatch.setattr(processors()["text"], "large", True)
    monkeypatch.setattr(tasks.sandbox, "_of_large", Sandbox(large=True))
    monkeypatch.setattr(tasks.sandbox.of_large, "_new_server", no_room)
    file_id = upload(b"words\n", "a.txt")["id"]
    run(claim.next_claim(), tasks.sandbox)

    job = Job.objects.get(file_id=file_id, processor="text")
    assert (job.state, job.error["code"]) == ("queued", "sandbox_unavailable")
