"""Fixtures for all tests; FILEMILL_TEST_STACK chooses on which database and broker they run (see STACKS)."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import pytest
import services
from chromium import browser
from spared import spared

__all__ = ["browser", "spared"]

# A script's background job ignores Ctrl-C, and so would all programs that tests start and stop by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_stack = ExitStack()
_home = Path(tempfile.mkdtemp(prefix="filemill-tests-"))
atexit.register(shutil.rmtree, _home, ignore_errors=True)
atexit.register(_stack.close)

for name in [name for name in os.environ if name.startswith("FILEMILL_") and not name.startswith("FILEMILL_TEST_")]:
    del os.environ[name]
os.environ["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
os.environ["FILEMILL_DATA_DIR"] = str(_home / "data")
os.environ["FILEMILL_DISK_RESERVE_BYTES"] = "0"

# The embedded stack, SQLite and a folder, needs no server.
STACKS: dict[str, Any] = {"embedded": None, "production": services.redis, "rabbitmq": services.rabbitmq}
_start_broker = STACKS[os.environ.get("FILEMILL_TEST_STACK") or "embedded"]
# Who only hands tests out to workers, each of which has its own servers, needs none.
_hands_out = "-n" in sys.argv and "PYTEST_XDIST_WORKER" not in os.environ
if _start_broker and not _hands_out:
    DATABASE = _stack.enter_context(services.postgres())
    os.environ["DATABASE_URL"] = DATABASE.url
    BROKER = _stack.enter_context(_start_broker())
    os.environ["CELERY_BROKER_URL"] = BROKER.url
    collect_ignore = ["system/test_upgrade.py"]  # only the embedded database is copied before a migration
elif not _start_broker:
    collect_ignore = ["system/test_broker.py"]  # the embedded broker is a folder: it does not go down

django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each worker of pytest-xdist come here first: with this inherited it would load the settings of another."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what knows neither database nor broker to the embedded stack's pass."""
    again = [item for item in items if _start_broker and item.get_closest_marker("once")]
    if again:
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


_MEASURES = "COVERAGE_PROCESS_CONFIG"  # what has coverage measure a process, and all that it starts


@pytest.fixture(scope="session", autouse=True)
def coverage_of_processes() -> str | None:
    """Leave the processes that tests start unmeasured: each of thousands of sandbox children would write a file."""
    return os.environ.pop(_MEASURES, None)


@pytest.fixture(scope="module")
def measured(coverage_of_processes: str | None) -> Iterator[None]:
    """Measure the processes that these tests start."""
    with pytest.MonkeyPatch.context() as patch:
        if coverage_of_processes:
            patch.setenv(_MEASURES, coverage_of_processes)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Keep the test database in a file: several threads and processes use it; no test cuts the power."""
    from django.conf import settings

    if not _start_broker:
        database = settings.DATABASES["default"]
        database.setdefault("TEST", {})["NAME"] = str(_home / "test.sqlite3")
        database["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the processes that this test starts unmeasured, in a module whose other tests' are measured."""
    monkeypatch.delenv(_MEASURES, raising=False)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> str:
    """Copy the test database as it was migrated; return the copy's name, or its path."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        if "files_file" not in connection.introspection.table_names():  # none of the tests that run uses it
            call_command("migrate", verbosity=0)
        if _start_broker:
            connection.close()  # PostgreSQL copies only what nobody uses
            return urlsplit(DATABASE.new_database(connection.settings_dict["NAME"])).path[1:]
        copy = str(_home / "migrated.sqlite3")
        connection.cursor().execute("VACUUM INTO %s", [copy])
        return copy


@pytest.fixture(scope="session")
def migrated(django_db_setup: str) -> Callable[[Path], dict[str, str]]:
    """Make a migrated database for a service with this data folder; return what its environment needs: migrated(data).

    To migrate takes a service longer than most of what is then tested with it.
    """

    def make(data: Path) -> dict[str, str]:
        if _start_broker:
            return {"DATABASE_URL": DATABASE.new_database(django_db_setup)}
        data.mkdir(mode=0o700, parents=True)
        shutil.copyfile(django_db_setup, data / "filemill.sqlite3")
        (data / "filemill.sqlite3").chmod(0o600)
        return {}

    return make


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Any) -> Path:
    """Give each test a storage of its own."""
    _store_in(tmp_path / "files", settings)
    settings.WORK_DIR = tmp_path / "work"
    return tmp_path / "files"


def _store_in(root: Path, settings: Any) -> None:
    options = {**settings.STORAGES["default"]["OPTIONS"], "location": root}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}

    from filemill.files import keep

    keep.prepare()


@pytest.fixture
def small_disk(tmp_path: Path, storage: Path, settings: Any) -> Iterator[Path]:
    """Keep the storage on a file system of its own, of 2 MiB and 40 entries; return the file system's root."""
    with services.small_disk(tmp_path / "small", "size=2m,nr_inodes=40") as root:
        _store_in(root, settings)
        yield root


