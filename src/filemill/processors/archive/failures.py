"""The sentences for archives that cannot be read."""

import re

from filemill.core.errors import Unprocessable

_ENCRYPTED = re.compile("encrypt|passphrase|password", re.IGNORECASE)
_TRUNCATED = re.compile("truncated|premature|unexpected end|full header|seek error|end of file", re.IGNORECASE)
_UNSUPPORTED = re.compile("unsupported|not supported|unavailable|multivolume|multi-volume", re.IGNORECASE)
_TOO_MUCH_MEMORY = re.compile("(allocate|out of|no) memory", re.IGNORECASE)
_MAX_WORDS = 200


def encrypted() -> Unprocessable:
    """Say that even the names are locked."""
    return Unprocessable(
        "Even the names in this archive are encrypted, so there is nothing to list. Send it without a password.",
        code="encrypted",
        title="The archive is encrypted",
    )


def truncated() -> Unprocessable:
    """Say that the end is missing."""
    return Unprocessable(
        "The archive ends in the middle. It was probably cut off on its way: send it again, whole.",
        code="truncated",
        title="The archive is cut off",
    )


def corrupt(words: str = "") -> Unprocessable:
    """Say that the bytes contradict each other."""
    why = f" ({words[:_MAX_WORDS]})" if words else ""
    return Unprocessable(
        f"The archive is damaged and cannot be read{why}. Make it anew and send it again.",
        code="corrupt",
        title="The archive is damaged",
    )


def unsupported(words: str) -> Unprocessable:
    """Say that it may be sound, but nothing here can read it."""
    return Unprocessable(
        f"This form of archive cannot be read here ({words[:_MAX_WORDS]}). Pack it as zip or tar.gz instead.",
        code="unsupported_format",
        title="The archive's form is not supported",
    )


def too_large(words: str) -> Unprocessable:
    """Say which bound it goes beyond."""
    return Unprocessable(
        f"The archive holds {words}, more than is read here. Send it in parts.",
        code="too_large",
        title="The archive holds too much",
    )


def bomb(unpacked_bytes: int, ratio: int) -> Unprocessable:
    """Say that it is made to fill disks."""
    return Unprocessable(
        f"The archive unpacks to at least {unpacked_bytes} bytes, more than {ratio} times its own size, as only "
        "archives do that are made to fill disks. Nothing was unpacked.",
        code="archive_bomb",
        title="The archive is a bomb",
    )


def by_words(words: str) -> Exception:
    """Return the failure that libarchive's words stand for."""
    if _TOO_MUCH_MEMORY.search(words):
        return MemoryError(words)
    if _ENCRYPTED.search(words):
        return encrypted()
    if _TRUNCATED.search(words):
        return truncated()
    return unsupported(words) if _UNSUPPORTED.search(words) else corrupt(words)
