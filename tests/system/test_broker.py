"""A broker that goes away, forgets, and comes back: only for a stack that has one (see conftest.py)."""

import os
import signal

import httpx


def _in_two_pieces(client: httpx.Client, first: bytes, last: bytes) -> str:
    """Upload by tus; return the id of the file."""
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    created = client.post("/upload/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(first + last))})
    address, at = created.headers["Location"], 0
    for piece in (first, last):
        answer = client.patch(address, content=piece, headers={**tus, "Upload-Offset": str(at)})
        assert answer.status_code == 204
        at += len(piece)
    return answer.headers["Content-Location"].split("/")[2]


def test_the_broker_may_go_and_come_back(service, broker):
    broker.stop()
    began = service.client.post("/upload/", files={"file": ("a.txt", b"while the broker is down\n")})
    assert began.status_code == 201
    assert began.elapsed.total_seconds() < 20  # a broker that is waited for costs more
    assert service.client.get("/readyz").json()["status"] == "degraded"
    resumed = _in_two_pieces(service.client, b"while the broker ", b"is down\n")

    broker.start()

    assert service.await_end(began.json()["id"])["processed"] is True
    assert service.await_end(resumed)["processed"] is True


def test_a_broker_that_stands_still_holds_nobody_up(service, broker):
    service.await_end(service.upload(b"so that a connection is there\n")["id"])
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        began = service.client.post("/upload/", files={"file": ("a.txt", b"while the broker stands still\n")})
        health = service.client.get("/readyz")
    finally:
        os.kill(broker.pid, signal.SIGCONT)

    assert began.status_code == 201
    assert (health.status_code, health.json()["broker"]) == (200, "down")
    assert service.await_end(began.json()["id"])["processed"] is True


def test_a_worker_whose_broker_crashes_in_the_midst_of_its_jobs_consumes_again(service, broker):
    for crash in range(2):
        files = [service.upload(b"before crash %d: %d\n" % (crash, n))["id"] for n in range(20)]
        broker.crash()
        broker.start()
        files += [service.upload(b"after crash %d: %d\n" % (crash, n))["id"] for n in range(10)]

        assert all(service.await_end(file)["processed"] for file in files)


def test_a_flushed_broker_loses_nothing(service, broker):
    files = [service.upload(b"flushed %d\n" % n)["id"] for n in range(20)]
    broker.flush()

    assert all(service.await_end(file)["processed"] for file in files)
