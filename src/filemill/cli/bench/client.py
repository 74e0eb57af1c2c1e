"""A client of one connection, kept as bare as it can be: what it costs, the service seems to cost."""

import http.client
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

SECONDS_TO_ANSWER = 60
_WORDS = "the river runs past a mill where grain is ground while people wait and talk about weather prices and the year"
THROTTLED = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)


class NoAnswer(Exception):
    """The service cannot be reached, or hung up."""


@dataclass(frozen=True)
class Target:
    """Where the service is, and who asks."""

    url: str
    token: str | None


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What the service said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the service did what it was asked for."""
        return http.client.OK <= self.status < http.client.MULTIPLE_CHOICES

    @property
    def is_throttled(self) -> bool:
        """Whether the service said: not now."""
        return self.status in THROTTLED

    @property
    def retry_after(self) -> float:
        """How many seconds the service wants to be left alone."""
        given = self.headers.get("Retry-After", "")
        return float(given) if given.isdigit() else 1.0

    def json(self) -> dict[str, Any]:
        """Return the object that came, or an empty one."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    def sentence(self) -> str:
        """Return the service's own words for what is wrong."""
        problem = self.json()
        words = f": {problem['title']}. {problem.get('detail', '')}" if "title" in problem else ""
        return f"{self.status} {http.client.responses.get(self.status, '')}".strip() + words.rstrip()


class Connection:
    """One connection, opened when it is needed and again once it was lost."""

    def __init__(self, target: Target) -> None:
        where = urlsplit(target.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(where.hostname or "", where.port, timeout=SECONDS_TO_ANSWER)
        self._path = where.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {target.token}"} if target.token else {}

    def ask(self, request: Request) -> Answer:
        """Send a request; raise NoAnswer where none comes."""
        headers = (
            self._headers if request.body is None else self._headers | {"Content-Type": "application/octet-stream"}
        )
        is_sent = False
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # who refuses a body does not read it to its end
                self._connection.request(request.method, self._path + request.path, request.body, headers)
                is_sent = True
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            is_sent = False
            raise NoAnswer(str(error) or type(error).__name__) from error
        finally:
            if not is_sent:
                self._connection.close()

    def close(self) -> None:
        """Close it."""
        self._connection.close()


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
