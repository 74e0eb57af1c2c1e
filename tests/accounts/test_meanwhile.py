"""Who sends a file may lose the right to while it arrives: then it is refused, and nothing of it stays."""

import io

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from filemill.accounts.models import Token
from filemill.config.wsgi import application
from filemill.files.models import File
from filemill.uploads import receive

pytestmark = pytest.mark.usefixtures("closed")


class Body(io.BytesIO):
    """The bytes of an upload in whose midst something happens."""

    def __init__(self, content, event):
        super().__init__(content)
        self.event = event

    def read(self, size=-1):
        if self.event:
            self.event()
            self.event = None
        return super().read(size)


@pytest.fixture
def long_ago(monkeypatch):
    """Let every upload take so long that its caller is looked at again."""
    monkeypatch.setattr(receive, "FRESH_SECONDS", -1)


@pytest.fixture
def send(bearer):
    """Upload with a token of Anna's, or by a session, and have something happen meanwhile: status, code = send(...)."""

    def post(event, *, by_session=False):
        headers = bearer("anna")
        environ = RequestFactory(SERVER_NAME="localhost")._base_environ(
            REQUEST_METHOD="POST", PATH_INFO="/upload/", QUERY_STRING="name=a", CONTENT_LENGTH="5"
        )
        if by_session:
            browser = Client()
            browser.force_login(User.objects.get(username="anna"))
            environ["HTTP_COOKIE"] = f"sessionid={browser.cookies['sessionid'].value}; csrftoken={'a' * 32}"
            environ["HTTP_X_CSRFTOKEN"] = "a" * 32
        else:
            environ["HTTP_AUTHORIZATION"] = headers["Authorization"]
        environ["wsgi.input"] = Body(b"hello", event)
        head = []
        answered = application(environ, lambda *given: head.extend(given))
        content = b"".join(answered)
        answered.close()
        return int(head[0][:3]), content.decode()

    return post


def delete_the_owner():
    User.objects.get(username="anna").delete()


def deactivate_the_owner():
    User.objects.filter(username="anna").update(is_active=False)


def revoke_the_token():
    Token.objects.update(revoked_at=timezone.now())


@pytest.mark.parametrize(
    ("event", "by_session", "code"),
    [
        (delete_the_owner, False, "invalid_token"),
        (delete_the_owner, True, "sign_in_required"),
        (deactivate_the_owner, False, "invalid_token"),
        (deactivate_the_owner, True, "sign_in_required"),
        (revoke_the_token, False, "invalid_token"),
    ],
)
def test_whoever_may_no_longer_send_has_sent_nothing(send, kept, long_ago, event, by_session, code):
    status, answer = send(event, by_session=by_session)
    assert (status, f'"code":"{code}"' in answer) == (401, True), answer
    assert File.objects.count() == 0
    assert kept() == []


@pytest.mark.parametrize("by_session", [False, True])
def test_an_owner_who_goes_during_a_quick_upload_leaves_nothing_either(send, kept, by_session):
    assert send(delete_the_owner, by_session=by_session)[0] == 401
    assert File.objects.count() == 0
    assert kept() == []


def let_the_token_expire():
    Token.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(("event", "by_session"), [(str, False), (str, True), (let_the_token_expire, False)])
def test_a_long_upload_is_kept_where_nobody_ended_the_right_to_it(send, long_ago, event, by_session):
    assert send(event, by_session=by_session)[0] == 201
    assert File.objects.get().owner.username == "anna"


def test_a_quick_upload_asks_nobody_twice(send, monkeypatch):
    monkeypatch.setattr(receive.tokens, "confirm", lambda _: pytest.fail("asked twice"))
    assert send(lambda: None)[0] == 201
