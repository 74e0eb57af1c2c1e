import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

from celery.beat import Service
from django.db import connection
from django_celery_beat.models import PeriodicTask
from kombu import Queue

from filemill.config.celery import app
from filemill.config.schedule import Scheduler
from filemill.config.sweeper import SweepConsumer


def test_sweeps_that_no_worker_takes_do_not_pile_up(transactional_db, monkeypatch):
    monkeypatch.setattr(SweepConsumer, "queue", Queue("sweep-untaken"))
    PeriodicTask.objects.all().delete()
    scheduler = Scheduler(app=app)
    entry = scheduler.schedule["sweep"]
    entry.options["queue"] = SweepConsumer.queue.name
    with app.connection_for_write() as connection:
        queue = SweepConsumer.queue(connection.default_channel)
        queue.declare()
        for _taken_and_asked_for_again in range(2):
            queue.purge()
            scheduler.apply_async(entry, producer=scheduler.producer, advance=False)
            _await_message(queue)
            scheduler.apply_async(entry, producer=scheduler.producer, advance=False)
            scheduler.producer.connection.default_channel.queue_declare(
                SweepConsumer.queue.name, passive=True
            )  # RabbitMQ has it by now

            assert queue.queue_declare().message_count == 1
        queue.purge()
    scheduler.close()


def test_a_stop_in_the_middle_of_a_statement_ends_beat(transactional_db, monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    asked = []

    def tick(scheduler):
        asked.append(scheduler.schedule)
        scheduler._dirty.update(scheduler.schedule)  # so that the end asks the database, too
        with getattr(connection.connection, "lock", nullcontext()):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Scheduler, "tick", tick)
    beat = Service(app, scheduler_cls=Scheduler)
    app.Beat(app=app).install_sync_handler(beat)
    try:
        beat.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert len(asked) == 1
    assert beat._is_stopped.is_set()


def test_a_stop_while_beat_reads_its_schedule_ends_it(apart, tmp_path):
    environment = {**os.environ, "FILEMILL_DATA_DIR": str(tmp_path / "data"), **apart(tmp_path / "data")}
    command = [sys.executable, "-c", STOPPED_IN_ITS_SET_UP]
    beat = subprocess.run(command, env=environment, stderr=subprocess.PIPE, check=False)

    assert (beat.stderr, beat.returncode) == (b"reading\n", -signal.SIGTERM)


STOPPED_IN_ITS_SET_UP = """
import os, signal, sys
from filemill.cli import services
services.set_up()
from django.db import connection
from filemill.config.schedule import Scheduler

def set_up(scheduler):
    with connection.cursor(), getattr(connection.connection, "lock", open(os.devnull)):
        print("reading", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGTERM)
        print("still there", file=sys.stderr)

Scheduler._set_up = set_up
services.run_beat()
"""


def _await_message(queue) -> None:
    until = time.monotonic() + 30
    while not queue.queue_declare().message_count and time.monotonic() < until:
        time.sleep(0.01)
