"""Bytes on storage: written once under a temporary name on their final disk, synced, renamed, never copied again."""

import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast
from uuid import UUID

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from filemill.core.errors import DiskFull
from filemill.core.ids import new_id
from filemill.files import folders
from filemill.files.models import storage
from filemill.files.writer import Writer

HEAD_BYTES = 4096  # what identify/quick looks at
CHUNK_BYTES = 256 * 1024  # that a thread holds; as quick as 1 MiB, and all threads may hold some

_HEX = "[0-9a-f]"
_OUR_NAME = re.compile(f"(originals|artifacts)/{_HEX}{{2}}/{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(/[^/]+)?")


def root() -> Path:
    """Return the directory that all kept bytes lie under."""
    return Path(at())


def at(*names: str) -> str:
    """Return where something lies, as text."""
    # An upload asks ten times where something lies: to make paths of it takes longer than what the disk does then.
    return "/".join((str(cast(FileSystemStorage, storage()).location), *names))


def prepare() -> None:
    """Make the storage's first folders, when a process starts: later their absence means that the disk is away."""
    for folder in ("incoming", "unfinished"):
        (root() / folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def check_there() -> None:
    """Raise FileNotFoundError where the storage is away, such as a disk that is no longer mounted."""
    os.stat(at("incoming"))


def check_room(size: int) -> None:
    """Raise DiskFull if `size` more bytes would eat into the reserve, FileNotFoundError where the storage is away."""
    disk = os.statvfs(at("incoming"))
    if disk.f_bavail * disk.f_frsize - size < settings.FILEMILL.disk_reserve_bytes:
        raise DiskFull("The storage has too little free space for this file. Make room, then send it again.")


class Incoming:
    """Bytes on their way in; leaving the block without `keep` removes them."""

    def __init__(self) -> None:
        self.id: UUID = new_id()
        self.size = 0
        self.head = b""
        self._hash = hashlib.sha256()
        self._path = at("incoming", f"{self.id}.part")
        with full_disk_refused():
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._writer = Writer(descriptor)
        self._is_kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # what matters is synced, or lost anyway
            self._writer.close()
        # A name that cannot be removed must not hide why the block ended; the sweep removes it later.
        with contextlib.suppress(OSError):
            if not self._is_kept:
                os.unlink(self._path)

    def check_room(self, size: int) -> None:
        """Raise DiskFull if `size` more bytes would eat into the disk's reserve."""
        check_room(size)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, in lower-case hex."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append bytes; those of a large file may be written, and fail to be, a little later."""
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]
        self._hash.update(chunk)
        self.size += len(chunk)
        try:
            self._writer.write(chunk)
        except OSError as error:
            refuse_full_disk(error)
            raise

    def take_back(self, name: str) -> None:
        """Remove what was kept: nobody came to own it."""
        remove(name, had_row=False)

    def keep(self, name: str) -> None:
        """Make the bytes last on the disk under their final storage name."""
        folder = at(name).rpartition("/")[0]
        with full_disk_refused():
            doubt(name)
            self._writer.sync()
            folders.make(folder, at())
            os.rename(self._path, at(name))
            self._is_kept = True
            folders.sync(folder)


def original_name(file_id: UUID) -> str:
    """Return the storage name of a file's original; the last digits of a UUIDv7 spread evenly, the first do not."""
    return f"originals/{file_id.hex[-2:]}/{file_id}"


def artifact_name(file_id: UUID, name: str) -> str:
    """Return a fresh storage name for an artifact, so that a new one never overwrites the one being replaced."""
    return f"artifacts/{file_id.hex[-2:]}/{file_id}/{name}-{new_id()}"


def copy_in(source: BinaryIO, name: str, pulse: Callable[[], None]) -> tuple[int, str]:
    """Keep all that `source` gives under a storage name; return the size in bytes and the SHA-256.

    `pulse` is called with every chunk: a slow disk takes long.
    """
    with Incoming() as incoming:
        while chunk := source.read(CHUNK_BYTES):
            incoming.write(chunk)
            pulse()
        incoming.keep(name)
        return incoming.size, incoming.sha256


def is_kept(name: str) -> bool:
    """Say whether there are bytes under a storage name."""
    return os.path.isfile(at(name))


