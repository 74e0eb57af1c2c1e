"""Uploads whose length nobody knows take no more room than their owner has."""

import pytest

from filemill.uploads.models import Upload


@pytest.fixture(autouse=True)
def _anna(tus, closed, bearer, configure):
    configure(access="token", quota_bytes=1000)
    tus.always |= bearer("anna")


def test_bytes_of_an_upload_without_a_length_are_bounded_by_the_quota(tus):
    address = tus.create(None)
    assert tus.patch(address, 0, b"x" * 900).status_code == 204
    assert tus.patch(address, 900, b"x" * 101).json()["code"] == "quota_exceeded"
    assert tus.head(address).headers["Upload-Offset"] == "900"
    assert tus.patch(address, 900, b"x" * 100).status_code == 204


def test_uploads_without_a_length_share_the_quota(tus):
    first, second = tus.create(None), tus.create(None)
    tus.patch(first, 0, b"x" * 900)
    assert tus.patch(second, 0, b"x" * 101).json()["code"] == "quota_exceeded"
    assert tus.patch(second, 0, b"x" * 100).status_code == 204


def test_small_uploads_that_are_announced_share_the_quota(tus):
    for _ in range(3):
        tus.create(300)
    assert refused(tus, 300) == "quota_exceeded"
    tus.create(100)


def test_uploads_under_way_count_as_files_and_their_parts_do_not(tus, configure):
    configure(quota_files=2)
    for _ in range(3):
        tus.ask("POST", "/upload/", Upload_Length=1, Upload_Concat="partial")
    first = tus.create(1)
    tus.create(1)
    assert refused(tus, 1) == "quota_exceeded"
    assert tus.ask("DELETE", first).status_code == 204
    tus.create(1)


def test_a_creation_whose_bytes_are_refused_leaves_nothing(tus, kept):
    how = {"Upload_Length": 100, "Content_Type": "application/offset+octet-stream"}
    wrong = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="
    assert tus.ask("POST", "/upload/", b"x" * 50, Upload_Checksum=wrong, **how).status_code == 460
    assert (Upload.objects.count(), kept()) == (0, [])


def test_nobody_begins_more_uploads_than_one_may(tus, configure):
    configure(quota_bytes=0, max_unfinished_uploads=2)
    for how in ({}, {"Upload_Concat": "partial"}):
        assert tus.ask("POST", "/upload/", Upload_Length=1, **how).status_code == 201
    answer = tus.ask("POST", "/upload/", Upload_Length=1)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_uploads")
    assert int(answer.headers["Retry-After"]) > 0


def test_an_upload_that_tells_its_length_late_is_not_counted_against_itself(tus, configure):
    configure(quota_bytes=1000, quota_files=1, max_unfinished_uploads=1)
    address = tus.create(None)
    assert tus.patch(address, 0, b"x" * 600).status_code == 204
    assert tus.patch(address, 600, b"x" * 10, Upload_Length=610).status_code == 204
    assert tus.head(address).headers["Content-Location"]


def test_uploads_of_an_open_service_are_not_without_number(tus, configure):
    configure(access="open", max_unfinished_uploads=1)
    tus.always = {"Tus_Resumable": "1.0.0"}
    tus.create(1)
    assert refused(tus, 1) == "too_many_uploads"


def test_what_is_told_beforehand_heeds_what_is_under_way(tus):
    tus.create(900)
    answer = tus.client.post("/upload/check/", {"size": 101}, content_type="application/json", headers=tus.always)
    assert [each["code"] for each in answer.json()["problems"]] == ["quota_exceeded"]


def refused(tus, length: int) -> str:
    answer = tus.ask("POST", "/upload/", Upload_Length=length)
    assert answer.status_code >= 400
    return answer.json()["code"]
