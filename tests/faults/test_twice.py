"""Two of what there should be one of: sweepers, beats, bells, workers. Nothing is done twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now
from faults.conftest import World
from faults.ways import WAYS

from filemill.processing.models import Artifact, Job
from filemill.processing.sweep import sweep
from filemill.processing.tasks import drain

AT_ONCE = 4


def at_once(function: Callable[[], object]) -> None:
    """Run a function in several threads that start together; none may raise."""
    together = threading.Barrier(AT_ONCE)

    def run() -> None:
        together.wait()
        try:
            function()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for ran in [pool.submit(run) for _ in range(AT_ONCE)]:
            ran.result()


def test_sweepers_at_once_bring_each_job_back_once_and_remove_what_is_left(world: World):
    ids = [WAYS["sweep"].prepare(world, f"{number}.txt") for number in range(5)]
    Job.objects.update(lease_until=Now() - timedelta(seconds=1))

    at_once(sweep)

    assert set(Job.objects.values_list("state", "attempts")) == {("queued", 1)}
    world.configure(backoff_seconds=0, lease_seconds=30)
    world.recover()
    for file_id in ids:
        world.assert_whole(file_id)
    assert set(Job.objects.values_list("processor", "attempts")) == {("identify", 2), ("text", 1)}
    world.check()


def test_workers_that_hear_many_bells_at_once_do_each_job_once(world: World):
    ids = [world.keep(f"{number}.txt") for number in range(8)]

    at_once(lambda: [drain() for _ in range(3)])

    world.work()
    for file_id in ids:
        world.assert_whole(file_id)
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    assert Artifact.objects.count() == len(ids)
    world.check()


def test_beats_at_once_agree_on_one_schedule(world: World):
    from celery import current_app
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    from filemill.config.schedule import Scheduler

    def beat() -> None:
        scheduler = Scheduler(app=current_app)
        scheduler._finalize.cancel()
        scheduler.tick()
        scheduler.close()

    PeriodicTask.objects.all().delete()
    IntervalSchedule.objects.all().delete()
    at_once(beat)
    at_once(beat)

    assert PeriodicTask.objects.filter(name="sweep").count() == 1


def test_a_bell_for_nothing_does_nothing(world: World):
    file_id = world.keep_processed("a.txt")
    before = list(Job.objects.values())

    drain()

    assert list(Job.objects.values()) == before
    world.assert_whole(file_id)
