"""Bells on the broker of this run: a folder, Redis or RabbitMQ."""

import threading
import time

import kombu
import pytest
from django.conf import settings

from filemill.processing import ring
from filemill.processing.queues import Queue


@pytest.fixture
def bells(monkeypatch):
    """A queue of bells that no worker of another test hears, empty at first and at the end."""
    monkeypatch.setitem(ring.NAMES, Queue.QUICK, "quick-unheard")
    with ring.connect() as connection:
        queue = kombu.Queue(ring.NAMES[Queue.QUICK])(connection.default_channel)
        queue.declare()
        queue.purge()
        yield queue
        queue.purge()


def test_bells_that_nobody_hears_are_bounded(bells):
    most = 2 * settings.FILEMILL.worker_threads
    dispatcher = ring.Dispatcher()
    for _ in range(4 * most):
        dispatcher._ring_once(Queue.QUICK)
    dispatcher._close()

    # RabbitMQ's count comes a little behind what it was sent on another channel.
    assert most <= bells.queue_declare().message_count < 2 * most


def test_a_bell_carries_nothing_and_expires(bells):
    dispatcher = ring.Dispatcher()
    dispatcher.ring()
    until = time.monotonic() + 30
    while (message := bells.get(no_ack=True)) is None and time.monotonic() < until:
        time.sleep(0.01)

    assert message.headers["task"] == ring.TASKS[Queue.QUICK]
    assert message.headers["expires"] is not None
    assert message.payload[:2] == [[], {}]


def test_a_bell_that_cannot_be_rung_holds_up_no_other(monkeypatch):
    rung, heavy_rang = [], threading.Event()

    def ring_once(queue: Queue) -> None:
        rung.append(queue)
        if queue == Queue.QUICK:
            raise ConnectionRefusedError
        heavy_rang.set()

    dispatcher = ring.Dispatcher()
    monkeypatch.setattr(dispatcher, "_ring_once", ring_once)
    dispatcher._wanted[Queue.HEAVY].set()  # as by whoever rings at the same moment
    dispatcher.ring(Queue.QUICK)

    assert heavy_rang.wait(30)
    assert rung == [Queue.QUICK, Queue.HEAVY]
