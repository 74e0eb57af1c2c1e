"""What a worker makes of messages that are no bells, of too many, and of late ones."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from system.conftest import Service, until

JSON = "application/json"


def envelope(body: bytes, content_type: str = JSON, **headers: object) -> dict[str, object]:
    properties = {
        "delivery_tag": str(uuid4()),
        "delivery_info": {"exchange": "", "routing_key": "quick"},
        "body_encoding": "base64",
    }
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": content_type,
        "headers": headers,
        "properties": properties,
    }


def bell(body: bytes = b"[[], {}, {}]", content_type: str = JSON, **headers: object) -> dict[str, object]:
    return envelope(body, content_type, **{"lang": "py", "task": "filemill.quick", "id": str(uuid4()), **headers})


# What any broker carries; RabbitMQ has what is around the body in frames of its own.
GARBAGE = {
    "bytes": lambda: envelope(b"\xff\x00garbage", "application/octet-stream"),
    "a broken body": lambda: bell(b"{"),
    "no task": lambda: envelope(b"[[], {}, {}]"),
    "a task of another kind": lambda: bell(task=["filemill.quick"]),
    "an unknown task": lambda: bell(task="os.system"),
    "no id": lambda: envelope(b"[[], {}, {}]", task="filemill.quick"),
    "arguments": lambda: bell(b'[["rm"], {"a": 1}, {}]'),
    "no arguments": lambda: bell(b"7"),
    "a pickle": lambda: bell(b"cos\nsystem\n", "application/x-python-serialize"),
    "no known type": lambda: envelope(b"[[], {}, {}]", "text/x-nothing"),
    "no known compression": lambda: bell(compression="none-that-is-known"),
    "long ago": lambda: bell(expires="2001-01-01T00:00:00+00:00"),
    "at a time to come": lambda: bell(eta="2099-01-01T00:00:00+00:00"),
    "at no time": lambda: bell(eta="soon", expires=["later"], timelimit="short"),
}
WITHOUT = {part: {k: v for k, v in bell().items() if k != part} for part in bell()}
# What only a broker can carry that takes any bytes for a message.
RAW = [
    b"",
    b"\xff\x00garbage",
    b"7",
    b"null",
    b"[" * 100_000,
    *(json.dumps(rest).encode() for rest in WITHOUT.values()),
    *(json.dumps({**bell(), part: 7}).encode() for part in bell()),
    *(
        json.dumps({**bell(), "properties": {**bell()["properties"], part: [7]}}).encode()
        for part in bell()["properties"]
    ),
]


@pytest.fixture
def service(tmp_path: Path, apart: Callable[..., dict[str, str]]) -> Iterator[Service]:
    data = tmp_path / "data"
    environment = {"FILEMILL_SWEEP_SECONDS": "1", "FILEMILL_WORKER_THREADS": "1", **apart(data)}
    service = Service(data, **environment).start()
    yield service
    service.close()


@pytest.fixture
def put(service: Service) -> Iterator[Callable[[str, dict[str, object] | bytes], None]]:
    """Put a message into a queue, or raw bytes where the broker would take them for one: put("quick", b"...")."""
    url = service.environment.get("CELERY_BROKER_URL", "")

    def into_folder(queue: str, message: bytes) -> None:
        (service.data / "broker" / "messages" / f"0_{uuid4()}.{queue}.msg").write_bytes(message)

    def into_redis(queue: str, message: bytes) -> None:
        with redis.Redis.from_url(url) as connection:
            connection.lpush(queue, message)

    def into_rabbitmq(queue: str, message: dict[str, object]) -> None:
        channel.basic_publish(
            channel.prepare_message(
                base64.b64decode(message["body"]),
                content_type=message["content-type"],
                content_encoding="utf-8",
                headers=message["headers"],
            ),
            routing_key=queue,
        )

    if url.startswith("amqp"):
        with service.broker() as connection:
            channel = connection.default_channel
            yield lambda queue, message: None if isinstance(message, bytes) else into_rabbitmq(queue, message)
    else:
        into = into_redis if url else into_folder
        yield lambda queue, message: into(
            queue, message if isinstance(message, bytes) else json.dumps(message).encode()
        )


def test_garbage_neither_ends_the_worker_nor_makes_it_deaf(service, put):
    worker = service.pid_of("worker")
    for _more_than_a_worker_takes_at_once in range(3):
        for queue in ("quick", "heavy", "sweep"):
            for make in GARBAGE.values():
                put(queue, make())
            for message in RAW:
                put(queue, message)

    assert service.await_end(service.upload(b"after garbage\n")["id"])["processed"] is True
    until(lambda: not service.waiting("quick"))
    until(lambda: not service.waiting("sweep"))
    assert service.pid_of("worker") == worker
    assert service.stop() == 0


def test_a_hundred_bells_do_nothing_twice(service, put):
    uploaded = service.upload(b"once\n")["id"]
    for _ in range(100):
        put("quick", bell())

    once = service.await_end(uploaded)

    assert [(job["state"], job["attempts"]) for job in once["jobs"]] == [("succeeded", 1)] * 2
    assert len(once["artifacts"]) == 1
