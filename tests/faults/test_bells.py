"""What a worker makes of messages that are no bells, of too many, and of late ones."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {"FILEMILL_SWEEP_SECONDS": "1"}
    with ExitStack() as stack:
        if "DATABASE_URL" in os.environ:
            environment["DATABASE_URL"] = services.new_database(os.environ["DATABASE_URL"])
        if os.environ.get("FILEMILL_TEST_STACK") == "production":
            environment["CELERY_BROKER_URL"] = stack.enter_context(services.redis()).url
        else:
            environment["CELERY_BROKER_URL"] = "filesystem://"
        service = Service(tmp_path_factory.mktemp("bells") / "data", **environment).start()
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


def test_the_next_bell_is_heard_after_any_garbage(service, put):
    """What is not even a message ends Celery's worker, which the supervisor starts again."""
    for message in GARBAGE.values():
        put("bells", message)
        put("sweep", message)

    ids = [service.upload(b"after garbage\n")["id"] for _ in range(3)]

    assert all(service.await_end(file_id)["processed"] for file_id in ids)


def test_a_hundred_bells_for_one_file_do_it_once(service, put):
    uploaded = service.upload(b"once\n")["id"]
    for _ in range(100):
        put("bells", bell())

    shown = service.await_end(uploaded)

    assert [(job["state"], job["attempts"]) for job in shown["jobs"]] == [("succeeded", 1)] * 2
    assert len(shown["artifacts"]) == 1
