"""tus 1.0.0: OPTIONS, and the version that every request and answer states."""

import uuid

import pytest
from django.test import Client

from filemill.uploads.models import Upload


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


def test_an_upload_of_tus_is_spoken_to_in_tus(tus):
    address = tus.create(5)
    for method in ("HEAD", "PATCH", "DELETE"):
        assert Client().generic(method, address).status_code == 412
    assert tus.head(address).status_code == 200
