"""POST /upload/check/: what it says beforehand is what the upload says then."""

from hashlib import sha256
from urllib.parse import quote

import pytest

from filemill.files.models import File

LONG = "x" * 501
HELLO = sha256(b"hello").hexdigest()


@pytest.fixture
def check(client, transactional_db):
    """Ask about a file: check({"name": "a.txt"}, **headers)."""

    def ask(intended, **headers):
        return client.post("/upload/check/", intended, "application/json", headers=headers)

    return ask


@pytest.fixture
def told(check):
    def ask(intended, **headers):
        response = check(intended, **headers)
        assert response.status_code == 200, response.content
        return response.json()

    return ask


GOOD = {"name": "a.txt", "size": 5, "declared_type": "text/plain", "sha256": HELLO}


@pytest.mark.parametrize("address", ["/upload/check", "/upload/check/"])
def test_nothing_speaks_against_a_file_that_may_come_in(client, db, kept, address):
    response = client.post(address, GOOD, "application/json")
    assert response.json() == {"accepted": True, "problems": [], "existing": None}
    assert (kept(), File.objects.count()) == ([], 0)


def test_what_is_left_out_is_not_looked_at(told):
    assert told({})["accepted"] is True


@pytest.mark.parametrize("name", [LONG, "", "/", "..", "\u202e", "a/"])
def test_a_name_is_refused_as_the_upload_refuses_it(told, send, name):
    answer = told({"name": name})
    refusal = send(b"hello", to=f"/upload/?name={quote(name)}").json()
    (problem,) = answer["problems"]
    assert answer["accepted"] is False
    same = ("code", "status", "title", "type", "detail", "errors")
    assert {key: problem[key] for key in same} == {key: refusal[key] for key in same}


def test_a_size_above_the_limit_is_told_with_the_limit(told, send, configure):
    configure(max_upload_bytes=4)
    (problem,) = told({"size": 5})["problems"]
    assert (problem["code"], problem["status"]) == ("too_large", 413)
    assert "at most 4" in problem["detail"]
    assert send(b"hello", to="/upload/?name=a").json()["code"] == "too_large"
    assert told({"size": 4})["accepted"] is True


def test_a_disk_without_room_is_told(told, configure):
    configure(disk_reserve_bytes=2**60)
    (problem,) = told(GOOD)["problems"]
    assert (problem["code"], problem["status"]) == ("disk_full", 507)


@pytest.mark.usefixtures("closed")
def test_a_quota_is_told_to_its_owner(told, send, bearer, configure):
    anna, boris = bearer("anna"), bearer("boris")
    assert send(b"hello", to="/upload/?name=a", **anna).status_code == 201
    configure(quota_bytes=8, quota_files=2)
    assert told({"size": 3}, **anna)["accepted"] is True
    assert [each["code"] for each in told({"size": 4}, **anna)["problems"]] == ["quota_exceeded"]
    assert told({"size": 8}, **boris)["accepted"] is True
    configure(quota_files=1)
    assert [each["code"] for each in told({}, **anna)["problems"]] == ["quota_exceeded"]


def test_all_that_speaks_against_it_is_told_at_once(told, configure):
    configure(max_upload_bytes=4, disk_reserve_bytes=2**60, accepted_types=["image/*"])
    found = told({"name": "/", "size": 5, "declared_type": "text/plain"})["problems"]
    assert [each["code"] for each in found] == ["missing_name", "type_not_accepted", "too_large", "disk_full"]


def test_bytes_that_are_there_already_are_told_by_their_newest_file(told, upload, work):
    upload(b"hello", "older.txt")
    newest = upload(b"hello", "newest.txt")["id"]
    work()
    existing = told({"sha256": HELLO.upper()})["existing"]
    assert (existing["id"], existing["name"], existing["status"]) == (newest, "newest.txt", "processed")
    assert [each["name"] for each in existing["artifacts"]] == ["text"]
    assert told({"sha256": sha256(b"other").hexdigest()})["existing"] is None


@pytest.mark.usefixtures("closed")
def test_of_bytes_of_others_nobody_learns(told, send, bearer):
    send(b"hello", to="/upload/?name=a", **bearer("anna"))
    assert told(GOOD, **bearer("boris"))["existing"] is None
    assert told(GOOD, **bearer("chief", "read", "write", "admin", is_staff=True))["existing"] is None
    assert told(GOOD, **bearer("anna"))["existing"]["name"] == "a"


@pytest.mark.usefixtures("closed")
def test_what_is_there_is_told_to_those_who_may_read_only(check, told, bearer, refused):
    writer = bearer("anna", "write")
    refused(check(GOOD, **writer), 403, "insufficient_scope")
    assert told({"name": "a.txt", "size": 5}, **writer)["accepted"] is True


@pytest.mark.parametrize(
    ("intended", "field"),
    [
        ({"size": -1}, "size"),
        ({"size": "5"}, "size"),
        ({"size": None}, "size"),
        ({"name": 5}, "name"),
        ({"sha256": "abc"}, "sha256"),
        ({"mime": "a/b"}, "mime"),
    ],
)
def test_a_question_that_is_none_is_refused(check, refused, intended, field):
    problem = refused(check(intended), 400, "invalid")
    assert problem["errors"][0]["field"] == field
