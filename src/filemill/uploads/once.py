"""Uploads that a client may send again: with the same Idempotency-Key the same bytes make one file, and get one answer.

draft-ietf-httpapi-idempotency-key-header-07. The key's row comes and goes with that of its file.
"""

import fcntl
import hashlib
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import http_sf
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import IntegrityError

from filemill.accounts.caller import Caller
from filemill.core.errors import FieldError, Invalid
from filemill.core.upload_errors import KeyInUse, KeyReused
from filemill.files.models import File, IdempotencyKey
from filemill.uploads.receive import receive, take

_MOST_CHARS = 255
_BARE = re.compile(r"\w[\w.:+/=~-]*", re.ASCII)  # as many clients send it, though it has to be quoted

Answer = tuple[UUID, bytes]  # the file, and what was answered when it came


def receive_once(request: WSGIRequest, caller: Caller, given: str, describe: Callable[[File], bytes]) -> Answer:
    """Keep the file that a request carries, unless one has come with the same key; return it and what to answer.

    Raise KeyInUse while the first one is on its way, KeyReused for other bytes. Every refusal leaves the key unused.
    """
    key = _of(caller, given)
    with _alone(key):
        known = _known(key)
        return _again(request, known) if known else _first(request, caller, key, describe)


def _first(request: WSGIRequest, caller: Caller, key: str, describe: Callable[[File], bytes]) -> Answer:
    rows: list[IdempotencyKey] = []

    def remember(file: File) -> list[IdempotencyKey]:
        rows.append(IdempotencyKey(id=key, file=file, answer=describe(file).decode()))
        return rows

    try:
        file = receive(request, caller, lambda _fields: None, remember)
    except IntegrityError:
        # A web process that shares the database, but not the folder with the lock, was quicker.
        known = _known(key) if rows else None
        if known is None:
            raise
        return _same(known, rows[0].file.sha256)
    return file.id, rows[0].answer.encode()


def _again(request: WSGIRequest, known: IdempotencyKey) -> Answer:
    counted = _Counted()
    take(request, counted)
    return _same(known, counted.sha256)


def _same(known: IdempotencyKey, sha256: str) -> Answer:
    if sha256 != known.file.sha256:
        raise KeyReused("Other bytes came with this Idempotency-Key before. Take a new key for each file.")
    return known.file.id, known.answer.encode()


class _Counted:
    """Takes the bytes of a file that is kept already, and so asks for no room."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def check_room(self, size: int) -> None:
        pass

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._hash.update(chunk)


def _known(key: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.select_related("file").filter(pk=key).first()


def _of(caller: Caller, given: str) -> str:
    """Return what stands for an owner's key: of a fixed length, and without what others might guess."""
    name = given if _BARE.fullmatch(given) else _unquoted(given)
    if not 0 < len(name) <= _MOST_CHARS:
        detail = f'Idempotency-Key is a text of 1 to {_MOST_CHARS} characters in quotes, such as "6f1c2a5e".'
        raise Invalid(detail, (FieldError("Idempotency-Key", "invalid", detail),))
    return hashlib.sha256(f"{caller.owner_id}:{name}".encode()).hexdigest()


def _unquoted(given: str) -> str:
    try:
        parsed: Any = http_sf.parse(given.encode(), tltype="item")
    except ValueError:
        return ""
    return parsed[0] if type(parsed[0]) is str else ""  # a token is a str, too


@contextmanager
def _alone(key: str) -> Iterator[None]:
    """Keep out all others who come with the same key, in any process of this data folder; raise KeyInUse where one is.

    The key says which byte of a file is locked. The kernel lets go of it, whatever ends the process.
    """
    descriptor = os.open(settings.DATA_DIR / "keys.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        place = int(key[:15], 16)
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
        try:
            # Of the open file, not of the process: threads keep each other out, too.
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
        except (BlockingIOError, PermissionError):
            raise KeyInUse("An upload with this Idempotency-Key is on its way. Try again when it has ended.") from None
        yield
    finally:
        os.close(descriptor)
