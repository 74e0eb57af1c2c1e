"""The IETF's resumable uploads: POST creates an upload."""

import pytest

from filemill.files.models import File
from filemill.uploads.models import Upload


def test_a_creation_answers_with_the_address_and_the_limits(ask, settings):
    answer = ask("POST", "/upload/?name=a.txt", Upload_Complete="?0", Upload_Length=11, Content_Type="text/plain")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["Location"] == f"/upload/{Upload.objects.get().id}/"
    assert answer.headers["Upload-Limit"] == f"max-size={settings.FILEMILL.max_upload_bytes}, max-age=86400"
    assert (answer.headers["Upload-Complete"], answer.headers["Upload-Offset"]) == ("?0", "0")


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


@pytest.mark.parametrize("length", ["five", "-1", '"5"', "5.0", "?1"])
def test_a_length_of_a_creation_that_cannot_be_read_is_ignored(ask, create, length):
    head = ask("HEAD", create(b"hello", Upload_Length=length))
    assert (head.headers["Upload-Offset"], "Upload-Length" in head.headers) == ("5", False)


def test_lengths_of_a_creation_have_to_agree(ask):
    answer = ask("POST", "/upload/?name=a", b"hello", Upload_Complete="?1", Upload_Length=6)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    answer = ask("POST", "/upload/?name=a", b"hello", Upload_Complete="?0", Upload_Length=4)
    assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")
    assert (File.objects.count(), Upload.objects.count()) == (0, 0)


def test_a_name_is_needed_as_for_any_bytes_alone(ask):
    assert ask("POST", "/upload/", Upload_Complete="?0").json()["code"] == "missing_name"
    named = {"Content_Disposition": "inline; filename=\"a.txt\"; filename*=UTF-8''%D0%81%D0%B6.txt"}
    ask("POST", "/upload/", Upload_Complete="?0", **named)
    assert Upload.objects.get().name == "Ёж.txt"
