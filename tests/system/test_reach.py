"""Under which addresses and through which proxies Filemill is reached, and whether its children hear a stop."""

import errno
import os
import subprocess
import sys

import pytest
from django.test import Client
from services.ports import free_port
from system.test_serve import run, sentence_of

CHILDREN = """
import signal, time
from filemill.cli import services, supervisor
services.set_up()
supervisor.SERVICES = {"web": lambda: time.sleep(60)}
parent = supervisor.Supervisor()
for number in services.STOP_SIGNALS:
    signal.signal(number, parent._stop)
for _ in range(5):
    parent._start("web")
    child = parent._children["web"]
    child.terminate()
    child.join(5)
    print(child.exitcode)
    child.kill()
"""
SETTINGS = """
import django
django.setup()
from django.conf import settings
print(settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS)
"""


def said_by(program: str, tmp_path, **environment: str) -> str:
    environment = {**os.environ, "FILEMILL_DATA_DIR": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=True
    ).stdout


def test_a_child_hears_a_stop_that_comes_the_moment_it_is_born(tmp_path):
    assert said_by(CHILDREN, tmp_path).split() == ["-15"] * 5


def test_the_service_says_that_it_is_ready_whatever_proxy_the_environment_names(make_service):
    nowhere = "http://127.0.0.1:9"
    service = make_service(http_proxy=nowhere, HTTP_PROXY=nowhere, FILEMILL_BIND="127.0.0.5").start()

    assert f"http://127.0.0.5:{service.port}" in service.said()


def test_the_address_that_it_binds_and_the_names_that_it_has_are_its_own(tmp_path):
    said = said_by(
        SETTINGS, tmp_path, FILEMILL_BIND="fd00::1", FILEMILL_ACCESS="token", FILEMILL_HOSTS="a.example,.b.example"
    )

    assert "'[fd00::1]'" in said
    assert "['https://a.example', 'https://*.b.example']" in said


def test_one_can_sign_in_behind_a_proxy_that_ends_tls(db, settings):
    settings.ALLOWED_HOSTS = ["files.example"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://files.example"]
    browser = Client(enforce_csrf_checks=True, headers={"host": "files.example", "origin": "https://files.example"})
    token = browser.get("/admin/login/").context["csrf_token"]

    form = {"username": "nobody", "password": "wrong", "csrfmiddlewaretoken": str(token)}

    assert browser.post("/admin/login/", form).status_code == 200


def test_a_full_disk_is_reported_and_does_not_break_the_report(transactional_db, client, monkeypatch):
    real = os.open

    def full(path, *rest, **options):
        if str(path).endswith(".part"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", full)
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["storage"], answer.json()["status"]) == (200, "full", "degraded")


def test_behind_tls_cookies_are_for_https_alone_and_the_proxy_names_the_scheme(tmp_path):
    program = SETTINGS.replace(
        "settings.ALLOWED_HOSTS", "settings.SECURE_PROXY_SSL_HEADER, settings.SESSION_COOKIE_SECURE"
    )

    assert "('HTTP_X_FORWARDED_PROTO', 'https') True" in said_by(program, tmp_path, FILEMILL_BEHIND_TLS="yes")
    assert "None False" in said_by(program, tmp_path)


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_service_that_is_not_open_does_not_start_with_the_first_password(apart, tmp_path, command):
    environment = {"FILEMILL_DATA_DIR": str(tmp_path / "data"), **apart(tmp_path / "data")}
    assert "the password admin" in run("manage", "csu", **environment).stdout

    failed = run(command, **environment, FILEMILL_ACCESS="token", FILEMILL_PORT=str(free_port()))

    assert "filemill manage changepassword admin" in sentence_of(failed)
