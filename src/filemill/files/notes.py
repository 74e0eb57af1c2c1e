"""The note beside the bytes of an unfinished upload, and where both lie."""

import contextlib
import fcntl
import functools
import os
import re
import struct
from uuid import UUID

from filemill.core.resuming_errors import UploadGone
from filemill.core.sha256 import STATE_BYTES
from filemill.files import keep

NOTE = struct.Struct(f"<16sqq{STATE_BYTES}s16s")  # the turn, where to cut back to, how far it is hashed, to what, when
TURN = struct.Struct("<16sq")
OURS = re.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[.]note")
OVER = b"\xff" * 16
NOWHERE = -1


@functools.cache
def _this_boot() -> bytes:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return UUID(file.read().strip()).bytes


def bytes_of(upload_id: UUID) -> str:
    """Return where the bytes of an upload lie."""
    return keep.at("unfinished", str(upload_id))


def path_of(upload_id: UUID) -> str:
    """Return where the note of an upload lies."""
    return keep.at("unfinished", f"{upload_id}.note")


def opened(path: str) -> int:
    """Open a note or bytes; raise UploadGone where they are not, FileNotFoundError where the storage is away."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        os.stat(keep.at("unfinished"))  # else the disk is away
        raise UploadGone("The bytes of this upload are gone: it expired, or somebody ended it. Begin anew.") from None


def read(note: int) -> tuple[bytes, int, int, bytes]:
    """Return whose turn it is, where to cut back to, how far the bytes are hashed, and to what."""
    turn, cut, hashed, state, boot = NOTE.unpack(os.pread(note, NOTE.size, 0).ljust(NOTE.size, b"\0"))
    # What was hashed before the machine stopped need not have reached the disk, and holes in it are read as zeros.
    return turn, cut, hashed if boot == _this_boot() else 0, state


def write(note: int, turn: bytes, cut: int, hashed: int, state: bytes) -> None:
    """Write a note anew."""
    os.pwrite(note, NOTE.pack(turn, cut, hashed, state, _this_boot()), 0)


def lock(descriptor: int) -> bool:
    """Lock a note; say whether nobody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def end(upload_id: UUID, note: int) -> None:
    """Say in a locked note that the upload is over, and remove what is left of it."""
    os.pwrite(note, TURN.pack(OVER, NOWHERE), 0)
    for path in (bytes_of(upload_id), path_of(upload_id)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
