"""Uploads that are sent again with their Idempotency-Key: one file and one answer, whatever came in between."""

import io
import os
import signal
import socket
from datetime import timedelta

import httpx
import pytest
from api.conftest import Web, until
from django.db.models.functions import Now

from filemill.files.models import File, IdempotencyKey
from filemill.processing.sweep import sweep

ADDRESS = "/upload/?name=a.txt"
KEY = '"6f1c2a5e"'


class Meanwhile(io.BytesIO):
    """A body during whose reading something happens."""

    def __init__(self, content, happens):
        super().__init__(content)
        self._happens = happens

    def read(self, size=-1):
        happens, self._happens = self._happens, lambda: None
        happens()
        return super().read(size)


def test_the_same_key_and_bytes_are_one_file_and_one_answer(send, kept, form, part):
    first = send(b"hello", "text/plain", ADDRESS, Idempotency_Key=KEY)
    body, media_type = form(part("file", b"hello", "a.txt"))
    others = [
        send(b"hello", "text/plain", ADDRESS, Idempotency_Key=KEY),
        send(
            b"hello", "text/plain", "/upload", Content_Disposition="attachment; filename=b", Idempotency_Key="6f1c2a5e"
        ),
        send(body, media_type, Idempotency_Key=KEY),
    ]
    assert first.status_code == 201
    for again in others:
        assert (again.status_code, again.content) == (201, first.content)
        for name in ("Location", "Content-Type", "Content-Digest"):
            assert again.headers[name] == first.headers[name]
    assert [str(file.pk) for file in File.objects.all()] == [first.json()["id"]]
    assert len(kept()) == 1


def test_the_answer_stays_the_same_while_the_file_goes_on(send, client, work):
    first = send(b"hello", "text/plain", ADDRESS, Idempotency_Key=KEY)
    work()
    client.patch(first.headers["Location"], {"name": "b.txt"}, "application/json")
    assert send(b"hello", "text/plain", ADDRESS, Idempotency_Key=KEY).content == first.content


def test_other_bytes_with_the_same_key_are_refused(send, refused, kept):
    first = send(b"hello", to=ADDRESS, Idempotency_Key=KEY)
    for other in (b"hellO", b"", b"hello" * 100_000):
        refused(send(other, to=ADDRESS, Idempotency_Key=KEY), 422, "idempotency_key_reused")
    assert len(kept()) == File.objects.count() == 1
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY).content == first.content


def test_bytes_without_a_key_or_with_another_are_a_file_of_their_own(send):
    answers = [
        send(b"hello", to=ADDRESS),
        send(b"hello", to=ADDRESS),
        *(send(b"hello", to=ADDRESS, Idempotency_Key=key) for key in (KEY, "other", '"a \\"quoted\\" one"')),
    ]
    assert len({answer.json()["id"] for answer in answers}) == 5


@pytest.mark.parametrize(
    "key", ["", '""', "a b", '"open', "a, b", "12;x=(", ":YQ==:", "é", f'"{"x" * 256}"', "x" * 256]
)
def test_a_key_that_is_none_is_refused(ask, judged, key):
    answer = judged(lambda: ask("POST", ADDRESS, b"hello", Idempotency_Key=key))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.mark.usefixtures("closed")
def test_keys_are_an_owners_own(send, bearer):
    hers, his = (
        send(b"hello", to=ADDRESS, Idempotency_Key=KEY, **bearer(name)).json()["id"] for name in ("anna", "boris")
    )
    assert hers != his
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY, **bearer("anna")).json()["id"] == hers


def test_a_refusal_leaves_the_key_unused(send, refused, nothing_left):
    wrong = {"Content_Digest": "sha-256=:AAAA:", "Idempotency_Key": KEY}
    refused(send(b"other", to=ADDRESS, **wrong), 422, "digest_mismatch")
    refused(send(b"other", Idempotency_Key=KEY), 400, "missing_name")
    assert nothing_left()
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY).status_code == 201


def test_a_body_that_came_broken_a_second_time_is_refused_as_such(ask, refused):
    assert ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY).status_code == 201
    cut = ask("POST", ADDRESS, b"hel", Idempotency_Key=KEY, Content_Length="5")
    refused(cut, 400, "incomplete_body")


