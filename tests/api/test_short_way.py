"""Requests that bring bytes go past most of Django's middleware, and nobody can tell by the answer."""

import re

import pytest

from filemill.config import short

NEVER = re.compile("(?!)()")
OWN = {"X-Request-Id", "Location", "Upload-Expires", "Content-Length"}
ADDED_BEFORE_THE_VIEW = {"X-Frame-Options": "DENY"}  # to refusals, too
REQUESTS = {
    "a creation": lambda tus, _: tus.ask("POST", "/upload/", Upload_Length=5),
    "a form without a file": lambda tus, _: tus.client.post("/upload/", {"name": "a"}),
    "bytes": lambda tus, address: tus.patch(address, 0, b"he"),
    "bytes of a page of another site": lambda tus, address: tus.patch(address, 0, b"he", Origin="https://a.example"),
    "bytes to a foreign host": lambda tus, address: tus.patch(address, 0, b"he", Host="a.example"),
    "bytes of an unknown form": lambda tus, address: tus.patch(address, 0, b"he", Accept="image/png"),
    "bytes that belong elsewhere": lambda tus, address: tus.patch(address, 3, b"he"),
    "all bytes": lambda tus, address: tus.patch(address, 0, b"hello"),
    "a look": lambda tus, address: tus.head(address),
    "the end": lambda tus, address: tus.ask("DELETE", address),
    "another method": lambda tus, address: tus.ask("PUT", address),
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_the_short_way_gives_the_answer_of_the_long_one(tus, monkeypatch, request_of):
    quick, usual = tus.create(5), tus.create(5)

    answers = [request_of(tus, quick)]
    monkeypatch.setattr(short, "_ADDRESS", NEVER)
    answers.append(request_of(tus, usual))

    said = [
        {name: value.replace(address[8:-1], "ID") for name, value in each.headers.items() if name not in OWN}
        for each, address in zip(answers, (quick, usual), strict=True)
    ]
    assert answers[0].status_code == answers[1].status_code
    assert said[0] == ADDED_BEFORE_THE_VIEW | said[1]
    assert set(answers[0].headers) == {*answers[1].headers, "X-Frame-Options", "Content-Length"}


@pytest.fixture
def as_owner(closed, tus, bearer):
    """Let an owner speak tus: as_owner("anna")."""
    return lambda name: type(tus)(tus.client, **bearer(name))


def test_a_token_and_its_upload_are_one_statement(as_owner, django_assert_num_queries):
    anna = as_owner("anna")
    address = anna.create(5)

    with django_assert_num_queries(1):
        assert anna.patch(address, 0, b"he").status_code == 204


def test_the_upload_of_another_is_not_there(as_owner, tus):
    address = as_owner("anna").create(5)

    assert as_owner("boris").patch(address, 0, b"he").status_code == 404
    assert tus.patch(address, 0, b"he").status_code == 401


def test_a_token_that_was_revoked_adds_no_bytes(as_owner):
    anna = as_owner("anna")
    address = anna.create(5)
    assert anna.patch(address, 0, b"he").status_code == 204

    token_id = anna.always["Authorization"].split("_")[1]
    assert anna.client.delete(f"/tokens/{token_id}/", headers=anna.always).status_code == 204

    assert anna.patch(address, 2, b"llo").status_code == 401


def test_a_token_may_have_to_be_good_for_writing(closed, tus, bearer):
    anna = type(tus)(tus.client, **bearer("anna"))
    reader = type(tus)(tus.client, **bearer("anna", "read"))

    assert reader.patch(anna.create(5), 0, b"he").status_code == 403
