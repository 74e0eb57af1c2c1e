"""The page of an account: tokens, space, the password; and why an open service has none of it."""

import re
from html import unescape

import pytest
from django.test import Client

from filemill.accounts import throttle, usage
from filemill.accounts.models import Token

PAGE, MAKE, REVOKE, CHANGE = (
    "/app/account/",
    "/app/account/tokens/",
    "/app/account/tokens/revoke/",
    "/app/account/password/",
)
PASSWORD, NEW_PASSWORD = "correct horse battery", "staple of the mill 7"
SECRET = re.compile(r"fm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def anna(closed, django_user_model):
    return django_user_model.objects.create_user("anna", password=PASSWORD)


@pytest.fixture
def browser(anna):
    """Anna's browser, which has to bring the token of each form."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    return client


@pytest.fixture
def send(browser):
    """Send a form of the page: send(MAKE, name="backup")."""

    def post(address, **typed):
        html = browser.get(PAGE).content.decode()
        hidden = {"form": re.search(r'name="form" value="([^"]+)"', html)[1]}
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
        return browser.post(address, {**hidden, **token, **typed})

    return post


def said(response):
    return unescape(response.content.decode())


def usual(**typed):
    return {"name": "backup", "scope": ["read", "write"], "term": "90", **typed}


def test_a_token_is_shown_once_and_works(browser, send):
    page = send(MAKE, **usual())
    (secret,) = set(SECRET.findall(said(page)))
    assert Client().get("/files/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert "curl -H" in said(page)
    later = said(browser.get(PAGE))
    assert "backup" in later
    assert SECRET.search(later) is None


def test_no_secret_is_logged_or_kept_in_the_session_or_a_cookie(browser, send, caplog):
    (secret,) = set(SECRET.findall(said(send(MAKE, **usual()))))
    assert secret not in caplog.text
    assert secret not in str(dict(browser.session.items()))
    assert secret not in str(browser.cookies)


def test_a_form_that_is_sent_twice_makes_one_token(browser, send):
    form = re.search(r'name="form" value="([^"]+)"', said(browser.get(PAGE)))[1]
    assert SECRET.search(said(send(MAKE, **usual(form=form))))
    again = send(MAKE, **usual(form=form))
    assert (again.status_code, again.headers["Location"]) == (303, PAGE)
    assert "This token was made already" in said(browser.get(PAGE))
    assert Token.objects.count() == 1


def test_a_form_of_somebody_else_makes_nothing(browser, send, django_user_model):
    other = Client()
    other.force_login(django_user_model.objects.create_user("boris"))
    theirs = re.search(r'name="form" value="([^"]+)"', said(other.get(PAGE)))[1]
    for form in (theirs, "", "made up"):
        assert send(MAKE, **usual(form=form)).status_code == 303
    assert Token.objects.count() == 0


def test_a_form_without_its_csrf_token_changes_nothing(browser):
    for address in (MAKE, REVOKE, CHANGE):
        assert browser.post(address, usual()).status_code == 403
    assert Token.objects.count() == 0


@pytest.mark.parametrize("wrong", [{"name": " "}, {"scope": []}, {"scope": ["everything"]}, {"term": "9999"}])
def test_what_is_wrong_is_said_beside_what_was_typed(send, wrong):
    page = send(MAKE, **usual(name="for the backup") | wrong)
    assert page.status_code in {400, 403}
    assert 'role="alert"' in said(page) or page.status_code == 403
    assert Token.objects.count() == 0
    if "name" not in wrong and page.status_code == 400:
        assert 'value="for the backup"' in said(page)


def test_who_is_not_on_the_staff_makes_no_token_for_the_files_of_others(browser, send):
    assert 'value="admin"' not in said(browser.get(PAGE))
    assert send(MAKE, **usual(scope=["admin"])).status_code == 403
    assert Token.objects.count() == 0


def test_a_token_that_is_revoked_opens_nothing(browser, send):
    (secret,) = set(SECRET.findall(said(send(MAKE, **usual()))))
    assert send(REVOKE, token=Token.objects.get().pk).status_code == 303
    assert "The token is revoked" in said(browser.get(PAGE))
    assert Client().get("/files/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    send(REVOKE, token=Token.objects.get().pk)
    assert "no such token any more" in said(browser.get(PAGE))


def test_nobody_revokes_a_token_of_somebody_else(bearer, send):
    theirs = bearer("boris")
    send(REVOKE, token=Token.objects.get(owner__username="boris").pk)
    assert Client().get("/files/", headers=theirs).status_code == 200


def test_the_page_tells_of_each_token(browser, bearer, anna):
    bearer("anna", "read")
    page = said(browser.get(PAGE))
    token = Token.objects.get()
    for each in ("for a test", token.pk, "Never used.", "Does not expire.", "Revoke"):
        assert each in page


def test_used_space_stands_beside_the_quota(browser, anna):
    usage.set_quota(anna.pk, quota_bytes=5_000_000, quota_files=100)
    anna.usage.refresh_from_db()
    type(anna.usage).objects.filter(pk=anna.pk).update(bytes=1_200_000, files=3)
    page = said(browser.get(PAGE))
    assert "1.2 MB of 5.0 MB" in page
    assert "3 of 100" in page
    assert re.search(r'<meter [^>]*max="5000000"[^>]*value="1200000"', page)


def test_without_a_quota_there_is_no_meter(browser):
    page = said(browser.get(PAGE))
    assert "<meter" not in page
    assert "Nothing bounds" in page


def test_a_password_is_changed_and_other_sessions_end(anna, browser, send):
    elsewhere = Client()
    elsewhere.force_login(anna)
    changed = send(CHANGE, old_password=PASSWORD, new_password1=NEW_PASSWORD, new_password2=NEW_PASSWORD)
    assert (changed.status_code, changed.headers["Location"]) == (303, PAGE)
    anna.refresh_from_db()
    assert anna.check_password(NEW_PASSWORD)
    assert "The password is changed" in said(browser.get(PAGE))
    assert elsewhere.get(PAGE).status_code in {302, 401}


@pytest.mark.parametrize(
    "typed",
    [
        {"old_password": "wrong", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
        {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": "another one 8"},
        {"old_password": PASSWORD, "new_password1": "password", "new_password2": "password"},
    ],
)
def test_a_password_stays_where_the_form_is_wrong(anna, send, typed):
    page = send(CHANGE, **typed)
    assert page.status_code == 400
    assert 'role="alert"' in said(page)
    assert not any(word in said(page) for word in (PASSWORD, NEW_PASSWORD))
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def field_at_fault(page):
    """Return the id of the one field that has the focus, and what is said of it."""
    (field,) = re.findall(r"<(?:input|select)[^>]* autofocus[^>]*>", page)
    told = re.search(r'aria-describedby="([\w-]+)', field) or re.search(r'<fieldset aria-describedby="([\w-]+)', page)
    about = re.search(rf'<div[^>]* id="{told[1]}">(.*?)</div>', page, re.DOTALL)
    return re.search(r' (?:id|name)="([\w-]+)"', field)[1], re.findall(r"<p>(.*?)</p>", about[1])


@pytest.mark.parametrize(
    ("typed", "at", "why"),
    [
        ({"name": " "}, "token-name", "A name has 1 to"),
        ({"scope": []}, "scope", "A token needs a scope"),
        ({"term": "7"}, "token-term", "Choose how long"),
    ],
)
def test_the_field_that_keeps_a_token_from_being_made_has_the_focus(send, typed, at, why):
    field, told = field_at_fault(said(send(MAKE, **usual(**typed))))
    assert (field, len(told)) == (at, 1)
    assert why in told[0]


@pytest.mark.parametrize(
    ("old", "at", "many"), [("wrong", "old", 1), (PASSWORD, "new1", 2)], ids=["old password", "new password"]
)
def test_the_field_that_keeps_a_password_has_the_focus_and_each_reason_a_paragraph(send, old, at, many):
    page = said(send(CHANGE, old_password=old, new_password1="1", new_password2="1"))
    field, told = field_at_fault(page)
    assert (field, len(told)) == (at, many)


def test_guesses_of_the_old_password_are_counted_as_sign_ins(send):
    typed = {"old_password": "wrong", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    for _ in range(throttle.MOST_BY_NAME):
        assert send(CHANGE, **typed).status_code == 400
    assert send(CHANGE, **typed).status_code == 429


def test_a_token_changes_no_password(anna, bearer):
    answer = Client().post(CHANGE, {"old_password": PASSWORD}, headers=bearer("anna"))
    assert answer.status_code == 404
    assert "old_password" not in said(Client().get(PAGE, headers=bearer("anna")))


def test_an_open_service_says_why_there_is_no_sign_in(client, db):
    page = said(client.get(PAGE))
    assert "This service is open" in page
    assert "FILEMILL_ACCESS=token" in page
    assert 'href="/app/account/"' in said(client.get("/"))
    for address in (MAKE, REVOKE, CHANGE):
        assert client.post(address, usual()).status_code == 404
