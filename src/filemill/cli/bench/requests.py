"""What a bench asks a service for."""

import random
from urllib.parse import urlencode

from filemill.client.connection import Request

_WORDS = "the river runs past a mill where grain is ground while people wait and talk about weather prices and the year"


def get(path: str, **parameters: str | int) -> Request:
    """Return the request for a page of the API."""
    return Request("GET", f"{path}?{urlencode(parameters)}")


def upload(name: str, body: bytes) -> Request:
    """Return the request that uploads a file."""
    return Request("POST", f"/upload/?{urlencode({'name': name})}", body)


def text(size: int) -> bytes:
    """Return so many bytes of lines of words."""
    pick, words = random.Random(size), _WORDS.split()  # noqa: S311  # no secret
    line = b" ".join(pick.choice(words).encode() for _ in range(2000)).replace(b" a ", b"\n")
    return (line * (size // len(line) + 1))[:size]