def remove(name: str, *, had_row: bool = True) -> None:
    """Remove kept bytes, and the artifact directory that they leave empty; what is gone already is no error.

    While a backup holds them they only become doubtful: its copy of the database may still have their row.
    """
    if had_row and is_held():
        doubt(name)
        return
    path = root() / name
    path.unlink(missing_ok=True)
    if name.startswith("artifacts/"):
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    trust(name)


def hold(seconds: float) -> float:
    """Let no kept bytes go for so long, for whoever copies first the database and then the bytes of its rows.

    Return until when that is, in the clock's seconds; a hold is never shortened.
    """
    note = root() / "hold"
    folders.make(str(note.parent), at())
    until = max(time.time() + seconds, held_until())
    if not note.exists():  # to touch one that is there would end it for a moment
        note.touch(mode=0o600)
    os.utime(note, (until, until))
    return until


def end_hold() -> None:
    """Let bytes go again."""
    (root() / "hold").unlink(missing_ok=True)


def held_until() -> float:
    """Return until when kept bytes have to stay, in the clock's seconds; a time that is past where they need not."""
    try:
        return (root() / "hold").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def is_held() -> bool:
    """Say whether kept bytes have to stay for now."""
    return held_until() > time.time()


def names() -> Iterator[str]:
    """Yield the storage names of all kept bytes, and of what others may have put beside them.

    Raise OSError where a folder cannot be read: who lists all bytes must not take some for all.
    """
    for top in ("originals", "artifacts"):
        for folder, _, files in os.walk(root() / top, onerror=_unless_gone):
            yield from (str((Path(folder) / file).relative_to(root())) for file in files)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # an artifact's folder goes with the last of its bytes
        raise error


def doubt(name: str) -> None:
    """Note that bytes may belong to no row: who stops between bytes and commit leaves this for the sweep to settle."""
    folders.make(at("doubtful"), at())
    try:
        os.close(os.open(_mark(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        os.utime(_mark(name))


def trust(name: str) -> None:
    """Take a doubt back: a row that owns the bytes is committed, or they are gone."""
    with contextlib.suppress(OSError):  # the sweep takes it back later
        os.unlink(_mark(name))


def is_doubtful(name: str) -> bool:
    """Say whether the sweep is to settle these bytes."""
    return os.path.exists(_mark(name))


def doubtful() -> list[str]:
    """Return the storage names that have been doubtful for so long that nobody is at them any more."""
    return our_names(_expired(root() / "doubtful", "*~*"))


def remove_stale_incoming() -> int:
    """Remove unfinished bytes that nobody has written to for long; return how many files that were."""
    removed = 0
    for path in _expired(root() / "incoming", "*.part"):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def leave_stale() -> Path:
    """Leave an unfinished upload that looks abandoned; that it goes away shows that somebody sweeps."""
    path = root() / "incoming" / f"{new_id()}.part"
    folders.make(str(path.parent), at())
    path.touch(mode=0o600)
    long_ago = time.time() - 2 * settings.FILEMILL.upload_expire_seconds
    os.utime(path, (long_ago, long_ago))
    return path


def our_names(paths: Iterable[Path]) -> list[str]:
    """Return the storage names that stand in file names, but for those that somebody else put there."""
    return [name for path in paths if _OUR_NAME.fullmatch(name := path.name.replace("~", "/"))]


def _expired(directory: Path, pattern: str) -> Iterator[Path]:
    oldest = time.time() - settings.FILEMILL.upload_expire_seconds
    for path in directory.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # somebody was done with it meanwhile
            if path.stat().st_mtime < oldest:
                yield path


def mark_name(name: str) -> str:
    """Return the file name under which bytes are noted as doubtful."""
    return name.replace("/", "~")


def _mark(name: str) -> str:
    return at("doubtful", mark_name(name))


@contextlib.contextmanager
def full_disk_refused() -> Iterator[None]:
    """Raise DiskFull where what is done in this block finds the disk full."""
    try:
        yield
    except OSError as error:
        refuse_full_disk(error)
        raise


def refuse_full_disk(error: OSError) -> None:
    """Raise DiskFull where an error says so."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise DiskFull("The storage ran out of space while the file arrived. Nothing of it was kept.") from error
