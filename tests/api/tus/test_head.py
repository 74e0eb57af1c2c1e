"""tus 1.0.0: HEAD says how far an upload is."""

import uuid

from filemill.files.models import File


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


def test_an_address_that_is_no_id_is_not_found(tus):
    assert tus.head("/upload/../files/").status_code == 404
    assert tus.head(f"/upload/{uuid.uuid4()}0/").status_code == 404
