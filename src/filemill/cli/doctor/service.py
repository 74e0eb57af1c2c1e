"""What has to run: a migrated database, a broker, a worker, beat; and who may sign in."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from filemill.cli.doctor.finding import Finding, State, breach, ok
from filemill.cli.services import with_first_password
from filemill.config.celery import SWEEP_TASK, app
from filemill.core.ids import new_id
from filemill.files import keep
from filemill.files.models import File
from filemill.processing import ring
from filemill.processing.queues import Queue

WORKER_PATIENCE_SECONDS = 10
ASK_AGAIN_SECONDS = 2
LOOK_SECONDS = 0.05


def migrations_are_applied() -> Finding:
    """Compare the database with the migrations of this version."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:3])
        return breach(f"{len(pending)} migrations are not applied ({names})", "Run `filemill migrate`.")
    newer = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations or {})
    ours = sorted(f"{app_label}.{name}" for app_label, name in newer if app_label in {"files", "processing"})
    if ours:
        return breach(
            f"the database was made by a newer version ({', '.join(ours)})",
            "Install that version again, or restore the copy from before the upgrade.",
        )
    return ok(f"{connection.vendor}, up to date")


def database_takes_files() -> Finding:
    """Read an embedded database through for damage; write a file's row, and take it back."""
    try:
        damage = _damage() if connection.vendor == "sqlite" else None
        if damage is None:
            _write_a_row()
            return ok("whole, and takes files")
    except DatabaseError as error:
        if isinstance(error, OperationalError):  # it does not answer, which says nothing about what it holds
            raise
        damage = str(error)
    return breach(
        f"it takes no files: {' '.join(damage.split())}",
        "If it is damaged, stop the service, keep the data folder as it is, and restore a backup elsewhere: see "
        "docs/backup.md.",
    )


def broker_answers() -> Finding:
    """Ask the broker how many bells of each queue wait."""
    try:
        with ring.connect() as broker:
            bells = {queue: ring.queued(broker, queue) for queue in Queue}
    except Exception as error:  # noqa: BLE001  # each transport has errors of its own; any of them means the same here
        return breach(
            f"it does not answer: {error}",
            "Start it, or correct CELERY_BROKER_URL. Meanwhile uploads are safe and wait.",
        )
    return ok("it answers; bells wait: " + ", ".join(f"{count} {queue}" for queue, count in bells.items()))


def worker_sweeps() -> Finding:
    """Leave an old unfinished upload, ask for a sweep, and see whether a worker removes it."""
    probe = keep.leave_stale()
    try:
        until = time.monotonic() + WORKER_PATIENCE_SECONDS
        while probe.exists() and time.monotonic() < until:
            _ask_for_a_sweep()
            _wait_while(probe.exists, min(until, time.monotonic() + ASK_AGAIN_SECONDS))
        if not probe.exists():
            return ok("it sweeps when asked, in this storage")
    except Exception as error:  # noqa: BLE001  # as in broker_answers
        return Finding(State.UNKNOWN, f"it could not be asked: {error}", "Look at the broker first.")
    finally:
        probe.unlink(missing_ok=True)
    return breach(
        f"no sweep came within {WORKER_PATIENCE_SECONDS} s of asking",
        "Start `filemill worker`, or `filemill serve`. If one runs, see that it has this broker, this database and "
        "this data folder.",
    )


def beat_asks() -> Finding:
    """Leave an old unfinished upload and see whether it is swept without our asking."""
    patience = 2 * settings.FILEMILL.sweep_seconds + 5
    probe = keep.leave_stale()
    try:
        _wait_while(probe.exists, time.monotonic() + patience)
        if not probe.exists():
            return ok("a sweep came without asking")
    finally:
        probe.unlink(missing_ok=True)
    return breach(
        f"no sweep came within {patience} s",
        "If the worker is well, start `filemill beat`; `filemill serve` runs both.",
    )


def nobody_has_the_first_password() -> Finding:
    """Find administrators who still have the password that only the open configuration may give them."""
    names = with_first_password() if settings.FILEMILL.access != "open" else []
    if not names:
        return ok("no administrator has a password that everybody knows")
    return breach(
        f"the password of {', '.join(names)} is still `admin`",
        f"Change it: `filemill manage changepassword {names[0]}`.",
    )


def _damage() -> str | None:
    with connection.cursor() as cursor:
        told = str(cursor.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if told == "ok" else told


def _write_a_row() -> None:
    with transaction.atomic():
        name = keep.original_name(new_id())
        File.objects.create(file=name, name="filemill doctor", size=0, sha256="0" * 64)
        transaction.set_rollback(True)


def _ask_for_a_sweep() -> None:
    with ring.connect() as broker:
        app.send_task(SWEEP_TASK, connection=broker, retry=False, expires=WORKER_PATIENCE_SECONDS, ignore_result=True)


def _wait_while(still: Callable[[], bool], until: float) -> None:
    while still() and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
