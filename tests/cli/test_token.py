"""`filemill token`."""

import re

import pytest
from click.testing import CliRunner
from django.contrib.auth.models import User
from django.db import OperationalError

from filemill.accounts import tokens
from filemill.accounts.models import Token
from filemill.cli.main import main

pytestmark = pytest.mark.django_db


def run(*arguments):
    return CliRunner().invoke(main, ["token", *arguments])


def made(*arguments):
    done = run("create", *arguments)
    assert done.exit_code == 0, done.output
    assert re.fullmatch(r"fm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n", done.stdout), "only the token is on the standard output"
    return done.stdout.strip()


def test_a_token_for_a_new_user_who_can_only_use_tokens():
    token = tokens.check(made("anna", "--new", "--name", "nightly", "--scope", "read", "--days", "2"))
    assert (token.owner.username, token.name, token.scopes) == ("anna", "nightly", ["read"])
    assert round((token.expires_at - token.created_at).total_seconds() / 3600) == 48
    assert not token.owner.has_usable_password()
    assert not token.owner.is_staff


def test_the_list_shows_whose_tokens_there_are_and_never_a_secret():
    secrets = [made("anna", "--new"), made("boris", "--new", "--name", "hers"), made("anna")]
    run("revoke", secrets[2])
    everybody, anna = run("list").stdout, run("list", "anna").stdout
    assert "boris" in everybody
    assert "boris" not in anna
    assert [line.split()[0] for line in anna.splitlines()] == ["ID", secrets[2].split("_")[1], secrets[0].split("_")[1]]
    assert not any(secret.split("_", 2)[2] in everybody for secret in secrets)


@pytest.mark.parametrize("named", [lambda secret: secret, lambda secret: secret.split("_")[1]])
def test_a_token_is_revoked_by_its_id_or_as_a_whole(named):
    secret = made("anna", "--new")
    assert run("revoke", named(secret)).exit_code == 0
    assert Token.objects.get().revoked_at is not None
    again = run("revoke", named(secret))
    assert again.exit_code == 2
    assert "was revoked already" in again.output
    unknown = run("revoke", "0" * 16)
    assert unknown.exit_code == 2
    assert "no such token" in unknown.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "--new"), (("nobody", "--scope", "read"), "--new"), (("taken", "--new"), "already exists"),
        (("a b", "--new"), "valid username"), (("taken", "--scope", "admin"), "on the staff"),
        (("taken", "--scope", "all"), "no scope `all`"), (("taken", "--name", "a\nb"), "printed"),
        (("new", "--new", "--scope", "admin"), "on the staff"),
        (("\udcff", "--new"), "valid username"), (("\udcff",), "not UTF-8"),
        (("taken", "--name", "\udcff"), "printed"), (("taken", "--scope", "\udcff"), "no scope"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_explained_and_changes_nothing(arguments, words):
    User.objects.create_user("taken")
    done = run("create", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.output
    assert (User.objects.count(), Token.objects.count()) == (1, 0)


def test_without_a_database_it_ends_with_a_sentence(monkeypatch):
    def away(*_arguments, **_columns):
        raise OperationalError("no such table: auth_user")

    monkeypatch.setattr(User.objects, "filter", away)
    done = run("create", "anna")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "filemill migrate" in done.output


@pytest.mark.parametrize("arguments", [("list", "\udcff"), ("revoke", "\udcff")])
def test_a_name_that_is_no_text_ends_with_a_sentence(arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "not UTF-8" in done.output


def test_who_makes_a_token_for_a_service_that_heeds_none_is_told(configure):
    assert "heeds no tokens" in run("create", "anna", "--new").stderr
    configure(access="token")
    assert "heeds no tokens" not in run("create", "anna").stderr
