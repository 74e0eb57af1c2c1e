"""Pages of other sites: those that the operator names use the API by token, and see all that programs see."""

import pytest
from django.core import checks
from django.test import Client

from filemill.cli import watchdog
from filemill.config import cors

APP = "https://app.example"
GUEST = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
ALLOWED = "Access-Control-Allow-Origin"

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("closed")]


@pytest.fixture(autouse=True)
def _invited(settings, configure, closed):
    configure(access="token", cors_origins=[APP])
    settings.CORS_ALLOWED_ORIGINS = [APP]
    first, *others = settings.MIDDLEWARE
    settings.MIDDLEWARE = [first, cors.MIDDLEWARE, *others]


@pytest.fixture
def anna(bearer):
    return {**bearer("anna"), **GUEST}


@pytest.fixture
def session(django_user_model, bearer):
    bearer("anna")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(django_user_model.objects.get(username="anna"))
    browser.cookies["csrftoken"] = "a" * 32
    return browser


def upload(headers, to="/upload/?name=a"):
    return Client().generic("POST", to, b"hello", content_type="text/plain", headers=headers)


def test_a_guest_uploads_by_token_and_sees_where_the_file_is(anna):
    response = upload(anna)
    assert (response.status_code, response.headers[ALLOWED]) == (201, APP)
    shown = {each.strip().lower() for each in response.headers["Access-Control-Expose-Headers"].split(",")}
    assert {
        "location",
        "etag",
        "accept-ranges",
        "retry-after",
        "x-request-id",
        "upload-offset",
        "tus-resumable",
    } <= shown
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "origin" in response.headers["Vary"].lower()


@pytest.mark.parametrize("path", ["/upload/", "/files/", "/files/x/content/", "/tokens", "/upload/some-id"])
def test_a_question_beforehand_needs_no_token(path):
    asked = {**GUEST, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    response = Client().options(path, headers=asked)
    assert (response.status_code, response.headers[ALLOWED]) == (200, APP)
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("authorization", "upload-offset", "content-digest", "if-none-match"))
    assert {"GET", "POST", "PATCH", "DELETE", "HEAD"} == set(
        response.headers["Access-Control-Allow-Methods"].split(", ")
    )
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/files/", {"Authorization": ""}, 401),
        ("POST", "/upload/", {"Authorization": ""}, 401),
        ("POST", "/upload/?name=a", {"Content-Length": "9" * 14}, 413),
        ("POST", "/upload/", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("GET", "/files/?foo=1", {}, 400),
        ("GET", "/files/00000000-0000-0000-0000-000000000000/", {}, 404),
        ("PUT", "/files/", {}, 405),
        ("GET", "/nowhere/", {}, 404),
        ("GET", "/files/", {"Host": "evil.example"}, 400),
        ("GET", "/files/00000000-0000-0000-0000-000000000000/content/?link=x", {}, 404),
    ],
)
def test_a_guest_reads_every_error(anna, settings, refused, method, path, headers, status):
    settings.ALLOWED_HOSTS = ["testserver"]
    response = Client().generic(method, path, b"x", headers={**anna, **headers})
    assert (response.status_code, response.headers[ALLOWED]) == (status, APP), response.content
    assert response.json()["status"] == status


def test_a_guest_reads_an_error_that_nobody_foresaw(anna, monkeypatch):
    monkeypatch.setattr("filemill.api.files.page", lambda *_: 1 // 0)
    response = Client(raise_request_exception=False).get("/files/", headers=anna)
    assert (response.status_code, response.headers[ALLOWED]) == (500, APP)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example", "https://app.example:444", "null", "https://APP.example"]
)
def test_who_is_not_named_gets_neither_headers_nor_a_write(anna, refused, origin):
    headers = {**anna, "Origin": origin}
    refused(response := upload(headers), 403, "cross_site")
    assert ALLOWED not in response.headers
    assert ALLOWED not in Client().get("/files/", headers=headers).headers
    asked = {**headers, "Access-Control-Request-Method": "POST"}
    assert ALLOWED not in Client().options("/upload/", headers=asked).headers


def test_cookies_never_count_for_a_guest(session, refused):
    assert session.get("/files/").status_code == 200
    for same_site in (GUEST, {"Origin": APP}):
        refused(session.get("/files/", headers=same_site), 401, "sign_in_required")
        headers = {**same_site, "X-CSRFToken": "a" * 32}
        response = session.generic("POST", "/upload/?name=a", b"x", content_type="text/plain", headers=headers)
        refused(response, 401, "sign_in_required")
    assert session.get("/files/").json()["results"] == []


@pytest.mark.parametrize("path", ["/", "/app/sign-in/", "/app/sign-out/", "/admin/login/"])
def test_pages_are_for_no_guest(anna, refused, path):
    refused(response := upload(anna, path), 403, "cross_site")
    assert ALLOWED not in response.headers
    assert ALLOWED not in Client().get(path, headers=anna).headers


def test_a_service_that_names_itself_keeps_its_sessions(session, configure):
    configure(cors_origins=["http://testserver"])
    headers = {"Origin": "http://testserver", "X-CSRFToken": "a" * 32}
    assert (
        session.generic("POST", "/upload/?name=a", b"x", content_type="text/plain", headers=headers).status_code == 201
    )


def test_an_open_service_has_no_guests(configure):
    configure(access="open")
    assert [found.id for found in checks.run_checks() if found.is_serious()] == ["filemill.E006"]


@pytest.mark.parametrize(("origin", "shown"), [(APP, APP), ("https://evil.example", None), (None, None)])
def test_a_guest_reads_that_it_was_too_slow(rf, origin, shown):
    environ = rf.post("/upload/", headers={"Origin": origin} if origin else {}).environ
    status, headers, _content = watchdog._refusal(watchdog._Wait(environ, None))
    assert (status, dict(headers).get("access-control-allow-origin")) == (408, shown)
