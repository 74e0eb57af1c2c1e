"""Signing in: the page, the cookies, the token against forged writes, and what happens to who guesses."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from filemill.accounts import throttle
from filemill.accounts.models import Attempts
from filemill.core.errors import TooManyAttempts
from filemill.files.models import File

pytestmark = pytest.mark.usefixtures("closed")
PASSWORD = "correct horse battery"
SIGN_IN = "/app/sign-in/"
HTML = {"Accept": "text/html"}
ANY = "01a20138-e006-751b-9632-8729d0c15428"


@pytest.fixture
def anna(django_user_model):
    return django_user_model.objects.create_user("anna", password=PASSWORD)


@pytest.fixture
def browser():
    """A browser, which has to bring Django's token like any other."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def sign_in(browser):
    def post(name="anna", password=PASSWORD, to=SIGN_IN, **headers):
        browser.get(to)
        typed = {"username": name, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
        return browser.post(to, typed, headers={**HTML, **headers})

    return post


def token(browser):
    return {"X-CSRFToken": browser.cookies["csrftoken"].value}


def events(caplog):
    return [record.msg for record in caplog.records if isinstance(record.msg, dict) and "sign" in record.msg["event"]]


def test_a_person_is_led_to_the_form_and_on_to_where_they_were_going(anna, browser, sign_in):
    asked = browser.get("/?kind=image&name=a%26b", headers=HTML)
    form = asked.headers["Location"]
    assert form == f"{SIGN_IN}?next=/%3Fkind%3Dimage%26name%3Da%2526b"
    answer = sign_in(to=form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?kind=image&name=a%26b")
    assert "Sign out" in browser.get("/").content.decode()


def test_nobody_is_led_to_another_site(anna, sign_in):
    assert sign_in(to=f"{SIGN_IN}?next=https://evil.example/").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("going", "led"),
    [("/app/activity/", "/app/activity/"), ("//evil.example/", "/"), (SIGN_IN, "/"), ("/app/sign-out", "/"), ("", "/")],
)
def test_who_is_signed_in_is_led_on_from_the_form(anna, browser, sign_in, going, led):
    address = f"{SIGN_IN}?next={going}"
    browser.get(address)
    old = {"username": "anna", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    assert sign_in(to=address).headers["Location"] == led
    assert browser.get(address, headers=HTML).headers["Location"] == led
    # Another tab had the form from before.
    answer = browser.post(address, {**old, "next": going}, headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, led)


def links(answer):
    page = answer.content.decode()
    return re.findall(r'href="([^"]*)"', page[page.index("<main") : page.index("</main")])


def referer(path):
    return {**HTML, "Referer": f"http://testserver{path}"}


@pytest.mark.parametrize(
    ("to", "before", "after"),
    [
        ("/app/account/tokens/", referer("/app/account/"), "/app/account/"),
        ("/app/account/tokens/", referer("/app/account/tokens/"), "/app/account/"),
        ("/app/account/tokens/", HTML, "/app/account/"),
        ("/app/activity/retry/", {**HTML, "Referer": "https://evil.example/app/account/"}, "/app/activity/"),
        (f"/app/files/{ANY}/delete/", referer(f"/app/files/{ANY}/"), f"/app/files/{ANY}/"),
        (f"/app/files/{ANY}/delete/", HTML, f"/app/files/{ANY}/"),
        ("/app/chosen/delete/", referer("/app/chosen/delete/"), "/"),
        ("/app/chosen/delete/", referer("/?kind=text&name=a"), "/%3Fkind%3Dtext%26name%3Da"),
        ("/app/chosen/delete/", referer("//evil.example/"), "/"),
        ("/app/chosen/delete/", {**HTML, "Referer": "http://[testserver/"}, "/"),
        ("/no/such/address/", HTML, "/"),
    ],
)
def test_who_sends_a_form_when_signed_out_is_led_to_sign_in_and_back(db, browser, to, before, after):
    answer = browser.post(to, headers=before)
    assert answer.status_code == 401
    assert "You are signed out" in answer.content.decode()
    assert links(answer) == [f"{SIGN_IN}?next={after}"]


def test_a_program_is_told_of_tokens_and_not_of_pages(db, browser):
    assert "Authorization: Bearer" in browser.post("/app/account/tokens/").json()["detail"]


def test_a_form_that_is_out_of_date_leads_back_to_its_page(anna, browser, sign_in):
    sign_in()
    stale = browser.post("/app/activity/retry/", headers=referer("/app/activity/"))
    assert (stale.status_code, links(stale)) == (403, ["/app/activity/", "/"])
    assert "out of date" in stale.content.decode()
    assert "Load the page again" in browser.post("/app/activity/retry/").json()["detail"]


def test_a_form_for_another_host_is_refused_with_a_page(db, browser):
    answer = browser.post("/app/account/tokens/", headers={**referer("/app/account/"), "Host": "evil.example"})
    assert (answer.status_code, links(answer)) == (400, ["/app/account/", "/"])


def test_who_has_to_wait_with_signing_in_gets_back_to_where_they_were_going(anna, sign_in):
    address = f"{SIGN_IN}?next=/app/activity/"
    for _ in range(throttle.MOST_BY_NAME):
        sign_in(password="wrong", to=address)
    refused = sign_in(to=address)
    assert (refused.status_code, links(refused)) == (429, [address, "/"])


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("anna\x00", PASSWORD)])
def test_a_wrong_name_or_password_says_the_same(anna, browser, sign_in, name, password):
    page = sign_in(name, password).content.decode()
    assert "do not belong together" in page
    assert password not in page
    assert "sessionid" not in browser.cookies


