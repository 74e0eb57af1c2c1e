"""Copies of the embedded database: for a backup, and before a migration changes it."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from filemill.cli.preflight import Trouble

KEPT = 3


def copy_sqlite(target: Path) -> None:
    """Write the database as it is at one moment into a new file, while others use it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])
    with target.open("rb") as file:
        os.fsync(file.fileno())  # SQLite syncs every database but this one


def copy_before_migration() -> None:
    """Keep a copy of an embedded database that a migration is about to change; raise Trouble where it has no room."""
    if connection.vendor != "sqlite" or not _is_about_to_change():
        return
    folder: Path = settings.DATA_DIR / "copies"
    folder.mkdir(mode=0o700, exist_ok=True)
    _check_room(folder)
    target = folder / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.sqlite3"
    unfinished = target.with_suffix(".part")
    try:
        copy_sqlite(unfinished)
        unfinished.rename(target)
    except (OSError, DatabaseError) as error:
        unfinished.unlink(missing_ok=True)
        raise Trouble(
            f"The database could not be copied before its migration ({error}). Nothing was changed."
        ) from error
    for old in sorted(folder.glob("before-migration-*.sqlite3"))[:-KEPT]:
        old.unlink()
    click.echo(f"The database is brought up to date; as it was it is kept in {target}")


def _is_about_to_change() -> bool:
    executor = MigrationExecutor(connection)
    is_new = not executor.loader.applied_migrations
    return not is_new and bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _check_room(folder: Path) -> None:
    with connection.cursor() as cursor:
        size = cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    free, reserve = shutil.disk_usage(folder).free, settings.FILEMILL.disk_reserve_bytes
    if free - size < reserve:
        raise Trouble(
            f"The database has to be copied before its migration, which takes {size:,} bytes, but {folder} has only "
            f"{free:,} free, of which {reserve:,} are the reserve. Make room, then start again. Nothing was changed."
        )
