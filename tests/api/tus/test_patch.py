"""tus 1.0.0: PATCH adds bytes where the upload ends."""

import hashlib

import pytest

from filemill.files.models import File


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