def test_while_the_first_is_on_its_way_the_second_is_told_so(ask, refused):
    met = []

    def second():
        met.append(ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY))

    first = ask("POST", ADDRESS, b"hello", Meanwhile(b"hello", second), Idempotency_Key=KEY)
    refused(met[0], 409, "idempotency_key_in_use")
    assert int(met[0].headers["Retry-After"]) > 0
    assert first.status_code == 201
    assert ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY).content == first.content
    assert File.objects.count() == 1


@pytest.mark.parametrize("content", [b"hello", b"other"])
def test_where_no_lock_tells_the_second_of_the_first_the_database_does(ask, refused, kept, settings, tmp_path, content):
    met = []

    def elsewhere():
        settings.DATA_DIR = tmp_path
        met.append(ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY))

    late = ask("POST", ADDRESS, content, Meanwhile(content, elsewhere), Idempotency_Key=KEY)
    assert met[0].status_code == 201
    if content == b"hello":
        assert (late.status_code, late.content) == (201, met[0].content)
    else:
        refused(late, 422, "idempotency_key_reused")
    assert len(kept()) == File.objects.count() == 1


def test_what_is_there_needs_no_room(ask, configure, refused):
    first = ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY)
    configure(disk_reserve_bytes=2**60)
    refused(ask("POST", ADDRESS, b"hello", Idempotency_Key='"new"'), 507, "disk_full")
    assert ask("POST", ADDRESS, b"hello", Idempotency_Key=KEY).content == first.content


@pytest.mark.usefixtures("closed")
def test_what_is_there_needs_no_quota(send, configure, bearer, refused):
    configure(quota_files=1)
    anna = bearer("anna")
    first = send(b"hello", to=ADDRESS, Idempotency_Key=KEY, **anna)
    refused(send(b"hello", to=ADDRESS, Idempotency_Key='"new"', **anna), 413, "quota_exceeded")
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY, **anna).content == first.content


def test_a_key_goes_with_its_file(send, client):
    first = send(b"hello", to=ADDRESS, Idempotency_Key=KEY)
    assert client.delete(first.headers["Location"]).status_code == 204
    second = send(b"other", to=ADDRESS, Idempotency_Key=KEY)
    assert second.status_code == 201
    assert File.objects.count() == IdempotencyKey.objects.count() == 1


def test_a_key_is_remembered_for_a_day(send):
    first = send(b"hello", to=ADDRESS, Idempotency_Key=KEY).json()["id"]
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=23, minutes=59))
    sweep()
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY).json()["id"] == first
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=24, minutes=1))
    sweep()
    assert send(b"hello", to=ADDRESS, Idempotency_Key=KEY).json()["id"] != first


def test_in_two_processes_at_once_the_same_key_makes_one_file(start_web, at_once):
    two = start_web(FILEMILL_WEB_PROCESSES="2")

    def post():
        # A connection of its own each, for either process to take.
        return httpx.post(f"{two.address}{ADDRESS}", content=b"hello" * 10_000, headers={"Idempotency-Key": KEY})

    answers = [*at_once(*([post] * 8)), post()]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert answers[-1].status_code == 201
    assert len(two.client.get("/files/").json()["results"]) == 1


def test_a_crash_in_the_middle_leaves_the_key_usable(tmp_path, migrated):
    web = Web(tmp_path, **migrated(tmp_path / "data"))
    process = web.run("web")
    try:
        web.wait_until_it_answers(process)
        with socket.create_connection(("127.0.0.1", web.port)) as connection:
            connection.sendall(web.head(ADDRESS, f"Idempotency-Key: {KEY}", "Content-Length: 5") + b"hel")
            until(lambda: list((web.data / "files" / "incoming").iterdir()))
            refused = web.client.post(ADDRESS, content=b"hello", headers={"Idempotency-Key": KEY})
            assert refused.status_code == 409
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        process = web.run("web")
        web.wait_until_it_answers(process)
        answer = web.client.post(ADDRESS, content=b"hello", headers={"Idempotency-Key": KEY})
        assert (answer.status_code, answer.json()["size"]) == (201, 5)
    finally:
        web.client.close()
        process.terminate()
        process.wait()
