"""The IETF's resumable uploads: digests of a request and of the whole."""

import hashlib
from base64 import b64encode

from filemill.files.models import File


def digest(content):
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


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


def test_a_digest_that_cannot_be_read_is_refused_at_once(ask):
    assert ask("POST", "/upload/?name=a", Upload_Complete="?0", Repr_Digest="sha-256=x").status_code == 400
