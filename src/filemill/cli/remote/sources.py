"""What `filemill upload` sends: files, what lies in folders, stdin."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filemill.cli.remote.options import note
from filemill.cli.remote.shown import printable
from filemill.client.content import Content, FileContent, PipeContent
from filemill.client.failures import Failure, Unusable
from filemill.client.memory import Entry, Memory

STDIN = Path("-")


@dataclass(frozen=True)
class Source:
    """One thing to upload."""

    path: Path
    name: str
    size: int | None

    @contextmanager
    def opened(self, memory: Memory, go_on: Callable[[], None]) -> Iterator[tuple[Content, Entry]]:
        """Lend the bytes, with what is known of an earlier try; raise Failure where they cannot be read."""
        if self.path == STDIN:
            if sys.stdin is None:
                raise Failure("It cannot be read: stdin is closed.")
            yield PipeContent(sys.stdin.fileno(), go_on), Entry()
            return
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise Failure(f"It cannot be read: {error.strerror}.") from error
        with stream, memory.of(self.path, self.name, os.fstat(stream.fileno())) as entry:
            yield FileContent(stream), entry


def gathered(paths: Iterable[Path], name: str | None, *, recursive: bool) -> list[Source]:
    """Return all that paths stand for, each once; raise Unusable where one stands for nothing that can be sent."""
    found: list[Source] = []
    for path in paths:
        if path == STDIN:
            found.append(Source(path, name or "stdin", None))
        elif path.is_dir():
            if not recursive:
                raise Unusable(f"{printable(str(path))} is a folder: -r uploads what lies in it.")
            found += _inside(path)
        else:
            found.append(_file(path, name))
    return list({os.path.abspath(source.path): source for source in found}.values())  # noqa: PTH100  # links have names


def _inside(folder: Path) -> Iterator[Source]:
    for place, folders, files in os.walk(folder, onerror=_cannot_look):
        folders.sort()
        for each in sorted(files):
            path = Path(place, each)
            if path.is_symlink() or not path.is_file():
                note(f"{printable(str(path))} is left out: it is a link, or no regular file")
            else:
                yield _file(path, None)


def _cannot_look(error: OSError) -> None:
    raise Unusable(f"{printable(str(error.filename))} cannot be looked into: {error.strerror}.")


def _file(path: Path, name: str | None) -> Source:
    if not path.exists():
        raise Unusable(f"There is no {printable(str(path))}.")
    if not path.is_file():
        raise Unusable(f"{printable(str(path))} is no regular file: give what comes out of it to `filemill upload -`.")
    # Names of files need not be text, those of Filemill have to be.
    text = os.fsencode(path.name).decode(errors="replace")
    return Source(path, name or text, path.stat().st_size)
