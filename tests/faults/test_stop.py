"""SIGTERM: what is under way is finished or given back, and costs no attempt."""

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import services
from system.conftest import Service, until
from system.test_serve import LONG_TEXT

WORDS = b"Half of this upload comes after the signal.\n" * 50_000
HEAD = (
    "POST /upload/?name=half.txt HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
    "Content-Length: {length}\r\nConnection: close\r\n\r\n"
)


@dataclass
class Stopped:
    """What was seen of a service that was told to stop in the middle of a job and of an upload."""

    answer: bytes
    status: int
    log: str
    long: dict[str, Any]
    half: dict[str, Any]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    environment = {"FILEMILL_STOP_SECONDS": "0", "CELERY_BROKER_URL": "filesystem://"}
    if "DATABASE_URL" in os.environ:
        environment["DATABASE_URL"] = services.new_database(os.environ["DATABASE_URL"])
    service = Service(tmp_path_factory.mktemp("stop") / "data", **environment).start()
    long = service.upload(LONG_TEXT, "long.txt")["id"]
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as upload:
        upload.sendall(HEAD.format(port=service.port, length=len(WORDS)).encode() + WORDS[:1000])
        until(lambda: len(service.get(long)["jobs"]) == 2)
        service.process.send_signal(signal.SIGTERM)
        until(lambda: "given back" in service.said())
        upload.sendall(WORDS[1000:])
        answer = b"".join(iter(lambda: upload.recv(65536), b""))
    status = service.process.wait(60)
    log = service.said()
    service.log.unlink()
    service.start()
    half = service.client.get("/files/", params={"name": "half"}).json()["results"][0]["id"]
    yield Stopped(answer, status, log, service.await_end(long), service.await_end(half))
    service.close()


def test_a_request_under_way_is_answered(stopped):
    assert stopped.answer.startswith(b"HTTP/1.1 201")
    assert (stopped.half["size"], stopped.half["processed"]) == (len(WORDS), True)


def test_a_job_that_takes_longer_than_the_patience_is_given_back_and_costs_no_attempt(stopped):
    assert stopped.long["processed"] is True
    assert {job["processor"]: job["attempts"] for job in stopped.long["jobs"]} == {"identify": 1, "text": 1}


def test_all_processes_end_by_themselves(stopped):
    assert (stopped.status, "is killed" in stopped.log) == (0, False)
