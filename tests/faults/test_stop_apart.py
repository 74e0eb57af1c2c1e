"""SIGTERM to one process alone, as an orchestrator sends it to each: nothing is lost, half done, or left running."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from chaos.ledger import Ledger
from faults.apart import Apart
from sandbox.processes import alive
from system.conftest import until

LENGTH = 100_000
HEAD = (
    "POST /upload/?name={name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
    "Content-Length: {length}\r\nConnection: close\r\n\r\n"
)
BEATS = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'sweep'"


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, apart_for_a_module: Callable[[Path], dict[str, str]]
) -> Iterator[Apart]:
    data = tmp_path_factory.mktemp("apart") / "data"
    service = Apart(data, FILEMILL_SWEEP_SECONDS="1", **apart_for_a_module(data))
    service.start("web")
    yield service
    service.close()


@pytest.fixture
def service(shared: Apart) -> Iterator[Apart]:
    """A service whose web server runs; what else a test starts is ended."""
    yield shared
    for name in ("worker", "beat"):
        shared.end(name)


def at_work(service: Apart) -> tuple[str, int]:
    """Let a job run for as long as the fork server stands still; return the file and the fork server."""
    service.await_end(service.upload(b"so that a fork server is there\n")["id"])
    (server,) = service.below("worker")
    os.kill(server, signal.SIGSTOP)
    file_id = service.upload(b"Words for the mill.\n")["id"]
    until(lambda: service.get(file_id)["status"] == "processing")
    return file_id, server


def attempts(shown: dict) -> dict[str, int]:
    return {job["processor"]: job["attempts"] for job in shown["jobs"]}


def test_a_worker_finishes_what_ends_within_its_patience_and_begins_nothing(service):
    service.start("worker")
    file_id, server = at_work(service)

    service.tell("worker")
    until(lambda: "told to stop" in service.said("worker"))
    waits = service.upload(b"not begun\n")["id"]
    os.kill(server, signal.SIGCONT)

    assert service.ended("worker") == 0
    assert not alive(server)
    shown = service.get(file_id)
    assert (shown["status"], attempts(shown)) == ("processed", {"identify": 1, "text": 1})
    assert attempts(service.get(waits)) == {"identify": 0}
    service.start("worker", "beat")
    assert service.await_end(waits)["processed"] is True


@pytest.mark.once  # test_stop.py has a job given back on each stack
def test_a_worker_whose_patience_ends_gives_back_what_another_then_does(service):
    service.start("worker", FILEMILL_STOP_SECONDS="0")
    file_id, server = at_work(service)

    service.tell("worker")

    assert service.ended("worker") == 0
    assert not alive(server)
    shown = service.get(file_id)
    assert (shown["status"], attempts(shown)) == ("queued", {"identify": 0})
    service.start("worker", "beat")
    shown = service.await_end(file_id)
    assert (shown["status"], attempts(shown)) == ("processed", {"identify": 1, "text": 1})


def begin(service: Apart, name: str) -> socket.socket:
    """Begin an upload and send half of it; it is under way once there are bytes in the storage."""
    under_way = len(incoming(service))
    client = socket.create_connection(("127.0.0.1", service.port), timeout=60)
    client.sendall(HEAD.format(name=name, port=service.port, length=LENGTH).encode() + b"a" * (LENGTH // 2))
    until(lambda: len(incoming(service)) > under_way)
    return client


def incoming(service: Apart) -> list[str]:
    return [path.name for path in (service.data / "files" / "incoming").iterdir()]


def is_refused(service: Apart) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", service.port), timeout=60):
        return False
    return True


@pytest.mark.once
def test_a_web_server_answers_what_is_under_way_and_leaves_nothing_of_what_is_broken_off(service):
    below = service.below("web")
    with begin(service, "whole.txt") as whole, begin(service, "broken.txt") as broken:
        service.tell("web")
        until(lambda: is_refused(service))
        whole.sendall(b"b" * (LENGTH // 2))
        answer = b"".join(iter(lambda: whole.recv(65536), b""))
        broken.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: broken.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 201")
    assert not told.startswith(b"HTTP/1.1 2")
    assert service.ended("web") == 0
    assert below
    assert not any(alive(pid) for pid in below)
    assert incoming(service) == []
    service.start("web")
    shown = {file["name"]: file["size"] for file in service.client.get("/files/").json()["results"]}
    assert shown["whole.txt"] == LENGTH
    assert "broken.txt" not in shown


def test_a_beat_stops_at_once_and_the_next_one_goes_on_with_its_schedule(service):
    ledger = Ledger(service.environment.get("DATABASE_URL", str(service.data / "filemill.sqlite3")))
    service.purge("sweep")  # another test's beat may have asked for one
    service.start("beat")
    until(lambda: service.waiting("sweep"))

    service.tell("beat")
    assert service.ended("beat") == 0

    assert ledger.ask(BEATS)[0][0] > 0
    assert "Traceback" not in service.said("beat")
    service.purge("sweep")
    service.start("beat")
    until(lambda: service.waiting("sweep"))
