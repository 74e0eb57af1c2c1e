"""What is known of uploads that a command began and did not end: a small file for each, so that another goes on."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filemill.client.failures import Failure
from filemill.client.locks import hold

_DAYS_OF_NO_USE = 7  # the service forgets far sooner
_DAY_SECONDS = 86400


class Entry:
    """What is known of one upload: its `key`, its address at the service (`upload`), the `file` that came of it."""

    def __init__(self, stream: IO[bytes] | None = None) -> None:
        self._stream = stream
        self.known: dict[str, str] = {}
        if stream:
            with suppress(ValueError):
                self.known = json.loads(stream.read())

    def note(self, **known: str) -> None:
        """Remember this, and nothing else."""
        self.known = known
        if not self._stream:
            return
        words = json.dumps(known).encode()
        try:
            # At once, over all that was there, so that no crash leaves half of the one and half of the other.
            os.pwrite(self._stream.fileno(), words.ljust(os.fstat(self._stream.fileno()).st_size), 0)
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise _not_kept(error) from error


class Memory:
    """Remembers uploads to one service by path, name, size and time of the file."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder, self._server = folder, server
        self._ended: list[Path] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - _DAYS_OF_NO_USE * _DAY_SECONDS:
                    path.unlink()

    @contextmanager
    def of(self, path: Path, name: str, stamp: os.stat_result) -> Iterator[Entry]:
        """Lend what is known of a file that is sent under a name; raise Failure where another process is at it."""
        asked = (self._server, os.path.realpath(path), name, str(stamp.st_size), str(stamp.st_mtime_ns))
        place = self._folder / hashlib.sha256("\0".join(asked).encode(errors="surrogateescape")).hexdigest()
        try:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _not_kept(error) from error
        with os.fdopen(descriptor, "r+b") as stream:
            if not hold(stream) or not os.fstat(descriptor).st_nlink:
                raise Failure("Another command uploads it at this moment.")
            entry = Entry(stream)
            try:
                yield entry
            finally:
                if "file" in entry.known:
                    self._ended.append(place)
                elif not entry.known:
                    place.unlink(missing_ok=True)

    def forget_what_ended(self) -> None:
        """Forget the uploads that became files, as the whole command came to its end: another would send them again."""
        for place in self._ended:
            place.unlink(missing_ok=True)


def _not_kept(error: OSError) -> Failure:
    return Failure(f"What is known of the upload cannot be kept: {error.strerror}.")


def own_folder() -> Path:
    """Return where this user's programs keep such things."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "filemill" / "uploads"
