"""tus 1.0.0, creation-defer-length: a length that is told late."""

from filemill.files.models import File


def test_a_length_may_come_later(tus, content_of):
    address = tus.create(None)
    head = tus.head(address)
    assert (head.headers["Upload-Defer-Length"], head.headers.get("Upload-Length")) == ("1", None)
    tus.patch(address, 0, b"hello ")
    assert tus.patch(address, 6, b"wor", Upload_Length=11).status_code == 204
    head = tus.head(address)
    assert (head.headers.get("Upload-Defer-Length"), head.headers["Upload-Length"]) == (None, "11")
    tus.patch(address, 9, b"ld")
    assert content_of(File.objects.get()) == b"hello world"


def test_a_length_that_comes_with_the_last_bytes_or_after_them_completes_the_upload(tus, content_of):
    for late in (False, True):
        address = tus.create(None)
        first = {} if late else {"Upload_Length": 5}
        tus.patch(address, 0, b"hello", **first)
        if late:
            tus.patch(address, 5, b"", Upload_Length=5)
        assert tus.head(address).headers["Content-Location"]
    assert [content_of(file) for file in File.objects.all()] == [b"hello"] * 2


def test_a_length_is_said_once(tus):
    address = tus.create(None)
    tus.patch(address, 0, b"hello", Upload_Length=11)
    assert tus.patch(address, 5, b" wo", Upload_Length=11).status_code == 204
    for length in (8, 12):
        answer = tus.patch(address, 8, b"", Upload_Length=length)
        assert (answer.status_code, answer.json()["code"]) == (400, "inconsistent_length")


def test_a_length_below_what_is_there_is_refused(tus):
    address = tus.create(None)
    tus.patch(address, 0, b"hello")
    assert tus.patch(address, 5, b"", Upload_Length=4).json()["code"] == "inconsistent_length"
    assert tus.head(address).headers["Upload-Defer-Length"] == "1"


def test_an_upload_of_unknown_length_ends_at_the_largest(tus, configure, kept):
    configure(max_upload_bytes=10)
    address = tus.create(None)
    tus.patch(address, 0, b"hello")
    assert tus.patch(address, 5, b"x" * 6).json()["code"] == "too_large"
    assert tus.patch(address, 5, b"", Upload_Length=11).json()["code"] == "too_large"
    assert tus.patch(address, 5, b"world", Upload_Length=10).status_code == 204
    assert File.objects.get().size == 10
