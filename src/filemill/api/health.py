"""/healthz (the process answers) and /readyz (it can do its work)."""

import contextlib
import shutil
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from filemill.core.errors import DiskFull
from filemill.files import keep
from filemill.processing import ring
from filemill.processing.models import Job
from filemill.processing.queues import WAITING_TOO_LONG_SECONDS, Queue
from filemill.processing.states import State
from filemill.sandbox import probe
from filemill.sandbox.walls import complaint


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # Django's signature
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # Django's signature
    """Say what works: 503 only without database or storage, for uploads are safe without broker and worker."""
    parts = {"database": _database(), "storage": _storage(), "broker": _broker()}
    parts["sandbox"] = "weak" if complaint(probe.walls()) else "ok"
    queues = {queue.value: _workers_of(queue) if parts["database"] == "ok" else "unknown" for queue in Queue}
    parts["worker"] = max(queues.values(), key=["ok", "unknown", "degraded"].index)
    is_down = parts["database"] == "down" or parts["storage"] == "down"
    is_degraded = any(state not in {"ok"} for state in parts.values())
    status = "down" if is_down else "degraded" if is_degraded else "ok"
    walls = {wall.name: wall.on for wall in probe.walls()}
    return JsonResponse({"status": status, **parts, "queues": queues, "walls": walls}, status=503 if is_down else 200)


def _database() -> str:
    try:
        Job.objects.exists()
    except (DatabaseError, InterfaceError):
        return "down"
    return "ok"


def _storage() -> str:
    try:
        with keep.Incoming() as probe:
            probe.write(b"ready?")
        free = shutil.disk_usage(keep.root()).free
    except DiskFull:
        return "full"
    except OSError:
        return "down"
    return "ok" if free > settings.FILEMILL.disk_reserve_bytes else "full"


def _broker() -> str:
    with contextlib.suppress(Exception):  # each transport has errors of its own; any of them means the same here
        with ring.connect() as connection:
            ring.queued(connection, Queue.QUICK)
        return "ok"
    return "down"


def _workers_of(queue: Queue) -> str:
    """Judge workers by their work: something due for a minute that nobody took means that none is there."""
    long_ago = Now() - timedelta(seconds=WAITING_TOO_LONG_SECONDS)
    waits = Job.objects.that_are(State.QUEUED).filter(queue=queue, due_at__lt=long_ago).exists()
    runs = Job.objects.that_are(State.RUNNING).filter(queue=queue, lease_until__gt=Now()).exists()
    return "degraded" if waits and not runs else "ok"
