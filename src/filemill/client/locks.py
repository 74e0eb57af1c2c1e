"""Locks on files, which end with whoever holds them."""

import fcntl
from typing import IO


def hold(stream: IO[bytes]) -> bool:
    """Lock an open file until it is closed; say whether nobody else holds it."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
