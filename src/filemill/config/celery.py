"""The Celery application: a worker's queues, the sweep's own consumer, and beat's schedule."""

import fcntl
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")

from celery import Celery, signals
from django.conf import settings
from django.db import close_old_connections
from kombu import Queue

from filemill.config.beat import Beat
from filemill.config.broker import Connection, end_waits, use_safe_transports
from filemill.config.sweeper import SweepConsumer
from filemill.processing.queues import Queue as Work
from filemill.processing.ring import NAMES

SWEEP_TASK = "filemill.sweep"

app = Celery("filemill")
app.amqp.Connection = Connection
app.Beat = app.subclass_with_self(Beat)  # type: ignore[misc]  # a cached property
use_safe_transports()
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=settings.BROKER_TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    # A bell is heard once it is taken; the ledger knows what is done. RabbitMQ ends the channel, and Celery then the
    # worker, where an acknowledgement waits for a job of 30 minutes.
    task_acks_late=False,
    task_default_queue=NAMES[Work.QUICK],
    task_default_delivery_mode="transient",  # RabbitMQ need not write to its disk what the ledger knows
    task_queues=[Queue(name) for name in NAMES.values()],
    task_routes={SWEEP_TASK: {"queue": SweepConsumer.queue.name}},
    worker_pool="threads",
    worker_consumer="filemill.config.consumer:Consumer",
    worker_concurrency=settings.FILEMILL.worker_threads,
    worker_prefetch_multiplier=1,
    # After a reconnect it would ask RabbitMQ for more from a job's thread, which then reads the main thread's socket:
    # the stream falls apart and the worker never consumes again.
    worker_enable_prefetch_count_reduction=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    beat_scheduler="filemill.config.schedule:Scheduler",
    beat_max_loop_interval=settings.FILEMILL.sweep_seconds,
    beat_schedule={
        "sweep": {
            "task": SWEEP_TASK,
            "schedule": settings.FILEMILL.sweep_seconds,
            "options": {"expires": settings.FILEMILL.sweep_seconds, "queue": SweepConsumer.queue.name},
        }
    },
    timezone="UTC",
    # Celery would close each thread's connection to the database after each task, and a single file is one.
    CELERY_DB_REUSE_MAX=sys.maxsize,
)
app.steps["consumer"].add(SweepConsumer)
app.autodiscover_tasks(["filemill.processing"])


@signals.setup_logging.connect
def _keep_our_logging(**_kwargs: object) -> None:
    """Celery configures no logging where somebody listens to this signal; settings.py did it already."""


@signals.worker_init.connect
def _count_among_workers(**_kwargs: object) -> None:
    """Whoever starts `filemill worker` beside a worker that Celery's own command started must not think it is alone."""
    if settings.EMBEDDED:
        lock = os.open(settings.DATA_DIR / "worker.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_SH)  # until the process ends


@signals.task_prerun.connect
def _look_at_connections(**_kwargs: object) -> None:
    """Django does so before each request: a connection that broke meanwhile is made anew."""
    close_old_connections()


@signals.worker_ready.connect
def _warm_up(**_kwargs: object) -> None:
    from filemill.processing.tasks import sandbox

    sandbox.start()


@signals.worker_shutting_down.connect
def _take_no_more(**_kwargs: object) -> None:
    from filemill.processing import stopping

    stopping.stop()
    end_waits()


@signals.worker_shutdown.connect
def _cool_down(**_kwargs: object) -> None:
    from filemill.processing.tasks import sandbox

    sandbox.close()
