"""A broker that goes away, forgets, and comes back: only for a stack that has one (see conftest.py)."""

import os
import signal


def test_the_broker_may_go_and_come_back(service, broker):
    broker.stop()
    began = service.client.post("/upload/", files={"file": ("a.txt", b"while the broker is down\n")})
    assert began.status_code == 201
    assert began.elapsed.total_seconds() < 20  # a broker that is waited for costs more
    assert service.client.get("/readyz").json()["status"] == "degraded"

    broker.start()

    assert service.await_end(began.json()["id"])["processed"] is True


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
