"""The processes that Filemill consists of, each runnable alone."""

import ctypes
import fcntl
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import django
from celery.exceptions import SecurityWarning
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection

from filemill.cli.copies import copy_before_migration
from filemill.cli.preflight import Trouble

HEADER_TIMEOUT_MS = 15_000
MOST_PROCESSES = 4
STOP_SECONDS = 20  # that a web process has for what it answers; a client that fetches slowly never ends
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOST_ADMINISTRATORS = 20
PR_SET_PDEATHSIG = 1


def run_web() -> None:
    """Serve HTTP until a signal comes."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    chosen = settings.FILEMILL
    # A fork inherits what granian does with signals, and until it has its own would let a stop pass by unheard.
    os.register_at_fork(before=hold_stops, after_in_parent=let_stops, after_in_child=end_at_stops)
    Granian(
        "filemill.config.wsgi:application",
        address=chosen.bind,
        port=chosen.port,
        interface=Interfaces.WSGI,
        workers=chosen.web_processes or _processes_enough(),
        blocking_threads=chosen.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_enabled=False,
        websockets=False,
    ).serve(target_loader=_load_application, wrap_loader=False)


def hold_stops() -> None:
    """Let signals to stop wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def let_stops() -> None:
    """Let signals to stop come, and those that waited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def end_at_stops() -> None:
    """Let signals to stop come, and end this process, whatever its parent does with them."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    let_stops()


def _processes_enough() -> int:
    # Python lets one thread of a process compute at a time. SQLite has one writer whom all wait for.
    return 1 if connection.vendor == "sqlite" else min(os.cpu_count() or 1, MOST_PROCESSES)


def _load_application() -> Any:  # noqa: ANN401  # a WSGI application
    # This runs in granian's own child, which would serve on, unseen, if its parent were killed.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)  # a terminal's Ctrl-C is the parent's to hear: of two stops at a time granian may lose both
    from filemill.cli.watchdog import guard
    from filemill.config.wsgi import application

    return guard(application)


def run_worker(queues: str = "") -> None:
    """Work on the jobs of some queues, or of all, until a signal comes; what runs then is finished first."""
    from filemill.config.celery import app

    warnings.simplefilter("ignore", SecurityWarning)  # of root; our messages carry nothing, and files meet the sandbox
    sys.__stdout__ = None  # type: ignore[misc]  # where Celery's handler of signals writes, past all logging
    with among_workers():
        without = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.start(["--quiet", "worker", "--loglevel=WARNING", f"--queues={_known(queues)}", *without])


def _known(queues: str) -> str:
    """Return names of queues as Celery wants them, all where none is named; raise Trouble for one that there is not."""
    from filemill.processing.ring import NAMES

    named = [name.strip() for name in queues.split(",") if name.strip()] or list(NAMES.values())
    for name in named:
        if name not in NAMES.values():
            raise Trouble(f"There is no queue `{name}`; there are: {', '.join(NAMES.values())}.")
    return ",".join(named)


@contextmanager
def among_workers() -> Iterator[None]:
    """Hold a place among the workers of a data folder; the only one takes back at once what its dead predecessor held.

    Where a server brings workers of several machines together, none knows that it is the only one.
    """
    if not settings.EMBEDDED or connection.vendor != "sqlite":
        yield
        return
    from filemill.processing.sweep import release_all

    with (settings.DATA_DIR / "worker.lock").open("w") as lock:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            release_all()
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def run_beat() -> None:
    """Send what is scheduled until a signal comes."""
    from filemill.config.celery import app

    app.start(["--quiet", "beat", "--loglevel=WARNING", "--pidfile="])


def migrate() -> None:
    """Bring the database up to date; of an embedded one a copy is kept first."""
    copy_before_migration()
    call_command("migrate", verbosity=0, interactive=False)


def refuse_first_password() -> None:
    """Raise Trouble where a service that is not open has an administrator with a password that everybody knows."""
    names = [] if settings.FILEMILL.access == "open" else with_first_password()
    if names:
        raise Trouble(
            f"The password of {', '.join(names)} is still `admin`, and FILEMILL_ACCESS is not open. Change it: "
            f"filemill manage changepassword {names[0]}"
        )


def refuse_empty_database() -> None:
    """Raise Trouble where the database was never migrated; one that is not there is not made by looking."""
    from filemill.files.models import File

    name = connection.settings_dict["NAME"]
    is_there = connection.vendor != "sqlite" or Path(name).exists()
    try:
        if is_there and File._meta.db_table in connection.introspection.table_names():
            return
    except (DatabaseError, InterfaceError):
        return  # who looks at it says that it does not answer
    raise Trouble(
        f"There is no Filemill in the database {name}: see that FILEMILL_DATA_DIR and DATABASE_URL are those of the "
        "service."
    )


def with_first_password() -> list[str]:
    """Return the administrators whose password is `admin`, as `csu` makes them in the open configuration."""
    users = get_user_model().objects.filter(is_active=True, is_superuser=True).order_by("pk")[:MOST_ADMINISTRATORS]
    return [user.get_username() for user in users if check_password("admin", user.password)]


def set_up() -> None:
    """Load Django; raise Trouble where a system check finds an error."""
    django.setup()
    errors = [found for found in run_checks() if found.is_serious()]
    if errors:
        raise Trouble(" ".join(f"{found.msg} {found.hint or ''}".strip() for found in errors))
