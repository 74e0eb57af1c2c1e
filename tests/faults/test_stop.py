"""SIGTERM: what is under way is finished or given back, and costs no attempt."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from system.conftest import Service, until

LONG_TEXT = b"The mill grinds slowly, and it grinds every line of this long text.\n" * 600_000
WORDS = b"Half of this upload comes after the signal.\n" * 50_000
HEAD = (
    "POST /upload/?name=half.txt HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
    "Content-Length: {length}\r\nConnection: close\r\n\r\n"
)


@pytest.fixture
def service(tmp_path: Path, apart: Callable[..., dict[str, str]]) -> Iterator[Service]:
    data = tmp_path / "data"
    service = Service(data, FILEMILL_STOP_SECONDS="0", **apart(data)).start()
    yield service
    service.close()


def upload_what_stands_still(service: Service) -> str:
    """Upload a file whose job lasts: its child stands still from the moment it is seen. Return the file's id."""
    # While the sandbox's server loads, it has children of another kind: what libmagic looks for itself with.
    service.await_end(service.upload(b"The first job finds all of it there.\n", "first.txt")["id"])
    worker = service.pid_of("worker")
    with ThreadPoolExecutor() as meanwhile:
        uploaded = meanwhile.submit(service.upload, LONG_TEXT, "long.txt")
        until(lambda: children_of_server(worker))
        (child,) = children_of_server(worker)
        os.kill(child, signal.SIGSTOP)
        return uploaded.result()["id"]


def children_of_server(worker: int) -> list[int]:
    return [child for server in offspring(worker) for child in offspring(server)]


def offspring(pid: int) -> list[int]:
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for numbers in lists for child in numbers]


def test_what_is_under_way_at_sigterm_is_answered_or_given_back(service):
    long = upload_what_stands_still(service)
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as upload:
        upload.sendall(HEAD.format(port=service.port, length=len(WORDS)).encode() + WORDS[:1000])
        service.process.send_signal(signal.SIGTERM)
        until(lambda: "given back" in service.said())
        upload.sendall(WORDS[1000:])
        answer = b"".join(iter(lambda: upload.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 201")
    assert service.process.wait(60) == 0
    assert "is killed" not in service.said()

    service.log.unlink()
    service.start()
    half = service.client.get("/files/", params={"name": "half"}).json()["results"][0]
    assert service.await_end(half["id"])["processed"] is True
    assert half["size"] == len(WORDS)
    shown = service.await_end(long)
    assert shown["processed"] is True
    assert {job["processor"]: job["attempts"] for job in shown["jobs"]} == {"identify": 1, "text": 1}
