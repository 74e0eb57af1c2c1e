"""A broker that goes away, forgets, and comes back: only for a stack that has one (see conftest.py)."""


def test_the_broker_may_go_and_come_back(service, broker):
    broker.stop()
    began = service.client.post("/upload/", files={"file": ("a.txt", b"while the broker is down\n")})
    assert began.status_code == 201
    assert began.elapsed.total_seconds() < 5
    assert service.client.get("/readyz").json()["status"] == "degraded"

    broker.start()

    assert service.await_end(began.json()["id"])["processed"] is True


def test_a_flushed_broker_loses_nothing(service, broker):
    files = [service.upload(b"flushed %d\n" % n)["id"] for n in range(20)]
    broker.flush()

    assert all(service.await_end(file)["processed"] for file in files)
