"""What Celery does around each task, where it matters to the next one."""

import select

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from filemill.config.celery import app
from filemill.files.models import File
from filemill.processing.tasks import drain

PATIENCE_SECONDS = 60

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_task_leaves_its_connection_to_the_next_one():
    around = DjangoWorkerFixup(app)
    connection.ensure_connection()
    before = connection.connection

    around.on_task_prerun(sender=drain)
    around.on_task_postrun(sender=drain)

    assert connection.connection is before


@pytest.mark.skipif(connection.vendor == "sqlite", reason="nobody ends a connection to a file")
def test_a_connection_that_was_ended_meanwhile_is_made_anew(upload, work):
    upload(b"hello")
    before = connection.connection
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [before.info.backend_pid])
    other.close()
    assert select.select([before], [], [], PATIENCE_SECONDS)[0]  # until word of that has come

    signals.task_prerun.send(sender=drain)
    work()

    assert File.objects.get().processed
    assert connection.connection is not before
