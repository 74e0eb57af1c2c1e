"""tus 1.0.0, creation-with-upload: a POST that brings the first bytes, or all."""

import pytest

from filemill.files.models import File
from filemill.uploads.models import Upload

BYTES = "application/offset+octet-stream"


@pytest.fixture
def nothing_there(kept):
    return lambda: not kept() and not File.objects.exists() and not Upload.objects.exists()


def test_a_creation_with_all_bytes_is_a_file_at_once(tus, content_of, kept):
    answer = tus.ask("POST", "/upload/", b"hello", Upload_Length=5, Content_Type=BYTES)
    file = File.objects.get()
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5")
    assert answer.json()["sha256"] == file.sha256
    assert content_of(file) == b"hello"
    assert kept() == [str(file.file)]
    assert tus.head(answer.headers["Location"]).headers["Upload-Offset"] == "5"


def test_a_creation_with_some_bytes_goes_on_from_there(tus, content_of):
    answer = tus.ask("POST", "/upload/", b"hello ", Upload_Length=11, Content_Type=BYTES)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "6")
    assert tus.patch(answer.headers["Location"], 6, b"world").status_code == 204
    assert content_of(File.objects.get()) == b"hello world"


@pytest.mark.parametrize("kind", ["text/plain", "", "multipart/form-data; boundary=x"])
def test_bytes_at_creation_come_under_their_own_type(tus, nothing_there, kind):
    answer = tus.ask("POST", "/upload/", b"hello", Upload_Length=5, Content_Type=kind)
    assert answer.status_code == 415
    assert nothing_there()


def test_more_bytes_at_creation_than_announced_are_refused(tus, nothing_there):
    answer = tus.ask("POST", "/upload/", b"hello!", Upload_Length=5, Content_Type=BYTES)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert nothing_there()
