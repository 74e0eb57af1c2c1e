"""The private directories that jobs work in."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def workspace() -> Iterator[Path]:
    """Lend a new directory, which is removed with all that is in it at the end of the block."""
    settings.WORK_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=settings.WORK_DIR))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remove_left(age_seconds: float) -> None:
    """Remove directories that nothing was added to for so long: their workers were killed."""
    oldest = time.time() - age_seconds
    if not settings.WORK_DIR.is_dir():
        return
    for path in settings.WORK_DIR.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime <= oldest:
                shutil.rmtree(path, ignore_errors=True)