def test_the_cookies_are_for_this_site_alone(anna, browser, sign_in, settings):
    settings.SESSION_COOKIE_SECURE = True
    sign_in()
    cookie = browser.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert browser.cookies["csrftoken"]["samesite"] == "Lax"


def test_a_session_ends_by_a_form_and_not_by_a_link(anna, browser, sign_in):
    sign_in()
    assert "anna" in browser.get("/app/sign-out/").content.decode()
    assert browser.get("/files/").status_code == 200
    assert browser.post("/app/sign-out/", headers=HTML).status_code == 403
    answer = browser.post("/app/sign-out/", headers=token(browser))
    assert answer.headers["Location"] == SIGN_IN
    assert browser.get("/files/").status_code == 401


WRITES = [
    ("POST", "/upload/?name=a"), ("PATCH", "/files/{}/"), ("DELETE", "/files/{}/"), ("POST", "/files/{}/cancel/"),
    ("POST", "/files/{}/reprocess/"), ("POST", "/tokens/"), ("DELETE", "/tokens/0123456789abcdef/"),
    ("POST", "/?name=a"),
    ("POST", "/app/files/{}/delete/"), ("POST", "/app/files/{}/cancel/"), ("POST", "/app/files/{}/reprocess/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_by_a_session_needs_the_token(anna, browser, sign_in, make_one, method, path):
    sign_in()
    file = make_one(browser)
    for headers in ({}, {"X-CSRFToken": "a" * 64}, {"X-CSRFToken": ""}):
        response = browser.generic(method, path.format(file.pk), b"{}", content_type="text/plain", headers=headers)
        assert response.status_code == 403, response.content
    assert list(File.objects.all()) == [file]
    address = path.format(file.pk)
    assert browser.generic(method, address, b"", content_type="text/plain", headers=token(browser)).status_code != 403


@pytest.fixture
def make_one():
    def make(browser):
        response = browser.post("/upload/?name=mine", b"x", content_type="text/plain", headers=token(browser))
        assert response.status_code == 201, response.content
        return File.objects.get()

    return make


def test_the_form_without_a_script_carries_the_token_among_its_fields(anna, browser, sign_in, kept):
    sign_in()
    assert 'name="csrfmiddlewaretoken"' in browser.get("/").content.decode()
    sent = {"csrfmiddlewaretoken": "a" * 64, "file": SimpleUploadedFile("a.txt", b"x")}
    assert browser.post("/", sent).status_code == 403
    assert kept() == []
    sent = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, "file": SimpleUploadedFile("a.txt", b"x")}
    assert browser.post("/", sent).status_code == 303
    assert File.objects.get().owner == anna


@pytest.mark.parametrize("to", [SIGN_IN, "/admin/login/"])
def test_who_guesses_has_to_wait_even_with_the_right_password(anna, browser, sign_in, monkeypatch, to):
    monkeypatch.setattr(throttle, "MOST_BY_NAME", 3)
    for _ in range(3):
        assert sign_in(password="wrong", to=to).status_code == 200
    answer = sign_in(to=to)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "Try again in 15 min" in answer.content.decode()
    assert sign_in("\uff41nna", to=to, Accept="*/*").json()["code"] == "too_many_attempts", "a name as Django reads it"
    assert sign_in("ANNA", to=to).status_code == 200, "another user"
    Attempts.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    sign_in()
    assert browser.get("/files/").status_code == 200


def test_who_tries_many_names_has_to_wait(anna, sign_in, monkeypatch):
    monkeypatch.setattr(throttle, "MOST_BY_ADDRESS", 3)
    for number in range(3):
        sign_in(f"guess {number}")
    assert sign_in().status_code == 429


def test_the_right_password_forgives_the_name_but_not_the_address(anna, browser, sign_in, monkeypatch):
    monkeypatch.setattr(throttle, "MOST_BY_NAME", 2)
    monkeypatch.setattr(throttle, "MOST_BY_ADDRESS", 4)
    for _ in range(3):
        assert sign_in(password="wrong").status_code == 200
        assert sign_in().status_code == 302
        del browser.cookies["sessionid"]
    assert sign_in(password="wrong").status_code == 200
    assert sign_in().status_code == 429


def test_guesses_at_once_are_counted_like_guesses_in_turn(monkeypatch):
    monkeypatch.setattr(throttle, "MOST_BY_NAME", 5)

    def guess(_):
        try:
            throttle.begin("anna", "192.0.2.1")
        except TooManyAttempts:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(guess, range(20))) == 5


