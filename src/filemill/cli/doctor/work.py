"""What the sandbox's children left that nobody could remove."""

import contextlib
import time

from django.conf import settings

from filemill.cli.doctor.finding import Finding, Tally

# The sweep comes by each minute, where it is not kept from it.
SECONDS_TO_SWEEP = 600


def workspaces_are_removed() -> Finding:
    """Find workspaces that the sweep should have removed."""
    tally = Tally()
    oldest = time.time() - settings.FILEMILL.upload_expire_seconds - SECONDS_TO_SWEEP
    for path in settings.WORK_DIR.iterdir() if settings.WORK_DIR.exists() else ():
        tally.looked_at += 1
        with contextlib.suppress(FileNotFoundError):  # its job ended meanwhile
            if path.lstat().st_mtime <= oldest:
                tally.add(f"{settings.WORK_DIR.name}/{path.name}")
    return tally.finding(
        "{} workspaces, none of a job that is long over",
        "workspaces that stayed when their jobs were over",
        "The log of the workers says why (`workspace not removed`). Remove them by hand.",
    )
