import time

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


def _await_message(queue) -> None:
    until = time.monotonic() + 30
    while not queue.queue_declare().message_count and time.monotonic() < until:
        time.sleep(0.01)
