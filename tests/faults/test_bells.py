"""What a worker makes of messages that are no bells, of too many, and of late ones."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
import redis
import services
from system.conftest import Service


def envelope(body: bytes, **headers: object) -> dict[str, object]:
    properties = {
        "delivery_tag": str(uuid4()),
        "delivery_info": {"exchange": "", "routing_key": "bells"},
        "body_encoding": "base64",
    }
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    }


def bell(**headers: object) -> bytes:
    known = {"lang": "py", "task": "filemill.drain", "id": str(uuid4())} | headers
    return json.dumps(envelope(b"[[], {}, {}]", **known)).encode()


GARBAGE = {
    "no JSON": b"\xff\x00garbage",
    "a broken body": json.dumps(envelope(b"{", task="filemill.drain", id="1")).encode(),
    "no task": json.dumps(envelope(b"[[], {}, {}]")).encode(),
    "an unknown task": bell(task="os.system"),
    "arguments": json.dumps(envelope(b'[["rm"], {"a": 1}, {}]', task="filemill.drain", id="2")).encode(),
    "a pickle": json.dumps({**envelope(b"cos\nsystem\n"), "content-type": "application/x-python-serialize"}).encode(),
    "long ago": bell(expires="2001-01-01T00:00:00+00:00"),
    "at a time to come": bell(eta="2099-01-01T00:00:00+00:00"),
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    environment = {"FILEMILL_SWEEP_SECONDS": "1"}
    with ExitStack() as stack:
        if "DATABASE_URL" in os.environ:
            environment["DATABASE_URL"] = services.new_database(os.environ["DATABASE_URL"])
        if os.environ.get("FILEMILL_TEST_STACK") == "production":
            environment["CELERY_BROKER_URL"] = stack.enter_context(services.redis()).url
        else:
            environment["CELERY_BROKER_URL"] = "filesystem://"
        service = Service(tmp_path / "data", **environment).start()
        stack.callback(service.close)
        yield service


@pytest.fixture
def put(service: Service) -> Callable[[str, bytes], None]:
    """Put raw bytes into a queue: put("bells", b"...")."""

    def into_folder(queue: str, message: bytes) -> None:
        (service.data / "broker" / "messages" / f"0_{uuid4()}.{queue}.msg").write_bytes(message)

    def into_redis(queue: str, message: bytes) -> None:
        with redis.Redis.from_url(service.environment["CELERY_BROKER_URL"]) as connection:
            connection.lpush(queue, message)

    return into_redis if service.environment["CELERY_BROKER_URL"].startswith("redis") else into_folder


def test_any_garbage_costs_no_file_and_a_hundred_bells_do_nothing_twice(service, put):
    """What is not even a message ends Celery's worker, which the supervisor starts again."""
    for message in GARBAGE.values():
        put("bells", message)
        put("sweep", message)
    after_garbage = service.await_end(service.upload(b"after garbage\n")["id"])

    uploaded = service.upload(b"once\n")["id"]
    for _ in range(100):
        put("bells", bell())
    once = service.await_end(uploaded)

    assert after_garbage["processed"] is True
    assert [(job["state"], job["attempts"]) for job in once["jobs"]] == [("succeeded", 1)] * 2
    assert len(once["artifacts"]) == 1
