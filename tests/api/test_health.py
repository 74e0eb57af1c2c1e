import shutil
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from filemill.sandbox import probe


@pytest.mark.parametrize("address", ["/healthz", "/healthz/"])
def test_a_process_that_answers_is_healthy_whatever_else_is_broken(client, address):
    assert client.get(address).json() == {"status": "ok"}
    assert client.head(address).status_code == 200


def test_a_service_that_has_all_is_ready(client, transactional_db):
    response = client.get("/readyz")
    assert response.status_code == 200
    parts = dict.fromkeys(["status", "database", "storage", "broker", "worker", "sandbox"], "ok")
    walls = dict.fromkeys(["no_new_privs", "seccomp", "landlock", "network"], True)
    assert response.json() == {**parts, "queues": {"quick": "ok", "heavy": "ok"}, "walls": walls}


def test_a_sandbox_that_lacks_a_wall_is_told(client, transactional_db, monkeypatch):
    walls = [wall._replace(on=wall.name != "landlock") for wall in probe.walls()]
    monkeypatch.setattr(probe, "walls", lambda: walls)
    response = client.get("/readyz")
    found = response.json()
    assert (response.status_code, found["status"], found["sandbox"]) == (200, "degraded", "weak")
    assert [name for name, on in found["walls"].items() if not on] == ["landlock"]


def test_being_asked_leaves_nothing_in_the_storage(client, transactional_db, kept):
    client.get("/readyz")
    assert kept() == []


def test_without_its_database_it_is_not_ready(client, monkeypatch, transactional_db):
    from filemill.processing.models import Job

    class Down:
        def exists(self):
            raise OperationalError("connection refused")

    monkeypatch.setattr(Job, "objects", Down())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert (response.json()["database"], response.json()["worker"]) == ("down", "unknown")


def test_without_its_storage_it_is_not_ready(client, storage, transactional_db):
    shutil.rmtree(storage)
    storage.write_text("no folder")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["storage"]) == (503, "down")


def test_a_full_storage_is_told_and_does_not_stop_the_lists(client, configure, transactional_db):
    configure(disk_reserve_bytes=2**60)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["storage"], response.json()["status"]) == (200, "full", "degraded")


def test_without_its_broker_it_is_degraded_and_says_so_soon(start_web):
    web = start_web(CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    response = web.client.get("/readyz", timeout=15)
    assert (response.status_code, response.json()["status"], response.json()["broker"]) == (200, "degraded", "down")
    upload = web.client.post("/upload/?name=a", content=b"hello", timeout=15)
    assert upload.status_code == 201


def test_work_that_nobody_takes_means_that_no_worker_is_there(client, upload):
    from filemill.processing.models import Job

    upload(b"x")
    assert client.get("/readyz").json()["worker"] == "ok"
    Job.objects.update(due_at=timezone.now() - timedelta(minutes=2))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"], response.json()["worker"]) == (200, "degraded", "degraded")
