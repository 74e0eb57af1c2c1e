"""tus 1.0.0: creation, creation-with-upload and creation-defer-length."""

import uuid
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


class TestOwners:
    """An upload is its owner's, and bounded by the quota."""

    @pytest.fixture
    def anna(self, closed, bearer, tus):
        return {name.replace("-", "_"): value for name, value in bearer("anna", "write").items()}

    def test_a_token_that_only_writes_can_go_on_with_an_upload(self, tus, anna):
        tus.always |= anna
        address = tus.create(5)
        tus.patch(address, 0, b"he")
        assert tus.head(address).headers["Upload-Offset"] == "2"
        assert tus.patch(address, 2, b"llo").status_code == 204
        assert File.objects.get().owner.username == "anna"

    def test_a_token_that_only_reads_cannot(self, tus, anna, bearer):
        tus.always |= anna
        address = tus.create(5)
        tus.always |= bearer("anna", "read")
        for method in ("HEAD", "PATCH", "DELETE"):
            assert tus.ask(method, address).status_code == 403

    def test_another_owner_finds_nothing_not_even_staff(self, tus, anna, bearer):
        tus.always |= anna
        address = tus.create(5)
        for other in (bearer("boris"), bearer("chief", "read", "write", "admin", is_staff=True)):
            tus.always |= other
            assert tus.head(address).status_code == 404
            assert tus.patch(address, 0, b"hello").status_code == 404
            assert tus.ask("DELETE", address).status_code == 404
        tus.always |= anna
        assert tus.head(address).headers["Upload-Offset"] == "0"

    def test_what_is_under_way_counts_against_the_quota_of_what_is_begun(self, tus, anna, configure):
        configure(access="token", quota_bytes=10_000_000)
        tus.always |= anna
        address = tus.create(6_000_000)
        refused = tus.ask("POST", "/upload/", Upload_Length=6_000_000)
        assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
        assert tus.create(3_000_000)
        tus.ask("DELETE", address)
        assert tus.create(6_000_000)

    def test_an_upload_for_which_there_is_no_room_once_it_is_whole_waits_for_room(self, tus, anna, configure, kept):
        configure(access="token", quota_files=2)
        tus.always |= anna
        first, second = tus.create(5), tus.create(5)
        configure(access="token", quota_files=1)
        tus.patch(first, 0, b"hello")

        answer = tus.patch(second, 0, b"world")

        assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
        assert (File.objects.count(), [name for name in kept() if "doubtful" in name]) == (1, [])
        head = tus.head(second)
        assert (head.status_code, head.headers["Upload-Offset"]) == (200, "5")
        assert tus.patch(second, 5, b"").status_code == 413
        configure(access="token", quota_files=2)
        assert tus.head(second).headers["Content-Location"]
        assert File.objects.count() == 2


def test_an_address_that_is_no_id_is_not_found(tus):
    assert tus.head("/upload/../files/").status_code == 404
    assert tus.head(f"/upload/{uuid.uuid4()}0/").status_code == 404
