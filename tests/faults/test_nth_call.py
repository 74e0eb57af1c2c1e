"""Whatever call to the world fails, or is the last before a kill: what was accepted is kept, and nothing else is.

Each way through the service is gone again and again, and each time the next call at a seam goes wrong, until there are
no more calls. What goes wrong at the storage or in the sandbox does so whatever the database, so that on PostgreSQL an
upload and a job are enough. With FILEMILL_TEST_FAULTS=all every kind of fault is tried at each call, and every way on
each database; else the kinds take turns, and processes hang at every third.
"""

import os
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import kombu
import pytest
from django.db import close_old_connections, connection
from faults import seams
from faults.conftest import World, in_a_fork
from faults.seams import DONE, Count
from faults.ways import WAYS, Outcome, Way
from system.conftest import until

from filemill.processing import ring
from filemill.processing.queues import Queue
from filemill.processing.sweep import sweep

EVERY_KIND = os.environ.get("FILEMILL_TEST_FAULTS") == "all"
MOST_CALLS = 300  # a way that needs more has lost itself
Fate = Callable[[], None]

ERRORS: dict[str, list[Fate]] = {
    "database": [seams.refused_by_the_database, seams.connection_lost],
    "storage": [seams.no_space_left, seams.input_output_error],
}
TOUCHED = {
    "database": [way for way in WAYS if way != "large"],
    "storage": ["form", "raw", "large", "begin", "tus", "job", "delete", "sweep"],
}
RARELY = set() if EVERY_KIND else {"begin", "ietf"}  # what they go through others do, too
TYPICAL = {"form", "job"}


def _meeting(way: str, seam: str) -> Any:
    is_again = not EVERY_KIND and seam != "database" and way not in TYPICAL
    return pytest.param(way, seam, marks=[pytest.mark.once] if is_again else [])


WHERE = [_meeting(way, seam) for seam, ways in TOUCHED.items() for way in ways if way not in RARELY]
AT_WORK = pytest.param("job", "sandbox", marks=pytest.mark.once)


@pytest.fixture
def seam(world: World) -> dict[str, Callable[[Count], object]]:
    return {
        "database": seams.database,
        "storage": lambda counted: seams.storage(counted, world.storage, world.work_dir),
        "sandbox": seams.sandbox,
    }


@pytest.mark.parametrize(("way", "where"), WHERE)
def test_each_call_may_fail(world, seam, way, where):
    fates = [fate for fate in ERRORS[where] if fate is not seams.connection_lost or connection.vendor == "postgresql"]
    for number in count(1):
        for fate in fates if EVERY_KIND else [fates[number % len(fates)]]:
            run = partial(_in_this_process, seam[where], Count(number, fate))
            met = _survives(world, WAYS[way], run, f"{number}-{fate.__name__}")
        if not met:
            break
    assert 2 < number < MOST_CALLS


@pytest.mark.parametrize(("way", "where"), [*WHERE, AT_WORK])
def test_each_call_may_be_the_last_before_a_kill(world, seam, way, where):
    for number in count(1):
        if not _survives(world, WAYS[way], partial(_in_a_process_to_kill, seam[where], number), f"{number}"):
            break
    assert 2 < number < MOST_CALLS


HANGS = [(way, seam) for way in sorted(TYPICAL) for seam in ("database", "storage")] + [("job", "sandbox")]
if connection.vendor == "sqlite":
    # Its one writer's turn is as long as the writer pleases: nothing can be done but to go on, or to end it.
    HANGS = [(way, seam) for way, seam in HANGS if seam != "database"]


@pytest.mark.parametrize(("way", "where"), HANGS)
def test_a_process_may_hang_at_each_call_until_it_is_given_up_and_then_go_on(world, seam, way, where):
    for number in count(1, 1 if EVERY_KIND else 3):
        run = partial(_in_a_process_that_hangs, world, seam[where], number)
        if not _survives(world, WAYS[way], run, f"{number}"):
            break
    assert 2 < number < MOST_CALLS


@pytest.mark.once
def test_the_sandbox_server_may_be_killed_at_each_call(world, seam):
    for number in count(1):
        run = partial(_in_this_process, seam["sandbox"], Count(number, seams.sandbox_server_killed))
        if not _survives(world, WAYS["job"], run, f"{number}"):
            break
    assert 2 < number < MOST_CALLS


def test_the_broker_may_fail_at_each_call_and_the_sweep_rings_again(world, monkeypatch):
    for number in count(1):
        counted = Count(number, seams.broker_gone)
        monkeypatch.setattr(ring, "ring", ring.Dispatcher().ring)  # a new process, not yet connected
        with ring.connect() as connection:
            bells = kombu.Queue(ring.NAMES[Queue.QUICK])(connection.default_channel)
            bells.queue_declare()
            bells.purge()
        with seams.broker(counted):
            file_id = world.keep(f"{number}")
            until(lambda: sweep() or _bells())
        if not counted.met:
            break
        world.work()
        world.assert_whole(file_id)
    assert 2 < number < MOST_CALLS


def _bells() -> int:
    with ring.connect() as connection:
        return ring.queued(connection, Queue.QUICK)


def _survives(
    world: World, way: Way, run: Callable[[Callable[[], int | None]], tuple[bool, Outcome]], name: str
) -> bool:
    """Go the way once with a fault in it, and check all that must hold; False where there were too few calls for it.

    That the next file works is shown by the next time, and at last by the one without a fault.
    """
    given = way.prepare(world, name)
    met, saw = run(partial(way.go, world, given))
    assert met or not saw.failed
    world.configure(lease_seconds=30)
    way.go_on(world, given)
    world.recover()
    way.judge(world, given, saw)
    world.check()
    return met


def _in_this_process(seam, counted: Count, go: Callable[[], int | None]) -> tuple[bool, Outcome]:
    with seam(counted):
        status = go()
    close_old_connections()  # as each request and each task begins
    return counted.met, Outcome(status, unknown=any(call.endswith(DONE) for call in counted.until_fate))


def _in_a_process_to_kill(seam, number: int, go: Callable[[], int | None]) -> tuple[bool, Outcome]:
    def way_to_death() -> int | None:
        with seam(Count(number, seams.process_killed)):
            return go()

    fork = in_a_fork(way_to_death)
    return fork.was_killed, Outcome(fork.returned, unknown=fork.was_killed)


def _in_a_process_that_hangs(world: World, seam, number: int, go: Callable[[], int | None]) -> tuple[bool, Outcome]:
    def way_with_a_long_pause() -> int | None:
        if connection.vendor == "postgresql":
            connection.settings_dict["OPTIONS"]["options"] = "-c idle_in_transaction_session_timeout=200ms"
        with seam(Count(number, seams.process_stopped)):
            return go()

    fork = in_a_fork(way_with_a_long_pause, world.recover)
    return fork.has_stopped, Outcome(fork.returned, unknown=False)
