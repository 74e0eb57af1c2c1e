import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kombu import Connection, Queue
from redis import Redis as Client
from redis.exceptions import ConnectionError as NoConnection

from services import Postgres, RabbitMQ, Redis, postgres, rabbitmq, redis


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture
def broker() -> Iterator[Redis]:
    with redis() as server:
        yield server


def test_a_crashed_postgres_comes_back_with_what_was_committed(database: Postgres):
    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    database.crash()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database.url)
    database.start()
    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_each_new_database_is_empty(database: Postgres):
    first, second = database.new_database(), database.new_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here ()")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_a_durable_postgres_syncs():
    with postgres(durable=True) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_a_restarted_redis_has_the_same_address_and_has_forgotten_everything(broker: Redis):
    with Client.from_url(broker.url) as client:
        client.set("bell", "rings")
        broker.stop()
        with pytest.raises(NoConnection):
            client.get("bell")
        broker.start()
        assert client.get("bell") is None


def test_a_flushed_redis_is_empty(broker: Redis):
    with Client.from_url(broker.url) as client:
        client.set("bell", "rings")
        broker.flush()
        assert client.dbsize() == 0


def test_a_rabbitmq_has_the_same_address_after_a_crash_and_keeps_its_queues_but_not_what_is_transient():
    names = ("quick", "heavy", "sweep")
    with rabbitmq() as server:
        for end in (server.flush, server.crash):
            for name in names:
                _ring(server, name)
            end()
            if server.pid is None:
                server.start()
            assert [_count(server, name) for name in names] == [0, 0, 0]


def _ring(server: RabbitMQ, name: str) -> None:
    with Connection(server.url) as connection:
        connection.Producer().publish({}, routing_key=name, declare=[Queue(name)], delivery_mode="transient")


def _count(server: RabbitMQ, name: str) -> int:
    with Connection(server.url) as connection:
        return connection.default_channel.queue_declare(name, passive=True).message_count


def test_a_server_that_cannot_start_says_why(broker: Redis):
    with redis() as second:
        second.stop()
        second.command = broker.command  # the port that the first one holds
        with pytest.raises(RuntimeError, match="in use"):
            second.start()


def test_nothing_is_left_after_the_block():
    with postgres() as database, redis() as broker, rabbitmq() as other:
        servers = [(server.pid, server.folder) for server in (database, broker, other)]
        assert _group(other.pid) != [other.pid]  # there is its name server, too
    assert _left(servers) == []


def test_nothing_is_left_when_the_tests_are_killed():
    program = (
        "import services, time\n"
        "with services.postgres() as database, services.redis() as broker, services.rabbitmq() as other:\n"
        "    for server in (database, broker, other):\n"
        "        print(server.pid, server.folder, end=' ')\n"
        "    print(flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment) as tests:
        words = tests.stdout.readline().split()
        tests.kill()
    servers = [(int(pid), Path(folder)) for pid, folder in zip(words[::2], words[1::2], strict=True)]
    assert len(servers) == 3
    deadline = time.monotonic() + 60
    while _left(servers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _left(servers) == []


def _left(servers: list[tuple[int, Path]]) -> list[object]:
    processes = [process for pid, _ in servers for process in _group(pid)]
    return processes + [folder for _, folder in servers if folder.exists()]


def _group(leader: int) -> list[int]:
    """Return the living processes of a group, such as RabbitMQ and its name server."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, group = entry.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(group) == leader and state != "Z":
            found.append(int(entry.parent.name))
    return sorted(found)
