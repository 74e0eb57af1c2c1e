"""Whose a file is decides who knows of it: every operation of the API's own description, tried by everybody."""

import re
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from filemill.accounts.models import Token
from filemill.files.models import File

PATHS = SchemaGenerator().get_schema(request=None, public=True)["paths"]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, operations in PATHS.items()
    for method, operation in operations.items()
}
READING = {name for name, (method, _) in OPERATIONS.items() if method == "GET"}
OF_ONE_UPLOAD = {name for name, (_, path) in OPERATIONS.items() if "{upload_id}" in path}
OF_ONE_FILE = {name for name, (_, path) in OPERATIONS.items() if "{file_id}" in path}
BODIES = {
    "upload": b"more words",
    "create_token": b'{"name": "new", "scopes": ["write"]}',
    "create_link": b'{"artifact": "text"}',
    "check_upload": b'{"sha256": "%s"}' % sha256(b"hello, mill").hexdigest().encode(),
    "append_to_upload": b"some bytes",
}
KINDS = {"upload": "text/plain", "append_to_upload": "application/offset+octet-stream"}
HEADERS = {
    "append_to_upload": {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    "end_upload": {"Tus-Resumable": "1.0.0"},
}
NEEDS_BOTH = {"create_link", "check_upload"}  # what a link leads to is read, and what is there already
QUERIES = {"upload": "?name=new.txt", "get_file": "?wait=0.01"}
PAGES = {
    "/": "GET", "/app/list/": "GET", "/app/activity": "GET", "/app/activity/": "GET", "/app/activity/live/": "GET",
    "/app/activity/retry/": "POST", "/app/files/{file_id}": "GET", "/app/files/{file_id}/": "GET",
    "/app/files/{file_id}/live/": "GET", "/app/files/{file_id}/reprocess/": "POST",
    "/app/files/{file_id}/cancel/": "POST", "/app/files/{file_id}/delete/": "POST",
    "/app/account": "GET", "/app/account/": "GET", "/app/account/tokens/": "POST",
    "/app/account/tokens/revoke/": "POST", "/app/account/password/": "POST",
    "/app/list/rows/": "GET", "/app/chosen/delete/": "POST", "/app/chosen/reprocess/": "POST",
    "/app/chosen/zip/": "POST",
}  # fmt: skip

REFUSED_WITHOUT_A_FORM = {"/app/account/password/"}

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("closed")]


@pytest.fixture
def anna(bearer):
    return bearer("anna")


@pytest.fixture
def boris(bearer):
    return bearer("boris")


@pytest.fixture
def file(anna, upload_as, work):
    """A file of Anna's, with an artifact."""
    file = upload_as(anna, b"hello, mill")
    work()
    return file


@pytest.fixture
def unfinished(anna):
    """An upload of Anna's that is not whole; its id."""
    headers = {**anna, "Tus-Resumable": "1.0.0", "Upload-Length": "100"}
    return Client().generic("POST", "/upload/", headers=headers).headers["Location"].split("/")[2]


@pytest.fixture
def upload_as(closed):
    def send(headers, content=b"hello", name="hers.txt"):
        response = Client().generic(
            "POST", f"/upload/?name={name}", content, content_type="text/plain", headers=headers
        )
        assert response.status_code == 201, response.content
        return response.json()

    return send


@pytest.fixture
def ask(file, unfinished):
    """Ask for an operation about Anna's file or token, with and without the slash: ask("get_file", headers)."""

    def send(name, headers, *, slash=True):
        method, path = OPERATIONS[name]
        token_id = Token.objects.filter(owner__username="anna")[0].pk
        known = {"file_id": file["id"], "upload_id": unfinished, "name": "text", "token_id": token_id}
        address = re.sub(r"{(\w+)}", lambda match: known[match[1]], path)
        kind = KINDS.get(name, "application/json")
        response = Client().generic(
            method, (address if slash else address[:-1]) + QUERIES.get(name, ""), BODIES.get(name, b""),
            content_type=kind, headers={**headers, **HEADERS.get(name, {})},
        )  # fmt: skip
        if response.streaming:
            assert response.getvalue() == b"hello, mill"
        return response

    return send


