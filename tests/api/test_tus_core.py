"""tus 1.0.0, the core protocol: HEAD, PATCH and OPTIONS."""

import hashlib
import uuid

import pytest
from django.test import Client

from filemill.files.models import File
from filemill.uploads.models import Upload


def test_a_file_arrives_in_two_pieces(tus, content_of):
    address = tus.create(11)

    first = tus.patch(address, 0, b"hello ")
    assert (first.status_code, first.headers["Upload-Offset"], first.content) == (204, "6", b"")
    assert File.objects.count() == 0
    last = tus.patch(address, 6, b"world")

    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "11")
    file = File.objects.get()
    assert last.headers["Content-Location"] == f"/files/{file.id}/"
    assert (file.size, file.sha256) == (11, hashlib.sha256(b"hello world").hexdigest())
    assert content_of(file) == b"hello world"


def test_the_file_has_the_id_of_its_upload_and_is_processed(tus, work, client):
    address = tus.create(5, filename="a.txt")
    tus.patch(address, 0, b"words")
    work()

    (file,) = client.get("/files/").json()["results"]
    assert address == f"/upload/{file['id']}/"
    assert (file["name"], file["status"], file["kind"]) == ("a.txt", "processed", "text")


def test_head_says_how_far_an_upload_is(tus):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")

    answer = tus.head(address)

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("6", "11")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Upload-Defer-Length" not in answer.headers


def test_head_names_the_file_of_a_whole_upload(tus):
    address = tus.create(5)
    tus.patch(address, 0, b"hello")

    answer = tus.head(address)

    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("5", "5")
    assert answer.headers["Content-Location"] == f"/files/{File.objects.get().id}/"
    assert "Upload-Expires" not in answer.headers


@pytest.mark.parametrize("offset", [0, 5, 7, 11, 10**17])
def test_a_patch_from_another_offset_changes_nothing(tus, kept, offset):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")

    answer = tus.patch(address, offset, b"world")

    assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
    assert answer.headers["Upload-Offset"] == "6"
    assert (answer.json()["expected-offset"], answer.json()["provided-offset"]) == (6, offset)
    assert answer.json()["type"].endswith("#mismatching-upload-offset")
    assert tus.head(address).headers["Upload-Offset"] == "6"


def test_an_empty_patch_changes_nothing(tus):
    address = tus.create(5)
    assert tus.patch(address, 0, b"").headers["Upload-Offset"] == "0"
    tus.patch(address, 0, b"hello")

    again = tus.patch(address, 5, b"")  # whoever lost the answer to the last byte asks again
    assert (again.status_code, again.headers["Upload-Offset"]) == (204, "5")
    assert again.headers["Content-Location"] == f"/files/{File.objects.get().id}/"


def test_a_patch_to_a_whole_upload_is_refused_and_told_where_the_file_is(tus):
    address = tus.create(5)
    tus.patch(address, 0, b"hello")

    for offset, body in ((0, b"hello"), (5, b"more"), (3, b"")):
        answer = tus.patch(address, offset, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "upload_completed")
        assert answer.headers["Location"] == f"/files/{File.objects.get().id}/"
    assert File.objects.count() == 1


def test_more_bytes_than_the_upload_has_are_refused_before_they_are_read(tus):
    address = tus.create(8)
    tus.patch(address, 0, b"hello ")

    answer = tus.patch(address, 6, b"world")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert tus.head(address).headers["Upload-Offset"] == "6"


def test_a_patch_of_another_type_is_refused(tus):
    address = tus.create(5)
    for kind in ("application/octet-stream", "", "application/partial-upload"):
        assert tus.patch(address, 0, b"hello", Content_Type=kind).status_code == 415
    assert tus.head(address).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", [None, "", "-1", "x", "1.0", "٣", "9" * 19])
def test_a_patch_without_a_right_offset_is_refused(tus, offset):
    address = tus.create(5)
    answer = tus.patch(address, offset, b"hello")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Upload-Offset")


@pytest.mark.parametrize("version", ["0.2.2", "1.0.1", "", "1"])
def test_another_version_is_refused_with_ours(tus, version):
    address = tus.create(5)
    for answer in (
        tus.ask("POST", "/upload/", Upload_Length="5", Tus_Resumable=version),
        tus.head(address, Tus_Resumable=version),
        tus.patch(address, 0, b"hello", Tus_Resumable=version),
        tus.ask("DELETE", address, Tus_Resumable=version),
    ):
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert (Upload.objects.count(), tus.head(address).headers["Upload-Offset"]) == (1, "0")


