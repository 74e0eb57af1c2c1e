"""The body of an upload: read once, counted, bounded, and compared with what the client said about it."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import http_sf
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from filemill.core.errors import BrokenBody, DigestMismatch, IncompleteBody, Refused, TooLarge, TooSlow

MULTIPART_OVERHEAD_BYTES = 1024 * 1024  # room for the multipart headers and small fields around the file
PIECE_BYTES = 64 * 1024  # to read at once: a step of the watchdog, and what granian hands over quickest

_DIGEST_HEADERS = ("Content-Digest", "Repr-Digest")
_IN_META = {"Content-Digest": "HTTP_CONTENT_DIGEST", "Repr-Digest": "HTTP_REPR_DIGEST"}
_LENGTH = re.compile(r"[0-9]{1,100}")


class Body:
    """A file-like view of a request's body that never reads more than it may."""

    def __init__(self, request: WSGIRequest, limit: int, digests: Sequence[str] = _DIGEST_HEADERS) -> None:
        self.length = content_length(request)
        self.limit = limit
        self.received = 0
        self._is_chunked = self.length is None and "HTTP_TRANSFER_ENCODING" in request.META
        self._source = request if self.length is not None else _unbounded(request)
        # What is sent is the whole representation: both are digests of the same bytes.
        self._digests = [each for name in digests for each in digests_of(name, request.META.get(_IN_META[name], ""))]
        self._refusal: Refused | None = None
        if self.length is not None and self.length > limit:
            raise TooLarge(f"The body has {self.length} bytes; at most {limit} are accepted.")

    def __bool__(self) -> bool:
        return bool(self.length) or self._is_chunked

    def bound(self, most: int, refusal: Refused) -> None:
        """Take fewer bytes than the limit; what has more is refused, at once where its length says so."""
        if most >= self.limit:
            return
        if self.length is not None and self.length > most:
            raise refusal
        self.limit, self._refusal = most, refusal

    def expect(self, digest: Any, value: bytes) -> None:  # noqa: ANN401  # of hashlib, which has no public type for it
        """Have the bytes verified by one more digest."""
        self._digests.append((digest, value))

    @property
    def has_digests(self) -> bool:
        """Say whether only the last byte tells whether the others are as the client meant them."""
        return bool(self._digests)

    @property
    def is_verifiable(self) -> bool:
        """Say whether a body that broke off can be told from a whole one; granian does not report it in chunks."""
        return not self._is_chunked or bool(self._digests)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, none at the end; raise the refusal beyond the limit, else what broke it off."""
        if self._source is None:
            return b""
        wanted = self.limit + 1 - self.received if size < 0 else size
        try:
            chunk: bytes = self._source.read(wanted)
        except OSError as error:  # UnreadablePostError is one
            raise broken_off(error) from error
        self.received += len(chunk)
        if self.received > self.limit:
            raise self._refusal or TooLarge(f"The body has more than {self.limit} bytes.")
        for digest, _ in self._digests:
            digest.update(chunk)
        return chunk

    def verify(self) -> None:
        """Raise IncompleteBody or DigestMismatch unless the body is what the client announced."""
        if self.length is not None and self.received != self.length:
            raise IncompleteBody(f"{self.received} of {self.length} bytes arrived. Nothing was kept.")
        for digest, expected in self._digests:
            if digest.digest() != expected:
                raise DigestMismatch(f"The {digest.name} of the body is not the one that was sent. Nothing was kept.")


def broken_off(error: OSError) -> TooSlow | IncompleteBody:
    """Return what to say of a body whose reading failed."""
    if isinstance(error.__cause__ or error, TimeoutError):
        return TooSlow("The bytes came too slowly. Nothing was kept.")
    return IncompleteBody("The connection broke before the body was whole. Nothing was kept.")


def content_length(request: HttpRequest) -> int | None:
    """Return how many bytes a body has by its header, None without one; raise BrokenBody for no number."""
    given = request.META.get("CONTENT_LENGTH") or None
    if given is None:
        return None
    if not _LENGTH.fullmatch(given):
        raise BrokenBody("Content-Length is not a number.")
    return int(given)


def _unbounded(request: WSGIRequest) -> Any:  # noqa: ANN401  # PEP 3333 gives no type for the stream
    # Without Content-Length Django reads nothing, though a server that sets this flag ends a chunked body properly.
    return request.environ["wsgi.input"] if request.environ.get("wsgi.input_terminated") else None


def digests_of(name: str, header: str) -> list[tuple[Any, bytes]]:
    """Parse a header of digests (RFC 9530); algorithms that are not known are ignored, as the standard asks."""
    if not header:
        return []
    try:
        parsed: Any = http_sf.parse(header.encode(), tltype="dictionary")
    except ValueError as error:
        raise BrokenBody(f"{name} is malformed; it looks like `sha-256=:BASE64:`.") from error
    known = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
    found = []
    for algorithm, (value, _parameters) in parsed.items():
        if algorithm in known:
            if not isinstance(value, bytes):
                raise BrokenBody(f"The {algorithm} in {name} is not a byte sequence, `:BASE64:`.")
            found.append((known[algorithm](), value))
    return found