def said(response):
    return response.getvalue().decode()


@pytest.mark.parametrize("slash", [True, False])
@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_is_told_to_say_who_it_is(ask, refused, name, slash):
    response = ask(name, {}, slash=slash)
    refused(response, 401, "sign_in_required")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="filemill"'


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_stranger_finds_nothing_and_changes_nothing(ask, anna, boris, file, kept, refused, name):
    before, bytes_before = ask("get_file", anna).json(), kept()
    for slash in (True, False):
        response = ask(name, boris, slash=slash)
        if name in OF_ONE_FILE | OF_ONE_UPLOAD or "{token_id}" in OPERATIONS[name][1]:
            refused(response, 404, "not_found")
        else:
            assert response.status_code < 300
            assert file["id"] not in said(response)
            assert "anna" not in said(response)
    assert ask("get_file", anna).json() == before
    assert set(bytes_before) <= set(kept())
    assert Token.objects.filter(revoked_at=None, owner__username="anna").count() == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_token_does_what_its_scopes_say_and_no_more(ask, bearer, refused, name):
    wanted, other = ("read", "write") if name in READING else ("write", "read")
    both = ["read", "write"] if name in NEEDS_BOTH else [wanted]
    response = ask(name, bearer("anna", other))
    refused(response, 403, "insufficient_scope")
    assert response.headers["WWW-Authenticate"].endswith(f'error="insufficient_scope", scope="{wanted}"')
    assert ask(name, bearer("anna", *both)).status_code < 300


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_owner_may_do_everything(ask, anna, name):
    assert ask(name, anna).status_code < 300


@pytest.mark.parametrize("name", sorted(NEEDS_BOTH))
def test_what_needs_both_scopes_is_refused_to_one(ask, bearer, refused, name):
    response = ask(name, bearer("anna", "write"))
    refused(response, 403, "insufficient_scope")
    assert response.headers["WWW-Authenticate"].endswith('scope="read"')


@pytest.mark.parametrize("name", sorted(OF_ONE_FILE))
def test_staff_reach_every_file_with_the_scope_admin_only(ask, bearer, refused, name):
    refused(ask(name, bearer("chief", is_staff=True)), 404, "not_found")
    assert ask(name, bearer("chief", "read", "write", "admin")).status_code < 300


def test_everybody_lists_their_own_and_staff_list_all(ask, anna, boris, bearer, upload_as, file):
    his = upload_as(boris, name="his.txt")
    chief = bearer("chief", "read", "admin", is_staff=True)

    def listed(headers):
        return {each["id"] for each in ask("list_files", headers).json()["results"]}

    assert listed(anna) == {file["id"]}
    assert listed(boris) == {his["id"]}
    assert listed(chief) == {file["id"], his["id"]}
    assert listed(bearer("chief", "read")) == set()


def test_no_filter_and_no_cursor_leads_to_the_files_of_others(anna, boris, upload_as, file):
    upload_as(anna, name="b.txt")
    cursor = Client().get("/files/?page_size=1", headers=anna).json()["next"].partition("cursor=")[2]
    for query in (f"sha256={file['sha256']}", "name=hers", "status=queued&status=processed", f"cursor={cursor}"):
        assert Client().get(f"/files/?{query}", headers=boris).json()["results"] == []


def test_a_digest_that_a_stranger_knows_shows_nothing(boris, file, refused):
    known = {"If-None-Match": f'"{file["sha256"]}"', **boris}
    address = f"/files/{file['id']}/content/"
    refused(Client().get(address, headers=known), 404, "not_found")
    assert Client().head(address, headers=known).status_code == 404


def test_a_stranger_does_not_wait_for_a_file(anna, boris, upload_as, monkeypatch):
    file = upload_as(anna, name="queued.txt")
    monkeypatch.setattr("filemill.api.waiting.time.sleep", lambda _: pytest.fail("it waited"))
    assert Client().get(f"/files/{file['id']}/?wait=30", headers=boris).status_code == 404


