"""What the machine grants: limits, disk space, clocks that agree, folders that nobody else reads."""

import os
import resource
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models.functions import Now

from filemill.cli.doctor.finding import Finding, Tally, breach, ok
from filemill.config.checks import data_in_reach
from filemill.files import keep
from filemill.processors.registry import processors
from filemill.sandbox import probe
from filemill.sandbox.walls import complaint

#: A request or job has a socket or two, a file, its folder, and two for SQLite; the rest is for the program itself.
FILES_PER_THREAD, FILES_BESIDES = 6, 64
TOLERATED_SECONDS = 5
GROUP_AND_OTHERS = 0o077


def limits_are_granted() -> Finding:
    """Compare the doctor's own limits, which a service started from here has too, with what the settings ask for."""
    short = [
        f"{name} is {granted:,} where {needed:,} are needed"
        for name, kind, needed in _needed()
        if (granted := resource.getrlimit(kind)[0]) != resource.RLIM_INFINITY and granted < needed
    ]
    if short:
        return breach(
            f"for what is started from here, {'; '.join(short)}",
            "Raise it with `ulimit`, LimitNOFILE= and the like in a systemd unit, or `ulimits:` in a compose file; or "
            "set fewer threads or a smaller FILEMILL_MAX_UPLOAD_BYTES. What a service started elsewhere may do is in "
            "/proc/PID/limits.",
        )
    return ok("what is started from here may open, write and map as much as the settings ask for")


def the_sandbox_has_its_walls() -> Finding:
    """Ask the kernel for each wall of the sandbox, and whether one is around the data."""
    if lacks := complaint(probe.walls()):
        return breach(
            lacks.removesuffix("."), "Allow it: docs/operations.md says how. Until then run no hostile files."
        )
    if reached := data_in_reach():
        return breach(reached.removesuffix("."), "Put it elsewhere: FILEMILL_DATA_DIR says where the data lies.")
    return ok(f"it has {', '.join(wall.name for wall in probe.walls() if wall.on)}")


def there_is_room() -> Finding:
    """Compare the free space of the storage with the reserve."""
    free, reserve = shutil.disk_usage(keep.root()).free, settings.FILEMILL.disk_reserve_bytes
    entries = os.statvfs(keep.root())
    if free < reserve:
        return breach(
            f"{free:,} bytes are free, less than the reserve of {reserve:,}, so uploads are refused{_hold()}",
            "Make room, delete files through the API or the admin, or lower FILEMILL_DISK_RESERVE_BYTES.",
        )
    if entries.f_files and not entries.f_favail:
        return breach("the file system has no room for another name", "Delete files, or give it more inodes.")
    return ok(f"{free:,} bytes are free, {reserve:,} are kept in reserve{_hold()}")


def clocks_agree() -> Finding:
    """Compare this machine's clock with the database's and the storage's."""
    apart = {"the database": _database_ahead(), "the storage": _storage_ahead()}
    words = ", ".join(f"{name}'s by {seconds:+.1f} s" for name, seconds in apart.items())
    if any(abs(seconds) > TOLERATED_SECONDS for seconds in apart.values()):
        return breach(
            f"the clocks differ from this machine's: {words}",
            "Let all machines follow one time server (NTP): by its clock the sweep judges what is old.",
        )
    return ok(f"they differ from this machine's: {words}")


def folders_are_private(*, fix: bool) -> Finding:
    """Find folders that are not 0700 and files that are not 0600; to mend is to make them so."""
    tally = Tally()
    for path in _own_paths(settings.DATA_DIR):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue  # somebody was done with it meanwhile
        tally.looked_at += 1
        if mode & GROUP_AND_OTHERS and (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            tally.add(f"{path.relative_to(settings.DATA_DIR.parent)} {stat.S_IMODE(mode):04o}")
            if fix:
                path.chmod(0o700 if stat.S_ISDIR(mode) else 0o600)
    return tally.finding(
        "{} files and folders, for their owner alone",
        "files or folders that others may use" + (", now for their owner alone" if fix else ""),
        "`filemill doctor --fix` shuts them.",
        mended=fix,
    )


def _hold() -> str:
    if not keep.is_held():
        return ""
    until = datetime.fromtimestamp(keep.held_until(), UTC)
    return f"; for a backup, deletions free nothing until {until:%Y-%m-%d %H:%M:%S} UTC (`filemill hold 0` ends that)"


def _needed() -> list[tuple[str, int, int]]:
    chosen = settings.FILEMILL
    threads = max(chosen.web_threads, chosen.worker_threads)
    jobs = [processor.limits for processor in processors().values()]
    return [
        ("RLIMIT_NOFILE", resource.RLIMIT_NOFILE, FILES_BESIDES + FILES_PER_THREAD * threads),
        ("RLIMIT_FSIZE", resource.RLIMIT_FSIZE, max([chosen.max_upload_bytes, *(job.output_bytes for job in jobs)])),
        ("RLIMIT_AS", resource.RLIMIT_AS, max(job.memory_bytes for job in jobs)),
    ]


def _database_ahead() -> float:
    before = time.time()
    told = ContentType.objects.annotate(now=Now()).values_list("now", flat=True)[0]
    return float(told.timestamp() - (before + time.time()) / 2)


def _storage_ahead() -> float:
    with tempfile.TemporaryFile(dir=keep.root(), buffering=0) as probe:
        before = time.time()
        probe.write(b"what time is it?")
        return os.fstat(probe.fileno()).st_mtime - (before + time.time()) / 2


def _own_paths(top: Path) -> Iterator[Path]:
    """Yield a folder and all below it, but for the workspaces: what lies there is a child's."""
    yield top
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if Path(folder, name) != settings.WORK_DIR]
        yield from (Path(folder, name) for name in (*below, *names))
