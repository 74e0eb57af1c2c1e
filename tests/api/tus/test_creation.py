"""tus 1.0.0, creation: a POST that announces an upload."""

from base64 import b64encode

import pytest

from filemill.files.models import File
from filemill.uploads.models import Upload

BYTES = "application/offset+octet-stream"


def said(value: str) -> str:
    return b64encode(value.encode()).decode()


@pytest.fixture
def nothing_there(kept):
    return lambda: not kept() and not File.objects.exists() and not Upload.objects.exists()


def test_a_creation_answers_with_the_address_and_when_it_expires(tus):
    answer = tus.ask("POST", "/upload/", Upload_Length=5)
    assert (answer.status_code, answer.content) == (201, b"")
    (upload,) = Upload.objects.all()
    assert answer.headers["Location"] == f"/upload/{upload.id}/"
    assert answer.headers["Upload-Expires"].endswith(" GMT")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload_Length": "-1"},
        {"Upload_Length": "five"},
        {"Upload_Length": "1e3"},
        {"Upload_Length": "9" * 19},
        {"Upload_Length": ""},
        {"Upload_Defer_Length": "2"},
        {"Upload_Defer_Length": "true"},
        {"Upload_Length": "5", "Upload_Defer_Length": "1"},
        {"Upload_Length": "5", "Upload_Concat": "partially"},
        {"Upload_Length": "5", "Upload_Metadata": "name !!!"},
        {"Upload_Length": "5", "Upload_Metadata": "name YQ==,name YQ=="},
        {"Upload_Length": "5", "Upload_Metadata": ",,"},
        {"Upload_Length": "5", "Upload_Metadata": "name /w=="},
        {"Upload_Length": "5", "Upload_Metadata": "key AA=="},
        {"Upload_Length": "5", "Upload_Metadata": f"key {'QUFB' * 6000}"},
        {"Upload_Length": "5", "Upload_Metadata": f"filename {'QUFB' * 200}"},
        {"Upload_Length": "5", "Upload_Metadata": f"filename {said('...///..')}"},
    ],
)
def test_a_creation_that_cannot_be_understood_leaves_nothing(tus, nothing_there, headers):
    answer = tus.ask("POST", "/upload/", **headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert nothing_there()


def test_an_upload_above_the_largest_is_refused_at_once_with_the_limit(tus, configure, nothing_there):
    configure(max_upload_bytes=1000)
    answer = tus.ask("POST", "/upload/", Upload_Length=1001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "1000" in answer.json()["detail"]
    assert nothing_there()
    assert tus.ask("POST", "/upload/", Upload_Length=1000).status_code == 201


def test_an_upload_that_the_disk_has_no_room_for_is_refused_at_once(tus, configure, nothing_there):
    configure(max_upload_bytes=10**18)
    answer = tus.ask("POST", "/upload/", Upload_Length=10**17)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert nothing_there()


def test_an_empty_upload_is_a_file_at_once(tus):
    answer = tus.ask("POST", "/upload/", Upload_Length=0)
    file = File.objects.get()
    assert (answer.status_code, file.size) == (201, 0)
    assert (answer.json()["id"], answer.headers["Content-Location"]) == (str(file.id), f"/files/{file.id}/")
    head = tus.head(answer.headers["Location"])
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("0", "0")


def test_filename_and_filetype_become_name_and_declared_type_and_the_rest_metadata(tus):
    metadata = f"filename {said('Ёж.txt')},filetype {said('text/plain')}, album {said('7')},is_secret,empty "
    answer = tus.ask("POST", "/upload/", b"hello", Upload_Length=5, Upload_Metadata=metadata, Content_Type=BYTES)
    file = File.objects.get()
    assert (file.name, file.declared_type) == ("Ёж.txt", "text/plain")
    assert file.metadata == {"album": "7", "is_secret": "", "empty": ""}
    assert answer.json()["metadata"] == file.metadata


@pytest.mark.parametrize(
    ("metadata", "name"),
    [("", "unnamed"), (f"name {said('a.txt')}", "a.txt"), (f"filename {said('../x/../etc/passwd')}", "passwd")],
)
def test_an_upload_has_a_name_in_any_case(tus, metadata, name):
    tus.ask("POST", "/upload/", Upload_Length=0, Upload_Metadata=metadata or None)
    assert File.objects.get().name == name


@pytest.mark.parametrize("is_whole", [False, True])
def test_head_repeats_the_metadata_as_they_came(tus, is_whole):
    metadata = f"filename {said('a.txt')},album {said('7')},is_secret"
    address = tus.ask("POST", "/upload/", Upload_Length=5, Upload_Metadata=metadata).headers["Location"]
    if is_whole:
        tus.patch(address, 0, b"hello")
    assert tus.head(address).headers["Upload-Metadata"] == metadata