def test_the_same_bytes_of_two_owners_are_two_files(anna, boris, upload_as, kept):
    hers, his = upload_as(anna, b"same"), upload_as(boris, b"same")
    assert Client().delete(f"/files/{hers['id']}/", headers=anna).status_code == 204
    assert Client().get(f"/files/{his['id']}/content/", headers=boris).getvalue() == b"same"
    assert len(kept()) == 1


def test_files_of_an_open_service_are_nobodys_and_only_staff_see_them_later(configure, upload, anna, bearer, ask):
    configure(access="open")
    file = upload(b"from before")
    assert File.objects.get(pk=file["id"]).owner is None
    assert len(Client().get("/files/").json()["results"]) == 2
    configure(access="token")
    one = f"/files/{file['id']}/"
    assert Client().get(one, headers=anna).status_code == 404
    assert Client().get(one, headers=bearer("chief", "read", "admin", is_staff=True)).status_code == 200


def test_an_open_service_heeds_no_tokens(configure, upload, ask):
    configure(access="open")
    assert Client().get("/files/", headers={"Authorization": "Bearer fm_wrong"}).status_code == 200


def visit(client, path, file):
    """Ask for a page; those of several files are given this one."""
    form = {"id": file["id"]} if "/rows/" in path else {"file": file["id"], "sure": "yes"} if "/chosen/" in path else {}
    if PAGES[path] == "GET":
        return client.get(path.format(file_id=file["id"]), form)
    return client.post(path.format(file_id=file["id"]), urlencode(form), "application/x-www-form-urlencoded")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_or_changes_a_file_of_somebody_else(file, ask, anna, django_user_model, path):
    before = ask("get_file", anna).json()
    client = Client()
    client.force_login(django_user_model.objects.create_user("boris"))
    response = visit(client, path, file)
    if "{file_id}" in path or "/zip/" in path:
        assert response.status_code == 404
    else:
        assert response.status_code in ({400} if path in REFUSED_WITHOUT_A_FORM else {200, 303})
        assert file["id"] not in said(response)
        assert "hers.txt" not in said(response)
    assert ask("get_file", anna).json() == before


@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_for_the_owner(file, django_user_model, path):
    client = Client()
    client.force_login(django_user_model.objects.get(username="anna"))
    status = visit(client, path, file).status_code
    assert status in ({400} if path in REFUSED_WITHOUT_A_FORM else {200, 303})


def test_every_page_is_tried():
    from filemill.web.urls import urlpatterns

    routes = {"/" + re.sub("<uuid:file_id>", "{file_id}", str(each.pattern)) for each in urlpatterns}
    of_sessions = {"/app/sign-in", "/app/sign-in/", "/app/sign-out", "/app/sign-out/"}
    assert routes - PAGES.keys() == {"/favicon.ico", "/app/language/<str:code>/", *of_sessions}


ADMIN = ["/admin/", "/admin/files/file/", "/admin/files/file/{}/change/", "/admin/processing/artifact/"]


@pytest.mark.parametrize("path", ADMIN)
def test_the_admin_is_for_staff_who_signed_in(file, bearer, django_user_model, path):
    address = path.format(file["id"])
    member = Client()
    member.force_login(django_user_model.objects.get(username="anna"))
    assert member.get(address).headers["Location"].startswith("/admin/login/")
    headers = bearer("chief", "read", "write", "admin", is_staff=True)
    assert Client().get(address, headers=headers).headers["Location"].startswith("/admin/login/")
    chief = Client()
    chief.force_login(django_user_model.objects.create_superuser("root"))
    assert chief.get(address).status_code == 200


def test_a_user_with_files_is_not_deleted(file, django_user_model, admin_client):
    anna = django_user_model.objects.get(username="anna")
    page = admin_client.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"})
    assert "protected" in said(page)
    assert File.objects.count() == 1
