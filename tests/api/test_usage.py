"""Usage and quotas: what an owner's files add up to, and that nothing comes in beyond what is allowed."""

import importlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from filemill.accounts.models import Usage
from filemill.core.errors import NotFound
from filemill.files import keep, recount
from filemill.files.models import File
from filemill.processing.forget import forget
from filemill.processing.models import Job

pytestmark = pytest.mark.usefixtures("closed")
KIB = 1024


@pytest.fixture
def anna(bearer):
    return bearer("anna")


def send(headers, content=b"hello", **more):
    return Client().generic("POST", "/upload/?name=a.txt", content, headers=headers, content_type="text/plain", **more)


def used(name="anna"):
    return Usage.objects.values_list("bytes", "files").get(owner__username=name)


@pytest.fixture
def full(refused):
    def check(response):
        return refused(response, 413, "quota_exceeded")["detail"]

    return check


def test_what_comes_and_goes_is_counted(anna, bearer):
    ids = [send(anna, content).json()["id"] for content in (b"", b"12345", b"123")]
    send(bearer("boris"), b"1")
    assert (used(), used("boris")) == ((8, 3), (1, 1))
    assert Client().delete(f"/files/{ids[1]}/", headers=anna).status_code == 204
    assert Client().delete(f"/files/{ids[1]}/", headers=anna).status_code == 404
    assert (used(), used("boris")) == ((3, 2), (1, 1))


def test_artifacts_and_reprocessing_cost_the_owner_nothing(anna, work):
    file_id = send(anna, b"hello, mill").json()["id"]
    work()
    Client().post(f"/files/{file_id}/reprocess/", headers=anna)
    work()
    assert File.objects.get().artifacts.exists()
    assert used() == (11, 1)


def test_files_of_an_open_service_are_counted_for_nobody_and_cost_no_statement(configure, upload):
    configure(access="open", quota_bytes=1, quota_files=1)
    with CaptureQueriesContext(connection) as queries:
        first = upload(b"hello")["id"]
    assert not [each for each in queries if "accounts_usage" in each["sql"]]
    upload(b"hello")
    forget(first)
    assert not Usage.objects.exists()


def test_an_upload_that_fails_counts_for_nothing(anna, monkeypatch, kept):
    send(anna)
    before = kept()
    monkeypatch.setattr(
        "filemill.uploads.receive.plan.first_job", lambda file: File(id=file.id)
    )  # there is one already
    assert send(anna).status_code == 500
    assert used() == (5, 1)
    assert kept() == before


def test_a_file_that_the_sweep_took_for_nobodys_is_given_back(anna, monkeypatch):
    monkeypatch.setattr("filemill.uploads.receive.keep.is_kept", lambda _: False)
    assert send(anna).status_code == 503
    assert used() == (0, 0)


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        ({"quota_bytes": 10}, "You have 8 bytes of 10 in 2 files, and"),
        ({"quota_files": 2}, "You have 8 bytes in 2 files of 2, and"),
        ({"quota_bytes": 7, "quota_files": 1}, "You have 8 bytes of 7 in 2 files of 1, and"),
    ],
)
def test_beyond_the_quota_nothing_is_kept_and_the_answer_says_what_to_do(anna, configure, full, kept, quota, words):
    file_id, _ = (send(anna, b"1234").json()["id"] for _ in range(2))
    before = kept()
    configure(**quota)
    detail = full(send(anna, b"123"))
    assert words in detail
    assert "Delete files" in detail
    form = {"file": SimpleUploadedFile("a.txt", b"123")}
    full(Client().post("/upload/", form, headers=anna))
    assert (kept(), used(), Job.objects.count()) == (before, (8, 2), 2)
    Client().delete(f"/files/{file_id}/", headers=anna)
    assert (send(anna, b"123").status_code == 201) == (quota != {"quota_bytes": 7, "quota_files": 1})


def test_beyond_the_quota_nothing_is_kept_while_a_backup_holds_bytes_back_either(anna, configure, full, kept):
    configure(quota_files=1)
    send(anna)
    keep.hold(60)
    before = kept()
    full(send(anna))
    assert kept() == before


def test_a_token_with_a_session_beside_it_counts_by_the_token_alone(anna):
    client = Client()
    client.cookies["sessionid"] = "0" * 32
    assert client.get("/files/", headers=anna).status_code == 200
    assert client.generic("POST", "/upload/?name=a.txt", b"hello", headers=anna).status_code == 201


def test_a_quota_is_used_up_to_its_last_byte(anna, configure, full):
    configure(quota_bytes=8)
    assert [send(anna, b"1234").status_code for _ in range(2)] == [201, 201]
    assert send(anna, b"").status_code == 201
    full(send(anna, b"1"))


def test_an_owners_own_quota_counts_in_place_of_everybodys(anna, bearer, configure, full):
    configure(quota_bytes=4)
    send(anna, b"1234")
    full(send(anna, b"5"))
    Usage.objects.update(quota_bytes=5)
    assert send(anna, b"5").status_code == 201
    full(send(anna, b"6"))
    Usage.objects.update(quota_bytes=0)
    assert send(anna, b"6" * 100).status_code == 201
    full(send(bearer("boris"), b"12345"))
    Usage.objects.update(quota_files=1)
    full(send(anna, b""))


class Unread(io.RawIOBase):
    """A body that fails the test if anybody reads it."""

    def read(self, *_):
        pytest.fail("the body was read")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=limit"])
@pytest.mark.parametrize("quota", [{"quota_bytes": 1_000_000}, {"quota_files": 1}])
def test_what_cannot_fit_is_refused_before_a_byte_of_it_is_read(anna, configure, full, kind, quota):
    send(anna, b"1234")
    configure(**quota)
    length = {"CONTENT_LENGTH": str(3_000_000), "wsgi.input": Unread(), "CONTENT_TYPE": kind}
    full(Client().generic("POST", "/upload/?name=a.txt", headers=anna, **length))


