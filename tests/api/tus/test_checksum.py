"""tus 1.0.0: checksum. Bytes that are not as their client said never count."""

import hashlib
import os
from base64 import b64encode

import pytest

from filemill.files.models import File
from filemill.files.unfinished import Turn
from filemill.uploads.models import Upload


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {b64encode(hashlib.new(algorithm, content).digest()).decode()}"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_their_checksum_are_taken(tus, algorithm):
    address = tus.create(11)
    assert tus.patch(address, 0, b"hello ", Upload_Checksum=checksum(b"hello ", algorithm)).status_code == 204
    assert tus.patch(address, 6, b"world", Upload_Checksum=checksum(b"world", algorithm)).status_code == 204
    assert File.objects.get().sha256 == hashlib.sha256(b"hello world").hexdigest()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_another_checksum_are_not_kept(tus, algorithm):
    address = tus.create(200_006)
    tus.patch(address, 0, b"hello ")

    answer = tus.patch(address, 6, b"x" * 200_000, Upload_Checksum=checksum(b"other", algorithm))

    assert (answer.status_code, answer.reason_phrase) == (460, "Checksum Mismatch")
    assert (answer.json()["code"], answer.json()["status"]) == ("checksum_mismatch", 460)
    assert tus.head(address).headers["Upload-Offset"] == "6"
    tus.patch(address, 6, b"y" * 200_000, Upload_Checksum=checksum(b"y" * 200_000, algorithm))
    assert File.objects.get().sha256 == hashlib.sha256(b"hello " + b"y" * 200_000).hexdigest()


@pytest.mark.parametrize("given", ["md5 AAAA", "sha1", "sha1 !!!", "SHA1 AAAA", "crc32 AAAA"])
def test_a_checksum_that_cannot_be_looked_at_is_refused(tus, given):
    address = tus.create(5)
    answer = tus.patch(address, 0, b"hello", Upload_Checksum=given)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Upload-Checksum")
    assert tus.head(address).headers["Upload-Offset"] == "0"


def test_bytes_at_creation_are_verified_too(tus, kept):
    headers = {"Upload_Length": 5, "Content_Type": "application/offset+octet-stream"}
    assert tus.ask("POST", "/upload/", b"hello", **headers, Upload_Checksum=checksum(b"other")).status_code == 460
    assert (kept(), Upload.objects.count()) == ([], 0)
    assert tus.ask("POST", "/upload/", b"hello", **headers, Upload_Checksum=checksum(b"hello")).status_code == 201


def test_a_content_digest_is_verified_as_well(tus):
    address = tus.create(5)
    answer = tus.patch(address, 0, b"hello", Content_Digest=f"sha-256=:{'A' * 43}=:")
    assert answer.json()["code"] == "digest_mismatch"
    assert tus.head(address).headers["Upload-Offset"] == "0"


def test_bytes_that_were_not_verified_when_their_process_died_are_cut_off(tus):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")
    upload = Upload.objects.get()
    with Turn(upload.id) as turn:
        turn.doubt()
        turn.write(b"wor")  # and here it dies
    assert tus.head(address).headers["Upload-Offset"] == "6"
    tus.patch(address, 6, b"world")
    assert File.objects.get().sha256 == hashlib.sha256(b"hello world").hexdigest()


def test_a_power_failure_that_took_bytes_below_a_doubt_leaves_no_zeros(tus, storage):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")
    upload = Upload.objects.get()
    with Turn(upload.id) as turn:
        turn.doubt()
        turn.write(b"wor")
    os.truncate(storage / "unfinished" / str(upload.id), 4)
    assert tus.head(address).headers["Upload-Offset"] == "4"
    tus.patch(address, 4, b"o world")
    assert File.objects.get().sha256 == hashlib.sha256(b"hello world").hexdigest()
