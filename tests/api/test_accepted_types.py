"""FILEMILL_ACCEPTED_TYPES: what claims to be, or is by its first bytes, of another type does not come in."""

import io
from base64 import b64encode

import pytest

from filemill.files.models import File

pytestmark = pytest.mark.once

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17) + b"\0\0\0\x05IDAThello"
PDF = b"%PDF-1.7\n"
UNKNOWN = "application/octet-stream"


@pytest.fixture(autouse=True)
def only_images_and_csv(configure):
    configure(accepted_types=["image/*", "text/csv"])


@pytest.mark.parametrize(
    ("content", "claimed"),
    [
        (PNG, "image/png"),
        (PNG, UNKNOWN),
        (PNG, ""),
        (PNG, "IMAGE/PNG; a=b"),
        (b"a,b\n1,2\n", "text/csv"),
    ],
)
def test_what_is_of_an_accepted_type_comes_in(send, form, part, content, claimed):
    assert send(content, claimed, "/upload/?name=a").status_code == 201
    body, media_type = form(part("file", content, "a", claimed))
    assert send(body, media_type).status_code == 201


@pytest.mark.parametrize(
    ("content", "claimed"),
    [
        (PNG, "application/pdf"),
        (PDF, "image/png"),
        (PDF, UNKNOWN),
        (b"a,b\n1,2\n", "text/plain"),
        (b"a,b\n1,2\n", UNKNOWN),
        (b"", ""),
    ],
)
def test_what_is_of_another_type_is_refused(send, form, part, refused, nothing_left, content, claimed):
    body, media_type = form(part("file", content, "a", claimed))
    for response in (send(content, claimed, "/upload/?name=a"), send(body, media_type)):
        problem = refused(response, 415, "type_not_accepted")
        assert "image/*, text/csv" in problem["detail"]
    assert nothing_left()


def test_a_claim_is_refused_before_the_body_is_read(ask, refused):
    class Unread(io.BytesIO):
        def read(self, _size=-1):
            pytest.fail("it was read")

    refused(ask("POST", "/upload/?name=a", PDF, Unread(), Content_Type="application/pdf"), 415, "type_not_accepted")


def test_another_name_of_an_accepted_type_is_as_good(send, configure):
    configure(accepted_types=["application/gzip"])
    assert send(b"\x1f\x8b\x08\x00" + bytes(20), "application/x-gzip", "/upload/?name=a").status_code == 201


def test_an_upload_in_steps_is_refused_when_it_is_created_and_when_it_is_whole(tus, refused):
    said = {name: b64encode(name.encode()).decode() for name in ("application/pdf", "image/png", "a")}
    metadata = f"filename {said['a']},filetype {said['application/pdf']}"
    refused(tus.ask("POST", "/upload/", Upload_Length=len(PDF), Upload_Metadata=metadata), 415, "type_not_accepted")
    lie = f"filename {said['a']},filetype {said['image/png']}"
    made = tus.ask("POST", "/upload/", Upload_Length=len(PDF), Upload_Metadata=lie)
    assert made.status_code == 201
    whole = tus.ask(
        "PATCH", made.headers["Location"], PDF, Upload_Offset=0, Content_Type="application/offset+octet-stream"
    )
    refused(whole, 415, "type_not_accepted")
    assert not File.objects.exists()