@pytest.fixture
def broker() -> services.Redis | services.RabbitMQ:
    """Lend the broker of this run."""
    return BROKER


def _apart(migrated: Callable[[Path], dict[str, str]]) -> Iterator[Callable[..., dict[str, str]]]:
    """Make the environment of a service that shares neither database nor broker with any other.

    apart(data folder), or apart(data folder, empty=True) for one whose database is not even migrated.
    """

    def environment(data: Path, *, empty: bool = False) -> dict[str, str]:
        if not _start_broker:
            return {} if empty else migrated(data)
        database = {"DATABASE_URL": DATABASE.new_database()} if empty else migrated(data)
        return database | {"CELERY_BROKER_URL": own.enter_context(_start_broker()).url}

    with ExitStack() as own:
        yield environment


apart = pytest.fixture(_apart)
apart_for_a_module = pytest.fixture(_apart, scope="module")


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change Filemill's configuration for one test: configure(max_attempts=2)."""
    from dataclasses import replace

    from django.conf import settings

    def change(**changes: Any) -> None:
        # While Django overrides a setting there is none of any for a moment, and the thread that rings asks for one.
        fresh = replace(settings.FILEMILL, **changes)
        monkeypatch.setattr(settings._wrapped, "FILEMILL", fresh)
        monkeypatch.setitem(settings.__dict__, "FILEMILL", fresh)

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


@pytest.fixture
def closed(configure: Callable[..., None], transactional_db: None) -> None:
    """Let nobody in who does not say who it is."""
    configure(access="token")


@pytest.fixture
def bearer(transactional_db: None, django_user_model: Any) -> Callable[..., dict[str, str]]:
    """Make a token of a user, who is made if need be; return the header that shows it: bearer("anna", "read")."""
    from filemill.accounts import tokens

    def header(name: str, *scopes: str, is_staff: bool = False, **columns: Any) -> dict[str, str]:
        owner, _ = django_user_model.objects.get_or_create(username=name, defaults={"is_staff": is_staff})
        token, secret = tokens.issue(owner, "for a test", scopes or ("read", "write"), None, "a test")
        if columns:
            type(token).objects.filter(pk=token.pk).update(**columns)
        return {"Authorization": f"Bearer {secret}"}

    return header


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[None]:
    from filemill.processing.tasks import sandbox

    yield
    sandbox.close()


@pytest.fixture
def work(transactional_db: None, _sandbox: None) -> Callable[[], None]:
    """Do all the work that is due, in this process: work()."""
    from filemill.processing.claim import work_is_due
    from filemill.processing.queues import Queue
    from filemill.processing.tasks import drain, drain_heavy

    def run() -> None:
        while any(work_is_due(queue) for queue in Queue):
            drain()
            drain_heavy()

    return run


@pytest.fixture
def kept(storage: Path) -> Callable[[], list[str]]:
    """List all files under the storage, by their storage names: kept()."""

    def names() -> list[str]:
        return sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())

    return names
