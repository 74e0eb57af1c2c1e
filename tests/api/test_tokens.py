"""Tokens: which are let in, what they cost, and that nobody learns them."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from filemill.accounts import tokens
from filemill.accounts.models import Token
from filemill.core.errors import Invalid

pytestmark = pytest.mark.usefixtures("closed")


def hours(number):
    return timezone.now() + timedelta(hours=number)


@pytest.fixture
def rejected(client, refused):
    def check(headers, words):
        problem = refused(client.get("/files/", headers=headers), 401, "invalid_token")
        assert words in problem["detail"]
        challenge = client.get("/files/", headers=headers).headers["WWW-Authenticate"]
        assert challenge == 'Bearer realm="filemill", error="invalid_token"'

    return check


def changed(headers, change):
    return {"Authorization": change(headers["Authorization"])}


MANGLED = [
    lambda good: good[:-1] + ("A" if good[-1] != "A" else "B"),
    lambda good: good.replace("fm_", "fm_0"),
    lambda good: good + "=",
    lambda good: good[:40],
    lambda good: good.upper(),
    lambda _: "Bearer",
    lambda _: "Bearer ",
    lambda _: "Bearer fm_" + "0" * 16 + "_" + "A" * 43,
    lambda _: "Bearer fm_" + "0" * 100_000,
    lambda _: "bearer \u0661\x00'",
]


@pytest.mark.parametrize("change", MANGLED)
def test_a_secret_that_is_not_a_whole_token_opens_nothing(bearer, rejected, change):
    rejected(changed(bearer("anna"), change), "no such token")


def test_the_secret_of_one_token_does_not_open_another(bearer, rejected):
    one, other = bearer("anna")["Authorization"], bearer("anna")["Authorization"]
    rejected({"Authorization": one[:27] + other[27:]}, "no such token")


def test_expired_and_revoked_tokens_and_those_of_inactive_owners_open_nothing(bearer, rejected, django_user_model):
    rejected(bearer("anna", expires_at=hours(-1)), "expired")
    rejected(bearer("anna", revoked_at=hours(-1)), "revoked")
    headers = bearer("boris")
    django_user_model.objects.filter(username="boris").update(is_active=False)
    rejected(headers, "may no longer use")


def test_a_token_lasts_to_its_end(client, bearer):
    assert client.get("/files/", headers=bearer("anna", expires_at=hours(1))).status_code == 200
    assert client.get("/files/", headers=changed(bearer("anna"), lambda good: good.replace("Bearer", "bEARER")))


def test_who_leaves_the_staff_keeps_no_token_that_sees_all(client, bearer, django_user_model, refused):
    headers = bearer("chief", "read", "admin", is_staff=True)
    django_user_model.objects.update(is_staff=False)
    assert client.get("/files/", headers=headers).status_code == 200
    file = client.post("/upload/?name=a", b"x", content_type="text/plain", headers=bearer("boris")).json()
    refused(client.get(f"/files/{file['id']}/", headers=headers), 404, "not_found")


def test_a_token_that_is_wrong_is_not_saved_by_a_session(client, admin_user, rejected):
    client.force_login(admin_user)
    rejected({"Authorization": "Bearer fm_wrong"}, "no such token")


def test_a_proxys_own_password_is_no_business_of_ours(client, admin_user):
    client.force_login(admin_user)
    assert client.get("/files/", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_a_token_counts_alone_beside_a_session(bearer, admin_user, upload):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.get("/admin/", headers=bearer("anna")).status_code == 302
    assert client.post("/upload/?name=a", b"x", content_type="text/plain", headers=bearer("anna")).status_code == 201
    assert client.get("/files/", headers=bearer("boris")).json()["results"] == []


def test_a_token_costs_one_query_and_no_session(bearer):
    headers = bearer("anna")
    client = Client()
    client.get("/processors/", headers=headers)  # notes the use
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/processors/", headers=headers)
    assert response.status_code == 200
    (query,) = queries.captured_queries
    assert "WHERE t.id =" in query["sql"]
    assert not response.cookies


def test_an_upload_with_a_token_costs_a_query_more_than_without_and_one_to_count_it(bearer, configure):
    headers, client = bearer("anna"), Client()

    def queries():
        with CaptureQueriesContext(connection) as found:
            sent = client.post("/upload/?name=a", b"x", content_type="text/plain", headers=headers)
        assert sent.status_code == 201
        return [each["sql"].split()[0] for each in found.captured_queries]

    queries()  # notes the use
    with_token = queries()
    assert with_token.count("UPDATE") == (connection.vendor == "sqlite")  # PostgreSQL counts as it inserts
    configure(access="open")
    assert [each for each in with_token if each != "UPDATE"] == ["SELECT", *queries()]


def test_the_last_use_is_noted_once_a_minute(client, bearer):
    headers = bearer("anna")
    client.get("/files/", headers=headers)
    first = Token.objects.get().last_used_at
    assert first is not None
    client.get("/files/", headers=headers)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/files/", headers=headers)
    assert Token.objects.get().last_used_at > first


def test_a_database_that_takes_no_note_hinders_nobody(client, bearer, monkeypatch):
    from django.db import OperationalError

    def locked(_):
        raise OperationalError("database is locked")

    monkeypatch.setattr(tokens, "note_use", locked)
    assert client.get("/files/", headers=bearer("anna")).status_code == 200


def test_no_secret_is_kept_or_logged(client, bearer, caplog):
    with caplog.at_level(logging.DEBUG):
        headers = bearer("anna")
        secret = headers["Authorization"].removeprefix("Bearer ")
        client.get("/files/", headers=headers)
        client.get("/files/", headers={"Authorization": f"Bearer {secret}x"})
        tokens.revoke(Token.objects.all(), Token.objects.get().pk, "a test")
        client.get("/files/", headers=headers)
    events = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert events == ["token created", "request", "request", "token revoked", "request"]
    hidden = secret.split("_", 2)[2]
    assert hidden not in caplog.text
    assert hidden not in str(Token.objects.values())


@pytest.fixture
def make(client):
    """Ask for a token: make(headers, name="x", scopes=["read"])."""

    def post(headers, /, **asked):
        return client.post("/tokens/", {"name": "x", **asked}, content_type="application/json", headers=headers)

    return post


def test_a_token_makes_a_token_that_works(client, bearer, make):
    made = make(bearer("anna"), name="nightly", scopes=["write", "read"], expires_at="2199-01-01T00:00:00Z")
    assert made.status_code == 201
    answer = made.json()
    assert set(answer) == {
        "id", "name", "owner", "scopes", "created_at", "expires_at", "last_used_at", "token",
    }  # fmt: skip
    assert (answer["owner"], answer["scopes"], answer["last_used_at"]) == ("anna", ["read", "write"], None)
    assert made.headers["Location"] == f"/tokens/{answer['id']}/"
    assert answer["token"].startswith(f"fm_{answer['id']}_")
    new = {"Authorization": f"Bearer {answer['token']}"}
    listed = client.get("/tokens/", headers=new).json()["results"]
    assert [each["name"] for each in listed] == ["nightly", "for a test"]
    assert "token" not in listed[0]
    assert client.delete(f"/tokens/{answer['id']}/", headers=new).status_code == 204
    assert client.get("/tokens/", headers=new).status_code == 401


def test_a_token_gives_no_scope_that_it_does_not_have(bearer, make, refused):
    refused(make(bearer("anna", "write"), scopes=["read"]), 403, "insufficient_scope")
    refused(make(bearer("anna"), scopes=["admin"]), 403, "insufficient_scope")
    refused(make(bearer("chief", is_staff=True), scopes=["read", "admin"]), 403, "insufficient_scope")
    assert make(bearer("chief", "write", "admin"), scopes=["admin"]).status_code == 201


def test_a_token_makes_none_that_outlives_it(bearer, make, refused):
    end = hours(1).replace(microsecond=0)
    short = bearer("anna", expires_at=end)
    refused(make(short, scopes=["read"], expires_at=hours(2).isoformat()), 400, "invalid")
    assert make(short, scopes=["read"]).json()["expires_at"] == end.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scopes": []}, "scopes"), ({"scopes": ["everything"]}, "scopes"), ({"scopes": "read"}, "scopes"),
        ({}, "scopes"),
        ({"name": " ", "scopes": ["read"]}, "name"), ({"name": "a" * 101, "scopes": ["read"]}, "name"),
        ({"name": "a\u202eb", "scopes": ["read"]}, "name"), ({"name": 1, "scopes": ["read"]}, "name"),
        ({"scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"scopes": ["read"], "expires_at": "0001-01-01T00:00:00+23:00"}, "expires_at"),
        ({"scopes": ["read"], "expires_at": "soon"}, "expires_at"), ({"scopes": ["read"], "expire": None}, "expire"),
    ],
)  # fmt: skip
def test_what_makes_no_token_is_explained(bearer, make, refused, asked, field):
    problem = refused(make(bearer("anna"), **asked), 400, "invalid")
    assert {each["field"].partition(".")[0] for each in problem["errors"]} == {field}
    assert Token.objects.count() == 1


def test_only_staff_with_the_scope_admin_reach_the_tokens_of_others(client, bearer, make, refused):
    anna, chief = bearer("anna"), bearer("chief", "read", "write", "admin", is_staff=True)
    for headers in (bearer("boris"), bearer("chief")):
        refused(client.get("/tokens/?owner=anna", headers=headers), 403, "insufficient_scope")
        refused(make(headers, scopes=["read"], owner="anna"), 403, "insufficient_scope")
        refused(
            client.delete(f"/tokens/{Token.objects.get(owner__username='anna').pk}/", headers=headers), 404, "not_found"
        )
    assert len(client.get("/tokens/?owner=anna", headers=chief).json()["results"]) == 1
    assert make(chief, scopes=["read"], owner="anna").json()["owner"] == "anna"
    refused(make(chief, scopes=["admin"], owner="anna"), 400, "invalid")
    refused(make(chief, scopes=["read"], owner="nobody"), 400, "invalid")
    bearer("root", is_staff=True)
    refused(make(chief, scopes=["read"], owner="root"), 400, "invalid")
    assert "ErrorDetail" not in make(chief, scopes=["reed"]).json()["detail"]
    refused(client.get("/tokens/?owner=%00", headers=chief), 400, "invalid")
    for token in Token.objects.filter(owner__username="anna"):
        assert client.delete(f"/tokens/{token.pk}/", headers=chief).status_code == 204
    assert client.get("/files/", headers=anna).status_code == 401


def test_an_open_service_has_no_tokens_to_manage(client, configure, make, refused):
    configure(access="open")
    refused(client.get("/tokens/"), 404, "not_found")
    refused(make({}, scopes=["read"]), 404, "not_found")


def test_an_owner_has_a_hundred_tokens_at_most(bearer, django_user_model, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    bearer("anna")
    bearer("anna", revoked_at=hours(0))
    bearer("anna")
    with pytest.raises(Invalid, match="Revoke one"):
        bearer("anna")