@pytest.mark.django_db(transaction=True)
def test_right_passwords_at_the_same_time_are_not_too_many_failures():
    def pass_by(_):
        try:
            for _ in range(30):
                throttle.begin("anna", "192.0.2.1")
                throttle.succeed("anna", "192.0.2.1")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(pass_by, range(4)))


@pytest.mark.parametrize("path", [SIGN_IN, "/admin/login/", "/app/sign-out/"])
def test_a_form_brings_no_files_along(path, anna, browser, sign_in):
    sign_in()
    files = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, "file": SimpleUploadedFile("a", b"a" * 65536)}
    refused = browser.post(path, files, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert refused.wsgi_request._read_started is False


def test_counts_that_ran_out_are_removed(monkeypatch):
    throttle.begin("anna", "192.0.2.1")
    Attempts.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    throttle.begin("boris", "192.0.2.2")
    assert Attempts.objects.count() == 2


@pytest.mark.parametrize(
    ("behind_tls", "forwarded", "remote", "expected"),
    [
        (False, "198.51.100.1", "192.0.2.1", "192.0.2.1"),
        (True, "6.6.6.6, 198.51.100.1", "127.0.0.1", "198.51.100.1"),
        (True, None, "192.0.2.1", "192.0.2.1"),
        (True, "no address", "127.0.0.1", "127.0.0.1"),
        (True, "6.6.6.6:1, 198.51.100.1:55", "127.0.0.1", "198.51.100.1"),
        (True, "[2001:db8:1:2:3::1]:55", "127.0.0.1", "2001:db8:1:2::/64"),
        (True, "[2001:db8:1:2:3::1]", "127.0.0.1", "2001:db8:1:2::/64"),
        (True, "[::ffff:198.51.100.1]:55", "127.0.0.1", "198.51.100.1"),
        (True, "fe80::1%eth0", "127.0.0.1", "fe80::/64"),
        (True, "198.51.100.1, [", "192.0.2.1:80", "192.0.2.1"),
        (False, None, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (False, None, "::ffff:192.0.2.1", "192.0.2.1"),
        (False, None, "", "unknown"),
    ],
)
def test_the_address_is_the_one_that_cannot_be_chosen(rf, configure, behind_tls, forwarded, remote, expected):
    configure(behind_tls=behind_tls)
    request = rf.get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {}, REMOTE_ADDR=remote)
    assert throttle.address_of(request) == expected


def test_sign_ins_are_logged_without_what_was_typed(anna, browser, sign_in, caplog, monkeypatch):
    monkeypatch.setattr(throttle, "MOST_BY_ADDRESS", 2)
    with caplog.at_level(logging.INFO):
        sign_in(password="wr0ng-secret")
        sign_in(name="my-passw0rd-in-the-wrong-field", password="x")
        sign_in()
        Attempts.objects.all().delete()
        sign_in()
        browser.post("/app/sign-out/", headers=token(browser))
    found = [(each["event"], each.get("user"), each["address"]) for each in events(caplog)]
    here = "127.0.0.1"
    assert found == [
        ("sign-in failed", "anna", here),
        ("sign-in failed", None, here),
        ("sign-in throttled", None, here),
        ("signed in", "anna", here),
        ("signed out", "anna", here),
    ]
    for secret in ("wr0ng", "passw0rd", PASSWORD, browser.cookies["csrftoken"].value):
        assert secret not in caplog.text
    assert "my-passw0rd" not in str(Attempts.objects.values())


def test_bytes_that_a_forged_request_brings_are_not_even_read(anna, browser, sign_in, kept):
    sign_in()
    refused = browser.generic("POST", "/?name=a", b"x" * 1000, content_type="text/plain")
    assert refused.status_code == 403
    assert refused.wsgi_request._read_started is False
    assert kept() == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/files/{}/"), ("POST", "/app/files/{}/delete/")])
def test_over_https_a_program_is_told_to_say_where_it_comes_from(anna, browser, sign_in, make_one, method, path):
    sign_in()
    address = path.format(make_one(browser).pk)
    headers = token(browser)
    refused = browser.generic(method, address, headers=headers, secure=True)
    assert refused.status_code == 403
    assert "send the header Origin" in refused.json()["detail"]
    assert "X-CSRFToken" not in refused.json()["detail"]
    headers["Origin"] = "https://testserver"
    assert browser.generic(method, address, headers=headers, secure=True).status_code in {204, 303}


def test_the_right_password_of_somebody_who_is_not_staff_is_logged_at_the_admins_door(anna, sign_in, caplog):
    with caplog.at_level(logging.INFO):
        assert sign_in(to="/admin/login/").status_code == 200
    found = [(each["event"], each["user"], each["address"]) for each in events(caplog)]
    assert found == [("sign-in refused", "anna", "127.0.0.1")]


def test_a_request_that_shows_a_token_ends_no_session(anna, browser, sign_in, bearer):
    sign_in()
    answer = browser.post("/app/sign-out/", headers=bearer("anna"))
    assert "sessionid" not in answer.cookies
    assert browser.get("/files/").status_code == 200


def test_the_pages_of_sessions_answer_without_the_slash_too(anna, browser, sign_in):
    assert browser.get("/app/sign-in").status_code == 200
    assert sign_in(to="/app/sign-in").headers["Location"] == "/"
    assert browser.get("/app/sign-out").status_code == 200
    assert browser.post("/app/sign-out", headers=token(browser)).headers["Location"] == SIGN_IN
