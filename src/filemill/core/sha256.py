"""SHA-256 whose state can be kept and taken up elsewhere: the standard library keeps it to itself."""

import ctypes
import hashlib
from functools import cache
from typing import Any

STATE_BYTES = 112  # OpenSSL's SHA256_CTX, plain memory since its first versions
_NAMES = ("libcrypto.so.3", "libcrypto.so.1.1")


class Sha256:
    """A digest under way, new or from a state; only where `can_resume` says so."""

    def __init__(self, state: bytes | None = None) -> None:
        self._library = _library()
        self._context = ctypes.create_string_buffer(state or b"", STATE_BYTES)
        if state is None:
            self._library.SHA256_Init(self._context)

    def update(self, piece: bytes) -> None:
        """Add bytes; meanwhile other threads run."""
        self._library.SHA256_Update(self._context, piece, len(piece))

    def state(self) -> bytes:
        """Return what goes on from here."""
        return self._context.raw

    def hexdigest(self) -> str:
        """Return the digest of all that was added, in lower-case hex."""
        copy, found = ctypes.create_string_buffer(self._context.raw, STATE_BYTES), ctypes.create_string_buffer(32)
        self._library.SHA256_Final(found, copy)
        return found.raw.hex()


@cache
def can_resume() -> bool:
    """Say whether there is a libcrypto here that does it, and does it right."""
    try:
        first = Sha256()
        first.update(b"some ")
        second = Sha256(first.state())
        second.update(b"words" * 100)
    except (OSError, AttributeError):
        return False
    return second.hexdigest() == hashlib.sha256(b"some " + b"words" * 100).hexdigest()


@cache
def _library() -> Any:  # noqa: ANN401  # a library has no type
    for name in _NAMES[:-1]:
        try:
            return _typed(ctypes.CDLL(name))
        except OSError:
            continue
    return _typed(ctypes.CDLL(_NAMES[-1]))


def _typed(library: Any) -> Any:  # noqa: ANN401  # as above
    library.SHA256_Update.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
    return library
