"""Bytes on their way to a local file: under another name until they are whole and the right ones."""

import hashlib
import http.client
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from filemill.client.connection import NoAnswer, Request, read, whole_number
from filemill.client.failures import Failure, NotNow, Unusable
from filemill.client.locks import hold
from filemill.client.service import Service, passes, refusal, why

BLOCK_BYTES = 256 * 1024
_DIGEST = re.compile(r'(?:W/)?"([0-9a-f]{64})"')

At = Callable[[int], None]


class Download:
    """The bytes at one address, fetched from wherever they broke off."""

    def __init__(self, service: Service, path: str) -> None:
        self._service, self._path = service, path
        try:
            head = service.ask(Request("HEAD", path))
        except NotNow:
            raise
        except Failure:
            self._refuse()
            raise
        digest = _DIGEST.fullmatch(head.headers.get("ETag", ""))
        size = whole_number(head.headers.get("Content-Length", ""))
        if not digest or size is None:
            raise Unusable(f"What answers at {service.target.url} names neither digest nor size: is it a Filemill?")
        self.sha256, self.size = digest[1], size

    def _refuse(self) -> None:
        """Raise what the service says against a download, as no answer to HEAD can say it."""
        with suppress(NoAnswer), self._service.connection.answering(Request("GET", self._path)) as response:
            if response.status >= http.client.MULTIPLE_CHOICES:
                self._service.accepted(read(response))

    def to_file(self, place: Path, at: At, *, replaces: bool) -> None:
        """Fetch into a file, going on where an earlier try ended; raise Failure where it becomes another one.

        Raise FileExistsError where one is there that must not be replaced.
        """
        part = place.with_name(f".filemill-{self.sha256[:32]}.part")
        try:
            stream = part.open("r+b" if part.exists() else "x+b")
        except OSError as error:
            raise Failure(f"{part} cannot be written ({error.strerror}).") from error
        with stream:
            if not hold(stream):
                raise Failure(f"{part} is being written by another process.")
            try:
                self._fetch(stream, at)
            except _WrongBytes:
                part.unlink()
                raise
            try:
                part.replace(place) if replaces else _rename(part, place)
            except FileExistsError:
                raise
            except OSError as error:
                raise Failure(f"{place} cannot be written ({error.strerror}): name another with --output.") from error

    def to_pipe(self, stream: IO[bytes], at: At) -> None:
        """Fetch into a stream that cannot go back."""
        self._run(stream, hashlib.sha256(), 0, at)

    def _fetch(self, stream: IO[bytes], at: At) -> None:
        digest, here = hashlib.sha256(), 0
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            here += len(block)
        self._run(stream, digest, here, at)

    def _run(self, stream: IO[bytes], digest: "hashlib._Hash", here: int, at: At) -> None:
        patience = self._service.patience()
        while here < self.size:
            try:
                for block in self._blocks(here):
                    _write(stream, block)
                    digest.update(block)
                    here += len(block)
                    at(here)
                    patience.renew()
                if here < self.size:
                    raise NoAnswer("the connection ended")  # noqa: TRY301  # as it does where the other side says so
            except NoAnswer as error:
                self._service.go_on()
                patience.wait(f"it broke off ({error})")
            except _Later as later:
                patience.wait(*later.why)
        if digest.hexdigest() != self.sha256:
            raise _WrongBytes("What arrived does not have the SHA-256 that the service names; nothing was kept of it.")

    def _blocks(self, here: int) -> Iterator[bytes]:
        """Give what comes from there on; less than all of it where it breaks off."""
        self._service.go_on()
        span = {"Range": f"bytes={here}-", "If-Range": f'"{self.sha256}"'} if here else {}
        with self._service.connection.answering(Request("GET", self._path, headers=span)) as response:
            if response.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
                answer = read(response)
                raise _Later(why(answer)) if passes(answer) else refusal(self._service.target, answer)
            found = _DIGEST.fullmatch(response.headers.get("ETag", ""))
            if not found or found[1] != self.sha256 or (here and response.status == http.client.OK):
                raise Failure("It was made anew meanwhile: get it again.")
            while block := response.read(BLOCK_BYTES):
                yield block


class _Later(Exception):
    def __init__(self, why: tuple[str, float | None]) -> None:
        super().__init__()
        self.why = why


class _WrongBytes(Failure):
    """What came is not what it should be."""


def _rename(part: Path, place: Path) -> None:
    """Give a file its name; raise FileExistsError where another one has it."""
    try:
        os.link(part, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        place.open("xb").close()
        part.replace(place)
    else:
        part.unlink()


def _write(stream: IO[bytes], block: bytes) -> None:
    try:
        stream.write(block)
        stream.flush()
    except OSError as error:
        raise Failure(f"It cannot be written: {error.strerror}.") from error
