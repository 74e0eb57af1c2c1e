import re
import sqlite3
import sys
from html import unescape
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from django.test import Client
from django.urls import path

from filemill.api import problems
from filemill.config import urls
from filemill.core import errors, upload_errors
from filemill.core.errors import FilemillError, Refused

TROUBLES = {
    "bug": (RuntimeError("a secret detail"), 500, "internal"),
    "database": (OperationalError("server closed the connection"), 503, "unavailable"),
    "interface": (InterfaceError("connection already closed"), 503, "unavailable"),
    "storage": (OSError(5, "Input/output error"), 503, "unavailable"),
    "suspicious": (SuspiciousOperation("x"), 400, "bad_request"),
    "forbidden": (PermissionDenied("x"), 403, "forbidden"),
    "missing": (Http404("x"), 404, "not_found"),
}


def _raise(_request, kind):
    raise TROUBLES[kind][0]


def all_subclasses(root: type) -> set[type]:
    return {root}.union(*(all_subclasses(each) for each in root.__subclasses__()))


@pytest.fixture
def calm():
    """Return a client that gets an answer where it would get the exception."""
    return Client(raise_request_exception=False)


@pytest.fixture
def troubled(settings, calm):
    """Add addresses whose views raise."""
    handlers = {name: getattr(urls, name) for name in ("handler400", "handler403", "handler404", "handler500")}
    sys.modules["troubled"] = SimpleNamespace(
        urlpatterns=[path("trouble/<kind>/", _raise), *urls.urlpatterns], **handlers
    )
    settings.ROOT_URLCONF = "troubled"
    yield calm
    del sys.modules["troubled"]


@pytest.mark.parametrize("kind", TROUBLES)
def test_whatever_a_view_raises_is_a_problem_to_a_program(troubled, refused, kind):
    _, status, code = TROUBLES[kind]
    response = troubled.get(f"/trouble/{kind}/")
    refused(response, status, code)
    assert b"secret" not in response.content
    assert ("Retry-After" in response.headers) == (status == 503)


@pytest.mark.parametrize("kind", TROUBLES)
def test_whatever_a_view_raises_is_a_page_to_a_person(troubled, kind, db):
    response = troubled.get(f"/trouble/{kind}/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code == TROUBLES[kind][1]
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"secret" not in response.content
    assert response.headers["X-Request-Id"].encode() in response.content


def test_an_error_inside_the_api_is_a_problem_without_a_traceback(calm, refused, monkeypatch):
    def broken(_parameters):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("filemill.api.files.page", broken)
    response = calm.get("/files/")
    problem = refused(response, 500, "internal")
    assert "log" in problem["detail"]
    assert b"secret" not in response.content


def test_a_database_that_does_not_answer_is_unavailable(calm, refused, monkeypatch):
    def down(*_arguments):
        raise OperationalError("connection refused")

    monkeypatch.setattr("filemill.api.files.page", down)
    response = calm.get("/files/")
    refused(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "5"


def test_a_damaged_database_is_said_to_be_damaged(calm, refused, monkeypatch, tmp_path):
    (tmp_path / "damaged").write_bytes(b"words" * 1000)

    def damaged(*_arguments):
        try:
            sqlite3.connect(tmp_path / "damaged").execute("SELECT * FROM sqlite_master")
        except sqlite3.DatabaseError as error:
            raise DatabaseError(str(error)) from error

    monkeypatch.setattr("filemill.api.files.page", damaged)

    assert "is damaged" in refused(calm.get("/files/"), 503, "unavailable")["detail"]


@pytest.mark.parametrize("address", ["/nothing", "/files/1/2/3/", "/upload/x/", "/docs/problems/NO/", "/\u0436"])
def test_an_address_without_anything_is_a_problem(calm, refused, address):
    refused(calm.get(address), 404, "not_found")


def test_an_address_without_anything_is_a_page_to_a_person(calm, db):
    response = calm.get("/nothing", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("address", ["/healthz", "/readyz/", "/docs/problems/invalid/", "/"])
def test_a_wrong_method_is_a_problem_on_addresses_of_every_kind(calm, refused, address, db):
    response = calm.put(address)
    refused(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


def test_an_answer_in_a_form_that_it_does_not_come_in_is_a_problem(calm, refused, db):
    refused(calm.get("/files/", headers={"Accept": "application/xml"}), 406, "not_acceptable")


def test_a_form_without_its_token_is_a_problem_to_a_program_and_a_page_to_a_person(refused, db):
    strict = Client(enforce_csrf_checks=True)
    refused(strict.post("/admin/login/", {}), 403, "forbidden")
    response = strict.post("/admin/login/", {}, headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Content-Type"][:9]) == (403, "text/html")


def test_a_request_keeps_the_id_that_it_came_with(calm):
    assert calm.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"}).headers["X-Request-Id"] == "abc-1.2_3"
    for hostile in ("a b", "x" * 65, "é", ""):
        made = calm.get("/healthz", headers={"X-Request-Id": hostile}).headers["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{32}", made)


def test_every_refusal_has_a_status():
    described = {each for each in all_subclasses(Refused) if not each.__module__.startswith("test")} - {Refused}
    assert described <= set(problems.STATUS)


def test_codes_are_unique_and_every_one_has_a_page(client, db):
    assert len(problems.BY_CODE) == len(problems.STATUS)
    for code, error in problems.BY_CODE.items():
        for address in (f"/docs/problems/{code}/", f"/docs/problems/{code}"):
            response = client.get(address)
            assert response.status_code == 200
            assert error.title in unescape(response.content.decode())


def test_a_code_that_is_not_there_has_no_page(client, db, refused):
    refused(client.get("/docs/problems/nothing/"), 404, "not_found")


@pytest.mark.parametrize(("module", "root"), [(errors, "FilemillError"), (upload_errors, "Refused")])
def test_the_tree_in_the_docstring_is_the_tree_of_the_classes(module, root):
    drawn = re.findall(r"^([│ ]*)[├└]── (\w+)", module.__doc__, re.MULTILINE)
    parents = [root]
    found = set()
    for indent, name in drawn:
        depth = len(indent) // 4 + 1
        parents[depth:] = [name]
        found.add((name, parents[depth - 1]))
    classes = {each for each in all_subclasses(FilemillError) if each.__module__ == module.__name__}
    assert found == {(each.__name__, each.__base__.__name__) for each in classes - {FilemillError}}


@pytest.mark.parametrize("semicolons", [1, 50_000])
def test_of_an_endless_content_type_no_parameters_are_read(ask, form, part, semicolons):
    body, media_type = form(part("file", b"hello", "a.txt"))
    answer = ask("POST", "/upload/", body, Content_Type=media_type + ";" * semicolons)
    assert (answer.status_code, answer.json().get("code")) == ((201, None) if semicolons == 1 else (400, "broken_body"))


@pytest.mark.parametrize("more", ["", ", text/x" * 10_000])
def test_an_endless_accept_is_read_as_anything(ask, more):
    assert ask("GET", "/files/", Accept="application/xml" + more).status_code == (200 if more else 406)
