"""A small file system of its own: by root mounted where it is wanted, by others in a namespace of their own."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MNT_DETACH = 2
_MOUNT = 'mount -t tmpfs -o "$2" none "$1" && echo mounted && read -r nothing'


class NoSmallDisk(Exception):
    """This machine lets the tests mount nothing."""


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Lend the path of a tmpfs with these mount options; `folder` is empty, and perhaps not the path."""
    folder.mkdir()
    with _mounted(folder, options) if os.geteuid() == 0 else _mounted_elsewhere(folder, options) as path:
        yield path


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[Path]:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, options.encode()) != 0:
        raise NoSmallDisk(f"mount: {os.strerror(ctypes.get_errno())}")
    try:
        yield folder
    finally:
        libc.umount2(os.fsencode(folder), _MNT_DETACH)


@contextmanager
def _mounted_elsewhere(folder: Path, options: str) -> Iterator[Path]:
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh", str(folder), options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as keeper:
        said = keeper.stdout.readline()
        if said != b"mounted\n":
            raise NoSmallDisk(f"unshare: {said.decode().strip()}; this needs root or user namespaces")
        yield Path(f"/proc/{keeper.pid}/root") / folder.relative_to("/")
        keeper.stdin.close()
