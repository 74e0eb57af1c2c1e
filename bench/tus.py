"""A client of tus that is no bottleneck: plain sockets that stay open, one upload after the other on each.

tus.py '{"url": "http://127.0.0.1:8000/upload/", "token": "", "connections": 4, "uploads": 10, "size": 4096, ...}'

It prints, as JSON, what came of it: the fields of Plan and Found.
"""

import base64
import hashlib
import json
import random
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MIB = 1024 * 1024
_BLOCK = memoryview(random.Random(1).randbytes(8 * MIB))  # uploads are made of it, again and again
_BODY_TYPE = "Content-Type: application/offset+octet-stream\r\n"
_NAME = base64.b64encode(b"bench.bin").decode()


class Broken(Exception):
    """The server answered something that is no success, or hung up."""


@dataclass(frozen=True)
class Plan:
    """What is to be sent, by how many at once."""

    url: str
    token: str
    connections: int
    uploads: int  #: of each connection
    size: int  #: of each upload
    chunk: int  #: of each PATCH, a divisor of 8 MiB
    at_creation: bool = False  #: the bytes come with the POST, and there is no PATCH


@dataclass
class Found:
    """What came of it."""

    seconds: float = 0.0
    completed: list[float] = field(default_factory=list)  #: how many seconds each upload took
    patches: list[float] = field(default_factory=list)  #: and each PATCH
    errors: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)  #: that the server told of what it keeps, if it tells any


class Line:
    """A connection to a server."""

    def __init__(self, plan: Plan) -> None:
        where = urlsplit(plan.url)
        self._socket = socket.create_connection((where.hostname or "", where.port or 80), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._always = f"Host: {where.netloc}\r\nTus-Resumable: 1.0.0\r\n"
        if plan.token:
            self._always += f"Authorization: Bearer {plan.token}\r\n"

    def ask(self, start: str, headers: str, body: memoryview, status: int) -> dict[str, str]:
        """Send a request and return the headers of its answer; raise Broken unless that has the status."""
        head = f"{start} HTTP/1.1\r\n{self._always}{headers}Content-Length: {len(body)}\r\n\r\n".encode()
        sent = self._socket.sendmsg([head, body])
        if sent < len(head) + len(body):  # a head is never cut
            self._socket.sendall(body[sent - len(head) :])
        first, found = self._answer()
        if first.split(" ", 2)[1] != str(status):
            raise Broken(f"{start}: {first}")
        return found

    def _answer(self) -> tuple[str, dict[str, str]]:
        found = bytearray()
        while (end := found.find(b"\r\n\r\n")) < 0:
            found += self._more()
        first, *lines = found[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        left = int(headers.get("content-length", 0)) - (len(found) - end - 4)
        while left > 0:
            left -= len(self._more())
        return first, headers

    def _more(self) -> bytes:
        if piece := self._socket.recv(65536):
            return piece
        raise Broken("The server hung up.")


def main() -> None:
    """Send what the only argument says."""
    print(json.dumps(asdict(run(Plan(**json.loads(sys.argv[1]))))))


def run(plan: Plan) -> Found:
    """Send all uploads over all connections."""
    found = Found()
    lines = [Line(plan) for _ in range(plan.connections)]
    threads = [threading.Thread(target=_send_all, args=(line, plan, found)) for line in lines]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    return found


def digest(size: int) -> str:
    """Return the SHA-256 of an upload, as the header Repr-Digest has it."""
    found = hashlib.sha256()
    for start in range(0, size, len(_BLOCK)):
        found.update(_BLOCK[: size - start])
    return _field(found.digest())


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, as the same header has it."""
    with path.open("rb") as file:
        return _field(hashlib.file_digest(file, "sha256").digest())


def _field(sha256: bytes) -> str:
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def _send_all(line: Line, plan: Plan, found: Found) -> None:
    try:
        for _ in range(plan.uploads):
            _send(line, plan, found)
    except (Broken, OSError) as error:
        found.errors.append(str(error))


def _send(line: Line, plan: Plan, found: Found) -> None:
    started = time.perf_counter()
    headers, first = f"Upload-Length: {plan.size}\r\nUpload-Metadata: filename {_NAME}\r\n", _BLOCK[:0]
    if plan.at_creation:
        headers, first = headers + _BODY_TYPE, _BLOCK[: plan.size]
    answer = line.ask(f"POST {urlsplit(plan.url).path}", headers, first, 201)
    address = urlsplit(answer["location"]).path
    for offset in range(len(first), plan.size, plan.chunk):
        place = offset % len(_BLOCK)
        piece = _BLOCK[place : place + min(plan.chunk, plan.size - offset)]
        began = time.perf_counter()
        answer = line.ask(f"PATCH {address}", f"{_BODY_TYPE}Upload-Offset: {offset}\r\n", piece, 204)
        found.patches.append(time.perf_counter() - began)
    if answer["upload-offset"] != str(plan.size):
        raise Broken(f"The server has {answer['upload-offset']} of {plan.size} bytes.")
    found.completed.append(time.perf_counter() - started)
    if "repr-digest" in answer:
        found.digests.append(answer["repr-digest"])


if __name__ == "__main__":
    main()
