"""Prints how many bare claims and records a second PostgreSQL takes from 1 to 8 workers, and the plan of a claim.

Nothing is processed: each worker claims a job and records a result at once. No job may be claimed twice.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from uuid import UUID

from programs import ROOT

_WORKERS = (1, 2, 4, 8)
_FILES = """
INSERT INTO files_file (id, file, uploaded_at, processed, status, name, size, sha256, declared_type, metadata, warnings)
SELECT md5('f' || i)::uuid, 'x', now(), %(done)s, %(status)s, 'a' || i, 1, md5(i::text), '', '{}', '[]'
FROM generate_series(%(first)s, %(last)s) i
"""
_JOBS = """
INSERT INTO processing_job (id, file_id, processor, version, required, state, queue, priority, turn_of, turn, attempts,
  due_at, progress_words, created_at)
SELECT md5('j' || i)::uuid, md5('f' || i)::uuid, 'identify', 1, true, %(state)s, 'quick', 0, i %% 10, i, 0,
  now(), '', now()
FROM generate_series(%(first)s, %(last)s) i
"""


def main() -> None:
    """Fill a database of our own, then let workers at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--done", type=int, default=100_000, help="jobs that are over")
    parser.add_argument("--waiting", type=int, default=20_000, help="jobs that wait")
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    chosen = parser.parse_args()
    sys.path.append(str(ROOT / "tests"))
    import services

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="filemill-bench-"))
        os.environ |= {
            "FILEMILL_DATA_DIR": home,
            "DATABASE_URL": stack.enter_context(services.postgres(durable=True)).url,
        }
        _fill(chosen.done, chosen.waiting)
        for count in _WORKERS:
            print(f"{count} workers: {_round(count, chosen.seconds):.0f} claims and records a second, none twice")
        print(_plan())


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
    import django

    django.setup()


def _fill(done: int, waiting: int) -> None:
    _set_up()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        for state, status, first, last in (
            ("succeeded", "processed", 1, done),
            ("queued", "queued", done + 1, done + waiting),
        ):
            values = {"state": state, "status": status, "done": status == "processed", "first": first, "last": last}
            for statement in (_FILES, _JOBS):
                cursor.execute(statement, values)
        cursor.execute("ANALYZE")


def _round(count: int, seconds: float) -> float:
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(count), spawn.Queue()
    workers = [spawn.Process(target=_work, args=(seconds, start, answers)) for _ in range(count)]
    for worker in workers:
        worker.start()
    claimed = [job for _ in workers for job in answers.get()]
    for worker in workers:
        worker.join()
    if len(set(claimed)) < len(claimed):
        raise RuntimeError("a job was claimed twice")
    return len(claimed) / seconds


def _work(seconds: float, start: Barrier, answers: "Queue[list[UUID]]") -> None:
    _set_up()
    from filemill.identify.identity import Identity
    from filemill.processing import claim, straight
    from filemill.processing.provenance import provenance
    from filemill.processing.queues import Queue as Work
    from filemill.processors.registry import processors

    text, plain, claimed = processors()["text"], Identity("text/plain", "text"), []
    made = provenance(text, 0.01, 0)
    claim.work_is_due(Work.QUICK)
    start.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until and (held := claim.next_claim()):
        straight.Success(held, plain, text, {"lines": 1}, [], made).record()
        claimed.append(held.job_id)
    answers.put(claimed)


def _plan() -> str:
    from django.db import connection, transaction

    from filemill.processing import claim
    from filemill.processing.queues import worded

    with transaction.atomic(), connection.cursor() as cursor:
        values = ["quick", "0" * 32, 30, "quick"]
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {worded(claim._CLAIM, **claim._BY_TURN)}", values)
        rows = [str(row[0]) for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return "\n".join(row for row in rows if "Scan" in row or "Sort" in row or "Time" in row)


if __name__ == "__main__":
    main()
