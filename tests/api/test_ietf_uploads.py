"""Resumable Uploads for HTTP: draft-ietf-httpbis-resumable-upload-12."""

import hashlib
import uuid
from base64 import b64encode

import pytest
from django.test import Client

from filemill.files.models import File
from filemill.uploads.models import Upload

PARTIAL = "application/partial-upload"


@pytest.fixture
def ask(client, transactional_db):
    """Send a request: ask("PATCH", address, b"...", Upload_Offset=0)."""

    def send(method, address, body=b"", **headers):
        named = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
        return client.generic(method, address, body, content_type="", headers=named)

    return send


@pytest.fixture
def create(ask):
    """Create an upload; return its address."""

    def send(body=b"", **headers):
        answer = ask("POST", "/upload/?name=a.txt", body, Upload_Complete="?0", **headers)
        assert answer.status_code == 201, answer.content
        return answer.headers["Location"]

    return send


@pytest.fixture
def patch(ask):
    def send(address, offset, body, complete="?0", **headers):
        given = {"Content_Type": PARTIAL, "Upload_Offset": offset, "Upload_Complete": complete, **headers}
        return ask("PATCH", address, body, **given)

    return send


def digest(content):
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_a_creation_answers_with_the_address_and_the_limits(ask, settings):
    answer = ask("POST", "/upload/?name=a.txt", Upload_Complete="?0", Upload_Length=11, Content_Type="text/plain")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["Location"] == f"/upload/{Upload.objects.get().id}/"
    assert answer.headers["Upload-Limit"] == f"max-size={settings.FILEMILL.max_upload_bytes}, max-age=86400"
    assert (answer.headers["Upload-Complete"], answer.headers["Upload-Offset"]) == ("?0", "0")


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


def test_all_bytes_in_the_creation_are_a_plain_upload(ask, kept):
    answer = ask("POST", "/upload/?name=a.txt", b"hello", Upload_Complete="?1", Content_Type="text/plain")
    file = File.objects.get()
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (201, "?1")
    assert answer.headers["Location"] == f"/files/{file.id}/"
    assert (Upload.objects.count(), kept()) == (0, [str(file.file)])


def test_a_form_with_all_bytes_is_one_too(ask, form, part):
    body, kind = form(part("file", b"hello", "a.txt"))
    answer = ask("POST", "/upload/", body, Upload_Complete="?1", Content_Type=kind)
    assert (answer.status_code, answer.json()["name"]) == (201, "a.txt")
    assert ask("POST", "/upload/", body, Upload_Complete="?0", Content_Type=kind).status_code == 415


@pytest.mark.parametrize("is_whole", [False, True])
def test_head_says_all(ask, create, patch, is_whole):
    address = create(b"hello ", Upload_Length=11 if is_whole else None)
    if is_whole:
        patch(address, 6, b"world", "?1")
    head = ask("HEAD", address)
    assert (head.status_code, head.content, head.headers["Cache-Control"]) == (204, b"", "no-store")
    assert head.headers["Upload-Offset"] == ("11" if is_whole else "6")
    assert head.headers["Upload-Complete"] == ("?1" if is_whole else "?0")
    assert head.headers.get("Upload-Length") == ("11" if is_whole else None)
    assert ("Content-Location" in head.headers) == is_whole
    assert "max-age=" in head.headers["Upload-Limit"]


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


@pytest.mark.parametrize("length", ["five", "-1", '"5"', "5.0", "?1"])
def test_a_length_of_a_creation_that_cannot_be_read_is_ignored(ask, create, length):
    head = ask("HEAD", create(b"hello", Upload_Length=length))
    assert (head.headers["Upload-Offset"], "Upload-Length" in head.headers) == ("5", False)


@pytest.mark.parametrize("version", ["8", "3", "x"])
def test_a_version_of_the_draft_changes_nothing(create, patch, version):
    address = create(b"hello ", Upload_Draft_Interop_Version=version)
    assert patch(address, 6, b"world", "?1", Upload_Draft_Interop_Version=version).status_code == 201


def test_an_offset_that_head_told_is_taken_by_the_next_patch(ask, create, patch):
    address = create(b"hello ")
    for piece in (b"wor", b"", b"ld"):
        assert patch(address, ask("HEAD", address).headers["Upload-Offset"], piece).status_code == 204
    assert patch(address, ask("HEAD", address).headers["Upload-Offset"], b"", "?1").status_code == 201