def test_an_upload_of_tus_is_spoken_to_in_tus(tus):
    address = tus.create(5)
    for method in ("HEAD", "PATCH", "DELETE"):
        assert Client().generic(method, address).status_code == 412
    assert tus.head(address).status_code == 200


def test_every_answer_says_that_it_is_tus(tus):
    address = tus.create(5)
    answers = [
        tus.ask("POST", "/upload/", Upload_Length="5"),
        tus.ask("POST", "/upload/"),
        tus.head(address),
        tus.patch(address, 3, b""),
        tus.patch(address, 0, b"hello"),
        tus.ask("DELETE", address),
        tus.head(f"/upload/{uuid.uuid4()}/"),
        tus.ask("PUT", address),
    ]
    assert [each.headers["Tus-Resumable"] for each in answers] == ["1.0.0"] * len(answers)


def test_an_upload_that_is_not_there_is_not_found(tus):
    for address in (f"/upload/{uuid.uuid4()}/", f"/upload/{uuid.uuid4()}"):
        assert tus.head(address).status_code == 404
        assert "Upload-Offset" not in tus.head(address).headers
        assert tus.patch(address, 0, b"x").json()["code"] == "not_found"
        assert tus.ask("DELETE", address).status_code == 404


def test_an_address_answers_without_its_slash(tus):
    address = tus.create(5)[:-1]
    assert tus.patch(address, 0, b"hello").status_code == 204
    assert tus.head(address).headers["Upload-Offset"] == "5"


@pytest.mark.parametrize("address", ["/upload/", "/upload"])
def test_options_says_what_is_spoken(client, db, settings, address):
    headers = client.options(address).headers
    assert headers["Tus-Resumable"] == headers["Tus-Version"] == "1.0.0"
    assert headers["Tus-Max-Size"] == str(settings.FILEMILL.max_upload_bytes)
    assert set(headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "checksum", "concatenation", "expiration",
        "termination",
    }  # fmt: skip
    assert headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert "POST" in headers["Allow"]


@pytest.mark.parametrize("version", ["0.2.2", "1.0.0", "x"])
def test_options_are_told_whatever_version_is_asked_for(client, db, version):
    answer = client.options("/upload/", headers={"Tus-Resumable": version})
    assert (answer.status_code, answer.headers["Tus-Version"], answer.headers["Tus-Resumable"]) == (
        204,
        "1.0.0",
        "1.0.0",
    )


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_a_method_may_be_meant_by_a_header(tus, method):
    address = tus.create(5)
    tus.patch(address, 0, b"he")
    more = {"Upload_Offset": "2", "Content_Type": "application/offset+octet-stream"} if method == "PATCH" else {}

    answer = tus.ask("POST", address, b"llo" if more else b"", X_HTTP_Method_Override=method, **more)

    assert answer.status_code == {"HEAD": 200, "PATCH": 204, "DELETE": 204}[method]
    assert answer.headers.get("Upload-Offset") == {"HEAD": "2", "PATCH": "5", "DELETE": None}[method]


def test_a_method_that_only_reads_never_means_one_that_writes(tus, client):
    address = tus.create(5)
    for method in ("GET", "HEAD"):
        tus.ask(method, address, X_HTTP_Method_Override="DELETE")
    assert tus.head(address).status_code == 200
    assert tus.ask("POST", address).status_code == 405


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_pieces_of_any_size_make_the_same_bytes(tus, content_of, size):
    content = hashlib.shake_128(b"seed").digest(size)
    address = tus.create(size)
    steps = [1, 64 * 1024 - 1, 1, 65_537, size]
    offset = 0
    for step in steps:
        piece = content[offset : offset + step]
        assert tus.patch(address, offset, piece).status_code == 204
        offset = min(offset + step, size)

    file = File.objects.get()
    assert (file.sha256, content_of(file) == content) == (hashlib.sha256(content).hexdigest(), True)


def test_a_whole_upload_leaves_nothing_but_its_file(tus, kept):
    address = tus.create(5)
    tus.patch(address, 0, b"hello")
    assert kept() == [str(File.objects.get().file)]
