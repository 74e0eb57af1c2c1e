import errno
import os
import stat
import threading
from pathlib import Path

import orjson
import pytest
from kombu import Connection, Message, Queue

from filemill.config import broker
from filemill.processing import stopping

pytestmark = pytest.mark.once

broker.use_safe_transports()


@pytest.fixture
def connect(tmp_path):
    """Open a connection to a broker in a folder of the test's own."""
    opened = []

    def make() -> Connection:
        opened.append(Connection("filesystem://", transport_options=broker.folder_options(tmp_path)))
        return opened[-1]

    yield make
    for each in opened:
        each.release()


def put(connection: Connection, body: object, queue: str = "bells") -> None:
    connection.Producer().publish(body, routing_key=queue, declare=[Queue(queue)], serializer="json")


def take_all(connection: Connection, queue: str = "bells") -> list[object]:
    bound = Queue(queue)(connection.default_channel)
    bound.declare()
    found = []
    while message := bound.get(no_ack=True):
        found.append(message.payload)
    return found


def count(connection: Connection, queue: str = "bells") -> int:
    return Queue(queue)(connection.default_channel).queue_declare().message_count


def test_messages_come_out_whole_in_the_order_they_went_in(connect):
    connection = connect()
    for number in range(20):
        put(connection, {"n": number})
    assert count(connection) == 20
    assert [each["n"] for each in take_all(connect())] == list(range(20))
    assert count(connection) == 0


def test_queues_do_not_mix(connect):
    connection = connect()
    put(connection, 1, "bells")
    put(connection, 2, "sweep")
    assert (count(connection, "bells"), count(connection, "sweep")) == (1, 1)
    assert (take_all(connection, "sweep"), take_all(connection, "bells")) == ([2], [1])


def test_the_folders_are_for_their_owner_only(tmp_path):
    broker.folder_options(tmp_path / "broker")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "broker").rglob("*")} == {0o700}


def test_an_unfinished_message_is_neither_seen_nor_counted(connect, tmp_path):
    connection = connect()
    put(connection, 1)
    (whole,) = (tmp_path / "messages").iterdir()
    (tmp_path / "messages" / f".{whole.name}.part").write_bytes(whole.read_bytes()[:20])
    assert count(connection) == 1
    assert take_all(connection) == [1]


def test_a_message_that_a_power_cut_emptied_is_passed_over(connect, tmp_path):
    connection = connect()
    put(connection, 1)
    put(connection, 2)
    first = min((tmp_path / "messages").iterdir())
    first.write_bytes(b"")
    assert take_all(connection) == [2]
    assert list((tmp_path / "messages").iterdir()) == []


def test_several_consumers_and_producers_lose_and_double_nothing(connect, tmp_path):
    rounds, found, broken = 60, [], []
    producers = [threading.Thread(target=lambda base=base: _produce(connect, base, rounds)) for base in (0, 1000)]
    done = threading.Event()

    def consume() -> None:
        connection = connect()
        try:
            while not done.is_set() or list((tmp_path / "messages").glob("*.msg")):
                found.extend(take_all(connection))
        except Exception as error:  # noqa: BLE001  # whatever it is, the main thread fails with it
            broken.append(error)

    consumers = [threading.Thread(target=consume) for _ in range(3)]
    for thread in producers + consumers:
        thread.start()
    for thread in producers:
        thread.join()
    done.set()
    for thread in consumers:
        thread.join()
    assert broken == []
    assert sorted(found) == sorted([*range(rounds), *range(1000, 1000 + rounds)])
    assert list((tmp_path / "processed").iterdir()) == []


def _produce(connect, base: int, rounds: int) -> None:
    connection = connect()
    for number in range(rounds):
        put(connection, base + number)


def test_a_reader_never_meets_half_of_a_message(connect, tmp_path):
    folder, stop, halves = tmp_path / "messages", threading.Event(), []
    connection = connect()
    put(connection, 0)

    def watch() -> None:
        while not stop.is_set():
            for path in folder.glob("[!.]*.msg"):
                try:
                    orjson.loads(Path(path).read_bytes())
                except FileNotFoundError:
                    continue
                except orjson.JSONDecodeError:
                    halves.append(path)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(30):
        put(connection, "x" * 200_000)
        take_all(connection)
    stop.set()
    watcher.join()
    assert halves == []


def consume_from(connection: Connection, found: list[Message], prefetch: int = 0) -> None:
    consumer = connection.Consumer([Queue("bells")], on_message=found.append)
    consumer.qos(prefetch_count=prefetch)
    consumer.consume()


def test_a_message_wakes_who_waits_for_one(connect, monkeypatch):
    monkeypatch.setattr(broker, "_MOST_SECONDS", 3600)  # no look at the folder but for its own sake
    found, connection = [], connect()
    consume_from(connection, found)
    later = threading.Timer(0.1, put, (connect(), "ding"))
    later.start()
    connection.drain_events(timeout=60)
    later.join()
    assert [each.payload for each in found] == ["ding"]


def test_who_waits_for_room_is_woken_by_the_thread_that_makes_it(connect, monkeypatch):
    monkeypatch.setattr(broker, "_MOST_SECONDS", 3600)
    found, connection = [], connect()
    consume_from(connection, found, prefetch=1)
    for number in (1, 2, 3):
        put(connection, number)
    connection.drain_events(timeout=60)
    for act in (found[0].ack, lambda: found[1].reject()):
        later = threading.Timer(0.1, act)
        later.start()
        connection.drain_events(timeout=60)
        later.join()
    assert [each.payload for each in found] == [1, 2, 3]


def test_a_worker_that_is_told_to_stop_waits_no_longer(connect, monkeypatch):
    monkeypatch.setattr(broker, "_MOST_SECONDS", 3600)
    monkeypatch.setattr(stopping, "_told_at", None)
    connection = connect()
    consume_from(connection, [])
    later = threading.Timer(0.1, lambda: (stopping.stop(), broker.end_waits()))
    later.start()
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=3600)
    later.join()


def test_nobody_waits_for_longer_than_asked(connect):
    connection = connect()
    consume_from(connection, [])
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.05)


def test_where_the_kernel_tells_of_no_folder_it_is_polled(connect, monkeypatch):
    def refuse(_folder: Path) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(broker, "Arrivals", refuse)
    found, connection = [], connect()
    consume_from(connection, found)
    later = threading.Timer(0.1, put, (connect(), "ding"))
    later.start()
    connection.drain_events(timeout=60)
    later.join()
    assert [each.payload for each in found] == ["ding"]


def test_a_connection_gives_its_descriptors_back(connect):
    connection = connect()
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    consume_from(connection, [])
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.01)
    assert set(os.listdir("/proc/self/fd")) - before  # noqa: PTH208
    connection.release()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
