"""A clock that is set forward or back. To shift what was noted by it is the same, and needs no hands on the machine."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db.models import F
from kombu import Queue

from filemill.config.schedule import Scheduler
from filemill.processing import claim, queues, record, ring
from filemill.processing.models import Job
from filemill.processing.sweep import sweep

AN_HOUR = timedelta(hours=1)


def clock_of_the_database_moves(by: timedelta) -> None:
    Job.objects.update(due_at=F("due_at") - by, created_at=F("created_at") - by)
    Job.objects.filter(state="running").update(lease_until=F("lease_until") - by)


@pytest.fixture
def sent(transactional_db: None) -> Any:
    """Count the sweeps that were asked for, and forget them: sent()."""

    def count() -> int:
        with ring.connect() as connection:
            queue = Queue("sweep")(connection.default_channel)
            queue.queue_declare()
            return queue.purge()

    count()
    return count


@pytest.fixture
def make_beat(transactional_db: None) -> Iterator[Callable[[], Scheduler]]:
    made: list[Scheduler] = []

    def make() -> Scheduler:
        made.append(Scheduler(app=current_app))
        made[-1]._finalize.cancel()  # at the end of this process its database is gone
        return made[-1]

    yield make
    for beat in made:
        beat.close()


def test_a_clock_set_back_by_an_hour_delays_no_file(world):
    file_id = world.keep("a.txt")
    clock_of_the_database_moves(-AN_HOUR)
    assert not claim.work_is_due(queues.Queue.QUICK)

    sweep()

    world.work()
    world.assert_whole(file_id)


def test_a_clock_set_back_by_an_hour_keeps_no_dead_workers_job(world):
    file_id = world.keep("a.txt")
    claim.next_claim()
    clock_of_the_database_moves(-AN_HOUR)
    sweep()
    clock_of_the_database_moves(timedelta(seconds=31))

    world.configure(backoff_seconds=0)
    sweep()

    world.work()
    world.assert_whole(file_id)


def test_a_clock_set_back_shortens_no_pause_between_attempts(world):
    world.keep("a.txt")
    record.retry(claim.next_claim(), record.Reason("broken", "Broken", "It is broken."))
    due = Job.objects.get().due_at

    sweep()

    assert Job.objects.get().due_at == due


def test_a_clock_set_forward_costs_a_running_job_an_attempt_and_gives_one_result(world):
    file_id = world.keep("a.txt")
    late = claim.next_claim()
    clock_of_the_database_moves(AN_HOUR)

    world.recover()

    with pytest.raises(record.LeaseLost):
        record.fail(late, record.Reason("broken", "Broken", "It is broken."))
    world.assert_whole(file_id)
    assert Job.objects.get(processor="identify").attempts == 2


@pytest.mark.parametrize("by", [-AN_HOUR, AN_HOUR])
def test_beat_goes_on_after_its_clock_is_set(sent, make_beat, by):
    beat = make_beat()
    _make_due(beat)
    _tick(beat)
    assert sent() == 1

    _clock_of_beat_moves(beat, by)
    _tick(beat)
    if by < timedelta(0):
        assert sent() == 0  # an interval from now, like everybody else
        _make_due(beat)
        _tick(beat)

    assert sent() == 1


def test_beat_that_starts_after_its_clock_was_set_back_sends(sent, make_beat):
    before = make_beat()
    _clock_of_beat_moves(before, -AN_HOUR)
    before.schedule["sweep"].save()

    beat = make_beat()
    _tick(beat)
    _make_due(beat)
    _tick(beat)

    assert sent() == 1


def _tick(beat: Scheduler) -> None:
    while beat.tick() == 0:
        pass


def _make_due(beat: Scheduler) -> None:
    """Let an interval pass."""
    _clock_of_beat_moves(beat, timedelta(seconds=6))


def _clock_of_beat_moves(beat: Scheduler, by: timedelta) -> None:
    waiting = beat._heap or []
    for model in {entry.name: entry.model for entry in beat.schedule.values()}.values():
        model.last_run_at -= by
    for entry in [*beat.schedule.values(), *(event.entry for event in waiting)]:
        entry.last_run_at = entry.model.last_run_at
    waiting[:] = [event._replace(time=event.time - by.total_seconds()) for event in waiting]
