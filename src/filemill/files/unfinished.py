"""Bytes of uploads that may be resumed: a file each, whose size is the offset, and a note beside it.

The note says whose turn it is to write and how far the bytes are hashed. Whoever comes takes the turn; whoever writes
holds the note's lock for that moment only, and stops where the turn is another's. A crash leaves no lock.
"""

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings

from filemill.core.errors import Busy
from filemill.core.resuming_errors import TakenOver, UploadGone
from filemill.core.sha256 import Sha256, can_resume
from filemill.files import folders, keep, notes
from filemill.files.writer import PUSHED_BYTES

_CATCH_UP_BYTES = 1024 * 1024  # that a crash left without a digest; more is read when all is there
PATIENCE_SECONDS = 20.0  #: a large upload is being completed, perhaps
BRIEF_SECONDS = 0.5  #: the patience of who holds no place among the transfers, and could take all threads by waiting
_PAUSE_SECONDS = 0.005


def create(upload_id: UUID) -> None:
    """Begin an upload without bytes."""
    with keep.full_disk_refused():
        for path in (notes.path_of(upload_id), notes.bytes_of(upload_id)):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


class Turn:
    """The turn to write to an upload, until somebody else takes it; raises UploadGone where there are no bytes.

    What an earlier turn had not yet found to be as its client said is cut off.
    """

    def __init__(self, upload_id: UUID, *, hashes: bool = True, patience: float = PATIENCE_SECONDS) -> None:
        self.id = upload_id
        self.is_moved = False  #: the bytes lie where those of a file do, and nobody knows whether there is one
        self._patience = patience
        self._mine = os.urandom(16)
        self._bytes = -1
        self._cut = notes.NOWHERE
        self._before: bytes | None = None  # the digest's state there
        self._note = notes.opened(notes.path_of(upload_id))
        try:
            with self._locked():
                turn, cut, hashed, state = notes.read(self._note)
                self._open(is_over=turn == notes.OVER)
                self.size = os.fstat(self._bytes).st_size
                # After a power failure there may be less, which must not be made up for by zeros.
                if cut != notes.NOWHERE and cut < self.size and not self.is_moved:
                    os.ftruncate(self._bytes, cut)
                    self.size = cut
                os.pwrite(self._note, notes.TURN.pack(self._mine, notes.NOWHERE), 0)
            self._hash = self._resume(hashed, state) if hashes and can_resume() else None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; the turn stays where it is."""
        for descriptor in (self._note, self._bytes):
            if descriptor >= 0:
                os.close(descriptor)

    @property
    def last_byte_at(self) -> float:
        """When the last byte came, in the clock's seconds."""
        return os.fstat(self._bytes).st_mtime

    def check_room(self, size: int) -> None:
        """Raise DiskFull if there is no room for so many more bytes."""
        keep.check_room(size)

    def write(self, piece: bytes) -> None:
        """Append bytes; raise TakenOver where somebody else has the turn by now."""
        if self._hash:
            self._hash.update(piece)
        with self.held():
            try:
                written = os.pwrite(self._bytes, piece, self.size)
                while written < len(piece):  # the disk is about to be full
                    written += os.pwrite(self._bytes, piece[written:], self.size + written)
            except OSError as error:
                os.ftruncate(self._bytes, self.size)
                keep.refuse_full_disk(error)
                raise
            self.size += len(piece)
            if self._cut == notes.NOWHERE:
                self._write_note()
        if self.size // PUSHED_BYTES > (self.size - len(piece)) // PUSHED_BYTES:
            self._push()

    def doubt(self) -> None:
        """Let what comes now count only once `trust` is called: until then a crash, or another turn, cuts it off."""
        with self.held():
            self._cut = self.size
            self._before = self._hash.state() if self._hash else None
            os.pwrite(self._note, notes.TURN.pack(self._mine, self._cut), 0)

    def trust(self) -> None:
        """Let what came since `doubt` count."""
        if self._cut != notes.NOWHERE:
            with self.held():
                self._cut = notes.NOWHERE
                self._write_note()

    def cut_back(self) -> None:
        """Cut off what came since `doubt`, if it was called."""
        if self._cut == notes.NOWHERE:
            return
        with self.held():
            os.ftruncate(self._bytes, self._cut)
            self.size, self._cut = self._cut, notes.NOWHERE
            self._hash = Sha256(self._before) if self._before else None
            self._write_note()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else take the turn within this block; raise TakenOver where somebody has."""
        with self._locked():
            if os.pread(self._note, len(self._mine), 0) != self._mine:
                raise TakenOver("A newer request goes on with this upload; this one has ended.")
            yield

    def end(self) -> None:
        """Forget that there was an upload, within `held`: its bytes are a file's now, or go with it."""
        notes.end(self.id, self._note)

    @property
    def head(self) -> bytes:
        """The first bytes, from which the type is guessed."""
        return os.pread(self._bytes, keep.HEAD_BYTES, 0)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all bytes, in lower-case hex; what is not hashed yet is read."""
        if self._hash:
            return self._hash.hexdigest()
        found = hashlib.sha256()
        for piece in self.pieces():
            found.update(piece)
        return found.hexdigest()

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes from a place on."""
        while start < self.size and (piece := os.pread(self._bytes, min(keep.CHUNK_BYTES, self.size - start), start)):
            yield piece
            start += len(piece)

    def keep(self, name: str) -> None:
        """Make the bytes last under a storage name, within `held`."""
        folder = keep.at(name).rpartition("/")[0]
        with keep.full_disk_refused():
            keep.doubt(name)
            self._sync()
            folders.make(folder, keep.at())
            if not self.is_moved:
                os.rename(notes.bytes_of(self.id), keep.at(name))
            folders.sync(folder)

    def take_back(self, name: str) -> None:
        """Undo `keep`: nobody came to own the bytes, and the upload may still be completed."""
        if not self.is_moved:
            with contextlib.suppress(FileNotFoundError):  # where `keep` failed early they never went there
                os.rename(keep.at(name), notes.bytes_of(self.id))
            keep.trust(name)

    def _sync(self) -> None:
        try:
            os.fsync(self._bytes)
        except OSError:
            # Linux says but once that bytes were lost; a later look would find them well. They have to be sent anew.
            if not self.is_moved:
                os.ftruncate(self._bytes, 0)
                self.size, self._hash = 0, Sha256(None) if self._hash else None
                self._write_note()
            raise

    def _push(self) -> None:
        """Let the disk begin with what was written, so that completing the upload has little left to wait for."""
        with contextlib.suppress(OSError):
            os.posix_fadvise(self._bytes, self.size - PUSHED_BYTES, PUSHED_BYTES, os.POSIX_FADV_DONTNEED)

    def _open(self, *, is_over: bool) -> None:
        if is_over:  # while this waited for the lock
            raise UploadGone("This upload has ended.")
        try:
            self._bytes = os.open(notes.bytes_of(self.id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            # Whoever completed it stopped between the rename and the commit, or the commit's answer was lost.
            self._bytes = notes.opened(keep.at(keep.original_name(self.id)))
            self.is_moved = True

    def _resume(self, hashed: int, state: bytes) -> Sha256 | None:
        """Return the digest of all that is there; None where much of it would have to be read."""
        if hashed > self.size:  # the power failed, and the note reached the disk before the bytes
            hashed = 0
        if self.size - hashed > _CATCH_UP_BYTES:
            return None
        found = Sha256(state if hashed else None)
        for piece in self.pieces(hashed):
            found.update(piece)
        return found

    def _write_note(self) -> None:
        hashed, state = (self.size, self._hash.state()) if self._hash else (0, b"")
        notes.write(self._note, self._mine, self._cut, hashed, state)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        until = time.monotonic() + self._patience
        while not notes.lock(self._note):
            if time.monotonic() > until:  # a large upload is being completed
                raise Busy("Another request is at this upload. Try again soon.")
            time.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(self._note, fcntl.LOCK_UN)


def is_there(upload_id: UUID) -> bool:
    """Say whether an upload has not ended; raise FileNotFoundError where the storage is away."""
    os.stat(keep.at("unfinished"))
    return os.path.exists(notes.path_of(upload_id))


def size_of(upload_id: UUID) -> tuple[int, float]:
    """Return how many bytes there are and when the last one came, without taking the turn; raise FileNotFoundError."""
    found = os.stat(notes.bytes_of(upload_id))
    return found.st_size, found.st_mtime


def remove_stale() -> list[UUID]:
    """Remove the uploads that got their last byte long ago; return which."""
    ids = [UUID(found[1]) for found in map(notes.OURS.fullmatch, os.listdir(keep.at("unfinished"))) if found]
    return [upload_id for upload_id in ids if _is_stale(upload_id) and _remove_stale(upload_id)]


def _is_stale(upload_id: UUID) -> bool:
    for path in (notes.bytes_of(upload_id), notes.path_of(upload_id)):
        with contextlib.suppress(FileNotFoundError):
            return os.stat(path).st_mtime < time.time() - settings.FILEMILL.upload_expire_seconds
    return False


def _remove_stale(upload_id: UUID) -> bool:
    try:
        note = os.open(notes.path_of(upload_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not notes.lock(note) or not _is_stale(upload_id):  # somebody came meanwhile
            return False
        notes.end(upload_id, note)
    finally:
        os.close(note)
    return True
