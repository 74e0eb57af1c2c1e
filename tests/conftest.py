"""Fixtures for all tests; FILEMILL_TEST_STACK=production runs them on a PostgreSQL and a Redis started here."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import pytest
import services

_stack = ExitStack()
_home = Path(tempfile.mkdtemp(prefix="filemill-tests-"))
atexit.register(shutil.rmtree, _home, ignore_errors=True)
atexit.register(_stack.close)

for name in [name for name in os.environ if name.startswith("FILEMILL_") and name != "FILEMILL_TEST_STACK"]:
    del os.environ[name]
os.environ["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
os.environ["FILEMILL_DATA_DIR"] = str(_home / "data")
os.environ["FILEMILL_DISK_RESERVE_BYTES"] = "0"
PRODUCTION = os.environ.get("FILEMILL_TEST_STACK") == "production"
if PRODUCTION:
    DATABASE = _stack.enter_context(services.postgres())
    os.environ["DATABASE_URL"] = DATABASE.url
    BROKER = _stack.enter_context(services.redis())
    os.environ["CELERY_BROKER_URL"] = BROKER.url
    collect_ignore = ["system/test_upgrade.py"]  # only the embedded database is copied before a migration
else:
    collect_ignore = ["system/test_broker.py"]  # the embedded broker is a folder: it does not go down

django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each worker of pytest-xdist come here first: with this inherited it would load the settings of another."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Keep the test database in a file: several threads and processes use it."""
    from django.conf import settings

    if not PRODUCTION:
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(_home / "test.sqlite3")


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Any) -> Path:
    """Give each test a storage of its own."""
    root = tmp_path / "files"
    options = {**settings.STORAGES["default"]["OPTIONS"], "location": root}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    settings.WORK_DIR = tmp_path / "work"
    return root


@pytest.fixture
def broker() -> services.Redis:
    """Lend the Redis of this run."""
    return BROKER


@pytest.fixture
def apart() -> Callable[[], dict[str, str]]:
    """Make the environment of a service that shares neither database nor broker with any other: apart()."""
    numbers = iter(range(1, 16))

    def environment() -> dict[str, str]:
        if not PRODUCTION:
            return {}
        broker = f"{BROKER.url.removesuffix('/0')}/{next(numbers)}"
        return {"DATABASE_URL": DATABASE.new_database(), "CELERY_BROKER_URL": broker}

    return environment


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Change Filemill's configuration for one test: configure(max_attempts=2)."""
    from dataclasses import replace

    def change(**changes: Any) -> None:
        settings.FILEMILL = replace(settings.FILEMILL, **changes)

    return change


@pytest.fixture
def upload(client: Any, transactional_db: None) -> Callable[..., dict[str, Any]]:
    """Upload bytes and return the file as JSON: upload(b"...", "a.txt")."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    def send(content: bytes, name: str = "a.txt", media_type: str = "text/plain", **fields: Any) -> dict[str, Any]:
        part = SimpleUploadedFile(name, content, media_type)
        response = client.post("/upload/", {"file": part, **fields})
        assert response.status_code == 201, response.content
        answer: dict[str, Any] = response.json()
        return answer

    return send


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[None]:
    from filemill.processing.tasks import sandbox

    yield
    sandbox.close()


@pytest.fixture
def work(transactional_db: None, _sandbox: None) -> Callable[[], None]:
    """Do all the work that is due, in this process: work()."""
    from filemill.processing.claim import work_is_due
    from filemill.processing.tasks import drain

    def run() -> None:
        while work_is_due():
            drain()

    return run


@pytest.fixture
def kept(storage: Path) -> Callable[[], list[str]]:
    """List all files under the storage, by their storage names: kept()."""

    def names() -> list[str]:
        return sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())

    return names
