"""Digests as HTTP writes them (RFC 9530)."""

import hashlib
from base64 import b64encode


def field_of(sha256: bytes) -> str:
    """Return the value of Content-Digest or Repr-Digest for a SHA-256."""
    return f"sha-256=:{b64encode(sha256).decode()}:"


def field_for(content: bytes) -> str:
    """Return the value of Content-Digest for these bytes."""
    return field_of(hashlib.sha256(content).digest())