def test_what_may_fit_is_read(anna, configure):
    configure(quota_bytes=100 * KIB)
    form = {"file": SimpleUploadedFile("a.txt", b"x" * 100 * KIB)}  # whose body is longer than the file
    assert Client().post("/upload/", form, headers=anna).status_code == 201


class Endless(io.RawIOBase):
    """A body in chunks, after some first bytes, that goes on for as long as somebody reads."""

    def __init__(self, head):
        self.head, self.taken = head, 0

    def read(self, size=-1):
        self.taken += size
        assert 0 < self.taken < 20_000_000, "it is read on and on"
        head, self.head = self.head, b""
        return head or b"x" * size


PART = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(("kind", "head"), [("text/plain", b""), ("multipart/form-data; boundary=limit", PART)])
def test_a_body_of_unknown_length_takes_no_more_of_the_disk_than_is_left(anna, configure, full, kept, kind, head):
    configure(quota_bytes=100 * KIB)
    body = Endless(head)
    chunks = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {**anna, "Content-Digest": f"sha-256=:{'A' * 43}=:"}
    full(Client().generic("POST", "/upload/?name=a", headers=headers, **chunks, CONTENT_TYPE=kind, CONTENT_LENGTH=""))
    assert body.taken < 5_000_000
    assert kept() == []


@pytest.mark.parametrize("quota", [{"quota_bytes": 50}, {"quota_files": 5}])
def test_of_many_uploads_at_once_exactly_those_come_in_that_fit(at_once, anna, configure, kept, quota):
    configure(**quota)
    answers = at_once(*[lambda: send(anna, b"0123456789").status_code for _ in range(12)])
    assert sorted(answers) == [201] * 5 + [413] * 7
    assert used() == (50, 5)
    assert File.objects.count() == Job.objects.count() == len(kept()) == 5


def test_uploads_and_deletions_at_once_leave_the_counters_exact(at_once, anna, bearer, configure):
    configure(quota_files=6)
    boris = bearer("boris")
    ids = [send(anna, b"12345").json()["id"] for _ in range(6)]

    def drop(file_id):
        try:
            forget(file_id)
        except NotFound:
            return False
        return True

    done = at_once(
        *[lambda each=each: drop(each) for each in [*ids[:4], *ids[:4]]],  # each one twice
        *[lambda: send(anna, b"123").status_code for _ in range(4)],
        *[lambda: send(boris, b"1").status_code for _ in range(2)],
        lambda: recount.recount(File.objects.filter(owner__username="anna")[0].owner_id),
    )
    assert sum(done[:8]) == 4
    assert done[12:14] == [201, 201]
    assert recount.miscounted() == []
    assert used() == (10 + 3 * done[8:12].count(201), 2 + done[8:12].count(201))


def test_files_from_before_are_counted_by_the_migration(anna, bearer, configure, upload):
    send(anna, b"12345"), send(anna, b"123"), send(bearer("boris"), b"")
    configure(access="open")
    upload(b"nobody's")
    Usage.objects.all().delete()
    migration = importlib.import_module("filemill.accounts.migrations.0003_count_usage").Migration
    with connection.cursor() as cursor:
        cursor.execute(migration.operations[0].sql)
    assert (used(), used("boris")) == ((8, 2), (0, 1))
    assert recount.miscounted() == []


def test_what_is_miscounted_is_found_and_counted_anew(anna, bearer):
    send(anna, b"12345"), send(bearer("boris"), b"1"), send(bearer("cleo"), b"1")
    assert recount.miscounted() == []
    Usage.objects.filter(owner__username="anna").update(bytes=6, quota_bytes=7)
    Usage.objects.filter(owner__username="boris").delete()
    found = recount.miscounted()
    assert len(found) == 2
    for owner_id in found:
        recount.recount(owner_id)
    assert (used(), used("boris")) == ((5, 1), (1, 1))
    assert Usage.objects.get(owner__username="anna").quota_bytes == 7
    assert recount.miscounted() == []


def test_everybody_reads_their_own_usage(anna, bearer, configure):
    assert Client().get("/usage/", headers=anna).json() == {
        "owner": "anna", "bytes": 0, "files": 0, "quota_bytes": None, "quota_files": None
    }  # fmt: skip
    configure(quota_bytes=100, quota_files=7)
    send(anna, b"12345")
    Usage.objects.update(quota_bytes=0)
    assert Client().get("/usage", headers=anna).json() == {
        "owner": "anna", "bytes": 5, "files": 1, "quota_bytes": None, "quota_files": 7
    }  # fmt: skip
    assert Client().get("/usage/", headers=bearer("boris")).json()["quota_bytes"] == 100


def test_only_staff_read_the_usage_of_others(anna, bearer, refused):
    send(anna, b"12345")
    refused(Client().get("/usage/?owner=anna", headers=bearer("boris")), 403, "insufficient_scope")
    refused(Client().get("/usage/?owner=anna", headers=bearer("chief", is_staff=True)), 403, "insufficient_scope")
    chief = bearer("chief", "read", "admin")
    assert Client().get("/usage/?owner=anna", headers=chief).json()["bytes"] == 5
    assert Client().get("/usage/?owner=chief", headers=chief).json()["bytes"] == 0
    for name in ("nobody", "%00"):
        problem = refused(Client().get(f"/usage/?owner={name}", headers=chief), 400, "invalid")
        assert problem["errors"][0]["field"] == "owner"


def test_an_open_service_has_no_usage_to_show(client, configure, refused):
    configure(access="open")
    refused(client.get("/usage/"), 404, "not_found")
