"""An upload is its owner's, and bounded by the quota."""

import pytest

from filemill.files.models import File


@pytest.fixture
def anna(closed, bearer, tus):
    return {name.replace("-", "_"): value for name, value in bearer("anna", "write").items()}


def test_a_token_that_only_writes_can_go_on_with_an_upload(tus, anna):
    tus.always |= anna
    address = tus.create(5)
    tus.patch(address, 0, b"he")
    assert tus.head(address).headers["Upload-Offset"] == "2"
    assert tus.patch(address, 2, b"llo").status_code == 204
    assert File.objects.get().owner.username == "anna"


def test_a_token_that_only_reads_cannot(tus, anna, bearer):
    tus.always |= anna
    address = tus.create(5)
    tus.always |= bearer("anna", "read")
    for method in ("HEAD", "PATCH", "DELETE"):
        assert tus.ask(method, address).status_code == 403


def test_another_owner_finds_nothing_not_even_staff(tus, anna, bearer):
    tus.always |= anna
    address = tus.create(5)
    for other in (bearer("boris"), bearer("chief", "read", "write", "admin", is_staff=True)):
        tus.always |= other
        assert tus.head(address).status_code == 404
        assert tus.patch(address, 0, b"hello").status_code == 404
        assert tus.ask("DELETE", address).status_code == 404
    tus.always |= anna
    assert tus.head(address).headers["Upload-Offset"] == "0"


def test_what_is_under_way_counts_against_the_quota_of_what_is_begun(tus, anna, configure):
    configure(access="token", quota_bytes=10_000_000)
    tus.always |= anna
    address = tus.create(6_000_000)
    refused = tus.ask("POST", "/upload/", Upload_Length=6_000_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert tus.create(3_000_000)
    tus.ask("DELETE", address)
    assert tus.create(6_000_000)


def test_an_upload_for_which_there_is_no_room_once_it_is_whole_waits_for_room(tus, anna, configure, kept):
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
