"""`filemill backup`: the database at one moment and the bytes of all its rows, while everything runs."""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.postgresql.client import DatabaseClient

from filemill.cli.copies import copy_sqlite
from filemill.cli.preflight import Trouble
from filemill.files import keep

HOLD_SECONDS = 3600
RENEW_SECONDS = 60
CLOCK_SLACK_SECONDS = 1  # a file's times come from a coarser clock than ours


def run_backup(target: Path) -> None:
    """Copy database, bytes and secrets into a new folder, which appears only once all are there."""
    target = target.absolute()
    if target.exists():
        raise Trouble(f"{target} exists already: name a folder that does not.")
    if target.resolve().is_relative_to(settings.DATA_DIR):
        raise Trouble(f"{target} is in the data folder: name one outside, best on another disk.")
    unfinished = _claim(target)
    try:
        with _deletions_held():
            count = _fill(unfinished)
        os.sync()
        unfinished.rename(target)
    except (OSError, DatabaseError, subprocess.CalledProcessError) as error:
        raise Trouble(f"There is no backup: {error}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    click.echo(f"The database and {count:,} stored files are in {target}.")


def run_hold(seconds: int) -> None:
    """Hold deletions back for whoever copies with tools of their own, and say until when; 0 ends it."""
    try:
        if not seconds:
            keep.end_hold()
            click.echo("Deletions free their space again; what was deleted in the meantime, the sweep removes in time.")
            return
        until = datetime.fromtimestamp(keep.hold(seconds), UTC)
    except OSError as error:
        raise Trouble(f"The storage did not answer: {error}.") from error
    click.echo(f"The bytes of deleted files stay until {until:%Y-%m-%d %H:%M:%S} UTC.")


def _claim(target: Path) -> Path:
    unfinished = target.with_name(f".{target.name}.part")
    try:
        unfinished.mkdir(mode=0o700)
    except FileExistsError as error:
        raise Trouble(
            f"{unfinished} is there: another backup to this name is under way, or one was killed. Wait for it, or "
            "remove that folder."
        ) from error
    except OSError as error:
        raise Trouble(f"There is no backup: {error}.") from error
    return unfinished


@contextlib.contextmanager
def _deletions_held() -> Iterator[None]:
    """Let no bytes go: those of the rows that the copy of the database has are there when their turn comes."""
    keep.hold(HOLD_SECONDS)
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        renewals = pool.submit(_renew_until, over)
        try:
            yield
        finally:
            over.set()
    renewals.result()


def _renew_until(over: threading.Event) -> None:
    is_over = False
    while not is_over:
        is_over = over.wait(RENEW_SECONDS)  # however long one file or the database takes
        if not keep.is_held():
            raise Trouble(
                "There is no backup: deletions were not held back all the time, as after a halt or `filemill hold 0`. "
                "Take it again."
            )
        keep.hold(HOLD_SECONDS)


def _fill(folder: Path) -> int:
    began = time.time() - CLOCK_SLACK_SECONDS
    marks = folder / "files" / "doubtful"
    marks.mkdir(parents=True)
    _copy_marks(marks)
    _copy_database(folder)
    count = 0
    for name in keep.names():
        with contextlib.suppress(FileNotFoundError):  # its row was gone before the hold
            _copy(name, folder / "files", began)
            count += 1
    _copy_marks(marks)
    if (secrets := settings.DATA_DIR / "secrets").is_dir():
        shutil.copytree(secrets, folder / "secrets")
    return count


def _copy_database(folder: Path) -> None:
    if connection.vendor == "sqlite":
        copy_sqlite(folder / "filemill.sqlite3")
        return
    if not shutil.which("pg_dump"):
        raise Trouble("pg_dump is not here, and without it there is no backup of PostgreSQL: see docs/backup.md.")
    (_, *arguments), secrets = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    options = ["--format=custom", "--no-owner", f"--file={folder / 'filemill.dump'}"]
    subprocess.run(["pg_dump", *options, *arguments], env={**os.environ, **(secrets or {})}, check=True)  # noqa: S603, S607  # the operator's own pg_dump


def _copy(name: str, files: Path, began: float) -> None:
    source, target = keep.root() / name, files / name
    came = source.stat().st_ctime
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    if came >= began:  # it may have come after the copy of the database: in the copy, the sweep settles that
        (files / "doubtful" / keep.mark_name(name)).touch()


def _copy_marks(marks: Path) -> None:
    for mark in (keep.root() / "doubtful").glob("*~*"):
        (marks / mark.name).touch()
