"""`manage.py csu`."""

import io

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def csu(*arguments: str) -> str:
    said = io.StringIO()
    call_command("csu", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def closed(configure, monkeypatch):
    monkeypatch.delenv("FILEMILL_ADMIN_PASSWORD", raising=False)
    configure(access="token")


def test_in_the_open_configuration_it_makes_admin_admin():
    assert "Created admin" in csu()
    user = authenticate(username="admin", password="admin")
    assert user.is_superuser


def test_a_second_run_leaves_the_user_alone_and_says_so():
    csu()
    get_user_model().objects.get().set_password("changed")
    assert "left alone" in csu("--password", "another")
    assert authenticate(username="admin", password="another") is None
    assert get_user_model().objects.count() == 1


def test_in_a_closed_configuration_it_refuses_without_a_password(closed):
    with pytest.raises(CommandError, match="FILEMILL_ADMIN_PASSWORD"):
        csu()
    assert get_user_model().objects.count() == 0


def test_the_password_comes_from_the_environment(closed, monkeypatch):
    monkeypatch.setenv("FILEMILL_ADMIN_PASSWORD", "from the environment")
    csu()
    assert authenticate(username="admin", password="from the environment")


def test_the_password_comes_from_a_file(closed, tmp_path):
    (tmp_path / "password").write_text("from a file\n")
    csu("--password-file", str(tmp_path / "password"), "--username", "anna")
    assert authenticate(username="anna", password="from a file")


def test_the_password_comes_from_the_standard_input(closed, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("from the input\n"))
    csu("--password-file", "-")
    assert authenticate(username="admin", password="from the input")


@pytest.mark.parametrize("arguments", [("--password", " "), ("--password-file", "/no/such/file")])
def test_a_password_that_is_none_changes_nothing(arguments):
    with pytest.raises(CommandError, match="Nothing was changed"):
        csu(*arguments)
    assert get_user_model().objects.count() == 0
