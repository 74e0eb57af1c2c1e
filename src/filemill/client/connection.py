"""A client of one connection, kept as bare as it can be: what it costs, the service seems to cost."""

import http.client
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from filemill.client.failures import Unusable

SECONDS_TO_ANSWER = 60
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024  # of documents; contents are read piece by piece
THROTTLED = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)


class NoAnswer(Exception):
    """The service cannot be reached, or hung up."""


@dataclass(frozen=True)
class Target:
    """Where the service is, and who asks; raises Unusable for what can be neither."""

    url: str
    token: str | None

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise Unusable(f"{self.url} is no address: give one like http://127.0.0.1:8000.")
        if self.token and not (self.token.isascii() and self.token.isprintable()):
            raise Unusable("The token holds what no token does: see that it was copied whole and alone.")


@dataclass(frozen=True)
class Request:
    """What is asked for; a body that comes in pieces says its length in the headers."""

    method: str
    path: str
    body: bytes | Iterable[bytes | memoryview] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


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
        if (seconds := whole_number(given)) is not None:
            return float(seconds)
        try:
            return max((parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds(), 0.0)
        except (ValueError, TypeError, OverflowError):  # no date, or one without a zone, or with an absurd one
            return 1.0

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
        """Send a request and read the whole answer; raise NoAnswer where none comes."""
        with self.answering(request) as response:
            return read(response)

    @contextmanager
    def answering(self, request: Request) -> Iterator[http.client.HTTPResponse]:
        """Send a request and lend the answer, whose body is not read yet; raise NoAnswer where it breaks off."""
        headers = {**self._headers, **request.headers}
        if request.body is not None:
            headers.setdefault("Content-Type", "application/octet-stream")
        is_whole = False
        try:
            is_sent = False
            with suppress(BrokenPipeError, ConnectionResetError):  # who refuses a body does not read it to its end
                self._connection.request(request.method, self._path + request.path, request.body, headers)
                is_sent = True
            with closing(self._connection.getresponse()) as response:
                yield response
                is_whole = is_sent and response.isclosed()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        finally:
            if not is_whole:
                self._connection.close()

    def cut(self) -> None:
        """Let whoever waits for this connection, in another thread, wait no longer."""
        if (sock := self._connection.sock) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def read(response: http.client.HTTPResponse) -> Answer:
    """Read a whole answer; raise Unusable for one that is far longer than any document."""
    size = response.length
    # Only where no number of bytes is asked for does an answer that breaks off before its length raise.
    if size is None:
        body = response.read(LARGEST_ANSWER_BYTES + 1)
    else:
        body = response.read() if size <= LARGEST_ANSWER_BYTES else b""
    if max(size or 0, len(body)) > LARGEST_ANSWER_BYTES:
        raise Unusable("The answer is longer than any that a Filemill gives.")
    return Answer(response.status, response.headers, body)


def whole_number(given: str) -> int | None:
    """Return the number that a header says, if it is one that counts bytes or seconds."""
    return int(given) if re.fullmatch("[0-9]{1,18}", given) else None


def _is_address(url: str) -> bool:
    try:
        where = urlsplit(url)
        return where.scheme in ("http", "https") and bool(where.hostname) and where.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        return False
