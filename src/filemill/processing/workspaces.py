"""The private directories that jobs work in."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings

from filemill.sandbox.removal import remove

log = structlog.get_logger(__name__)


@contextmanager
def workspace() -> Iterator[Path]:
    """Lend a new directory, which is removed with all that is in it at the end of the block."""
    settings.WORK_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=settings.WORK_DIR))
    try:
        yield path
    finally:
        remove(path)


def remove_left(age_seconds: float) -> None:
    """Remove directories that nothing was added to for so long: their workers were killed."""
    oldest = time.time() - age_seconds
    for path in _left():
        with contextlib.suppress(FileNotFoundError):  # its job ended meanwhile
            if path.lstat().st_mtime <= oldest:
                remove(path)


def _left() -> list[Path]:
    try:
        with os.scandir(settings.WORK_DIR) as found:
            return [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []  # no job has run here yet
    except OSError as error:
        log.warning("workspaces not looked at", reason=str(error))
        return []
