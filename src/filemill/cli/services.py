"""The processes that Filemill consists of, each runnable alone."""

import os

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command

from filemill.cli.preflight import Trouble

SUPERVISED = "FILEMILL_SUPERVISED"
HEADER_TIMEOUT_MS = 15_000


def run_web() -> None:
    """Serve HTTP until a signal comes."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    _set_up()
    chosen = settings.FILEMILL
    Granian(
        "filemill.config.wsgi:application",
        address=chosen.bind,
        port=chosen.port,
        interface=Interfaces.WSGI,
        blocking_threads=chosen.web_threads,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_enabled=False,
        websockets=False,
    ).serve()


def run_worker() -> None:
    """Work on jobs until a signal comes; what runs then is finished first."""
    from filemill.config.celery import app

    _set_up()
    if settings.EMBEDDED and os.environ.get(SUPERVISED):
        from filemill.processing.sweep import release_all

        release_all()  # the supervisor starts one worker at a time, so whoever held these is dead
    app.worker_main(["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"])


def run_beat() -> None:
    """Send what is scheduled until a signal comes."""
    from filemill.config.celery import app

    _set_up()
    app.start(["beat", "--loglevel=WARNING", "--pidfile="])


def run_migrations() -> None:
    """Bring the database up to date."""
    _set_up()
    call_command("migrate", verbosity=0, interactive=False)


def _set_up() -> None:
    django.setup()
    errors = [found for found in run_checks() if found.is_serious()]
    if errors:
        raise Trouble(" ".join(f"{found.msg} {found.hint or ''}".strip() for found in errors))
