"""The IETF's resumable uploads: PATCH adds bytes where the upload ends."""

import hashlib
from base64 import b64encode

import pytest

from filemill.files.models import File


def digest(content):
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_a_file_arrives_in_pieces_and_is_answered_as_a_post_of_all_is(create, patch, content_of, client):
    address = create(b"hello ", Content_Type="text/plain")
    middle = patch(address, 6, b"wor")
    assert (middle.status_code, middle.headers["Upload-Complete"], middle.headers["Upload-Offset"]) == (204, "?0", "9")
    last = patch(address, 9, b"ld", "?1")

    file = File.objects.get()
    assert (last.status_code, last.headers["Upload-Complete"]) == (201, "?1")
    assert last.headers["Location"] == last.headers["Content-Location"] == f"/files/{file.id}/"
    assert last.headers["Repr-Digest"] == digest(b"hello world")
    assert last.json() == client.get(f"/files/{file.id}/").json()
    assert (file.name, file.declared_type, content_of(file)) == ("a.txt", "text/plain", b"hello world")


def test_an_upload_is_complete_when_its_client_says_so_and_not_by_its_length(ask, create, patch):
    address = create(b"hello", Upload_Length=5)
    head = ask("HEAD", address)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"], head.headers["Upload-Complete"]) == (
        "5",
        "5",
        "?0",
    )
    assert File.objects.count() == 0
    assert patch(address, 5, b"", "?1").status_code == 201
    assert File.objects.get().size == 5


def test_another_offset_is_a_conflict_with_the_right_one(create, patch):
    address = create(b"hello ")
    answer = patch(address, 5, b" world", "?1")
    assert (answer.status_code, answer.headers["Upload-Offset"], answer.headers["Upload-Complete"]) == (409, "6", "?0")
    problem = answer.json()
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
    assert (problem["expected-offset"], problem["provided-offset"]) == (6, 5)
    assert patch(address, 6, b"world of ours", "?1").status_code == 201


def test_nothing_is_added_to_a_complete_upload(create, patch):
    address = create(b"hello")
    patch(address, 5, b"", "?1")
    location = f"/files/{File.objects.get().id}/"
    more, none = patch(address, 5, b"x", "?1"), patch(address, 5, b"", "?1")
    assert (more.status_code, none.status_code) == (400, 400)
    assert more.json()["type"].endswith("#inconsistent-upload-length")
    assert none.json()["type"].endswith("#completed-upload")
    assert none.headers["Location"] == location


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"Upload_Length": 12}, {"complete": "?1"}),
        ({"Upload_Length": 11}, {"Upload_Length": 12}),
        ({}, {"complete": "?1", "Upload_Length": 12}),
        ({}, {"Upload_Length": 5}),
        ({"Upload_Length": 8}, {}),
    ],
)
def test_lengths_that_do_not_agree_are_refused(ask, create, patch, first, then):
    address = create(b"hello ", **first)
    answer = patch(address, 6, b"world", **then)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    assert answer.json()["type"] == "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
    assert ask("HEAD", address).headers["Upload-Offset"] == "6"


def test_a_length_of_a_request_that_is_refused_is_not_kept(create, patch):
    address = create(b"hello ")
    assert patch(address, 7, b"orld", "?1").status_code == 409
    assert patch(address, 6, b"world of ours", "?1").status_code == 201


@pytest.mark.parametrize("version", ["8", "3", "x"])
def test_a_version_of_the_draft_changes_nothing(create, patch, version):
    address = create(b"hello ", Upload_Draft_Interop_Version=version)
    assert patch(address, 6, b"world", "?1", Upload_Draft_Interop_Version=version).status_code == 201


def test_an_offset_that_head_told_is_taken_by_the_next_patch(ask, create, patch):
    address = create(b"hello ")
    for piece in (b"wor", b"", b"ld"):
        assert patch(address, ask("HEAD", address).headers["Upload-Offset"], piece).status_code == 204
    assert patch(address, ask("HEAD", address).headers["Upload-Offset"], b"", "?1").status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload_Offset": None},
        {"Upload_Offset": "six"},
        {"Upload_Offset": "-1"},
        {"Upload_Offset": '"6"'},
        {"Upload_Complete": None},
        {"Upload_Complete": "1"},
        {"Upload_Complete": "true"},
    ],
)
def test_a_header_that_cannot_be_read_counts_as_missing(create, patch, headers):
    answer = patch(create(b"hello "), 6, b"world", **headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "missing")


def test_headers_may_have_parameters(create, patch):
    assert patch(create(b"hello "), "6;a=b", b"world", "?1;c").status_code == 201


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/offset+octet-stream", ""])
def test_bytes_to_add_come_under_their_own_type(create, patch, kind):
    assert patch(create(b"hello "), 6, b"world", Content_Type=kind).status_code == 415


@pytest.mark.parametrize("said", [{}, {"Content_Digest": "md5=:AAAA:"}])
def test_last_bytes_whose_end_nothing_tells_complete_nothing(create, patch, said):
    address = create()
    patch(address, 0, b"hello ")
    answer = patch(address, 6, b"", "?1", Content_Length="", Transfer_Encoding="chunked", **said)
    assert (answer.status_code, File.objects.count()) == (411, 0)
