import dataclasses
import os
import stat
import subprocess
import sys

import pytest

from filemill.config import env
from filemill.config.env import Configuration
from filemill.config.variables import BadSetting

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for field in dataclasses.fields(Configuration):
        monkeypatch.delenv(field.metadata["name"], raising=False)


def test_without_variables_everything_has_its_default():
    assert env.read() == Configuration()


WRONG = [
    ("FILEMILL_BIND", "localhost"),
    ("FILEMILL_BIND", "1.2.3"),
    ("FILEMILL_PORT", "http"),
    ("FILEMILL_PORT", "0"),
    ("FILEMILL_PORT", "65536"),
    ("FILEMILL_PUBLISHED_ON_LOOPBACK", "maybe"),
    ("FILEMILL_ACCESS", "opne"),
    ("FILEMILL_DEBUG", "2"),
    ("FILEMILL_LOG_FORMAT", "xml"),
    ("DATABASE_URL", "mysql://x/y"),
    ("DATABASE_URL", "data.sqlite3"),
    ("DATABASE_PASSWORD_FILE", "/nothing/here"),
    ("CELERY_BROKER_URL", "localhost:6379"),
    ("CELERY_BROKER_URL", "sqs://x"),
    ("FILEMILL_WEB_THREADS", "0"),
    ("FILEMILL_QUOTA_BYTES", str(2**63)),
    ("FILEMILL_QUOTA_FILES", str(2**63)),
    ("FILEMILL_MAX_WAITERS", "-1"),
    ("FILEMILL_MAX_WAIT_SECONDS", "inf"),
    ("FILEMILL_MAX_WAIT_SECONDS", "nan"),
    ("FILEMILL_WORKER_THREADS", "two"),
    ("FILEMILL_MAX_UPLOAD_BYTES", "20G"),
    ("FILEMILL_MAX_UPLOAD_BYTES", "0"),
    ("FILEMILL_DISK_RESERVE_BYTES", "-1"),
    ("FILEMILL_MAX_ATTEMPTS", "0"),
    ("FILEMILL_LEASE_SECONDS", "nan"),
    ("FILEMILL_LEASE_SECONDS", "5"),
    ("FILEMILL_RENEW_SECONDS", "30"),
    ("FILEMILL_SWEEP_SECONDS", "0.5"),
    ("FILEMILL_ACCEPTED_TYPES", "image"),
    ("FILEMILL_ACCEPTED_TYPES", "Image/*"),
    ("FILEMILL_ACCEPTED_TYPES", "image/png, */*"),
    ("FILEMILL_CORS_ORIGINS", "*"),
    ("FILEMILL_CORS_ORIGINS", "null"),
    ("FILEMILL_CORS_ORIGINS", "app.example"),
    ("FILEMILL_CORS_ORIGINS", "https://app.example/"),
    ("FILEMILL_CORS_ORIGINS", "https://app.example:443"),
    ("FILEMILL_CORS_ORIGINS", "https://app.example:99999"),
    ("FILEMILL_CORS_ORIGINS", "https://*.app.example"),
    ("FILEMILL_CORS_ORIGINS", "https://App.example"),
    ("FILEMILL_CORS_ORIGINS", "https://a.example, file://b"),
    ("FILEMILL_BACKOFF_SECONDS", "-0.1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_told_with_its_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as told:
        env.read()
    assert name in str(told.value)
    assert value in str(told.value)


def test_a_wrong_value_is_told_in_sentences(monkeypatch):
    monkeypatch.setenv("FILEMILL_PORT", "abc")
    with pytest.raises(BadSetting) as told:
        env.read()
    assert str(told.value) == (
        "FILEMILL_PORT='abc' cannot be used: Not a valid integer. What it sets: port that the web server listens on."
    )


def test_a_wrong_address_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://me:secret@host/name")
    with pytest.raises(BadSetting, match=r"mysql://\*\*\*@host/name") as told:
        env.read()
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("FILEMILL_HOSTS", "a.example, b.example ,", "hosts", ["a.example", "b.example"]),
        (
            "FILEMILL_CORS_ORIGINS",
            "https://a.example,http://[::1]:3000",
            "cors_origins",
            ["https://a.example", "http://[::1]:3000"],
        ),
        ("FILEMILL_PORT", "", "port", 8000),
        ("FILEMILL_DATA_DIR", "", "data_dir", Configuration().data_dir),
        ("FILEMILL_ACCESS", " ", "access", "open"),
        ("FILEMILL_BIND", "::1", "bind", "::1"),
        ("FILEMILL_PUBLISHED_ON_LOOPBACK", "yes", "published_on_loopback", True),
        ("CELERY_BROKER_URL", "amqp://guest@host//", "broker_url", "amqp://guest@host//"),
        ("FILEMILL_MAX_WAITERS", "0", "max_waiters", 0),
    ],
)
def test_a_right_value_is_taken(monkeypatch, name, value, field, expected):
    monkeypatch.setenv(name, value)
    assert getattr(env.read(), field) == expected


def test_a_wrong_value_stops_the_start_in_one_line(tmp_path):
    environment = {**os.environ, "FILEMILL_DATA_DIR": str(tmp_path / "data"), "FILEMILL_PORT": "eighty"}
    for command in (["-m", "filemill.cli.main", "web"], ["-c", "import django; django.setup()"]):
        environment["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
        ended = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120)
        assert ended.returncode != 0
        assert "FILEMILL_PORT='eighty'" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_service_open_to_others_does_not_start(tmp_path):
    environment = {**os.environ, "FILEMILL_DATA_DIR": str(tmp_path / "data"), "FILEMILL_BIND": "0.0.0.0",
                   "FILEMILL_PORT": "28999"}  # fmt: skip
    command = [sys.executable, "-m", "filemill.cli.main", "web"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0
    assert "FILEMILL_BIND=0.0.0.0" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_secret_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "secrets" / "django"
    first = env.secret(path)
    assert len(first) >= 50
    assert env.secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path):
    path = tmp_path / "secrets" / "django"
    program = f"from pathlib import Path; from filemill.config.env import secret; print(secret(Path({str(path)!r})))"
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=120)[0] for process in running}) == 1
