"""Uploads whose length nobody knows take no more room than their owner has."""

import pytest


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