def test_lengths_of_a_creation_have_to_agree(ask):
    answer = ask("POST", "/upload/?name=a", b"hello", Upload_Complete="?1", Upload_Length=6)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    answer = ask("POST", "/upload/?name=a", b"hello", Upload_Complete="?0", Upload_Length=4)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    assert (File.objects.count(), Upload.objects.count()) == (0, 0)


def test_an_upload_above_the_largest_is_refused_with_the_limits(ask, create, patch, configure):
    configure(max_upload_bytes=10)
    answers = [
        ask("POST", "/upload/?name=a", Upload_Complete="?0", Upload_Length=11),
        ask("POST", "/upload/?name=a", b"x" * 11, Upload_Complete="?1"),
        ask("POST", "/upload/?name=a", b"x" * 11, Upload_Complete="?0"),
        patch(create(b"hello"), 5, b"x" * 6),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["Upload-Limit"].startswith("max-size=10,")


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


def test_a_name_is_needed_as_for_any_bytes_alone(ask):
    assert ask("POST", "/upload/", Upload_Complete="?0").json()["code"] == "missing_name"
    named = {"Content_Disposition": "inline; filename=\"a.txt\"; filename*=UTF-8''%D0%81%D0%B6.txt"}
    ask("POST", "/upload/", Upload_Complete="?0", **named)
    assert Upload.objects.get().name == "Ёж.txt"


def test_a_digest_of_the_whole_is_verified_at_the_end(ask, create, patch, kept):
    good, bad = (create(b"hello ", Repr_Digest=digest(each)) for each in (b"hello world", b"another"))
    assert patch(good, 6, b"world", "?1").status_code == 201
    answer = patch(bad, 6, b"world", "?1")
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")
    assert ask("HEAD", bad).status_code == 404
    assert kept() == [str(File.objects.get().file)]


def test_a_sha512_of_the_whole_is_verified_as_well(create, patch):
    for content, status in ((b"hello world", 201), (b"another", 422)):
        value = b64encode(hashlib.sha512(content).digest()).decode()
        assert patch(create(b"hello ", Repr_Digest=f"sha-512=:{value}:"), 6, b"world", "?1").status_code == status


def test_a_digest_of_one_request_is_verified_and_its_bytes_do_not_count_else(ask, create, patch):
    address = create(b"hello ", Content_Digest=digest(b"hello "))
    assert patch(address, 6, b"world", "?1", Content_Digest=digest(b"?")).json()["code"] == "digest_mismatch"
    assert ask("HEAD", address).headers["Upload-Offset"] == "6"
    assert patch(address, 6, b"world", "?1", Content_Digest=digest(b"world")).status_code == 201


@pytest.mark.parametrize("said", [{}, {"Content_Digest": "md5=:AAAA:"}])
def test_last_bytes_whose_end_nothing_tells_complete_nothing(create, patch, said):
    address = create()
    patch(address, 0, b"hello ")
    answer = patch(address, 6, b"", "?1", Content_Length="", Transfer_Encoding="chunked", **said)
    assert (answer.status_code, File.objects.count()) == (411, 0)


def test_a_digest_that_cannot_be_read_is_refused_at_once(ask):
    assert ask("POST", "/upload/?name=a", Upload_Complete="?0", Repr_Digest="sha-256=x").status_code == 400


def test_an_upload_is_cancelled(ask, create, patch, kept):
    address = create(b"hello")
    assert ask("DELETE", address).status_code == 204
    assert (kept(), ask("HEAD", address).status_code, patch(address, 5, b"").status_code) == ([], 404, 404)


def test_an_upload_is_spoken_to_in_its_own_dialect(ask, create):
    address = create(b"hello")
    assert ask("HEAD", address, Tus_Resumable="1.0.0").status_code == 400
    assert ask("HEAD", f"/upload/{uuid.uuid4()}/").status_code == 404


def test_options_names_the_type_and_the_limits():
    headers = Client().options("/upload/").headers
    assert headers["Accept-Patch"] == PARTIAL
    assert headers["Upload-Limit"].startswith("max-size=")
